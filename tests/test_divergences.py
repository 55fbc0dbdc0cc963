import math

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, value_and_gradients
from scipy.stats import norm
from tensorflow_probability import distributions as tfd

from keras_vae import divergences
from keras_vae.divergences import (
    categorical_kl,
    diagonal_gaussians_kl,
    gaussian_kl,
    gaussian_kl_per_dim,
    monte_carlo_kl,
    standard_normal_mmd,
    total_correlation,
)

LOG_2 = math.log(2.0)


# Closed forms by hand. KL(N(m, s^2) || N(0, 1)) = (m^2 + s^2 - 1 - log s^2) / 2.


@pytest.mark.parametrize(
    ("z_mean", "z_log_var", "expected"),
    [
        pytest.param([0.0], [0.0], 0.0, id="prior"),
        pytest.param([1.0], [0.0], 0.5, id="unit-shift"),
        pytest.param([3.0, 4.0], [0.0, 0.0], 12.5, id="summed-over-latents"),
        pytest.param([0.0], [math.log(4.0)], 1.5 - LOG_2, id="stddev-two"),
        pytest.param([0.0], [-math.log(4.0)], LOG_2 - 0.375, id="stddev-half"),
        pytest.param([2.0], [-math.log(4.0)], 2.0 + LOG_2 - 0.375, id="shifted-and-narrow"),
        pytest.param([0.0], [-80.0], 39.5, id="almost-a-point"),
    ],
)
def test_gaussian_kl_by_hand(z_mean, z_log_var, expected):
    # Closed form in float32; atol for the zero.
    np.testing.assert_allclose(gaussian_kl(tf.constant(z_mean), tf.constant(z_log_var)), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("q", "p", "expected"),
    [
        pytest.param((1.0, 0.5), (1.0, 0.5), 0.0, id="same"),
        pytest.param((1.0, 0.0), (-1.0, 0.0), 2.0, id="two-apart"),
        pytest.param((0.0, 0.0), (2.0, math.log(4.0)), 0.125 + LOG_2, id="into-the-wider"),
        pytest.param((0.0, math.log(4.0)), (0.0, 0.0), 1.5 - LOG_2, id="out-of-the-wider"),
    ],
)
def test_diagonal_gaussians_kl_by_hand(q, p, expected):
    tensors = (tf.constant([v]) for v in (*q, *p))
    np.testing.assert_allclose(diagonal_gaussians_kl(*tensors), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("q_probs", "p_probs", "expected"),
    [
        pytest.param([0.5, 0.5], None, 0.0, id="uniform"),
        pytest.param([1.0, 0.0, 0.0, 0.0], None, math.log(4.0), id="certain"),
        pytest.param([0.75, 0.25], None, LOG_2 - 0.5623351446188083, id="three-to-one"),
        pytest.param([0.5, 0.5], [0.25, 0.75], 0.5 * math.log(4.0 / 3.0), id="two-distributions"),
        pytest.param([0.0, 1.0], [0.0, 1.0], 0.0, id="zero-against-zero"),
        pytest.param([0.5, 0.5], [0.0, 1.0], math.inf, id="mass-where-the-other-has-none"),
    ],
)
def test_categorical_kl_by_hand(q_probs, p_probs, expected):
    with np.errstate(divide="ignore"):
        q_logits = tf.constant(np.log(q_probs) + 3.0, tf.float32)  # Any constant shift is the same distribution.
        p_logits = None if p_probs is None else tf.constant(np.log(p_probs), tf.float32)
    np.testing.assert_allclose(categorical_kl(q_logits, p_logits), expected, rtol=1e-5, atol=1e-6)


# The second and third route: TFP and Monte Carlo.


@pytest.fixture
def parameters(rng):
    return [tf.constant(rng.normal(size=(5, 3)), tf.float32) for _ in range(4)]


def normal(mean, log_var):
    return tfd.MultivariateNormalDiag(mean, tf.exp(0.5 * log_var))


def test_gaussian_kl_equals_tfp(parameters):
    mean, log_var, *_ = parameters
    expected = tfd.kl_divergence(normal(mean, log_var), normal(tf.zeros(3), tf.zeros(3)))
    np.testing.assert_allclose(gaussian_kl(mean, log_var), expected, rtol=1e-5)


def test_diagonal_gaussians_kl_equals_tfp(parameters):
    expected = tfd.kl_divergence(normal(*parameters[:2]), normal(*parameters[2:]))
    np.testing.assert_allclose(diagonal_gaussians_kl(*parameters), expected, rtol=1e-5)


def test_categorical_kl_equals_tfp(parameters):
    q, p, *_ = parameters
    expected = tfd.kl_divergence(tfd.Categorical(q), tfd.Categorical(p))
    np.testing.assert_allclose(categorical_kl(q, p), expected, rtol=1e-5, atol=1e-6)  # Differences of log softmaxes.


