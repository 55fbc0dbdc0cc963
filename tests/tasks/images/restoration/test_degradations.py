"""What is done to clean images: by formula, by seed, and what counts as changed."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.tasks.images.restoration.degradations import Hide, Noise, Shrink

SEED = tf.constant([3, 4], tf.int64)
GREY = np.full((50, 20, 20, 1), 0.5, np.float32)

ALL = [
    pytest.param(Noise("gaussian", (0.3, 0.3)), id="gaussian"),
    pytest.param(Noise("salt_and_pepper", (0.1, 0.3)), id="salt-and-pepper"),
    pytest.param(Shrink(4), id="shrink"),
    pytest.param(Hide("hole", (0.36, 0.36)), id="hole"),
    pytest.param(Hide("anywhere", (0.1, 0.5)), id="anywhere"),
    pytest.param(Hide("random", (0.5, 0.5)), id="random"),
]


@pytest.mark.parametrize("degradation", ALL)
def test_it_is_a_function_of_the_seed_of_the_shape_that_it_says(degradation):
    told = degradation(GREY, SEED).numpy()
    assert told.shape == (50, *degradation.condition_shape((20, 20, 1)))
    assert told.min() >= 0.0
    assert told.max() <= 1.0
    np.testing.assert_array_equal(told, degradation(GREY, SEED))
    changed = np.asarray(degradation.is_changed(GREY, told))
    assert changed.shape == GREY.shape
    assert changed.any()


def test_gaussian_noise_has_the_mean_and_variance_of_a_clipped_normal():
    noisy = Noise("gaussian", (0.1, 0.1))(GREY, SEED).numpy()
    # 0.5 is five standard deviations from the ends: nothing is clipped. 20,000 values: five standard errors.
    assert abs(noisy.mean() - 0.5) < 5 * 0.1 / np.sqrt(noisy.size)
    assert abs(noisy.std() - 0.1) < 5 * 0.1 / np.sqrt(2 * noisy.size)


def test_salt_and_pepper_come_equally_often():
    noisy = Noise("salt_and_pepper", (0.2, 0.2))(GREY, SEED).numpy()
    bound = 5 * np.sqrt(0.1 * 0.9 / noisy.size)
    assert abs((noisy == 0.0).mean() - 0.1) < bound
    assert abs((noisy == 1.0).mean() - 0.1) < bound
    assert set(np.unique(noisy)) == {0.0, 0.5, 1.0}


def test_of_a_range_every_image_has_its_own_strength():
    stddevs = Noise("gaussian", (0.02, 0.1))(GREY, SEED).numpy().std(axis=(1, 2, 3))
    assert stddevs.min() < 0.04
    assert stddevs.max() > 0.08


def test_a_small_image_has_the_means_of_squares(rng):
    x = rng.random((2, 4, 6, 3), "float32")
    wanted = x.reshape(2, 2, 2, 3, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(Shrink(2)(x, SEED), wanted, rtol=1e-6)


def test_the_hole_of_mnist_is_ten_pixels_in_the_centre():
    known = Hide("hole", (0.36, 0.36))(np.ones((2, 28, 28, 1), np.float32), SEED).numpy()[..., 1]
    wanted = np.ones((28, 28))
    wanted[9:19, 9:19] = 0.0
    np.testing.assert_array_equal(known, [wanted, wanted])


def test_holes_anywhere_are_rectangles_that_differ():
    told = Hide("anywhere", (0.2, 0.5))(GREY, SEED).numpy()
    rows, columns = (1.0 - told[..., 1].min(axis=axis) for axis in (2, 1))
    np.testing.assert_array_equal(1.0 - told[..., 1], rows[:, :, None] * columns[:, None, :])
    assert rows.sum(axis=1).min() >= 4
    assert rows.sum(axis=1).max() <= 10
    assert len({tuple(row) for row in rows}) > 10


def test_single_pixels_are_missing_in_all_channels_and_told_as_zero():
    x = np.ones((20, 20, 20, 3), np.float32)
    told = Hide("random", (0.5, 0.5))(x, SEED).numpy()
    assert abs(told[..., 3].mean() - 0.5) < 5 * 0.5 / np.sqrt(told[..., 3].size)
    np.testing.assert_array_equal(told[..., :3], np.repeat(told[..., 3:], 3, axis=-1))


@pytest.mark.parametrize("kind", ["hole", "anywhere"])
def test_a_hole_leaves_something_and_takes_something_of_the_smallest_images(kind):
    known = Hide(kind, (0.01, 0.99))(np.ones((100, 2, 2, 1), np.float32), SEED).numpy()[..., 1]
    assert set(known.sum(axis=(1, 2))) == {3.0}
