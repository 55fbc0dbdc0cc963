"""Tests of `load_sentences`: files of sentences as users have them."""

import gzip

import numpy as np
import pytest

from keras_vae.data import load
from keras_vae.data.reading import ReadAs, Reading
from keras_vae.data.text import load_sentences

TEXT = Reading(kind="text")


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def lines_of_report(data):
    return {line.what: line.read_as for line in data.report}


def test_one_line_is_one_sentence(tmp_path):
    path = write(tmp_path / "a.txt", "a cat sat\nthe dog ran\n")
    data = load(path, test_fraction=0)
    assert (data.name, data.kind, data.event_shape) == ("a.txt", "text", ())
    assert data.x_train.dtype == object
    assert data.x_train.tolist() == ["a cat sat", "the dog ran"]
    assert data.y_train is None
    assert data.x_test is None
    assert data.report == (ReadAs("kind", "text: 2 sentences, one a line"),)
    assert data.schema == {"format": "sentences", "kind": "text", "values": "sentences", "event_shape": []}


def test_a_split_is_random_and_holds_every_sentence_once(tmp_path):
    sentences = [f"sentence {i}" for i in range(50)]
    path = write(tmp_path / "a.txt", "\n".join(sentences))
    data = load(path, test_fraction=0.2, seed=1)
    assert (data.n_train, data.n_test) == (40, 10)
    assert sorted([*data.x_train, *data.x_test]) == sorted(sentences)
    assert data.x_test.tolist() == load(path, test_fraction=0.2, seed=1).x_test.tolist()
    assert data.x_test.tolist() != load(path, test_fraction=0.2, seed=2).x_test.tolist()
    with_validation = data.with_validation(0.25, 0)
    assert (with_validation.n_train, with_validation.n_validation) == (30, 10)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        pytest.param("a\nb\n", None, id="plain"),
        pytest.param("a\nb", None, id="no end"),
        pytest.param("a\r\nb\r\n", None, id="CRLF"),
        pytest.param("a\rb\r", None, id="CR"),
        pytest.param("\ufeffa\nb\n", None, id="BOM"),
        pytest.param("  a\t\nb \n", None, id="blanks at the ends"),
        pytest.param("a\nb\n".encode("utf-16"), "utf-16", id="UTF-16"),
    ],
)
def test_marks_and_ends_of_lines_are_no_part_of_a_sentence(tmp_path, content, encoding):
    data = load_sentences(write(tmp_path / "a.txt", content), test_fraction=0)
    assert data.x_train.tolist() == ["a", "b"]
    assert lines_of_report(data).get("encoding") == encoding
    assert not any("blank" in line.what for line in data.report)


def test_blank_lines_are_left_out_and_counted(tmp_path):
    data = load(write(tmp_path / "a.txt", "\n\na\n \t \n\u00a0\nb\n\n"), test_fraction=0)
    assert data.x_train.tolist() == ["a", "b"]
    assert lines_of_report(data)["5 blank lines"] == "left out"


def test_characters_of_any_kind_stay_as_they_are(tmp_path):
    odd = [
        "e\u0301 \U0001f468\u200d\U0001f469",
        "שלום مرحبا",
        "no-break\u00a0",
        "next\x85line\u2028too",
        '"quoted',
        "<pad>",
    ]
    data = load(write(tmp_path / "a.txt", "\n".join(odd)), test_fraction=0)
    assert data.x_train.tolist() == odd


