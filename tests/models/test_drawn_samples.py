"""`sample(draw=True)`: x itself, with the noise of p(x|z)."""

import keras
import numpy as np
import pytest
from helpers import POINT, assert_mean_close, dense_weights, small_vae, squared_error_nats

from keras_vae.divergences import gaussian_kl
from keras_vae.layers import Standardize
from keras_vae.models.make_vae import make_vae

SCALE = np.array([1.0, 10.0, 0.01, 5.0, 1.0, 1.0])
LOCATION = np.array([0.0, 100.0, 0.0, -3.0, 1.0, 0.0])


def data(n=400, seed=0):
    """Correlated columns on different scales, `(n, 6)`."""
    rng = np.random.default_rng(seed)
    return ((rng.normal(size=(n, 1)) + rng.normal(size=(n, 6))) * SCALE + LOCATION).astype("float32")


@pytest.fixture(scope="module")
def model():
    """A linear model of standardised columns with unit noise, straight as it was made."""
    preprocessing = Standardize("columns")
    preprocessing.adapt(data())
    return small_vae("gaussian_fixed", preprocessing=preprocessing)


def test_draws_have_the_spread_of_the_model_and_means_have_less(model):
    n = 20_000
    drawn, means = (model.sample(n, seed=1, draw=draw) for draw in (True, False))
    # x = scale (W z + b + noise) + location with unit z and unit noise: variance scale^2 (sum of w^2 + 1).
    kernel, bias = dense_weights(model.decoder, "x_params")
    scale, location = data().std(axis=0), data().mean(axis=0)
    variance = scale**2 * (kernel**2).sum(axis=0)
    assert_mean_close((drawn - location - scale * bias) ** 2 / scale**2, variance / scale**2 + 1, resolution=0.3)
    assert_mean_close((means - location - scale * bias) ** 2 / scale**2, variance / scale**2, resolution=0.3)
    assert_mean_close(drawn / scale, location / scale + bias, resolution=0.1)


def test_a_trained_model_draws_the_spread_of_the_data():
    x = data(1000)
    preprocessing = Standardize("columns")
    preprocessing.adapt(x)
    vae = small_vae("gaussian_shared", preprocessing=preprocessing)
    vae.compile(keras.optimizers.Adam(0.03))
    vae.fit(x, epochs=15, batch_size=50, verbose=0)
    ratio = vae.sample(4000, seed=0, draw=True).std(axis=0) / x.std(axis=0)
    assert np.all((ratio > 0.8) & (ratio < 1.25)), ratio
    # Half of the variance is noise, which means leave out.
    assert np.all(vae.sample(4000, seed=0).std(axis=0) / x.std(axis=0) < 0.85)


def test_the_same_seed_gives_the_same_draws(model):
    first = model.sample(300, seed=5, draw=True, batch_size=64)
    np.testing.assert_array_equal(model.sample(300, seed=5, draw=True, batch_size=64), first)
    for other in (model.sample(300, seed=6, draw=True), model.sample(300, draw=True), model.sample(300, draw=True)):
        assert np.all(other != first)
    # No two batches have the same noise: nothing comes twice.
    noise = (first - model.sample(300, seed=5))[:, 0]
    assert len(np.unique(np.round(noise, 5))) > 290


def test_the_noise_of_x_is_not_that_of_z(model):
    n = 20_000
    noise = (model.sample(n, seed=3, draw=True) - model.sample(n, seed=3)) / data().std(axis=0)
    assert_mean_close(noise**2, 1.0, resolution=0.06)
    z = model.sample_prior(n, [3, 0]).numpy()
    products = noise[:, :, None] * z[:, None, :]
    assert_mean_close(products.reshape(n, -1), 0.0, resolution=0.05)


def test_a_temperature_of_zero_leaves_the_noise_of_x(model):
    drawn, mean = (model.sample(2000, seed=0, temperature=0.0, draw=draw) for draw in (True, False))
    assert np.all(np.ptp(mean, axis=0) < 1e-4 * (1 + np.abs(mean[0])))
    assert np.all(drawn.std(axis=0) / data().std(axis=0) > 0.9)


