"""DCI scores: disentanglement, completeness and informativeness, from how much a forest uses each dimension."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_int
from keras_vae.evaluation.disentanglement.factor_checks import check_categorical, check_codes_and_factors, value_numbers

# Part of the rows that only judge.
TEST_SHARE = 0.25


def dci(
    z_mean: ArrayLike, factors: ArrayLike, categorical: Sequence[int] = (), n_trees: int = 50, seed: int = 0
) -> dict[str, float]:
    """Disentanglement, completeness and informativeness of a code.

    A random forest predicts every factor from the whole code. Disentanglement is 1 when every dimension matters for one
    factor only, completeness 1 when every factor needs one dimension only, informativeness 1 when all are predicted
    without error on rows that the forests have not seen.

    Args:
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        factors: array `(n, n_factors)`, at least two factors.
        categorical: sequence of int. Columns of `factors` whose values have no order.
        n_trees: int >= 1. Trees in each forest.
        seed: int >= 0. Seed of forests and split.

    Returns:
        dict of floats, each up to 1: `disentanglement`, `completeness`, `informativeness`.

    Raises:
        ValueError: as in `dci_importance`.

    Examples:
        >>> factors = np.tile(np.stack(np.mgrid[0:4, 0:4], axis=-1).reshape(-1, 2), (20, 1))
        >>> sorted(kv.evaluation.dci(factors.astype(float), factors, n_trees=5))
        ['completeness', 'disentanglement', 'informativeness']

    References:
        Eastwood & Williams 2018, section 2. https://openreview.net/forum?id=By-7dz-AZ
    """
    importance, informativeness = dci_importance(z_mean, factors, categorical, n_trees, seed)
    return {
        "disentanglement": disentanglement_of(importance),
        "completeness": completeness_of(importance),
        "informativeness": float(informativeness.mean()),
    }


def dci_importance(
    z_mean: ArrayLike, factors: ArrayLike, categorical: Sequence[int] = (), n_trees: int = 50, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """How much a forest that predicts a factor from the code uses each dimension, and how well it predicts.

    Args:
        z_mean: array `(n, latent_dim)`.
        factors: array `(n, n_factors)`, at least two factors.
        categorical: sequence of int. Columns of `factors` whose values have no order.
        n_trees: int >= 1.
        seed: int >= 0.

    Returns:
        Pair of NumPy arrays: importance `(n_factors, latent_dim)`, each row >= 0 and of sum 1, and informativeness
        `(n_factors,)`: 1 minus the error on held-out rows over the error of the best constant guess: squared error for
        a factor with an order (R^2 then), the share of wrong answers for a categorical one.

    Raises:
        ValueError: for arrays that do not belong together, fewer than 8 rows, two dimensions or two factors, a factor
            that does not vary, or whose held-out values do not.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.model_selection import train_test_split

    z_mean, factors = check_codes_and_factors(z_mean, factors, min_factors=2)
    categorical = check_categorical(categorical, factors.shape[1])
    if len(z_mean) < 8:
        raise ValueError(f"`z_mean` must have at least 8 rows to fit and judge forests. Received: {len(z_mean)}")
    settings = {"n_estimators": check_int("n_trees", n_trees, 1), "random_state": check_int("seed", seed, 0)}
    fit, judge = train_test_split(np.arange(len(z_mean)), test_size=TEST_SHARE, random_state=seed)
    numbers = value_numbers(factors)
    importance, informativeness = [], []
    for k in range(factors.shape[1]):
        target = numbers[:, k] if k in categorical else factors[:, k]
        if np.all(target[judge] == target[judge[0]]):
            raise ValueError(f"every factor must vary among held-out rows too. Received: factors[:, {k}] is rarer")
        # All dimensions are offered at every split: one that tells nothing is then not used for want of another.
        forest = (RandomForestClassifier if k in categorical else RandomForestRegressor)(max_features=1.0, **settings)
        forest.fit(z_mean[fit], target[fit])
        importance.append(forest.feature_importances_)
        error = _error(forest.predict(z_mean[judge]), target[judge], k in categorical)
        informativeness.append(1.0 - error / _guess_error(target[judge], k in categorical))
    return np.array(importance), np.array(informativeness)


def disentanglement_of(importance: ArrayLike) -> float:
    """Disentanglement of a matrix of importances: 1 minus the entropy of the factors that a dimension serves.

    The entropy is taken to the base of the number of factors; a dimension weighs as its share of all importance.

    Args:
        importance: array `(n_factors, latent_dim)`, >= 0.

    Returns:
        float, 0 to 1; 0 if nothing has any importance.

    Raises:
        ValueError: for a matrix with fewer than two rows or columns, or a negative or non-finite entry.

    Examples:
        >>> kv.evaluation.disentanglement_of(np.eye(2))
        1.0
    """
    return _concentration(_check_importance(importance).T)


def completeness_of(importance: ArrayLike) -> float:
    """Completeness of a matrix of importances: 1 minus the entropy of the dimensions that serve a factor.

    The entropy is taken to the base of the number of dimensions; a factor weighs as its share of all importance, which
    is the same for all factors in the matrix of `dci_importance`.

    Args:
        importance: array `(n_factors, latent_dim)`, >= 0.

    Returns:
        float, 0 to 1; 0 if nothing has any importance.

    Raises:
        ValueError: for a matrix with fewer than two rows or columns, or a negative or non-finite entry.

    Examples:
        >>> kv.evaluation.completeness_of(np.ones((2, 2)))
        0.0
    """
    return _concentration(_check_importance(importance))


def _concentration(matrix):
    """Mean over rows, weighted by their sums, of 1 minus the entropy of the row to the base of its length."""
    from scipy.stats import entropy

    sums = matrix.sum(axis=1)
    rows = matrix[sums > 0.0]
    if not len(rows):
        return 0.0
    per_row = 1.0 - entropy(rows, base=matrix.shape[1], axis=1)
    return float(np.average(per_row, weights=sums[sums > 0.0]))


def _check_importance(importance):
    importance = np.asarray(importance, np.float64)
    is_matrix = importance.ndim == 2 and min(importance.shape) >= 2
    if not is_matrix or not np.all(np.isfinite(importance)) or importance.min() < 0.0:
        raise ValueError(
            "`importance` must be finite numbers >= 0 of shape (n_factors, latent_dim), both at least 2. "
            f"Received: importance.shape={importance.shape}, importance={importance!r}"
        )
    return importance


def _error(prediction, target, is_categorical):
    return np.mean(prediction != target) if is_categorical else np.mean((prediction - target) ** 2)


def _guess_error(target, is_categorical):
    """Error of the constant that fits the target best."""
    return 1.0 - np.bincount(target).max() / len(target) if is_categorical else np.var(target)
