import json

import numpy as np
import pytest

from keras_vae.tasks.compression.files.model_data import ModelData
from keras_vae.tasks.compression.files.table_entry import TableEntry

COUNTS, ONE = ModelData((3,), None), ModelData((1,), None)


def read(path, model=COUNTS):
    entry = TableEntry.of_path(path, path.name, model, ())
    ((dtype, shape),) = entry.held_as(model)
    assert entry.can_be_rows(shape)
    rows = np.zeros((entry.n_rows, *shape), dtype)
    entry.load(path, rows, model)
    return entry, rows


@pytest.mark.parametrize(
    ("content", "n_rows", "model"),
    [
        (b"a,b,c\n1,2,3\n40,0,2147483647\n", 2, COUNTS),
        (b"1;2;3\r\n4;5;6", 2, COUNTS),
        (b'\xef\xbb\xbf"a, b"\tb\t\xff\n1\t2\t3\n', 1, COUNTS),
        (b"a|b|c\n", 0, COUNTS),
        (b"a|b|c", 0, COUNTS),
        (b"", 0, COUNTS),
        (b"n\n7\n120\n", 2, ONE),
        (b"7\n120", 2, ONE),
        (b"1 2 3\n", 1, COUNTS),
    ],
)
def test_every_byte_comes_back(content, n_rows, model, tmp_path):
    (tmp_path / "t.csv").write_bytes(content)
    entry, rows = read(tmp_path / "t.csv", model)
    assert len(rows) == n_rows
    entry = TableEntry.of_dict(json.loads(json.dumps(entry.as_dict())))
    entry.save(tmp_path / "back.csv", rows)
    assert (tmp_path / "back.csv").read_bytes() == content


def test_the_values_are_the_numbers(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b,c\n1,2,3\n40,0,2147483647\n")
    np.testing.assert_array_equal(read(tmp_path / "t.csv")[1], [[1, 2, 3], [40, 0, 2147483647]])


@pytest.mark.parametrize(
    "cell", ["1.5", "-1", "+1", "01", "", " 1", "red", '"1"', "2147483648", "99999999999", "1e3", "²", "2024-01-01"]
)
def test_cells_of_which_not_every_byte_would_come_back_are_refused(cell, tmp_path):
    (tmp_path / "t.csv").write_text(f"a,b,c\n1,2,3\n1,{cell},3\n")
    with pytest.raises(ValueError, match=r"line 3 of .*t\.csv must hold whole numbers written as .* Received: '"):
        read(tmp_path / "t.csv")


@pytest.mark.parametrize("content", [b"1,2,3\n4,5,6\r\n", b"1,2,3\r\n4,5,6\n"])
def test_lines_that_end_in_two_ways_are_refused(content, tmp_path):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"line \d of .*t\.csv must hold whole numbers"):
        read(tmp_path / "t.csv")


def test_values_beyond_those_of_the_model_are_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"1,0,1\n0,2,0\n")
    with pytest.raises(ValueError, match=r"line 2 of .* from 0 to 1, as the model has them. Received: 2"):
        read(tmp_path / "t.csv", ModelData((3,), 2))


def test_other_columns_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"t\.csv must have 3 columns, as the model has them. Received: 2 columns"):
        read(path)
    path.write_bytes(b"1,2,3\n1,2\n")
    with pytest.raises(ValueError, match=r"line 2 of .*t\.csv must have 3 cells. Received: 2"):
        read(path)
    with pytest.raises(ValueError, match=r"t\.csv is a table; the model knows examples of 8 x 8 x 1 values"):
        read(path, ModelData((8, 8, 1), 2))


@pytest.mark.parametrize("content", [b"1,2,3\n", b"1,2,3\n" * 3])
def test_a_table_that_changes_meanwhile_is_refused(content, tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"1,2,3\n" * 2)
    entry = TableEntry.of_path(path, "t.csv", COUNTS, ())
    path.write_bytes(content)
    with pytest.raises(ValueError, match="has changed while it was read"):
        entry.load(path, np.zeros((2, 3)), COUNTS)


@pytest.mark.parametrize(
    "change", [{"name": "a.exe"}, {"delimiter": "x"}, {"line_end": ""}, {"n_rows": -1}, {"is_ended": 1}, {"head": 1}]
)
def test_a_damaged_entry_is_refused(change, tmp_path):
    (tmp_path / "t.csv").write_bytes(b"1,2,3\n")
    content = TableEntry.of_path(tmp_path / "t.csv", "t.csv", COUNTS, ()).as_dict()
    with pytest.raises(ValueError, match="the list of files is damaged"):
        TableEntry.of_dict({**content, **change})
