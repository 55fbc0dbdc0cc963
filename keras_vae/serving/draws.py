"""The signatures that draw new examples, of a prior or of a sampler in its place."""

import math

import tensorflow as tf

from keras_vae.models.endpoint import Endpoint
from keras_vae.models.token_draws import seeds_of_rows
from keras_vae.numerics import as_tfp_seed
from keras_vae.priors.prior import Prior
from keras_vae.serving.graph_checks import checked, nan_where_not_finite

# What one call may draw: without a bound a request of a few bytes makes the server ask for more memory than there is.
MAX_SAMPLES_PER_CALL = 100_000
# The same for large events, in values of x; a decoder holds some tens of times as much on the way.
MAX_VALUES_PER_CALL = 2**24
# A server that batches must not be refused the batches it makes.
MIN_SAMPLES_PER_CALL = 128

# Inputs of the signatures, before the inputs of the condition.
_N = tf.TensorSpec((), tf.int32, name="n")
_SPECS = {
    "generate": (_N, tf.TensorSpec((), tf.float32, name="temperature")),
    "generate_rows": (tf.TensorSpec((None,), tf.float32, name="temperature"),),
    "sample": (_N, tf.TensorSpec((2,), tf.int64, name="seed")),
    "sample_rows": (tf.TensorSpec((None,), tf.int64, name="seed"),),
}


