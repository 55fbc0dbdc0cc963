import numpy as np
import pytest
from tasks.vae.data_sets import images, make, table

from keras_vae.likelihoods import get_likelihood
from keras_vae.tasks.vae.preprocessing import make_preprocessing, preprocessing_kind

DECIBELS = make(np.random.default_rng(0).uniform(-80, 0, (9, 5, 4, 1)).astype("float32"), "image")


@pytest.mark.parametrize(
    ("dataset", "likelihood", "kind"),
    [
        pytest.param(table(), "gaussian", "columns", id="table"),
        pytest.param(table(), "continuous_bernoulli", "", id="table-in-the-unit-interval"),
        pytest.param(table(), "negative_binomial", "", id="counts"),
        pytest.param(
            make(np.arange(30, dtype="float32").reshape(3, 5, 2), "sequence"),
            "gaussian_shared",
            "columns",
            id="sequence",
        ),
        pytest.param(images(), "gaussian", "divided", id="8-bit"),
        pytest.param(images(), "gaussian_fixed", "divided", id="8-bit-fixed"),
        pytest.param(images(), "continuous_bernoulli", "divided", id="8-bit-unit-interval"),
        pytest.param(images(), "discretized_logistic", "", id="grey-levels"),
        pytest.param(images(), "categorical", "", id="tokens"),
        pytest.param(images(), "bernoulli", "", id="drawn"),
        pytest.param(images(dtype="float32"), "gaussian", "", id="floats-in-the-unit-interval"),
        pytest.param(DECIBELS, "gaussian", "all", id="other-floats"),
    ],
)
def test_what_is_done_to_the_data_follows_from_their_kind_and_the_likelihood(dataset, likelihood, kind):
    values = get_likelihood(likelihood, **({"n_classes": 256} if likelihood == "categorical" else {})).values
    assert preprocessing_kind(dataset, values) == kind
    assert (make_preprocessing(dataset, values) is None) == (kind == "")


def test_columns_are_standardised_by_the_training_part_and_come_back():
    dataset = table(x_test=np.float32([[1.0, 5.0, 7.0]]))
    layer = make_preprocessing(dataset, "real")
    x = layer(dataset.x_train).numpy()
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(x.std(axis=0), [1.0, 1.0, 0.0], atol=1e-6)  # A constant column stays constant.
    np.testing.assert_allclose(layer.inverse(layer(dataset.x_test)), dataset.x_test, rtol=1e-6)
    assert layer.nats_of == "standardised values"


def test_images_of_other_real_numbers_are_standardised_by_two_numbers():
    layer = make_preprocessing(DECIBELS, "real")
    x = layer(DECIBELS.x_train).numpy()
    assert abs(x.mean()) < 1e-6
    assert x.std() == pytest.approx(1.0)
    np.testing.assert_allclose(layer.value_range, [DECIBELS.x_train.min(), DECIBELS.x_train.max()])


def test_8_bit_values_are_divided_by_255():
    dataset = images()
    layer = make_preprocessing(dataset, "real")
    np.testing.assert_array_equal(layer(dataset.x_train), dataset.x_train.astype("float32") / 255.0)
    assert layer.nats_of == "8-bit values divided by 255"
    assert layer.value_range.numpy().tolist() == [0.0, 255.0]
