"""What every likelihood must do. A new class joins by one `pytest.param` line."""

import dataclasses
import itertools
from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from likelihood_helpers import tile, value_and_gradient
from scipy import integrate, special, stats

from keras_vae.likelihoods import (
    LIKELIHOODS,
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    DiscretizedLogistic,
    DiscretizedLogisticMixture,
    Gaussian,
    GaussianFixed,
    GaussianShared,
    Likelihood,
    Mixed,
    Multinomial,
    NegativeBinomial,
    StudentT,
)


@dataclasses.dataclass
class Case:
    make: Callable  # () -> Likelihood
    oracle: Callable  # float64 (x, x_params) -> log probability of each row, by scipy
    grid: np.ndarray  # (n, *event): the support of a small event, or a fine grid over it
    step: float | None = None  # spacing of the grid for a density, None for a probability
    resolution: float = 0.1  # error of the mean the sampling test must be able to see
    n_samples: int = 20_000
    event_shape: tuple = (4, 3)
    masked: bool = True
    mean_is_expectation: bool = True
    values: str = "real"
    mean_on_data_scale: bool = True
    of_known_axis: bool = False  # parameters belong to a last axis of known size, and masks to what is before it

    def params(self, rng, likelihood, n=5, event_shape=None):
        shape = likelihood.params_shape(event_shape or self.event_shape)
        return rng.normal(size=(n, *shape)).astype("float32")


def column(values):
    return np.asarray(values, dtype="float32")[:, np.newaxis]


def rows(log_prob):
    return log_prob.reshape(len(log_prob), -1).sum(axis=1)


def halves(x_params):
    return np.split(x_params, 2, axis=-1)


def bounded(raw, low, high):
    """The smooth bounds, in float64: part of what the parameters mean."""
    return high - np.logaddexp(0, high - (low + np.logaddexp(0, raw - low)))


def bernoulli_oracle(x, logits):
    return rows(stats.bernoulli.logpmf(x, special.expit(logits)))


def continuous_bernoulli_oracle(x, logits):
    # An exponential distribution cut off at 1, mirrored where the density rises.
    rate = np.abs(logits)
    return rows(stats.truncexpon.logpdf(np.where(logits > 0, 1 - x, x), b=rate, scale=1 / rate))


def gaussian_oracle(x, x_params):
    mean, raw = halves(x_params)
    return rows(stats.norm.logpdf(x, mean, np.exp(0.5 * bounded(raw, -10, 30))))


def discretized_logistic_oracle(x, x_params):
    location, raw = halves(x_params)
    log_scale = bounded(raw, -7, 7)
    low, high = (
        stats.logistic.cdf(x + side, 127.5 * (location + 1), 127.5 * np.exp(log_scale)) for side in (-0.5, 0.5)
    )
    return rows(np.log(np.where(x == 255, 1, high) - np.where(x == 0, 0, low)))


def student_t_oracle(x, x_params):
    location, raw = halves(x_params)
    return rows(stats.t.logpdf(x, 8, location, np.exp(0.5 * bounded(raw, -10, 30))))


def discretized_logistic_mixture_oracle(x, x_params):
    """The joint mass of all channels of a pixel, component by component; three components."""
    channels = x.shape[-1]
    ends = np.cumsum([3, 3 * channels, 3 * channels])
    logits, *others = np.split(x_params, ends, axis=-1)
    locations, raw, coefficients = (part.reshape(*part.shape[:-1], -1, 3) for part in others)
    v = x[..., None] / 127.5 - 1
    shifts = np.zeros_like(locations)
    if channels == 3:
        a, b, c = np.moveaxis(np.tanh(coefficients), -2, 0)
        red, green = v[..., 0, :], v[..., 1, :]
        shifts[..., 1, :] = a * red
        shifts[..., 2, :] = b * red + c * green
    x = x[..., None]
    standard = stats.logistic(127.5 * (locations + shifts + 1), 127.5 * np.exp(bounded(raw, -7, 7)))
    mass = np.where(x == 255, 1, standard.cdf(x + 0.5)) - np.where(x == 0, 0, standard.cdf(x - 0.5))
    pixel = (special.softmax(logits, axis=-1) * mass.prod(axis=-2)).sum(axis=-1)
    return rows(np.log(pixel))


