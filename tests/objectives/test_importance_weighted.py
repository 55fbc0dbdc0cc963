"""The importance-weighted objective: its value by hand, its gradients, its place between ELBO and log p(x)."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import (
    all_but_copies,
    assert_mean_close,
    dense_weights,
    linear_decoder,
    linear_encoder,
    slow_after,
    small_vae,
    squared_error_nats,
    terms_of,
)
from scipy.special import logsumexp

from keras_vae.callbacks.annealing import BetaAnnealing
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.models.vae import VAE
from keras_vae.objectives.importance_weighted import ImportanceWeighted, pick_draws
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians

ESTIMATORS = [
    {"gradient": gradient, "resampled": resampled}
    for resampled in (False, True)
    for gradient in ("standard", "doubly_reparameterized")
]
ROW = np.array([[0.5, -1.0, 0.3, 1.0, 0.0, -0.4]], "float32")


def iwae(prior=None, posterior_flow=None, **arguments):
    return VAE(
        linear_encoder(),
        linear_decoder(),
        likelihood="gaussian_fixed",
        prior=prior,
        posterior_flow=posterior_flow,
        objective=ImportanceWeighted(**arguments),
        seed=0,
    )


def rows(n):
    return all_but_copies(ROW, n)


def by_hand(model, n_samples, n_repeats):
    """Bounds of the one row in NumPy with noise of its own, `(n_repeats,)`."""
    z_mean, z_log_var = (a.astype("float64")[0] for a in model.encode(ROW))
    kernel, bias = dense_weights(model.decoder, "x_params")
    epsilon = np.random.default_rng(7).normal(size=(n_repeats * n_samples, 2))
    z = z_mean + np.exp(0.5 * z_log_var) * epsilon
    log_ratio = 0.5 * np.sum(epsilon**2 + z_log_var - z**2, axis=-1)
    log_weights = (log_ratio - squared_error_nats(ROW, z @ kernel + bias)).reshape(n_repeats, n_samples)
    return logsumexp(log_weights, axis=1) - np.log(n_samples)


@pytest.mark.parametrize("n_samples", [1, 4, 20])
def test_the_loss_is_minus_the_bound_by_hand(n_samples):
    terms = terms_of(iwae(n_samples=n_samples), rows(4000))
    np.testing.assert_allclose(terms["loss"], -terms["iw_bound"])
    reference = by_hand(iwae(), n_samples, 50_000)
    assert_mean_close(terms["iw_bound"].numpy(), reference.mean(), resolution=0.15)


def test_the_bound_lies_between_the_elbo_and_the_likelihood_and_is_no_mean_of_elbos():
    terms = {k: np.mean(v) for k, v in terms_of(iwae(n_samples=20), rows(4000)).items()}
    log_prob = iwae().log_prob(rows(200), n_samples=2000).mean()
    # A mean of twenty ELBOs, or a log-sum-exp over the rows, would be at the first of these.
    assert terms["elbo"] + 0.2 < terms["iw_bound"] < log_prob + 0.02


def test_one_draw_is_the_vae_with_the_sampled_kl():
    one = terms_of(iwae(n_samples=1), rows(4000))
    elbo = terms_of(small_vae(), rows(4000))["elbo"]
    assert_mean_close(one["iw_bound"].numpy() - elbo.numpy(), 0.0, resolution=0.2)


def test_the_other_terms_are_means_over_the_draws():
    # Each row has its own twenty draws; the KL has a closed form and no noise.
    terms = terms_of(iwae(n_samples=20), rows(500))
    np.testing.assert_allclose(terms["kl_loss"], terms_of(small_vae(), rows(500))["kl_loss"], rtol=1e-5)
    np.testing.assert_allclose(terms["elbo"], -(terms["reconstruction_loss"] + terms["kl_loss"]), rtol=1e-5)
    assert np.std(terms["elbo"]) < 0.5 * np.std(terms_of(small_vae(), rows(500))["elbo"])


def gradients(model, n_rows):
    """Gradient of the mean loss of `n_rows` copies of the row for every weight, as one vector each."""
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(terms_of(model, rows(n_rows), training=True)["loss"])
    weights = [*model.encoder.trainable_weights, *model.decoder.trainable_weights]
    return {w.path: g.numpy().ravel() for w, g in zip(weights, tape.gradient(loss, weights), strict=True)}


def repeated_gradients(n_repeats, n_samples=6, **arguments):
    model = iwae(n_samples=n_samples, **arguments)
    weights = [*model.encoder.trainable_weights, *model.decoder.trainable_weights]

    @tf.function
    def one_draw():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(terms_of(model, rows(40), training=True)["loss"])
        return tape.gradient(loss, weights)

    draws = [one_draw() for _ in range(n_repeats)]
    return {w.path: np.stack([d[i].numpy().ravel() for d in draws]) for i, w in enumerate(weights)}


def assert_same_mean(one, other):
    for path, values in one.items():
        error = 5 * np.sqrt((values.var(axis=0) + other[path].var(axis=0)) / len(values))
        assert np.all(np.abs(values.mean(axis=0) - other[path].mean(axis=0)) < error + 1e-6), path


@pytest.mark.slow
def test_all_estimators_have_the_same_mean_and_their_own_noise():
    one, *others = (repeated_gradients(300, **arguments) for arguments in ESTIMATORS)
    for other in others:
        assert_same_mean(one, other)
    double, resampled, double_resampled = others
    encoder_paths = [path for path in one if path.startswith("z_")]
    assert encoder_paths
    for path in encoder_paths:
        for less, more in ((double, one), (double_resampled, resampled)):
            assert less[path].var(axis=0).sum() < more[path].var(axis=0).sum(), path
    for path in one:
        assert resampled[path].var(axis=0).sum() > one[path].var(axis=0).sum(), path


@pytest.mark.parametrize("gradient", ["standard", "doubly_reparameterized"])
def test_resampling_leaves_the_value_and_all_other_terms_as_they_are(gradient):
    whole, resampled = (
        terms_of(iwae(gradient=gradient, resampled=resampled), rows(50), training=True) for resampled in (False, True)
    )
    for name, values in whole.items():
        np.testing.assert_allclose(resampled[name], values, rtol=1e-5, err_msg=name)


def test_the_pick_follows_the_weights_and_keeps_its_row():
    n_rows = 20_000
    shares = np.array([0.2, 0.5, 0.3])
    log_weight = np.repeat(np.log(shares)[:, None] - 700.0, n_rows, axis=1).astype("float32")
    draws, picked_rows = np.divmod(pick_draws(tf.constant(log_weight), tf.constant([1, 2])).numpy(), n_rows)
    np.testing.assert_array_equal(picked_rows, np.arange(n_rows))
    for draw, share in enumerate(shares):
        assert_mean_close((draws == draw).astype(float), share, resolution=0.02)


def test_the_standard_gradient_is_that_of_the_bound_with_fixed_noise():
    # Route by finite differences: the same noise, one bias of the encoder moved.
    def value(shift):
        model = iwae(n_samples=5)
        bias = model.encoder.get_layer("z_mean").bias
        bias.assign(bias + np.array([shift, 0.0], "float32"))
        return float(np.mean(terms_of(model, rows(30), training=True)["loss"].numpy().astype("float64")))

    slope = (value(0.01) - value(-0.01)) / 0.02
    assert gradients(iwae(n_samples=5), 30)["z_mean/bias"][0] == pytest.approx(slope, rel=0.02, abs=1e-3)


# With the first and the last of both choices.
@pytest.mark.slow
@pytest.mark.parametrize("estimator", slow_after(2, [ESTIMATORS[0], ESTIMATORS[3], *ESTIMATORS[1:3]]))
def test_fit_raises_the_bound_and_survives_a_save(rng, tmp_path, estimator):
    x = rng.normal(size=(128, 6)).astype("float32") @ np.eye(6, dtype="float32")[:, [0, 0, 1, 1, 1, 0]]
    model = iwae(n_samples=5, **estimator)
    model.compile(keras.optimizers.Adam(0.02))
    history = model.fit(x, epochs=12, verbose=0, validation_data=x).history
    assert history["iw_bound"][-1] > history["iw_bound"][0] + 0.5
    assert set(history) >= {"loss", "elbo", "iw_bound", "kl_loss", "reconstruction_loss", "val_iw_bound"}
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    objective = loaded.objective
    assert objective.n_samples == 5
    assert {"gradient": objective.gradient, "resampled": objective.resampled} == estimator
    np.testing.assert_array_equal(loaded.log_prob(x[:5]), model.log_prob(x[:5]))


@pytest.mark.slow
def test_the_pick_can_be_compiled_by_xla(rng):
    x = rng.normal(size=(64, 6)).astype("float32")
    model = iwae(resampled=True, gradient="doubly_reparameterized")
    model.compile(keras.optimizers.SGD(0.01), jit_compile=True)
    history = model.fit(x, epochs=4, verbose=0).history
    assert history["iw_bound"][-1] > history["iw_bound"][0]


def test_masks_weigh_the_elements_in_every_draw():
    mask = np.array([[1.0, 1.0, 0.0, 0.0, 1.0, 1.0]], "float32")
    other = ROW + np.array([[0.0, 0.0, 9.0, -9.0, 0.0, 0.0]], "float32")
    noise = {}
    for name, target in (("one", ROW), ("other", other)):
        # A new model has the noise of the first evaluation.
        noise[name] = terms_of(iwae(n_samples=3), ROW, target, mask=mask)["iw_bound"].numpy()
    np.testing.assert_allclose(noise["one"], noise["other"], rtol=1e-6)


@pytest.mark.parametrize("resampled", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_it_takes_a_prior_with_a_density_and_a_flow(rng, resampled):
    x = rng.normal(size=(32, 6)).astype("float32")
    for arguments in ({"prior": MixtureOfGaussians(3)}, {"posterior_flow": InverseAutoregressiveFlow(1, (8,))}):
        model = iwae(resampled=resampled, **arguments)
        model.compile()
        assert np.isfinite(model.fit(x, epochs=1, verbose=0).history["iw_bound"][0])


def test_a_weight_of_the_kl_is_refused_where_the_loss_has_none(rng):
    model = iwae()
    assert model.beta == 1.0
    with pytest.raises(
        ValueError, match="`beta` must not be set on a model trained on ImportanceWeighted, whose loss it would not"
    ):
        model.beta = 0.5
    model.compile()
    with pytest.raises(ValueError, match="`beta` must not be set on a model trained on ImportanceWeighted"):
        model.fit(rng.normal(size=(8, 6)), callbacks=[BetaAnnealing(lambda step: 0.5)], verbose=0)


class OnlyKL:
    def kl(self, z_mean, z_log_var):
        return tf.reduce_sum(tf.square(z_mean), axis=-1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "`n_samples` must be a whole number >= 1"),
        ({"gradient": "best"}, "`gradient` must be one of 'standard', 'doubly_reparameterized'"),
        ({"resampled": 2}, "`resampled` must be one of False, True"),
        ({"prior": OnlyKL()}, "`prior` must have `log_prob` for importance weights"),
        (
            {"gradient": "doubly_reparameterized", "posterior_flow": InverseAutoregressiveFlow(1, (4,))},
            "`gradient` must be 'standard' for a model with a posterior flow",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        iwae(**arguments)
