"""A picture of new examples."""

import math

from keras_vae.evaluation import plots


def sample_figure(model, n, seed=None, temperature=1.0, like=None):
    """Picture of `n` samples of the prior, on the grey scale of the examples `like` if these are given.

    Args:
        model: `VAE` or `LadderVAE`.
        n: int >= 1.
        seed: int or None. The same seed gives the same samples; None draws anew.
        temperature: float >= 0. Factor on the standard deviation of the prior.
        like: array `(m, *event_shape)` or None.

    Returns:
        matplotlib Figure.
    """
    samples = model.sample(n, seed=seed, temperature=temperature)
    n_cols = min(10, n) if n > 25 else max(1, math.ceil(math.sqrt(n)))
    return plots.plot_grid(samples, n_cols, value_range=plots.value_range_of(samples if like is None else like))
