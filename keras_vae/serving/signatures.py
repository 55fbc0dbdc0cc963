"""The functions of a model that are put into a SavedModel, each with its named inputs."""

import math

import tensorflow as tf

from keras_vae.layers.prior import Prior, as_tfp_seed
from keras_vae.models.vae import VAE
from keras_vae.serving.graph_checks import checked

# What one call may draw: without a bound a request of a few bytes makes the server ask for more memory than there is.
MAX_SAMPLES_PER_CALL = 100_000
# The same for large events, in values of x; a decoder holds some tens of times as much on the way.
MAX_VALUES_PER_CALL = 2**24
# A server that batches must not be refused the batches it makes.
MIN_SAMPLES_PER_CALL = 128


def signatures(model, preprocess=None):
    """Signatures of a model: name to `(function, [TensorSpec, ...])`; outputs are dicts of float32 tensors, rows first.

    `serving_default` x -> x, the deterministic mean reconstruction; `encode` x -> z_mean, z_log_var (z for a plain
    autoencoder); `decode` z -> x; `score` x -> elbo, reconstruction_loss, kl, each `(n,)` nats, deterministic through
    z_mean, where the inputs are the targets. A `VAE` also draws from its sampler where one is fitted,
    else from its prior: `generate` and `generate_rows` give other noise at every call, `sample` and `sample_rows` the
    same for the same seed; the `_rows` forms have one row of input per sample, so that a server may batch them. A call
    draws `samples_per_call(model.target_shape)` at most.

    An input of another shape is refused. A row that is not finite gives NaN in every output of that row.

    A temperature must be finite and not negative, and 1 for a prior that has none. `generate` refuses another one;
    `generate_rows` answers with NaN in that row alone, because the rows of a batch may come from different clients.

    Args:
        model: a built `VAE` or `Autoencoder`.
        preprocess: `Preprocess` that makes x of what the client sends, or None for x itself.

    Returns:
        dict.
    """
    x = tf.TensorSpec((None, *model.event_shape), tf.float32, name="x")
    z = tf.TensorSpec((None, model.latent_dim), tf.float32, name="z")

    def decode(z):
        return {"x": _float32(model.likelihood.mean(model.decoder(z, training=False)))}

    decode = _nan_where_not_finite(decode)
    from_data = {"serving_default": lambda x: {"x": _float32(model(x, training=False))}}
    from_data |= _vae_from_data(model) if isinstance(model, VAE) else _autoencoder_from_data(model)
    if model.target_shape != model.event_shape:
        del from_data["score"]
    result = {}
    for name, function in from_data.items():
        function = _nan_where_not_finite(function)
        result[name] = (function, [x]) if preprocess is None else (_after(preprocess, function), [preprocess.spec])
    result["decode"] = (decode, [z])
    source = getattr(model, "sample_source", getattr(model, "prior", None))
    if _can_sample(source):
        result |= _draws(model, source, decode)
    return {name: (_expecting(specs, function), specs) for name, (function, specs) in result.items()}