def categorical_oracle(x, logits):
    one_hot = np.eye(logits.shape[-1])[x.astype(int)]
    return rows((one_hot * special.log_softmax(logits, axis=-1)).sum(axis=-1))


def multinomial_oracle(x, logits):
    return stats.multinomial.logpmf(x, x.sum(axis=-1), special.softmax(logits, axis=-1))


def negative_binomial_oracle(x, x_params):
    log_mean, raw = halves(x_params)
    log_total = bounded(raw, -10, 10)
    return rows(stats.nbinom.logpmf(x, np.exp(log_total), special.expit(log_total - log_mean)))


def mixed_oracle(x, x_params):
    """Columns of yes or no, three classes, yes or no, two classes: the groups in the order in which they appear."""
    yes_no, of_three, of_two = np.split(x_params, [2, 5], axis=-1)
    log_prob = bernoulli_oracle(x[:, [0, 2]], yes_no)
    log_prob += categorical_oracle(x[:, [1]], of_three[:, np.newaxis])
    return log_prob + categorical_oracle(x[:, [3]], of_two[:, np.newaxis])


BINARY = column([0, 1])
UNIT = column(np.linspace(0, 1, 2001))
LINE = column(np.linspace(-60, 60, 24001))
GREY = column(np.arange(256))
TOKENS = column(np.arange(4))
COUNTS = column(np.arange(3000))
ROWS_OF_FOUR = np.array(list(itertools.product((0, 1), (0, 1, 2), (0, 1), (0, 1))), dtype="float32")
SPLITS_OF_3 = np.array([(a, b, 3 - a - b) for a in range(4) for b in range(4 - a)], dtype="float32")

CASES = [
    pytest.param(Case(Bernoulli, bernoulli_oracle, BINARY, values="binary"), id="bernoulli"),
    pytest.param(
        Case(ContinuousBernoulli, continuous_bernoulli_oracle, UNIT, step=1 / 2000, values="unit_interval"),
        id="continuous-bernoulli",
    ),
    pytest.param(Case(Gaussian, gaussian_oracle, LINE, step=0.005, resolution=0.5), id="gaussian"),
    pytest.param(
        Case(lambda: GaussianFixed(0.5), lambda x, p: rows(stats.norm.logpdf(x, p, 0.5)), LINE, step=0.005),
        id="gaussian-fixed",
    ),
    pytest.param(
        Case(GaussianShared, lambda x, p: rows(stats.norm.logpdf(x, p)), LINE, step=0.005), id="gaussian-shared"
    ),
    pytest.param(Case(StudentT, student_t_oracle, LINE, step=0.005, resolution=0.5), id="student-t"),
    # Of 256 grey levels, standard deviations up to 120.
    pytest.param(
        Case(DiscretizedLogistic, discretized_logistic_oracle, GREY, resolution=6, values="grey_levels"),
        id="discretized-logistic",
    ),
    *(
        pytest.param(
            Case(
                DiscretizedLogisticMixture,
                discretized_logistic_mixture_oracle,
                GREY,
                resolution=6,
                event_shape=(4, channels),
                values="grey_levels",
                of_known_axis=True,
            ),
            id=f"discretized-logistic-mixture-{channels}",
        )
        for channels in (1, 3)
    ),
    pytest.param(
        Case(
            lambda: Categorical(4),
            categorical_oracle,
            TOKENS,
            mean_is_expectation=False,
            values="tokens",
            mean_on_data_scale=False,
        ),
        id="categorical",
    ),
    pytest.param(
        Case(
            Multinomial,
            multinomial_oracle,
            SPLITS_OF_3,
            event_shape=(3,),
            masked=False,
            values="counts",
            mean_on_data_scale=False,
        ),
        id="multinomial",
    ),
    pytest.param(
        Case(NegativeBinomial, negative_binomial_oracle, COUNTS, resolution=2, values="counts"), id="negative-binomial"
    ),
    pytest.param(
        Case(
            lambda: Mixed(["bernoulli", 3, "bernoulli", 2]),
            mixed_oracle,
            ROWS_OF_FOUR,
            event_shape=(4,),
            of_known_axis=True,
            mean_is_expectation=False,
            values="mixed",
            mean_on_data_scale=False,
        ),
        id="mixed",
    ),
]
case_of_every_likelihood = pytest.mark.parametrize("case", CASES)


