import os

import pytest
from runs.run_helpers import SMALL, names, write_table

from keras_vae.runs.open_run import begin, load_for, open_run, resumed_config
from keras_vae.runs.run_folder import RunFolder
from keras_vae.tasks.registry import TASKS


def test_what_is_not_given_is_chosen_by_the_data(table):
    config, task, data = begin("vae", str(table))
    settings = config["settings"]
    assert (settings["network"], settings["likelihood"], task.event_shape_) == ("skip", "student_t", (4,))
    assert (settings["batch_size"], settings["epochs"]) == (16, 1500)
    assert config["n_train"] == data.n_train == 49


def test_without_data_the_task_has_its_own_or_asks(monkeypatch):
    assert begin("vae")[0]["data"] == "digits"
    monkeypatch.delattr("keras_vae.tasks.vae.settings.DEFAULT_DATA")
    with pytest.raises(ValueError, match="`data` must be given for `keras-vae train`"):
        begin("vae")


def test_a_name_stays_and_a_path_is_kept_in_full(table, monkeypatch):
    monkeypatch.chdir(table.parent)
    assert begin("vae", "table.csv")[0]["data"] == os.path.abspath("table.csv")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"network": "lstm"}, "`network` must be one of 'dense'"),
        ({"likelihood": "poisson"}, "`likelihood` must be one of 'bernoulli'"),
        ({"latent_dim": 0}, "`latent_dim` must be a tuple of one or more whole numbers >= 1"),
        ({"hidden_units": [0]}, "`hidden_units` must be a tuple of one or more whole numbers >= 1"),
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
        begin("vae", "no such data", **setting)


def test_missing_data_are_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no data set 'nothing'"):
        open_run(tmp_path / "run", data="nothing")
    assert names(tmp_path) == []


def test_a_run_that_is_there_is_not_begun_again(run_path):
    with pytest.raises(ValueError, match="holds a run already: pass --resume to go on with it, or another --out"):
        open_run(run_path, data="digits")


def test_a_finished_run_is_not_loaded(run_path, table):
    run, config, task, data = open_run(run_path, resume=True, data=str(table), **SMALL)
    assert data is None
    assert run.is_finished(config, task)
    assert open_run(run_path, resume=True, epochs=4)[-1].n_train == 49


def test_resuming_where_nothing_is_begins_a_run(tmp_path, table):
    _, config, _, data = open_run(tmp_path / "new", resume=True, data=str(table), beta=2.0)
    assert config["settings"]["beta"] == 2.0
    assert data.n_train == 49


@pytest.mark.parametrize(
    ("name", "value"),
    [("beta", 2.0), ("network", "conv"), ("hidden_units", [9]), ("seed", 1), ("data", "digits"), ("batch_size", 8)],
)
def test_a_setting_of_a_begun_run_does_not_change(run_path, name, value):
    with pytest.raises(ValueError, match=f"`{name}` must stay what it was when the run began, .* Received: {name}="):
        resumed_config(RunFolder(run_path), "vae", **{name: value})


def test_the_same_settings_may_be_given_again(run_path, table, monkeypatch):
    monkeypatch.chdir(table.parent)
    config = resumed_config(RunFolder(run_path), "vae", "table.csv", hidden_units=[8], seed=0)
    assert config["settings"]["epochs"] == 3


def test_epochs_may_grow_and_not_shrink(run_path):
    run = RunFolder(run_path)
    assert resumed_config(run, "vae", epochs=30)["settings"]["epochs"] == 30
    with pytest.raises(ValueError, match="`epochs` must be at least the 3 done"):
        resumed_config(run, "vae", epochs=2)
    with pytest.raises(ValueError, match="`epochs` must be a whole number >= 1"):
        resumed_config(run, "vae", epochs=0)


def test_a_run_goes_on_with_the_command_that_began_it(run_path, monkeypatch):
    monkeypatch.setitem(TASKS, "other", TASKS["vae"]._replace(command="paint"))
    with pytest.raises(ValueError, match=r"run goes on with `keras-vae train`\. Received: `keras-vae paint`"):
        resumed_config(RunFolder(run_path), "other")


def test_a_run_killed_before_its_first_checkpoint_learns_from_its_data_again(run_path, tmp_path):
    run = RunFolder(run_path)
    for file in (run.model_file, *run.checkpoint_files()):
        file.unlink()
    task = open_run(run_path, resume=True)[2]
    assert task.build_model().preprocessing.location.numpy()[1] == pytest.approx(89.7, abs=0.1)


def test_other_data_are_taken_whole(run_path, tmp_path):
    from keras_vae.runs.config import task_of

    config = RunFolder(run_path).read_config()
    data, is_own = load_for(config, task_of(config), str(write_table(tmp_path / "new.csv", n=20)))
    assert (data.n_train, data.n_test, is_own) == (20, 0, False)
    data, is_own = load_for(config, task_of(config), config["data"])
    assert (data.n_train, data.n_test, is_own) == (49, 6, True)
