"""Numerically careful sums: log-mean-exp and sums over event axes."""

import math

from keras import ops


def log_mean_exp(x, axis):
    """Log of the mean of `exp(x)` along an axis, without overflow.

    Args:
        x: Tensor of log values, shape `(..., n, ...)`. Nats.
        axis: int. The axis averaged over.

    Returns:
        Tensor, shape of `x` without `axis`. Nats.

    References:
        The estimator of Burda et al. 2016, eq. 8 is this mean over importance weights. https://arxiv.org/abs/1509.00519
    """
    x = ops.convert_to_tensor(x)
    n = x.shape[axis]
    log_n = math.log(n) if n is not None else ops.log(ops.cast(ops.shape(x)[axis], x.dtype))
    return ops.logsumexp(x, axis=axis) - log_n


def sum_event(x):
    """Sum over every axis but the first: what turns per-element values into one number per example.

    Args:
        x: Tensor, shape `(batch, ...)`.

    Returns:
        Tensor, shape `(batch,)`. A tensor of rank 1 comes back as it is.
    """
    axes = tuple(range(1, len(x.shape)))
    return ops.sum(x, axis=axes) if axes else x