def test_every_likelihood_has_a_case():
    assert {type(param.values[0].make()).__name__ for param in CASES} == set(LIKELIHOODS.values())


@case_of_every_likelihood
def test_it_says_what_its_values_are_and_keeps_to_that(case):
    likelihood = case.make()
    assert likelihood.values == case.values
    assert likelihood.mean_on_data_scale is case.mean_on_data_scale
    likelihood.check_support(case.grid)
    outside = {
        "binary": 2,
        "unit_interval": 1.5,
        "real": np.nan,
        "grey_levels": 256,
        "tokens": 0.5,
        "counts": -1,
        "mixed": 7,
    }
    bad = np.array(case.grid, "float32")
    bad[0, 0] = outside[case.values]
    with pytest.raises(ValueError, match=rf"`x` does not fit the likelihood {type(likelihood).__name__}, whose values"):
        likelihood.check_support(bad)


@case_of_every_likelihood
def test_event_shape_inverts_params_shape(case):
    likelihood = case.make()
    last = case.event_shape[-1] if case.of_known_axis else None
    for event_shape in [case.event_shape, (*(None,) * (len(case.event_shape) - 1), last)]:
        params_shape = likelihood.params_shape(event_shape)
        assert likelihood.event_shape(params_shape) == event_shape
    if case.of_known_axis:
        return
    assert np.prod(likelihood.params_shape(case.event_shape)) == likelihood.n_params * np.prod(case.event_shape)


@pytest.mark.slow
@case_of_every_likelihood
def test_config_round_trip(case, rng):
    likelihood = case.make()
    x_params = case.params(rng, likelihood)
    x = likelihood.sample(x_params, seed=1)
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(likelihood))
    assert type(restored) is type(likelihood)
    assert restored.get_config() == likelihood.get_config()
    np.testing.assert_array_equal(restored.log_prob(x, x_params), likelihood.log_prob(x, x_params))


@case_of_every_likelihood
def test_shapes_and_dtypes_of_the_answers(case, rng):
    likelihood = case.make()
    x_params = case.params(rng, likelihood)
    x = likelihood.sample(x_params)
    distribution = likelihood.distribution(x_params)
    for tensor in (x, likelihood.mean(x_params)):
        assert tensor.shape == (5, *case.event_shape)
        assert tensor.dtype == tf.float32
    assert likelihood.log_prob(x, x_params).shape == (5,)
    assert distribution.batch_shape == (5,)
    assert distribution.event_shape == case.event_shape
    assert distribution.dtype == tf.float32


@case_of_every_likelihood
def test_samples_lie_in_the_support(case, rng):
    likelihood = case.make()
    likelihood.check_support(likelihood.sample(case.params(rng, likelihood), seed=1).numpy())


@pytest.mark.slow
@case_of_every_likelihood
def test_same_seed_gives_the_same_sample(case, rng):
    likelihood = case.make()
    # Fifty rows and not five: discrete draws of few elements coincide by chance.
    x_params = case.params(rng, likelihood, n=50)
    seeds = [7, tf.constant([0, 7], "int64"), np.array([0, 7], "int32"), tf.constant([0, 7], "uint32")]
    first, *others = [likelihood.sample(x_params, seed=seed).numpy() for seed in seeds]
    for other in others:
        np.testing.assert_array_equal(other, first)
    for seed in (8, 7 + 2**40, None):
        assert np.any(likelihood.sample(x_params, seed=seed).numpy() != first)
    assert np.any(likelihood.sample(x_params).numpy() != likelihood.sample(x_params).numpy())