@pytest.mark.parametrize(
    ("likelihood", "is_value"),
    [
        ("bernoulli", lambda x: np.isin(x, (0, 1))),
        ("discretized_logistic", lambda x: (x == np.round(x)) & (x >= 0) & (x <= 255)),
    ],
)
def test_draws_are_values_of_the_data(likelihood, is_value):
    vae = make_vae((6,), 2, "dense", hidden_units=(4,), likelihood=likelihood, seed=0)
    assert is_value(vae.sample(50, seed=0, draw=True)).all()
    assert not is_value(vae.sample(50, seed=0)).all()


# What is known of every row.


def test_elbo_kl_and_reconstruction_of_a_row_add_up():
    vae = small_vae(z_log_var=POINT)
    x = np.random.default_rng(0).normal(size=(7, 6)).astype("float32")
    bounds, share = vae.bound_rows(x, n_samples=3)
    z_mean, z_log_var = vae.encode(x)
    np.testing.assert_allclose(bounds.kl, gaussian_kl(z_mean, z_log_var), rtol=1e-5)
    kernel, bias = dense_weights(vae.decoder, "x_params")
    reconstruction = squared_error_nats(x, z_mean @ kernel + bias)
    # 1e-4: posteriors of a standard deviation of 4e-18 have a KL of 80 nats.
    np.testing.assert_allclose(-bounds.elbo - bounds.kl, reconstruction, rtol=1e-4)
    np.testing.assert_array_equal(share, np.ones(7))


def test_the_kl_of_a_row_is_that_of_its_draws_whatever_their_number():
    vae = small_vae()
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    expected = gaussian_kl(*vae.encode(x))
    for n_samples in (1, 40):
        bounds, _ = vae.bound_rows(x, n_samples)
        np.testing.assert_allclose(bounds.kl, expected, rtol=1e-5)
        np.testing.assert_array_equal(bounds.elbo, vae.elbo(x, n_samples))
        np.testing.assert_array_equal(bounds.log_prob, vae.log_prob(x, n_samples))
    # Jensen: of one draw both bounds are the same where the KL is a log ratio, of many the weighted one is above.
    assert np.all(bounds.log_prob > bounds.elbo)


@pytest.mark.parametrize("in_data_units", [True, False])
def test_the_reconstruction_of_a_row_has_the_volume_of_the_scaling(in_data_units):
    x = data(8, seed=2)
    preprocessing = Standardize("columns", in_data_units=in_data_units)
    preprocessing.adapt(data())
    model = small_vae("gaussian_fixed", preprocessing=preprocessing, z_log_var=POINT)
    bounds, _ = model.bound_rows(x, n_samples=2)
    # The same networks on values that somebody has standardised.
    standardised = model.preprocessing(x).numpy()
    plain = small_vae("gaussian_fixed", z_log_var=POINT)
    kernel, bias = dense_weights(model.decoder, "x_params")
    z_mean, z_log_var = plain.encode(standardised)
    volume = np.log(data().std(axis=0)).sum() if in_data_units else 0.0
    expected = squared_error_nats(standardised, z_mean @ kernel + bias) + volume
    np.testing.assert_allclose(bounds.kl, gaussian_kl(z_mean, z_log_var), rtol=1e-5)
    np.testing.assert_allclose(-bounds.elbo - bounds.kl, expected, rtol=1e-4, atol=1e-4)


def test_the_share_of_the_elements_that_count_comes_with_the_bounds():
    vae = small_vae(z_log_var=POINT)
    x = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")
    mask = np.array([[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1]], "float32")
    bounds, share = vae.bound_rows(x, 2, mask=mask)
    np.testing.assert_allclose(share, [0.5, 1])
    # What is hidden is neither scored nor seen by the encoder.
    kernel, bias = dense_weights(vae.decoder, "x_params")
    mean = vae.encode(x * mask)[0] @ kernel + bias
    expected = [squared_error_nats(x[:1, :3], mean[:1, :3])[0], squared_error_nats(x[1:], mean[1:])[0]]
    np.testing.assert_allclose(-bounds.elbo - bounds.kl, expected, rtol=1e-4, atol=1e-4)
