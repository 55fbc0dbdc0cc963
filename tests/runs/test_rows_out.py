import builtins
import types

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_vae.data.dataset import Dataset
from keras_vae.runs.rows_out import check_rows_out, describe_rows, unique, write_images, write_lines, write_rows


def dataset(n=4, **kwargs):
    x = np.zeros((n, 2), "float32")
    return Dataset("mine", x, None, kwargs.pop("y_train", None), None, event_shape=(2,), kind="table", **kwargs)


def task(parts):
    return types.SimpleNamespace(parts_of_rows=lambda data, is_own: np.array(parts), labels=lambda data: data.y_train)


# Where results can be written.


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.parquet", "a.jsonl", "a.npz", "A.CSV"])
def test_tables_and_arrays_can_be_written(tmp_path, name):
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    assert check_rows_out(tmp_path / name) == name[1:].lower()


def test_other_endings_are_taken_where_they_are_named(tmp_path):
    assert check_rows_out(tmp_path / "a.png", ".png") == ".png"
    assert check_rows_out(tmp_path / "new" / "folder", "") == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.txt", r"`out` must end in \.npz or \.csv or"),
        ("a", r"`out` must end in .*Received: out='.*a'"),
        ("full.csv", "`out` must be a file.*which is a folder"),
    ],
)
def test_other_places_are_refused(tmp_path, name, message):
    (tmp_path / "full.csv").mkdir()
    with pytest.raises(ValueError, match=message):
        check_rows_out(tmp_path / name)


def test_a_place_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for name in ("file/a.csv", "file/folder"):
        with pytest.raises(NotADirectoryError, match="`out` must be in a folder"):
            check_rows_out(tmp_path / name, "")


def test_parquet_without_its_package_is_refused_with_the_way_to_get_it(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **kwargs):
        if name == "pyarrow":
            raise ImportError(name)
        return real(name, *arguments, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r"\.parquet where pyarrow is installed: pip install 'keras_vae\[files\]'"):
        check_rows_out(tmp_path / "a.parquet")
    assert check_rows_out(tmp_path / "a.csv") == ".csv"


# What stands beside a row.


def test_rows_without_names_are_numbered_and_one_part_is_not_said():
    described = describe_rows(task(["all"] * 4), dataset(), is_own=False)
    assert list(described) == ["row"]
    np.testing.assert_array_equal(described["row"], [0, 1, 2, 3])


def test_rows_have_their_ids_parts_and_labels_by_name():
    data = dataset(
        ids_train=("x1", "x2", "x3", "x4"), y_train=np.array([1, 0, 1, 1]), class_names=("no", "yes"), label_name="ill"
    )
    described = describe_rows(task(["train", "test", "train", "train"]), data, is_own=True)
    assert {name: values.tolist() for name, values in described.items()} == {
        "id": ["x1", "x2", "x3", "x4"],
        "part": ["train", "test", "train", "train"],
        "ill": ["yes", "no", "yes", "yes"],
    }


def test_images_have_the_names_of_their_files_in_the_order_of_the_parts():
    data = Dataset(
        "mine", None, None, None, None, (2, 2, 1), "image", train_files=("d/a.png", "d/b.png"), test_files=("e/c.png",)
    )
    described = describe_rows(task(["train", "train", "test"]), data, is_own=True)
    assert described["file"].tolist() == ["a.png", "b.png", "c.png"]


def test_labels_that_are_numbers_stay_numbers_under_a_name_that_is_free():
    data = dataset(y_train=np.array([0.5, 1.5, 2.5, 3.5], "float32"), label_name="part")
    described = describe_rows(task(["train", "test", "test", "test"]), data, is_own=True)
    assert described["part"].tolist() == ["train", "test", "test", "test"]
    assert described["part-2"].tolist() == [0.5, 1.5, 2.5, 3.5]
    described = describe_rows(task(["all"] * 4), dataset(y_train=np.arange(4)), is_own=False)
    assert described["label"].tolist() == [0, 1, 2, 3]


# Tables.

READERS = {
    ".csv": pd.read_csv,
    ".tsv": lambda path: pd.read_csv(path, sep="\t"),
    ".parquet": pd.read_parquet,
    ".jsonl": lambda path: pd.read_json(path, lines=True),
}
DESCRIBED = {"id": np.array(["a,1", 'b"2', "größe"]), "part": np.array(["train", "test", "test"])}