def samples_per_call(event_shape):
    """How many examples of that shape one call may draw, an int."""
    size = math.prod(n or 1 for n in event_shape)
    return min(max(MAX_VALUES_PER_CALL // size, MIN_SAMPLES_PER_CALL), MAX_SAMPLES_PER_CALL)


def can_sample(source):
    """Whether new examples can be drawn from what a model names as its `sample_source`."""
    # The base class has the method too, only to say that it is missing.
    return hasattr(source, "sample") and getattr(type(source), "sample", None) is not Prior.sample


def draws(model, decode):
    """The signatures `generate`, `generate_rows`, `sample` and `sample_rows`; see `serving.signatures`.

    Args:
        model: a built model whose `sample_source` can be sampled. By `drawn_rows(z, seeds, temperature)`, where it has
            that, it draws x itself, with a seed int64 `(n, 2)` for every row; else x is the mean.
        decode: `Endpoint` of z, and of the condition where the decoder takes one; as yet without checks. None for a
            model without a code.

    Returns:
        dict of `Endpoint` by name.
    """
    source, is_temperature, wanted = _source_of_codes(model.sample_source)
    limit = samples_per_call(model.target_shape)
    condition_specs = () if decode is None else decode.specs[1:]
    answer_at = _answers(model, decode)

    def generate(n, temperature, *condition):
        temperature = checked(temperature, is_temperature(temperature), f"`temperature` must be {wanted}")
        n = _checked_count(n, limit)
        z = source.sample(n, fresh_seed(), temperature)
        return answer_at(
            z, lambda: _fresh_seeds(n), tf.fill([n], temperature), _of_n_rows(condition, condition_specs, n)
        )

    def generate_rows(temperature, *condition):
        temperature = _checked_rows("temperature", temperature, limit)
        factors, n = tf.where(is_temperature(temperature), temperature, math.nan), tf.shape(temperature)[0]
        z = source.sample(n, fresh_seed(), factors[:, None])
        return answer_at(z, lambda: _fresh_seeds(n), factors, condition)

    def sample(n, seed, *condition):
        n = _checked_count(n, limit)
        rows = tf.ones([n]), _of_n_rows(condition, condition_specs, n)
        return answer_at(source.sample(n, seed, 1.0), lambda: seeds_of_rows(_other(seed), n), *rows)

    def sample_rows(seed, *condition):
        seed = _checked_rows("seed", seed, limit)
        z = source.sample_rows(tf.stack([seed, tf.zeros_like(seed)], axis=1))
        seeds = lambda: tf.stack([seed, tf.ones_like(seed)], axis=1)  # noqa: E731
        return answer_at(z, seeds, tf.ones([tf.shape(seed)[0]]), condition)

    functions = {"generate": generate, "generate_rows": generate_rows, "sample": sample, "sample_rows": sample_rows}
    return {name: Endpoint(function, (*_SPECS[name], *condition_specs)) for name, function in functions.items()}


def _answers(model, decode):
    """A function of codes, what gives seeds of the rows, their temperatures, and the condition, to what is drawn."""
    if not hasattr(model, "drawn_rows"):
        z_spec = decode.specs[0]

        def with_code(z, *condition):
            return {**decode.function(z, *condition), "z": z}

        finite = nan_where_not_finite(Endpoint(with_code, decode.specs))
        return lambda z, seeds, temperature, condition: finite.function(tf.ensure_shape(z, z_spec.shape), *condition)

    def drawn(z, seeds, temperature):
        return {**model.drawn_rows(z, seeds, temperature), **({"z": z} if z.shape[-1] else {})}

    specs = [tf.TensorSpec((None, 1), dtype) for dtype in (tf.float32, tf.int64)] + [tf.TensorSpec((None,), tf.float32)]
    finite = nan_where_not_finite(Endpoint(drawn, tuple(specs)))
    return lambda z, seeds, temperature, condition: finite.function(z, seeds(), temperature)


def _other(seed):
    """Another seed than that of z, whose noise the noise of x would follow."""
    return tf.random.experimental.stateless_fold_in(seed, 1)


def _fresh_seeds(n):
    """Seeds of rows, int64 `(n, 2)`, that nothing repeats."""
    low, high = tf.int64.min, tf.int64.max
    return tf.raw_ops.RandomUniformInt(shape=tf.stack([n, 2]), minval=low, maxval=high, seed=0, seed2=0)


def fresh_seed():
    """A `(2,)` seed that nothing repeats: another one at every call, in every process and replica.

    `tf.random` would bake a global seed into the op; with both seeds 0 the raw op starts from the system's entropy.
    """
    return tf.raw_ops.RandomUniformInt(shape=[2], minval=tf.int64.min, maxval=tf.int64.max, seed=0, seed2=0)


def _checked_count(n, limit):
    return checked(n, (n >= 0) & (n <= limit), f"`n` must be from 0 to {limit}")


def _checked_rows(name, rows, limit):
    return checked(rows, tf.shape(rows)[0] <= limit, f"`{name}` must have at most {limit} rows")


def _of_n_rows(condition, specs, n):
    """The condition with `n` rows, from as many or from one row for all."""

    def rows(part, spec):
        n_given = tf.shape(part)[0]
        fits = tf.equal(n_given, n) | tf.equal(n_given, 1)
        part = checked(part, fits, f"`{spec.name}` must have `n` rows, or one for all")
        return tf.ensure_shape(tf.broadcast_to(part, tf.concat([[n], tf.shape(part)[1:]], axis=0)), spec.shape)

    return tuple(rows(part, spec) for part, spec in zip(condition, specs, strict=True))


def _source_of_codes(source):
    """What draws codes, the test of a temperature for it, and what it may be in words."""
    if isinstance(source, Prior):
        return source, _is_finite_and_not_negative, "finite and >= 0"
    return _WithoutTemperature(source), _is_one, "1 for this prior"


class _WithoutTemperature:
    """A prior that is not of this library, with the methods of one that is; 1 is the only temperature it has."""

    def __init__(self, prior):
        self.prior = prior

    def sample(self, n, seed, temperature):
        return self.prior.sample(n, seed=as_tfp_seed(seed)) * temperature

    def sample_rows(self, seeds):
        return tf.map_fn(lambda seed: self.sample(1, seed, 1.0)[0], seeds, fn_output_signature=tf.float32)


def _is_finite_and_not_negative(temperature):
    return tf.math.is_finite(temperature) & (temperature >= 0.0)


def _is_one(temperature):
    return tf.equal(temperature, 1.0)
