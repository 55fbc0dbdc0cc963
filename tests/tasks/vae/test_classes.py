"""Models that are told the class of a row: by name, in training, in every verb of a run, and in samples."""

import json

import numpy as np
import pytest
from runs.run_helpers import SMALL, assert_same_run, train_run, write_image_files, write_table
from tasks.vae.data_sets import images, table

from keras_vae.data.dataset import Dataset
from keras_vae.runs import verbs
from keras_vae.runs.doctor import train_commands
from keras_vae.runs.run_folder import RunFolder
from keras_vae.serving import load_saved_model
from keras_vae.tasks.vae.classes import class_names_of, class_numbers, classes_of_samples
from keras_vae.tasks.vae.vae_task import VAETask


def labelled(labels, names=None, dtype="int64"):
    x = np.random.default_rng(0).normal(size=(len(labels), 3)).astype("float32")
    return Dataset("mine", x, None, np.asarray(labels, dtype), None, (3,), "table", class_names=names)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A folder with a table of two classes and a finished run that was told them; not to be written to."""
    folder = tmp_path_factory.mktemp("told")
    train_run(folder / "run", write_table(folder / "table.csv"), condition="label", epochs=40, learning_rate=0.01)
    return folder


def test_classes_are_numbered_by_name():
    data = labelled([0, 1, 1], ("cat", "dog"))
    assert class_names_of(data) == ("cat", "dog")
    assert class_numbers(("dog", "cat"), data, "train").tolist() == [1, 0, 0]


def test_numbers_of_classes_need_not_begin_at_zero_or_be_without_gaps():
    data = labelled([7, 3, 3, 10])
    names = class_names_of(data)
    assert names == ("3", "7", "10")
    assert class_numbers(names, data, "train").tolist() == [1, 0, 0, 2]


def test_samples_are_of_all_classes_in_turn_or_of_one():
    assert classes_of_samples(("a", "b", "c"), 7).tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert classes_of_samples(("a", "b", "c"), 2).tolist() == [0, 1]
    assert classes_of_samples(("a", "b", "c"), 2, "c").tolist() == [2, 2]
    with pytest.raises(ValueError, match=r"`label` must be one of a, b. Received: label='d'"):
        classes_of_samples(("a", "b"), 2, "d")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (table(), "`condition` must not be label for data without labels"),
        (labelled([0.5, 1.5], dtype="float32"), "`condition` must not be label where labels are real numbers"),
        (labelled([4, 4]), "`condition` must not be label unless there are 2 to 1000 classes. Received: 1"),
    ],
    ids=["none", "real", "one"],
)
def test_data_without_classes_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        VAETask(**SMALL, condition="label").prepare(data)


def test_rows_of_another_class_or_of_none_are_refused():
    with pytest.raises(ValueError, match=r"must have the classes of the training, 3, 7. Received: '4' in mine"):
        class_numbers(("3", "7"), labelled([3, 4]), "train")
    with pytest.raises(ValueError, match="must have a label for each row"):
        class_numbers(("3", "7"), table(), "train")


@pytest.mark.parametrize(("name", "value"), [("graph", "ladder"), ("prior", "vamp")])
def test_what_takes_no_condition_is_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must not be {value} beside a condition"):
        VAETask(**SMALL | {"latent_dim": None}, condition="label", **{name: value}).checked_settings()


def test_pictures_of_known_classes_get_one_layer_of_latents():
    data = images()
    data = Dataset("mine", data.x_train, None, np.arange(10) % 2, None, data.event_shape, "image")
    assert VAETask().prepare(data).settings_["graph"] == "ladder"
    assert VAETask(condition="label").prepare(data).settings_["graph"] == "vae"


@pytest.mark.slow
def test_samples_of_a_class_look_like_the_class(told, tmp_path):
    means = {}
    for label in ("low", "high"):
        verbs.sample_run(told / "run", tmp_path / "s.npz", n=400, seed=0, label=label)
        with np.load(tmp_path / "s.npz") as file:
            means[label] = file["x"].mean(axis=0)
            assert set(file["label"].tolist()) == {label}
    # In the data column b of the class high is lower by 20, where the values of a class vary by 10.
    assert means["low"][1] - means["high"][1] == pytest.approx(20, abs=6)


@pytest.mark.slow
def test_a_picture_of_samples_has_all_classes(told, tmp_path):
    verbs.sample_run(told / "run", tmp_path / "s.png", n=6, seed=0)
    assert (tmp_path / "s.png").stat().st_size > 1000
    with pytest.raises(ValueError, match="`label` must be one of high, low"):
        verbs.sample_run(told / "run", tmp_path / "s.png", n=6, label="middle")


def test_a_run_that_was_told_nothing_refuses_a_label(run_path, tmp_path):
    with pytest.raises(ValueError, match="`label` must be None for a model that is told no class"):
        verbs.sample_run(run_path, tmp_path / "s.png", label="high")


@pytest.mark.slow
def test_every_verb_takes_the_classes_of_the_rows(told, tmp_path):
    data = str(told / "table.csv")
    assert verbs.encode_run(told / "run", data, tmp_path / "z.npz") == 60
    assert verbs.reconstruct_run(told / "run", data, tmp_path / "r.csv") == 60
    assert verbs.score_run(told / "run", data, tmp_path / "s.csv", n_samples=3) == 60
    figures = verbs.evaluate_run(told / "run", n_samples=3)
    assert np.isfinite(figures["log_prob"])
    assert figures["part"] == "test"
    (tmp_path / "plain.csv").write_text("a,b,c,d\n" + "1,2,3,4\n" * 10)
    with pytest.raises(ValueError, match="label"):
        verbs.encode_run(told / "run", str(tmp_path / "plain.csv"), tmp_path / "z.npz")


def test_the_model_uses_what_it_is_told(told):
    model, config = RunFolder(told / "run").load_model(), RunFolder(told / "run").read_config()
    assert config["settings"]["condition"] == "label"
    z = np.zeros((1, model.latent_dim), "float32")
    high, low = (model.decode(z, condition=[k])[0] for k in (0, 1))
    assert abs(high[1] - low[1]) > 5


@pytest.mark.slow
def test_an_export_takes_the_number_of_the_class(told, tmp_path):
    version, _, _ = verbs.export_run(told / "run", tmp_path / "m")
    served = load_saved_model(version)
    assert served.sample(3, seed=0, condition=1).shape == (3, 4)


@pytest.mark.slow
def test_a_run_goes_on_with_its_classes(tmp_path):
    data = write_image_files(tmp_path / "images", n=30)
    settings = {"condition": "label", "graph": "vae", "network": "dense"}
    train_run(tmp_path / "a", data, epochs=4, **settings)
    train_run(tmp_path / "b", data, epochs=2, **settings)
    train_run(tmp_path / "b", data, resume=True, epochs=4, **settings)
    assert_same_run(tmp_path / "a", tmp_path / "b")
    assert json.loads((tmp_path / "a" / "config.json").read_text())["learned"]["classes_"] == ["cats", "dogs"]


def test_an_older_run_was_told_nothing():
    learned = VAETask(**SMALL).prepare(table()).learned()
    del learned["classes_"]
    assert VAETask(**VAETask(**SMALL).prepare(table()).settings_).with_learned(learned).classes_ is None


def test_the_doctor_does_not_advise_what_is_refused():
    class Report:
        class Remedy:
            @staticmethod
            def changed(present):
                return {"prior": "vamp", "n_components": 50}

        remedy = (Remedy,)

    settings = VAETask(**SMALL, condition="label").checked_settings()
    config = {"task": "vae", "data": "digits", "settings": settings}
    assert train_commands(Report, config, "run") == []
    config["settings"] = {**settings, "condition": None}
    assert len(train_commands(Report, config, "run")) == 1
