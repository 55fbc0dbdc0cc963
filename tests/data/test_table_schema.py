import json

import numpy as np
import pytest

from keras_vae.data.reading import Reading
from keras_vae.data.table import load_table

N = 30


@pytest.fixture
def first(tmp_path, rng):
    """A table of three features, an id and a label, and its text by columns."""
    columns = {
        "id": [f"r{k}" for k in range(N)],
        "a": [f"{v:.3f}" for v in rng.normal(size=N)],
        "smokes": ["yes", "no", "no"] * (N // 3),
        "b": [f"{v:.3f}" for v in rng.normal(size=N)],
        "class": ["u", "v", "w"] * (N // 3),
    }
    data = load_table(save(tmp_path, columns), test_fraction=0)
    return columns, data, json.loads(json.dumps(data.schema))


def save(tmp_path, columns, header=True, name="t.csv", separator=","):
    rows = [separator.join(columns)] if header else []
    rows += [separator.join(row) for row in zip(*columns.values(), strict=True)]
    path = tmp_path / name
    path.write_text("\n".join(rows) + "\n")
    return path


def read(path, schema, **reading):
    return load_table(path, test_fraction=0, schema=schema, reading=Reading(**reading))


def told(data):
    return " | ".join(f"{line.what}: {line.read_as}" for line in data.report)


def test_the_order_of_the_columns_does_not_matter(tmp_path, first):
    columns, data, schema = first
    turned = read(save(tmp_path, dict(reversed(columns.items()))), schema)
    np.testing.assert_array_equal(turned.x_train, data.x_train)
    np.testing.assert_array_equal(turned.y_train, data.y_train)
    assert (turned.ids_train, turned.feature_names, turned.class_names) == (
        data.ids_train,
        ("a", "smokes", "b"),
        ("u", "v", "w"),
    )
    assert turned.schema == schema


@pytest.mark.parametrize("form", ["semicolons-and-commas", "json"])
def test_the_form_of_the_file_does_not_matter(tmp_path, first, form):
    columns, data, schema = first
    if form == "json":
        path = tmp_path / "t.jsonl"
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        path.write_text("\n".join(json.dumps(row) for row in rows))
    else:
        european = {name: [cell.replace(".", ",") for cell in cells] for name, cells in columns.items()}
        path = save(tmp_path, european, separator=";")
    np.testing.assert_array_equal(read(path, schema).x_train, data.x_train)


def test_missing_columns_are_all_named_with_those_that_came(tmp_path, first):
    columns, _, schema = first
    renamed = {"B" if name == "b" else name: cells for name, cells in columns.items() if name != "a"}
    with pytest.raises(ValueError, match=r"Missing: a, b .*nearest: B.*\. Received: id, smokes, B, class"):
        read(save(tmp_path, renamed), schema)


def test_additional_columns_are_left_out_and_told(tmp_path, first):
    columns, data, schema = first
    more = {"z": ["1"] * N, **columns}
    found = read(save(tmp_path, more), schema)
    np.testing.assert_array_equal(found.x_train, data.x_train)
    assert "column `z`: left out: the model was not trained on it" in told(found)


def test_a_file_without_labels_and_ids_works(tmp_path, first):
    columns, data, schema = first
    found = read(save(tmp_path, {name: columns[name] for name in ("a", "smokes", "b")}), schema)
    np.testing.assert_array_equal(found.x_train, data.x_train)
    assert (found.y_train, found.ids_train) == (None, None)


def test_one_row_is_enough_and_holes_get_the_first_medians(tmp_path, first):
    _, _, schema = first
    found = read(save(tmp_path, {"a": [""], "smokes": ["?"], "b": ["5"]}), schema)
    np.testing.assert_allclose(found.x_train, [[schema["medians"][0], schema["medians"][1], 5]], rtol=1e-6)
    assert "1 empty cell filled with the median" in told(found)


def test_every_row_is_kept_so_that_answers_stand_beside_rows(tmp_path, first):
    columns, _, schema = first
    holes = {name: ["" if k == 4 else cell for k, cell in enumerate(columns[name])] for name in ("a", "smokes", "b")}
    path = save(tmp_path, {**holes, "id": columns["id"]})
    assert read(path, schema).n_train == N
    assert read(path, schema, impute="drop").n_train == N - 1


def test_labels_get_the_numbers_of_the_first_classes(tmp_path, first):
    columns, _, schema = first
    some = {name: cells[1:3] for name, cells in columns.items()}
    np.testing.assert_array_equal(read(save(tmp_path, some), schema).y_train, [1, 2])
    unknown = read(save(tmp_path, {**some, "class": ["v", "new"]}), schema)
    assert unknown.y_train is None
    assert "not used: the first data had no class new" in told(unknown)


def test_words_that_were_not_coded_and_text_are_refused_together(tmp_path, first):
    columns, _, schema = first
    bad = {**columns, "smokes": ["often", "YES", "no"] * (N // 3), "a": ["x"] * N}
    with pytest.raises(ValueError, match="for 2 reasons") as caught:
        read(save(tmp_path, bad), schema)
    assert "column `smokes` must hold yes or no, as in the first data. Received: often" in str(caught.value)
    assert "column `a` must hold numbers, as in the first data. Received: text" in str(caught.value)


def test_without_names_columns_are_matched_by_position_and_that_is_told(tmp_path, first):
    columns, data, schema = first
    for part in (columns, {name: columns[name] for name in ("a", "smokes", "b")}):
        found = read(save(tmp_path, part, header=False), schema, header=False)
        np.testing.assert_array_equal(found.x_train, data.x_train)
        assert f"matched by position with the {len(part)}" in told(found)
    with pytest.raises(ValueError, match=r"must have 5 columns, or 3 features alone. Received: 2"):
        read(save(tmp_path, {name: columns[name] for name in ("a", "b")}, header=False), schema, header=False)


def test_a_first_table_without_names_takes_later_ones_by_position(tmp_path):
    (tmp_path / "a.csv").write_text("1.5,2\n3,4\n")
    (tmp_path / "b.csv").write_text("u,v\n5,6\n")
    schema = load_table(tmp_path / "a.csv", test_fraction=0).schema
    np.testing.assert_array_equal(read(tmp_path / "b.csv", schema).x_train, [[5, 6]])
    (tmp_path / "c.csv").write_text("u,v,w\n5,6,7\n")
    with pytest.raises(ValueError, match=r"must have 2. Received: 3"):
        read(tmp_path / "c.csv", schema)


def test_no_guess_is_made_anew(tmp_path, first):
    """A column that looks like an index, an id or dates in a later file is what it was in the first."""
    _, _, schema = first
    later = {"a": [str(k) for k in range(N)], "smokes": ["yes"] * N, "b": ["3"] * N}
    found = read(save(tmp_path, later), schema)
    np.testing.assert_array_equal(found.x_train[:, 0], np.arange(N))
    np.testing.assert_array_equal(found.x_train[:, 1], np.ones(N))


def test_numbered_names_are_recognised_by_those_of_the_first(tmp_path):
    (tmp_path / "a.csv").write_text("0,1\n" + "".join(f"{k / 7:.3f},{k / 3:.3f}\n" for k in range(9)))
    first = load_table(tmp_path / "a.csv", test_fraction=0)
    assert first.feature_names == ("0", "1")
    (tmp_path / "b.csv").write_text("1,0\n5,6\n")
    np.testing.assert_array_equal(read(tmp_path / "b.csv", first.schema).x_train, [[6, 5]])
