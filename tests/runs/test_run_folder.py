import resource

import numpy as np
import pytest
from runs.run_helpers import names

from keras_vae.runs.config import task_of
from keras_vae.runs.load_model import load_model
from keras_vae.runs.run_folder import RunFolder

# The epoch with the best bound on the five rows held out.
BEST = "checkpoints/best-00001.npz"


@pytest.fixture
def run(run_path):
    return RunFolder(run_path)


def test_a_finished_run_holds_what_is_promised(run):
    assert names(run.path) == sorted(
        ["checkpoints", BEST, "checkpoints/epoch-00003.keras", "config.json", "figures", "history.csv"]
        + ["metrics.json", "model.keras"]
        + [f"figures/{name}.png" for name in ("kl_per_dim", "latent_map", "loss_curves", "reconstructions")]
        + [f"figures/{name}.png" for name in ("samples", "traversals")]
    )


def test_a_folder_without_config_is_no_run(tmp_path):
    with pytest.raises(ValueError, match=r"is not a run folder: it has no config\.json\. Make one with `keras-vae"):
        RunFolder.open(tmp_path)


def test_history_comes_back_with_every_digit_and_without_later_epochs(tmp_path):
    run = RunFolder(tmp_path)
    history = {"epoch": [1, 2, 3], "loss": [0.1, 1 / 3, 2e-17], "val_loss": [1.0, float("inf"), 3.0]}
    run.write_history(history)
    assert run.read_history(3) == history
    assert run.read_history(2) == {key: values[:2] for key, values in history.items()}
    assert run.read_history(0) == {}


@pytest.mark.parametrize("content", ["epoch,loss\n1,a\n", "epoch,loss\n1\n", "epoch,loss\n1,2,3\n"], ids=repr)
def test_a_damaged_history_is_refused(tmp_path, content):
    run = RunFolder(tmp_path)
    run.history_file.write_text(content)
    with pytest.raises(ValueError, match=r"history\.csv cannot be read: "):
        run.read_history(1)


@pytest.mark.parametrize("content", ["", "epoch,loss\n1,2.0\n", "epoch,loss\n2,2.0\n3,1.0\n"], ids=repr)
def test_a_history_that_lacks_epochs_is_refused(tmp_path, content):
    run = RunFolder(tmp_path)
    run.history_file.write_text(content)
    with pytest.raises(ValueError, match=r"history\.csv must hold the 2 epochs of the newest checkpoint"):
        run.read_history(2)


def test_an_unfinished_run_gives_the_model_of_its_newest_checkpoint(run):
    run.model_file.rename(run.checkpoints / "epoch-100000.keras")
    assert run.epochs_done == 100_000  # By number, not by letter.
    assert run.load_model().latent_dim == 2


def test_a_run_without_a_finished_epoch_has_no_model(run):
    run.model_file.unlink()
    (run.checkpoints / "epoch-00003.keras").unlink()
    with pytest.raises(ValueError, match="has no model yet: its training has not finished an epoch"):
        run.load_model()


def test_older_checkpoints_go_when_the_new_one_is_there(run):
    model, epochs_done = run.load_checkpoint()
    assert epochs_done == 3
    run.save_checkpoint(model, 4)
    assert names(run.checkpoints) == ["best-00001.npz", "epoch-00004.keras"]


def test_a_full_disk_leaves_the_old_checkpoint_and_nothing_else(run):
    model, _ = run.load_checkpoint()
    before = (run.checkpoints / "epoch-00003.keras").read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            run.save_checkpoint(model, 4)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert names(run.checkpoints) == ["best-00001.npz", "epoch-00003.keras"]
    assert (run.checkpoints / "epoch-00003.keras").read_bytes() == before


@pytest.mark.parametrize("missing", ["model.keras", "metrics.json", None, "damaged", "of-another-length"], ids=str)
def test_a_run_is_finished_when_model_and_figures_of_its_epochs_are_there(run, missing):
    config = run.read_config()
    task = task_of(config)
    assert run.is_finished(config, task)
    if missing == "damaged":
        run.metrics_file.write_text('{"epochs": 3')
    elif missing == "of-another-length":
        run.write_metrics({**run.read_metrics(), "epochs": 2, "epochs_done": 2})
    elif missing:
        (run.path / missing).unlink()
    assert run.is_finished(config, task) == (missing is None)


def test_a_new_run_may_begin_in_an_empty_folder_and_after_one_without_a_finished_epoch(run, tmp_path):
    RunFolder(tmp_path / "nothing").check_free()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").touch()
    RunFolder(tmp_path / "empty").check_free()
    run.model_file.unlink()
    (run.checkpoints / "epoch-00003.keras").unlink()
    run.check_free()


def test_a_new_run_does_not_begin_over_a_trained_one(run):
    with pytest.raises(ValueError, match="holds a run already: pass --resume to go on with it, or another --out"):
        run.check_free()


@pytest.mark.parametrize("kind", ["file", "folder", "config of others"])
def test_a_new_run_does_not_begin_over_other_things(tmp_path, kind):
    path = tmp_path / "mine"
    if kind == "file":
        path.write_text("precious")
    else:
        path.mkdir()
        (path / ("config.json" if kind == "config of others" else "thesis.txt")).write_text("{}")
    before = names(tmp_path)
    with pytest.raises(
        ValueError, match=r"exists and is not a run folder: pass another --out|is not a config of format"
    ):
        RunFolder(path).check_free()
    assert names(tmp_path) == before


def test_a_run_is_trained_by_one_process_at_a_time(run):
    # The lock belongs to the open folder, so that a second one in this process is like another process.
    with run.locked(), pytest.raises(ValueError, match="is being trained by another process"), run.locked():
        pass
    with run.locked():
        pass


def test_what_a_killed_process_left_is_cleared_away(run):
    before = names(run.path)
    for folder in (run.path, run.checkpoints, run.figures):
        (folder / ".tmp-0123-half.keras").write_text("half of a f")
    (run.checkpoints / "epoch-00002.keras").write_text("whole, but overtaken")
    with run.locked():
        assert names(run.path) == before


def test_a_folder_made_for_nothing_goes_again(tmp_path):
    with RunFolder(tmp_path / "run").locked():
        pass
    assert names(tmp_path) == []
    (tmp_path / "mine").mkdir()
    with RunFolder(tmp_path / "mine").locked():
        pass
    assert names(tmp_path) == ["mine"]


def test_a_model_comes_back_as_it_was_saved(run):
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(
        run.load_model().predict(x, verbose=0), load_model(run.model_file).predict(x, verbose=0)
    )
