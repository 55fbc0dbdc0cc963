"""Files of all kinds, compressed by one tiny model and given back."""

import errno
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from tasks.compression.stand_in import Bernoulli, Counts, StandIn

from keras_vae.tasks.compression import Compressor
from keras_vae.tasks.compression.codec import Codec
from keras_vae.tasks.compression.files.archive import compress_files, decompress_file, verify_file
from keras_vae.tasks.compression.files.listing import list_file


def compressor_of(likelihood, event_shape):
    """One whose model is made by hand, with blocks of four rows."""
    compressor = Compressor(model="by hand", block_rows=4)
    compressor._codec = Codec(StandIn(likelihood, (2,), event_shape), 8)
    return compressor


@pytest.fixture(scope="module")
def compressor():
    return compressor_of(Bernoulli, (5, 6, 1))


@pytest.fixture
def folder(tmp_path, rng):
    for name in ("a.png", "cats/b.png", "cats/c.png", "d.png", "e.png"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 2, (5, 6)).astype(bool)).save(path)
    return tmp_path / "in"


def pixels(folder):
    found = {}
    for path in folder.rglob("*.png"):
        with Image.open(path) as image:
            found[str(path.relative_to(folder))] = (image.mode, np.asarray(image).tolist())
    return found


def test_a_folder_of_pictures_comes_back(compressor, folder, tmp_path):
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    told = compress_files(compressor, [folder], tmp_path / "x.kvz")
    assert told["bytes"] == (tmp_path / "x.kvz").stat().st_size
    assert told["bytes_before"] == sum(map(len, before.values()))
    assert told["bits_per_dim"] == 8 * told["bytes"] / 150
    assert (told["shape"], told["blocks"], told["lost"]) == ([5, 5, 6], 2, [])
    assert {path: path.read_bytes() for path in folder.rglob("*.png")} == before
    told = decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "out")
    assert told["out"] == str(tmp_path / "out")
    assert pixels(tmp_path / "out") == pixels(folder)
    assert verify_file(compressor, tmp_path / "x.kvz")["compared_with"] == 0
    assert verify_file(compressor, tmp_path / "x.kvz", [folder])["compared_with"] == 5


def test_arrays_come_back_in_their_files(compressor, tmp_path, rng):
    x = rng.integers(0, 2, (9, 5, 6))
    np.save(tmp_path / "a.npy", x.astype(bool))
    np.savez(tmp_path / "b.npz", x=x[:2].astype(np.float32), y=x[..., np.newaxis])
    paths = [tmp_path / "a.npy", tmp_path / "b.npz"]
    compress_files(compressor, paths, tmp_path / "x.kvz")
    decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "out")
    assert (tmp_path / "out" / "a.npy").read_bytes() == paths[0].read_bytes()
    with np.load(tmp_path / "out" / "b.npz") as back, np.load(paths[1]) as wanted:
        assert back.files == wanted.files
        for key in wanted.files:
            np.testing.assert_array_equal(back[key], wanted[key], strict=True)
    assert verify_file(compressor, tmp_path / "x.kvz", paths[::-1])["compared_with"] == 2


def test_a_single_file_comes_back_under_any_name_of_its_ending(compressor, tmp_path, rng):
    np.save(tmp_path / "a.npy", rng.integers(0, 2, (9, 5, 6)))
    compress_files(compressor, [tmp_path / "a.npy"], tmp_path / "x.kvz")
    decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "b.npy")
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "a.npy").read_bytes()
    verify_file(compressor, tmp_path / "x.kvz", [tmp_path / "b.npy"])
    with pytest.raises(FileExistsError, match=r"b\.npy is there already; --force"):
        decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "b.npy")
    decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "b.npy", force=True)
    decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "out")
    assert (tmp_path / "out" / "a.npy").exists()


def test_an_array_that_python_compressed_comes_back(compressor, tmp_path, rng):
    x = rng.integers(0, 2, (9, 5, 6))
    compressor.compress_to(tmp_path / "x.kvz", x)
    decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "x.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), x, strict=True)


def test_tables_come_back_to_the_byte(tmp_path):
    compressor = compressor_of(Counts, (3,))
    content = b"a;b;c\r\n" + b"".join(b"%d;%d;2147483647\r\n" % (i, 10**i) for i in range(9))
    (tmp_path / "t.csv").write_bytes(content)
    told = compress_files(compressor, [tmp_path / "t.csv"], tmp_path / "x.kvz")
    assert (told["dtype"], told["shape"]) == ("<u4", [9, 3])
    decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "u.csv")
    assert (tmp_path / "u.csv").read_bytes() == content


def test_only_what_comes_back_whole_is_replaced(compressor, folder, tmp_path):
    compress_files(compressor, [folder], tmp_path / "x.kvz")
    wanted = pixels(folder)
    (folder / "a.png").rename(folder / "a.PNG")
    with pytest.raises(ValueError, match=r"files that come back whole. Received: .*a\.PNG comes back as a\.png"):
        compress_files(compressor, [folder], tmp_path / "y.kvz", replace=True)
    (folder / "a.PNG").rename(folder / "a.png")
    compress_files(compressor, [folder], tmp_path / "y.kvz", replace=True)
    assert pixels(folder) == {}
    decompress_file(compressor, tmp_path / "y.kvz", folder)
    assert pixels(folder) == wanted


def test_what_is_beside_the_pixels_is_told_and_stands_against_replacing(compressor, folder, tmp_path):
    Image.new("1", (6, 5)).save(folder / "a.png", icc_profile=b"profile")
    told = compress_files(compressor, [folder], tmp_path / "x.kvz")
    assert told["lost"] == [f"{folder / 'a.png'} has icc_profile beside its pixels"]
    with pytest.raises(ValueError, match="has icc_profile beside its pixels"):
        compress_files(compressor, [folder], tmp_path / "y.kvz", replace=True)
    assert (folder / "a.png").exists()


