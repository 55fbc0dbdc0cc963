import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from keras_vae.tasks.compression.files import array_entry
from keras_vae.tasks.compression.files.array_entry import ArrayEntry
from keras_vae.tasks.compression.files.model_data import ModelData

MODEL = ModelData((4, 3), 256)


def arrays(rng):
    x = rng.integers(0, 256, (7, 4, 3)).astype(np.uint8)
    return {"x": x, "cats/b": x[:2].astype(">f4"), "c": np.asfortranarray(x[3:]), "d": x[:0]}


def through(path, tmp_path, keys=()):
    """A file that was read, kept as JSON keeps it, and written again."""
    entry = ArrayEntry.of_path(path, path.name, MODEL, keys)
    rows = np.full((entry.n_rows, 4, 3, 1), 255, np.float64)
    entry.load(path, rows, MODEL)
    entry = ArrayEntry.of_dict(
        {**entry.as_dict(), "arrays": [{**a, "shape": list(a["shape"])} for a in entry.as_dict()["arrays"]]}
    )
    (tmp_path / "out").mkdir()
    entry.save(tmp_path / "out" / path.name, rows)
    return tmp_path / "out" / path.name


@pytest.mark.parametrize("key", ["x", "cats/b", "c", "d"])
@pytest.mark.parametrize("chunk", [1, 2**24])
def test_the_bytes_of_an_npy_file_come_back(key, chunk, tmp_path, rng, monkeypatch):
    monkeypatch.setattr(array_entry, "CHUNK", chunk)
    np.save(tmp_path / "a.npy", arrays(rng)[key])
    assert through(tmp_path / "a.npy", tmp_path).read_bytes() == (tmp_path / "a.npy").read_bytes()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_arrays_of_an_npz_file_come_back_with_their_names(save, tmp_path, rng):
    save(tmp_path / "a.npz", **arrays(rng))
    path = through(tmp_path / "a.npz", tmp_path)
    with np.load(path) as back, np.load(tmp_path / "a.npz") as x:
        assert back.files == x.files
        for key in x.files:
            assert (back[key].dtype.str, back[key].flags.fnc) == (x[key].dtype.str, x[key].flags.fnc)
            np.testing.assert_array_equal(back[key], x[key], strict=True)
    kinds = [[member.compress_type for member in zipfile.ZipFile(p).infolist()] for p in (path, tmp_path / "a.npz")]
    assert kinds[0] == kinds[1]


def test_some_arrays_of_an_npz_file_can_be_chosen(tmp_path, rng):
    np.savez(tmp_path / "a.npz", y=np.arange(3), **arrays(rng))
    with pytest.raises(
        ValueError, match=r"array `y` of .* 4 x 3 values.* Received: single numbers; name those .* --key"
    ):
        ArrayEntry.of_path(tmp_path / "a.npz", "a.npz", MODEL, ())
    with np.load(through(tmp_path / "a.npz", tmp_path, ("c", "x"))) as back:
        assert back.files == ["x", "c"]
    with pytest.raises(ValueError, match=r"a\.npz has no array z: it has y, x, cats/b"):
        ArrayEntry.of_path(tmp_path / "a.npz", "a.npz", MODEL, ("z",))


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (np.zeros((2, 4, 3), complex), "array of booleans, integers or floats of at most 64 bits. .* dtype <c16"),
        (np.zeros((2, 4, 3), np.longdouble), "array of booleans, integers or floats of at most 64 bits"),
        (np.zeros((2, 4, 3), "U3"), "array of booleans, integers or floats of at most 64 bits"),
        (np.float32(1.0), r"shape \(\)"),
        (np.zeros((2, 3, 4)), "examples of 4 x 3 values, .* Received: 3 x 4"),
        (np.array([None]), "array of booleans"),
    ],
    ids=["complex", "long", "text", "one", "shape", "objects"],
)
def test_other_arrays_are_refused(x, match, tmp_path):
    np.save(tmp_path / "a.npy", x, allow_pickle=True)
    with pytest.raises(ValueError, match=match):
        ArrayEntry.of_path(tmp_path / "a.npy", "a.npy", MODEL, ())


