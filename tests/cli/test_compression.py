"""`keras-vae compress`, `decompress`, `list` and `verify` as their users meet them."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from runs.run_helpers import names

import keras_vae as kv
from keras_vae.runs.open_run import open_run
from keras_vae.runs.run_folder import RunFolder
from keras_vae.tasks.compression import Compressor, TextCompressor


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with arrays, a run on them whose model was not trained, and its compressor; not to be written to."""
    folder = tmp_path_factory.mktemp("compression")
    np.save(folder / "x.npy", np.random.default_rng(0).integers(0, 2, (40, 8, 8)).astype(np.uint8))
    opened, config, _, _ = open_run(folder / "run", data=str(folder / "x.npy"), latent_dim=2, hidden_units=[4])
    opened.path.mkdir()
    opened.write_config(config)
    model = kv.make_vae((8, 8, 1), latent_dim=2, network="dense", hidden_units=(4,), likelihood="bernoulli", seed=0)
    model.save(opened.model_file)
    Compressor(model=model).save(folder / "c.keras")
    return folder


@pytest.fixture
def run(made, tmp_path):
    """The path of the run; beside the test are arrays and pictures that it can compress."""
    shutil.copy(made / "x.npy", tmp_path)
    for i, pixels in enumerate(np.load(made / "x.npy")[:6].astype(bool)):
        path = tmp_path / "in" / ("cats", "dogs")[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return made / "run"


def pictures(folder):
    return {str(p.relative_to(folder)): np.asarray(Image.open(p)).tolist() for p in folder.rglob("*.png")}


def test_a_folder_is_compressed_listed_verified_and_given_back(shell, run, tmp_path):
    code, out, err = shell("compress", run, "in", "--out", "in.kvz")
    size, before = (tmp_path / "in.kvz").stat().st_size, sum(p.stat().st_size for p in (tmp_path / "in").rglob("*.png"))
    assert (code, err) == (0, "")
    first, *lines = out.splitlines()
    assert first == "6 files, 6 examples of 8 x 8, in in.kvz; decoded again, and the same"
    assert lines[0] == f"before      {before} bytes"
    assert lines[1] == f"after       {size} bytes, {size * 8 / 384:.3f} bits/dim: {before / size:.2f} times smaller"
    assert lines[2].startswith(f"model       {run} (")
    code, out, err = shell("list", "in.kvz")
    assert (code, err) == (0, "")
    first, _, *lines = out.splitlines()
    assert first == f"in.kvz: {size} bytes for 384, {size * 8 / 384:.3f} bits/dim"
    assert lines[:3] == ["values      u1, 6 examples of 8 x 8", "blocks      1 of 6 rows", "files       6"]
    assert lines[3:5] == ["  cats/0.png  1", "  cats/2.png  1"]
    assert shell("verify", run, "in.kvz") == (
        0,
        "in.kvz is whole: 6 examples of 8 x 8 decoded, and they are what its checksums say\n",
        "",
    )
    assert shell("verify", run, "in.kvz", "in")[1].endswith("and they are what is in the files\n")
    told = (0, "6 files, 6 examples of 8 x 8, in again\n", "")
    assert shell("decompress", run, "in.kvz", "--out", "again") == told
    assert pictures(tmp_path / "again") == pictures(tmp_path / "in")


def test_json_is_one_object_and_a_file_of_a_compressor_is_a_model_too(shell, run, made, tmp_path):
    np.savez("two.npz", x=np.load("x.npy"), y=np.arange(40))
    commands = [
        ["compress", run, "two.npz", "--key", "x", "--out", "two.kvz"],
        ["list", "two.kvz"],
        ["verify", made / "c.keras", "two.kvz", "two.npz"],
        ["decompress", made / "c.keras", "two.kvz", "--out", "back.npz"],
    ]
    told = []
    for command in commands:
        code, out, err = shell(*command, "--json")
        assert (code, err, out.count("\n")) == (0, "", 1), err
        told.append(json.loads(out))
    assert len({json.dumps([t["bytes"], t["model"], t["shape"], t["files"]]) for t in told}) == 1
    assert told[0]["ratio"] == told[0]["bytes_before"] / told[0]["bytes"]
    assert (told[0]["replaced"], told[2]["compared_with"], told[3]["out"]) == (False, 1, "back.npz")
    with np.load("back.npz") as back:
        assert back.files == ["x"]
        np.testing.assert_array_equal(back["x"], np.load("x.npy"), strict=True)


def test_originals_go_only_if_it_is_asked_for(shell, run, tmp_path):
    content = (tmp_path / "x.npy").read_bytes()
    assert shell("compress", run, "x.npy", "--out", "x.kvz")[0] == 0
    assert (tmp_path / "x.npy").read_bytes() == content
    code, out, _ = shell("compress", run, "x.npy", "--out", "x.kvz", "--force", "--replace")
    assert code == 0
    assert f"{len(content)} bytes, deleted" in out
    assert not (tmp_path / "x.npy").exists()
    assert shell("decompress", run, "x.kvz", "--out", "x.npy")[1] == "1 file, 40 examples of 8 x 8, in x.npy\n"
    assert (tmp_path / "x.npy").read_bytes() == content


def test_what_is_lost_of_a_picture_is_a_warning(shell, run, tmp_path):
    for name in ("a", "b"):
        Image.new("1", (8, 8)).save(tmp_path / f"{name}.bmp")
    code, _, err = shell("compress", run, "a.bmp", "b.bmp", "--out", "ab.kvz")
    assert code == 0
    wanted = "pixels and names come back, other things do not: a.bmp comes back as a.png, and 1 more like this"
    assert err == f"keras-vae: warning: {wanted}\n"


def test_of_many_files_some_are_listed(shell, run, monkeypatch):
    from keras_vae.cli import compression

    monkeypatch.setattr(compression, "MAX_LISTED", 4)
    shell("compress", run, "in", "--out", "in.kvz")
    assert shell("list", "in.kvz")[1].splitlines()[-1] == "  and 2 more, which --json lists"


def test_arrays_and_tables_are_listed_with_their_types(shell, run, tmp_path):
    shell("compress", run, "x.npy", "--out", "x.kvz")
    assert shell("list", "x.kvz")[1].splitlines()[-1] == "  x.npy  u1 (40, 8, 8)"
    np.savez("two.npz", a=np.load("x.npy"), b=np.load("x.npy").astype(bool))
    shell("compress", run, "two.npz", "--out", "two.kvz")
    assert shell("list", "two.kvz")[1].splitlines()[-1] == "  two.npz  a u1 (40, 8, 8), b b1 (40, 8, 8)"


@pytest.mark.slow
@pytest.mark.parametrize("data", ["black and white", "grey", "colour", "counts"])
def test_what_a_run_was_trained_on_can_be_compressed(shell, data, tmp_path, rng):
    """From `keras-vae train` on, with what it chooses itself."""
    (tmp_path / "in").mkdir()
    given = ["--epochs", 1]
    if data == "counts":
        lines = [",".join(map(str, row)) for row in rng.poisson(4.0, (60, 5)).tolist()]
        (tmp_path / "in" / "t.csv").write_text("\n".join(["a,b,c,d,e", *lines]) + "\n")
        given += ["--data", "in/t.csv", "--likelihood", "negative_binomial", "--label", "none", "--id", "none"]
    else:
        given += ["--data", "in", "--no-grey" if data == "colour" else "--grey"]
        for i in range(30):
            pixels = rng.integers(0, 256, (8, 8, 3) if data == "colour" else (8, 8)).astype(np.uint8)
            image = Image.fromarray(pixels)
            (image.convert("1") if data == "black and white" else image).save(tmp_path / "in" / f"{i:02}.png")
    code, _, err = shell("train", *given, "--out", "run")
    assert code == 0, err
    code, _, err = shell("compress", "run", "in", "--out", "in.kvz")
    assert (code, err) == (0, "")
    assert shell("decompress", "run", "in.kvz", "--out", "again")[0] == 0
    if data == "counts":
        assert (tmp_path / "again" / "t.csv").read_bytes() == (tmp_path / "in" / "t.csv").read_bytes()
    assert pictures(tmp_path / "again") == pictures(tmp_path / "in")


def test_mistakes_are_answered_in_one_line_and_leave_nothing(refused, shell, run, made, tmp_path):
    shell("compress", run, "x.npy", "--out", "x.kvz")
    np.save("wrong.npy", np.zeros((3, 9, 8), np.uint8))
    np.save("grey.npy", np.full((3, 8, 8), 7, np.uint8))
    (tmp_path / "cut.kvz").write_bytes((tmp_path / "x.kvz").read_bytes()[:-3])
    (tmp_path / "empty.kvz").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    before = names(tmp_path)
    out = ["--out", "new.kvz"]
    refused("compress", run, "wrong.npy", *out, match=r"wrong\.npy must have examples of 8 x 8 x 1 .*Received: 9 x 8")
    refused("compress", run, "grey.npy", *out, match=r"grey\.npy: .* from 0 to 1, .* x\[0, 0, 0\] = 7")
    refused("compress", run, "nothing.npy", *out, match=r"there is no file nothing\.npy")
    refused("compress", run, "empty", *out, match="empty holds no pictures, arrays or tables")
    refused("compress", run, "x.npy", "--out", "x.kvz", match=r"x\.kvz is there already; --force writes over it")
    refused("compress", run, "x.npy", "--out", "x.npy/a.kvz", match="`out` must be in a folder")
    refused("compress", "empty", "x.npy", *out, match="empty is not a run folder")
    refused("compress", made / "run" / "model.keras", "x.npy", *out, match="is not a file of a compressor")
    refused("decompress", run, "cut.kvz", "--out", "back", match="the file was cut off: 3 bytes")
    refused("decompress", run, "empty.kvz", "--out", "back", match="the file is empty")
    refused("list", "x.npy", match="the file is no container of compressed data")
    refused("verify", run, "x.kvz", "grey.npy", match=r"grey\.npy is of another type, shape or layout")
    assert names(tmp_path) == before


def test_the_file_of_another_model_is_refused(refused, shell, run, tmp_path):
    shell("compress", run, "x.npy", "--out", "x.kvz")
    other = shutil.copytree(run, tmp_path / "other")
    model = RunFolder(other).load_model()
    model.set_weights([weight + np.float32(0.01) for weight in model.get_weights()])
    model.save(other / "model.keras")
    refused("decompress", other, "x.kvz", "--out", "back", match="the file was made by another model")


def test_a_run_that_is_not_finished_is_refused(refused, run, tmp_path):
    unfinished = shutil.copytree(run, tmp_path / "unfinished")
    (unfinished / "model.keras").unlink()
    refused("compress", unfinished, "x.npy", "--out", "x.kvz", match="unfinished is not finished: further training")


def test_the_package_that_is_missing_is_named(refused, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    refused("compress", run, "x.npy", "--out", "x.kvz", match=r'pip install "keras.vae\[compression\]"')


LISTS = """
import sys
sys.argv = ["keras-vae", "list", "x.kvz"]
from keras_vae.cli.app import main
main()
assert not {"tensorflow", "keras", "sklearn"} & set(sys.modules)
"""


def test_listing_does_not_wait_for_tensorflow(made, tmp_path):
    Compressor.load(made / "c.keras").compress_to(tmp_path / "x.kvz", np.load(made / "x.npy"))
    run = subprocess.run([sys.executable, "-c", LISTS], cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("x.kvz: ")


def test_a_model_of_text_takes_any_file(shell, tmp_path):
    model = kv.make_language_model(kv.data.Tokenizer.learn(["the cat sat", "a dog ran"] * 4), units=4, seed=0)
    TextCompressor(model).save(tmp_path / "t.keras")
    content = b"\xef\xbb\xbfthe cat sat\r\n\x00\n" + b"the dog ran\n" * 30
    (tmp_path / "a.log").write_bytes(content)
    code, out, err = shell("compress", "t.keras", "a.log", "--out", "a.kvz")
    assert (code, err) == (0, "")
    first, _, after, _ = out.splitlines()
    assert first == f"1 file, {len(content)} bytes, in a.kvz; decoded again, and the same"
    assert "bits per character" in after
    listed = shell("list", "a.kvz")[1].splitlines()
    assert f"values      u1, {len(content)} bytes" in listed
    assert "way         language model" in listed
    assert listed[-1] == f"  a.log  {len(content)} bytes"
    assert shell("verify", "t.keras", "a.kvz", "a.log")[0] == 0
    assert shell("decompress", "t.keras", "a.kvz", "--out", "b.log")[:2] == (
        0,
        f"1 file, {len(content)} bytes, in b.log\n",
    )
    assert (tmp_path / "b.log").read_bytes() == content
    (tmp_path / "a.kvz").write_bytes((tmp_path / "a.kvz").read_bytes()[:-1])
    code, _, err = shell("decompress", "t.keras", "a.kvz", "--out", "c.log")
    assert (code, err.count("\n")) == (2, 1)
    assert "was cut off" in err
    assert not (tmp_path / "c.log").exists()
