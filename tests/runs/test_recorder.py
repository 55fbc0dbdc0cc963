import csv
import math

import keras
import numpy as np
import pytest
from helpers import small_vae

from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.runs import recorder
from keras_vae.runs.recorder import Recorder
from keras_vae.runs.run_folder import RunFolder
from keras_vae.training.rehearsal import state_of

X = np.random.default_rng(0).normal(size=(16, 6)).astype("float32")
CONFIG = {"begun": "with this"}


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run")


@pytest.fixture
def vae():
    model = small_vae()
    model.compile("adam", run_eagerly=True)
    return model


def saves(monkeypatch, seconds):
    """Let a checkpoint be written every so many seconds, 0 for after every epoch."""
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", seconds)
    monkeypatch.setattr(recorder, "CHECKPOINT_SHARE", 1e9)


class Log(keras.callbacks.Callback):
    """The state after every epoch; an interruption in the middle of one."""

    looks_at_batches = True

    def __init__(self, stop_in=None):
        super().__init__()
        self.states, self.stop_in, self.epoch = [], stop_in, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.stop_in:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        self.states.append(state_of(self.model))


def fit(vae, run, epochs, history=None, stop_in=None, **kwargs):
    keeper = KeepBest()
    log, record = Log(stop_in), Recorder(run, CONFIG, history or {}, keeper)
    first = len((history or {}).get("epoch", ()))
    arguments = {"validation_data": X, "batch_size": 16, "verbose": 0, **kwargs}
    try:
        vae.fit(X, epochs=epochs, initial_epoch=first, callbacks=[keeper, log, record], **arguments)
    except KeyboardInterrupt:
        record.save_finished(vae)
    return log.states, record


def rows(run):
    with run.history_file.open(newline="") as file:
        return list(csv.DictReader(file))


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_history_checkpoint_and_best_weights_are_there_at_the_end(vae, run, monkeypatch):
    saves(monkeypatch, 3600.0)
    states, record = fit(vae, run, 4)
    assert run.config_file.read_text().startswith('{\n  "begun"')
    assert [row["epoch"] for row in rows(run)] == ["1", "2", "3", "4"]
    model, epochs = run.load_checkpoint()
    assert epochs == 4
    assert_same(state_of(model)[: len(model.variables)], states[-1][: len(model.variables)])
    assert_same(run.load_best()["weights"], record.keeper.weights)


@pytest.mark.slow
def test_epochs_without_a_metric_have_an_empty_place_in_the_history(vae, run):
    fit(vae, run, 4, validation_freq=3)
    history = run.read_history(4)
    assert [math.isnan(value) for value in history["val_elbo"]] == [True, True, False, True]
    assert not any(map(math.isnan, history["elbo"]))
    assert history["epoch"] == [1, 2, 3, 4]
    # Read back, it goes on as if it had never been away.
    fit(vae, run, 6, history=history, validation_freq=3)
    history = run.read_history(6)
    assert [math.isnan(value) for value in history["val_elbo"]] == [True, True, False, True, True, False]


def test_a_metric_that_was_never_there_before_is_not_there_for_the_epochs_before(vae, run):
    fit(vae, run, 2, history={"epoch": [1], "old": [5.0]})
    (first, second) = rows(run)
    assert (first["old"], first["elbo"]) == ("5.0", "nan")
    assert second["old"] == "nan"
    assert math.isfinite(float(second["elbo"]))


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 3600.0], ids=["saved-every-epoch", "saved-once"])
def test_an_interruption_in_the_midst_of_an_epoch_leaves_the_one_before(vae, run, monkeypatch, seconds):
    saves(monkeypatch, seconds)
    states, record = fit(vae, run, 9, stop_in=4)
    assert len(states) == 3
    model, epochs = run.load_checkpoint()
    assert epochs == 3
    assert [row["epoch"] for row in rows(run)] == ["1", "2", "3"]
    n = len(model.variables)
    assert_same([keras.ops.convert_to_numpy(v) for v in model.variables], states[-1][:n])
    assert_same([keras.ops.convert_to_numpy(v) for v in model.optimizer.variables], _optimizer(states[-1], vae))
    assert run.kept_epoch == record.keeper.epoch


def _optimizer(state, model):
    n = len({id(v) for v in model.variables})
    return state[n : n + len(model.optimizer.variables)]


def test_an_interruption_in_the_first_epoch_leaves_no_checkpoint(vae, run):
    states, _ = fit(vae, run, 3, stop_in=1)
    assert states == []
    assert run.exists
    assert run.load_checkpoint() == (None, 0)


@pytest.mark.slow
def test_an_interruption_of_a_save_leaves_the_epoch_that_was_to_be_saved(vae, run, monkeypatch):
    saves(monkeypatch, 0.0)
    save, calls = run.save_checkpoint, []

    def interrupted(model, epoch):
        calls.append(epoch)
        if calls == [1, 2]:
            raise KeyboardInterrupt
        save(model, epoch)

    monkeypatch.setattr(run, "save_checkpoint", interrupted)
    states, _ = fit(vae, run, 3)
    model, epochs = run.load_checkpoint()
    assert (calls, epochs) == ([1, 2, 2], 2)
    assert [row["epoch"] for row in rows(run)] == ["1", "2"]
    assert_same([keras.ops.convert_to_numpy(v) for v in model.variables], states[1][: len(model.variables)])


@pytest.mark.slow
def test_a_state_that_could_not_be_taken_does_not_stand_for_a_later_epoch(vae, run, monkeypatch):
    """An interruption between the end of epoch 3 and the copy of its state: epoch 2 is saved, as epoch 2."""
    saves(monkeypatch, 3600.0)
    calls = []

    def state(model):
        calls.append(model)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return state_of(model)

    monkeypatch.setattr(recorder, "state_of", state)
    states, _ = fit(vae, run, 5)
    model, epochs = run.load_checkpoint()
    assert epochs == 2
    assert [row["epoch"] for row in rows(run)] == ["1", "2"]
    assert_same([keras.ops.convert_to_numpy(v) for v in model.variables], states[1][: len(model.variables)])


def test_saving_is_rare_where_it_takes_long(vae, run, monkeypatch):
    now, calls = [0.0], []
    monkeypatch.setattr(recorder.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", 5.0)
    monkeypatch.setattr(recorder, "CHECKPOINT_SHARE", 0.05)

    def slow(model, epoch):
        calls.append(epoch)
        now[0] += 2.0

    monkeypatch.setattr(run, "save_checkpoint", slow)
    record = Recorder(run, CONFIG, {}, KeepBest())
    record.set_model(vae)
    record.on_train_begin()
    for epoch in range(30):
        now[0] += 3.0
        record.on_epoch_end(epoch, {"elbo": -1.0})
    # A save of two seconds is not repeated before 40 have passed.
    assert calls == [1, 15, 29]
    record.on_train_end()
    record.on_train_end()
    assert calls == [1, 15, 29, 30]
