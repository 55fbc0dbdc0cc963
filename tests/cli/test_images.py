"""`train-denoiser`, `train-enlarger`, `train-inpainter`, and `denoise`, `enlarge` and `inpaint` at the shell."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image
from tasks.images.restoration.restoration_helpers import rectangles, write_images

from keras_vae.runs.open_run import open_run
from keras_vae.runs.training import train
from keras_vae.tasks.images.restoration.picture import Picture, read_picture, write_picture

SMALL = {"hidden_units": [8, 8], "epochs": 1, "batch_size": 16}


def finished(folder, task, **settings):
    """A finished run of one epoch."""
    data = write_images(folder / f"{task}.npz")
    opened, config, prepared, data = open_run(folder / task, task=task, data=str(data), **SMALL, **settings)
    train(opened, config, prepared, data, verbose=0)
    return folder / task


@pytest.fixture(scope="module")
def denoising(tmp_path_factory):
    """A finished run; not to be written to."""
    return finished(tmp_path_factory.mktemp("denoising"), "denoising", strength=0.2)


@pytest.fixture(scope="module")
def enlarging(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("enlarging"), "enlarging")


@pytest.fixture(scope="module")
def inpainting(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("inpainting"), "inpainting", mask="anywhere")


@pytest.fixture
def photo(rng, tmp_path):
    """A colour picture of 16 bits with alpha, in a folder with a broken file."""
    (tmp_path / "in").mkdir()
    values = np.uint16(65535 * rectangles(1, 30, 21, 3)[0])
    alpha = rng.integers(0, 65536, (30, 21), np.uint16)
    write_picture(tmp_path / "in" / "a.png", Picture(values, alpha))
    (tmp_path / "in" / "empty.png").touch()
    return Picture(values, alpha)


def test_a_run_has_figures_and_pictures(denoising):
    assert {p.name for p in (denoising / "figures").iterdir()} == {
        "loss_curves.png",
        "before_and_after.png",
        "beside_others.png",
    }
    metrics = json.loads((denoising / "metrics.json").read_text())
    assert metrics["psnr"] > metrics["noisy_psnr"]
    assert (metrics["part"], metrics["n_images"]) == ("test", 20)


@pytest.mark.slow
def test_a_run_goes_on_and_is_evaluated_again(shell, denoising, tmp_path):
    shutil.copytree(denoising, tmp_path / "run")
    code, out, _ = shell("train-denoiser", "--out", "run", "--resume", "--epochs", "2")
    assert (code, bool(re.search(r"noisy psnr +[\d.]+ +dB", out))) == (0, True)
    assert "figures     run" in out
    code, out, _ = shell("evaluate", "run", "--json")
    assert json.loads(out)["n_images"] == 20


@pytest.mark.slow
def test_a_run_is_begun_at_the_shell(shell, tmp_path):
    data = write_images(tmp_path / "images.npz")
    small = ["--hidden-units", "8,8", "--batch-size", "16", "--strength", "0.1,0.3"]
    code, out, err = shell("train-denoiser", "--data", data.name, *small, "--epochs", "1")
    assert (code, err) == (0, "")
    assert "figures     runs/images-train-denoiser" in out


def test_the_settings_at_the_shell_are_those_of_the_task(refused, tmp_path):
    data = write_images(tmp_path / "images.npz")
    refused("train-denoiser", "--data", data.name, "--strength", "0.3,0.1", match="`strength` must")
    refused("train-inpainter", "--data", data.name, "--missing", "2", match="`missing` must")
    assert not (tmp_path / "runs").exists()


def test_files_keep_bits_and_alpha_and_broken_ones_are_left_out(shell, denoising, photo, tmp_path):
    code, out, err = shell("denoise", denoising, "in", "out")
    assert (code, out) == (0, "1 image in out, 1 left out\n")
    assert err.startswith("keras-vae: warning: left out: ")
    assert "empty.png cannot be read: it is empty" in err
    found = read_picture(tmp_path / "out" / "a.png")
    assert (found.values.shape, found.values.dtype) == (photo.values.shape, np.uint16)
    np.testing.assert_array_equal(found.alpha, photo.alpha)
    code, out, _ = shell("denoise", denoising, "in/a.png", "b.png", "--json")
    assert json.loads(out) == {"files": ["b.png"], "skipped": {}}
    np.testing.assert_array_equal(read_picture(tmp_path / "b.png").values, found.values)


@pytest.mark.slow
def test_a_picture_is_enlarged_and_a_rotated_one_comes_out_upright(shell, enlarging, photo, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (9, 4), 80).save(tmp_path / "lying.jpg", exif=exif)
    assert shell("enlarge", enlarging, "lying.jpg", "large.jpg")[0] == 0
    with Image.open(tmp_path / "large.jpg") as image:
        assert (image.size, image.mode, image.getexif().get(0x0112)) == ((8, 18), "L", None)
    assert shell("enlarge", enlarging, "in/a.png", "large.png")[0] == 0
    found = read_picture(tmp_path / "large.png")
    assert (found.values.shape, found.alpha.shape) == ((60, 42, 3), (60, 42))


@pytest.mark.slow
def test_holes_are_filled_by_mask_by_colour_and_where_it_is_transparent(shell, inpainting, tmp_path):
    values = np.uint8(255 * rectangles(1, 16, 12, 3)[0])
    missing = np.zeros((16, 12), bool)
    missing[4:7, 5:9] = True
    holed = np.where(missing[..., None], np.uint8([255, 0, 255]), values)
    write_picture(tmp_path / "colour.png", Picture(holed))
    write_picture(tmp_path / "alpha.png", Picture(values, np.uint8(255 * ~missing)))
    write_picture(tmp_path / "mask.png", Picture(np.uint8(255 * missing)[..., None]))
    for name, options in (
        ("colour.png", ["--colour", "#ff00ff"]),
        ("colour.png", ["--mask", "mask.png"]),
        ("alpha.png", []),
    ):
        code, out, err = shell("inpaint", inpainting, name, "filled.png", "--force", *options)
        assert (code, out, err) == (0, "1 image in filled.png\n", "")
        found = read_picture(tmp_path / "filled.png")
        np.testing.assert_array_equal(found.values[~missing], values[~missing])
        assert not (found.values[missing] == [255, 0, 255]).all()
        assert found.alpha is None or (found.alpha == 255).all()


@pytest.mark.slow
def test_mistakes_are_told_in_a_line(refused, denoising, inpainting, photo, tmp_path):
    refused("denoise", inpainting, "in", "out", match="must be a run of `keras-vae train-denoiser`")
    refused("denoise", denoising, "absent.png", "out.png", match="there is no file or folder absent.png")
    refused("denoise", denoising, "in/a.png", "in/a.png", match="must be another file than the one that is read")
    refused("denoise", denoising, "in/empty.png", "b.png", match="cannot be read: it is empty")
    refused("denoise", denoising, "in/a.png", "b.jpg", match="to keep 16 bits")
    refused("sample", denoising, match="draws what degraded images may have been")
    refused("inpaint", inpainting, "in/a.png", "b.png", "--mask", "m", "--colour", "1,2,3", match="must not both be")
    refused("inpaint", inpainting, "in/a.png", "b.png", "--mask", "absent.png", match="there is no file or folder")
    refused("inpaint", inpainting, "in/a.png", "b.png", "--colour", "pink", match="must be a colour")
    (tmp_path / "masks").mkdir()
    refused("inpaint", inpainting, "in/a.png", "b.png", "--mask", "masks", match="has no mask: there is no masks/a.png")
    write_picture(tmp_path / "small.png", Picture(np.zeros((2, 2, 1), np.uint8)))
    refused("inpaint", inpainting, "in/a.png", "b.png", "--mask", "small.png", match="needs a mask of its shape")
    assert not (tmp_path / "b.png").exists()


def test_no_help_waits_for_tensorflow_and_every_command_is_listed(shell):
    out = shell("--help")[1]
    for name in ("train-denoiser", "train-enlarger", "train-inpainter", "denoise", "enlarge", "inpaint"):
        assert f"  {name} " in out
