import itertools
import subprocess
import sys

import keras
import numpy as np
import pytest
from tasks.compression.lossy.small_model import images

from keras_vae.tasks.compression import Compressor, LossyCompressor
from keras_vae.tasks.compression.lossy.quality import psnr, ssim

STDDEVS = (3.0, 24.0)


@pytest.fixture(scope="module")
def fitted():
    return LossyCompressor(STDDEVS, epochs=6, seed=0).fit(images(160), verbose=0)


@pytest.fixture(scope="module")
def x():
    return images(20, seed=1)


@pytest.mark.slow
def test_more_bits_bring_images_back_more_nearly(fitted, x):
    points = fitted.rate_distortion(x, [24.0, 3.0, 8.0])
    assert [point.stddev for point in points] == [24.0, 8.0, 3.0]
    for few, many in itertools.pairwise(points):
        assert few.bits_per_pixel < many.bits_per_pixel
        assert few.psnr < many.psnr
        assert few.ssim < many.ssim
    assert points[-1].psnr > 35.0
    point = fitted.rate_distortion(x)[0]
    data = fitted.compress(x, point.stddev)
    back = fitted.decompress(data)
    assert point.bits_per_pixel == 8 * len(data) / x.size
    assert (point.psnr, point.ssim) == (psnr(x, back), ssim(x, back))


@pytest.mark.slow
def test_training_makes_it_better_than_its_start(fitted, x):
    start = LossyCompressor(STDDEVS, epochs=1, seed=0)
    from keras_vae.tasks.compression.lossy.lossy_task import LossyTask

    task = LossyTask(epochs=1, seed=0)
    start.model_ = task.prepare(task.load(images(160))).build_model()
    before, after = start.rate_distortion(x, [6.0])[0], fitted.rate_distortion(x, [6.0])[0]
    # Half as many bits, and no worse by more than what they cost: 6 dB a bit.
    assert after.bits_per_pixel < 0.75 * before.bits_per_pixel
    assert after.psnr > before.psnr - 6.0 * (before.bits_per_pixel - after.bits_per_pixel)


@pytest.mark.slow
def test_another_process_decodes_what_was_saved(fitted, x, tmp_path):
    fitted.save(tmp_path / "c.keras")
    fitted.compress_to(tmp_path / "x.kvz", x, stddev=5.0)
    program = (
        "import sys, numpy as np\n"
        "from keras_vae.tasks.compression import LossyCompressor\n"
        "c = LossyCompressor.load(sys.argv[1] + '/c.keras')\n"
        "np.save(sys.argv[1] + '/back.npy', c.decompress(open(sys.argv[1] + '/x.kvz', 'rb').read()))\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    back = np.load(tmp_path / "back.npy")
    # The code is the same to the last bit; a pixel half way between two levels may be rounded to either.
    assert np.abs(back.astype(int) - fitted.decompress((tmp_path / "x.kvz").read_bytes())).max() <= 1
    assert keras.models.load_model(tmp_path / "c.keras").event_shape == (16, 16, 1)
    loaded = LossyCompressor.load(tmp_path / "c.keras")
    assert loaded.stddevs == STDDEVS
    with pytest.raises(ValueError, match="is a file of a lossy compressor, not of a lossless one"):
        Compressor.load(tmp_path / "c.keras")


@pytest.mark.slow
@pytest.mark.parametrize("stddev", [2.9, 24.1])
def test_a_standard_deviation_that_was_in_no_training_is_refused(fitted, x, stddev):
    with pytest.raises(ValueError, match=rf"`stddev` must be from 3.0 to 24.0, as in the training .* stddev={stddev}"):
        fitted.compress(x, stddev)


@pytest.mark.slow
@pytest.mark.parametrize("stddev", [0.0, -1.0, np.nan, "8", None])
def test_a_standard_deviation_that_is_none_is_refused(fitted, x, stddev):
    with pytest.raises(ValueError, match="`stddev` must be"):
        fitted.compress(x, stddev)


@pytest.mark.parametrize("stddevs", [(4.0,), (4.0, 2.0), (0.0, 2.0), (1.0, np.inf), 3.0, ("a", "b")])
def test_bounds_that_are_none_are_refused(stddevs):
    with pytest.raises(ValueError, match=r"`stddevs` must be two numbers, 0 < low < high. Received: stddevs="):
        LossyCompressor(stddevs).fit(images(10))


@pytest.mark.parametrize(
    "wrong",
    [
        images(4).astype(float),
        images(4) > 9,
        images(4)[:0],
        images(4).reshape(4, 256),
        np.zeros((4, 16, 16, 4), np.uint8),
        np.zeros((4, 3, 16, 16), np.uint8),
        np.zeros((4, 7, 16), np.uint8),
    ],
    ids=["float", "bool", "none", "rows", "four-channels", "channels-first", "tiny"],
)
def test_what_is_no_set_of_images_is_refused_before_training(wrong):
    with pytest.raises(ValueError, match=r"`x` must be a uint8 array of images|`x` must have its channels on the last"):
        LossyCompressor(epochs=1).fit(wrong)


def test_without_a_model_it_says_so(x):
    for call in (lambda c: c.compress(x), lambda c: c.decompress(b""), lambda c: c.save("c.keras")):
        with pytest.raises(ValueError, match="the compressor has no model yet: call `fit`"):
            call(LossyCompressor())


@pytest.mark.slow
def test_a_curve_needs_an_image(fitted, x):
    with pytest.raises(ValueError, match=r"`x` must have at least one image. Received: none"):
        fitted.rate_distortion(x[:0])


def test_it_is_an_estimator_of_scikit_learn():
    assert LossyCompressor(epochs=3).get_params() == {
        "stddevs": (2.0, 40.0),
        "minutes": None,
        "epochs": 3,
        "seed": None,
    }


@pytest.mark.parametrize("compressor", [Compressor(epochs=1), LossyCompressor(epochs=1)], ids=["lossless", "lossy"])
def test_a_missing_package_is_missed_before_the_training(compressor, monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    with pytest.raises(ImportError, match="compression needs the package constriction"):
        compressor.fit(images(10))
    assert not hasattr(compressor, "_trained")
