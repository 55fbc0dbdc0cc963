import gzip
import json

import numpy as np
import pytest

from keras_vae.data.reading import Reading
from keras_vae.data.text_file import END, MAX_CHARACTERS, UNKNOWN, load_text


def save(tmp_path, text, name="sätze.txt", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def spell(data, row):
    return "".join(data.schema["vocabulary"][token] for token in row)


def told(data):
    return " | ".join(f"{line.what}: {line.read_as}" for line in data.report)


def test_every_line_is_a_row_of_characters_that_ends_with_0(tmp_path):
    data = load_text(save(tmp_path, "cab\n\n  a b \nä\n"), test_fraction=0)
    assert (data.kind, data.event_shape, data.x_train.dtype) == ("sequence", (4,), np.int32)
    assert data.schema["vocabulary"] == [END, UNKNOWN, " ", "a", "b", "c", "ä"]
    assert data.x_train.tolist() == [[5, 3, 4, 0], [3, 2, 4, 0], [6, 0, 0, 0]]
    assert "7 tokens: end, unknown, and 5 characters, abcä" in told(data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_packed_text_in_other_encodings_is_read(tmp_path, encoding):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress("Füße\r\nzwei\r\n".encode(encoding)))
    data = load_text(path, test_fraction=0)
    assert [spell(data, row) for row in data.x_train] == ["Füße", "zwei"]


def test_long_lines_are_cut_and_that_is_told(tmp_path):
    data = load_text(save(tmp_path, "a" * 500 + "\n" + "b" * MAX_CHARACTERS + "\nc\n"), test_fraction=0)
    assert data.event_shape == (MAX_CHARACTERS + 1,)
    assert spell(data, data.x_train[0]) == "a" * MAX_CHARACTERS
    assert data.x_train[:, -1].tolist() == [0, 0, 0]
    assert "1 of them: cut: longer than 200 characters" in told(data)


def test_characters_outside_of_the_training_part_are_unknown(tmp_path):
    lines = [chr(ord("a") + k) for k in range(20)]
    data = load_text(save(tmp_path, "\n".join(lines)), test_fraction=0.2, seed=1)
    assert (data.n_train, data.n_test, len(data.schema["vocabulary"])) == (16, 4, 18)
    assert {spell(data, row) for row in data.x_test} == {UNKNOWN}
    assert {spell(data, row) for row in data.x_train} < set(lines)
    assert "4 read as unknown" in told(data)


def test_a_later_text_gets_the_vocabulary_and_length_of_the_first(tmp_path):
    first = load_text(save(tmp_path, "abc\ncab\n"), test_fraction=0)
    schema = json.loads(json.dumps(first.schema))
    data = load_text(save(tmp_path, "bax\ncabba\n"), test_fraction=0, schema=schema)
    assert [spell(data, row) for row in data.x_train] == ["ba" + UNKNOWN, "cab"]
    assert (data.event_shape, data.schema) == (first.event_shape, schema)


def test_what_is_no_text_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is empty"):
        load_text(save(tmp_path, " \n\n"))
    with pytest.raises(ValueError, match="is no text"):
        load_text(save(tmp_path, "a\0\0\0\x01\x02" * 20))
    with pytest.raises(ValueError, match=r"can be read as `kind` 'sequence'. Received: kind='image'"):
        load_text(save(tmp_path, "a\n"), reading=Reading(kind="image"))
    with pytest.raises(ValueError, match=r"is a text, which takes `kind`. Received: label='a'"):
        load_text(save(tmp_path, "a\n"), reading=Reading(label="a"))
    with pytest.raises(ValueError, match="trained on data of kind 'table' without a vocabulary"):
        load_text(save(tmp_path, "a\n"), schema={"kind": "table", "event_shape": [3]})
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_text(tmp_path / "none.txt")
