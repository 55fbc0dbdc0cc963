"""RecVAE's objective: the mixture by TFP, the weight by row, the encoder that is held in memory."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

import keras_vae as kv
from keras_vae.objectives import PastPosterior
from keras_vae.objectives.past_posterior import WEIGHTS
from keras_vae.training import Batch


def clicks_vae(objective=None):
    encoder = kv.make_encoder((6,), latent_dim=2, hidden_units=(4,))
    return kv.VAE(
        encoder,
        kv.make_decoder((6,), latent_dim=2, hidden_units=(4,)),
        "multinomial",
        objective=objective or PastPosterior(0.01),
        seed=0,
    )


@pytest.fixture
def x(rng):
    return rng.poisson(1.0, size=(12, 6)).astype("float32")


def test_the_mixture_is_that_of_tfp(x, rng):
    vae = clicks_vae()
    z = rng.normal(size=(12, 2)).astype("float32")
    mean, log_var = vae.encode(x)
    parts = [
        tfd.MultivariateNormalDiag(tf.zeros((12, 2))),
        tfd.MultivariateNormalDiag(mean, tf.exp(0.5 * log_var)),
        tfd.MultivariateNormalDiag(tf.zeros((12, 2)), tf.fill((12, 2), np.float32(np.exp(5.0)))),
    ]
    expected = np.log(sum(w * np.exp(np.float64(p.log_prob(z))) for w, p in zip(WEIGHTS, parts, strict=True)))
    np.testing.assert_allclose(vae.objective.log_mixture(z, x), expected, rtol=1e-4)


def test_the_loss_weighs_the_kl_by_the_counts_of_the_row(x):
    vae = clicks_vae()
    batch = vae.prepare(Batch(x))
    pieces = vae.one_draw(batch)
    log_q = tfd.MultivariateNormalDiag(pieces.posterior[0], tf.exp(0.5 * pieces.posterior[1])).log_prob(pieces.z)
    penalty = 0.01 * x.sum(axis=1) * (log_q - vae.objective.log_mixture(pieces.z, x))
    terms = vae.terms(batch)
    np.testing.assert_allclose(terms["loss"], pieces.reconstruction_loss + penalty, rtol=1e-4)
    # What is reported is the KL from the prior, whatever the loss holds the codes to.
    np.testing.assert_allclose(terms["kl_loss"], pieces.kl, rtol=1e-5)
    sparse = vae.prepare(Batch(x, tf.sparse.from_dense(x)))
    np.testing.assert_allclose(vae.terms(sparse)["loss"], terms["loss"], rtol=1e-4)


def test_the_earlier_encoder_stays_until_it_is_refreshed_and_is_saved(x, tmp_path):
    vae = clicks_vae()
    vae.compile("adam")
    before = vae.objective.past_encoder.get_weights()
    vae.fit(x, epochs=2, verbose=0)
    for weight, first in zip(vae.objective.past_encoder.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, first)
    vae.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    for weight, first in zip(again.objective.past_encoder.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, first)
    assert again.objective.get_config()["weights"] == WEIGHTS
    vae.objective.refresh(vae.encoder)
    for weight, present in zip(vae.objective.past_encoder.get_weights(), vae.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, present)


def test_it_is_not_trained_itself(x):
    vae = clicks_vae()
    past = {id(v) for v in vae.objective.past_encoder.variables}
    assert not past & {id(v) for v in vae.trainable_variables}


def test_arguments_and_models_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"`weights` must be three numbers > 0 with the sum 1. Received: weights="):
        PastPosterior(weights=(0.5, 0.5, 0.5))
    with pytest.raises(ValueError, match=r"`beta` must be"):
        PastPosterior(-1.0)
    flow = kv.layers.InverseAutoregressiveFlow(1, (4,), seed=0)
    with pytest.raises(ValueError, match=r"`objective` must not be PastPosterior where q.z.x. is not the Gaussian"):
        kv.VAE(
            kv.make_encoder((6,), 2),
            kv.make_decoder((6,), 2),
            "multinomial",
            objective=PastPosterior(),
            posterior_flow=flow,
        )
