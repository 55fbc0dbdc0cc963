import numpy as np
import pytest

from keras_vae.data.delimited import RawTable
from keras_vae.data.labels import Labels
from keras_vae.data.reading import Reading
from keras_vae.data.table_columns import columns_of
from keras_vae.data.table_rows import ids_of, labels_of, parts_of, problems_of_labels, schema_of_rows

pd = pytest.importorskip("pandas")


@pytest.fixture
def raw():
    frame = pd.DataFrame({0: ["007", " 8", "9"], 1: ["u", None, "v"], 2: [1.0, 2.0, 3.0]})
    return RawTable(["id", "class", "a"], frame, lambda row: f"line {row + 2}", lambda j: frame[j].tolist(), [])


@pytest.fixture
def columns(raw):
    found, _ = columns_of(raw)
    for column, role in zip(found, ("id", "label", "feature"), strict=True):
        column.role = role
    return found


def test_labels_are_those_of_the_rows_that_are_kept(columns):
    labels, name = labels_of(columns, np.array([0, 2]), "f.csv", {})
    assert (name, labels.class_names, labels.parts["class"].tolist()) == ("class", ("u", "v"), [0, 1])
    assert labels.report[0].overrule == "--label none"
    again, _ = labels_of(columns, np.array([2]), "f.csv", {"classes": ["t", "u", "v"], "real_labels": False})
    assert again.parts["class"].tolist() == [2]


def test_without_a_label_the_classes_of_the_first_table_stay(columns):
    labels, name = labels_of(columns[2:], np.arange(3), "f.csv", {"classes": ["u"], "label": "class"})
    assert (labels.parts, labels.class_names, name) == ({}, ("u",), "class")


def test_a_row_without_a_label_is_a_problem_unless_it_is_left_out(columns, raw):
    (problem,) = problems_of_labels(columns, raw, Reading())
    assert problem.startswith(
        "column `class` must hold a label in every row. Received: an empty cell in line 3 (1 of 3 rows)"
    )
    assert problems_of_labels(columns, raw, Reading(impute="drop")) == []


def test_names_of_rows_stay_as_they_are_written(columns, raw):
    assert ids_of(columns, np.array([0, 1]), raw) == ["007", "8"]
    assert ids_of(columns[1:], np.array([0, 1]), raw) is None


def test_parts_hold_rows_labels_and_names():
    x, y = np.arange(6).reshape(3, 2), np.array([5, 6, 7])
    held = parts_of(x, y, ["a", "b", "c"], np.array([2, 0]), np.array([1]))
    assert held["x_train"].tolist() == [[4, 5], [0, 1]]
    assert (held["y_test"].tolist(), held["ids_train"], held["ids_test"]) == ([6], ("c", "a"), ("b",))
    held = parts_of(x, None, None, np.arange(3), np.array([], int))
    assert {name for name, value in held.items() if value is not None} == {"x_train"}


def test_the_schema_says_what_stands_beside_the_features(columns):
    labels, _ = labels_of(columns, np.array([0, 2]), "f.csv", {})
    assert schema_of_rows(columns, labels) == {
        "columns": ["id", "class", "a"],
        "label": "class",
        "id": "id",
        "classes": ["u", "v"],
        "real_labels": False,
    }
    assert schema_of_rows(columns[2:], Labels({}, None, []))["real_labels"] is None
