"""SAP score: how much better the best latent dimension predicts a factor, alone, than the second best does."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_int
from keras_vae.evaluation.disentanglement.factor_checks import (
    check_categorical,
    check_codes_and_factors,
    top_two_gap,
    value_numbers,
)


def sap(z_mean: ArrayLike, factors: ArrayLike, categorical: Sequence[int] = (), seed: int = 0) -> float:
    """Separated attribute predictability: the gap between the two best single predictors, averaged over the factors.

    A factor with an order is predicted by a straight line, scored by its R^2; a categorical one by thresholds, scored
    by balanced accuracy. A perfect code reaches 1 for a factor with an order, provided it grows in proportion to the
    factor, and `1 - 1 / n_values` for a categorical one, whose second best dimension guesses.

    Args:
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        factors: array `(n, n_factors)`.
        categorical: sequence of int. Columns of `factors` whose values have no order.
        seed: int >= 0. Seed of the split into two halves, one to place thresholds and one to judge them.

    Returns:
        float, 0 to 1.

    Raises:
        ValueError: as in `sap_matrix`.

    Examples:
        >>> factors = np.tile(np.stack(np.mgrid[0:4, 0:4], axis=-1).reshape(-1, 2), (20, 1))
        >>> round(kv.evaluation.sap(factors.astype(float), factors), 6)
        1.0

    References:
        Kumar et al. 2018, section 3. https://arxiv.org/abs/1711.00848
    """
    return float(np.mean(top_two_gap(sap_matrix(z_mean, factors, categorical, seed))))


def sap_matrix(z_mean: ArrayLike, factors: ArrayLike, categorical: Sequence[int] = (), seed: int = 0) -> np.ndarray:
    """How well every latent dimension alone predicts every factor.

    Args:
        z_mean: array `(n, latent_dim)`.
        factors: array `(n, n_factors)`.
        categorical: sequence of int. Columns of `factors` whose values have no order.
        seed: int >= 0.

    Returns:
        NumPy array `(n_factors, latent_dim)`: R^2 of a line, or balanced accuracy of thresholds on held-out rows.

    Raises:
        ValueError: for arrays that do not belong together, fewer than two dimensions, a factor that does not vary, or a
            categorical factor with a value that comes only once.

    Examples:
        >>> factors = np.tile(np.stack(np.mgrid[0:4, 0:4], axis=-1).reshape(-1, 2), (20, 1))
        >>> kv.evaluation.sap_matrix(factors.astype(float), factors).round(3) + 0.0
        array([[1., 0.],
               [0., 1.]])
    """
    z_mean, factors = check_codes_and_factors(z_mean, factors)
    categorical = check_categorical(categorical, factors.shape[1])
    check_int("seed", seed, 0)
    numbers = value_numbers(factors)
    matrix = np.zeros((factors.shape[1], z_mean.shape[1]))
    for k in range(factors.shape[1]):
        if k in categorical:
            matrix[k] = _threshold_accuracy(z_mean, numbers[:, k], k, seed)
        else:
            matrix[k] = _squared_correlation(z_mean, factors[:, k])
    return matrix


def _squared_correlation(z_mean, factor):
    """R^2 of the line through every column, `(latent_dim,)`; 0 for a column that does not vary."""
    z, v = z_mean - z_mean.mean(axis=0), factor - factor.mean()
    # Rounding leaves a constant column a spread of about 1e-16 of its value.
    varies = z_mean.std(axis=0) > 1e-12 * np.abs(z_mean).max(axis=0)
    covariance = z.T @ v
    return np.where(varies, covariance**2 / np.where(varies, np.sum(z**2, axis=0) * np.sum(v**2), 1.0), 0.0)


def _threshold_accuracy(z_mean, labels, k, seed):
    """Balanced accuracy of thresholds on every column, on rows that did not place them, `(latent_dim,)`."""
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import train_test_split
    from sklearn.tree import DecisionTreeClassifier

    counts = np.bincount(labels)
    if counts.min() < 2:
        raise ValueError(
            f"every value of a categorical factor must come at least twice. "
            f"Received: {np.sum(counts < 2)} of {len(counts)} values of factors[:, {k}] come once"
        )
    fit, judge = train_test_split(np.arange(len(labels)), test_size=0.5, stratify=labels, random_state=seed)
    accuracy = []
    for column in z_mean.T:
        # A tree on one column with a leaf per value is a row of thresholds.
        tree = DecisionTreeClassifier(max_leaf_nodes=len(counts), class_weight="balanced", random_state=seed)
        tree.fit(column[fit, None], labels[fit])
        accuracy.append(balanced_accuracy_score(labels[judge], tree.predict(column[judge, None])))
    return np.array(accuracy)
