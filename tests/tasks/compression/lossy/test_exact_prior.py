import hashlib

import numpy as np
import tensorflow as tf
from tasks.compression.lossy.small_model import small_model

from keras_vae.priors.scale_hyperprior import MIN_SCALE
from keras_vae.tasks.compression.lossy.exact_prior import ExactPrior
from keras_vae.tasks.compression.lossy.tables import scales_of


def test_levels_are_the_scales_nearest_to_those_of_the_prior(rng):
    prior = small_model().prior
    w = rng.integers(-3, 4, size=(5, prior.n_hyper))
    levels, wanted = ExactPrior(prior).levels(w), prior.scales(tf.constant(w, tf.float32)).numpy()
    assert levels.shape == (5, prior.n_scaled)
    assert len(np.unique(levels)) > 5
    # Half a step of 13 % to each side, and what float32 rounds.
    np.testing.assert_allclose(scales_of(MIN_SCALE)[levels], wanted, rtol=0.065)


def test_the_length_by_the_tables_is_that_of_the_prior(rng):
    prior = small_model().prior
    exact = ExactPrior(prior)
    z = np.rint(prior.sample(40, seed=tf.constant([1, 2], tf.int64)).numpy()).astype(np.int64)
    y, w = z[:, : prior.n_scaled], z[:, prior.n_scaled :]
    nats = 0.0
    for level, table in enumerate(exact.tables_of_y):
        nats -= np.sum(np.log(table.probabilities[table.symbols(y[exact.levels(w) == level])]))
    for channel, table in enumerate(exact.tables_of_w):
        nats -= np.sum(np.log(table.probabilities[table.symbols(w[:, channel :: prior.n_channels])]))
    wanted = -np.sum(prior.log_prob(z.astype("float32")))
    # Rounded scales cost a thousandth: a KL of (0.062)^2 nats at most per latent.
    np.testing.assert_allclose(nats, wanted, rtol=0.004)


def test_the_digest_changes_with_every_weight():
    def digest_of(prior):
        digest = hashlib.sha256()
        ExactPrior(prior).update_digest(digest)
        return digest.hexdigest()

    prior = small_model().prior
    seen = {digest_of(prior)}
    for weight in prior.weights:
        # Not by the same number: weights of a mixture count by their differences.
        weight.assign_add(0.01 * (np.arange(weight.numpy().size) % 3).reshape(weight.shape))
        seen.add(digest_of(prior))
    assert len(seen) == 1 + len(prior.weights)
    assert digest_of(small_model().prior) in seen
