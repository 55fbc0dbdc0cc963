import copy
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_vae.tasks.compression.container.header import BlockEntry, Header
from keras_vae.tasks.compression.files.file_set import FileSet, kind_of
from keras_vae.tasks.compression.files.model_data import ModelData

MODEL = ModelData((5, 6, 1), 256)


def header_of(files):
    """The header of a container that holds the files, as it is read again."""
    blocks = tuple(BlockEntry(1, 0, bytes(8)) for _ in range(-(-files.shape[0] // 100)))
    return Header.of_bytes(Header(bytes(16), files.dtype, files.shape, 100, blocks, files.metadata).to_bytes())


def changed(header, **change):
    return Header(**{**{name: getattr(header, name) for name in vars(header)}, **change})


@pytest.fixture
def pictures(tmp_path, rng):
    """Pairs of paths and names."""
    made = []
    for i, name in enumerate(("a.png", "b/c.bmp", "d.png")):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(rng.integers(0, 256, (5, 6)).astype(np.uint8))
        (image.convert("1") if i == 2 else image).save(path)
        made.append((path, name))
    return made


def test_pictures_become_rows_and_pictures_again(pictures, tmp_path):
    files = FileSet.of_files(pictures, MODEL)
    x = files.read([path for path, _ in pictures], MODEL)
    assert (x.shape, x.dtype, files.kind) == ((3, 5, 6), np.uint8, "image")
    back = FileSet.of_header(header_of(files))
    assert (back.entries, back.shape, back.dtype) == (files.entries, x.shape, x.dtype)
    back.write(tmp_path / "out", x)
    for (path, _), name in zip(pictures, ("a.png", "b/c.png", "d.png"), strict=True):
        with Image.open(path) as image, Image.open(tmp_path / "out" / name) as other:
            assert image.mode == other.mode
            np.testing.assert_array_equal(np.asarray(image), np.asarray(other))


def test_arrays_of_several_types_are_held_in_one_that_has_all_values(tmp_path, rng):
    x = rng.integers(0, 256, (7, 5, 6))
    arrays = {"a.npy": x.astype(np.int64), "b.npy": x[:2, ..., np.newaxis].astype(np.float32), "c.npy": x[:0]}
    for name, array in arrays.items():
        np.save(tmp_path / name, array)
    found = [(tmp_path / name, name) for name in arrays]
    files = FileSet.of_files(found, MODEL)
    x = files.read([path for path, _ in found], MODEL)
    assert (x.shape, x.dtype) == ((9, 5, 6, 1), np.uint8)
    assert [files.rows_of(i) for i in range(3)] == [slice(0, 7), slice(7, 9), slice(9, 9)]
    FileSet.of_header(header_of(files)).write(tmp_path / "out", x)
    for name in arrays:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_files_of_several_kinds_are_refused(pictures, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 5, 6)))
    with pytest.raises(ValueError, match=r"the files must be of one kind. Received: .*a\.png and .*x\.npy"):
        FileSet.of_files([*pictures, (tmp_path / "x.npy", "x.npy")], MODEL)


def test_of_mixed_sizes_two_files_are_named(pictures):
    Image.new("L", (7, 5)).save(pictures[1][0])
    message = r"c\.bmp must have 5 x 6 pixels.* Received: 5 x 7 pixels, grey; .*a\.png, the first file, is as the model"
    with pytest.raises(ValueError, match=message):
        FileSet.of_files(pictures, MODEL)


def test_two_pictures_of_one_name_but_for_the_ending_are_refused(pictures, tmp_path):
    Image.new("L", (6, 5)).save(tmp_path / "in" / "a.bmp")
    with pytest.raises(ValueError, match=r"two files would have the same name: 'a\.png' and 'a\.png'"):
        FileSet.of_files([(tmp_path / "in" / "a.bmp", "a.bmp"), *pictures], MODEL)


def test_an_array_without_files_is_one_file():
    files = FileSet.of_header(Header(bytes(16), np.dtype("<i4"), (0, 5, 6), 100, (), {}))
    assert [entry.name for entry in files.entries] == ["x.npy"]
    assert files.shape == (0, 5, 6)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (None, "`kind` is None"),
        ({"kind": "array"}, "`entries` is None"),
        ({"kind": "film", "entries": [1]}, "1 files of the kind 'film'"),
        ({"kind": "image", "entries": []}, "0 files of the kind 'image'"),
        ({"kind": "image", "entries": [3]}, "`name` is None"),
    ],
)
def test_a_damaged_list_is_refused(content, match):
    header = Header(bytes(16), np.dtype("u1"), (1, 5, 6), 100, (BlockEntry(1, 0, bytes(8)),), {"files": content})
    with pytest.raises(ValueError, match=f"the list of files is damaged: {match}"):
        FileSet.of_header(header)


