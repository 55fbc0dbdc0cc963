"""A picture of new examples."""

import math

from keras_vae.evaluation import plots


def on_one_scale(model, x):
    """Examples as a picture shows them, array of the same shape.

    Columns in their own units share no scale: only the one with the largest numbers would be seen. They are shown as
    the model standardises them.

    Args:
        model: `VAE` or `LadderVAE`.
        x: array `(n, *event_shape)`, in the units of the data.
    """
    if getattr(model.preprocessing, "over", None) != "columns":
        return x
    return model.preprocessing(x).numpy()


def sample_figure(model, n, seed=None, temperature=1.0, like=None):
    """Picture of `n` samples of the prior, on the grey scale of the examples `like` if these are given.

    Args:
        model: `VAE` or `LadderVAE`.
        n: int >= 1.
        seed: int or None. The same seed gives the same samples; None draws anew.
        temperature: float >= 0. Factor on the standard deviation of the prior.
        like: array `(m, *event_shape)` or None, in the units of the data.

    Returns:
        matplotlib Figure.
    """
    samples = on_one_scale(model, model.sample(n, seed=seed, temperature=temperature))
    like = samples if like is None else on_one_scale(model, like)
    n_cols = min(10, n) if n > 25 else max(1, math.ceil(math.sqrt(n)))
    return plots.plot_grid(samples, n_cols, value_range=plots.value_range_of(like))
