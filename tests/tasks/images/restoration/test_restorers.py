"""Denoiser, SuperResolver and Inpainter: what they promise on arrays, lists and single images."""

import numpy as np
import pytest
from tasks.images.restoration.restoration_helpers import SMALL, rectangles

import keras_vae as kv
from keras_vae.tasks.images import Denoiser, Inpainter, SuperResolver
from keras_vae.tasks.images.restoration.batches import degraded
from keras_vae.tasks.images.restoration.pictures import plot_restored

CLEAN = rectangles(12, seed=5)


@pytest.fixture(scope="module")
def denoiser():
    return Denoiser(strength=0.2, **SMALL).fit(rectangles(200), verbose=0)


@pytest.fixture(scope="module")
def enlarger():
    return SuperResolver(factor=2, **SMALL).fit(np.uint8(255 * rectangles(200)), verbose=0)


@pytest.fixture(scope="module")
def inpainter():
    settings = {**SMALL, "epochs": 2}
    return Inpainter(mask="random", missing=(0.2, 0.5), **settings).fit(
        rectangles(200), validation_data=rectangles(40, seed=1), verbose=0
    )


def noisy(x, seed=0):
    return np.clip(x + np.random.default_rng(seed).normal(0.0, 0.2, x.shape), 0.0, 1.0)


def holed(x, seed=0):
    return np.where(np.random.default_rng(seed).random(x.shape) < 0.3, np.nan, x)


def error(a, b):
    return float(np.square(np.float64(a) - np.float64(b)).mean())


@pytest.mark.slow
def test_noise_is_removed_and_the_form_stays(denoiser):
    y = noisy(CLEAN)
    found = denoiser.restore(y)
    assert (found.shape, found.dtype) == (CLEAN.shape, np.float32)
    assert error(found, CLEAN) < 0.5 * error(y, CLEAN)
    np.testing.assert_array_equal(denoiser.restore(y[..., 0]), found[..., 0])
    np.testing.assert_allclose(denoiser.restore(y[0, ..., 0]), found[0, ..., 0], atol=1e-6)
    of_bytes = denoiser.restore(np.uint8(np.round(255 * y)))
    assert of_bytes.dtype == np.uint8
    np.testing.assert_allclose(of_bytes / 255.0, found, atol=0.02)


@pytest.mark.slow
def test_draws_follow_their_seed_and_lie_around_the_estimate(denoiser):
    y = noisy(CLEAN)
    draws = denoiser.restore_samples(y, n=5, seed=3)
    assert (draws.shape, draws.dtype) == ((5, *CLEAN.shape), np.float32)
    np.testing.assert_array_equal(draws, denoiser.restore_samples(y, n=5, seed=3))
    assert not np.array_equal(draws, denoiser.restore_samples(y, n=5, seed=4))
    assert not np.array_equal(denoiser.restore_samples(y, n=1), denoiser.restore_samples(y, n=1))
    assert error(draws.mean(axis=0), CLEAN) < error(y, CLEAN)


def test_the_interval_holds_about_nine_of_ten_changed_pixels(denoiser):
    clean = rectangles(100, seed=9)
    y = noisy(clean, 1)
    low, high = denoiser.interval(y)
    held = ((clean >= low) & (clean <= high))[y != clean]
    assert 0.8 < held.mean() < 0.97
    spread = denoiser.uncertainty(y)
    assert spread.shape == clean.shape
    assert np.corrcoef(spread.ravel(), np.abs(denoiser.restore(y) - clean).ravel())[0, 1] > 0.1


@pytest.mark.slow
def test_images_of_other_sizes_and_lists_of_them(denoiser):
    large = [rectangles(1, 40, 30, seed=k)[0, ..., 0] for k in (1, 2)]
    found = denoiser.restore([noisy(large[0]), noisy(large[1][:3, :2])])
    assert [one.shape for one in found] == [(40, 30), (3, 2)]
    assert [one.shape for one in denoiser.restore_samples([noisy(x) for x in large], n=2)] == [(2, 40, 30)] * 2


