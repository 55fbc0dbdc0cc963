"""The six planted cases once more, each the outcome of a training with a typical mistake, and of the same training with
the remedy that the report names."""

import keras
import numpy as np
import pytest

from keras_vae.callbacks.annealing import BetaAnnealing
from keras_vae.evaluation.health.check_health import check_health
from keras_vae.evaluation.health.remedies import BETA_1, FREE_BITS
from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.models.make_vae import make_vae
from keras_vae.objectives.elbo import ELBO
from keras_vae.schedules import linear

pytestmark = pytest.mark.slow

D = 16


def data(n, seed):
    """Four strong factors and four weak ones in 16 elements with noise of stddev 0.5."""
    directions, _ = np.linalg.qr(np.random.default_rng(7).normal(size=(D, 8)))
    rng = np.random.default_rng(seed)
    strengths = np.repeat([2.0, 0.9], 4)
    return ((rng.normal(size=(n, 8)) * strengths) @ directions.T + 0.5 * rng.normal(size=(n, D))).astype("float32")


def train(
    x,
    beta=1.0,
    beta_at_first=None,
    epochs=40,
    first_epochs=0,
    callbacks=(),
    validation=None,
    free_bits=None,
    **model,
):
    """A trained model and its history; `beta_at_first` is in force for `first_epochs`, before the epochs."""
    vae = make_vae(
        (D,),
        likelihood=GaussianFixed(stddev=0.5),
        objective=ELBO(free_bits=free_bits),
        seed=0,
        **{"latent_dim": 8, "hidden_units": (32,), **model},
    )
    vae.compile(keras.optimizers.Adam(2e-3))
    keras.utils.set_random_seed(0)  # The order of the rows.
    if beta_at_first is not None:
        vae.beta = beta_at_first
        vae.fit(x, epochs=first_epochs, verbose=0)
    vae.beta = beta
    fit = vae.fit(x, epochs=epochs, validation_data=validation, callbacks=list(callbacks), verbose=0)
    return vae, fit.history


MISTAKES = {
    "collapsed": {"beta": 50.0, "epochs": 20},
    "half-collapsed": {"beta_at_first": 10.0, "first_epochs": 20, "epochs": 30},
    "over-regularised": {"beta": 4.0},
    "autoencoder in disguise": {"beta": 1e-3},
}


@pytest.fixture(scope="module")
def parts():
    return data(2000, seed=1), data(1000, seed=2)


def test_a_sound_training_is_healthy(parts):
    vae, _ = train(parts[0])
    report = check_health(vae, parts[1], parts[0])
    assert report.verdict == "healthy", str(report)
    assert report.measures.split.dimension_information.min() > 0.1


def test_too_many_dimensions_are_healthy(parts):
    vae, _ = train(parts[0], latent_dim=14)
    report = check_health(vae, parts[1], parts[0])
    assert report.verdict == "healthy", str(report)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_is_seen_and_its_remedy_changes_the_verdict(mistake, parts):
    x_train, x_test = parts
    vae, _ = train(x_train, **MISTAKES[mistake])
    report = check_health(vae, x_test, x_train)
    assert report.verdict == mistake, str(report)
    assert report.remedy[0] == (FREE_BITS if mistake == "half-collapsed" else BETA_1)
    settings = {"beta": 1.0, "epochs": 40, "free_bits": None, **MISTAKES[mistake]}
    changed, _ = train(x_train, **{**settings, **report.remedy[0].changed(settings)})
    after = check_health(changed, x_test, x_train)
    print(
        f"\n{mistake}: {report.measures.elbo_test.mean():.2f} -> {after.verdict} {after.measures.elbo_test.mean():.2f}"
    )
    # The fault is gone and no other has come; twenty epochs need not be the end of a training.
    assert after.verdict in ("healthy", "doubtful"), str(after)
    assert after.measures.elbo_test.mean() > report.measures.elbo_test.mean() + 0.3


def test_the_other_remedies_of_half_a_collapse_help_as_well(parts):
    x_train, x_test = parts
    before = check_health(train(x_train, **MISTAKES["half-collapsed"])[0], x_test, x_train)
    assert [r.name for r in before.remedy] == ["free_bits", "callbacks", "epochs"]
    annealed, _ = train(x_train, epochs=50, callbacks=[BetaAnnealing(linear(n_steps=500))])
    after = check_health(annealed, x_test, x_train)
    assert after.verdict == "healthy", str(after)
    assert after.measures.elbo_test.mean() > before.measures.elbo_test.mean() + 0.3
    # Longer training opens some of the dimensions, and need not open all.
    longer = check_health(train(x_train, **{**MISTAKES["half-collapsed"], "epochs": 60})[0], x_test, x_train)
    assert longer.finding("left for the code").value < 0.7 * before.finding("left for the code").value
    assert longer.measures.elbo_test.mean() > before.measures.elbo_test.mean() + 0.3


def test_an_overfitted_model_is_seen_and_stopping_at_its_best_epoch_helps(parts):
    x_train, x_test = parts[0][:600], parts[1]
    arguments = {"hidden_units": (256, 256), "validation": (x_test, x_test)}
    vae, history = train(x_train, epochs=130, **arguments)
    report = check_health(vae, x_test, x_train, history=history)
    assert report.verdict == "overfitted", str(report)
    best = report.remedy[0].changed({"epochs": 130})["epochs"]
    stopped, _ = train(x_train, epochs=best, **arguments)
    after = check_health(stopped, x_test, x_train)
    print(
        f"\noverfitted: {report.measures.elbo_test.mean():.2f} -> {after.verdict} at epoch {best}: "
        f"{after.measures.elbo_test.mean():.2f}"
    )
    assert after.verdict == "healthy", str(after)
    assert after.measures.elbo_test.mean() > report.measures.elbo_test.mean() + 0.3
