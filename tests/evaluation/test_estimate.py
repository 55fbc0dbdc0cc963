import math

import numpy as np
import pytest

from keras_vae.evaluation.estimate import Estimate


def test_a_mean_has_the_error_of_its_rows():
    mean = Estimate.of_rows([1.0, 2.0, 3.0, 6.0])
    assert (mean.mean, mean.standard_error) == (3.0, pytest.approx(math.sqrt(14.0 / 3.0 / 4.0)))
    assert mean.n_rows == 4
    np.testing.assert_array_equal(mean.values, [1.0, 2.0, 3.0, 6.0])


def test_the_error_of_a_single_row_is_unknown():
    assert math.isnan(Estimate.of_rows([2.0]).standard_error)


def test_values_are_kept_and_summed_in_double_precision():
    # In float32 the mean of these would be off by 1e-3.
    rows = np.full(1000, 16777217.0) - np.arange(1000) / 1000.0
    estimate = Estimate.of_rows(rows)
    assert estimate.values.dtype == np.float64
    assert estimate.mean == pytest.approx(16777217.0 - 0.4995, abs=1e-6)


def test_the_difference_of_two_sets_of_examples_has_both_errors():
    difference = Estimate(5.0, 0.3, kind="training").minus(Estimate(3.5, 0.4, kind="test"))
    assert (difference.mean, difference.standard_error) == (1.5, pytest.approx(0.5))
    assert str(difference) == "training minus test 1.50 +- 0.50 nats"


def test_estimates_are_equal_when_their_numbers_are():
    assert Estimate.of_rows([1.0, 3.0]) == Estimate.of_rows([3.0, 1.0])
    assert Estimate.of_rows([1.0, 3.0]) != Estimate.of_rows([1.0, 4.0])


def test_it_says_how_it_came_about():
    assert str(Estimate.of_rows([1.0, 3.0], 5000, "ELBO")) == "ELBO 2.00 +- 1.00 nats (5,000 samples each, 2 examples)"
    assert str(Estimate(0.5, 0.125, kind="rate", unit="nats per nat")) == "rate 0.50 +- 0.12 nats per nat"


@pytest.mark.parametrize("rows", [[], 1.0, [[1.0, 2.0]]])
def test_anything_but_one_number_per_example_is_refused(rows):
    with pytest.raises(ValueError, match="`rows` must hold one number per example"):
        Estimate.of_rows(rows)


def test_the_mean_by_something_known_of_all_is_unbiased_and_knows_its_error():
    rng = np.random.default_rng(0)
    errors, stated = [], []
    for _ in range(2000):
        near = rng.normal(-100.0, 10.0, 200)
        wanted = near + rng.exponential(1.0, 200) + 0.1 * near
        chosen = rng.choice(200, 20, replace=False)
        # What is known of all has noise that what is known of the part has not.
        found = Estimate.of_some_rows(wanted[chosen], near[chosen], near + rng.normal(0.0, 2.0, 200))
        errors.append(found.mean - (-100.0 + 1.0 - 10.0))
        stated.append(found.standard_error)
    # Monte Carlo error of 2,000 turns: 2.2 % of the spread for the mean, 1.6 % for the spread.
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(2000)
    assert np.sqrt(np.mean(np.square(stated))) == pytest.approx(np.std(errors), rel=0.08)


def test_of_all_rows_it_is_their_mean():
    rows, near = np.array([1.0, 2.0, 6.0]), np.array([0.0, 5.0, 1.0])
    found = Estimate.of_some_rows(rows, near, near, n_samples=5, kind="log p(x)")
    assert (found.mean, found.n_rows, found.n_samples, found.kind) == (3.0, 3, 5, "log p(x)")
    assert found.standard_error == pytest.approx(Estimate.of_rows(rows).standard_error)
    assert np.isnan(Estimate.of_some_rows([1.0], [0.0], [0.0, 5.0]).standard_error)


def test_a_part_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"`near` must have as many rows as `some`\. Received: 1 and 2"):
        Estimate.of_some_rows([1.0, 2.0], [1.0], [1.0, 2.0, 3.0])
