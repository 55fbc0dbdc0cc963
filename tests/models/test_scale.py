"""Data in their own units: finite training, nats of those units, and a warning where nothing brings them to a scale."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import elbo_terms_of, linear_decoder, linear_encoder, slow_after
from sklearn import datasets

from keras_vae.layers.standardize import Standardize
from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.models.gaussian_heads import MAX_Z_LOG_VAR, MIN_Z_LOG_VAR, gaussian_heads
from keras_vae.models.make_vae import make_autoencoder, make_ladder_vae, make_vae
from keras_vae.models.vae import VAE

REAL = ["gaussian", "gaussian_shared", "gaussian_fixed"]


def fitted(x, likelihood="gaussian", epochs=2, **kwargs):
    vae = make_vae(x.shape[1:], latent_dim=3, hidden_units=(16,), likelihood=likelihood, seed=0, **kwargs)
    vae.compile(run_eagerly=len(x) < 100)  # Some steps one by one take less time than to trace one.
    return vae, vae.fit(x, epochs=epochs, verbose=0).history["loss"]


TABLES = {
    "wine": lambda: datasets.load_wine().data,
    "every size at once": lambda: np.random.default_rng(0).normal(size=(200, 9)) * 10.0 ** np.arange(-12, 15, 3),
    "heavy tails": lambda: np.random.default_rng(0).standard_cauchy((200, 5)),
    "photographs": lambda: np.random.default_rng(0).integers(0, 256, (100, 8, 8, 3)).astype("uint8"),
    "breast cancer": lambda: datasets.load_breast_cancer().data,
    "huge": lambda: np.random.default_rng(0).normal(size=(200, 5)) * 1e30,
    "tiny": lambda: np.random.default_rng(0).normal(size=(200, 5)) * 1e-30,
    "far from zero": lambda: np.random.default_rng(0).normal(size=(200, 5)) + 1e6,
    "grey values": lambda: np.random.default_rng(0).integers(0, 256, (200, 6, 5)).astype("uint8"),
}


@pytest.mark.filterwarnings("ignore:Columns .* vary")
@pytest.mark.parametrize(
    "likelihood", [name if name == "gaussian" else pytest.param(name, marks=pytest.mark.slow) for name in REAL]
)
@pytest.mark.parametrize("name", slow_after(4, list(TABLES)))
def test_training_is_finite_on_any_finite_data(name, likelihood):
    x = TABLES[name]()
    vae, losses = fitted(x, likelihood)
    assert np.isfinite(losses).all()
    assert np.isfinite(vae.log_prob(x, n_samples=2)).all()
    reconstructed = vae.reconstruct(x)
    assert np.isfinite(reconstructed).all()
    # In the units of the data.
    assert x.min() - np.ptp(x) < reconstructed.mean() < x.max() + np.ptp(x)


@pytest.mark.parametrize("likelihood", ["bernoulli", "continuous_bernoulli", GaussianFixed(stddev=0.1)])
def test_values_whose_units_are_fixed_are_not_standardised(likelihood):
    assert make_vae((6,), likelihood=likelihood).preprocessing is None


def test_all_makers_of_models_standardise():
    for model in (
        make_vae((6,), 2, likelihood="gaussian"),
        make_autoencoder((6,), 2),
        make_ladder_vae((6,), (2, 2), hidden_units=(8, 8), likelihood="gaussian"),
    ):
        assert model.preprocessing.over == "columns"
    assert make_vae((8, 8, 1), 2, likelihood="gaussian").preprocessing.over == "all"
    assert make_vae((6,), 2, likelihood="gaussian", preprocessing=None).preprocessing is None
    with pytest.raises(ValueError, match="`preprocessing` must be one of 'auto'"):
        make_vae((6,), 2, likelihood="gaussian", preprocessing="none")


@pytest.mark.slow
def test_nats_are_those_of_the_data_in_their_own_units(rng):
    """log p(x) = log p(u) - sum log scale: against the exact density of independent normals, and for other units."""
    scales = np.array([1e-3, 1.0, 50.0, 2e4])
    x = 7.0 * scales + scales * rng.normal(size=(4000, 4))
    vae = make_vae((4,), latent_dim=1, hidden_units=(4,), likelihood="gaussian", seed=0)
    vae.compile(keras.optimizers.Adam(0.01))
    vae.fit(x, epochs=30, batch_size=200, verbose=0)
    exact = -0.5 * (((x - 7.0 * scales) / scales) ** 2 + np.log(2 * np.pi)).sum(axis=1) - np.log(scales).sum()
    # The model learns means and variances from 4,000 rows; a tenth of a nat is far below what a wrong unit would cost.
    assert abs(vae.log_prob(x, n_samples=20).mean() - exact.mean()) < 0.1
    terms = vae.evaluate(x, verbose=0, return_dict=True)
    assert abs(-terms["loss"] - exact.mean()) < 0.15
    assert vae.elbo(x).mean() == pytest.approx(terms["elbo"], abs=1e-3)


def test_other_units_shift_the_nats_by_the_log_of_their_size(rng):
    x = rng.normal(size=(64, 3))
    model, _ = fitted(x)
    other, _ = fitted(x * 1000.0)
    other.encoder.set_weights(model.encoder.get_weights())
    other.decoder.set_weights(model.decoder.get_weights())
    losses = [elbo_terms_of(m, data, z="mean")["reconstruction_loss"] for m, data in ((model, x), (other, x * 1000.0))]
    np.testing.assert_allclose(losses[1] - losses[0], 3 * np.log(1000.0), rtol=1e-3)


@pytest.mark.slow
def test_masked_elements_have_no_units(rng):
    x, mask = rng.normal(size=(32, 4)) * 100.0, (rng.random((32, 4)) > 0.4).astype("float32")
    vae, _ = fitted(x)
    plain = VAE(vae.encoder, vae.decoder, vae.likelihood, preprocessing=None, seed=0)
    layer = vae.preprocessing
    u = layer(x).numpy() * mask  # Hidden elements are 0 to the encoder.
    log_scale = (mask * np.log(layer.scale.numpy())).sum(axis=1)
    np.testing.assert_allclose(vae.elbo(x, mask=mask), plain.elbo(u, mask=mask) - log_scale, rtol=1e-4)


def test_learned_numbers_are_kept_saved_and_exported(tmp_path, rng):
    x = rng.normal(size=(64, 3)) * 100.0 + 1000.0
    vae, _ = fitted(x)
    location = vae.preprocessing.location.numpy()
    np.testing.assert_allclose(location, x.mean(axis=0), rtol=1e-5)
    vae.fit(x * 5.0, verbose=0)  # The first data decide.
    np.testing.assert_array_equal(vae.preprocessing.location.numpy(), location)
    vae.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    again.fit(x * 7.0, verbose=0)
    np.testing.assert_array_equal(again.preprocessing.location.numpy(), location)


def test_a_constant_column_is_left_out_and_named(rng):
    x = np.column_stack([rng.normal(size=64), np.full(64, 3.0), rng.normal(size=64) * 100.0])
    with pytest.warns(UserWarning, match="Columns 1 do not vary: they are left out"):
        vae, _ = fitted(x)
    np.testing.assert_array_equal(vae.reconstruct(x)[:, 1], 3.0)
    np.testing.assert_array_equal(vae.sample(5)[:, 1], 3.0)
    other = x.copy()
    other[:, 1] = 255.0
    np.testing.assert_allclose(vae.elbo(other), vae.elbo(x), rtol=1e-5)
    # No nats of a density of nothing.
    np.testing.assert_allclose(vae.elbo(x, mask=np.tile([1.0, 0.0, 1.0], (64, 1))), vae.elbo(x), rtol=1e-5)


def test_the_names_of_a_frame_are_used():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"height": np.arange(20.0), "unit": 1})
    vae = make_vae((2,), latent_dim=1, hidden_units=(4,), likelihood="gaussian")
    vae.compile()
    with pytest.warns(UserWarning, match="Columns 'unit' do not vary"):
        vae.fit(frame, verbose=0)


def test_one_value_for_everything_is_refused():
    vae = make_vae((3,), latent_dim=1, likelihood="gaussian")
    vae.compile()
    with pytest.raises(ValueError, match="`x` must vary"):
        vae.fit(np.full((8, 3), 2.0), verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("repeatable", [True, False])
def test_a_stream_is_learned_from_what_comes_first(rng, repeatable):
    x = (rng.normal(size=(64, 3)) * 100.0 + 1000.0).astype("float32")
    batches = tf.data.Dataset.from_tensor_slices(x).batch(16)
    if not repeatable:
        batches = tf.data.Dataset.from_generator(lambda: iter(list(batches)), output_signature=batches.element_spec)
        batches = (batch.numpy() for batch in tf.data.Dataset.from_tensor_slices(x).batch(16))
    vae = make_vae((3,), latent_dim=1, hidden_units=(4,), likelihood="gaussian")
    vae.compile()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Your input ran out of data")
        vae.fit(batches, verbose=0)
    seen = x if repeatable else x[:16]
    np.testing.assert_allclose(vae.preprocessing.location.numpy(), seen.mean(axis=0), rtol=1e-5)
    assert int(vae.optimizer.iterations.numpy()) == 4


def test_what_is_constant_in_the_first_batch_alone_is_not_left_out(rng):
    x = np.column_stack([rng.normal(size=64), np.r_[np.zeros(16), rng.normal(size=48)]]).astype("float32")
    vae = make_vae((2,), latent_dim=1, hidden_units=(4,), likelihood="gaussian")
    vae.compile()
    with pytest.warns(UserWarning, match="Columns 1 do not vary in the rows looked at"):
        vae.fit((batch for batch in np.split(x, 4)), verbose=0)
    assert not len(vae.preprocessing.left_out())


@pytest.mark.slow
def test_missing_elements_are_not_learned_from(rng):
    x = rng.normal(size=(200, 3)) * 10.0 + 50.0
    hidden = rng.random((200, 3)) < 0.3
    filled = np.where(hidden, 9.97e36, x)
    for data, kwargs in (
        (np.ma.masked_array(filled, hidden), {}),
        (np.where(hidden, np.nan, x), {"sample_weight": 1.0 - hidden}),
    ):
        vae = make_vae((3,), latent_dim=1, hidden_units=(4,), likelihood="gaussian", seed=0)
        vae.compile()
        history = vae.fit(data, verbose=0, **kwargs).history
        assert np.isfinite(history["loss"]).all()
        expected = np.ma.masked_array(x, hidden).mean(axis=0)
        np.testing.assert_allclose(vae.preprocessing.location.numpy(), expected, rtol=1e-5)


def own_model(**kwargs):
    model = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0, **kwargs)
    model.compile("sgd")
    return model


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_encoder_of_your_own_that_gets_large_values_is_warned_about(rng, sign):
    x = rng.normal(size=(16, 6))
    x[3, 4] = 5000.0 * sign
    with pytest.warns(UserWarning, match=r"The encoder gets the values of `x` as they are.*\(row 3, column 4\)"):
        own_model().fit(x * 1e-0, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    "layer", [keras.layers.Rescaling(1e-4), keras.layers.Normalization(), keras.layers.BatchNormalization()]
)
def test_an_encoder_that_scales_by_itself_is_not(rng, layer):
    x, data = keras.Input((6,)), (rng.normal(size=(16, 6)) * 5000.0)
    if isinstance(layer, keras.layers.Normalization):
        layer.adapt(data)
    encoder = keras.Model(x, linear_encoder()(layer(x)))
    model = VAE(encoder, linear_decoder(), likelihood="gaussian_fixed", seed=0)
    model.compile(keras.optimizers.SGD(1e-12))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(data, verbose=0)


def test_the_log_variance_has_bounds_and_finds_its_way_back():
    raw = tf.Variable([[-1000.0, -5.0, 0.0, 5.0, 1000.0]])
    with tf.GradientTape() as tape:
        _, z_log_var = gaussian_heads(tf.zeros((1, 5)), raw)
        loss = tf.reduce_sum(0.5 * (tf.exp(z_log_var) - z_log_var))
    np.testing.assert_array_equal(z_log_var.numpy(), [[MIN_Z_LOG_VAR, -5.0, 0.0, 5.0, MAX_Z_LOG_VAR]])
    gradient = tape.gradient(loss, raw).numpy()[0]
    assert np.isfinite(gradient).all()
    assert gradient[0] < 0.0 < gradient[-1]  # Descent leads back inside, from both ends.
    np.testing.assert_allclose(gradient[1:4], 0.5 * (np.exp([-5.0, 0.0, 5.0]) - 1.0), rtol=1e-5)


def test_codes_say_the_bounded_log_variance():
    encoder = linear_encoder(z_log_var=500.0)
    vae = VAE(encoder, linear_decoder(), seed=0)
    x = np.ones((4, 6), "float32")
    np.testing.assert_array_equal(vae.encode(x)[1], MAX_Z_LOG_VAR)
    assert np.isfinite(vae.elbo(x)).all()


@pytest.mark.slow
def test_the_state_of_standardize_is_told():
    layer = Standardize()
    assert not layer.is_adapted
    layer.adapt(np.arange(6.0).reshape(3, 2))
    assert layer.is_adapted
