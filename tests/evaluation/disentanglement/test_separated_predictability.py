import itertools

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from keras_vae.evaluation.disentanglement.separated_predictability import sap, sap_matrix

GRID = np.array(list(itertools.product(range(3), range(4), range(5))) * 4)


def test_r2_of_a_line_by_hand():
    factor = np.array([[0], [1], [2], [3]])
    # Against (0, 0, 1, 1): covariance sum 2, squares 1 and 5. Against (0, 1, 1, 0): no slope.
    code = np.array([[0, 0, 0], [1, 0, 1], [2, 1, 1], [3, 1, 0]])
    np.testing.assert_allclose(sap_matrix(code, factor), [[1.0, 2.0**2 / (1 * 5), 0.0]], atol=1e-12)
    np.testing.assert_allclose(sap(code, factor), 1.0 - 0.8, rtol=1e-12)


def test_r2_is_that_of_scikit_learn(rng):
    code, factors = rng.normal(size=(50, 3)) + 100.0, rng.normal(size=(50, 2))
    for k, j in np.ndindex(2, 3):
        line = LinearRegression().fit(code[:, [j]], factors[:, k])
        np.testing.assert_allclose(
            sap_matrix(code, factors)[k, j], line.score(code[:, [j]], factors[:, k]), rtol=1e-8, atol=1e-10
        )


def test_a_perfect_code_reaches_one_with_an_order():
    np.testing.assert_allclose(sap(2.0 - 3.0 * GRID, GRID), 1.0, rtol=1e-12)


def test_a_perfect_code_reaches_one_minus_guessing_without_an_order():
    # The other two dimensions guess among 3, 4 and 5 values: one of each combination, whatever the halves.
    code = GRID.copy()
    matrix = sap_matrix(code, GRID, categorical=(0, 1, 2))
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    constant = np.concatenate([GRID[:, :1], np.zeros((len(GRID), 1))], axis=1)
    np.testing.assert_allclose(sap_matrix(constant, GRID[:, :1], categorical=(0,)), [[1.0, 1.0 / 3.0]], rtol=1e-12)
    np.testing.assert_allclose(sap(constant, GRID[:, :1], categorical=0), 2.0 / 3.0, rtol=1e-12)


def test_categories_may_lie_along_a_dimension_in_any_order():
    renamed = np.array([7.0, -2.0, 3.0])[GRID[:, :1]]
    code = np.concatenate([GRID[:, :1], np.zeros((len(GRID), 1))], axis=1)
    np.testing.assert_allclose(sap_matrix(code, renamed, categorical=(0,))[0, 0], 1.0)
    # Values 7, -2, 3 at 0, 1, 2: slope -2, squares 2 and 122/3, hence R^2 = 16 / (2 * 122 / 3).
    np.testing.assert_allclose(sap_matrix(code, renamed)[0, 0], 48.0 / 244.0, rtol=1e-12)


def test_a_common_category_does_not_count_more_than_a_rare_one():
    # Beyond the threshold lie 18 of 90 common rows and all 10 rare ones: to call them rare is right for 0.8 and 1.
    factor = np.array([0] * 90 + [1] * 10)[:, None]
    code = np.zeros((100, 2))
    code[72:, 0] = 1.0
    far, nothing = sap_matrix(code, factor, categorical=(0,))[0]
    assert nothing == 0.5
    # Half of the 90 are judged: the share beyond the threshold differs by the draw of the halves.
    np.testing.assert_allclose(far, 0.9, atol=0.07)


def test_accuracy_is_judged_on_rows_that_did_not_place_the_thresholds(rng):
    factor = np.repeat(np.arange(50), 8)[:, None]
    code = rng.normal(size=(400, 3))
    # With 50 thresholds on 200 rows many are right by hindsight; on the other 200, one in 50, standard error 0.01.
    np.testing.assert_allclose(sap_matrix(code, factor, categorical=(0,)), 1 / 50, atol=5 * 0.0099)


def test_a_random_code_has_almost_no_gap(rng):
    code = rng.normal(size=(3000, 5))
    factors = rng.integers(0, 4, size=(3000, 3))
    assert sap(code, factors, categorical=(0,)) < 0.03


def test_a_turned_code_has_half_the_gap():
    factors = np.array(list(itertools.product(range(4), range(4))))
    turned = factors @ np.array([[1.0, 1.0], [1.0, -1.0]])
    np.testing.assert_allclose(sap_matrix(turned, factors), 0.5, rtol=1e-12)
    np.testing.assert_allclose(sap(turned, factors), 0.0, atol=1e-12)
    a_third = factors @ np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
    np.testing.assert_allclose(sap(a_third, factors), 0.75 - 0.25, rtol=1e-12)


@pytest.mark.parametrize("constant", [0.0, 0.1, -1e6])
def test_a_constant_dimension_predicts_nothing(constant):
    code = np.concatenate([GRID, np.full((len(GRID), 1), constant)], axis=1)
    np.testing.assert_array_equal(sap_matrix(code, GRID)[:, 3], 0.0)


def test_the_same_seed_gives_the_same_number(rng):
    factor, code = np.repeat([0, 1], 50)[:, None], rng.normal(size=(100, 4))
    assert sap(code, factor, (0,), seed=3) == sap(code, factor, (0,), seed=3)
    assert sap(code, factor, (0,), seed=3) != sap(code, factor, (0,), seed=4)


def test_a_category_that_comes_once_is_refused():
    with pytest.raises(ValueError, match=r"at least twice. Received: 1 of 3 values of factors\[:, 0\] come once"):
        sap(np.eye(5), [[0], [0], [1], [1], [2]], categorical=(0,))


@pytest.mark.parametrize("categorical", [(3,), (-1,), ("shape",), (0.0,), [[0]], (True,)])
def test_columns_that_are_none_are_refused(categorical):
    with pytest.raises(ValueError, match="`categorical` must hold column numbers of `factors`, 0 to 2"):
        sap(GRID, GRID, categorical=categorical)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="`seed` must be a whole number >= 0"):
        sap(GRID, GRID, seed=-1)
