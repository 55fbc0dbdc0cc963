"""Every callback of Keras does with a VAE what it does with a plain Keras model."""

import csv
import inspect

import keras
import pytest
from plain_keras import EPOCHS, STEPS, assert_same_history, assert_same_training, both, fit, fit_both

C = keras.callbacks


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# The callbacks of Keras.


def saving(name, **kwargs):
    return lambda folder: C.ModelCheckpoint(folder / name, **kwargs)


# By class: what makes one for a folder, by what it is asked to do.
BUILT_IN = {
    "BackupAndRestore": {
        "by epoch": lambda folder: C.BackupAndRestore(folder / "b", delete_checkpoint=False),
        "by step": lambda folder: C.BackupAndRestore(folder / "b", save_freq=2, delete_checkpoint=False),
        "deleted": lambda folder: C.BackupAndRestore(folder / "b"),
    },
    "CSVLogger": {"": lambda folder: C.CSVLogger(folder / "log.csv")},
    "EarlyStopping": {
        "never": lambda folder: C.EarlyStopping(patience=1),
        "at once": lambda folder: C.EarlyStopping(
            mode="max", monitor="val_loss", patience=1, restore_best_weights=True
        ),
        "on loss": lambda folder: C.EarlyStopping("loss", mode="max", patience=0),
    },
    "History": {"": lambda folder: C.History()},
    "LambdaCallback": {"": lambda folder: C.LambdaCallback(on_epoch_end=lambda epoch, logs: logs["val_loss"])},
    "LearningRateScheduler": {
        "of epoch": lambda folder: C.LearningRateScheduler(lambda epoch: 0.05 / (1 + epoch)),
        "of rate": lambda folder: C.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
    },
    "ModelCheckpoint": {
        "by epoch": saving("{epoch:02d}.keras"),
        "weights": saving("{epoch:02d}.weights.h5", save_weights_only=True),
        "best": saving("best-{epoch}.keras", save_best_only=True),
        "worst": saving("worst-{epoch}.keras", save_best_only=True, mode="max", monitor="loss"),
        "by step": saving("{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=2),
        "by loss": saving("{epoch}-{loss:.0e}.keras", initial_value_threshold=0.0, save_best_only=True),
    },
    "ProgbarLogger": {"": lambda folder: C.ProgbarLogger()},
    "ReduceLROnPlateau": {
        "": lambda folder: C.ReduceLROnPlateau("loss", factor=0.5, patience=0, mode="max", min_lr=1e-3)
    },
    "TerminateOnNaN": {"": lambda folder: C.TerminateOnNaN()},
}
# Tested one by one below, or not made to be passed.
OTHERS = {"Callback", "CallbackList", "OrbaxCheckpoint", "RemoteMonitor", "SwapEMAWeights", "TensorBoard"}


def test_these_are_all_callbacks_that_keras_has():
    public = {name for name in dir(C) if inspect.isclass(getattr(C, name))}
    assert public - OTHERS <= set(BUILT_IN)


def assert_does_the_same(made, folder):
    vae, plain, ours, theirs = fit_both(made, folder)
    assert_same_training(vae, plain)
    assert_same_history(ours, theirs)
    assert float(vae.optimizer.learning_rate) == pytest.approx(float(plain.optimizer.learning_rate))
    assert files(folder / "ours") == files(folder / "theirs")


# What saves by steps makes a VAE go one step at a time: apart from what looks at epochs only.
@pytest.mark.slow
@pytest.mark.parametrize("by_step", [False, True])
def test_all_callbacks_of_keras_together_do_what_they_do_there(by_step, tmp_path, capsys):
    chosen = [make for kinds in BUILT_IN.values() for kind, make in kinds.items() if (kind == "by step") == by_step]

    def made(folder):
        callbacks = []
        for number, make in enumerate(chosen):
            (folder / str(number)).mkdir()
            callbacks.append(make(folder / str(number)))
        # One that stops the training would hide what the others do afterwards.
        return [callback for callback in callbacks if not isinstance(callback, C.EarlyStopping)]

    assert_does_the_same(made, tmp_path)
    assert files(tmp_path / "ours")


@pytest.mark.slow  # A graph for each.
@pytest.mark.parametrize(
    ("name", "kind"), [pytest.param(n, k, id=f"{n} {k}") for n, kinds in BUILT_IN.items() for k in kinds]
)
def test_a_callback_of_keras_does_what_it_does_there(name, kind, tmp_path, capsys):
    assert_does_the_same(lambda folder: [BUILT_IN[name][kind](folder)], tmp_path)


def test_a_training_is_stopped_early_and_gets_its_best_weights_back_as_in_keras(tmp_path):
    assert_does_the_same(BUILT_IN["EarlyStopping"]["at once"], tmp_path)


def test_a_log_file_holds_a_row_for_every_epoch_and_a_column_for_every_term(tmp_path):
    ours = fit(both(run_eagerly=lambda: True)[0], [C.CSVLogger(tmp_path / "log.csv")])
    with open(tmp_path / "log.csv") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == EPOCHS
    assert set(lines[0]) == {"epoch", *ours}


@pytest.mark.parametrize("save_freq", [pytest.param("epoch", marks=pytest.mark.slow), 2])
def test_a_training_that_broke_off_goes_on_where_keras_goes_on(tmp_path, save_freq):
    def dies(epoch, logs):
        if epoch == 1:
            raise KeyboardInterrupt

    def callbacks(folder):
        return [C.BackupAndRestore(folder / "b", save_freq=save_freq)]

    dying = [C.LambdaCallback(on_epoch_begin=dies)]
    first = both()
    for model, name, is_plain in zip(first, ("ours", "theirs"), (False, True), strict=True):
        (tmp_path / name).mkdir()
        with pytest.raises(KeyboardInterrupt):
            fit(model, callbacks(tmp_path / name) + dying, is_plain)
    assert_same_training(*first)
    vae, plain, ours, theirs = fit_both(callbacks, tmp_path, optimizer=lambda: "sgd")
    assert_same_training(vae, plain)
    assert_same_history(ours, theirs)
    if save_freq == "epoch":  # In the middle of an epoch Keras begins that epoch anew.
        assert int(vae.optimizer.iterations) == EPOCHS * STEPS


def test_the_weights_of_a_file_are_those_of_the_step_in_its_name(tmp_path):
    vae, plain, _, _ = fit_both(saving("{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=4), tmp_path)
    names = files(tmp_path / "ours")
    assert names == files(tmp_path / "theirs")
    assert len(names) == EPOCHS * STEPS // 4
    for name in names:
        vae.load_weights(tmp_path / "ours" / name)
        plain.load_weights(tmp_path / "theirs" / name)
        assert_same_training(vae, plain)


def test_a_remote_monitor_is_told_of_every_epoch(monkeypatch):
    requests = pytest.importorskip("requests")
    sent = []
    monkeypatch.setattr(requests, "post", lambda url, *args, **kwargs: sent.append((url, kwargs)))
    fit_both(lambda folder: [C.RemoteMonitor(send_as_json=True)], epochs=2)
    assert [(url, set(kwargs)) for url, kwargs in sent[:2]] == [(url, set(kwargs)) for url, kwargs in sent[2:]]
    assert len(sent) == 4
    assert {"epoch", "loss", "val_loss", "kl_loss"} <= set(sent[0][1]["json"])


@pytest.mark.parametrize("swap_on_epoch", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_averaged_weights_are_swapped_as_in_keras(swap_on_epoch):
    def optimizer():
        return keras.optimizers.SGD(0.02, use_ema=True, ema_momentum=0.5)

    vae, plain, ours, theirs = fit_both(lambda folder: [C.SwapEMAWeights(swap_on_epoch)], optimizer=optimizer)
    assert_same_training(vae, plain)
    assert_same_history(ours, theirs)
    # The validation is that of the averaged weights, not of the last ones.
    assert ours["val_loss"] != pytest.approx(fit(both(run_eagerly=lambda: True)[0], [])["val_loss"], rel=1e-6)


def test_swapping_weights_that_are_not_averaged_is_refused_as_in_keras():
    with pytest.raises(ValueError, match="must be used when `use_ema=True` is set"):
        fit_both(lambda folder: [C.SwapEMAWeights()])


@pytest.mark.parametrize("update_freq", ["epoch", "batch", 2])
def test_a_tensorboard_gets_as_many_points_as_of_a_plain_model(tmp_path, update_freq):
    pytest.importorskip("tensorboard")
    from tensorflow.core.util import event_pb2
    from tensorflow.data import TFRecordDataset

    def points(folder):
        events = [
            event_pb2.Event.FromString(r.numpy()) for f in files(folder) for r in TFRecordDataset(str(folder / f))
        ]
        return sorted((value.tag, event.step) for event in events for value in event.summary.value)

    fit_both(lambda folder: [C.TensorBoard(folder, update_freq=update_freq, write_graph=False)], tmp_path)
    ours, theirs = points(tmp_path / "ours"), points(tmp_path / "theirs")
    tags = {tag for tag, _ in theirs}
    assert tags
    assert [point for point in ours if point[0] in tags] == theirs


def test_checkpoints_of_orbax_are_written_for_a_vae_too(tmp_path):
    pytest.importorskip("orbax.checkpoint")
    vae, plain, _, _ = fit_both(lambda folder: [C.OrbaxCheckpoint(folder, save_on_background=False)], tmp_path)
    assert_same_training(vae, plain)
    assert [path.name for path in (tmp_path / "ours").iterdir()] == [p.name for p in (tmp_path / "theirs").iterdir()]
