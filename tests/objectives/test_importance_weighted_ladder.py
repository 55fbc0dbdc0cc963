"""The ladder VAE on the importance-weighted bound: its value and gradient beside the models that it joins."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import all_but_copies, assert_mean_close, prepared, terms_of
from scipy.special import logsumexp

from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.models.make_vae import make_ladder_vae
from keras_vae.models.vae import VAE
from keras_vae.networks.dense import dense_decoder, dense_encoder
from keras_vae.networks.top_down_decoder import TopDownDecoder
from keras_vae.objectives.importance_weighted import ImportanceWeighted
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model


def ladder(latent_dims=(3, 2), seed=0, **arguments):
    """A ladder on the importance-weighted bound with these arguments; on the ELBO without any."""
    objective = ImportanceWeighted(**arguments) if arguments else None
    widths = (8,) * len(latent_dims)
    settings = {"objective": objective, "seed": seed, "preprocessing": None}
    return make_ladder_vae((6,), latent_dims, "dense", widths, "gaussian_fixed", **settings)


def with_weights_of(trained):
    model = ladder(n_samples=2)
    model.encoder.set_weights(trained.encoder.get_weights())
    model.decoder.set_weights(trained.decoder.get_weights())
    return model


@pytest.fixture
def x(rng):
    return rng.normal(size=(16, 6)).astype("float32")


def test_the_bound_by_hand_is_the_log_mean_of_the_weights_of_single_draws():
    row = all_but_copies(np.full((1, 6), 0.4), 4000)
    iw_bound = terms_of(ladder(n_samples=5), row)["iw_bound"].numpy()
    plain = ladder()
    draws = np.repeat(row[:1], 100_000, axis=0)
    log_weight = plain.one_draw(prepared(plain, draws), training=True).log_weight.numpy()
    by_hand = logsumexp(log_weight.astype("float64").reshape(-1, 5), axis=1) - np.log(5)
    assert_mean_close(iw_bound, by_hand.mean(), resolution=0.15)
    # Between the ELBO and what many draws give.
    assert log_weight.mean() + 0.05 < iw_bound.mean() < plain.log_prob(row[:50], 5000).mean() + 0.02


@pytest.mark.parametrize("resampled", [False, True])
def test_one_layer_is_the_vae_in_value_and_gradient(x, resampled):
    encoder, decoder = dense_encoder((6,), 3, (8,)), dense_decoder((6,), 3, (8,))
    arguments = {"likelihood": "gaussian_fixed", "seed": 0}
    weights = [*encoder.trainable_weights, *decoder.trainable_weights]
    results = []
    for model in (
        VAE(encoder, decoder, objective=ImportanceWeighted(4, resampled=resampled), **arguments),
        LadderVAE(
            encoder, TopDownDecoder([decoder]), objective=ImportanceWeighted(4, resampled=resampled), **arguments
        ),
    ):
        with tf.GradientTape() as tape:
            terms = terms_of(model, x, training=True)
            loss = tf.reduce_mean(terms["loss"])
        results.append((terms, tape.gradient(loss, weights)))
    (terms, gradients), (ladder_terms, ladder_gradients) = results
    for name, values in terms.items():
        np.testing.assert_allclose(ladder_terms[name], values, rtol=1e-4, err_msg=name)
    for one, other in zip(gradients, ladder_gradients, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_the_kl_of_every_layer_is_that_of_the_ladder_vae(x):
    row = all_but_copies(np.full((1, 6), 0.4), 4000)
    trained = ladder()
    trained.compile(keras.optimizers.Adam(0.01))
    trained.fit(x, epochs=3, verbose=0)
    model = with_weights_of(trained)
    ours, plain = terms_of(model, row), terms_of(trained, row)
    assert set(ours) == {*plain, "iw_bound"}
    # That of the top has a closed form and no noise.
    np.testing.assert_allclose(ours["kl_1"], plain["kl_1"], rtol=1e-5)
    for name in ("kl_2", "kl_loss", "elbo"):
        assert_mean_close(ours[name].numpy(), plain[name].numpy().mean(), resolution=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("resampled", [False, True])
def test_fit_raises_the_bound_and_save_and_export_keep_the_model(x, tmp_path, resampled):
    model = ladder(n_samples=3, resampled=resampled)
    model.compile(keras.optimizers.Adam(0.01))
    history = model.fit(x, epochs=15, batch_size=8, verbose=0, validation_data=x).history
    assert history["iw_bound"][-1] > history["iw_bound"][0] + 0.1
    assert {"val_iw_bound", "kl_1", "kl_2"} <= set(history)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    objective = loaded.objective
    assert (type(loaded), objective.n_samples, objective.resampled) == (LadderVAE, 3, resampled)
    np.testing.assert_array_equal(loaded.log_prob(x[:4], 3), model.log_prob(x[:4], 3))
    served = load_saved_model(export_saved_model(model, tmp_path / "export"))
    np.testing.assert_allclose(served.reconstruct(x[:4]), model.reconstruct(x[:4]), rtol=1e-5, atol=1e-6)


def test_the_weights_of_a_ladder_vae_are_a_start(x):
    trained = ladder(seed=5)
    model = with_weights_of(trained)
    np.testing.assert_array_equal(model.log_prob(x, 5), trained.log_prob(x, 5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "`n_samples` must be a whole number >= 1"),
        ({"resampled": "yes"}, "`resampled` must be one of False, True"),
        (
            {"gradient": "doubly_reparameterized"},
            "`gradient` must be 'standard' for a model with a posterior flow or se",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ladder(**arguments)
