"""The start of a ladder as a pyramid: what goes in comes out, and the ELBO is the density of a Gaussian."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import slow_after
from scipy.stats import multivariate_normal
from tasks.vae.data_sets import images

from keras_vae.likelihoods import DiscretizedLogistic, DiscretizedLogisticMixture, Gaussian, StudentT
from keras_vae.models.make_vae import make_ladder_vae
from keras_vae.tasks.vae import VAETask
from keras_vae.tasks.vae.pyramid_start import (
    IN_FEATURES,
    levels_of,
    lowest_stddev,
    pyramid_fits,
    split,
    start_from_pyramid,
)


def smooth(n, height, width, channels, seed=0):
    """Random pictures whose neighbours and colours are alike, about unit scale."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, height + 4, width + 4, channels)) @ (0.3 + np.eye(channels))
    for axis, size in ((1, height), (2, width)):
        x = sum(np.take(x, range(i, i + size), axis) for i in range(5)) / np.sqrt(5.0)
    return (x + rng.normal(scale=0.05, size=x.shape)).astype("float32")


def grey(x):
    return np.clip(np.round(127.5 + 40.0 * x), 0, 255).astype("float32")


def started(x, likelihood, latents, units):
    model = make_ladder_vae(x.shape[1:], latents, "resnet", units, likelihood, seed=0, preprocessing=None)
    start_from_pyramid(model, x)
    return model


@pytest.mark.parametrize(
    ("size", "channels", "latents"),
    slow_after(2, [((12, 8), 1, (2, 3)), ((4, 4), 2, (8,)), ((8, 8), 3, (8, 12)), ((8, 8), 1, (1, 3, 4))]),
)
def test_the_elbo_is_the_log_density_of_the_gaussian_that_the_decoder_describes(size, channels, latents):
    x = smooth(300, *size, channels)
    model = started(x, Gaussian(), latents, (12,) * len(latents))
    # The decoder is linear: columns of the identity give the map, and no code the mean.
    codes = np.concatenate([np.zeros((1, model.latent_dim)), np.eye(model.latent_dim)]).astype("float32")
    mean, log_var = (tf.reshape(t, (len(codes), -1)).numpy() for t in model.likelihood._split(model.decoder(codes)))
    loadings = (mean[1:] - mean[:1]).astype(np.float64)
    covariance = loadings.T @ loadings + np.diag(np.exp(log_var[0].astype(np.float64)))
    expected = multivariate_normal(mean[0], covariance).logpdf(x[:50].reshape(50, -1))
    # The posterior is exact: every draw has the same weight, and the bound is the density.
    found = model.log_prob(x[:50], n_samples=3)
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=0.05)
    np.testing.assert_allclose(model.elbo(x[:50], n_samples=200), expected, rtol=2e-3, atol=1.5)


def test_that_gaussian_has_the_covariance_of_the_pictures_where_nothing_is_left_out():
    x = smooth(2000, 4, 4, 1)
    model = started(x, Gaussian(), (4,), (8,))
    draws = model.decoder(np.random.default_rng(1).normal(size=(4000, model.latent_dim)).astype("float32"))
    mean, log_var = (t.numpy() for t in model.likelihood._split(draws))
    square = (slice(None), slice(0, 2), slice(0, 2))
    wanted = np.cov(split_squares(x).T)
    found = np.cov(mean[square].reshape(-1, 4).T) + np.diag(np.exp(log_var[0, :2, :2]).reshape(-1))
    np.testing.assert_allclose(found, wanted, atol=0.1)


