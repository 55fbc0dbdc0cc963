"""Batches of degraded images: a pure function of the seed and the step."""

import itertools

import numpy as np

from keras_vae.tasks.images.restoration.batches import degraded, degraded_batches, unit_floats
from keras_vae.tasks.images.restoration.degradations import Hide, Noise

NOISE = Noise("gaussian", (0.1, 0.1))


def steps(x, n, start=0, seed=0, batch_size=4):
    return [
        ((a.numpy(), b.numpy()))
        for ((a, b),) in itertools.islice(degraded_batches(x, NOISE, batch_size, seed, start), n)
    ]


def numbered(n):
    return np.repeat(np.arange(n, dtype=np.uint8), 4).reshape(n, 2, 2, 1)


def test_a_training_that_goes_on_sees_what_it_would_have_seen():
    x = numbered(10)
    whole, rest = steps(x, 7), steps(x, 3, start=4)
    for a, b in zip(whole[4:], rest, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])


def test_every_pass_holds_every_image_once_in_another_order():
    x = numbered(12)
    seen = np.concatenate([255 * clean[:, 0, 0, 0] for clean, _ in steps(x, 6)]).round().astype(int)
    assert sorted(seen[:12]) == sorted(seen[12:]) == list(range(12))
    assert list(seen[:12]) != list(seen[12:])
    assert list(seen[:12]) != list(range(12))


def test_every_step_and_every_seed_has_noise_of_its_own():
    x = np.full((4, 2, 2, 1), 128, np.uint8)
    (_, a), (_, b) = steps(x, 2)
    ((_, c),) = steps(x, 1, seed=1)
    assert not np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_bytes_become_0_to_1_and_floats_stay():
    np.testing.assert_array_equal(unit_floats(np.array([0, 51, 255], np.uint8)), np.array([0.0, 0.2, 1.0], np.float32))
    np.testing.assert_array_equal(unit_floats(np.array([0.25], np.float32)), [0.25])


def test_held_out_images_are_always_degraded_in_the_same_way():
    x, hide = numbered(5), Hide("random", (0.5, 0.5))
    first, again = degraded(x, hide, 3), degraded(x, hide, 3)
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[1], degraded(x, hide, 4)[1])