def samples_per_call(event_shape):
    """How many examples of that shape one call may draw, an int."""
    size = math.prod(n or 1 for n in event_shape)
    return min(max(MAX_VALUES_PER_CALL // size, MIN_SAMPLES_PER_CALL), MAX_SAMPLES_PER_CALL)


def _vae_from_data(model):
    def encode(x):
        z_mean, z_log_var = model.posterior(x)
        return {"z_mean": z_mean, "z_log_var": z_log_var}

    def score(x):
        terms = model.elbo_terms(x, z="mean")
        return {"elbo": terms["elbo"], "reconstruction_loss": terms["reconstruction_loss"], "kl": terms["kl_loss"]}

    return {"encode": encode, "score": score}


def _autoencoder_from_data(model):
    return {
        "encode": lambda x: {"z": model.latent(x)},
        "score": lambda x: {"reconstruction_loss": model.terms(x)["reconstruction_loss"]},
    }


def _can_sample(prior):
    # The base class has the method too, only to say that it is missing.
    return hasattr(prior, "sample") and getattr(type(prior), "sample", None) is not Prior.sample


class _WithoutTemperature:
    """A prior that is not of this library, with the methods of one that is; 1 is the only temperature it has."""

    def __init__(self, prior):
        self.prior = prior

    def sample(self, n, seed, temperature):
        return self.prior.sample(n, seed=as_tfp_seed(seed)) * temperature

    def sample_rows(self, seeds):
        return tf.map_fn(lambda seed: self.sample(1, seed, 1.0)[0], seeds, fn_output_signature=tf.float32)


def _draws(model, prior, decode):
    """The signatures that draw from the prior, or from what stands in its place."""
    limit = samples_per_call(model.target_shape)
    if isinstance(prior, Prior):
        is_temperature, wanted = _is_finite_and_not_negative, "finite and >= 0"
    else:
        prior, is_temperature, wanted = _WithoutTemperature(prior), _is_one, "1 for this prior"

    def answer(z):
        z = tf.ensure_shape(z, (None, model.latent_dim))
        return {**decode(z), "z": z}

    def checked_count(n):
        return checked(n, (n >= 0) & (n <= limit), f"`n` must be from 0 to {limit}")

    def checked_rows(name, rows):
        return checked(rows, tf.shape(rows)[0] <= limit, f"`{name}` must have at most {limit} rows")

    def generate(n, temperature):
        temperature = checked(temperature, is_temperature(temperature), f"`temperature` must be {wanted}")
        return answer(prior.sample(checked_count(n), fresh_seed(), temperature))

    def generate_rows(temperature):
        temperature = checked_rows("temperature", temperature)
        factors = tf.where(is_temperature(temperature), temperature, math.nan)[:, None]
        return answer(prior.sample(tf.shape(temperature)[0], fresh_seed(), factors))

    def sample(n, seed):
        return answer(prior.sample(checked_count(n), seed, 1.0))

    def sample_rows(seed):
        seed = checked_rows("seed", seed)
        return answer(prior.sample_rows(tf.stack([seed, tf.zeros_like(seed)], axis=1)))

    spec = tf.TensorSpec
    return {
        "generate": (generate, [spec((), tf.int32, name="n"), spec((), tf.float32, name="temperature")]),
        "generate_rows": (generate_rows, [spec((None,), tf.float32, name="temperature")]),
        "sample": (sample, [spec((), tf.int32, name="n"), spec((2,), tf.int64, name="seed")]),
        "sample_rows": (sample_rows, [spec((None,), tf.int64, name="seed")]),
    }


def fresh_seed():
    """A `(2,)` seed that nothing repeats: another one at every call, in every process and replica.

    `tf.random` would bake a global seed into the op; with both seeds 0 the raw op starts from the system's entropy.
    """
    return tf.raw_ops.RandomUniformInt(shape=[2], minval=tf.int64.min, maxval=tf.int64.max, seed=0, seed2=0)


def _is_finite_and_not_negative(temperature):
    return tf.math.is_finite(temperature) & (temperature >= 0.0)


def _is_one(temperature):
    return tf.equal(temperature, 1.0)


def _after(preprocess, function):
    return lambda raw: function(preprocess(raw))


def _nan_where_not_finite(function):
    """`function` of rows, which answers with NaN for a row that holds a NaN or an infinity, and for no other.

    By itself a network may turn NaN into an answer that looks like any other: the relu of NaN that is fused with a
    matrix product on a CPU is 0. An error would be no better where the rows of a batch come from different clients.
    """

    def checked(rows):
        # One pass over the rows; the sum is finite where they are.
        axes = range(1, rows.shape.rank)
        finite = tf.math.is_finite(tf.reduce_sum(rows, axis=axes, keepdims=True))
        outputs = function(rows)
        return {
            name: tf.where(_with_rank(finite, value.shape.rank), value, math.nan) for name, value in outputs.items()
        }

    return checked


def _with_rank(column, rank):
    """A tensor `(n, 1, ..., 1)` with another number of axes of size 1."""
    return column if column.shape.rank == rank else tf.reshape(column, [-1] + [1] * (rank - 1))


def _expecting(specs, function):
    """`function`, which is not called with inputs of other shapes.

    TensorFlow Serving does not compare shapes, and an image without its batch axis ends the whole server inside a
    convolution.
    """

    def checked(*inputs):
        return function(*(tf.ensure_shape(value, spec.shape) for value, spec in zip(inputs, specs, strict=True)))

    return checked


def _float32(x):
    return tf.cast(x, tf.float32)
