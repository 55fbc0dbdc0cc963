import shutil

import numpy as np
import pytest

from keras_vae.runs.curves import curves_run
from keras_vae.runs.run_folder import RunFolder


@pytest.fixture
def going(run_path, tmp_path):
    """A run as it is while it trains: a history, and no model."""
    path = shutil.copytree(run_path, tmp_path / "going")
    (path / "model.keras").unlink()
    (path / "metrics.json").unlink()
    shutil.rmtree(path / "checkpoints")
    shutil.rmtree(path / "figures")
    return path


def test_a_finished_run_has_its_kept_epoch(run_path, tmp_path):
    run = RunFolder(run_path)
    found = curves_run(run_path, tmp_path / "now.pdf")
    assert (tmp_path / "now.pdf").read_bytes().startswith(b"%PDF")
    assert found["is_finished"]
    assert found["kept_epoch"] == run.kept_epoch
    assert found["epochs_done"] == run.epochs_done


def test_a_run_that_is_going_is_drawn_as_far_as_it_went_and_left_as_it_is(going):
    files = {path.name for path in going.iterdir()}
    history = (going / "history.csv").read_text()
    found = curves_run(going)
    assert found["figure"] == str(going / "figures" / "loss_curves.png")
    assert (going / "figures" / "loss_curves.png").read_bytes().startswith(b"\x89PNG")
    n_epochs = len(history.splitlines()) - 1
    assert (found["is_finished"], found["epochs_done"], found["last"]["epoch"]) == (False, n_epochs, n_epochs)
    assert {path.name for path in going.iterdir()} == files | {"figures"}
    assert (going / "history.csv").read_text() == history


def test_the_best_epoch_of_a_run_that_is_going_is_that_of_its_history(going):
    (going / "history.csv").write_text("epoch,loss,val_elbo,elbo\n1,9,-9,-9\n2,5,-6,-5\n3,3,-7,-3\n4,2,nan,-2\n")
    found = curves_run(going)
    assert (found["kept_epoch"], found["epochs_done"]) == (2, 4)


def test_a_start_that_no_epoch_has_beaten_is_the_best(going):
    (going / "history.csv").write_text("epoch,loss,val_elbo,elbo\n1,9,-9,-9\n2,5,-6,-5\n")
    RunFolder(going).save_best([np.zeros(2)], 0, start=-1.0)
    assert curves_run(going)["kept_epoch"] == 0


def test_what_has_no_curve_is_refused(going, tmp_path):
    (going / "history.csv").unlink()
    with pytest.raises(ValueError, match="has no curve yet: its training has not finished an epoch"):
        curves_run(going)
    with pytest.raises(ValueError, match="is not a run folder"):
        curves_run(tmp_path)


def test_other_endings_and_damaged_histories_are_refused(going):
    with pytest.raises(ValueError, match=r"`out` must end in \.png or \.jpg or \.pdf or \.svg"):
        curves_run(going, "a.csv")
    (going / "history.csv").write_text("epoch,loss\n1,3\n3,2\n")
    with pytest.raises(ValueError, match="must hold the 2 epochs"):
        curves_run(going)
