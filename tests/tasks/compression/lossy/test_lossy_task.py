import numpy as np
import pytest
from tasks.compression.lossy.small_model import images

from keras_vae.models.quantized_vae import QuantizedVAE
from keras_vae.tasks.compression.lossy.lossy_task import LossyTask


@pytest.fixture(scope="module")
def prepared():
    task = LossyTask(epochs=2, seed=0, least_stddev=3.0, most_stddev=24.0)
    data = task.load(images(100))
    return task.prepare(data), data


def taken(batches, n):
    return [tuple(part.numpy() for part in batch[0]) for batch in batches.take(n)]


def test_every_example_has_a_standard_deviation_of_its_own(prepared):
    task, data = prepared
    log_stddevs = np.concatenate([log_stddev for _, log_stddev in taken(task.batches(data), 60)])[:, 0]
    assert np.log(3.0) <= log_stddevs.min() < np.log(3.2)
    assert np.log(22.0) < log_stddevs.max() <= np.log(24.0)
    assert len(np.unique(log_stddevs)) > 0.99 * len(log_stddevs)
    # Evenly on a logarithmic scale: a standard error of 0.6 / sqrt(800).
    np.testing.assert_allclose(log_stddevs.mean(), np.log(np.sqrt(3.0 * 24.0)), atol=0.1)


def test_an_epoch_is_a_function_of_the_seed_and_its_number(prepared):
    task, data = prepared
    n = task.steps_per_epoch(data)
    both, second = taken(task.batches(data), 2 * n)[n:], taken(task.batches(data, start_epoch=1), n)
    for one, other in zip(both, second, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(taken(task.batches(data), 1)[0][1], second[0][1])


def test_the_validation_has_the_same_standard_deviations_in_every_look(prepared):
    task, data = prepared
    rows = task.validation_rows(data)
    first, again = (np.concatenate([batch[0][1] for batch in rows.as_numpy_iterator()]) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len(first) == data.n_validation
    assert np.exp(first).min() < 5.0
    assert np.exp(first).max() > 15.0
    without = LossyTask(validation=0.0)
    assert without.validation_rows(without.load(images(100))) is None


def test_it_makes_a_quantized_vae(prepared):
    model = prepared[0].build_model()
    assert isinstance(model, QuantizedVAE)
    assert model.compiled
