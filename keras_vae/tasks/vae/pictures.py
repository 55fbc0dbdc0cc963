"""The pictures of a run: loss curves, reconstructions, samples, and what the codes look like."""

import numpy as np

from keras_vae.evaluation import plots
from keras_vae.tasks.sample_figure import on_one_scale, sample_figure
from keras_vae.tasks.scores import N_ROWS
from keras_vae.training.rows import first_rows
from keras_vae.training.streams import is_stream

N_SHOWN, N_SAMPLES = 10, 60


def pictures(model, x, labels, history, seed, grey=None):
    """Pictures of a model, drawn one by one.

    Args:
        model: trained `VAE`.
        x: held-out rows, array or `tf.data.Dataset`; the first 2,000 are used.
        labels: sequence of labels of the rows or None.
        history: dict of lists by name.
        seed: int. Of the samples.
        grey: stream of the same rows with their grey values, where x is drawn from them, or None.

    Yields:
        Pairs of a name and a matplotlib figure.
    """
    x = _array(x, N_ROWS)
    yield "loss_curves", plots.plot_history(history)
    shown = _array(x if grey is None else grey, N_SHOWN)
    originals = as_decoded(shown, model.likelihood)
    rows = (on_one_scale(model, rows) for rows in (originals, model.reconstruct(shown)))
    yield "reconstructions", plots.plot_reconstructions(*rows)
    yield "samples", sample_figure(model, N_SAMPLES, seed=seed, like=originals)
    z_mean, z_log_var = model.encode(x)
    if z_mean.shape[1] > 1:
        yield "latent_map", plots.plot_latent_map(z_mean, None if labels is None else labels[: len(x)], z_log_var)
    yield "kl_per_dim", plots.plot_kl_per_dim(z_mean, z_log_var)
    yield "traversals", plots.plot_traversals(lambda z: on_one_scale(model, model.decode(z)), z_mean, z_log_var)


def as_decoded(x, likelihood):
    """Rows on the scale of what the decoder gives back: shares of the total where the mean of counts is shares."""
    if likelihood.mean_on_data_scale or likelihood.values != "counts":
        return x
    return x / np.maximum(x.sum(axis=-1, keepdims=True), 1.0)


def _array(x, n):
    """The first `n` rows of an array or a stream as an array."""
    return first_rows(x, n).x if is_stream(x) else x[:n]