@pytest.mark.parametrize("suffix", READERS)
def test_a_table_is_read_back_with_its_names(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    z = np.float32([[0.1, 1e-7], [2.5, -3.0], [1e8, 0.0]])
    write_rows(tmp_path / f"t{suffix}", DESCRIBED, {"elbo": np.float32([-1.5, -2, -3]), "z": z, "x": (z, ["p", "q"])})
    frame = READERS[suffix](tmp_path / f"t{suffix}")
    assert list(frame.columns) == ["id", "part", "elbo", "z_0", "z_1", "p", "q"]
    assert frame["id"].tolist() == DESCRIBED["id"].tolist()
    # JSON has ten decimals.
    np.testing.assert_allclose(frame[["z_0", "z_1"]].to_numpy("float32"), z, rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(frame[["p", "q"]].to_numpy("float32"), z, rtol=1e-6, atol=1e-10)
    assert [path.name for path in tmp_path.iterdir()] == [f"t{suffix}"]


def test_images_in_a_table_have_numbered_columns(tmp_path):
    x = np.arange(8, dtype="float32").reshape(2, 2, 2, 1)
    write_rows(tmp_path / "t.csv", {}, {"x": (x, None)})
    frame = pd.read_csv(tmp_path / "t.csv")
    assert list(frame.columns) == ["x_0", "x_1", "x_2", "x_3"]
    np.testing.assert_array_equal(frame.to_numpy(), x.reshape(2, 4))


def test_a_column_of_the_data_called_as_what_stands_beside_it_is_not_lost(tmp_path):
    x = np.float32([[1, 2], [3, 4], [5, 6]])
    write_rows(tmp_path / "t.csv", DESCRIBED, {"x": (x, ["part", "id"])})
    frame = pd.read_csv(tmp_path / "t.csv")
    assert list(frame.columns) == ["id-2", "part-2", "part", "id"]
    np.testing.assert_array_equal(frame[["part", "id"]].to_numpy(), x)
    write_rows(tmp_path / "t.npz", {"x": np.array([7, 8, 9])}, {"x": x})
    with np.load(tmp_path / "t.npz") as archive:
        np.testing.assert_array_equal(archive["x"], x)
        np.testing.assert_array_equal(archive["x-2"], [7, 8, 9])


def test_arrays_keep_their_shape_and_have_no_row_numbers(tmp_path):
    z = np.zeros((3, 2, 2), "float32")
    write_rows(tmp_path / "z.npz", {"row": np.arange(3), **DESCRIBED}, {"z": z, "x": (z[:, 0], ["p", "q"])})
    with np.load(tmp_path / "z.npz") as archive:
        assert set(archive.files) == {"id", "part", "z", "x"}
        assert archive["z"].shape == (3, 2, 2)
        assert archive["x"].shape == (3, 2)


# Folders of images.


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_written_as_they_are(tmp_path, channels):
    images = np.random.default_rng(0).integers(0, 256, (12, 4, 5, channels)).astype("float32")
    write_images(tmp_path / "out", images, 255.0)
    names = [f"{i:02d}.png" for i in range(12)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    for name, image in zip(names, images, strict=True):
        read = np.asarray(Image.open(tmp_path / "out" / name)).reshape(4, 5, channels)
        np.testing.assert_array_equal(read, image)


def test_values_from_0_to_1_become_grey_values(tmp_path):
    write_images(tmp_path / "out", np.float32([[[[0.0]], [[0.5]], [[1.0]]]]), 1.0)
    assert np.asarray(Image.open(tmp_path / "out" / "0.png")).ravel().tolist() == [0, 128, 255]


def test_nearly_black_pictures_stay_so(tmp_path):
    write_images(tmp_path / "out", np.float32([[[[0.0]], [[1.0]]]]), 255.0)
    assert np.asarray(Image.open(tmp_path / "out" / "0.png")).ravel().tolist() == [0, 1]


def test_means_beyond_the_ends_are_black_and_white(tmp_path):
    write_images(tmp_path / "out", np.float32([[[[-3.0]], [[259.0]]]]), 255.0)
    assert np.asarray(Image.open(tmp_path / "out" / "0.png")).ravel().tolist() == [0, 255]


def test_images_have_the_names_of_their_files(tmp_path):
    (tmp_path / "out").mkdir()
    write_images(tmp_path / "out", np.zeros((3, 2, 2, 1)), 1.0, ["cats/a.jpg", "dogs/a.jpg", "b.tif"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-2.png", "a.png", "b.png"]


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("")
    for name in ("out", "out/mine"):
        with pytest.raises(FileExistsError, match=r"`out` must be a new folder.*which is there already"):
            write_images(tmp_path / name, np.zeros((1, 2, 2, 1)), 1.0)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a-2", "a-3"]),
        (["a", "a", "a-2"], ["a", "a-3", "a-2"]),
        (["a-2", "a", "a", "a"], ["a-2", "a", "a-3", "a-4"]),
    ],
)
def test_no_two_names_are_the_same(names, expected):
    assert unique(names) == expected


def test_texts_go_into_a_file_one_a_line(tmp_path):
    write_lines(tmp_path / "t.txt", ["a cat", "", "two\nlines\r\nand\u2028more", "caf\u00e9 \U0001f993"])
    assert (tmp_path / "t.txt").read_bytes().decode() == "a cat\n\ntwo lines and more\ncaf\u00e9 \U0001f993\n"
