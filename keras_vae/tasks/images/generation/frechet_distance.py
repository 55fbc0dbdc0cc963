"""The Frechet distance of two sets of features: how far apart the Gaussians of their mean and covariance are."""

import numpy as np

from keras_vae._checks import check_int


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """`|mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2))`, A and B the covariances; 0 for the same set.

    Few rows make it too large, by about the same for sets of equal size: compare numbers of the same sizes and of the
    same features alone.

    Args:
        a: array `(n, n_features)`, n >= 2.
        b: array `(m, n_features)`, m >= 2.

    Returns:
        float >= 0, in squared units of the features.

    Raises:
        ValueError: for arrays of other shapes, or values that are not finite.

    Examples:
        >>> from keras_vae.tasks.images.generation.frechet_distance import frechet_distance
        >>> a = np.random.default_rng(0).normal(size=(1000, 3))
        >>> round(frechet_distance(a, a + 2.0), 6)
        12.0

    References:
        Dowson & Landau 1982, eq. 4. https://doi.org/10.1016/0047-259X(82)90077-X
        Heusel et al. 2017, eq. 6. https://arxiv.org/abs/1706.08500
    """
    a, b = checked_features("a", a), checked_features("b", b)
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"`a` and `b` must have the same features. Received: {a.shape[1]} and {b.shape[1]}")
    cov_a, cov_b = (np.atleast_2d(np.cov(part, rowvar=False)) for part in (a, b))
    # The eigenvalues of A B are those of the symmetric A^(1/2) B A^(1/2): no root of a matrix that is not symmetric,
    # whose rounding brings complex numbers.
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    products = np.maximum(np.linalg.eigvalsh(root @ cov_b @ root), 0.0)
    squares = np.sum(np.square(a.mean(axis=0) - b.mean(axis=0)))
    return float(max(0.0, squares + np.trace(cov_a) + np.trace(cov_b) - 2.0 * np.sum(np.sqrt(products))))


def checked_features(name: str, features: np.ndarray, minimum: int = 2) -> np.ndarray:
    """Features as a float64 array `(n, n_features)`.

    Raises:
        ValueError: for another shape, fewer rows than `minimum`, or values that are not finite.
    """
    features = np.asarray(features, np.float64)
    if features.ndim != 2 or len(features) < check_int("minimum", minimum, 1) or not features.shape[1]:
        raise ValueError(
            f"`{name}` must have shape (n, n_features) with n >= {minimum}. Received: {name}.shape={features.shape}"
        )
    if not np.isfinite(features).all():
        raise ValueError(f"`{name}` must hold finite numbers. Received: NaN or infinity")
    return features
