import numpy as np
import pytest

from keras_vae.tasks.compression.training import train_for
from keras_vae.tasks.vae.vae_task import VAETask

SMALL = {"epochs": 1, "seed": 0, "latent_dim": [2], "hidden_units": [4], "network": "dense"}


@pytest.fixture
def untrained(monkeypatch):
    """Leave the training itself out: what is trained is what counts here."""

    def fit(self, data, verbose):
        self.model_ = self.prepare(data).build_model()
        return self

    monkeypatch.setattr(VAETask, "fit", fit)


@pytest.mark.parametrize(
    ("shape", "highest", "dtype", "expected"),
    [
        ((20, 5), 1, "uint8", "Bernoulli"),
        ((20, 6, 6), 1, "float32", "Bernoulli"),
        ((20, 6, 6, 1), 255, "uint8", "DiscretizedLogisticMixture"),
        ((20, 6, 6, 3), 200, "int64", "DiscretizedLogisticMixture"),
        ((20, 6, 6, 4), 200, "uint8", "DiscretizedLogistic"),
        ((20, 5), 9, "int32", "Categorical"),
        ((20, 5), 300, "int32", "NegativeBinomial"),
    ],
)
def test_the_likelihood_is_chosen_by_the_values(shape, highest, dtype, expected, rng, untrained):
    x = rng.integers(0, highest + 1, shape)
    x.flat[:2] = 0, highest
    model = train_for(x.astype(dtype), SMALL, verbose=0)
    assert type(model.likelihood).__name__ == expected
    assert np.prod(model.event_shape) == np.prod(shape[1:])


def test_settings_are_those_of_the_task(rng, untrained):
    x = rng.integers(0, 2, (40, 18, 18), np.uint8)
    model = train_for(x, {"epochs": 1, "seed": 0, "minutes": None, "likelihood": None}, verbose=0)
    assert type(model).__name__ == "LadderVAE"  # As `keras-vae train` has it for pictures.


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([["a"]]), r"Received: x of dtype <U1 and shape \(1, 1\)"),
        (np.zeros(3), r"Received: x of dtype float64 and shape \(3,\)"),
        (np.zeros((0, 3)), r"Received: x of dtype float64 and shape \(0, 3\)"),
        (np.ma.masked_array(np.ones((4, 2)), mask=True), "`x` must be an array without masked values"),
        (np.full((4, 2), 0.5), r"whole numbers from 0 to 2147483647, .* x\[0, 0\] = 0.5"),
        (np.full((9, 3, 8, 8), 7), "`x` must have its channels on the last axis"),
    ],
)
def test_data_that_cannot_be_coded_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        train_for(x, SMALL, verbose=0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"likelihood": "gaussian"}, "`likelihood` must be one over whole numbers .* Received: keras_vae>Gaussian"),
        ({"prior": "vamp"}, "with a standard normal prior. Received: prior=VampPrior"),
    ],
)
def test_a_model_that_cannot_be_coded_is_refused_before_it_is_trained(given, message, rng, monkeypatch):
    monkeypatch.setattr(VAETask, "fit", None)
    with pytest.raises(ValueError, match=message):
        train_for(rng.integers(0, 2, (40, 5)), {**SMALL, **given}, verbose=0)
