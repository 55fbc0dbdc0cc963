"""The objective of restorers: its terms by formula, and gradients that go where they should."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tasks.images.restoration.restoration_helpers import SMALL, rectangles

import keras_vae as kv
from keras_vae.tasks.images.restoration.batches import degraded
from keras_vae.tasks.images.restoration.build_model import build_model
from keras_vae.tasks.images.restoration.degradations import Noise
from keras_vae.tasks.images.restoration.estimate_and_bound import FLOOR, EstimateAndBound
from keras_vae.training.batch import as_batch

SETTINGS = {**SMALL, "learning_rate": 1e-3}
NOISE = Noise("gaussian", (0.2, 0.2))


def untrained(over="image"):
    return build_model(SETTINGS, (8, 8, 1), NOISE, over)


@pytest.fixture(scope="module")
def model_and_batch():
    """A model after one step, at which no kernel is zero, and what it was trained on; not to be changed."""
    model = untrained()
    data = degraded(rectangles(16), NOISE, 0)
    model.fit(tf.data.Dataset.from_tensors((data,)), verbose=0)
    return model, as_batch((data,))


def test_the_terms_are_those_of_the_formulas(model_and_batch):
    model, batch = model_and_batch
    prepared = model.prepare(batch)
    terms = model.terms(prepared)
    error = np.square(prepared.target - prepared.condition["mean"]).mean(axis=(1, 2, 3))
    regression = 0.5 * 64 * np.log(error + FLOOR)
    np.testing.assert_allclose(terms["regression"], regression, rtol=1e-5)
    np.testing.assert_allclose(terms["psnr"], -10.0 * np.log10(error), rtol=1e-5)
    np.testing.assert_allclose(terms["elbo"], -(terms["reconstruction_loss"] + terms["kl_loss"]), rtol=1e-5)
    np.testing.assert_allclose(terms["loss"], regression - terms["elbo"], rtol=1e-5, atol=1e-4)


def test_over_a_batch_there_is_one_variance(model_and_batch):
    model, (trained, batch) = untrained("batch"), model_and_batch
    model.set_weights(trained.get_weights())
    prepared = model.prepare(batch)
    error = np.square(prepared.target - prepared.condition["mean"]).mean()
    np.testing.assert_allclose(
        model.terms(prepared)["regression"], np.full(16, 0.5 * 64 * np.log(error + FLOOR)), rtol=1e-5
    )


def test_the_bound_leaves_the_estimate_alone_and_the_regression_the_rest(model_and_batch):
    model, batch = model_and_batch
    with tf.GradientTape(persistent=True) as tape:
        terms = model.terms(model.prepare(batch), training=True)
        bound, regression = -tf.reduce_sum(terms["elbo"]), tf.reduce_sum(terms["regression"])
    told, rest = (
        model.condition_network.trainable_weights,
        [
            *model.encoder.trainable_weights,
            *model.decoder.trainable_weights,
        ],
    )
    assert all(gradient is None for gradient in tape.gradient(bound, told))
    assert all(gradient is None for gradient in tape.gradient(regression, rest))
    assert all(gradient is not None for gradient in tape.gradient(bound, rest))
    assert all(gradient is not None for gradient in tape.gradient(regression, told))


@pytest.mark.slow
def test_the_spread_is_kept_with_the_model(model_and_batch, tmp_path):
    model, (trained, batch) = untrained(), model_and_batch
    model.set_weights(trained.get_weights())
    model.objective.spread = 1.5
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert (again.objective.spread, again.objective.over) == (1.5, "image")
    for a, b in zip(
        model.terms(model.prepare(batch)).values(), again.terms(again.prepare(batch)).values(), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="`over` must be one of 'image', 'batch'"):
        EstimateAndBound(over="pixel")
    with pytest.raises(ValueError, match="`spread` must be a finite number > 0"):
        EstimateAndBound().spread = 0.0
    with pytest.raises(ValueError, match="`condition_network` puts out a dict with 'mean'"):
        kv.make_vae((8, 8, 1), latent_dim=2, objective=EstimateAndBound())
