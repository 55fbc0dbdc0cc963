"""The ladder VAE: inference by hand, a hierarchy whose likelihood is known, and all that every model can do."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, elbo_terms_of, infer_of, prepared, terms_of
from scipy.stats import multivariate_normal
from tensorflow_probability import distributions as tfd

from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.models.make_vae import make_ladder_vae
from keras_vae.models.vae import VAE
from keras_vae.networks.dense import dense_decoder, dense_encoder
from keras_vae.networks.top_down_decoder import P_LOG_VAR_RANGE, TopDownDecoder
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.total_correlation import TotalCorrelation
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model

EVENTS = {"dense": (6,), "resnet": (9, 7, 1)}


def ladder(network="dense", latent_dims=(3, 2), **arguments):
    hidden_units = (8,) * len(latent_dims)
    likelihood = "gaussian_fixed" if network == "dense" else "bernoulli"
    return make_ladder_vae(
        EVENTS[network], latent_dims, network, hidden_units, **{"likelihood": likelihood, "seed": 0, **arguments}
    )


@pytest.fixture
def x(rng):
    return rng.normal(size=(16, 6)).astype("float32")


def linear_ladder():
    """Two layers, all linear: z_1 ~ N(0, I), z_2 | z_1 ~ N(A z_1, diag s), x | z_2 ~ N(B z_2 + C z_1, I)."""
    rng = np.random.default_rng(3)
    layers = keras.layers
    x = keras.Input((4,))
    # Wide posteriors that know nothing of x: the weights do the work.
    heads = [
        layers.Dense(5, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(bias), name=name)(x)
        for name, bias in (("z_mean", 0.0), ("z_log_var", 1.5))
    ]
    z = keras.Input((2,))
    top = keras.Model(
        z, [layers.Dense(4, use_bias=False, name="c")(z), layers.Dense(3, name="a")(z), layers.Dense(3, name="s")(z)]
    )
    features, z = keras.Input((4,)), keras.Input((3,))
    bottom = keras.Model([features, z], layers.Add()([features, layers.Dense(4, use_bias=False, name="b")(z)]))
    model = LadderVAE(keras.Model(x, heads), TopDownDecoder([top, bottom]), likelihood="gaussian_fixed", seed=0)
    a, b, c = (0.7 * rng.normal(size=shape) for shape in ((2, 3), (3, 4), (2, 4)))
    s = 0.3 * rng.normal(size=3)
    top.get_layer("a").set_weights([a, np.zeros(3)])
    top.get_layer("s").set_weights([np.zeros((2, 3)), s])
    top.get_layer("c").set_weights([c])
    bottom.get_layer("b").set_weights([b])
    covariance = np.eye(4) + b.T @ np.diag(np.exp(s)) @ b + (a @ b + c).T @ (a @ b + c)
    return model, covariance


def test_the_importance_weighted_bound_reaches_the_exact_likelihood_of_a_linear_hierarchy():
    model, covariance = linear_ladder()
    x = np.random.default_rng(0).multivariate_normal(np.zeros(4), covariance, size=64).astype("float32")
    exact = multivariate_normal.logpdf(x, np.zeros(4), covariance)
    log_prob = model.log_prob(x, n_samples=20_000)
    # 20,000 weights leave some hundredths.
    assert log_prob.mean() == pytest.approx(exact.mean(), abs=0.1)
    assert model.elbo(x, n_samples=50).mean() < exact.mean() - 0.2
    # Samples have the covariance of the model: the prior is drawn from the top down.
    samples = model.sample(40_000, seed=0)
    np.testing.assert_allclose(np.cov(samples.T), covariance - np.eye(4), atol=0.15)


def test_the_posterior_is_the_product_of_encoder_and_prior_by_hand(x):
    model = ladder()
    hat_mean, hat_log_var = (t.numpy().astype("float64") for t in infer_of(model, x))
    z_mean, z_log_var = model.encode(x)
    # The top is the encoder's own.
    np.testing.assert_allclose(z_mean[:, :2], hat_mean[:, :2], rtol=1e-5)
    # Below: the normalised product of two Gaussians.
    _, p_mean, p_log_var = (np.asarray(t, "float64") for t in model.decoder.networks[0](z_mean[:, :2]))
    precisions = np.exp(-hat_log_var[:, 2:]), np.exp(-p_log_var)
    mean = (hat_mean[:, 2:] * precisions[0] + p_mean * precisions[1]) / sum(precisions)
    np.testing.assert_allclose(z_mean[:, 2:], mean, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(z_log_var[:, 2:], -np.log(sum(precisions)), rtol=1e-4, atol=1e-6)


def test_the_kl_of_every_layer_is_that_of_tfp(x):
    model = ladder()
    terms = {k: v.numpy() for k, v in elbo_terms_of(model, x, z="mean").items()}
    z_mean, z_log_var = model.encode(x)
    _, p_mean, p_log_var = (np.asarray(t) for t in model.decoder.networks[0](z_mean[:, :2]))
    q = [tfd.Normal(z_mean[:, s], np.exp(0.5 * z_log_var[:, s])) for s in (slice(0, 2), slice(2, 5))]
    p = [tfd.Normal(0.0, 1.0), tfd.Normal(p_mean, np.exp(0.5 * p_log_var))]
    for i in range(2):
        np.testing.assert_allclose(terms[f"kl_{i + 1}"], np.sum(tfd.kl_divergence(q[i], p[i]), axis=-1), rtol=1e-4)
    np.testing.assert_allclose(terms["kl_loss"], terms["kl_1"] + terms["kl_2"], rtol=1e-5)
    np.testing.assert_allclose(terms["elbo"], -terms["reconstruction_loss"] - terms["kl_loss"], rtol=1e-5)


def test_the_closed_forms_are_the_mean_of_the_sampled_weights():
    model = ladder()
    row = np.full((20_000, 6), 0.3, "float32")
    pieces = model.one_draw(prepared(model, row), training=True)
    elbo = -(pieces.reconstruction_loss + pieces.kl)
    assert_mean_close(pieces.log_weight.numpy() - elbo.numpy(), 0.0, resolution=0.1)


def test_the_prior_density_is_the_product_of_the_conditionals():
    model = ladder()
    z = model.prior.sample(7, seed=(1, 2)).numpy()
    _, p_mean, p_log_var = (np.asarray(t) for t in model.decoder.networks[0](z[:, :2]))
    by_tfp = np.sum(tfd.Normal(0.0, 1.0).log_prob(z[:, :2]), axis=-1)
    by_tfp += np.sum(tfd.Normal(p_mean, np.exp(0.5 * p_log_var)).log_prob(z[:, 2:]), axis=-1)
    np.testing.assert_allclose(model.prior.log_prob(z), by_tfp, rtol=1e-5)
    seeds = np.arange(40).reshape(20, 2)
    rows = model.prior.sample_rows(seeds).numpy()
    for row, seed in zip(rows, seeds, strict=True):
        np.testing.assert_array_equal(row, model.prior.sample(1, seed=seed)[0])


def test_latents_are_drawn_and_scored_without_the_network_of_the_data(x):
    def break_off(*inputs, **kwargs):
        raise RuntimeError("the network of the data was run")

    model = ladder()
    model.decoder.networks[-1].call = break_off
    assert model.prior.sample(3, seed=(1, 2)).shape == (3, 5)
    assert model.prior.log_prob(np.zeros((4, 5), "float32")).shape == (4,)
    assert model.encode(x)[0].shape == model.draw(x, seed=0).shape == (16, 5)
    with pytest.raises(RuntimeError, match="the network of the data was run"):
        model.decode(np.zeros((1, 5), "float32"))


def test_one_layer_is_the_vae(x):
    encoder, decoder = dense_encoder((6,), 3, (8,)), dense_decoder((6,), 3, (8,))
    vae = VAE(encoder, decoder, likelihood="gaussian_fixed", seed=0)
    one = LadderVAE(encoder, TopDownDecoder([decoder]), likelihood="gaussian_fixed", seed=0)
    np.testing.assert_allclose(one.elbo(x, 5), vae.elbo(x, 5), rtol=1e-5)
    np.testing.assert_allclose(one.log_prob(x, 5), vae.log_prob(x, 5), rtol=1e-5)
    np.testing.assert_allclose(one.sample(3, seed=0), vae.sample(3, seed=0), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "latent_dims"),
    [
        pytest.param("dense", (4,), id="dense-1"),
        pytest.param("resnet", (3, 2), marks=pytest.mark.slow, id="resnet-2"),
        pytest.param("dense", (2, 2, 2), marks=pytest.mark.slow, id="dense-3"),
        pytest.param("dense", (2, 2, 2, 2, 1), marks=pytest.mark.slow, id="dense-5"),
        pytest.param("resnet", (2, 2, 2, 2, 1), marks=pytest.mark.slow, id="resnet-5"),
    ],
)
def test_fit_save_export_and_sample(network, latent_dims, rng, tmp_path):
    event = EVENTS[network]
    x = (rng.random((64, *event)) > 0.5).astype("float32")
    model = ladder(network, latent_dims)
    model.compile(keras.optimizers.Adam(0.01))
    history = model.fit(x, epochs=3, verbose=0, validation_data=x).history
    assert history["loss"][-1] < history["loss"][0]
    for i in range(len(latent_dims)):
        assert history[f"val_kl_{i + 1}"][-1] >= 0.0
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.log_prob(x[:4], 3), model.log_prob(x[:4], 3))
    np.testing.assert_array_equal(loaded.sample(2, seed=1), model.sample(2, seed=1))
    served = load_saved_model(export_saved_model(model, tmp_path / "export"))
    np.testing.assert_allclose(served.reconstruct(x[:4]), model.reconstruct(x[:4]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(served.encode(x[:4])[0], model.encode(x[:4])[0], rtol=1e-5, atol=1e-6)
    assert served.sample(3, seed=5).shape == (3, *event)
    assert model.reconstruct(x[:2], sample=True, seed=0).shape == (2, *event)
    assert model.predict(x[:2], verbose=0).shape == (2, *event)


@pytest.mark.parametrize("p_log_var", [-500.0, -29.0, 0.0, 9.0, 500.0])
def test_bound_and_gradient_hold_where_a_prior_is_a_point_or_everywhere(x, p_log_var):
    model = ladder()
    heads = [model.decoder.networks[0].get_layer(name) for name in ("p_mean", "p_log_var")]
    for head, bias in zip(heads, (4.0, p_log_var), strict=True):
        head.set_weights([0.01 * np.ones(head.kernel.shape), np.full(3, bias)])
    epsilon = np.random.default_rng(1).normal(size=(16, 5)).astype("float32")
    with tf.GradientTape() as tape:
        pieces = model.pieces(infer_of(model, x), epsilon, prepared(model, x))
        loss = tf.reduce_mean(pieces.kl - pieces.log_weight)
    for weight, gradient in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights), strict=True):
        assert np.all(np.isfinite(gradient)), weight.path
    # By float64, from the two Gaussians in a row.
    hat_mean, hat_log_var = (t.numpy().astype("float64") for t in infer_of(model, x))
    z_top = hat_mean[:, :2] + np.exp(0.5 * hat_log_var[:, :2]) * epsilon[:, :2]
    _, p_mean, p_var = (np.asarray(t, "float64") for t in model.decoder.networks[0](z_top.astype("float32")))
    p_var = np.exp(np.clip(p_var, *P_LOG_VAR_RANGE))
    q_var = 1.0 / (np.exp(-hat_log_var[:, 2:]) + 1.0 / p_var)
    shift = (hat_mean[:, 2:] - p_mean) * q_var * np.exp(-hat_log_var[:, 2:])  # q_mean - p_mean, not rounded.
    kl = 0.5 * np.sum(shift**2 / p_var + q_var / p_var - 1.0 - np.log(q_var / p_var), axis=-1)
    np.testing.assert_allclose(pieces.kl_parts[:, 1], kl, rtol=1e-3, atol=1e-5)
    noise = np.sqrt(q_var) * epsilon[:, 2:]
    log_ratio = 0.5 * np.sum(epsilon[:, 2:] ** 2 + np.log(q_var / p_var) - (shift + noise) ** 2 / p_var, axis=-1)
    top = 0.5 * np.sum(epsilon[:, :2] ** 2 + hat_log_var[:, :2] - z_top**2, axis=-1)
    by_hand = log_ratio + top - pieces.reconstruction_loss.numpy()
    np.testing.assert_allclose(pieces.log_weight, by_hand, rtol=1e-4, atol=1e-4)


def test_free_bits_are_a_floor_for_every_layer(x):
    plain, model = ladder(), ladder(objective=ELBO(free_bits=4.0))
    terms, free = (terms_of(m, x) for m in (plain, model))
    floored = sum(max(4.0, float(np.mean(terms[f"kl_{i}"]))) for i in (1, 2))
    assert np.mean(free["loss"] - free["reconstruction_loss"]) == pytest.approx(floored, rel=1e-5)
    np.testing.assert_allclose(free["kl_loss"], terms["kl_loss"], rtol=1e-6)


def test_the_gradient_reaches_every_weight(x):
    model = ladder(latent_dims=(3, 2, 2))
    # Heads of the priors start at zero, which stops the gradient of what is behind them: a step later it flows.
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    model.fit(x, epochs=1, verbose=0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(terms_of(model, x, training=True)["loss"])
    for weight, gradient in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights), strict=True):
        assert gradient is not None, weight.path
        assert np.any(gradient.numpy() != 0.0), weight.path


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LadderVAE(dense_encoder((6,), 2), dense_decoder((6,), 2)), "`decoder` must be a TopDownDecoder"),
        (lambda: ladder(objective=TotalCorrelation()), "`objective` must not be TotalCorrelation for a model whose q"),
        (lambda: make_ladder_vae((6,), ()), "`latent_dims` must be a tuple of one or more whole numbers >= 1"),
        (lambda: make_ladder_vae((6,), (2, 0)), "`latent_dims` must be a tuple of one or more whole numbers >= 1"),
        (lambda: make_ladder_vae((6,), (2, 2), hidden_units=(8,)), "`hidden_units` must have one entry per stochastic"),
        (lambda: make_ladder_vae((6,), (2,), "conv"), "`network` must be one of 'dense', 'resnet'"),
        (lambda: TopDownDecoder([]), "`networks` must be a list of Keras models"),
        (
            lambda: TopDownDecoder([dense_decoder((6,), 2), dense_decoder((6,), 2)]),
            r"`networks\[1\]` must take \[features, z\]",
        ),
        (
            lambda: TopDownDecoder([ladder().decoder.networks[0], ladder(latent_dims=(4, 2)).decoder.networks[1]]),
            r"`networks\[0\]` must put out \[features, p_mean, p_log_var\]",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