def test_figures_have_other_methods_beside(denoiser):
    found = denoiser.evaluate(CLEAN)
    assert found["n_images"] == 12
    assert {"psnr", "ssim", "coverage", "median_psnr", "non_local_means_ssim", "total_variation_psnr"} <= set(found)
    assert found["psnr"] > found["noisy_psnr"]
    assert denoiser.evaluate(CLEAN) == found


@pytest.mark.slow
def test_a_small_image_is_enlarged_whatever_its_size(enlarger):
    small = CLEAN.reshape(12, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    found = enlarger.restore(small)
    assert found.shape == CLEAN.shape
    assert error(found, CLEAN) < error(small.repeat(2, axis=1).repeat(2, axis=2), CLEAN)
    assert enlarger.restore(small[:, :3, :1, 0]).shape == (12, 6, 2)
    assert {"lanczos_psnr", "bicubic_ssim"} <= set(enlarger.evaluate(rectangles(3, 9, 8)))


def test_missing_pixels_are_filled_and_known_ones_stay(inpainter):
    y = holed(CLEAN)
    found = inpainter.restore(y)
    known = ~np.isnan(y)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[known], CLEAN[known])
    fill = np.where(known, y, np.nanmean(y, axis=(1, 2, 3), keepdims=True))
    assert error(found, CLEAN) < error(fill, CLEAN)
    for ends in (inpainter.interval(y), inpainter.restore_samples(y, n=2, seed=0)):
        np.testing.assert_array_equal(ends[0][known], CLEAN[known])
    # A standard deviation of equal float32 numbers is one of rounding.
    assert inpainter.uncertainty(y)[known].max() < 1e-6
    assert inpainter.uncertainty(y)[~known].min() > 1e-6


def test_pictures_have_what_was_seen_as_it_was(inpainter):
    clean, told = (np.asarray(part) for part in degraded(CLEAN, inpainter.degradation, 0))
    figure = plot_restored(inpainter, inpainter.model_, clean, told, clean, n=2)
    seen, draw, spread, original = (figure.axes[2 * row].images[0].get_array() for row in (0, 2, 3, 4))
    known = told[0, ..., 1] > 0
    assert 0 < known.sum() < known.size
    for shown in (seen, draw):
        np.testing.assert_array_equal(shown[known], original[known])
        assert np.any(shown[~known] != original[~known])
    assert spread[known].max() < 1e-6 < spread[~known].min()


def test_a_mask_says_what_is_missing_in_images_of_bytes(inpainter):
    x, mask = np.uint8(255 * CLEAN), np.zeros((8, 8), bool)
    mask[2:5, 3:6] = True
    found = inpainter.restore(x, mask=mask)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[:, ~mask], x[:, ~mask])
    np.testing.assert_array_equal(found, inpainter.restore(x, mask=np.repeat(mask[None], 12, axis=0)))
    as_list = inpainter.restore([x[0], x[1]], mask=[mask, mask[..., None]])
    np.testing.assert_array_equal(as_list[0], found[0])
    assert inpainter.restore_samples(x, n=2, mask=mask).shape == (2, *x.shape)
    assert inpainter.interval(x, mask=mask)[0].shape == inpainter.uncertainty(x, mask=mask).shape == x.shape


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((4, 8), bool), r"`mask` must have the shape of the images, \(8, 8\) each. Received: \[\(4, 8\)\]"),
        (np.zeros((2, 8, 8), bool), "`mask` must have the shape"),
        (np.ones((8, 8), bool), "a known pixel in every image. Received: image 0 without one"),
    ],
)
def test_masks_that_do_not_fit_are_refused(inpainter, mask, message):
    with pytest.raises(ValueError, match=message):
        inpainter.restore(CLEAN, mask=mask)


