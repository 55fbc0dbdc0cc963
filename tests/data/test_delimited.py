import pathlib

import numpy as np
import pytest

from keras_vae.data.delimited import looks_like_numbers, read_delimited
from keras_vae.data.reading import Reading


def read(tmp_path, text, name="tabelle-ä.csv", encoding="utf-8", known=(), **reading):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read_delimited(path, Reading(**reading), known)


def told(raw, what):
    return next((line.read_as for line in raw.report if line.what == what), None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a,b\n1.5,2\n3,4\n", id="commas"),
        pytest.param("a;b\n1.5;2\n3;4\n", id="semicolons"),
        pytest.param("a\tb\n1.5\t2\n3\t4\n", id="tabs"),
        pytest.param("a|b\n1.5|2\n3|4\n", id="bars"),
        pytest.param("a b\n1.5 2\n3   4\n", id="blanks"),
        pytest.param("  a   b\n1.5   2\n  3   4\n", id="columns-of-equal-width"),
        pytest.param("a;b\n1,5;2\n3;4\n", id="decimal-comma"),
        pytest.param("a\tb\n1,50\t2,0\n3\t4\n", id="decimal-comma-and-tabs"),
        pytest.param("\ufeffa,b\r\n1.5,2\r\n\r\n3,4", id="byte-order-mark-crlf-blank-line"),
        pytest.param("a,b\r1.5,2\r3,4\r", id="old-macintosh"),
        pytest.param("\n\n  \na,b\n1.5,2\n3,4\n", id="blank-lines-above"),
        pytest.param('"a","b"\n"1.5", 2\n3,"4"\n', id="quotes"),
        pytest.param("a , b \n 1.5 , 2 \n3,4\n", id="blanks-around"),
        pytest.param("a,b,\n1.5,2,\n3,4,\n", id="comma-at-the-end"),
        pytest.param("a,b\n1.5,2,\n3,4,\n", id="comma-at-the-end-below"),
        pytest.param("a,b,\n1.5,2\n3,4\n", id="comma-at-the-end-above"),
        pytest.param("# made by hand\n# in May\na,b\n1.5,2\n3,4\n", id="remarks-above"),
        pytest.param("# a b\n1.5 2\n3 4\n", id="names-behind-a-cross"),
        pytest.param("#made by hand\n#a\tb\n1.5\t2\n3\t4\n", id="remark-and-names-behind-a-cross"),
        pytest.param("# of May, by hand\na,b\n1.5,2\n3,4\n", id="remark-with-as-many-words"),
    ],
)
def test_usual_forms_are_read(tmp_path, text):
    raw = read(tmp_path, text)
    assert raw.names[:2] == ["a", "b"]
    np.testing.assert_array_equal(raw.frame.iloc[:, :2].to_numpy(float), [[1.5, 2], [3, 4]])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
def test_names_are_read_in_every_encoding(tmp_path, encoding):
    raw = read(tmp_path, "größe,höhe\n1,2\n", encoding=encoding)
    assert raw.names == ["größe", "höhe"]
    assert told(raw, "encoding") == (None if "utf-8" in encoding else encoding.replace("latin-1", "cp1252"))


def test_a_quoted_cell_may_hold_the_separator_and_a_line_break(tmp_path):
    raw = read(tmp_path, '"a, in m",b\n"x\ny",2\n"u,v",4\n')
    assert raw.names == ["a, in m", "b"]
    assert raw.frame.iloc[:, 0].tolist() == ["x\ny", "u,v"]
    assert [raw.place(row) for row in (0, 1)] == ["line 3", "line 4"]


def test_one_column_with_decimal_commas_is_one_column(tmp_path):
    raw = read(tmp_path, "a\n1,5\n2,25\n")
    assert raw.frame.iloc[:, 0].tolist() == [1.5, 2.25]


def test_commas_between_semicolons_are_decimal_also_before_three_digits(tmp_path):
    assert read(tmp_path, "a;b\n1,234;2\n5,678;3\n").frame[0].tolist() == [1.234, 5.678]
    raw = read(tmp_path, "a;b\n1,234;2.5\n5,678;3.5\n")
    assert (raw.decimal, raw.frame[0].tolist()) == (".", ["1,234", "5,678"])
    assert read(tmp_path, "a\tb\n1,234\t2\n").decimal == "."


