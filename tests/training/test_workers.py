"""`fit` in two processes on the loopback interface, each on its share of every batch, is `fit` in one."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import POINT, small_vae
from worker_helpers import output, results, wait_for, workers

from keras_vae.optimizers import Adam
from keras_vae.training.workers import shuffled_alike, spans_processes

# Two programs that start TensorFlow and wait for each other.
pytestmark = pytest.mark.slow

X = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
WEIGHTS = np.arange(9, dtype="float32")
KEYS = {"elbo", "kl_loss", "loss", "reconstruction_loss"}

# All cases in one pair of processes: most of the time is TensorFlow's start.
SCRIPT = """
import json, sys
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
import keras, numpy as np
from models.test_many_workers import X, WEIGHTS, fit_exactly, fit_noisily
from helpers import POINT, small_vae
from keras_vae.training.workers import spans_processes

def fit_in_any_order():
    with strategy.scope():
        vae = small_vae(z_log_var=POINT)
        vae.compile(keras.optimizers.SGD(0.0))
    return vae.fit(X[:11], batch_size=4, epochs=2, verbose=0).history["loss"]

def noise():
    with strategy.scope():
        vae = small_vae()
    return strategy.run(lambda: vae.sampling([tf.zeros((1, 2)), tf.zeros((1, 2))])).numpy().ravel().tolist()

print("RESULT" + json.dumps({
    "spans": spans_processes(strategy),
    "exact": fit_exactly(strategy),
    "noisy": fit_noisily(strategy, [0])[0],
    "any-order": fit_in_any_order(),
    "noise": noise(),
}))
"""


def fit_exactly(strategy):
    """Everything of a short training without noise; the last of its batches has one row, half of it none."""
    with strategy.scope():
        vae = small_vae(z_log_var=POINT)
        vae.compile(Adam(0.05))
    x = X[:9]
    before = vae.evaluate(x, x, sample_weight=WEIGHTS, batch_size=4, verbose=0, return_dict=True)
    history = vae.fit(
        x, x, sample_weight=WEIGHTS, validation_data=X[:5], batch_size=4, epochs=3, shuffle=False, verbose=0
    ).history
    return {
        "before": before,
        "history": history,
        "weights": [w.tolist() for w in vae.get_weights()],
        "predicted": vae.predict(x, batch_size=4, verbose=0).tolist(),
    }


def fit_noisily(strategy, seeds):
    """Losses by epoch of one training for every start of the noise; weights and order are the same in all."""
    with strategy.scope():
        vae = small_vae()
        vae.compile(keras.optimizers.SGD(0.02))
    weights, state = vae.get_weights(), vae.sampling.seed_generator.state
    losses = []
    for seed in seeds:
        vae.set_weights(weights)
        state.assign([seed, 0])
        losses.append(vae.fit(X, batch_size=16, epochs=2, shuffle=False, verbose=0).history["loss"])
    return losses


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """What each of the two workers found."""
    folder = tmp_path_factory.mktemp("workers")
    with workers(folder, sys.executable, "-c", SCRIPT) as processes:
        codes = wait_for(processes, 900)
    assert codes == [0, 0], output(folder, 0)[-3000:] + output(folder, 1)[-3000:]
    return results(folder)


@pytest.fixture(scope="module")
def alone():
    return fit_exactly(tf.distribute.get_strategy())


def test_both_workers_end_with_the_same_numbers(pair):
    assert pair[0]["exact"] == pair[1]["exact"]
    assert pair[0]["noisy"] == pair[1]["noisy"]
    assert pair[0]["any-order"] == pair[1]["any-order"]


def test_two_workers_have_the_loss_curve_of_the_global_batch_on_one_device(pair, alone):
    # The same sums in another order; metrics are means over rows and not sums over workers.
    history = pair[0]["exact"]["history"]
    assert set(history) == {*KEYS, *(f"val_{key}" for key in KEYS)}
    assert len(history["loss"]) == 3
    for name, values in history.items():
        assert values == pytest.approx(alone["history"][name], rel=1e-5), name
    assert pair[0]["exact"]["before"] == pytest.approx(alone["before"], rel=1e-5)


def test_two_workers_end_with_the_weights_of_one_device(pair, alone):
    # Adam divides small gradients by their own size, hence atol.
    for a, b in zip(pair[0]["exact"]["weights"], alone["weights"], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_two_workers_predict_all_rows_in_order(pair, alone):
    np.testing.assert_allclose(pair[0]["exact"]["predicted"], alone["predicted"], rtol=1e-4, atol=1e-5)


def test_with_noise_the_loss_curve_lies_where_other_noise_puts_it_on_one_device(pair):
    spread = np.array(fit_noisily(tf.distribute.get_strategy(), range(1, 21)))
    bound = 5.0 * spread.std(axis=0, ddof=1) * np.sqrt(1.0 + 1.0 / len(spread))
    assert np.all(bound < 0.2 * spread.mean(axis=0))
    assert np.all(np.abs(np.array(pair[0]["noisy"]) - spread.mean(axis=0)) < bound)


def test_workers_draw_different_noise(pair):
    assert pair[0]["noise"] != pair[1]["noise"]


def test_shuffled_arrays_are_seen_whole_in_every_epoch(pair):
    # Without learning the loss of an epoch is the mean over the rows that were seen.
    vae = small_vae(z_log_var=POINT)
    vae.compile()
    wanted = vae.evaluate(X[:11], verbose=0, return_dict=True)["loss"]
    assert pair[0]["any-order"] == pytest.approx([wanted] * 2, rel=1e-6)


def test_only_a_cluster_spans_processes(pair):
    assert pair[0]["spans"] is True
    assert spans_processes(tf.distribute.get_strategy()) is False


def epochs_of(x, y, weight, batch_size, n_epochs):
    stream, n_batches = shuffled_alike(tf.distribute.get_strategy(), x, y, weight, batch_size)
    steps = list(stream.take(n_batches * n_epochs).as_numpy_iterator())
    return [steps[i * n_batches : (i + 1) * n_batches] for i in range(n_epochs)]


def test_a_shuffled_epoch_has_every_row_once_in_an_order_of_its_own():
    x = np.arange(10, dtype="float32")[:, None]
    epochs = epochs_of(x, 2.0 * x, x[:, 0], 4, n_epochs=3)
    orders = [np.concatenate([step[0][:, 0] for step in epoch]).tolist() for epoch in epochs]
    assert [len(step[0]) for step in epochs[0]] == [4, 4, 2]
    assert [sorted(order) for order in orders] == [list(range(10))] * 3
    assert len(set(map(tuple, orders))) == 3
    for x_batch, y_batch, weights in epochs[0]:
        np.testing.assert_array_equal(y_batch, 2.0 * x_batch)
        np.testing.assert_array_equal(weights, x_batch[:, 0])


def test_shuffling_begins_anew_in_another_fit():
    x = np.arange(100, dtype="float32")[:, None]
    first, second = (epochs_of(x, None, None, 100, 1)[0][0][0] for _ in range(2))
    assert sorted(first[:, 0]) == sorted(second[:, 0])
    assert first[:, 0].tolist() != second[:, 0].tolist()
