"""The sampled softmax: its sum is unbiased, the bias of its log falls, and it costs what its items cost."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from scipy import special
from tasks.ratings.ratings_helpers import group_clicks

from keras_vae.models.vae import VAE
from keras_vae.tasks.ratings.networks import click_decoder, click_encoder
from keras_vae.tasks.ratings.sampled_softmax import SampledSoftmaxVAE

N_ITEMS = 40


def make(n_sampled, seed=0):
    vae = SampledSoftmaxVAE(
        click_encoder(N_ITEMS, 3, [8], 0.0, gradient="rows", seed=0), click_decoder(N_ITEMS, 3), n_sampled, seed=seed
    )
    rng = np.random.default_rng(1)
    vae.decoder.get_layer("x_params").set_weights([rng.normal(size=(N_ITEMS, 3)), rng.normal(size=N_ITEMS)])
    return vae


@pytest.fixture
def x(rng):
    return tf.sparse.from_dense(group_clicks(rng, 4).toarray())


def log_sums(vae, z, x, n):
    """Estimates of the log of the sum over all items, `(n, batch)`."""
    present, _ = tf.unique(x.indices[:, 1])
    draw = tf.function(lambda: vae._log_sum(z, present, vae._others(present))[0])
    return np.stack([draw().numpy() for _ in range(n)])


def exact(vae, z):
    return special.logsumexp(vae.decoder(z).numpy().astype(float), axis=1)


def test_the_sum_over_all_items_is_unbiased(x):
    vae, z = make(10), np.random.default_rng(2).normal(size=(4, 3)).astype("float32")
    truth = exact(vae, z)
    ratios = np.exp(log_sums(vae, z, x, 4000) - truth)
    assert_mean_close(ratios, 1.0, resolution=0.03)


@pytest.mark.slow
def test_the_bias_of_its_log_is_below_and_falls_with_the_number_of_items(x):
    z = np.random.default_rng(2).normal(size=(4, 3)).astype("float32")
    biases = []
    for n_sampled in (4, 16):
        vae = make(n_sampled)
        found = log_sums(vae, z, x, 3000)
        biases.append((found - exact(vae, z)).mean())
        # To second order it is minus half of the relative variance of the sum.
        expected = -0.5 * np.exp(found - exact(vae, z)).var(axis=0).mean()
        assert biases[-1] == pytest.approx(expected, rel=0.6)
    assert biases[0] < biases[1] < 0.0
    assert abs(biases[1]) < 0.5 * abs(biases[0])


def test_with_every_item_drawn_the_log_prob_is_exact_in_all_its_parts(x):
    vae, z = make(5000), np.random.default_rng(2).normal(size=(4, 3)).astype("float32")
    expected = vae.likelihood.log_prob(x, vae.decoder(z))
    np.testing.assert_allclose(vae.sampled_log_prob(tf.constant(z), x), expected, rtol=1e-4)


def test_its_gradient_is_that_of_the_rows_seen_and_evaluation_is_exact(x):
    vae = make(4)
    batch = vae.prepare(vae_batch(x))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(vae.terms(batch, training=True)["loss"])
    output = vae.decoder.get_layer("x_params")
    gradients = tape.gradient(loss, [output.vectors, vae.encoder.get_layer("hidden_1").kernel])
    assert all(isinstance(gradient, tf.IndexedSlices) for gradient in gradients)
    plain = VAE(vae.encoder, vae.decoder, "multinomial", seed=0)
    np.testing.assert_allclose(vae.elbo(x), plain.elbo(x), rtol=1e-5)


def vae_batch(x):
    from keras_vae.training import Batch

    return Batch(x)


def test_a_number_out_of_bounds_is_refused():
    with pytest.raises(ValueError, match=r"`n_sampled` must be a whole number >= 1"):
        make(0)
