"""The maths of the mixture, by its sums over all grey values and by TensorFlow Probability."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from scipy import special
from tensorflow_probability import distributions as tfd

from keras_vae.likelihoods.discretized_logistic import clipped_mean, log_mass
from keras_vae.likelihoods.pixel_mixture import PixelMixture
from keras_vae.likelihoods.pixel_mixture_distribution import PixelMixtureDistribution

GREY = np.arange(256, dtype="float32")


def mixture(rng, n=1, channels=3, m=3, log_scale=-2.0, spread=0.5):
    """Random mixtures of `n` pixels."""
    draw = lambda *shape: tf.constant(rng.normal(size=(n, *shape)), tf.float32)  # noqa: E731
    return PixelMixture(
        tf.nn.log_softmax(draw(m)),
        spread * draw(channels, m),
        log_scale + 0.5 * draw(channels, m),
        tf.tanh(draw(3 if channels == 3 else 0, m)),
    )


def repeated(one, n):
    return PixelMixture(*(tf.repeat(tensor, n, axis=0) for tensor in one))


def by_channel(one, x):
    return repeated(one, len(x)).log_prob_by_channel(tf.constant(x, tf.float32)).numpy().astype("float64")


def quantized(location, log_scale):
    """The same grey value by TensorFlow Probability, which rounds up."""
    logistic = tfd.Logistic(127.5 * (location + 1.0) - 0.5, 127.5 * tf.exp(log_scale))
    return tfd.QuantizedDistribution(logistic, low=0.0, high=255.0)


# Probabilities.


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("log_scale", [-6.0, -2.0, 2.0])
def test_every_conditional_adds_up_to_one(rng, channel, log_scale):
    one = mixture(rng, log_scale=log_scale)
    for before in ([0, 255], [17, 200], [255, 3]):
        x = np.tile(np.array([*before, 0], "float32"), (256, 1))[:, :3]
        x[:, channel] = GREY
        total = np.exp(by_channel(one, x)[:, channel]).sum()
        # A location in grey levels is good to 1e-7, which narrow scales divide by a level; the channels before are
        # divided out.
        assert total == pytest.approx(1, abs=1e-4)


def test_grey_is_a_mixture_of_tfp(rng):
    one = mixture(rng, channels=1)
    weights = tfd.Categorical(logits=one.log_weights)
    oracle = tfd.MixtureSameFamily(weights, quantized(one.locations[:, 0], one.log_scales[:, 0]))
    values = by_channel(one, GREY[:, None])[:, 0]
    np.testing.assert_allclose(values, oracle.log_prob(GREY), rtol=1e-5, atol=1e-5)


def test_colour_is_a_mixture_of_chains_of_tfp(rng):
    one = mixture(rng, n=40)
    x = rng.integers(0, 256, (40, 3)).astype("float32")
    x[:4] = [[0, 0, 0], [255, 255, 255], [0, 255, 0], [255, 0, 255]]
    red, green, _ = np.split(x / 127.5 - 1, 3, axis=-1)
    a, b, c = tf.unstack(one.coefficients, axis=1)
    shifts = [0.0, a * red, b * red + c * green]
    chain = [quantized(one.locations[:, k] + shifts[k], one.log_scales[:, k]).log_prob(x[:, k, None]) for k in range(3)]
    expected = tf.reduce_logsumexp(one.log_weights + tf.add_n(chain), axis=-1)
    # 1e-4: the tails of tfp's quantized distribution cancel.
    np.testing.assert_allclose(by_channel_of(one, x).sum(axis=-1), expected, rtol=1e-4, atol=1e-4)


def by_channel_of(many, x):
    return many.log_prob_by_channel(tf.constant(x)).numpy()


def test_the_first_channels_of_a_pixel_are_the_mixture_of_those_alone(rng):
    one = mixture(rng)
    alone = PixelMixture(one.log_weights, one.locations[:, :1], one.log_scales[:, :1], one.coefficients[:, :0])
    x = np.stack([GREY, GREY[::-1], GREY], axis=-1)
    np.testing.assert_allclose(by_channel(one, x)[:, :1], by_channel(alone, x[:, :1]), rtol=1e-5, atol=1e-5)


def test_green_and_blue_follow_the_channels_before_them():
    one = PixelMixture(
        tf.zeros((1, 1)),
        tf.zeros((1, 3, 1)),
        tf.fill((1, 3, 1), -5.0),
        tf.constant([[[0.5], [-0.5], [1.0]]]),
    )
    # v_red = 1 and v_green = 0.5 give locations of green 127.5 * 1.5 and blue 127.5 * (1 - 0.5 + 0.5).
    x = np.tile(np.array([255.0, 191.25, 0.0], "float32"), (256, 1))
    x[:, 2] = GREY
    assert np.argmax(by_channel(one, x)[:, 2]) in (127, 128)
    x[:, 1] = GREY
    assert np.argmax(by_channel(one, x)[:, 1]) == 191


# The mean.


def exact_mean(one):
    """Mean of every channel by summing over all values of the one before; of red and green."""
    pairs = np.stack(np.meshgrid(GREY, GREY, [0.0], indexing="ij"), axis=-1).reshape(-1, 3)
    joint = np.exp(by_channel(one, pairs)[:, :2].sum(axis=1))
    return joint @ pairs[:, :2] / joint.sum()


@pytest.mark.parametrize("log_scale", [-4.0, -2.0, -1.0])
def test_mean_of_red_and_green_is_near_the_exact_sum_also_where_they_are_clipped(rng, log_scale):
    for _ in range(3):
        one = mixture(rng, log_scale=log_scale, spread=1.0)
        red, green = exact_mean(one)
        means = one.mean().numpy()[0]
        # Rounding is all that is left out in red; 1.5 levels are what eight values for the noise of red cost.
        assert means[0] == pytest.approx(red, abs=0.1)
        assert means[1] == pytest.approx(green, abs=1.5)


def test_mean_is_exact_where_nothing_is_clipped(rng):
    one = mixture(rng, n=20, log_scale=-4.5, spread=0.1)
    # Small coefficients, so that all locations stay away from the ends.
    one = one._replace(coefficients=0.3 * one.coefficients)
    red, green, blue = tf.unstack(one.locations, axis=1)
    a, b, c = tf.unstack(one.coefficients, axis=1)
    green = green + a * red
    blue = blue + b * red + c * green
    weights = tf.exp(one.log_weights)
    expected = [tf.reduce_sum(weights * 127.5 * (location + 1), axis=-1) for location in (red, green, blue)]
    np.testing.assert_allclose(one.mean(), tf.stack(expected, axis=-1), rtol=1e-5)


def test_mean_counts_the_noise_of_the_channels_before():
    """Red spreads 20 levels about 255, green is red plus 14 levels, blue is green: far from a chain of means."""
    scales = np.log(np.array([20.0, 0.2, 0.2], "float32") / 127.5)
    one = PixelMixture(
        tf.zeros((1, 1)),
        tf.constant([[[1.0], [14 / 127.5], [0.0]]], tf.float32),
        tf.constant(scales[None, :, None]),
        tf.constant([[[1.0], [0.0], [1.0]]]),
    )
    # Closed forms of a clipped logistic: 255 - s log 2, and 255 - s softplus(-14 / s) for red + 14 clipped again.
    red, green = 255 - 20 * np.log(2), 255 - 20 * np.log1p(np.exp(-14 / 20))
    np.testing.assert_allclose(one.mean()[0], [red, green, green], atol=0.6)


def test_draws_have_the_mean(rng):
    one = mixture(rng, log_scale=-1.5, spread=0.8)
    draws = repeated(one, 100_000).sample(tf.constant([0, 3])).numpy()
    assert_mean_close(draws, one.mean()[0], resolution=1.5)


def test_draws_have_the_probabilities(rng):
    # Coarse, so that a pair of bins holds many of the draws: red below 128, and green below 128 given that.
    one = mixture(rng)
    draws = repeated(one, 20_000).sample(tf.constant([0, 5])).numpy()
    pairs = np.stack(np.meshgrid(GREY, GREY, [0.0], indexing="ij"), axis=-1).reshape(-1, 3)
    joint = np.exp(by_channel(one, pairs)[:, :2].sum(axis=1))
    for below in (lambda x: x[:, 0] < 128, lambda x: (x[:, 0] < 128) & (x[:, 1] < 100), lambda x: x[:, 1] < 150):
        assert_mean_close(below(draws).astype(float), joint[below(pairs)].sum() / joint.sum(), resolution=0.02)


# The distribution of TensorFlow Probability.


def test_the_distribution_has_the_shapes_of_tfp(rng):
    pixels = PixelMixtureDistribution(mixture(rng, n=4))
    assert pixels.batch_shape == (4,)
    assert pixels.event_shape == (3,)
    np.testing.assert_array_equal(pixels.batch_shape_tensor(), [4])
    np.testing.assert_array_equal(pixels.event_shape_tensor(), [3])
    seed = tf.constant([0, 7])
    draws = pixels.sample((2, 5), seed=seed)
    assert draws.shape == (2, 5, 4, 3)
    assert pixels.log_prob(draws).shape == (2, 5, 4)
    assert len(np.unique(draws[..., 0, 0])) > 1
    np.testing.assert_array_equal(pixels.sample((2, 5), seed=seed), draws)


# The functions of one logistic.


@pytest.mark.parametrize("log_scale", [-7.0, -3.0, 0.0, 5.0])
@pytest.mark.parametrize("location", [-400.0, 0.0, 100.3, 255.0, 600.0])
def test_log_mass_is_the_difference_of_two_distribution_functions(location, log_scale):
    scale = 127.5 * np.exp(log_scale)
    # In float64 and on the side of the tail, where the difference does not cancel.
    side = np.where(location < GREY, -1.0, 1.0)
    edges = [side * (GREY.astype("float64") + half - location) / scale for half in (-0.5, 0.5)]
    lower, upper = (special.log_expit(edge) for edge in edges)
    lower, upper = np.where(side > 0, lower, upper), np.where(side > 0, upper, lower)
    expected = upper + np.log1p(-np.exp(lower - upper))
    expected[0] = special.log_expit((0.5 - location) / scale)
    expected[-1] = special.log_expit(-(254.5 - location) / scale)
    np.testing.assert_allclose(log_mass(GREY, location, np.float32(log_scale)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("scale", [0.3, 5.0, 100.0])
@pytest.mark.parametrize("location", [-300.0, 0.0, 30.0, 255.0, 500.0])
def test_clipped_mean_is_an_integral_over_the_quantiles(location, scale):
    u = (np.arange(200_000) + 0.5) / 200_000
    expected = np.clip(location + scale * special.logit(u), 0, 255).mean()
    mean = clipped_mean(tf.constant(location), tf.constant(np.log(scale / 127.5), tf.float32))
    assert float(mean) == pytest.approx(expected, abs=2e-3)
