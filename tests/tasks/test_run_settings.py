import os

import pytest
from task_helpers import SMALL, names, write_images

from keras_vae.tasks.run_folder import RunFolder
from keras_vae.tasks.settings import make_config, open_run, resume_config


def test_what_is_not_given_is_chosen_by_the_data(table):
    config, dataset = make_config(str(table))
    assert (config["network"], config["likelihood"], config["event_shape"]) == ("dense", "gaussian", [4])
    assert (config["batch_size"], config["epochs"]) == (32, 1500)
    assert config["n_train"] == dataset.n_train == 54


def test_a_name_stays_and_a_path_is_kept_in_full(table, monkeypatch):
    assert make_config("digits")[0]["data"] == "digits"
    monkeypatch.chdir(table.parent)
    assert make_config("table.csv")[0]["data"] == os.path.abspath("table.csv")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"network": "lstm"}, "`network` must be one of 'dense'"),
        ({"likelihood": "poisson"}, "`likelihood` must be one of 'bernoulli'"),
        ({"latent_dim": 0}, "`latent_dim` must be a whole number >= 1"),
        ({"free_bits": -1.0}, r"`free_bits` must be a finite number >= 0\.0"),
        ({"beta": -1.0}, r"`beta` must be a finite number >= 0\.0"),
        ({"beta": float("nan")}, r"`beta` must be a finite number >= 0\.0"),
        ({"learning_rate": 0.0}, r"`learning_rate` must be a finite number > 0\.0"),
        ({"epochs": 0}, "`epochs` must be a whole number >= 1"),
        ({"batch_size": -3}, "`batch_size` must be a whole number >= 1"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"seed": 2**63}, "`seed` must be at most 9223372036854775807"),
    ],
    ids=str,
)
def test_a_setting_out_of_range_is_refused_before_data_are_loaded(setting, message):
    with pytest.raises(ValueError, match=message):
        make_config("no such data", **setting)


def test_missing_data_are_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no data set 'nothing'"):
        open_run(tmp_path / "run", data="nothing")
    assert names(tmp_path) == []


def test_a_run_that_is_there_is_not_begun_again(run_path):
    with pytest.raises(ValueError, match="holds a run already: pass --resume to go on with it, or another --out"):
        open_run(run_path, data="digits")


def test_a_finished_run_is_not_loaded(run_path, table):
    table = str(table)
    run, config, dataset = open_run(run_path, resume=True, data=table, **SMALL)
    assert dataset is None
    assert run.is_finished(config["epochs"])
    assert open_run(run_path, resume=True, epochs=4)[2].n_train == 54


def test_resuming_where_nothing_is_begins_a_run(tmp_path, table):
    _, config, dataset = open_run(tmp_path / "new", resume=True, data=str(table), beta=2.0)
    assert config["beta"] == 2.0
    assert dataset.n_train == 54


@pytest.mark.parametrize(
    ("name", "value"),
    [("beta", 2.0), ("network", "conv"), ("hidden_units", [9]), ("seed", 1), ("data", "digits"), ("batch_size", 8)],
)
def test_a_setting_of_a_begun_run_does_not_change(run_path, name, value):
    with pytest.raises(ValueError, match=f"`{name}` must stay what it was when the run began, .* Received: {name}="):
        resume_config(RunFolder(run_path), **{name: value})


def test_the_same_settings_may_be_given_again(run_path, table, monkeypatch):
    monkeypatch.chdir(table.parent)
    assert resume_config(RunFolder(run_path), data="table.csv", hidden_units=[8], beta=None)["epochs"] == 3


def test_epochs_may_grow_and_not_shrink(run_path):
    run = RunFolder(run_path)
    assert resume_config(run, epochs=30)["epochs"] == 30
    with pytest.raises(ValueError, match="`epochs` must be at least the 3 done"):
        resume_config(run, epochs=2)
    with pytest.raises(ValueError, match="`epochs` must be a whole number >= 1"):
        resume_config(run, epochs=0)


def test_images_too_small_for_convolutions_get_a_dense_network(tmp_path):
    config, _ = make_config(str(write_images(tmp_path / "x.npz")))
    assert (config["network"], config["event_shape"]) == ("dense", [7, 9, 1])
