"""Settings that are changed after a model is made: they work at once, or are refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import linear_decoder, linear_encoder, small_vae
from tensorflow_probability import distributions as tfd

from keras_vae._fixed import FixedAttributes
from keras_vae.layers.standardize import Standardize
from keras_vae.likelihoods.discretized_logistic import DiscretizedLogistic
from keras_vae.likelihoods.gaussian import Gaussian
from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.importance_weighted import ImportanceWeighted
from keras_vae.objectives.mmd import MMD
from keras_vae.objectives.total_correlation import TotalCorrelation
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.standard_normal import StandardNormal


@pytest.fixture
def x(rng):
    return rng.normal(size=(16, 6)).astype("float32")


def compiled(objective, **kwargs):
    vae = small_vae(objective=objective)
    vae.compile(keras.optimizers.SGD(0.0), **kwargs)
    return vae


CHANGES = [
    pytest.param(lambda: ELBO(free_bits=0.0), "free_bits", 50.0, id="free bits"),
    pytest.param(lambda: ELBO(), "free_bits", 50.0, id="free bits where there were none", marks=pytest.mark.slow),
    pytest.param(lambda: ELBO(free_bits=5.0), "free_bits_over", "total", id="free bits over", marks=pytest.mark.slow),
    pytest.param(lambda: ELBO(capacity=1.0), "capacity", 20.0, id="capacity", marks=pytest.mark.slow),
    pytest.param(lambda: ELBO(), "beta", 7.0, id="beta", marks=pytest.mark.slow),
    pytest.param(lambda: ImportanceWeighted(1), "n_samples", 50, id="number of draws"),
    pytest.param(lambda: MMD(1.0), "weight", 1e4, id="weight", marks=pytest.mark.slow),
    pytest.param(lambda: MMD(1e3), "bandwidth", 0.1, id="bandwidth", marks=pytest.mark.slow),
    pytest.param(lambda: TotalCorrelation(1.0), "beta", 30.0, id="correlation", marks=pytest.mark.slow),
]


@pytest.mark.slow
@pytest.mark.parametrize(("make", "name", "value"), CHANGES)
def test_a_setting_of_the_objective_works_after_the_first_use(x, make, name, value):
    vae = compiled(make())
    before = vae.evaluate(x, verbose=0)[0]
    vae.fit(x, verbose=0)
    setattr(vae.objective, name, value)
    after = vae.evaluate(x, verbose=0)[0]
    trained = vae.fit(x, verbose=0).history["loss"][0]
    assert abs(after - before) > 0.01
    fresh = compiled(make(), run_eagerly=True)
    setattr(fresh.objective, name, value)
    assert after == pytest.approx(fresh.evaluate(x, verbose=0)[0], rel=1e-5)
    # Of other noise, of which the discrepancy of 16 codes is mostly made.
    assert isinstance(vae.objective, MMD) or abs(trained - after) < abs(trained - before)


def test_free_bits_are_a_floor_of_the_loss(x):
    vae = compiled(ELBO(free_bits=0.0))
    vae.fit(x, verbose=0)
    vae.objective.free_bits = 50.0
    assert vae.fit(x, verbose=0).history["loss"][0] > 2 * 50.0


@pytest.mark.parametrize(
    ("make", "name", "value", "match"),
    [
        (lambda: ELBO(free_bits=1.0), "free_bits", -1.0, "`free_bits` must be a finite number >= 0"),
        (lambda: ELBO(capacity=1.0), "free_bits", 1.0, "must not be combined"),
        (lambda: ELBO(), "free_bits_over", "all", "`free_bits_over` must be one of"),
        (lambda: ImportanceWeighted(5), "n_samples", 0, "`n_samples` must be a whole number >= 1"),
        (lambda: ImportanceWeighted(5), "gradient", "none", "`gradient` must be one of"),
        (lambda: ImportanceWeighted(5), "resampled", 2, "`resampled` must be one of"),
        (lambda: MMD(1.0), "bandwidth", 0.0, "`bandwidth` must be a finite number > 0"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_and_the_old_one_stays(make, name, value, match):
    vae = compiled(make())
    old = getattr(vae.objective, name)
    with pytest.raises(ValueError, match=match):
        setattr(vae.objective, name, value)
    assert getattr(vae.objective, name) == old


def test_a_setting_that_the_graph_cannot_compute_is_refused_and_the_old_one_stays():
    vae = small_vae(prior=MixtureOfGaussians(3), objective=ELBO(free_bits=1.0, free_bits_over="total"))
    with pytest.raises(ValueError, match="`free_bits_over` must be 'total'"):
        vae.objective.free_bits_over = "parts"
    assert vae.objective.free_bits_over == "total"


@pytest.mark.parametrize(
    ("objective", "name"), [(ELBO(), "free_bits"), (ImportanceWeighted(2), "n_samples"), (MMD(1.0), "weight")]
)
def test_a_setting_of_the_objective_is_not_one_of_the_model(objective, name):
    with pytest.raises(ValueError, match=f"`{name}` is a setting of the objective: set `objective.{name}` instead"):
        setattr(small_vae(objective=objective), name, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prior", StandardNormal()),
        ("likelihood", GaussianFixed()),
        ("objective", ELBO()),
        ("encoder", linear_encoder()),
        ("decoder", linear_decoder()),
        ("preprocessing", Standardize()),
        ("seed", 3),
    ],
)
def test_parts_of_a_model_are_fixed(name, value):
    vae = small_vae()
    present = getattr(vae, name)
    with pytest.raises(ValueError, match=f"`{name}` of a VAE must not be set once it is made.*Make a new model"):
        setattr(vae, name, value)
    assert getattr(vae, name) is present
    setattr(vae, name, present)  # The same is no change.


def test_parts_of_an_autoencoder_are_fixed():
    model = Autoencoder(keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)]), linear_decoder())
    with pytest.raises(ValueError, match="`likelihood` of a Autoencoder must not be set"):
        model.likelihood = GaussianFixed(0.5)


@pytest.mark.parametrize(
    ("likelihood", "name"),
    [(Gaussian(), "min_log_var"), (GaussianFixed(), "stddev"), (DiscretizedLogistic(), "max_log_scale")],
)
def test_numbers_of_a_likelihood_are_fixed(likelihood, name):
    with pytest.raises(ValueError, match=f"`{name}` of a {type(likelihood).__name__} must not be set.*new likelihood"):
        setattr(likelihood, name, 0.5)


def test_other_attributes_are_free():
    class Thing(FixedAttributes):
        fixed = ("a",)

    thing = Thing()
    thing.a, thing.b = 1, 1
    thing.b = 2
    with pytest.raises(ValueError, match="`a` of a Thing must not be set once it is made"):
        thing.a = 2


def test_an_objective_belongs_to_one_model():
    objective = ELBO()
    vae = small_vae(objective=objective)
    with pytest.raises(ValueError, match="`objective` must belong to one model"):
        small_vae(objective=objective)
    assert vae.objective is objective


def test_a_prior_whose_variables_would_never_be_trained_is_refused():
    learned = tfd.MultivariateNormalDiag(tf.Variable(tf.ones(2)), tf.ones(2))
    with pytest.raises(ValueError, match=r"`prior` must be a .* where it is to be trained"):
        small_vae(prior=learned)
    constant = tfd.MultivariateNormalDiag(tf.Variable(tf.ones(2), trainable=False), tf.ones(2))
    assert small_vae(prior=constant).built


def test_a_part_that_is_frozen_between_two_trainings_stands_still(x):
    vae = small_vae()
    vae.compile(keras.optimizers.SGD(0.01))
    vae.fit(x, verbose=0)
    encoder, decoder = vae.encoder.get_weights(), vae.decoder.get_weights()
    vae.encoder.trainable = False
    vae.fit(x, verbose=0)
    for one, other in zip(encoder, vae.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any(np.any(one != other) for one, other in zip(decoder, vae.decoder.get_weights(), strict=True))


def test_the_model_says_what_it_is_made_of():
    vae = VAE(linear_encoder(), linear_decoder(), likelihood=GaussianFixed(0.5), beta=4.0, name="mine", seed=0)
    text = repr(vae)
    for part in ("VAE 'mine'", "latent_dim=2", "GaussianFixed(stddev=0.5)", "StandardNormal", "ELBO(beta=4.0"):
        assert part in text
    lines = []
    vae.summary(print_fn=lines.append)
    assert text[1:-1] in "\n".join(lines)
    assert "z_mean" not in repr(vae)
