import random

import numpy as np
import pytest

from keras_vae.likelihoods.categorical import Categorical
from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.likelihoods.mixed import Mixed
from keras_vae.likelihoods.registry import LIKELIHOODS
from keras_vae.models.make_vae import make_vae
from keras_vae.networks.registry import NETWORKS
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians

# Data of every likelihood, made by hand: event shape, values. Seven tokens.
DATA = {
    "bernoulli": ((3, 3, 1), lambda rng, shape: rng.integers(0, 2, size=shape)),
    "continuous_bernoulli": ((3, 3, 1), lambda rng, shape: rng.uniform(size=shape)),
    "gaussian": ((5,), lambda rng, shape: rng.normal(size=shape)),
    "gaussian_fixed": ((5,), lambda rng, shape: rng.normal(size=shape)),
    "gaussian_shared": ((5,), lambda rng, shape: rng.normal(size=shape)),
    "discretized_logistic": ((3, 3, 3), lambda rng, shape: rng.integers(0, 256, size=shape).astype("uint8")),
    "discretized_logistic_mixture": ((3, 3, 3), lambda rng, shape: rng.integers(0, 256, size=shape).astype("uint8")),
    "student_t": ((5,), lambda rng, shape: rng.normal(size=shape)),
    "categorical": ((4,), lambda rng, shape: rng.integers(0, 7, size=shape)),
    "multinomial": ((5,), lambda rng, shape: rng.integers(0, 4, size=shape)),
    "negative_binomial": ((5,), lambda rng, shape: rng.integers(0, 50, size=shape)),
    "mixed": ((3,), lambda rng, shape: np.stack([rng.normal(size=6), rng.integers(0, 2, 6), [0, 1, 2] * 2], axis=1)),
}
OBJECTS = {"categorical": lambda: Categorical(7), "mixed": lambda: Mixed(["gaussian", "bernoulli", 3])}


def check_a_step(model, x):
    """One step, one look at every verb: finite numbers of the right shape."""
    model.compile("adam", run_eagerly=True)
    history = model.fit(x, verbose=0).history
    assert set(history) == {"loss", "reconstruction_loss", "kl_loss", "elbo"}
    assert np.isfinite(list(history.values())).all()
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert model.predict(x, verbose=0).shape == x.shape
    assert model.sample(2, seed=0).shape == (2, *x.shape[1:])
    assert np.isfinite(model.log_prob(x, 2)).all()


def test_every_likelihood_has_a_line_in_this_test():
    assert set(DATA) == set(LIKELIHOODS)


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", DATA)
def test_every_likelihood_trains(likelihood, rng):
    event_shape, values = DATA[likelihood]
    given = OBJECTS[likelihood]() if likelihood in OBJECTS else likelihood
    model = make_vae(event_shape, 2, hidden_units=(8,), likelihood=given, seed=0)
    check_a_step(model, values(rng, (6, *event_shape)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "event_shape", "hidden_units"),
    [
        pytest.param("dense", (5, 3, 2), (8,), id="dense"),
        pytest.param("skip", (5,), (8,), id="skip"),
        pytest.param("conv", (7, 5, 3), (4, 4), id="conv-odd-colour"),
        pytest.param("resnet", (6, 5, 1), (4, 4), id="resnet-odd-grey"),
        pytest.param("recurrent", (6, 2), (4,), id="recurrent"),
    ],
)
def test_every_network_trains(network, event_shape, hidden_units, rng):
    model = make_vae(event_shape, 2, network, hidden_units, likelihood="gaussian", seed=0)
    check_a_step(model, rng.normal(size=(4, *event_shape)).astype("float32"))


def test_every_network_is_tried():
    marks = test_every_network_trains.pytestmark[0].args[1]
    assert {p.values[0] for p in marks} == set(NETWORKS)


def test_the_arguments_reach_the_model():
    likelihood, prior = GaussianFixed(stddev=0.5), MixtureOfGaussians(2)
    model = make_vae((4,), 3, hidden_units=(8,), likelihood=likelihood, prior=prior, beta=2.0, seed=5)
    assert model.likelihood is likelihood
    assert model.prior is prior
    assert (model.beta, model.latent_dim, model.event_shape, model.seed) == (2.0, 3, (4,), 5)
    assert model.built
    assert not model.compiled


def test_a_number_is_the_shape_of_a_vector():
    assert make_vae(4, 2, hidden_units=(8,)).event_shape == (4,)


def test_the_seed_fixes_weights_and_samples_and_leaves_the_global_state_alone():
    random.seed(3)
    expected = random.random()
    random.seed(3)
    one, same = (make_vae((4,), 2, hidden_units=(8,), seed=1) for _ in range(2))
    assert random.random() == expected
    other = make_vae((4,), 2, hidden_units=(8,), seed=2)
    for a, b in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one.encoder.get_weights()[0], other.encoder.get_weights()[0])
    np.testing.assert_array_equal(one.sample(3), same.sample(3))


def test_layers_of_one_seed_do_not_all_start_alike():
    model = make_vae((8,), 8, hidden_units=(8,), seed=1)
    kernels = [w for w in model.encoder.get_weights() if w.shape == (8, 8)]
    assert len(kernels) == 3
    assert len({k.tobytes() for k in kernels}) == 3


def test_without_a_seed_every_model_is_another():
    one, other = (make_vae((4,), 2, hidden_units=(8,)) for _ in range(2))
    assert not np.array_equal(one.encoder.get_weights()[0], other.encoder.get_weights()[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"event_shape": ()}, "`event_shape` must be a tuple of whole numbers >= 1", id="event-shape"),
        pytest.param({"event_shape": (None, 4)}, "`event_shape` must be a tuple of whole", id="batch-axis"),
        pytest.param({"latent_dim": 0}, "`latent_dim` must be a whole number >= 1", id="latent-dim"),
        pytest.param({"network": "cnov"}, "`network` must be one of 'dense', 'skip'", id="network"),
        pytest.param({"network": "conv"}, "`event_shape` must be .* for network='conv'", id="shape-of-the-network"),
        pytest.param({"hidden_units": ()}, "`hidden_units` must be a tuple of one or more", id="hidden-units"),
        pytest.param({"likelihood": "normal"}, "`likelihood` must be one of 'bernoulli'", id="likelihood"),
        pytest.param({"likelihood": "categorical"}, "pass n_classes", id="classes-missing"),
        pytest.param({"beta": -1.0}, "`beta` must be a finite number >= 0", id="beta"),
        pytest.param({"prior": "normal"}, "`prior` must be one of 'conditional'", id="prior"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_vae(**{"event_shape": (4,), "latent_dim": 2, "hidden_units": (8,), **arguments})
