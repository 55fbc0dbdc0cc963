"""A score around a model, for the tests of this folder."""

import numpy as np
import pytest

import keras_vae as kv
from keras_vae.tasks.tables.anomaly.outlier_score import OutlierScore
from keras_vae.tasks.tables.anomaly.row_terms import learn_robustly


@pytest.fixture(scope="module")
def learned():
    """A model that takes holes, not trained, the score around it, and its rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype("float32")
    x[rng.random(x.shape) < 0.1] = np.nan
    model = kv.make_vae((3,), 2, "dense", (4,), kv.likelihoods.Mixed(["gaussian"] * 3, (0, 1, 2)), seed=0)
    if model.preprocessing is not None:
        model.preprocessing.adapt(x, None, ~np.isnan(x))
    terms, surprises, _ = learn_robustly(x, (None,) * 3, 0.2, seed=0)
    return model, OutlierScore.learn(model, terms, surprises, x, n_samples=4, seed=0), x
