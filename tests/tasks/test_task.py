import gzip
import json

import numpy as np
import pytest
import tensorflow as tf
from runs.run_helpers import SMALL, write_image_files

from keras_vae.data import Reading, load
from keras_vae.serving import load_saved_model
from keras_vae.tasks.task import Task
from keras_vae.tasks.vae.vae_task import VAETask


@pytest.fixture(scope="module")
def fitted(trained):
    return VAETask(**SMALL).fit(str(trained / "table.csv"), verbose=0)


class Bare(Task):
    """A use with nothing of its own."""


def test_a_use_must_say_how_its_model_is_made():
    with pytest.raises(NotImplementedError, match=r"Bare must implement `build_model\(\)`"):
        Bare().build_model()


def test_data_come_by_name_by_path_as_an_array_or_as_they_are(trained, rng):
    task = Bare()
    digits = task.load("digits")
    assert (digits.n_train, digits.n_validation, digits.n_test) == (1293, 144, 360)
    data = task.load(str(trained / "table.csv"))
    assert (data.n_train, data.n_validation, data.n_test) == (49, 5, 6)
    whole = task.load(str(trained / "table.csv"), all_rows=True)
    assert (whole.n_train, whole.n_validation, whole.n_test) == (60, 0, 0)
    assert Bare(validation=0.0).load(str(trained / "table.csv")).n_train == 54
    assert task.load(data) is data
    array = task.load(rng.normal(size=(7, 3)))
    assert (array.n_train, array.n_validation, array.kind, array.event_shape) == (6, 1, "table", (3,))


def test_rows_come_in_their_own_order_with_their_labels(trained):
    task = Bare().prepare(load(str(trained / "table.csv")))
    whole = load(str(trained / "table.csv"), test_fraction=0.0)
    np.testing.assert_array_equal(task.rows(whole), whole.x_train)
    np.testing.assert_array_equal(task.labels(whole), whole.y_train)
    x, labels, part = task.held_out(whole)
    assert (len(x), len(labels), part) == (60, 60, "train")
    split = load(str(trained / "table.csv"))
    x, labels, part = task.held_out(split)
    assert (len(x), len(labels), part) == (6, 6, "test")


def test_both_parts_of_a_file_count_as_its_rows(tmp_path):
    np.savez(tmp_path / "x.npz", x_train=np.zeros((5, 3)), x_test=np.ones((2, 3)))
    task = Bare()
    data = task.load(str(tmp_path / "x.npz"), all_rows=True)
    assert task.prepare(data).rows(data).tolist() == [[0.0] * 3] * 5 + [[1.0] * 3] * 2
    assert task.labels(data) is None


@pytest.mark.slow
def test_a_folder_of_images_is_a_stream(tmp_path):
    task = Bare()
    data = task.load(str(write_image_files(tmp_path / "x")))
    rows = task.prepare(data).rows(data)
    assert isinstance(rows, tf.data.Dataset)
    assert sum(len(batch) for batch in rows) == 12
    assert max(float(tf.reduce_max(batch)) for batch in rows) > 1.0  # Raw values.


def test_a_task_without_sentences_takes_the_characters_of_a_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a cat\na dog\n" * 10)
    data = VAETask().load(str(path))
    assert (data.kind, data.x_train.dtype) == ("sequence", np.int32)
    assert VAETask().load(str(path), all_rows=True).kind == "sequence"
    with pytest.raises(ValueError, match=r"`kind` must be one of .*image.* Received: kind='text'"):
        VAETask(kind="text").fit(str(path))