def test_gaussian_kl_is_the_mean_of_the_log_ratio():
    mean, log_var = tf.constant([0.5, -1.0]), tf.constant([-1.0, 0.5])
    q, p = normal(mean, log_var), normal(tf.zeros(2), tf.zeros(2))
    z = q.sample(40_000, seed=(1, 2))
    assert_mean_close(q.log_prob(z) - p.log_prob(z), gaussian_kl(mean, log_var).numpy(), resolution=0.05)


def test_diagonal_gaussians_kl_is_the_mean_of_the_log_ratio():
    parameters = [tf.constant(v) for v in ([0.5, -1.0], [-1.0, 0.5], [0.0, 0.3], [0.3, 1.0])]
    q, p = normal(*parameters[:2]), normal(*parameters[2:])
    z = q.sample(40_000, seed=(1, 2))
    assert_mean_close(q.log_prob(z) - p.log_prob(z), diagonal_gaussians_kl(*parameters).numpy(), resolution=0.05)


def test_categorical_kl_is_the_mean_of_the_log_ratio():
    q_logits, p_logits = tf.constant([1.0, 0.0, -1.0]), tf.constant([0.0, 0.5, 0.0])
    q, p = tfd.Categorical(q_logits), tfd.Categorical(p_logits)
    k = q.sample(40_000, seed=(1, 2))
    assert_mean_close(q.log_prob(k) - p.log_prob(k), categorical_kl(q_logits, p_logits).numpy(), resolution=0.05)


def test_monte_carlo_kl_is_unbiased():
    mean, log_var = tf.constant([0.5, -1.0]), tf.constant([-1.0, 0.5])
    many = tf.ones((20_000, 1))
    q, p = normal(many * mean, many * log_var), normal(tf.zeros(2), tf.zeros(2))
    estimates = monte_carlo_kl(q, p, n_samples=2, seed=(3, 4))
    assert estimates.shape == (20_000,)
    assert_mean_close(estimates, gaussian_kl(mean, log_var).numpy(), resolution=0.05)


def test_monte_carlo_kl_repeats_with_its_seed():
    q, p = normal(tf.ones(2), tf.zeros(2)), normal(tf.zeros(2), tf.zeros(2))
    first, again, other = (monte_carlo_kl(q, p, 3, seed).numpy() for seed in [(1, 2), (1, 2), (1, 3)])
    assert first == again
    assert first != other


def test_monte_carlo_kl_passes_the_gradient_of_the_closed_form():
    def kl(mean):
        return monte_carlo_kl(normal(mean, tf.zeros(1)), normal(tf.zeros(1), tf.zeros(1)), 20_000, seed=(1, 2))

    # d/dm KL = m; per sample the gradient is m + epsilon, so five standard errors are 5 / sqrt(20000).
    np.testing.assert_allclose(value_and_gradients(kl, [0.7])[1][0], [0.7], atol=5 / math.sqrt(20_000))


# Precision, gradients, shapes.


@pytest.mark.parametrize("v", [1e-2, 1e-4, -1e-4, 1e-6])
def test_gaussian_kl_keeps_its_digits_near_the_prior(v):
    v32 = np.float32(v)
    exact = 0.5 * (np.expm1(np.float64(v32)) - np.float64(v32))  # About v^2 / 4.
    result = gaussian_kl(tf.zeros(1), tf.constant([v32])).numpy()
    # What is left is the rounding of expm1(v) itself, half a unit in the last place of v.
    assert abs(result - exact) <= np.spacing(np.abs(v32))
    # exp(v) - 1 - v instead is wrong by up to half a unit in the last place of 1.
    assert np.spacing(np.abs(v32)) < 0.1 * np.spacing(np.float32(1.0))


def test_gaussian_kl_is_never_negative_near_the_prior(rng):
    log_var = tf.constant(rng.normal(scale=1e-3, size=(10_000, 1)), tf.float32)
    assert np.min(gaussian_kl(tf.zeros_like(log_var), log_var)) >= 0.0


def test_gaussian_kl_in_float64_agrees_with_float32(rng):
    mean, log_var = rng.normal(size=(2, 50, 4))
    double = gaussian_kl(tf.constant(mean), tf.constant(log_var))
    single = gaussian_kl(tf.constant(mean, tf.float32), tf.constant(log_var, tf.float32))
    assert double.dtype == tf.float64
    np.testing.assert_allclose(double, 0.5 * np.sum(mean**2 + np.exp(log_var) - 1 - log_var, -1), rtol=1e-12)
    np.testing.assert_allclose(single, double, rtol=1e-5)


