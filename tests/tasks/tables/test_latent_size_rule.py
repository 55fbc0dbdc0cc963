"""The one-standard-error rule on made-up bounds, each answer worked out by hand."""

import numpy as np
import pytest

from keras_vae.tasks.tables import LatentSizes
from keras_vae.tasks.tables.latent_size_rule import by_one_standard_error, is_worse

# Rows differ by far more than sizes do.
ROWS = np.array([-30.0, -10.0, -20.0, -40.0])
# Mean 0, standard deviation 2 with n - 1: the error of the mean of four is 1.
WAVE = np.array([1.0, -1.0, 1.0, -1.0]) * np.sqrt(3.0)


def found(**values):
    return by_one_standard_error({int(name[1:]): ROWS + rows for name, rows in values.items()}, n_samples=7)


def test_the_smallest_size_within_one_error_of_the_difference_is_chosen():
    sizes = found(d1=-1.01 + WAVE, d2=-0.99 + WAVE, d4=np.zeros(4), d8=-0.5 + WAVE)
    assert (sizes.best, sizes.chosen) == (4, 2)
    np.testing.assert_allclose(sizes.differences, [-1.01, -0.99, 0.0, -0.5])
    np.testing.assert_allclose(sizes.difference_errors, [1.0, 1.0, 0.0, 1.0])


def test_the_error_is_that_of_the_paired_difference_and_not_of_the_mean():
    sizes = found(d1=-0.3 + 0.1 * WAVE, d2=np.zeros(4))
    # By the error of the mean, 6.5 nats, they would be the same.
    assert sizes.chosen == 2
    np.testing.assert_allclose(sizes.standard_errors[1], ROWS.std(ddof=1) / 2.0)


def test_of_equal_sizes_the_smallest_is_best_and_chosen():
    sizes = found(d3=np.zeros(4), d2=np.zeros(4), d5=np.zeros(4))
    assert sizes.sizes == (2, 3, 5)
    assert (sizes.best, sizes.chosen) == (2, 2)


def test_the_smallest_may_be_the_best():
    sizes = found(d1=np.zeros(4), d2=-1.0 + 0.1 * WAVE)
    assert (sizes.best, sizes.chosen) == (1, 1)


def test_a_difference_below_a_twentieth_of_a_nat_is_none_however_sure_it_is():
    assert found(d2=np.full(4, -0.049), d4=np.zeros(4)).chosen == 2
    assert found(d2=np.full(4, -0.051), d4=np.zeros(4)).chosen == 4


def test_a_size_without_a_finite_bound_is_never_chosen_and_stays_in_the_table():
    sizes = found(d1=np.array([0.0, -np.inf, 0.0, 0.0]), d2=-9.0 + WAVE, d3=np.full(4, np.nan))
    assert (sizes.best, sizes.chosen) == (2, 2)
    assert np.isnan(sizes.bounds[0])


def test_one_size_is_chosen_without_a_difference():
    sizes = found(d3=WAVE)
    assert (sizes.best, sizes.chosen, sizes.difference_errors) == (3, 3, (0.0,))


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({}, "same two or more rows for every size. Received: \\[\\]"),
        ({1: np.zeros(1)}, "same two or more rows .* Received: \\[1\\]"),
        ({1: np.zeros(3), 2: np.zeros(4)}, "Received: \\[3, 4\\]"),
        ({1: np.full(3, np.nan)}, "`values` must be finite for one size at least. Received: none of \\[1\\]"),
    ],
)
def test_rows_that_cannot_be_compared_are_refused(values, match):
    with pytest.raises(ValueError, match=match):
        by_one_standard_error(values, 1)


def test_worse_is_more_than_an_error_below():
    assert is_worse(ROWS - 1.1 + WAVE, ROWS)
    assert not is_worse(ROWS - 0.9 + WAVE, ROWS)
    assert is_worse(np.full(4, np.nan), ROWS)


def test_the_table_marks_best_and_chosen():
    text = str(found(d1=-0.9 + WAVE, d2=np.zeros(4)))
    assert [line.split()[-1] for line in text.splitlines()[1:3]] == ["chosen", "best"]
    assert "4 held-out rows, 7 importance samples each" in text
    one = LatentSizes((2,), (-1.0,), (0.1,), (0.0,), (0.0,), 2, 2, 10, 5, "standardised values")
    assert "nats per row of standardised values" in str(one)
    assert one.as_dict()["sizes"] == [2]