def test_a_set_of_sentences_is_refused_by_a_task_without(tmp_path, monkeypatch):
    (tmp_path / "ptb").mkdir()
    for part in ("train", "valid", "test"):
        (tmp_path / "ptb" / f"ptb.{part}.txt.gz").write_bytes(gzip.compress(b"a cat\na dog\n"))
    monkeypatch.setenv("KERAS_VAE_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="ptb holds sentences, which VAETask does not take"):
        VAETask().load("ptb")
    assert VAETask.full_name("ptb") == "ptb"


def test_a_task_of_sentences_takes_them_as_they_are(tmp_path):
    class OfSentences(Bare):
        def reading(self):
            return Reading(kind="text")

    path = tmp_path / "a.txt"
    path.write_text("a cat\na dog\n" * 10)
    data = OfSentences().load(str(path))
    assert (data.kind, data.n_train, data.n_validation, data.n_test) == ("text", 14, 4, 2)
    assert set(data.x_train) == {"a cat", "a dog"}


def test_data_of_another_shape_are_refused(trained):
    task = Bare().prepare(load(str(trained / "table.csv")))
    with pytest.raises(ValueError, match=r"must have examples of shape \(4,\), as the run was trained on.*\(8, 8, 1\)"):
        task.check_data(task.load("digits"))


def test_what_was_learned_must_be_what_the_use_keeps():
    with pytest.raises(
        ValueError, match=r"`learned` must hold event_shape_, schema_\. Received: learned=\{'schema_': \{\}, 'a': 1\}"
    ):
        Bare().with_learned({"a": 1})


def test_a_use_says_its_own_settings(trained):
    data = load(str(trained / "table.csv"))
    lines = list(VAETask(**SMALL).prepare(data).describe(data))
    assert lines[0] == ("data", "table.csv: 54 training and 6 test examples of 4")
    assert Bare().prepare(data).describe_model(data) == ""


def test_a_fitted_task_reports_figures_and_pictures(fitted, trained):
    data = fitted.load(str(trained / "table.csv"))
    figures, pictures = fitted.report(fitted.model_, data, {"epoch": [1, 2, 3], **fitted.history_})
    json.dumps(figures, allow_nan=False)
    assert (figures["part"], figures["units"], figures["log_prob_n_rows"]) == ("test", "standardised values", 6)
    assert next(iter(pictures))[0] == "loss_curves"
    assert fitted.evaluate(fitted.model_, data, n_samples=2)["elbo"] == figures["elbo"]
    assert [name for name, _ in Task.pictures(fitted, fitted.model_, data, fitted.history_)] == ["loss_curves"]


def test_a_fitted_task_comes_back_from_its_folder(fitted, tmp_path, rng):
    fitted.save(tmp_path / "kept")
    again = VAETask.load_fitted(tmp_path / "kept")
    x = rng.normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(again.model_.predict(x, verbose=0), fitted.model_.predict(x, verbose=0))
    assert (again.settings_, again.learned()) == (fitted.settings_, fitted.learned())
    assert again.history_ == fitted.history_
    with pytest.raises(FileExistsError, match="`path` must not exist yet"):
        fitted.save(tmp_path / "kept")


@pytest.mark.slow
def test_a_fitted_task_is_exported(fitted, tmp_path, rng):
    x = rng.normal(size=(5, 4)).astype("float32")
    served = load_saved_model(fitted.export(tmp_path / "served"))
    np.testing.assert_allclose(served.encode(x)[0], fitted.model_.encode(x)[0], rtol=1e-5, atol=1e-6)


def test_what_is_not_fitted_is_neither_saved_nor_exported(tmp_path):
    with pytest.raises(ValueError, match="VAETask must be fitted before it is saved: call `fit`"):
        VAETask().save(tmp_path / "kept")
    with pytest.raises(ValueError, match="VAETask must be fitted before it is exported: call `fit`"):
        VAETask().export(tmp_path / "served")


@pytest.mark.parametrize("content", ["", "{}", '{"settings": {"a": 1}, "learned": {}}', "[]"], ids=repr)
def test_another_folder_is_refused(tmp_path, content):
    (tmp_path / "task.json").write_text(content)
    with pytest.raises(ValueError, match="cannot be read as a VAETask"):
        VAETask.load_fitted(tmp_path)
