"""The labels of a few images for their neighbours among many without."""

import warnings

import numpy as np

# A label that is less sure than this is none.
MIN_CONFIDENCE = 0.8
N_NEIGHBOURS, ALPHA, MAX_STEPS = 10, 0.9, 50


def spread_labels(codes, classes, others):
    """Classes of codes without a label, by the graph of nearest neighbours among all codes.

    Args:
        codes: array `(n, latent_dim)`. Of the examples with a label.
        classes: int array `(n,)`, numbers from 0.
        others: array `(m, latent_dim)`. Of the examples without.

    Returns:
        `(classes, is_sure)`: arrays `(m,)`, int and bool.

    References:
        Zhou et al. 2004, Learning with local and global consistency (as in scikit-learn's `LabelSpreading`).
    """
    from sklearn.semi_supervised import LabelSpreading

    n_neighbours = min(N_NEIGHBOURS, len(codes) + len(others) - 1)
    spreading = LabelSpreading(kernel="knn", n_neighbors=n_neighbours, alpha=ALPHA, max_iter=MAX_STEPS)
    with warnings.catch_warnings():
        # The classes are settled long before the last digits of their shares.
        warnings.filterwarnings("ignore", message=".*was reached without convergence")
        spreading.fit(np.concatenate([codes, others]), np.concatenate([classes, np.full(len(others), -1)]))
    # Rows without a way to any label have no distribution.
    found = np.nan_to_num(spreading.label_distributions_[len(codes) :])
    return found.argmax(axis=1), found.max(axis=1) >= MIN_CONFIDENCE
