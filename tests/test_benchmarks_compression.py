"""The benchmark of compression: its peers give back what they got, and its sums are right."""

import importlib
import pathlib
import sys

import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"
HERE = FOLDER / "compression"


@pytest.fixture
def load(monkeypatch):
    """Import a file of benchmarks/compression/ as a script sees it."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.syspath_prepend(str(HERE))
    yield importlib.import_module
    for name in [n for n, m in sys.modules.items() if str(getattr(m, "__file__", None)).startswith(str(FOLDER))]:
        del sys.modules[name]


@pytest.fixture(params=["grey", "colour", "black and white"])
def images(request, rng):
    if request.param == "black and white":
        return rng.random((7, 8, 6, 1)) < 0.3
    return rng.integers(0, 256, (7, 8, 6, 3 if request.param == "colour" else 1), dtype=np.uint8)


def test_all_pictures_are_in_the_mosaic(load, rng):
    pictures = rng.integers(1, 256, (7, 4, 5))
    found = load("_peers").mosaic(pictures)
    assert found.shape == (12, 15)
    np.testing.assert_array_equal(found[4:8, 10:15], pictures[5])
    assert found.sum() == pictures.sum()


def test_every_peer_that_is_installed_is_decoded_and_counted(load, images):
    found = load("_peers").measure(images, seed=0)
    assert {"gzip -9", "bz2 -9", "lzma -9e", "zstd -19", "PNG, each", "JPEG-XL e9, mosaic"} <= set(found)
    assert ("gzip -9, a byte per pixel" in found) == (images.dtype == bool)
    for of in filter(None, found.values()):
        assert of["bits_per_dim"] == 8 * of["bytes"] / images.size
        assert of["n_images"] == 7


def test_peer_that_is_missing_has_no_figures(load, images, monkeypatch):
    peers = load("_peers")
    monkeypatch.setattr(peers, "_has", lambda name: False)
    found = peers.measure(images, seed=0)
    assert {name for name, of in found.items() if of is None} >= {"zstd -19", "JPEG-XL e7, each"}
    assert found["gzip -9"] is not None


def test_peer_that_gives_back_something_else_stops_the_run(load, images, monkeypatch):
    peers = load("_peers")
    monkeypatch.setattr(peers, "formats", lambda: {"PNG": (lambda x: b"", lambda data: np.zeros((8, 6)))})
    with pytest.raises(RuntimeError, match="a peer did not give back"):
        peers.measure(images, seed=0)


def test_model_pays_where_it_saves_more_than_its_bytes(load):
    script = load("lossless")
    found = {
        "ours": {"bits_per_dim": 1.0, "model_bytes": 1000},
        "best_peer": "a",
        "peers": {"a": {"bits_per_dim": 3.0}},
    }
    # 100 values save 200 bits an image; the model has 8000.
    assert script.pays_from(found, n_values=100) == 40
    found["ours"]["bits_per_dim"] = 3.0
    assert script.pays_from(found, n_values=100) is None


def test_set_without_a_model_is_left_out(load, tmp_path):
    assert load("lossless").compressor_of("mnist", tmp_path, seed=0) == (None, None)


def test_training_is_that_of_the_shell_and_is_kept(load, tmp_path):
    script = load("train")
    command = script.command_of("mnist", tmp_path, {"epochs": 3}, seed=1)
    options = dict(zip(command[4:-1:2], command[5:-1:2], strict=True))
    assert options["--likelihood"] == "discretized_logistic_mixture"
    assert (options["--epochs"], options["--seed"], command[-1]) == ("3", "1", "--resume")
    assert "--epochs" in script.command_of("mnist", tmp_path, {}, seed=1)
    assert "--epochs" not in script.command_of("mnist", tmp_path, {"minutes": 2.0}, seed=1)
    (tmp_path / "mnist.json").write_text('{"epochs_done": 3}')
    assert script.train("mnist", tmp_path, {}, seed=1) == {"epochs_done": 3}


def test_unknown_set_is_refused(load, capsys):
    with pytest.raises(SystemExit):
        load("train").parse_arguments(["--sets", "mnist,nonsense"])
    assert "--sets must name some of" in capsys.readouterr().err


def test_gains_are_those_at_the_rates_of_the_peer(load):
    script = load("lossy")
    own = [{"bits_per_pixel": rate, "psnr": psnr} for rate, psnr in ((0.5, 20.0), (2.0, 30.0))]
    peer = [
        {"bits_per_pixel": rate, "psnr": psnr} for rate, psnr in ((0.25, 10.0), (1.0, 21.0), (2.0, 33.0), (4.0, 40.0))
    ]
    found = script.gains(own, peer, "psnr")
    # Half way from 0.5 to 2 on a logarithmic scale: 25 dB.
    np.testing.assert_allclose([found["least"], found["mean"]], [-3.0, 0.5], atol=1e-9)
    np.testing.assert_allclose(found["rates"], [1.0, 2.0])
    assert script.gains(own, peer[:1], "psnr") is None


@pytest.mark.parametrize("channels", [1, 3])
def test_a_mosaic_of_whole_blocks_gives_the_images_back(load, rng, channels):
    script = load("lossy")
    x = rng.integers(0, 256, (7, 12, 9, channels), dtype=np.uint8)
    padded = script._whole_blocks(x)
    assert padded.shape == (7, 16, 16, channels)
    picture = load("_peers").mosaic(padded if channels == 3 else padded[..., 0])
    np.testing.assert_array_equal(script._cut(picture, padded.shape, x.shape), x)


def test_every_lossy_peer_comes_nearer_with_more_bits(load):
    script = load("lossy")
    x = np.random.default_rng(0).integers(0, 256, (4, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2).astype(np.uint8)
    for pairs in script.peer_settings().values():
        ends = [pairs[0], pairs[-1]]
        for as_mosaic in (True, False):
            found = sorted(script.curve_of(x, ends, as_mosaic), key=lambda point: point["bits_per_pixel"])
            assert found[0]["psnr"] < found[1]["psnr"]