def test_parts_of_files_do_not_replace_them(compressor, tmp_path, rng):
    np.savez(tmp_path / "a.npz", x=rng.integers(0, 2, (3, 5, 6)), y=np.arange(3))
    with pytest.raises(ValueError, match="`replace` deletes whole files"):
        compress_files(compressor, [tmp_path / "a.npz"], tmp_path / "x.kvz", keys=["x"], replace=True)
    compress_files(compressor, [tmp_path / "a.npz"], tmp_path / "x.kvz", keys=["x"])
    verify_file(compressor, tmp_path / "x.kvz", [tmp_path / "a.npz"])
    assert (tmp_path / "a.npz").exists()


def test_nothing_is_written_over(compressor, folder, tmp_path):
    (tmp_path / "x.kvz").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"x\.kvz is there already; --force writes over it"):
        compress_files(compressor, [folder], tmp_path / "x.kvz")
    with pytest.raises(FileExistsError, match="in is there already, a folder"):
        compress_files(compressor, [folder], folder, force=True)
    with pytest.raises(ValueError, match="`out` must be another file than those that are read"):
        compress_files(compressor, [folder / "a.png"], folder / "a.png", force=True)
    assert (tmp_path / "x.kvz").read_bytes() == b"mine"
    compress_files(compressor, [folder], tmp_path / "x.kvz", force=True)
    assert list_file(tmp_path / "x.kvz")["kind"] == "image"


def test_without_space_nothing_is_there_and_nothing_is_deleted(compressor, folder, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    wanted = pixels(folder)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        compress_files(compressor, [folder], tmp_path / "x.kvz", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert pixels(folder) == wanted


@pytest.mark.parametrize("damage", ["a bit", "other rows"])
def test_what_does_not_come_back_gets_no_name(compressor, folder, tmp_path, monkeypatch, damage):
    """As where memory or a disk has changed a bit."""
    compress = compressor.compress

    def damaged(x, metadata, verify):
        if damage == "other rows":
            return compress(1 - x, metadata, verify)
        data = compress(x, metadata, verify)
        return data[:-1] + bytes([data[-1] ^ 1])

    monkeypatch.setattr(compressor, "compress", damaged, raising=False)
    wanted = pixels(folder)
    with pytest.raises(RuntimeError, match=r"what was written (does not come|comes back with other values in 5 rows)"):
        compress_files(compressor, [folder], tmp_path / "x.kvz", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert pixels(folder) == wanted


def test_a_file_that_changes_meanwhile_is_not_replaced(compressor, folder, tmp_path, monkeypatch):
    compress = compressor.compress

    def meanwhile(*args, **kwargs):
        os.utime(folder / "d.png", (1, 1))
        return compress(*args, **kwargs)

    monkeypatch.setattr(compressor, "compress", meanwhile, raising=False)
    with pytest.raises(ValueError, match=r"d\.png has changed while it was compressed"):
        compress_files(compressor, [folder], tmp_path / "x.kvz", replace=True)
    assert not (tmp_path / "x.kvz").exists()
    assert len(pixels(folder)) == 5


def test_other_files_are_told_from_those_that_were_compressed(compressor, folder, tmp_path, rng):
    compress_files(compressor, [folder], tmp_path / "x.kvz")
    image = (folder / "d.png").read_bytes()
    Image.new("1", (6, 5)).save(folder / "d.png")
    with pytest.raises(ValueError, match=r"x\.kvz holds other values than the files in 1 of its rows"):
        verify_file(compressor, tmp_path / "x.kvz", [folder])
    Image.new("L", (6, 5)).save(folder / "d.png")
    with pytest.raises(ValueError, match=r"d\.png is of another type, shape or layout"):
        verify_file(compressor, tmp_path / "x.kvz", [folder])
    (folder / "d.png").unlink()
    with pytest.raises(ValueError, match=r"d\.png is in the compressed file alone"):
        verify_file(compressor, tmp_path / "x.kvz", [folder])
    (folder / "d.png").write_bytes(image)
    (folder / "f.png").write_bytes(image)
    with pytest.raises(ValueError, match=r"f\.png is not in the compressed file"):
        verify_file(compressor, tmp_path / "x.kvz", [folder])


def test_a_damaged_file_gives_nothing(compressor, folder, tmp_path):
    compress_files(compressor, [folder], tmp_path / "x.kvz")
    data = (tmp_path / "x.kvz").read_bytes()
    (tmp_path / "x.kvz").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"block 1 .* is damaged"):
        decompress_file(compressor, tmp_path / "x.kvz", tmp_path / "out")
    with pytest.raises(ValueError, match=r"block 1 .* is damaged"):
        verify_file(compressor, tmp_path / "x.kvz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "x.kvz"]


KILLED = """
import pathlib, os, signal, sys
sys.path.insert(0, sys.argv[1])
from tasks.compression.files.test_archive import compressor_of
from tasks.compression.stand_in import Bernoulli
from keras_vae.tasks.compression.files import archive
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
archive.compress_files(compressor_of(Bernoulli, (5, 6, 1)), [pathlib.Path("in")], "x.kvz", replace=True)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_no_file_of_that_name(folder, tmp_path):
    import pathlib

    tests = pathlib.Path(__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", KILLED, str(tests)], cwd=tmp_path)
    assert run.returncode == -signal.SIGKILL
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left[1:] == ["in"]
    assert left[0].startswith(".tmp-")
    assert len(pixels(folder)) == 5