JUNK = (None, -1, 2**70, True, 1.5, "", "../a", "a.npz", "x" * 9999, [], [[]], {}, {"name": "a.npy"}, float("nan"))


def places(content, path=()):
    """Paths to all values below a JSON value."""
    children = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


@pytest.mark.parametrize("kind", ["array", "image", "table"])
def test_whatever_stands_in_a_list_it_is_refused_or_can_be_written(kind, pictures, tmp_path, rng):
    """Lists that somebody has made up: no other error than one of damage, and no file out of the folder."""
    if kind == "image":
        files = FileSet.of_files(pictures, MODEL)
    elif kind == "array":
        np.savez(tmp_path / "a.npz", x=np.zeros((2, 5, 6), np.uint8), y=np.zeros((1, 5, 6), ">u2"))
        files = FileSet.of_files([(tmp_path / "a.npz", "a.npz")], MODEL)
    else:
        (tmp_path / "t.csv").write_text("a,b\n1,2\n")
        files = FileSet.of_files([(tmp_path / "t.csv", "t.csv")], ModelData((2,), None))
    header, x = header_of(files), np.zeros(files.shape, files.dtype)
    before, n_refused = {str(path) for path in tmp_path.rglob("*")}, 0
    where = list(places(header.metadata["files"]))
    for i in range(len(where) * len(JUNK)):
        content = copy.deepcopy(header.metadata)
        *path, last = where[i % len(where)]
        part = content["files"]
        for key in path:
            part = part[key]
        part[last] = JUNK[i // len(where)]
        try:
            made = FileSet.of_header(changed(header, metadata=content))
            made.write(tmp_path / "out", x)
        except ValueError:
            n_refused += 1
        assert {str(path) for path in tmp_path.rglob("*") if "out" not in path.relative_to(tmp_path).parts[0]} == before
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
    assert n_refused > 0.7 * len(where) * len(JUNK)


@pytest.mark.parametrize("name", ["/etc/a.png", "../a.png", "C:\\a.png", "d.png"])
def test_names_that_lead_elsewhere_are_refused(name, pictures):
    header = header_of(FileSet.of_files(pictures, MODEL))
    header.metadata["files"]["entries"][0]["name"] = name
    with pytest.raises(ValueError, match=r"the list of files is damaged: (a name of a file must|two files)"):
        FileSet.of_header(header)


def test_a_list_of_other_values_than_those_of_the_array_is_refused(pictures):
    header = header_of(FileSet.of_files(pictures, MODEL))
    with pytest.raises(ValueError, match=r"'a.png' has other values than the array"):
        FileSet.of_header(changed(header, shape=(3, 5, 6, 3)))
    with pytest.raises(ValueError, match="it is one of 3 examples; there are 4"):
        FileSet.of_header(changed(header, shape=(4, 5, 6)))


@pytest.mark.parametrize(
    ("name", "kind"), [("a.NPY", "array"), ("a.npz", "array"), ("a.tsv", "table"), ("a.png", "image"), ("a", "image")]
)
def test_the_kind_is_that_of_the_ending(name, kind):
    assert kind_of(name) == kind
