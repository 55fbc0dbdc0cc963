import numpy as np
import pytest

from keras_vae.data.csv_file import load_csv


def save(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "tabelle-ä.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_numbers_keep_their_values(tmp_path):
    data = load_csv(save(tmp_path, "a,b\n1,2.5\n-3,4e2\n"), test_fraction=0)
    np.testing.assert_array_equal(data.x_train, np.array([[1, 2.5], [-3, 400]], dtype=np.float32))
    assert (data.name, data.kind, data.event_shape) == ("tabelle-ä.csv", "table", (2,))
    assert data.x_train.dtype == np.float32
    assert data.feature_names == ("a", "b")
    assert data.y_train is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1,2\n3,4\n", id="no-header"),
        pytest.param("\ufeffa,b\r\n1,2\r\n\r\n3,4", id="byte-order-mark-crlf-blank-line"),
        pytest.param("a;b\n1;2\n3;4\n", id="semicolons"),
        pytest.param("a\tb\n1\t2\n3\t4\n", id="tabs"),
        pytest.param('"a","b, in m"\n"1", 2\n3,4\n', id="quotes"),
    ],
)
def test_usual_forms_are_read(tmp_path, text):
    data = load_csv(save(tmp_path, text), test_fraction=0)
    np.testing.assert_array_equal(data.x_train, [[1, 2], [3, 4]])


@pytest.mark.parametrize("name", ["label", "Class", "Y", "TARGET"])
def test_a_label_column_is_no_feature(tmp_path, name):
    data = load_csv(save(tmp_path, f"a,{name},b\n1,7,2\n3,8,4\n"), test_fraction=0)
    np.testing.assert_array_equal(data.x_train, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(data.y_train, [7, 8])
    assert data.y_train.dtype == np.int64
    assert data.feature_names == ("a", "b")


def test_numbered_columns_with_a_label_are_a_header(tmp_path):
    data = load_csv(save(tmp_path, "0,1,label\n5,6,0\n"), test_fraction=0)
    np.testing.assert_array_equal(data.x_train, [[5, 6]])


def test_labels_may_be_names(tmp_path):
    data = load_csv(save(tmp_path, "a,class\n1,rot\n2,blau\n"), test_fraction=0)
    assert data.class_names == ("blau", "rot")
    np.testing.assert_array_equal(data.y_train, [1, 0])


def test_rows_and_labels_are_split_together(tmp_path):
    path = save(tmp_path, "a,y\n" + "".join(f"{i},{i}\n" for i in range(30)))
    data = load_csv(path, test_fraction=0.2, seed=3)
    assert (data.n_train, data.n_test) == (24, 6)
    np.testing.assert_array_equal(data.x_test[:, 0], data.y_test)
    np.testing.assert_array_equal(load_csv(path, test_fraction=0.2, seed=3).y_test, data.y_test)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a,b\n1,2\n3,red\n4,x\n", r"column `b` .* 'red' in line 3 \(row 2 .* 2 of 3 rows", id="text"),
        pytest.param("a,b\n1,2\n\n,4\n", r"column `a` .* an empty cell in line 4 \(row 2", id="empty-cell"),
        pytest.param("a,b\n1,nan\n", "column `b` .* 'nan' in line 2", id="nan"),
        pytest.param("a,b\n1,1e39\n", "column `b` .* '1e39' in line 2", id="too-large-for-float32"),
        pytest.param("1,2\n3,x\n", "column `2` .* 'x' in line 2", id="text-without-header"),
        pytest.param("1,x\n3,4\n", "column `2` .* 'x' in line 1", id="text-in-the-first-line"),
        pytest.param("a,b\n1,2,3\n", "line 2 of .* as many columns as the first line, 2. Received: 3", id="ragged"),
        pytest.param("", "is empty", id="empty"),
        pytest.param("\n\n", "is empty", id="blank"),
        pytest.param("a,b\n", "no rows of data, only a header", id="only-header"),
        pytest.param("label\n1\n", "no column of numbers beside the labels `label`", id="only-labels"),
        pytest.param("a,label,y\n1,2,3\n", "at most one column of labels.* Received: label, y", id="two-labels"),
        pytest.param(",a\n0,1\n", "column 1 of .* has no name in the header", id="row-index"),
        pytest.param("a,label\n1,0\n2,\n", "column `label` .* Received: line 3 empty", id="empty-label"),
        pytest.param("a,y\n1,0.5\n", "`y` of .* must hold whole numbers or names", id="real-label"),
        pytest.param('a,b\n1,"2\n' + "3" * 140_000, r"not a readable \.csv file", id="unclosed-quote"),
    ],
)
def test_tables_with_a_fault_are_refused_with_its_place(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        load_csv(save(tmp_path, text))


def test_other_encodings_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"not a readable \.csv file in UTF-8"):
        load_csv(save(tmp_path, "größe\n1\n", encoding="latin-1"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load_csv(tmp_path / "none.csv")
