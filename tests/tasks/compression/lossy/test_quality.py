import numpy as np
import pytest
from scipy import ndimage
from tasks.compression.lossy.small_model import images

from keras_vae.tasks.compression.lossy.quality import psnr, ssim


def test_psnr_by_hand():
    x = np.full((2, 8, 8, 1), 100, np.uint8)
    back = x.copy()
    back[0] += 10
    # A mean squared error of 50 over both images.
    np.testing.assert_allclose(psnr(x, back), 10.0 * np.log10(255.0**2 / 50.0), rtol=1e-9)
    np.testing.assert_allclose(psnr(back, x), psnr(x, back), rtol=1e-9)
    assert psnr(x, x) == np.inf


def test_ssim_of_equal_images_is_one_and_of_opposite_ones_negative():
    x = images(3, (16, 20, 1))
    np.testing.assert_allclose(ssim(x, x), 1.0, rtol=1e-6)
    assert ssim(x, 255 - x) < 0.0


def test_ssim_by_the_formula_of_its_authors():
    x = images(2, (24, 20, 1))
    back = np.clip(x.astype(int) + np.random.default_rng(1).integers(-30, 31, x.shape), 0, 255).astype(np.uint8)
    line = np.exp(-np.square(np.arange(11) - 5.0) / (2.0 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2
    found = []
    for a, b in zip(x[..., 0].astype(float), back[..., 0].astype(float), strict=True):

        def mean(image):
            return ndimage.correlate(image, window)[5:-5, 5:-5]

        mean_a, mean_b = mean(a), mean(b)
        var_a, var_b, both = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2, mean(a * b) - mean_a * mean_b
        low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
        of_places = (2 * mean_a * mean_b + low) * (2 * both + high)
        found.append(np.mean(of_places / ((mean_a**2 + mean_b**2 + low) * (var_a + var_b + high))))
    np.testing.assert_allclose(ssim(x, back), np.mean(found), rtol=1e-4)


@pytest.mark.parametrize("shape", [(8, 9, 1), (300, 12, 3)])
def test_small_images_and_many_of_them_have_one(shape):
    x = images(3, shape) if shape[0] == 8 else images(300, (12, 12, 3))
    assert 0.0 < ssim(x, np.clip(x.astype(int) + 3, 0, 255).astype(np.uint8)) <= 1.0
