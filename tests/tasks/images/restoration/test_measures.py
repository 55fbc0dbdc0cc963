"""PSNR by hand, SSIM as scikit-image has it, and the package that is asked for where it is absent."""

import builtins

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from keras_vae.tasks.images.restoration.measures import psnr, ssim


def test_psnr_is_that_of_the_formula_and_of_scikit_image(rng):
    a, b = rng.random((3, 9, 9, 1)), rng.random((3, 9, 9, 1))
    assert psnr([np.zeros((4, 4, 1))], [np.full((4, 4, 1), 0.1)]) == pytest.approx(20.0)
    wanted = [peak_signal_noise_ratio(x, y, data_range=1.0) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(psnr(a, b), wanted, rtol=1e-10)
    assert psnr(a, a) == pytest.approx(60.0)


def test_ssim_is_that_of_scikit_image_and_nan_below_its_window(rng):
    a, b = rng.random((2, 9, 9, 1)), rng.random((2, 9, 9, 1))
    wanted = [structural_similarity(x[..., 0], y[..., 0], data_range=1.0) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(ssim(a, b), wanted, rtol=1e-10)
    assert np.isnan(ssim(a[:, :6], b[:, :6])).all()


def test_the_package_that_is_needed_is_named(monkeypatch):
    real = builtins.__import__

    def absent(name, *arguments, **kwargs):
        if name.startswith("skimage"):
            raise ImportError(name)
        return real(name, *arguments, **kwargs)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ImportError, match=r"pip install 'keras_vae\[images\]'"):
        ssim([], [])