def test_gradients_of_the_gaussian_kl_by_hand():
    _, (mean_gradient, log_var_gradient) = value_and_gradients(gaussian_kl, [2.0, 0.0], [0.0, LOG_2])
    np.testing.assert_allclose(mean_gradient, [2.0, 0.0], rtol=1e-6)  # m
    np.testing.assert_allclose(log_var_gradient, [0.0, 0.5], rtol=1e-6)  # (s^2 - 1) / 2


def test_gradient_of_the_categorical_kl_is_finite_where_a_class_is_impossible():
    _, (gradient,) = value_and_gradients(categorical_kl, [0.0, 0.0, -200.0])
    np.testing.assert_allclose(gradient, 0.0, atol=1e-6)  # By symmetry of the two, and zero mass of the third.


def test_gaussian_kl_per_dim_sums_to_gaussian_kl(parameters):
    mean, log_var, *_ = parameters
    per_dim = gaussian_kl_per_dim(mean, log_var)
    assert per_dim.shape == (5, 3)
    np.testing.assert_allclose(np.sum(per_dim, axis=-1), gaussian_kl(mean, log_var), rtol=1e-6)


@pytest.mark.parametrize("leading", [(), (4,), (2, 4)], ids=str)
def test_the_last_axis_is_summed_and_the_others_stay(leading):
    t = tf.ones((*leading, 3))
    assert gaussian_kl(t, t).shape == leading
    assert diagonal_gaussians_kl(t, t, t, t).shape == leading
    assert categorical_kl(t).shape == leading


@pytest.mark.parametrize(
    ("function", "n_tensors", "name"),
    [
        pytest.param(gaussian_kl, 2, "z_log_var", id="gaussian"),
        pytest.param(gaussian_kl_per_dim, 2, "z_log_var", id="per-dim"),
        pytest.param(diagonal_gaussians_kl, 4, "p_log_var", id="two-gaussians"),
        pytest.param(categorical_kl, 2, "p_logits", id="categorical"),
    ],
)
def test_tensors_that_would_broadcast_are_refused(function, n_tensors, name):
    tensors = [tf.zeros((2, 3))] * (n_tensors - 1) + [tf.zeros((1, 3))]
    with pytest.raises(ValueError, match=rf"and `{name}` must have the same shape\. Received: .*\(1, 3\)"):
        function(*tensors)


@pytest.mark.parametrize("n_samples", [0, 1.5, True])
def test_monte_carlo_kl_refuses_a_number_of_samples_that_is_none(n_samples):
    q = normal(tf.zeros(1), tf.zeros(1))
    with pytest.raises(ValueError, match="`n_samples` must be a whole number >= 1"):
        monte_carlo_kl(q, q, n_samples)


def aggregate_by_hand(z, z_mean, z_log_var):
    """log q(z) - sum_d log q(z_d) of the mixture of posteriors, by SciPy and plain loops."""
    densities = norm.pdf(z[:, None], z_mean[None], np.exp(0.5 * z_log_var)[None])
    return np.log(densities.prod(axis=-1).mean(axis=1)) - np.log(densities.mean(axis=1)).sum(axis=-1)


def test_total_correlation_is_that_of_the_mixture_of_posteriors(rng):
    z, z_mean, z_log_var = (rng.normal(size=(7, 3)).astype("float32") for _ in range(3))
    ours = total_correlation(*(tf.constant(a) for a in (z, z_mean, z_log_var)))
    np.testing.assert_allclose(ours, aggregate_by_hand(z, z_mean, z_log_var), rtol=1e-4, atol=1e-4)


def test_total_correlation_of_correlated_gaussians_is_the_closed_form():
    # Narrow posteriors around draws of a Gaussian with correlation r: -log(1 - r^2) / 2.
    rng = np.random.default_rng(0)
    r, n, width = 0.9, 3000, 0.3
    covariance = np.array([[1.0, r], [r, 1.0]])
    z_mean = rng.multivariate_normal(np.zeros(2), covariance - width**2 * np.eye(2), size=n).astype("float32")
    z = z_mean + width * rng.normal(size=(n, 2)).astype("float32")
    log_var = np.full((n, 2), 2 * np.log(width), "float32")
    estimate = np.mean(total_correlation(*(tf.constant(a) for a in (z, z_mean, log_var))))
    # 3,000 posteriors leave a few hundredths of bias in the density.
    assert estimate == pytest.approx(-0.5 * np.log(1 - r**2), abs=0.06)


