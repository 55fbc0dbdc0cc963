import numpy as np
import pytest

from keras_vae.data.dataset import Dataset
from keras_vae.tasks import model_input

CONFIG = {"batch_size": 4, "seed": 0}


def make(x, kind, x_test=None, **kwargs):
    return Dataset("mine", x, x_test, None, None, event_shape=x.shape[1:], kind=kind, **kwargs)


def images(shape=(16, 16, 1), n=10, dtype="uint8"):
    values = np.random.default_rng(0).integers(0, 256, (n, *shape)).astype(dtype)
    return make(values if dtype == "uint8" else values / np.float32(255), "image")


def table(n=50, **kwargs):
    return make(
        np.random.default_rng(0).normal(size=(n, 3)).astype("float32") * [1, 10, 0] + [0, 5, 7], "table", **kwargs
    )


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
    assert model_input.default_network(dataset) == network
    assert model_input.default_likelihood(dataset) == likelihood


def test_small_data_get_more_epochs_and_smaller_batches():
    assert model_input.default_batch_size(table()) == 32
    assert model_input.default_epochs(table(), 32) == 1500
    large = make(np.zeros((60_000, 1), "float32"), "table")
    assert model_input.default_batch_size(large) == 128
    assert model_input.default_epochs(large, 128) == 10


def test_columns_are_standardised_by_the_training_part_and_come_back():
    dataset = table(x_test=np.float32([[1.0, 5.0, 7.0]]))
    config = {**CONFIG, "input": model_input.input_settings(dataset, "gaussian")}
    x = model_input.part_input(dataset, config, "train")
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(x.std(axis=0), [1.0, 1.0, 0.0], atol=1e-6)  # A constant column stays constant.
    test = model_input.part_input(dataset, config, "test")
    np.testing.assert_allclose(model_input.in_data_units(test, config), dataset.x_test, rtol=1e-6)
    assert model_input.units(dataset, config) == "standardised values"


def test_images_of_other_real_numbers_are_standardised_by_two_numbers():
    dataset = make(np.random.default_rng(0).uniform(-80, 0, (9, 5, 4, 1)).astype("float32"), "image")
    config = {**CONFIG, "input": model_input.input_settings(dataset, "gaussian")}
    x = model_input.part_input(dataset, config, "train")
    assert abs(x.mean()) < 1e-6
    assert x.std() == pytest.approx(1.0)
    np.testing.assert_allclose(model_input.in_data_units(x, config), dataset.x_train, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("likelihood", "expected", "units"),
    [
        ("gaussian", lambda x: x / 255.0, "8-bit values divided by 255"),
        ("continuous_bernoulli", lambda x: x / 255.0, "8-bit values divided by 255"),
        ("discretized_logistic", lambda x: x.astype("float32"), ""),
        ("categorical", lambda x: x.astype("float32"), ""),
    ],
)
def test_8_bit_values_are_scaled_for_real_numbers_only(likelihood, expected, units):
    dataset = images()
    config = {**CONFIG, "input": model_input.input_settings(dataset, likelihood)}
    x = model_input.part_input(dataset, config, "train")
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, expected(dataset.x_train).astype("float32"))
    assert model_input.units(dataset, config) == units
    batch = next(iter(model_input.training_batches(dataset, config))).numpy()
    assert {row.tobytes() for row in batch} <= {row.tobytes() for row in x}
    assert model_input.in_data_units(x, config) is x


def test_test_images_are_drawn_once_and_training_images_in_every_epoch():
    dataset = images(n=8)
    config = {**CONFIG, "input": model_input.input_settings(dataset, "bernoulli")}
    once = model_input.part_input(dataset, config, "train")
    assert set(np.unique(once)) == {0.0, 1.0}
    np.testing.assert_array_equal(once, model_input.part_input(dataset, config, "train"))
    steps = model_input.steps_per_epoch(dataset, config)
    stream = [batch.numpy() for batch in model_input.training_batches(dataset, config).take(2 * steps)]
    assert np.concatenate(stream[:steps]).sum() != np.concatenate(stream[steps:]).sum()
    resumed = [batch.numpy() for batch in model_input.training_batches(dataset, config, start_epoch=1).take(steps)]
    np.testing.assert_array_equal(np.concatenate(resumed), np.concatenate(stream[steps:]))
    assert model_input.units(dataset, config) == "pixels drawn as 0 or 1"


def test_the_number_of_tokens_comes_from_both_parts():
    x = np.float32([[0, 1, 2], [2, 1, 0]])
    assert model_input.input_settings(make(x, "table", x_test=x + 5), "categorical")["n_classes"] == 8
    assert model_input.input_settings(make(0 * x, "table"), "categorical")["n_classes"] == 2
    assert model_input.input_settings(images(), "categorical")["n_classes"] == 256


@pytest.mark.parametrize("x", [[[0.5, 1.0]], [[-1.0, 0.0]], [[0.0, 1e9]]], ids=str)
def test_numbers_that_are_no_tokens_are_refused_before_a_model_is_made_of_them(x):
    with pytest.raises(ValueError, match="the categorical likelihood needs tokens, whole numbers from 0 to 999999"):
        model_input.input_settings(make(np.float32(x), "table"), "categorical")


def test_without_a_test_part_the_training_part_is_judged():
    dataset = table()
    config = {**CONFIG, "input": model_input.input_settings(dataset, "gaussian")}
    x, labels, part = model_input.held_out(dataset, config)
    assert (len(x), labels, part) == (50, None, "train")
    x, _, part = model_input.held_out(table(x_test=np.zeros((2, 3), "float32")), config)
    assert (len(x), part) == (2, "test")
