import os
import shutil

import numpy as np
import pytest
from helpers import small_vae
from runs.run_helpers import SMALL, assert_same_run, names, train_run, whole_state, write_image_files, write_images

from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.runs import recorder
from keras_vae.runs.config import task_of
from keras_vae.runs.open_run import open_run
from keras_vae.runs.run_folder import RunFolder
from keras_vae.runs.training import train
from keras_vae.tasks.vae.vae_task import VAETask


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.fixture
def save_every_epoch(monkeypatch):
    monkeypatch.setattr(recorder, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "CHECKPOINT_SHARE", 1e9)


@pytest.fixture
def short_report(monkeypatch):
    """Pictures and importance samples take most of the time of a small run."""

    def report(self, model, data, history):
        return model.evaluate(self.held_out(data)[0], verbose=0, return_dict=True), ()

    monkeypatch.setattr(VAETask, "report", report)


@pytest.fixture(scope="module")
def whole(trained, tmp_path_factory):
    """A run like `trained`, uninterrupted, with a short report."""
    path = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as monkeypatch:
        short_report.__wrapped__(monkeypatch)
        train_run(path, trained / "table.csv")
    return path


@pytest.fixture
def die_at_rename(monkeypatch):
    """Let the process die right before (or after) a file gets its final name."""

    def arm(name, after=False):
        replace = os.replace

        def dying(source, target):
            is_last = os.path.basename(target) == name
            if after or not is_last:
                replace(source, target)
            if is_last:
                monkeypatch.setattr(os, "replace", replace)
                raise Killed

        monkeypatch.setattr(os, "replace", dying)

    return arm


@pytest.mark.slow
def test_the_same_settings_give_the_same_run(trained, tmp_path):
    train_run(tmp_path / "run", trained / "table.csv")
    assert_same_run(trained / "run", tmp_path / "run")
    for picture in (trained / "run" / "figures").iterdir():
        assert (tmp_path / "run" / "figures" / picture.name).read_bytes() == picture.read_bytes()


@pytest.mark.slow
def test_another_seed_gives_another_run(trained, whole, tmp_path, short_report):
    metrics = train_run(tmp_path / "run", trained / "table.csv", seed=1)
    assert metrics["elbo"] != RunFolder(whole).read_metrics()["elbo"]


