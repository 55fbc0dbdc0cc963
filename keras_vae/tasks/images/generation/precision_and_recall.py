"""Precision and recall of samples: how many look like data, and how much of the data they can look like."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from keras_vae._checks import check_int
from keras_vae.tasks.images.generation.frechet_distance import checked_features

# Distances held at once, 64 MB of them.
DISTANCES_AT_ONCE = 2**23


def precision_and_recall(real: np.ndarray, made: np.ndarray, n_neighbors: int = 3) -> tuple[float, float]:
    """Share of the samples that lie in the manifold of the data, and share of the data in the manifold of the samples.

    The manifold of a set is the union of balls around its rows, each as large as the distance of its k-th neighbour.
    Precision is fidelity, recall variety: a model that repeats one good sample has a precision of 1 and a recall near
    0. Both depend on the sizes of the sets.

    Args:
        real: features of data, array `(n, n_features)`.
        made: features of samples, array `(m, n_features)`.
        n_neighbors: int >= 1. k.

    Returns:
        `(precision, recall)`, each from 0 to 1.

    Raises:
        ValueError: for arrays of other shapes, sets of k rows or fewer, or values that are not finite.

    Examples:
        >>> from keras_vae.tasks.images.generation.precision_and_recall import precision_and_recall
        >>> real = np.random.default_rng(0).normal(size=(500, 2))
        >>> precision_and_recall(real, np.repeat(real[:1], 10, axis=0) + 1e-6)[0]
        1.0

    References:
        Kynkaanniemi et al. 2019, eqs. 1 and 2. https://arxiv.org/abs/1904.06991
    """
    n_neighbors = check_int("n_neighbors", n_neighbors, 1)
    real, made = (checked_features(n, f, n_neighbors + 1) for n, f in (("real", real), ("made", made)))
    if real.shape[1] != made.shape[1]:
        raise ValueError(f"`real` and `made` must have the same features. Received: {real.shape[1]}, {made.shape[1]}")
    return _share_within(real, made, n_neighbors), _share_within(made, real, n_neighbors)


def _share_within(centres, points, n_neighbors):
    """Share of the points that lie in a ball of one of the centres."""
    # Among its neighbours each row finds itself first.
    neighbors = NearestNeighbors(n_neighbors=n_neighbors + 1, algorithm="brute").fit(centres)
    squared_radii = np.square(neighbors.kneighbors(centres)[0][:, -1])
    squares = np.sum(np.square(centres), axis=1)
    step = max(1, DISTANCES_AT_ONCE // len(centres))
    n_within = 0
    for start in range(0, len(points), step):
        part = points[start : start + step]
        distances = np.sum(np.square(part), axis=1)[:, None] - 2.0 * part @ centres.T + squares
        # Rounding of the difference of two squares, for a point that is a centre.
        n_within += np.sum(np.any(distances <= squared_radii + 1e-9 * squares, axis=1))
    return float(n_within / len(points))