def test_cells_can_be_had_as_they_are_written(tmp_path):
    raw = read(tmp_path, "id,b\n007,1\n12345678901234567890,2\n NA ,3\n")
    assert raw.texts(0) == ["007", "12345678901234567890", "NA "]


def test_the_ending_decides_where_two_separators_fit(tmp_path):
    text = "a,x\tb,y\n1,5\t2,5\n3,5\t4,5\n"
    assert read(tmp_path, text, name="t.tsv").names == ["a,x", "b,y"]


def test_a_table_without_names(tmp_path):
    raw = read(tmp_path, "1,2\n3,4\n")
    assert raw.names is None
    assert raw.frame.shape == (2, 2)
    assert raw.place(1) == "line 2"


def test_what_is_said_about_the_header_counts(tmp_path):
    assert read(tmp_path, "1,2\n3,4\n", header=True).names == ["1", "2"]
    assert read(tmp_path, "a,b\nc,d\n", header=False).names is None
    assert read(tmp_path, "1,2\n3,4\n", known=("2", "1")).names == ["1", "2"]


def test_names_of_rows_as_r_writes_them(tmp_path):
    raw = read(tmp_path, '"mpg","cyl"\n"Mazda",21,6\n"Ford",20,4\n')
    assert raw.names == ["", "mpg", "cyl"]
    assert raw.frame.iloc[:, 0].tolist() == ["Mazda", "Ford"]


def test_the_line_of_a_row_counts_blank_lines_and_remarks(tmp_path):
    raw = read(tmp_path, "# remark\n\na,b\n1,2\n\n\n3,4\n")
    assert [raw.place(row) for row in (0, 1)] == ["line 4", "line 7"]
    assert told(raw, "lines above that begin with #") == "1 left out as remarks"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a,b\n1,2\n3\n4,5\n6,7\n", "must have 2 columns, .* Received: 1 in line 3$", id="short"),
        pytest.param("a,b\n1,2\n3,4,5\n4,5\n6,7\n", "must have 2 columns.* Received: 3 in line 3$", id="long"),
        pytest.param(
            "a,b\n1,2\n\n3\n4,5,6\n7\n8\n9,9\n1,1\n2,2\n3,3\n4,4\n",
            "Received: 1 in line 4, 3 in line 5, 1 in line 6, and 1 more such lines",
            id="several",
        ),
        pytest.param("a,b\n4,2,3\n5,2,3\n", "line 1 names 2 columns, but the lines below have 3", id="short-header"),
        pytest.param("a,b,c,d\n1,2\n3,4\n", "line 1 names 4 columns, but the lines below have 2", id="long-header"),
        pytest.param('a,b\n1,"2\n3,4\n', "a quote is opened and never closed", id="open-quote"),
        pytest.param('a,b\n1,"2\n' + "3" * 140_000, "not a readable table", id="long-open-quote"),
        pytest.param(
            '"' + "3" * 140_000, "a quote is opened in the first line and never closed", id="nothing-but-a-quote"
        ),
        pytest.param("", "is empty", id="empty"),
        pytest.param("\n \n", "is empty", id="blank"),
        pytest.param("a,b\n", "no rows of data, only a header", id="only-header"),
        pytest.param("# remark\na,b\n", "no rows of data, only a header", id="remark-and-header"),
        pytest.param("a,b\n1,2\0\n" * 9, "is no text", id="zero-bytes"),
    ],
)
def test_tables_with_a_fault_are_refused_with_its_place(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, text)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    read_whole = pathlib.Path.read_bytes

    def read_and_write(self):
        content = read_whole(self)
        self.write_text("a,b\n1,2\n3,4\n")
        return content

    monkeypatch.setattr(pathlib.Path, "read_bytes", read_and_write)
    with pytest.raises(ValueError, match=r"a\.csv was changed while it was read"):
        read_delimited(path, Reading())


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1 2\n3 4\n", True),
        ("# x y\n1.5e0 2\n3 4\n", True),
        ("a,b\n1,2\n3,?\n", True),
        ("1\n2\n3\n", False),
        ("a cat\nthe dog\n", False),
        ("one, two\nthree, 4\n", False),
        ("1 2 3\n4 5\n", False),
        ("a b\n", False),
    ],
)
def test_a_text_of_numbers_is_known(text, answer):
    assert looks_like_numbers(text) is answer
