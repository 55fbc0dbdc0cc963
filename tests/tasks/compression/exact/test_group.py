import numpy as np
import pytest

from keras_vae.tasks.compression.exact.group import Group, flat


def test_the_ends_of_a_cdf_are_zero_and_one_whatever_the_inside_says():
    group = Group(2, np.arange(3), 4, lambda known: lambda k: np.full(k.shape, 0.5))
    k = np.array([[-1, 0, 1], [3, 4, 5]])
    assert group.cdf(k).tolist() == [[0.0, 0.0, 0.5], [0.5, 1.0, 1.0]]
    counts = Group(2, np.arange(3), None, lambda known: lambda k: np.full(k.shape, 0.5))
    assert counts.cdf(k).tolist() == [[0.0, 0.0, 0.5], [0.5, 0.5, 0.5]]
    assert (group.shape, group.levels, counts.levels) == ((2, 3), 4, None)


def test_what_is_given_is_seen_once():
    seen = []

    def inside(known):
        seen.append(known)
        return lambda k: np.full(k.shape, 0.5)

    below = Group(1, np.arange(2), 4, inside).given([7])
    below(np.ones((1, 2)))
    below(np.ones((1, 2)))
    assert seen == [[7]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_values_are_placed_where_they_were_taken_also_in_views(dtype, rng):
    x = rng.integers(0, 256, (5, 3, 4, 3)).astype(dtype)
    back = np.zeros((3, 4, 3, 5), dtype).transpose(3, 0, 1, 2)
    for channel in range(3):
        group = Group(5, np.arange(12) * 3 + channel, 256, None)
        assert np.array_equal(group.take(x), x[..., channel].reshape(5, 12))
        group.place(group.take(x), back)
    assert np.array_equal(back, x)


def test_no_rows_are_made_flat():
    assert flat(np.zeros((0, 3, 4))).shape == (0, 12)
