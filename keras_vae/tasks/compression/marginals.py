"""Where the latents of a model lie, measured once: the Gaussians whose mass the bins share out evenly."""

import numpy as np

from keras_vae.tasks.compression.latent_bins import LatentBins

N_ROWS, N_BATCHES = 64, 16
# Draws are counted in units of 2^-16, in whole numbers whose sums are exact.
UNIT = 2.0**16
FARTHEST = 2.0**8
SEED = 0
# Draws have so many different values per dimension.
DRAW_BITS = 12


def measure_marginals(exact):
    """Mean and standard deviation of every latent under the model, from the top to the last layer.

    The top is standard normal. Of the others they are those of 1024 draws from the top down, with random bits that are
    the same everywhere, rounded to a coarse grid.

    Args:
        exact: model with exact arithmetic, as `exact.ExactModel`.

    Returns:
        List of pairs of float64 arrays `(latent_dims[l],)`, mean and standard deviation.
    """
    # What its raw bits are is fixed, other than what NumPy makes of them.
    bits = np.random.PCG64(SEED)
    draws = [[] for _ in exact.latent_dims]
    for _ in range(N_BATCHES if len(draws) > 1 else 0):
        way = exact.way(N_ROWS)
        for layer, dim in enumerate(exact.latent_dims):
            mean, scale = way.prior(layer)
            k = (bits.random_raw(N_ROWS * dim) >> np.uint64(64 - DRAW_BITS)).astype(np.int64)
            standard = LatentBins(np.zeros(dim), np.ones(dim), DRAW_BITS).centers(k.reshape(N_ROWS, dim))
            z = mean + scale * standard
            draws[layer].append(z)
            way.take(layer, z)
    top = (np.zeros(exact.latent_dims[0]), np.ones(exact.latent_dims[0]))
    return [top, *(_moments(np.concatenate(z)) for z in draws[1:])]


def _moments(z):
    """Mean and standard deviation of each column by sums of whole numbers, rounded to a few digits."""
    counts = np.rint(np.clip(z, -FARTHEST, FARTHEST) * UNIT).astype(np.int64)
    mean = counts.sum(axis=0) // len(z)
    variance = np.square(counts - mean).sum(axis=0) / float(len(z))
    mantissa, exponent = np.frexp(np.maximum(np.sqrt(variance), 1.0) / UNIT)
    scale = np.ldexp(np.rint(mantissa * 64.0), exponent - 6)
    step = np.ldexp(1.0, exponent - 5)
    return np.rint(mean / UNIT / step) * step, scale
