import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_vae.data.picture_fit import FITS, fit_pixels

RNG = np.random.default_rng(0)
SMOOTH = np.asarray(
    Image.fromarray(RNG.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize((120, 90), Image.Resampling.BICUBIC)
)


def by_pillow(pixels, width, height, fit):
    """The same by Pillow's resizing, with the box of the part cut out by hand."""
    image = Image.fromarray(pixels)
    w, h = image.size
    if fit == "crop":
        cut_w, cut_h = min(w, max(1, int(h * width / height + 0.5))), min(h, max(1, int(w * height / width + 0.5)))
        left, top = (w - cut_w) // 2, (h - cut_h) // 2
        image = image.crop((left, top, left + cut_w, top + cut_h))
    if fit != "pad":
        return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    new_w = min(width, max(1, int(w * height / h + 0.5)))
    new_h = min(height, max(1, int(h * width / w + 0.5)))
    whole = Image.new(image.mode, (width, height))
    whole.paste(image.resize((new_w, new_h), Image.Resampling.BILINEAR), ((width - new_w) // 2, (height - new_h) // 2))
    return np.asarray(whole)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(90, 120), (60, 30), (30, 60), (7, 5), (1, 1), (200, 50), (64, 64)])
@pytest.mark.parametrize("part", [np.s_[:], np.s_[:, :40], np.s_[:20], np.s_[:1], np.s_[:, :1]])
def test_every_fit_is_pillows(fit, size, part):
    pixels = np.ascontiguousarray(SMOOTH[part])
    found = fit_pixels(tf.constant(pixels), (*size, 3), fit).numpy()
    expected = by_pillow(pixels, size[1], size[0], fit)
    # Pillow rounds after either direction, this once.
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("fit", FITS)
def test_pixels_of_the_right_size_stay_as_they_are(fit):
    np.testing.assert_array_equal(fit_pixels(tf.constant(SMOOTH), (90, 120, 3), fit), SMOOTH)


def test_crop_keeps_the_middle_and_pad_puts_black_around():
    pixels = np.full((4, 8, 1), 200, np.uint8)
    pixels[:, :2] = pixels[:, 6:] = 10
    np.testing.assert_array_equal(fit_pixels(tf.constant(pixels), (4, 4, 1), "crop"), pixels[:, 2:6])
    padded = fit_pixels(tf.constant(pixels), (8, 8, 1), "pad").numpy()
    np.testing.assert_array_equal(padded[2:6], pixels)
    assert padded[:2].max() == padded[6:].max() == 0


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_channels_become_what_the_model_has_without_alpha(n):
    pixels = RNG.integers(0, 256, (6, 5, n), dtype=np.uint8)
    image = Image.fromarray(pixels[..., 0] if n == 1 else pixels, {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[n])
    np.testing.assert_array_equal(fit_pixels(tf.constant(pixels), (6, 5, 3)), np.asarray(image.convert("RGB")))
    np.testing.assert_array_equal(fit_pixels(tf.constant(pixels), (6, 5, 1))[..., 0], np.asarray(image.convert("L")))


def test_every_colour_has_pillows_grey_value():
    colours = RNG.integers(0, 256, (500, 400, 3), dtype=np.uint8)
    grey = fit_pixels(tf.constant(colours), (500, 400, 1))[..., 0]
    np.testing.assert_array_equal(grey, np.asarray(Image.fromarray(colours).convert("L")))
