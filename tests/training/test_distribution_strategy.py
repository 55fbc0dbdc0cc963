"""Two replicas do the step of one: run in a process of its own, since devices are split before TensorFlow starts."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import json, sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
sys.path.insert(0, sys.argv[1])
import contextlib
import keras, numpy as np
from helpers import POINT, UnbuiltEncoder, small_vae

X = np.random.default_rng(0).normal(size=(11, 6)).astype("float32")
WEIGHTS = np.array([0, 1, 2, 1, 3, 1, 0, 1, 1, 2, 5], "float32")
# In batches of four the last has one text: the second replica has none.
TEXTS = ["the cat sat", "a dog", "the dog ran away from the cat", "a cat ran", "sat", "a dog sat down", "the end"]
TEXTS += ["a cat and a dog", "the cat ran"]
MIRRORED = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
assert MIRRORED.num_replicas_in_sync == 2

def trained(model, *data, **kwargs):
    before = model.evaluate(*data, verbose=0, return_dict=True, **kwargs)
    history = model.fit(*data, shuffle=False, verbose=0, **kwargs).history
    return {
        "weights": [w.tolist() for w in model.get_weights()],
        "before": before,
        "history": {k: v[0] for k, v in history.items()},
        "iterations": int(model.optimizer.iterations.numpy()),
    }

def run(strategy, optimizer, n_rows, batch_size=100, weights=None, **kwargs):
    with strategy.scope():
        vae = small_vae(**{"z_log_var": POINT, **kwargs})
        vae.compile(optimizer())
    x = X[:n_rows]
    w = None if weights is None else WEIGHTS[:n_rows]
    return trained(vae, x, x, sample_weight=w, batch_size=batch_size)

def run_texts(strategy):
    import keras_vae as kv
    with strategy.scope():
        model = kv.make_sequence_vae(kv.data.Tokenizer.learn(TEXTS), 2, units=4, dropout=0.0, max_length=9, seed=0)
        # Without noise, as the others.
        kernel, bias = model.encoder.heads[1].get_weights()
        model.encoder.heads[1].set_weights([0.0 * kernel, bias + POINT])
        model.compile(sgd())
    found = trained(model, TEXTS, batch_size=4)
    return {**found, "log_prob": model.log_prob(TEXTS, 2).tolist(), "drawn": model.sample(3, seed=0)}

def sgd():
    return keras.optimizers.SGD(0.05)

def adam():
    from keras_vae.optimizers import Adam
    return Adam(0.05)

def both(*args, **kwargs):
    one = run(tf.distribute.get_strategy(), *args, **kwargs)
    return {"one": one, "two": run(MIRRORED, *args, **kwargs)}

def noise(strategy):
    seen = []
    with strategy.scope():
        vae = small_vae()
    zeros = tf.zeros((1, 2))
    def draw():
        return vae.sampling([zeros, zeros])
    for _ in range(2):
        seen.append([t.numpy().ravel().tolist() for t in strategy.experimental_local_results(strategy.run(draw))])
    return seen

def built_by_the_data():
    with MIRRORED.scope():
        vae = small_vae(encoder=UnbuiltEncoder(), decoder=keras.layers.Dense(6))
        vae.compile(sgd())
    vae.fit(X, verbose=0)
    return vae.sample(2).shape[1]

CASES = {
    "odd": lambda: both(sgd, 11),
    "weighted-short-last-batch": lambda: both(sgd, 11, batch_size=4, weights=True),
    "adam": lambda: both(adam, 10, batch_size=5),
    "noise": lambda: noise(MIRRORED),
    "built": built_by_the_data,
    "texts": lambda: {"one": run_texts(tf.distribute.get_strategy()), "two": run_texts(MIRRORED)},
}
print("RESULT" + json.dumps({name: CASES[name]() for name in sys.argv[2:]}))
"""


def results_of(*cases):
    tests = pathlib.Path(__file__).parents[1]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    program = [sys.executable, "-c", SCRIPT, str(tests), *cases]
    run = subprocess.run(program, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.rsplit("RESULT", 1)[1])


@pytest.fixture(scope="module")
def results():
    return results_of("odd", "weighted-short-last-batch", "adam", "noise", "built")


every_case = pytest.mark.parametrize("case", ["odd", "weighted-short-last-batch", "adam"])


@every_case
def test_two_replicas_make_the_step_of_the_global_batch(results, case):
    one, two = results[case]["one"], results[case]["two"]
    assert one["iterations"] == two["iterations"]
    for a, b in zip(one["weights"], two["weights"], strict=True):
        # The same sums in another order; Adam divides small gradients by their own size, hence its atol.
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6 if case != "adam" else 1e-5)


@every_case
def test_metrics_are_means_over_all_rows_and_not_over_replicas(results, case):
    one, two = results[case]["one"], results[case]["two"]
    for when in ("before", "history"):
        assert two[when] == pytest.approx(one[when], rel=1e-5)


def test_replicas_draw_different_noise_which_changes_from_step_to_step(results):
    draws = [tuple(draw) for step in results["noise"] for draw in step]
    assert len(draws) == 4
    assert len(set(draws)) == 4


def test_a_model_built_by_the_data_trains_on_two_replicas(results):
    assert results["built"] == 6


@pytest.mark.slow
def test_texts_train_on_two_replicas_as_on_one():
    found = results_of("texts")["texts"]
    one, two = found["one"], found["two"]
    assert one["iterations"] == two["iterations"] == 3
    for a, b in zip(one["weights"], two["weights"], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for when in ("before", "history"):
        assert two[when] == pytest.approx(one[when], rel=1e-5)
    np.testing.assert_allclose(one["log_prob"], two["log_prob"], rtol=1e-5)
    assert one["drawn"] == two["drawn"]
