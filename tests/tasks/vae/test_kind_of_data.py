import numpy as np
import pytest
from tasks.vae.data_sets import images, make, table

from keras_vae.tasks.vae import kind_of_data


@pytest.mark.parametrize(
    ("dataset", "likelihood"),
    [
        pytest.param(images(), "discretized_logistic_mixture", id="grey"),
        pytest.param(images((16, 16, 3)), "discretized_logistic_mixture", id="colour"),
        pytest.param(images((8, 8, 1)), "discretized_logistic_mixture", id="tiny"),
        pytest.param(images(dtype="float32"), "gaussian", id="grey-floats"),
        pytest.param(images((16, 16, 3), dtype="float32"), "gaussian", id="colour-floats"),
        pytest.param(make(np.full((3, 20, 20, 1), -5.0, "float32"), "image"), "gaussian", id="decibels"),
        pytest.param(make(np.eye(20, dtype="float32").reshape(1, 20, 20, 1), "image"), "bernoulli", id="0-1"),
        pytest.param(make(np.eye(20, dtype="uint8").reshape(1, 20, 20, 1) * 255, "image"), "bernoulli", id="0-255"),
        pytest.param(table(), "student_t", id="table"),
        pytest.param(make(np.eye(4, dtype="float32"), "table"), "bernoulli", id="0-1-table"),
        pytest.param(make(np.zeros((3, 5, 2), "float32") - 1, "sequence"), "gaussian", id="sequence"),
        pytest.param(make(np.ones((3, 5), "int32"), "sequence"), "categorical", id="tokens"),
    ],
)
def test_the_kind_of_data_chooses_the_likelihood(dataset, likelihood):
    assert kind_of_data.default_likelihood(dataset) == likelihood


@pytest.mark.parametrize(("grey", "is_nearly"), [(5, True), (9, True), (10, False), (128, False)])
def test_pixels_are_drawn_where_the_draw_adds_little_noise(grey, is_nearly):
    # 4 p (1 - p) of one grey value p = grey / 255: 0.08 for 5; above 0.15 from 10 on.
    x = np.full((2, 4, 4, 1), grey, np.uint8)
    p = grey / 255
    assert (4 * p * (1 - p) <= kind_of_data.MAX_GREYNESS) == is_nearly
    assert kind_of_data.is_nearly_black_and_white(make(x, "image")) == is_nearly
    assert kind_of_data.is_nearly_black_and_white(make(np.float32(x / 255), "image")) == is_nearly


def test_the_number_of_tokens_comes_from_all_parts():
    tokens = make(np.int32([[0, 1], [1, 0], [2, 9], [0, 1]]), "sequence").with_validation(0.5, seed=0)
    assert kind_of_data.number_of_classes(tokens) == 10
    x = np.float32([[0, 1, 2], [2, 1, 0]])
    assert kind_of_data.number_of_classes(make(x, "table", x_test=x + 5)) == 8
    assert kind_of_data.number_of_classes(make(0 * x, "table")) == 2
    assert kind_of_data.number_of_classes(images()) == 256


@pytest.mark.parametrize("x", [[[0.5, 1.0]], [[-1.0, 0.0]], [[0.0, 1e9]]], ids=str)
def test_numbers_that_are_no_tokens_are_refused_before_a_model_is_made_of_them(x):
    with pytest.raises(ValueError, match="the categorical likelihood needs tokens, whole numbers from 0 to 999999"):
        kind_of_data.number_of_classes(make(np.float32(x), "table"))
