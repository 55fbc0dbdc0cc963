"""One score of five surprises, and what columns add to it."""

import numpy as np
import tensorflow as tf

from keras_vae.tasks.tables.anomaly.outlier_score import of_model
from keras_vae.tasks.tables.anomaly.row_terms import WEIGHTS
from keras_vae.tasks.tables.settings import SCORES

N_SAMPLES = 4


def test_the_score_is_the_weighted_mean_of_five_surprises(learned):
    model, score, x = learned
    surprises = score.surprises_of(model, tf.constant(x), N_SAMPLES)
    assert set(surprises) == set(WEIGHTS)
    expected = sum(WEIGHTS[name] * surprises[name].numpy() for name in WEIGHTS) / sum(WEIGHTS.values())
    np.testing.assert_allclose(score(model, tf.constant(x), N_SAMPLES), expected, rtol=1e-5)


def test_what_columns_add_is_the_score_and_names_the_planted_column(learned):
    model, score, x = learned
    rows = x[:30].copy()
    rows[:, 1] = 25.0
    parts = score.contributions(model, tf.constant(rows), N_SAMPLES).numpy()
    np.testing.assert_allclose(parts.sum(axis=1), score(model, tf.constant(rows), N_SAMPLES), rtol=1e-4)
    assert np.all(parts >= 0.0)
    assert np.mean(parts.argmax(axis=1) == 1) > 0.9


def test_scores_of_the_model_fit_together(learned):
    model, _, x = learned
    whole = x[~np.isnan(x).any(axis=1)]
    found = {name: value.numpy() for name, value in of_model(model, tf.constant(whole), 64).items()}
    assert set(found) == set(SCORES) - {"combined"}
    np.testing.assert_allclose(found["reconstruction"] + found["kl"], found["elbo"], rtol=1e-4, atol=1e-4)
    # Of single rows both are estimates.
    assert found["log_prob"].mean() < found["elbo"].mean()
    z_mean, _ = model.encode(whole)
    np.testing.assert_allclose(found["latent_distance"], np.sum(np.square(z_mean), axis=1), rtol=1e-4, atol=1e-6)


def test_its_representation_is_short(learned):
    assert repr(learned[1]) == "OutlierScore of 3 columns"
