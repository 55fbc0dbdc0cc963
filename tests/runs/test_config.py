import json

import pytest
from runs.run_helpers import write_table

from keras_vae.runs.config import check_same_data, task_of
from keras_vae.runs.open_run import begin
from keras_vae.runs.run_folder import RunFolder


@pytest.fixture
def run(run_path):
    return RunFolder(run_path)


def change_config(run, settings=None, **changes):
    config = json.loads(run.config_file.read_text())
    config["settings"].update(settings or {})
    run.config_file.write_text(json.dumps({**config, **changes}))


def test_a_config_says_what_was_trained_on_what(run, trained):
    config = run.read_config()
    assert (config["format"], config["task"], config["data"]) == (2, "vae", str(trained / "table.csv"))
    assert (config["settings"]["latent_dim"], config["settings"]["network"]) == ([2], "skip")
    learned = config["learned"]
    assert set(learned) == {"event_shape_", "schema_", "binarize_", "n_classes_", "classes_"}
    assert (learned["event_shape_"], learned["binarize_"], learned["n_classes_"]) == ([4], False, None)
    assert learned["schema_"]["features"] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("content", ["", '{"format": 2, "data"', "\x00\xff", "not json"], ids=repr)
def test_a_damaged_config_is_refused(run, content):
    run.config_file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ValueError, match=r"config\.json cannot be read: "):
        RunFolder.open(run.path)


def test_a_config_that_is_a_list_is_refused(run):
    run.config_file.write_text("[1, 2]")
    with pytest.raises(ValueError, match="it holds no JSON object"):
        RunFolder.open(run.path)


@pytest.mark.parametrize("content", ['{"model_type": "bert"}', '{"format": 1}', '{"format": 3}'])
def test_a_config_of_another_program_is_refused(run, content):
    run.config_file.write_text(content)
    with pytest.raises(ValueError, match="is not a config of format 2 of keras-vae"):
        RunFolder.open(run.path)


def test_a_task_that_is_not_there_is_named(run):
    change_config(run, task="origami")
    with pytest.raises(ValueError, match="is of the task 'origami', which this keras-vae does not have"):
        RunFolder.open(run.path)


@pytest.mark.parametrize(
    ("settings", "changes", "named"),
    [
        pytest.param({"epochs": "3"}, {}, "epochs as `keras-vae train`", id="type"),
        pytest.param({"epochs": None}, {}, "epochs as `keras-vae train`", id="nothing-chosen"),
        pytest.param({"beta": -1.0, "latent_dim": 0}, {}, "latent_dim, beta as `keras-vae train`", id="two"),
        pytest.param({}, {"data": 1, "learned": None}, "data, learned as `keras-vae`", id="no-settings"),
    ],
)
def test_an_edited_config_is_refused_by_the_name_of_the_setting(run, settings, changes, named):
    change_config(run, settings, **changes)
    with pytest.raises(ValueError, match=rf"config\.json must hold {named} wrote it"):
        RunFolder.open(run.path)


def test_the_settings_that_every_task_needs_must_be_there(run):
    config = run.read_config()
    run.write_config({**config, "settings": {}})
    with pytest.raises(ValueError, match="must hold epochs, batch_size, learning_rate as `keras-vae train` wrote it"):
        RunFolder.open(run.path)


def test_a_run_from_before_a_setting_was_thought_of_did_without_it(run):
    config = run.read_config()
    later = ("graph", "schedule", "validation", "warm_up", "beta")
    settings = {n: v for n, v in config["settings"].items() if n not in later}
    run.write_config({**config, "settings": {**settings, "latent_dim": 2}})
    settings = run.read_config()["settings"]
    assert [settings[name] for name in later] == ["vae", "constant", 0.0, 0, None]
    assert settings["latent_dim"] == [2]


def test_what_was_learned_must_be_what_the_task_keeps(run):
    change_config(run, learned={})
    with pytest.raises(ValueError, match="`learned` must hold event_shape_, schema_, binarize_, n_classes_"):
        task_of(run.read_config())


def test_the_task_of_a_run_is_as_it_was_prepared(run):
    config = run.read_config()
    task = task_of(config)
    assert task.settings_ == config["settings"]
    assert task.event_shape_ == (4,)
    assert task.learned() == config["learned"]


def test_changed_data_are_not_the_data_of_the_run(tmp_path):
    path = write_table(tmp_path / "x.csv")
    config, task, data = begin("vae", str(path))
    check_same_data(config, task, data)
    write_table(path, seed=1)
    with pytest.raises(ValueError, match=r"x\.csv must hold the data that the run began with, 49 training examples"):
        check_same_data(config, task, task.load(str(path)))