# Per epoch the history, the best weights where there are new ones, and the checkpoint, after the config; then the model
# and the figures.
@pytest.mark.parametrize(
    ("name", "after"),
    [
        pytest.param("config.json", True, id="after-the-config", marks=pytest.mark.slow),
        pytest.param("best-00001.npz", True, id="after-the-best-weights", marks=pytest.mark.slow),
        pytest.param("epoch-00002.keras", False, id="in-the-second-checkpoint"),
        pytest.param("epoch-00002.keras", True, id="after-the-second-checkpoint", marks=pytest.mark.slow),
        pytest.param("epoch-00003.keras", True, id="before-the-report", marks=pytest.mark.slow),
        pytest.param("model.keras", False, id="before-the-model", marks=pytest.mark.slow),
        pytest.param("metrics.json", False, id="before-the-figures"),
    ],
)
def test_a_run_killed_anywhere_ends_with_the_same_numbers(
    trained, whole, tmp_path, save_every_epoch, short_report, die_at_rename, name, after
):
    die_at_rename(name, after)
    with pytest.raises(Killed):
        train_run(tmp_path / "run", trained / "table.csv")
    assert not (tmp_path / "run" / "metrics.json").exists()
    train_run(tmp_path / "run", trained / "table.csv", resume=True)
    assert_same_run(whole, tmp_path / "run")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "settings"),
    [
        pytest.param(lambda p: write_images(p / "x.npz"), {"network": "resnet"}, id="images", marks=pytest.mark.slow),
        pytest.param(lambda p: write_image_files(p / "x", n=24), {}, id="folder", marks=pytest.mark.slow),
        pytest.param(lambda p: "digits", {"likelihood": "bernoulli", "batch_size": 200}, id="binarized"),
    ],
)
def test_other_data_and_networks_resume_to_the_same_numbers_too(
    tmp_path, save_every_epoch, short_report, die_at_rename, write, settings
):
    data = write(tmp_path)
    train_run(tmp_path / "whole", data, epochs=2, **settings)
    die_at_rename("epoch-00001.keras", after=True)
    with pytest.raises(Killed):
        train_run(tmp_path / "killed", data, epochs=2, **settings)
    assert RunFolder(tmp_path / "killed").epochs_done == 1
    train_run(tmp_path / "killed", data, resume=True, epochs=2, **settings)
    assert_same_run(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.slow
def test_a_finished_run_goes_on_to_more_epochs(trained, whole, tmp_path, short_report):
    train_run(tmp_path / "long", trained / "table.csv", epochs=5)
    shutil.copytree(whole, tmp_path / "run")
    assert train_run(tmp_path / "run", trained / "table.csv", resume=True, epochs=5)["epochs"] == 5
    assert_same_run(tmp_path / "long", tmp_path / "run")


@pytest.mark.slow
def test_a_run_killed_on_its_way_to_more_epochs_does_not_pass_for_finished(
    run_path, table, save_every_epoch, short_report, die_at_rename
):
    # The new model stands beside the old figures.
    die_at_rename("model.keras", after=True)
    with pytest.raises(Killed):
        train_run(run_path, table, resume=True, epochs=5)
    run = RunFolder(run_path)
    assert run.read_metrics()["epochs"] == 3
    config = run.read_config()
    assert not run.is_finished(config, task_of(config))
    assert train_run(run_path, table, resume=True, epochs=5)["epochs"] == 5


@pytest.mark.slow
def test_deleted_pictures_figures_and_model_are_made_again(run_path, trained):
    for name in ("model.keras", "metrics.json", "figures/samples.png"):
        (run_path / name).unlink()
    train_run(run_path, trained / "table.csv", resume=True)
    assert_same_run(trained / "run", run_path)


def test_settings_that_make_no_model_leave_no_folder(trained, tmp_path):
    with pytest.raises(ValueError, match="`hidden_units` must be"):
        train_run(tmp_path / "run", trained / "table.csv", hidden_units=[0])
    assert names(tmp_path) == []


def test_values_outside_the_support_leave_no_folder(trained, tmp_path):
    with pytest.raises(ValueError, match="does not fit the likelihood NegativeBinomial"):
        train_run(tmp_path / "run", trained / "table.csv", likelihood="negative_binomial")
    assert names(tmp_path) == []


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_the_run_and_leaves_no_checkpoint_of_it(trained, tmp_path):
    with pytest.raises(ValueError, match=r"not finite at step \d+; .* a learning rate of 1e\+20 that is too high"):
        train_run(tmp_path / "run", trained / "table.csv", learning_rate=1e20)
    assert not list((tmp_path / "run").rglob("*.keras"))


def test_data_that_changed_under_a_run_are_refused(run_path, table):
    run = RunFolder(run_path)
    _, config, task, _ = open_run(run_path, resume=True, epochs=5)
    other = open_run(run_path.parent / "other", data="digits", **SMALL)[-1]
    with pytest.raises(ValueError, match="the data must have examples of shape"):
        train(run, config, task, other, verbose=0)


def test_checkpoints_come_every_few_seconds_and_at_most_a_twentieth_of_the_time(trained, tmp_path, monkeypatch):
    keeping = recorder.Recorder(RunFolder(tmp_path), {}, {}, KeepBest())
    keeping.set_model(small_vae())
    keeping.model.compile("adam")
    clock = [0.0]
    monkeypatch.setattr(recorder.time, "monotonic", lambda: clock[0])
    saved = []

    def save(model, epoch):
        clock[0] += 1.0  # One second each: the next may come 20 seconds later.
        saved.append(epoch)

    monkeypatch.setattr(keeping.run, "save_checkpoint", save)
    for epoch in range(100):
        clock[0] += 0.5
        keeping.on_epoch_end(epoch, {"loss": 1.0})
    keeping.on_train_end()
    assert saved == [1, 41, 81, 100]


def test_without_tensorboard_its_logs_are_refused_before_the_training(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    begun = open_run(tmp_path / "run", data=str(trained / "table.csv"), **SMALL)
    with pytest.raises(ImportError, match=r"pip install 'keras_vae\[tensorboard\]'"):
        train(*begun, verbose=0, tensorboard=True)
    assert names(tmp_path) == []


@pytest.mark.slow
def test_looking_at_a_run_does_not_change_how_it_goes_on(run_path, tmp_path):
    model, _ = RunFolder(run_path).load_checkpoint()
    before = whole_state(run_path / "checkpoints" / "epoch-00003.keras")
    model.log_prob(np.zeros((4, 4), "float32"), n_samples=2)
    model.encode(np.zeros((4, 4), "float32"))
    model.save(tmp_path / "looked-at.keras")
    for x, y in zip(before, whole_state(tmp_path / "looked-at.keras"), strict=True):
        np.testing.assert_array_equal(x, y)
