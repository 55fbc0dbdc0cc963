import itertools

import numpy as np
import pytest

from keras_vae.evaluation.disentanglement.dci import completeness_of, dci, dci_importance, disentanglement_of

GRID = np.array(list(itertools.product(range(3), range(4), range(5))) * 6)
# -(2/3 log2 2/3 + 1/3 log2 1/3)
ENTROPY_OF_A_THIRD = np.log2(3.0) - 2.0 / 3.0


@pytest.mark.parametrize(
    ("importance", "disentanglement", "completeness"),
    [
        pytest.param([[1.0, 0.0], [0.0, 1.0]], 1.0, 1.0, id="one-to-one"),
        pytest.param([[0.0, 2.0], [2.0, 0.0]], 1.0, 1.0, id="order-and-scale-do-not-matter"),
        pytest.param([[0.5, 0.5], [0.5, 0.5]], 0.0, 0.0, id="everything-everywhere"),
        pytest.param([[1.0, 0.0], [1.0, 0.0]], 0.0, 1.0, id="one-dimension-for-both"),
        pytest.param([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]], 1.0, 0.5, id="two-dimensions-for-each"),
        # Dimension 0 serves 2/3 and 1/3 and has 3/4 of all importance, dimension 1 serves one factor.
        pytest.param([[1.0, 0.0], [0.5, 0.5]], 0.75 * (1.0 - ENTROPY_OF_A_THIRD) + 0.25, 0.5, id="weighted"),
        pytest.param([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], 1.0, 1.0, id="a-dimension-without-use"),
        pytest.param([[0.0, 0.0], [0.0, 0.0]], 0.0, 0.0, id="no-importance-at-all"),
    ],
)
def test_scores_of_an_importance_matrix_by_hand(importance, disentanglement, completeness):
    np.testing.assert_allclose(disentanglement_of(importance), disentanglement, atol=1e-12)
    np.testing.assert_allclose(completeness_of(importance), completeness, atol=1e-12)


def test_the_entropies_are_to_the_base_of_factors_and_dimensions(rng):
    importance = rng.uniform(size=(3, 5))
    shares = importance / importance.sum(axis=0)
    per_dimension = 1.0 + np.sum(shares * np.log(shares), axis=0) / np.log(3.0)
    expected = np.sum(per_dimension * importance.sum(axis=0)) / importance.sum()
    np.testing.assert_allclose(disentanglement_of(importance), expected, rtol=1e-12)
    np.testing.assert_allclose(completeness_of(importance.T), expected, rtol=1e-12)


def test_a_perfect_code_reaches_one_in_all_three():
    scores = dci(GRID, GRID, categorical=(0,))
    assert list(scores) == ["disentanglement", "completeness", "informativeness"]
    np.testing.assert_allclose(list(scores.values()), 1.0, rtol=1e-12)


def test_importance_stands_where_the_factor_is():
    code = np.stack([np.zeros(len(GRID)), GRID[:, 2], -GRID[:, 0], GRID[:, 1] ** 2], axis=1)
    importance, informativeness = dci_importance(code, GRID, categorical=(0,))
    np.testing.assert_allclose(importance, [[0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(informativeness, 1.0)


def test_a_code_that_tells_a_factor_in_part_by_hand(rng):
    factors = rng.integers(0, 4, size=(4000, 2))
    _, informativeness = dci_importance(factors // 2, factors, categorical=(1,), n_trees=10)
    # The middle of a pair leaves a variance of 1/4 out of 5/4. One of a pair is right in 1/2, a guess in 1/4 of the
    # rows. Of 1000 rows a share has a standard error of 0.016, over a guess error of 3/4.
    np.testing.assert_allclose(informativeness, [1.0 - 0.25 / 1.25, 1.0 - 0.5 / 0.75], atol=5 * 0.016 / 0.75)


def test_a_random_code_scores_about_zero(rng):
    factors = rng.integers(0, 4, size=(2000, 3))
    scores = dci(rng.normal(size=(2000, 6)), factors, categorical=(0,), n_trees=20)
    assert 0.0 <= scores["disentanglement"] < 0.02
    assert 0.0 <= scores["completeness"] < 0.02
    # Forests without any rule to find are worse than the best guess.
    assert -0.3 < scores["informativeness"] < 0.05


def test_a_turned_code_informs_but_does_not_disentangle(rng):
    factors = rng.uniform(-1.0, 1.0, size=(1500, 2))
    turned = factors @ np.array([[1.0, 1.0], [1.0, -1.0]])
    scores = dci(turned, factors, n_trees=20)
    assert scores["disentanglement"] < 0.05
    assert scores["completeness"] < 0.05
    assert scores["informativeness"] > 0.95


def test_the_same_seed_gives_the_same_scores(rng):
    code, factors = rng.normal(size=(100, 3)), rng.integers(0, 3, size=(100, 2))
    assert dci(code, factors, n_trees=3, seed=1) == dci(code, factors, n_trees=3, seed=1)
    assert dci(code, factors, n_trees=3, seed=1) != dci(code, factors, n_trees=3, seed=2)


@pytest.mark.parametrize("score", [disentanglement_of, completeness_of])
@pytest.mark.parametrize("importance", [[0.5, 0.5], [[1.0], [1.0]], [[1.0, 1.0]], [[1, -1], [1, 1]], [[1, np.nan]] * 2])
def test_importances_that_are_none_are_refused(score, importance):
    with pytest.raises(ValueError, match="`importance` must be finite numbers >= 0"):
        score(importance)


def test_rows_too_few_to_judge_are_refused(rng):
    with pytest.raises(ValueError, match=r"`z_mean` must have at least 8 rows to fit and judge forests. Received: 7"):
        dci(rng.normal(size=(7, 2)), rng.normal(size=(7, 2)))


def test_a_factor_that_hardly_varies_is_refused(rng):
    factors = rng.normal(size=(40, 2))
    factors[:, 1] = np.arange(40) == 0
    with pytest.raises(ValueError, match=r"must vary among held-out rows.* factors\[:, 1\]"):
        dci(rng.normal(size=(40, 2)), factors)


@pytest.mark.parametrize(("argument", "minimum"), [("n_trees", 1), ("seed", 0)])
def test_numbers_out_of_bounds_are_refused(argument, minimum):
    with pytest.raises(ValueError, match=f"`{argument}` must be a whole number >= {minimum}"):
        dci(GRID, GRID, **{argument: minimum - 1})
