import numpy as np
import pytest

from keras_vae.data.split_rows import split_rows


def test_split_is_random_complete_and_repeatable():
    train, test = split_rows(100, 0.1, seed=0)
    assert (len(train), len(test)) == (90, 10)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(100))
    np.testing.assert_array_equal(split_rows(100, 0.1, seed=0)[1], test)
    assert not np.array_equal(split_rows(100, 0.1, seed=1)[1], test)


def test_the_split_of_a_seed_stays_what_it_was():
    # Written down from the first version: a run that goes on must find its own test rows again.
    np.testing.assert_array_equal(split_rows(10, 0.3, seed=0)[1], np.sort([4, 6, 2]))


@pytest.mark.parametrize(
    ("n", "test_fraction", "n_test"), [(10, 0.0, 0), (1, 0.5, 0), (2, 0.01, 1), (2, 0.99, 1), (5, 0.2, 1)]
)
def test_split_leaves_a_row_on_both_sides(n, test_fraction, n_test):
    train, test = split_rows(n, test_fraction, seed=0)
    assert (len(train), len(test)) == (n - n_test, n_test)


@pytest.mark.parametrize("test_fraction", [-0.1, 1, 1.5, float("nan"), "half"])
def test_split_refuses_other_fractions(test_fraction):
    with pytest.raises(ValueError, match="`test_fraction` must be"):
        split_rows(10, test_fraction, seed=0)
