import numpy as np
import pytest
from tasks.vae.data_sets import images, make, table

from keras_vae.tasks.vae import kind_of_data


@pytest.mark.parametrize(
    ("dataset", "network", "likelihood"),
    [
        pytest.param(images(), "conv", "bernoulli", id="grey"),
        pytest.param(images((16, 16, 3)), "conv", "discretized_logistic", id="colour"),
        pytest.param(images((8, 8, 1)), "dense", "bernoulli", id="tiny"),
        pytest.param(images(dtype="float32"), "conv", "bernoulli", id="grey-floats"),
        pytest.param(images((16, 16, 3), dtype="float32"), "conv", "gaussian", id="colour-floats"),
        pytest.param(make(np.full((3, 20, 20, 1), -5.0, "float32"), "image"), "conv", "gaussian", id="decibels"),
        pytest.param(make(np.eye(20, dtype="float32").reshape(1, 20, 20, 1), "image"), "conv", "bernoulli", id="0-1"),
        pytest.param(table(), "dense", "gaussian", id="table"),
        pytest.param(make(np.eye(4, dtype="float32"), "table"), "dense", "bernoulli", id="0-1-table"),
        pytest.param(make(np.zeros((3, 5, 2), "float32") - 1, "sequence"), "recurrent", "gaussian", id="sequence"),
    ],
)
def test_the_kind_of_data_chooses_network_and_likelihood(dataset, network, likelihood):
    assert kind_of_data.default_network(dataset) == network
    assert kind_of_data.default_likelihood(dataset) == likelihood


def test_the_number_of_tokens_comes_from_both_parts():
    x = np.float32([[0, 1, 2], [2, 1, 0]])
    assert kind_of_data.number_of_classes(make(x, "table", x_test=x + 5)) == 8
    assert kind_of_data.number_of_classes(make(0 * x, "table")) == 2
    assert kind_of_data.number_of_classes(images()) == 256


@pytest.mark.parametrize("x", [[[0.5, 1.0]], [[-1.0, 0.0]], [[0.0, 1e9]]], ids=str)
def test_numbers_that_are_no_tokens_are_refused_before_a_model_is_made_of_them(x):
    with pytest.raises(ValueError, match="the categorical likelihood needs tokens, whole numbers from 0 to 999999"):
        kind_of_data.number_of_classes(make(np.float32(x), "table"))