@pytest.mark.slow
def test_the_discrepancy_is_the_mean_over_draws_of_the_prior(rng):
    z = rng.normal(1.0, 0.5, size=(6, 3)).astype("float32")
    ours = float(np.mean(standard_normal_mmd(tf.constant(z), 1.3)))

    def kernel(a, b):
        return np.exp(-0.5 * np.sum((a[:, None] - b[None]) ** 2, axis=-1) / 1.3**2)

    p = rng.normal(size=(4000, 3))
    within = kernel(p, p)
    among = kernel(z, z)
    estimate = (among.sum() - 6) / 30 - 2 * kernel(z, p).mean() + (within.sum() - 4000) / (4000 * 3999)
    # 4,000 draws: kernels spread by about 0.3.
    assert ours == pytest.approx(estimate, abs=0.03)


@pytest.mark.slow
def test_the_discrepancy_of_the_prior_from_itself_is_zero_on_average():
    rng = np.random.default_rng(1)
    estimates = [
        np.mean(standard_normal_mmd(tf.constant(rng.normal(size=(32, 2)).astype("float32")), 1.0)) for _ in range(300)
    ]
    assert_mean_close(estimates, 0.0, resolution=0.01)


def test_the_discrepancy_grows_with_the_distance():
    z = tf.random.stateless_normal((64, 2), seed=(1, 2))
    values = [float(np.mean(standard_normal_mmd(z + shift, 1.4))) for shift in (0.0, 1.0, 3.0)]
    assert values[0] < values[1] < values[2] < 2.0


def test_the_discrepancy_wants_a_bandwidth():
    with pytest.raises(ValueError, match=r"`bandwidth` must be a finite number > 0\.0"):
        standard_normal_mmd(tf.zeros((2, 2)), 0.0)


def test_one_draw_has_no_discrepancy_and_no_gradient():
    value, gradient = value_and_gradients(lambda z: standard_normal_mmd(z, 1.0), [[3.0, -1.0]])
    np.testing.assert_array_equal(value, [0.0])
    np.testing.assert_array_equal(gradient[0], [[0.0, 0.0]])


def test_total_correlation_wants_one_shape():
    with pytest.raises(ValueError, match="`z`"):
        total_correlation(tf.zeros((2, 2)), tf.zeros((2, 2)), tf.zeros((2, 3)))


def test_the_module_shows_its_public_names_alone():
    assert dir(divergences) == sorted(divergences.__all__)
    assert all(hasattr(divergences, name) for name in divergences.__all__)


def test_a_class_that_is_impossible_has_no_gradient_in_the_categorical_kl():
    q, p = tf.constant([[0.0, 1.0, -np.inf]]), tf.constant([[0.5, -np.inf, -np.inf], [0.5, 0.0, 0.3]])
    for p_logits in (None, p[1:], tf.constant([[0.5, 0.0, -np.inf]])):
        with tf.GradientTape() as tape:
            tape.watch(q)
            kl = categorical_kl(q, p_logits)
        gradient = tape.gradient(kl, q).numpy()
        assert np.isfinite(kl).all()
        assert np.isfinite(gradient).all()
        assert gradient[0, 2] == 0.0
        # The same as of a class that is all but impossible.
        with tf.GradientTape() as tape:
            almost = tf.constant([[0.0, 1.0, -80.0]])
            tape.watch(almost)
            value = categorical_kl(almost, None if p_logits is None else tf.maximum(p_logits, -80.0))
        np.testing.assert_allclose(kl, value, rtol=1e-5)
        np.testing.assert_allclose(gradient, tape.gradient(value, almost), rtol=1e-5, atol=1e-6)


def test_weights_of_posteriors_are_those_of_repeated_rows(rng):
    z, z_mean, z_log_var = (rng.normal(size=(5, 3)).astype("float32") for _ in range(3))
    weight = np.array([1.0, 2.0, 0.0, 1.0, 3.0], "float32")
    rows = np.repeat(np.arange(5), weight.astype(int))
    weighted = total_correlation(*map(tf.constant, (z, z_mean, z_log_var)), tf.constant(weight)).numpy()
    repeated = total_correlation(*(tf.constant(a[rows]) for a in (z, z_mean, z_log_var))).numpy()
    np.testing.assert_allclose(weighted[rows], repeated, rtol=1e-5, atol=1e-6)
    assert np.isfinite(weighted).all()


def test_draws_of_weight_0_are_no_draws(rng):
    z = rng.normal(size=(6, 3)).astype("float32")
    weight = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0], "float32")
    weighted = standard_normal_mmd(tf.constant(z), 1.3, tf.constant(weight)).numpy()
    np.testing.assert_allclose(weighted[weight > 0], standard_normal_mmd(tf.constant(z[weight > 0]), 1.3), rtol=1e-5)
    one = standard_normal_mmd(tf.constant(z[:2]), 1.3, tf.constant([1.0, 0.0])).numpy()
    assert one[0] == 0.0