def split_squares(x):
    """All squares of four pixels, `(n, 4)`."""
    n, height, width, _ = x.shape
    return x.reshape(n, height // 2, 2, width // 2, 2).transpose(0, 1, 3, 2, 4).reshape(-1, 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "likelihood"),
    slow_after(
        2,
        [
            ((9, 13, 1), DiscretizedLogisticMixture),
            ((11, 8, 3), StudentT),
            ((16, 16, 3), DiscretizedLogisticMixture),
            ((28, 20, 1), DiscretizedLogisticMixture),
            ((16, 16, 3), DiscretizedLogistic),
        ],
    ),
)
def test_what_goes_in_comes_out(shape, likelihood):
    x = smooth(100, *shape)
    is_grey = likelihood is not StudentT
    x = grey(x) if is_grey else x
    n = 3 * shape[-1]
    model = started(x, likelihood(), (n, n + shape[-1]), (24, 24))
    difference = model.predict(x, verbose=0) - x
    assert np.sqrt(np.mean(difference**2)) < (1.0 if is_grey else 0.1)
    # Also at the border of an odd side, whose last squares are not whole.
    assert np.abs(difference[:, -1]).max() < (8.0 if is_grey else 0.5)


def test_averages_and_differences_add_up_to_the_pixels_again():
    x = smooth(3, 6, 4, 2).astype(np.float64)
    parts = split(x)
    assert parts.shape == (3, 3, 2, 4, 2)
    low, down, across, both = (parts[..., k, :] for k in range(4))
    np.testing.assert_allclose(low, (x[:, ::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, ::2] + x[:, 1::2, 1::2]) / 4)
    np.testing.assert_allclose(low + down + across + both, x[:, ::2, ::2])
    np.testing.assert_allclose(low + down - across - both, x[:, ::2, 1::2])
    np.testing.assert_allclose(low - down + across - both, x[:, 1::2, ::2])
    np.testing.assert_allclose(low - down - across + both, x[:, 1::2, 1::2])
    assert split(x[:, :5, :3]).shape == parts.shape


