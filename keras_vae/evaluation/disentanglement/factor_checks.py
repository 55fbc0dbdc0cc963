"""Checks of codes beside the factors that their images were made from, and what the scores share about factors."""

import numpy as np


def check_codes_and_factors(z_mean, factors, min_dims=2, min_factors=1):
    """Return codes and factors as float64 arrays if they belong together.

    Args:
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        factors: array `(n, n_factors)` of numbers.
        min_dims: int. Latent dimensions wanted at least.
        min_factors: int. Factors wanted at least.

    Raises:
        ValueError: for arrays of another rank, too few columns, unlike lengths, values that are not finite, or a factor
            that has the same value in all rows.
    """
    z_mean, factors = np.asarray(z_mean), np.asarray(factors)
    for name, array, axis, minimum in (
        ("z_mean", z_mean, "latent_dim", min_dims),
        ("factors", factors, "n_factors", min_factors),
    ):
        if array.ndim != 2 or array.dtype.kind not in "fiu" or array.shape[1] < minimum or not len(array):
            raise ValueError(
                f"`{name}` must be numbers of shape (n, {axis}) with {axis} >= {minimum}. "
                f"Received: {name}.shape={array.shape}, dtype={array.dtype}"
            )
        if not np.all(np.isfinite(array)):
            raise ValueError(f"`{name}` must be finite. Received: NaN or infinity in {name}")
    if len(z_mean) != len(factors):
        raise ValueError(
            f"`z_mean` and `factors` must have the same number of rows. Received: {len(z_mean)} and {len(factors)}"
        )
    constant = np.flatnonzero(np.all(factors == factors[:1], axis=0))
    if len(constant):
        k = constant[0]
        raise ValueError(f"every factor must vary. Received: factors[:, {k}] is {factors[0, k]} in all rows")
    return z_mean.astype(np.float64), factors.astype(np.float64)


def check_categorical(categorical, n_factors):
    """Return the columns of factors whose values have no order, as a set.

    Raises:
        ValueError: if they are no column numbers.
    """
    columns = np.atleast_1d(np.asarray(categorical))
    is_numbers = columns.ndim == 1 and columns.dtype.kind in "iu"
    if columns.size and not (is_numbers and columns.min() >= 0 and columns.max() < n_factors):
        raise ValueError(
            f"`categorical` must hold column numbers of `factors`, 0 to {n_factors - 1}. "
            f"Received: categorical={categorical!r}"
        )
    return set(columns.tolist())


def value_numbers(factors):
    """The distinct values of every factor replaced by 0, 1, 2, ... in ascending order; int64, same shape."""
    columns = [np.unique(column, return_inverse=True)[1] for column in np.asarray(factors).T]
    return np.stack(columns, axis=1).astype(np.int64)


def check_repeated(factors):
    """Refuse factors whose values hardly repeat: their distribution given a value cannot be estimated.

    Raises:
        ValueError: if a factor has more distinct values than half the rows.
    """
    for k, n_values in enumerate(value_numbers(factors).max(axis=0) + 1):
        if 2 * n_values > len(factors):
            raise ValueError(
                "every value of a factor must come twice on average: sort a continuous factor into bins. "
                f"Received: {n_values} values in the {len(factors)} rows of factors[:, {k}]"
            )


def factor_entropy(factors):
    """Entropy of every factor's values over the rows, nats, `(n_factors,)`."""
    shares = [np.unique(column, return_counts=True)[1] / len(column) for column in np.asarray(factors).T]
    return np.array([-np.sum(p * np.log(p)) for p in shares])


def top_two_gap(matrix):
    """Largest minus second largest entry of every row of a `(n_factors, latent_dim)` matrix."""
    ordered = np.sort(matrix, axis=1)
    return ordered[:, -1] - ordered[:, -2]