def test_what_cannot_be_restored_is_refused(denoiser, inpainter):
    with pytest.raises(ValueError, match="Denoiser must be fitted before it is asked: call `fit`"):
        Denoiser().restore(CLEAN)
    with pytest.raises(ValueError, match="missing pixels are for an Inpainter"):
        denoiser.restore(holed(CLEAN))
    with pytest.raises(ValueError, match="divide grey values of 0 to 255 by 255"):
        denoiser.restore(255.0 * CLEAN)
    with pytest.raises(ValueError, match=r"must have 1 channel\(s\)"):
        denoiser.restore(np.zeros((2, 8, 8, 3)))
    with pytest.raises(ValueError, match="`n` must be a whole number >= 1"):
        denoiser.restore_samples(CLEAN, n=0)
    with pytest.raises(ValueError, match="`n` must be a whole number >= 2"):
        denoiser.uncertainty(CLEAN, n=1)
    with pytest.raises(ValueError, match="`seed` must be a whole number >= 0"):
        denoiser.restore_samples(CLEAN, seed=-1)
    with pytest.raises(ValueError, match=r"a known pixel in every image. Received: image 1"):
        inpainter.restore(np.stack([CLEAN[0], np.full((8, 8, 1), np.nan)]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Denoiser(strength=(0.5, 0.1)), r"`strength` must be \(low, high\) with low <= high"),
        (lambda: Denoiser(strength=0.0), "`strength` must be a finite number > 0.0 and <= 1.0"),
        (lambda: Denoiser(strength=(1, 2, 3)), r"`strength` must be a number or a pair \(low, high\)"),
        (lambda: Denoiser(noise="rain"), "`noise` must be one of 'gaussian', 'salt_and_pepper'"),
        (lambda: SuperResolver(factor=1), "`factor` must be a whole number >= 2"),
        (lambda: Inpainter(mask="star"), "`mask` must be one of 'hole', 'anywhere', 'random'"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make().fit(CLEAN)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_restorer_and_a_saved_one_is_the_same(denoiser, tmp_path):
    y = noisy(CLEAN)
    again = Denoiser(strength=0.2, **SMALL).fit(rectangles(200), verbose=0)
    np.testing.assert_array_equal(denoiser.restore(y), again.restore(y))
    denoiser.save(tmp_path / "denoiser")
    loaded = Denoiser.load_fitted(tmp_path / "denoiser")
    np.testing.assert_array_equal(denoiser.restore(y), loaded.restore(y))
    np.testing.assert_array_equal(denoiser.restore_samples(y, 2, seed=0), loaded.restore_samples(y, 2, seed=0))


def test_the_endpoint_restores_as_the_restorer_does(denoiser, inpainter):
    for restorer, y in ((denoiser, np.float32(noisy(CLEAN))), (inpainter, np.float32(holed(CLEAN)))):
        endpoint = restorer.endpoints(restorer.model_)["restore"]
        np.testing.assert_allclose(endpoint.function(y)["x"], restorer.restore(y), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_an_export_restores_as_the_restorer_does(denoiser, inpainter, tmp_path):
    y = np.float32(noisy(CLEAN))
    denoiser.export(tmp_path / "denoiser")
    served = kv.load_saved_model(tmp_path / "denoiser").call("restore", y=y)
    np.testing.assert_allclose(served["x"], denoiser.restore(y), rtol=1e-5, atol=1e-6)
    y = np.float32(holed(CLEAN))
    inpainter.export(tmp_path / "inpainter")
    served = kv.load_saved_model(tmp_path / "inpainter").call("restore", y=y)
    np.testing.assert_allclose(served["x"], inpainter.restore(y), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_patches_of_large_images_are_learned_from_and_judged_together(tmp_path):
    images = [rectangles(1, 70 + k, 50, 3, seed=k)[0] for k in range(3)]
    denoiser = Denoiser(strength=(0.1, 0.3), patch_size=16, **SMALL).fit(images, verbose=0)
    assert denoiser.model_.objective.over == "batch"
    found = denoiser.restore(noisy(images[0]))
    assert found.shape == (70, 50, 3)
    assert error(found, images[0]) < 0.5 * error(noisy(images[0]), images[0])
    assert denoiser.evaluate(images)["n_images"] == 3