# 100 is what a badly initialised decoder puts out, 10 000 what a diverging one does.
@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
@case_of_every_likelihood
def test_value_and_gradient_are_finite(case, rng, scale):
    likelihood = case.make()
    x_params = scale * case.params(rng, likelihood)
    x = likelihood.sample(case.params(rng, likelihood), seed=1)
    for function in (lambda p: likelihood.log_prob(x, p), lambda p: -likelihood.log_prob(x, p)):
        value, gradient = value_and_gradient(function, x_params)
        assert np.all(np.isfinite(value))
        assert np.all(np.isfinite(gradient))
    assert np.all(np.isfinite(likelihood.mean(x_params)))
    assert np.all(np.isfinite(likelihood.sample(x_params, seed=1)))


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
@case_of_every_likelihood
def test_eager_equals_tf_function(case, rng, jit_compile):
    likelihood = case.make()
    x_params = case.params(rng, likelihood)
    x = likelihood.sample(x_params, seed=1)
    compiled = tf.function(likelihood.log_prob, jit_compile=jit_compile, autograph=False)
    # XLA has its own exp and log, good to a few units in the last place of every element.
    np.testing.assert_allclose(compiled(x, x_params), likelihood.log_prob(x, x_params), rtol=1e-5, atol=1e-5)