def test_values_are_looked_at_with_their_row(tmp_path, monkeypatch):
    monkeypatch.setattr(array_entry, "CHUNK", 24)
    x = np.zeros((9, 4, 3), np.int16)
    x[7, 2, 1] = 256
    np.save(tmp_path / "a.npy", x)
    entry = ArrayEntry.of_path(tmp_path / "a.npy", "a.npy", MODEL, ())
    with pytest.raises(ValueError, match=r"a\.npy: .* 0 to 255, .* Received: x\[0, 2, 1\] = 256, counted from row 7"):
        entry.load(tmp_path / "a.npy", np.zeros((9, 4, 3)), MODEL)


@pytest.mark.parametrize("save", [np.save, np.savez, np.savez_compressed])
def test_reading_needs_no_second_array(save, tmp_path, rng, monkeypatch):
    monkeypatch.setattr(array_entry, "CHUNK", 2**16)
    path = tmp_path / ("a.npy" if save is np.save else "a.npz")
    save(path, rng.integers(0, 256, (2**17, 4, 3)).astype(np.uint8))
    entry = ArrayEntry.of_path(path, path.name, MODEL, ())
    rows = np.zeros((2**17, 4, 3), np.uint8)
    tracemalloc.start()
    entry.load(path, rows, MODEL)
    assert tracemalloc.get_traced_memory()[1] < 0.5 * rows.nbytes
    tracemalloc.stop()


def npy(x):
    file = io.BytesIO()
    np.save(file, x)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.npy", b"", "cannot be read"),
        ("a.npy", b"other", "cannot be read"),
        ("a.npy", npy(np.zeros((2, 4, 3)))[:40], "cannot be read"),
        ("a.npy", b"\x93NUMPY\x03\x00" + struct.pack("<I", 2) + b"{}", "cannot be read: its arrays must be of whole"),
        ("a.npz", b"PK\x03\x04 cut", "cannot be read"),
    ],
)
def test_damaged_files_are_refused(name, content, match, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} {match}"):
        ArrayEntry.of_path(tmp_path / name, name, MODEL, ())


def test_archives_of_other_things_are_refused(tmp_path):
    for members, match in [({}, "holds no arrays"), ({"a.txt": b"a"}, "must hold arrays alone. Received: a.txt")]:
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        with pytest.raises(ValueError, match=match):
            ArrayEntry.of_path(tmp_path / "a.npz", "a.npz", MODEL, ())


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((3, 4, 3)))
    entry = ArrayEntry.of_path(path, "a.npy", MODEL, ())
    content = path.read_bytes()
    for changed, match in [
        (content[:-1], "it was cut off"),
        (content + b"1", "it is longer than its array"),
        (npy(np.zeros((4, 4, 3))), "it has changed while it was read"),
    ]:
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=rf"a\.npy cannot be read: {match}"):
            entry.load(path, np.zeros((3, 4, 3)), MODEL)


STORED = {"key": "", "dtype": "|u1", "shape": [2, 4, 3], "by_columns": False}
ENTRY = {"name": "a.npy", "arrays": [STORED], "deflated": False}


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ({**ENTRY, "name": "a.txt"}, "'a.txt' is no file of these arrays"),
        ({**ENTRY, "arrays": [STORED, STORED]}, "'a.npy' is no file of these arrays"),
        ({**ENTRY, "arrays": [{**STORED, "key": "x"}]}, "'a.npy' is no file of these arrays"),
        ({**ENTRY, "arrays": [{**STORED, "dtype": "|O"}]}, r"an array of dtype '\|O'"),
        ({**ENTRY, "arrays": [{**STORED, "shape": []}]}, r"shape \(\)"),
        ({**ENTRY, "arrays": [{**STORED, "shape": [-1, 4, 3]}]}, "`shape` is -1"),
        ({**ENTRY, "deflated": 1}, "`deflated` is 1"),
    ],
)
def test_a_damaged_entry_is_refused(content, match):
    with pytest.raises(ValueError, match=f"the list of files is damaged: .*{match}"):
        ArrayEntry.of_dict(content)


def test_arrays_of_an_npz_file_cannot_have_names_that_lead_elsewhere():
    with pytest.raises(ValueError, match="must be relative"):
        ArrayEntry.of_dict({**ENTRY, "name": "a.npz", "arrays": [{**STORED, "key": "../x"}]})


def test_rows_can_be_arrays_of_as_many_values():
    entry = ArrayEntry.of_dict(ENTRY)
    assert entry.can_be_rows((4, 3, 1))
    assert not entry.can_be_rows((4, 4))
    assert entry.held_as(MODEL) == {("|u1", (4, 3))}