def test_a_packed_file_is_unpacked(tmp_path):
    path = write(tmp_path / "a.txt.gz", gzip.compress(b"a\nb\n"))
    assert load(path, test_fraction=0).x_train.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", r"a\.txt is empty", id="empty"),
        pytest.param(b" \n\n", r"a\.txt is empty", id="blank"),
        pytest.param(b"\xef\xbb\xbf", "must hold at least one sentence. Received: 1 blank lines", id="BOM"),
        pytest.param("\u00a0\n\u00a0".encode(), "must hold at least one sentence. Received: 2 blank lines", id="nbsp"),
        pytest.param(b"a\nb\xffc\n", "must be UTF-8. Received: the byte 0xff in line 2", id="no UTF-8"),
        pytest.param(b"a\r\nb\r\n\xc3", "must be UTF-8. Received: the byte 0xc3 in line 3", id="cut"),
        pytest.param(b"a\nb\n" * 30_000 + b"c\0d\n", "must be text. Received: NUL in line 60001", id="NUL"),
        pytest.param(b"\x01\x02\x03\x04abc", "is no text", id="bytes"),
        pytest.param(b"one\n", "must hold two or more examples", id="one"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        load(write(tmp_path / "a.txt", content), reading=TEXT)


def test_one_sentence_can_be_asked_about(tmp_path):
    assert load(write(tmp_path / "a.txt", "word"), test_fraction=0).x_train.tolist() == ["word"]


def test_options_that_mean_nothing_are_refused(tmp_path):
    path = write(tmp_path / "a.txt", "a\nb\n")
    with pytest.raises(
        ValueError, match=r"is a file with one sentence a line, which takes `kind`. Received: label='y'"
    ):
        load(path, reading=Reading(kind="text", label="y"))
    np.save(tmp_path / "a.npy", np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"files of sentences must end in \.txt, \.tsv, \.csv. Received: .*a\.npy"):
        load(tmp_path / "a.npy", reading=TEXT)


def test_a_tsv_has_its_sentences_and_labels_found_by_their_names(tmp_path):
    content = 'id\tsentence\tlabel\n7\ta "good film\t1\n8\tbad\t0\n9\t \t0\n'
    data = load(write(tmp_path / "a.tsv", content), test_fraction=0, reading=TEXT)
    assert data.x_train.tolist() == ['a "good film', "bad"]
    assert data.y_train.tolist() == [1, 0]
    assert (data.y_train.dtype, data.label_name, data.class_names) == (np.int64, "label", None)
    assert data.report[:2] == (
        ReadAs("first line", "names of the columns: it holds the name of a column of sentences", "--no-header"),
        ReadAs("sentences", "column `sentence` of id, sentence, label", "--columns"),
    )
    assert lines_of_report(data)["1 blank rows"] == "left out"


def test_columns_of_a_table_are_taken_as_asked(tmp_path):
    path = write(tmp_path / "a.csv", 'text,de,mood\n"a, ""b""",x y z,happy\nc,u v,sad\n')
    assert load(path, 0, reading=TEXT).x_train.tolist() == ['a, "b"', "c"]
    data = load(path, 0, reading=Reading(kind="text", columns=("de",), label="mood"))
    assert data.x_train.tolist() == ["x y z", "u v"]
    assert (data.y_train.tolist(), data.class_names) == ([0, 1], ("happy", "sad"))
    assert load(path, 0, reading=Reading(kind="text", label="none")).y_train is None


def test_without_a_header_the_longest_column_holds_the_sentences(tmp_path):
    path = write(tmp_path / "a.tsv", "1\tthe cat sat down\n2\ta dog\n2\tthe cat sat down\n")
    data = load(path, 0, reading=TEXT)
    assert data.x_train.tolist() == ["the cat sat down", "a dog", "the cat sat down"]
    assert data.report[1] == ReadAs("sentences", "column `2` of 1, 2", "--columns")
    labelled = load(path, 0, reading=Reading(kind="text", columns=("2",), label="1", header=False))
    assert labelled.y_train.tolist() == [1, 2, 2]
    single = load(write(tmp_path / "b.tsv", "a cat\na dog\n"), 0, reading=TEXT)
    assert single.x_train.tolist() == ["a cat", "a dog"]
    assert load(path, 0, reading=Reading(kind="text", header=True)).n_train == 2


def test_other_files_are_read_as_the_first_was(tmp_path):
    first = load(
        write(tmp_path / "a.tsv", "words\tmood\na b c\tsad\nd e f g\thappy\n"),
        0,
        reading=Reading(kind="text", label="mood"),
    )
    other = write(tmp_path / "b.tsv", "mood\twords\nhappy\th\nhappy\ti\n")
    again = load(other, 0, schema=first.schema)
    assert again.x_train.tolist() == ["h", "i"]
    assert again.y_train.tolist() == [0, 0]
    plain = load(write(tmp_path / "a.txt", "a\nb\n"), 0)
    assert load(write(tmp_path / "c.txt", "1 2\n3 4\n"), 0, schema=plain.schema).x_train.tolist() == ["1 2", "3 4"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        pytest.param("a\tb\nc\n", {}, "must have 2 cells, as most have. Received: 1 in line 2", id="few cells"),
        pytest.param("a\n\nc\ne\tf\tg\n" + "h\ti\n" * 9, {}, "1 in line 1, 1 in line 3, 3 in line 4", id="more"),
        pytest.param("text\tb\nc\td\n", {"columns": ("txt",)}, r"`columns` names 'txt'.*nearest: text", id="column"),
        pytest.param("text\tb\nc\td\n", {"label": "lab"}, "`label` names 'lab', which there is not", id="label"),
        pytest.param("text\tb\nc\td\n", {"columns": ("text", "b")}, "must name the one with the sentences", id="two"),
        pytest.param("text\tlabel\nc\t1\nd\t \n", {}, "a label. Received: 1 without one .* is row 2", id="hole"),
        pytest.param("text\tb\nc\td\n", {"drop": ("b",)}, "is a table of sentences, which takes", id="drop"),
        pytest.param("\t\n\t\n", {}, "is empty", id="blank"),
        pytest.param("\u00a0\n\u00a0\n", {}, "must hold at least one sentence. Received: blank lines", id="nbsp"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_said(tmp_path, content, options, message):
    with pytest.raises(ValueError, match=message):
        load(write(tmp_path / "a.tsv", content), 0, reading=Reading(kind="text", **options))


def test_a_quote_that_is_never_closed_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"a\.csv cannot be read: unexpected end of data in line 2"):
        load(write(tmp_path / "a.csv", 'text,b\n"c,d\n'), 0, reading=TEXT)


@pytest.mark.parametrize(
    ("content", "column", "example"),
    [
        pytest.param("1,2.5\n3,4.25\n", "`2` of 1, 2", "2.5", id="no header"),
        pytest.param("a,b\n1,22\n3,44\n", "`b` of a, b", "22", id="header"),
        pytest.param("a,text\nx,1\ny,2\n", "`text` of a, text", "1", id="named as sentences are"),
        pytest.param("a,b\n\n1,\n3,NA\n5,-1e-3\n", "`b` of a, b", "-1e-3", id="holes"),
        pytest.param('"1,5"\n"2,5"\n', "`1` of 1", "1,5", id="decimal comma"),
        pytest.param("7\n8\n", "`1` of 1", "7", id="one column"),
        pytest.param("value\n7\n8\n", "`value` of value", "7", id="one column under its name"),
        pytest.param("x;y\n1.5;2\n3;4\n", "`x;y` of x;y", "1.5;2", id="other separator"),
        pytest.param("1 2 3\n4 5 6\n", "`1` of 1", "1 2 3", id="blanks between"),
        pytest.param("id,film\n" + "12345,a\n" * 200 + "b,c\n", "`id` of id, film", "12345", id="a word far below"),
    ],
)
def test_numbers_are_no_sentences_unless_their_column_is_named(tmp_path, content, column, example):
    path = write(tmp_path / "a.csv", content)
    message = rf"a\.csv must have a column of sentences; `columns` \(`--columns`\) names another one.*column {column}"
    with pytest.raises(ValueError, match=rf"{message}, with numbers alone, such as '{example}'"):
        load(path, 0, reading=TEXT)
    name = column.split("`")[1]
    data = load(path, 0, reading=Reading(kind="text", columns=(name,)))
    assert example in data.x_train
    assert data.report[1:3] == (
        ReadAs("sentences", f"column {column}", "--columns"),
        ReadAs(f"cells of `{name}`", f"numbers, such as {example}, taken as texts"),
    )
    # Who trained on them has named them.
    assert "taken as texts" in lines_of_report(load(path, 0, schema=data.schema))[f"cells of `{name}`"]


def test_one_word_or_date_among_numbers_is_enough_for_a_text(tmp_path):
    for content in ("a\n7\n", "7\n8\nseven\n", "2024-01-31\n2024-02-01\n", "7 cats\n8 dogs\n"):
        data = load(write(tmp_path / "a.csv", content), 0, reading=TEXT)
        assert data.x_train.tolist() == content.splitlines()
        assert not any("numbers" in line.read_as for line in data.report)


def test_numbers_one_a_line_are_taken_and_told(tmp_path):
    data = load(write(tmp_path / "a.txt", "12 7 3\n\n4 5\n"), test_fraction=0, reading=TEXT)
    assert data.x_train.tolist() == ["12 7 3", "4 5"]
    assert ReadAs("lines", "numbers, such as 12 7 3, taken as texts") in data.report
    assert "lines" not in lines_of_report(load(write(tmp_path / "b.txt", "1 2\nthree\n"), 0, reading=TEXT))