@case_of_every_likelihood
def test_unknown_batch_size_and_last_axis_are_accepted(case, rng):
    likelihood = case.make()
    x_params = case.params(rng, likelihood)
    x = likelihood.sample(x_params, seed=1)
    signature = [
        tf.TensorSpec((*(None,) * (len(t.shape) - 1), t.shape[-1] if case.of_known_axis else None), tf.float32)
        for t in (x, x_params)
    ]
    traced = tf.function(likelihood.log_prob, input_signature=signature, autograph=False)
    np.testing.assert_allclose(traced(x, x_params), likelihood.log_prob(x, x_params), rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("mixed_float16")
@case_of_every_likelihood
def test_float32_under_mixed_precision(case, rng):
    likelihood = case.make()
    x_params = case.params(rng, likelihood).astype("float16")
    x = likelihood.sample(x_params, seed=1)
    for tensor in (x, likelihood.mean(x_params), likelihood.log_prob(x, x_params)):
        assert tensor.dtype == tf.float32
    assert all(weight.dtype == "float32" for weight in likelihood.weights)
    np.testing.assert_array_equal(likelihood.log_prob(x, x_params), likelihood.log_prob(x, x_params.astype("float32")))


@case_of_every_likelihood
def test_log_prob_equals_tfp(case, rng):
    likelihood = case.make()
    x_params = case.params(rng, likelihood)
    x = likelihood.sample(x_params, seed=1)
    expected = likelihood.distribution(x_params).log_prob(x)
    np.testing.assert_allclose(likelihood.log_prob(x, x_params), expected, rtol=1e-5, atol=1e-5)


@case_of_every_likelihood
def test_log_prob_equals_scipy(case, rng):
    likelihood = case.make()
    x_params = case.params(rng, likelihood)
    x = likelihood.sample(x_params, seed=1).numpy()
    expected = case.oracle(x.astype("float64"), x_params.astype("float64"))
    np.testing.assert_allclose(likelihood.log_prob(x, x_params), expected, rtol=1e-5, atol=1e-5)


@case_of_every_likelihood
def test_probabilities_add_up_to_one(case, rng):
    likelihood = case.make()
    for x_params in case.params(rng, likelihood, event_shape=case.grid.shape[1:]):
        probability = np.exp(likelihood.log_prob(case.grid, tile(x_params, len(case.grid))).numpy().astype("float64"))
        total = probability.sum() if case.step is None else integrate.trapezoid(probability, dx=case.step)
        # Single float32 values are good to 1e-6; so is the trapezoidal rule on these grids.
        assert total == pytest.approx(1, abs=1e-5)


@case_of_every_likelihood
def test_samples_match_the_mean(case, rng):
    likelihood = case.make()
    if not case.mean_is_expectation:
        pytest.skip("`mean` is a mode by design; tested on its own")
    x_params = case.params(rng, likelihood, n=1)
    samples = likelihood.sample(tile(x_params[0], case.n_samples), seed=1)
    assert_mean_close(samples, likelihood.mean(x_params)[0], case.resolution)


@case_of_every_likelihood
def test_mask_weights_the_elements(case, rng):
    likelihood = case.make()
    if not case.masked:
        pytest.skip("takes no mask; the refusal is tested on its own")
    x_params = case.params(rng, likelihood)
    x = likelihood.sample(x_params, seed=1).numpy()
    whole = likelihood.log_prob(x, x_params).numpy()
    # One step of a sequence at a time: the pieces add up to the whole.
    pieces = [likelihood.log_prob(x, x_params, mask=np.tile(step, (5, 1))).numpy() for step in np.eye(4, dtype=bool)]
    np.testing.assert_allclose(np.sum(pieces, axis=0), whole, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(likelihood.log_prob(x, x_params, mask=np.full(5, 0.5)), 0.5 * whole, rtol=1e-5)
    every = np.ones_like(x[..., 0] if case.of_known_axis else x)
    np.testing.assert_allclose(likelihood.log_prob(x, x_params, mask=every), whole, rtol=1e-5)
    np.testing.assert_array_equal(likelihood.log_prob(x, x_params, mask=0.0 * every), np.zeros(5))


@case_of_every_likelihood
def test_integer_data_are_accepted(case, rng):
    likelihood = case.make()
    x_params = case.params(rng, likelihood)
    x = np.ones((5, *case.event_shape), dtype="uint8")
    np.testing.assert_array_equal(likelihood.log_prob(x, x_params), likelihood.log_prob(x.astype("float32"), x_params))


@case_of_every_likelihood
def test_input_layers_scale_and_serialise(case, rng):
    likelihood = case.make()
    x = likelihood.sample(case.params(rng, likelihood, n=50), seed=1)
    inputs = outputs = keras.Input(case.event_shape)
    for layer in likelihood.input_layers(case.event_shape):
        outputs = layer(outputs)
    entrance = keras.Model(inputs, outputs)
    y = entrance(x).numpy()
    assert y.shape[:-1] == x.shape[:-1] or y.shape[:-1] == x.shape
    # Gaussian data are the user's to standardise, here with a log variance of a few units.
    assert np.abs(y).max() < 20
    restored = keras.Model.from_config(entrance.get_config())
    np.testing.assert_array_equal(restored(x), y)


@case_of_every_likelihood
def test_shapes_that_do_not_fit_are_refused(case, rng):
    likelihood = case.make()
    x_params = case.params(rng, likelihood)
    x = likelihood.sample(x_params, seed=1).numpy()
    with pytest.raises(ValueError, match=r"`x` must have the shape the decoder output describes"):
        likelihood.log_prob(x[:4], x_params)
    with pytest.raises(ValueError, match=r"`x` must have the shape the decoder output describes"):
        likelihood.log_prob(x[..., :-1], x_params)
    with pytest.raises(ValueError, match=f"The decoder does not fit the likelihood {type(likelihood).__name__}"):
        likelihood.mean(x_params[0, ..., 0].ravel())
    with pytest.raises(ValueError, match=r"must"):
        likelihood.params_shape(())
    with pytest.raises(ValueError, match=r"must"):
        likelihood.event_shape(())


def test_a_likelihood_must_say_how_its_elements_are_distributed():
    with pytest.raises(NotImplementedError, match="Likelihood must override `_elements`"):
        Likelihood().mean(np.zeros((1, 1)))
