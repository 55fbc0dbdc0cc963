import builtins
import gzip

import numpy as np
import pytest

from keras_vae.data.reading import Reading
from keras_vae.data.table_file import read_table, suffix_of

pd = pytest.importorskip("pandas")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.csv", ".csv"), ("A.CSV.GZ", ".csv"), ("a.b.tsv", ".tsv"), ("a", ""), ("a.gz", ""), (".csv", "")],
)
def test_the_ending_is_found_behind_a_packed_one(name, suffix):
    assert suffix_of(name) == suffix


def test_json_lines_are_a_table_with_holes_where_a_name_is_missing(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1, "b": "x"}\n\n{"b": "y", "c": 2.5}\n'))
    raw = read_table(path)
    assert raw.names == ["a", "b", "c"]
    np.testing.assert_array_equal(raw.frame[0].to_numpy(float), [1, np.nan])
    assert raw.frame[1].tolist() == ["x", "y"]
    assert raw.place(1) == "line 3"


def test_all_lines_that_are_no_json_objects_are_named(tmp_path):
    path = tmp_path / "a.ndjson"
    path.write_text('{"a": 1}\n{"a": \n[1]\n')
    with pytest.raises(ValueError, match=r"2 reasons: \(1\) line 2 is no JSON .*; \(2\) line 3 must hold one object"):
        read_table(path)
    path.write_text("x\n" * 9)
    with pytest.raises(ValueError, match=r"6 reasons: .* \(5\) line 5 .* \(6\) 4 more lines are no JSON objects"):
        read_table(path)
    path.write_text("\n \n")
    with pytest.raises(ValueError, match="is empty"):
        read_table(path)


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a table must end in \.csv, .* Received: .*a\.doc"):
        read_table(tmp_path / "a.doc")


@pytest.mark.parametrize(("name", "package"), [("a.parquet", "pyarrow"), ("a.xlsx", "openpyxl")])
def test_a_package_that_is_absent_is_named_with_its_extra(tmp_path, monkeypatch, name, package):
    def refuse(*args, **kwargs):
        raise ImportError(f"Missing optional dependency '{package}'")

    monkeypatch.setattr(pd, "read_parquet", refuse)
    monkeypatch.setattr(pd, "ExcelFile", refuse)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ImportError, match=rf'needs {package}: pip install "keras_vae\[files\]"'):
        read_table(tmp_path / name)


@pytest.mark.parametrize(("name", "what"), [("a.parquet", "Parquet"), ("a.xlsx", "Excel")])
def test_damaged_files_are_refused(tmp_path, monkeypatch, name, what):
    def refuse(*args, **kwargs):
        raise OSError("magic bytes not found")

    monkeypatch.setattr(pd, "read_parquet", refuse)
    monkeypatch.setattr(pd, "ExcelFile", refuse)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ValueError, match=f"is not a readable {what} file: magic bytes not found"):
        read_table(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        read_table(tmp_path / f"none-{name}")


@pytest.fixture
def frame():
    return pd.DataFrame({"a": [1.5, 2.5, None], "word": ["x", None, "z"], "n": pd.array([1, None, 3], dtype="Int64")})


def test_parquet_keeps_names_types_and_a_named_index(tmp_path, frame):
    pytest.importorskip("pyarrow")
    frame.index = pd.Index(["r1", "r2", "r3"], name="plant")
    frame.to_parquet(tmp_path / "a.parquet")
    raw = read_table(tmp_path / "a.parquet")
    assert raw.names == ["plant", "a", "word", "n"]
    np.testing.assert_array_equal(raw.frame[1].to_numpy(float), [1.5, 2.5, np.nan])
    assert (raw.frame.shape, raw.place(2)) == ((3, 4), "row 3")
    frame.iloc[:0].to_parquet(tmp_path / "empty.parquet")
    with pytest.raises(ValueError, match="holds no rows of data"):
        read_table(tmp_path / "empty.parquet")


def test_excel_is_read_from_the_first_sheet(tmp_path, frame):
    pytest.importorskip("openpyxl")
    with pd.ExcelWriter(tmp_path / "a.xlsx") as book:
        frame.to_excel(book, sheet_name="plants", index=False, startrow=2, startcol=1)
        frame.to_excel(book, sheet_name="more")
    raw = read_table(tmp_path / "a.xlsx")
    assert raw.names == ["a", "word", "n"]
    np.testing.assert_array_equal(raw.frame[0].to_numpy(float), [1.5, 2.5, np.nan])
    assert raw.place(0) == "row 4"
    assert raw.report[0].read_as == "the first, plants; not read: more"
    assert read_table(tmp_path / "a.xlsx", Reading(header=False)).names is None
    frame.iloc[:0].to_excel(tmp_path / "empty.xlsx", index=False)
    with pytest.raises(ValueError, match="no rows of data, only a header"):
        read_table(tmp_path / "empty.xlsx")
    pd.DataFrame().to_excel(tmp_path / "blank.xlsx")
    with pytest.raises(ValueError, match="holds no rows of data"):
        read_table(tmp_path / "blank.xlsx")


def test_pandas_is_imported_when_a_table_is_read(monkeypatch, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    asked, real = [], builtins.__import__

    def watch(name, *args, **kwargs):
        asked.append(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", watch)
    read_table(tmp_path / "a.csv")
    assert "pandas" in asked
