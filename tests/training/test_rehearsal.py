import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import linear_decoder, small_vae

from keras_vae.models.vae import VAE
from keras_vae.training import rehearsal
from keras_vae.training.rehearsal import Pace, as_before, put_back, rehearse, state_of

X = np.random.default_rng(0).normal(size=(24, 6)).astype("float32")
STEPS = 3


def model(run_eagerly=True):
    vae = small_vae(likelihood="gaussian_shared")
    vae.compile(keras.optimizers.Adam(0.01), run_eagerly=run_eagerly)
    return vae


def batches():
    return tf.data.Dataset.from_tensor_slices(X).batch(8).repeat()


def numbers(vae):
    """Everything that a training changes, by name: not by what the module itself lists."""
    layers = [v for v in vae.variables]
    return [keras.ops.convert_to_numpy(v).copy() for v in (*layers, *vae.optimizer.variables)]


def trained(vae):
    vae.fit(batches(), steps_per_epoch=STEPS, epochs=2, verbose=0)
    return numbers(vae)


def test_everything_is_as_before_bit_for_bit():
    vae = model()
    vae.fit(batches(), steps_per_epoch=STEPS, epochs=1, verbose=0)
    before = numbers(vae)
    pace = rehearse(vae, batches(), STEPS, X, seconds=0.05)
    for one, other in zip(numbers(vae), before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not vae.stop_training
    assert pace.step > 0
    assert pace.row > 0
    assert pace.start > 0
    assert int(vae.optimizer.iterations) == STEPS


def test_the_training_that_follows_is_the_one_without_a_rehearsal():
    rehearsed, plain = model(run_eagerly=False), model(run_eagerly=False)
    rehearse(rehearsed, batches(), STEPS, seconds=0.02)
    for one, other in zip(trained(rehearsed), trained(plain), strict=True):
        np.testing.assert_array_equal(one, other)


def test_random_layers_and_running_means_come_back():
    x = keras.Input((6,))
    h = keras.layers.BatchNormalization()(keras.layers.Dropout(0.5, seed=3)(x))
    encoder = keras.Model(x, [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
    vae = VAE(encoder, linear_decoder(), likelihood="gaussian_fixed", seed=0)
    vae.compile("adam", run_eagerly=True)
    before = [keras.ops.convert_to_numpy(v).copy() for v in vae.variables]
    rehearse(vae, batches(), STEPS, seconds=0.02)
    assert len(before) > 8
    for one, other in zip(vae.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(one), other)


@pytest.mark.parametrize("steps", [1, 1000])
def test_any_length_of_an_epoch_is_timed(steps):
    pace = rehearse(model(), batches(), steps, seconds=0.02)
    assert 0 < pace.step < 10
    assert pace.row == 0


def test_the_pace_is_that_of_the_steps(monkeypatch):
    """On a clock that a step moves by half a second and the first one by ten."""
    now = [0.0]
    monkeypatch.setattr(rehearsal.time, "perf_counter", lambda: now[0])

    class Stepping:
        stop_training, optimizer, variables, metrics_variables = False, None, (), ()

        def _build_optimizer(self):
            self.optimizer = keras.optimizers.SGD()

        def fit(self, batches, steps_per_epoch, epochs, callbacks, verbose):
            (watch,) = callbacks
            watch.set_model(self)
            watch.on_train_begin()
            for step in range(100):
                self.optimizer.iterations.assign(step + 1)
                now[0] += 0.5 if step else 10.0
                watch.on_train_batch_end(step)
                if self.stop_training:
                    return
            raise AssertionError("it did not stop")

        def evaluate(self, rows, verbose):
            now[0] += 0.25 * len(rows)

    pace = rehearse(Stepping(), None, 5, np.zeros((8, 1)), seconds=2.0)
    assert pace == Pace(0.5, 0.25, 10.0)


def test_a_long_validation_part_is_not_gone_through(monkeypatch):
    vae = model()
    sizes = []
    evaluate = vae.evaluate
    monkeypatch.setattr(vae, "evaluate", lambda x, **kwargs: sizes.append(len(x)) or evaluate(x, **kwargs))
    rehearse(vae, batches(), STEPS, np.tile(X, (100, 1)), seconds=0.01)
    assert sizes == [rehearsal.SOME_ROWS] * 2


def test_a_stream_is_counted_by_its_rows(monkeypatch):
    """Images of a folder come as a stream, whose length is a number of batches."""
    vae, seen = model(), []
    monkeypatch.setattr(rehearsal, "SOME_BATCHES", 2)
    stream = tf.data.Dataset.from_tensor_slices(X).batch(8)
    now = [0.0]
    monkeypatch.setattr(rehearsal.time, "perf_counter", lambda: now[0])

    def evaluate(some, verbose):
        seen.append(sum(len(batch) for batch in some))
        now[0] += 1.6

    monkeypatch.setattr(vae, "evaluate", evaluate)
    monkeypatch.setattr(vae, "fit", lambda *_, callbacks, **__: _two_calls(callbacks[0], vae, now))
    assert rehearse(vae, None, STEPS, stream).row == pytest.approx(0.1)
    assert seen == [16, 16]


def _two_calls(watch, vae, now):
    watch.set_model(vae)
    watch.on_train_begin()
    for _ in range(2):
        now[0] += 1.0
        vae.optimizer.iterations.assign_add(1)
        watch.on_train_batch_end(0)


def test_an_epoch_is_its_steps_and_a_share_of_the_validation():
    assert Pace(0.5, 0.01, 3.0).epoch(10) == 5.0
    assert Pace(0.5, 0.01, 3.0).epoch(10, 200) == 7.0


def test_everything_comes_back_after_an_exception():
    vae = model()
    vae.fit(batches(), steps_per_epoch=1, epochs=1, verbose=0)
    before = numbers(vae)
    with contextlib.suppress(KeyboardInterrupt), as_before(vae):
        vae.fit(batches(), steps_per_epoch=STEPS, epochs=1, verbose=0)
        vae.stop_training = True
        raise KeyboardInterrupt
    assert not vae.stop_training
    for one, other in zip(numbers(vae), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_state_is_a_copy():
    vae = model()
    state = state_of(vae)
    kept = [value.copy() for value in state]
    trained(vae)
    assert any(np.any(one != other) for one, other in zip(state_of(vae), kept, strict=True))
    for one, other in zip(state, kept, strict=True):
        np.testing.assert_array_equal(one, other)
    put_back(vae, state)
    for one, other in zip(state_of(vae), kept, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_state_of_another_model_is_refused():
    with pytest.raises(ValueError, match="zip"):
        put_back(model(), [])