def test_the_noise_is_what_the_latents_leave_out_and_never_below_half_a_level():
    x = smooth(500, 8, 8, 1)
    all_of_it = levels_of(x, [3, 4], 1e-6)
    assert [level.noise for level in all_of_it] == pytest.approx([1e-6 / 4, 1e-6 / 16])
    some = levels_of(x, [2, 4], 1e-6)
    values = split(x.astype(np.float64))[..., 1:, 0].reshape(-1, 3)
    # The smallest variance of the differences, in units of a pixel: a difference is a sum of four, divided by four.
    assert some[0].noise * 4 == pytest.approx(np.linalg.eigvalsh(np.cov(values.T))[0] * 4, rel=0.01)
    assert lowest_stddev(DiscretizedLogisticMixture()) * 127.5 == pytest.approx(0.5)
    assert lowest_stddev(Gaussian()) == pytest.approx(np.exp(-5.0), rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", [DiscretizedLogisticMixture(), Gaussian(), StudentT(df=5.0)])
def test_the_noise_of_the_likelihood_is_that_of_the_pyramid(likelihood):
    x = smooth(300, 8, 8, 1)
    x = grey(x) if likelihood.integer else x
    model = started(x, likelihood, (1, 4), (8, 8))
    seen = np.asarray(x, np.float64) / 127.5 - 1.0 if likelihood.integer else x.astype(np.float64)
    stddev = np.sqrt(4.0 * levels_of(seen, [1, 4], lowest_stddev(likelihood) ** 2)[0].noise)
    params = model.decoder(np.zeros((1, model.latent_dim), "float32"))
    draws = likelihood.distribution(tf.repeat(params, 4000, axis=0)).sample(seed=(0, 1)).numpy()
    # Of a mixture the widest component counts more.
    scale = 127.5 * np.sqrt(np.mean(np.exp([-1.4, 0.0, 1.4]))) if likelihood.integer else 1.0
    assert draws.std(axis=0).mean() == pytest.approx(scale * stddev, rel=0.05)


@pytest.mark.slow
def test_latents_that_no_direction_uses_have_next_to_no_kl_and_can_learn():
    x = grey(smooth(60, 16, 16, 1))
    model = started(x, DiscretizedLogisticMixture(), (4, 8), (16, 16))
    used = started(x, DiscretizedLogisticMixture(), (3, 4), (16, 16))
    for m in (model, used):
        m.compile(keras.optimizers.Adam(1e-3))
    more, exact = (m.evaluate(x, verbose=0, return_dict=True)["kl_loss"] for m in (model, used))
    assert more == pytest.approx(exact, rel=0.05)
    model.fit(x, epochs=2, batch_size=10, verbose=0)
    # Channel 3 of the layer next to the data, channel 4 of the top.
    z_mean, _ = model.encode(x)
    n_top = 4 * 4 * 8
    assert np.abs(z_mean[:, 4:n_top:8]).max() > 0
    assert np.abs(z_mean[:, n_top + 3 :: 4]).max() > 0


@pytest.mark.slow
def test_a_constant_and_a_picture_of_one_colour_are_finite():
    x = np.full((5, 16, 16, 3), 200, "float32")
    model = started(x, DiscretizedLogisticMixture(), (8, 12), (12, 12))
    assert np.isfinite(model.elbo(x)).all()
    one = grey(smooth(1, 16, 16, 3))
    for latents in ((8, 12), (8, 9, 9, 12)):
        model = started(one, DiscretizedLogisticMixture(), latents, (12,) * len(latents))
        assert np.isfinite(model.elbo(one)).all()


def test_few_pictures_leave_no_direction_of_the_top_without_a_variance():
    # Five pictures have at most four directions, of twelve.
    levels = levels_of(smooth(5, 4, 4, 3).astype(np.float64), [9, 12], 1e-6)
    assert levels[1].loadings.min() > 0.05 * levels[1].loadings.max()


@pytest.mark.parametrize(
    ("shape", "likelihood", "n_layers", "n_channels", "fits"),
    [
        ((16, 16, 3), "discretized_logistic_mixture", 3, 12, True),
        ((16, 16, 3), "discretized_logistic_mixture", 3, 11, False),
        ((16, 16, 1), "gaussian", 3, 4, True),
        ((16, 16, 1), "bernoulli", 3, 64, False),
        ((16, 16, 1), "gaussian", 4, 64, True),
        # 16, 8, 4, 2, 1 pixels: one is not halved.
        ((16, 16, 1), "gaussian", 5, 64, False),
        ((16, 2, 1), "gaussian", 1, 64, True),
        ((16, 1, 1), "gaussian", 1, 64, False),
        ((16, 16), "gaussian", 1, 64, False),
    ],
)
def test_where_a_pyramid_fits(shape, likelihood, n_layers, n_channels, fits):
    assert pyramid_fits(shape, likelihood, n_layers, n_channels) is fits


@pytest.mark.slow
def test_the_default_of_photographs_begins_with_it_and_knows_what_the_start_is_worth():
    data = images((16, 16, 3), n=60)
    # Steps that change next to nothing.
    task = VAETask(epochs=1, learning_rate=1e-12).fit(data, verbose=0)
    assert task.settings_["warm_up"] == 0
    kernel = task.model_.encoder.get_layer("up_1").get_weights()[0]
    np.testing.assert_allclose(kernel[:2, :2, 0, 0], 0.25 * IN_FEATURES, rtol=1e-5)
    # Noise without anything alike between neighbours: 8 bits a value, and a few more that rounding costs.
    assert task.history_["elbo"][0] > -16 * 16 * 3 * 10 * np.log(2)


@pytest.mark.slow
@pytest.mark.parametrize(("likelihood", "is_judged"), [(None, True), ("continuous_bernoulli", False)])
def test_the_keeper_of_a_training_knows_what_a_start_is_worth(likelihood, is_judged):
    data = dataclasses.replace(images((8, 8, 1), n=40), x_validation=images((8, 8, 1), n=6).x_train)
    settings = {"graph": "ladder", "network": "resnet", "latent_dim": [3, 4], "hidden_units": [8, 8]}
    task = VAETask(epochs=1, likelihood=likelihood, **settings)
    task.prepare(data)
    model, keeper = task.build_model(), task.keep_best()
    task.judge_start(model, data, keeper)
    assert keeper.epoch == (0 if is_judged else None)
    if is_judged:
        expected = model.evaluate(task.validation_rows(data), verbose=0, return_dict=True)["elbo"]
        assert keeper.start == pytest.approx(expected)
