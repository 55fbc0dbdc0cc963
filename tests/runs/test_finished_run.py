import numpy as np
import pytest
from runs.run_helpers import write_table

import keras_vae as kv
from keras_vae.runs.run_folder import RunFolder


def test_a_run_comes_with_model_settings_and_data_as_the_shell_had_them(trained):
    run = kv.load_run(trained / "run")
    assert run.settings["latent_dim"] == [2]
    assert (run.data.n_train, run.data.n_validation, run.data.n_test) == (49, 5, 6)
    assert run.metrics["kept_epoch"] == run.epoch
    assert run.history["epoch"] == [1, 2, 3]
    elbo = run.model.evaluate(run.task.rows(run.data, "test"), verbose=0, return_dict=True)["elbo"]
    assert elbo == pytest.approx(run.metrics["elbo"], rel=1e-6)


def test_an_unfinished_run_has_its_best_weights_and_no_figures(run_path):
    folder = RunFolder(run_path)
    best = folder.load_best()["weights"]
    folder.model_file.unlink()
    folder.metrics_file.unlink()
    run = kv.load_run(run_path)
    assert run.metrics == {}
    assert run.epoch == folder.kept_epoch
    for a, b in zip(run.model.get_weights(), best, strict=True):
        np.testing.assert_array_equal(a, b)


def test_data_that_have_changed_are_refused(run_path, tmp_path):
    run = RunFolder(run_path)
    run.write_config({**run.read_config(), "data": str(write_table(tmp_path / "table.csv", seed=1))})
    with pytest.raises(ValueError, match="must hold the data that the run began with"):
        kv.load_run(run_path)


def test_a_damaged_file_of_weights_is_refused(run_path):
    folder = RunFolder(run_path)
    folder.model_file.unlink()
    next(folder.checkpoints.glob("best-*.npz")).write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"best-0000\d\.npz cannot be read"):
        folder.load_model()
