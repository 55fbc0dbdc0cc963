"""The objective of the semi-supervised VAE: its loss by hand, and metrics of the labelled rows alone."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import prepared, terms_of
from scipy.special import log_softmax

import keras_vae as kv
from keras_vae.objectives import ELBO, LabelledELBO

LABELS = np.array([0, -1, 2, -1, -1, 1, 0, -1])


@pytest.fixture
def x(rng):
    return rng.normal(size=(8, 5)).astype("float32")


def make_model(objective):
    likelihood = kv.likelihoods.GaussianFixed(0.7)
    return kv.make_semi_supervised_vae(
        5, 3, 2, hidden_units=(4,), likelihood=likelihood, objective=objective, seed=0, preprocessing=None
    )


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 0.5, 1.0, 0.0, 3.0, 1.0, 2.0], "float32")])
def test_the_loss_adds_the_mean_classification_loss_of_the_labelled_rows(x, weight):
    model = make_model(LabelledELBO(alpha=3.0, beta=0.5))
    terms = {n: t.numpy() for n, t in terms_of(model, x, condition=LABELS, weight=weight).items()}
    is_labelled = LABELS >= 0
    log_q = log_softmax(model.classifier(x).numpy(), axis=1)
    own = np.where(is_labelled, -log_q[np.arange(8), LABELS], 0.0)
    np.testing.assert_allclose(terms["classification_loss"], own, rtol=1e-5)
    np.testing.assert_array_equal(terms["labelled"], is_labelled)
    np.testing.assert_array_equal(terms["accuracy"], is_labelled & (log_q.argmax(axis=1) == LABELS))
    of_rows = np.ones(8) if weight is None else weight
    bound = np.average(terms["reconstruction_loss"] + 0.5 * terms["kl_loss"], weights=of_rows)
    classified = np.average(own[is_labelled], weights=of_rows[is_labelled])
    np.testing.assert_allclose(np.average(terms["loss"], weights=of_rows), bound + 3.0 * classified, rtol=1e-5)


def test_the_metrics_are_means_over_labelled_rows_of_all_batches(x):
    model = make_model(LabelledELBO())
    model.compile("adam")
    found = model.evaluate((x, LABELS), batch_size=3, verbose=0, return_dict=True)
    log_q = log_softmax(model.classifier(x).numpy(), axis=1)
    known = np.flatnonzero(LABELS >= 0)
    np.testing.assert_allclose(found["classification_loss"], -log_q[known, LABELS[known]].mean(), rtol=1e-5)
    np.testing.assert_allclose(found["accuracy"], np.mean(log_q.argmax(axis=1)[known] == LABELS[known]), rtol=1e-6)
    assert found["labelled"] == 0.5
    nothing = model.evaluate((x, np.full(8, -1)), verbose=0, return_dict=True)
    assert np.isnan(nothing["accuracy"])
    assert np.isfinite(nothing["loss"])


def test_a_batch_without_labels_has_the_loss_of_the_elbo(x):
    labels = np.full(8, -1)
    losses = [terms_of(make_model(objective), x, condition=labels)["loss"] for objective in (LabelledELBO(5.0), ELBO())]
    np.testing.assert_allclose(*losses, rtol=1e-6)


def test_alpha_reaches_the_classifier_alone_and_may_change(x):
    model = make_model(LabelledELBO(alpha=0.0))
    # Of labelled rows the bound says nothing to the classifier.
    labels = np.arange(8) % 3

    def gradients():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.terms(prepared(model, x, condition=labels))["loss"])
        parts = model.classifier.trainable_weights, model.decoder.trainable_weights
        return [np.concatenate([np.ravel(g) for g in of_part]) for of_part in tape.gradient(loss, parts)]

    without = gradients()
    np.testing.assert_array_equal(without[0], 0.0)
    model.objective.alpha = 2.0
    assert model.objective.alpha == 2.0
    with_labels = gradients()
    assert np.abs(with_labels[0]).max() > 0.0
    np.testing.assert_array_equal(with_labels[1], without[1])


@pytest.mark.parametrize("arguments", [{"alpha": -1.0}, {"alpha": np.nan}])
def test_an_alpha_out_of_bounds_is_refused(arguments):
    with pytest.raises(ValueError, match="`alpha` must be a finite number >= 0"):
        LabelledELBO(**arguments)


def test_the_config_makes_the_same_objective():
    one = LabelledELBO(alpha=2.0, beta=0.5, free_bits=0.1)
    other = LabelledELBO.from_config(one.get_config())
    assert other.get_config() == one.get_config()
    assert (other.alpha, other.beta, other.free_bits) == (2.0, 0.5, 0.1)
