"""The pictures of a run: loss curves, reconstructions, samples, and what the codes look like."""

import numpy as np

from keras_vae.evaluation import plots
from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.tasks.sample_figure import is_table, sample_figure
from keras_vae.tasks.scores import N_ROWS
from keras_vae.training.batch import split_condition
from keras_vae.training.rows import first_rows, head
from keras_vae.training.streams import is_stream

N_SHOWN, N_SAMPLES = 10, 60


def pictures(
    model, x, labels, history, seed, grey=None, *, feature_names=None, label_name=None, kept_epoch=None, draws=None,
    vocabulary=None, columns=None, condition=None,
):  # fmt: skip
    """Pictures of a model, drawn one by one.

    Args:
        model: trained `VAE`.
        x: held-out rows, array or `tf.data.Dataset`; the first 2,000 are used.
        labels: sequence of labels of the rows, names of classes or numbers, or None.
        history: dict of lists by name.
        seed: int. Of the samples.
        grey: stream of the same rows with their grey values, where x is drawn from them, or None.
        feature_names: sequence of str or None. Names of the columns of a table, or of the features of sequences.
        label_name: str or None. What the labels are, for the legend.
        kept_epoch: int or None. The epoch whose weights the model has.
        draws: array `(n, *event_shape)` or None. Draws of x from the model, instead of means of p(x given z), which
            spread less than the data.
        vocabulary: sequence of str or None. The tokens of a model of sequences of them.
        columns: list as `tasks.sample_figure.shown_as` gives it, or None. What the columns of a table are.
        condition: array of 60 rows, or None. What the model is told of the samples.

    Yields:
        Pairs of a name and a matplotlib figure.
    """
    x, told = split_condition(_array(x, N_ROWS))
    names = {} if feature_names is None else {"feature_names": feature_names}
    names |= {} if columns is None else {"columns": columns}
    yield "loss_curves", plots.plot_history(history, **({} if kept_epoch is None else {"kept_epoch": kept_epoch}))
    # Of a table every row is a point; of anything else a few examples are looked at.
    n_shown = N_ROWS if is_table(model) else N_SHOWN
    shown, _ = split_condition(_array(x if grey is None else grey, n_shown))
    told_of_shown = None if told is None else told[:n_shown]
    originals = as_decoded(shown, model.likelihood)
    if model.likelihood.values == "tokens":
        rows = {"original": shown, "reconstruction": model.reconstruct(shown, condition=told_of_shown)}
        yield "reconstructions", plots.plot_tokens(rows, vocabulary)
    else:
        again = np.asarray(model.reconstruct(shown, condition=told_of_shown))
        yield "reconstructions", plots.plot_reconstructions(originals, again, **names)
    of_samples = {"like": originals, "draws": draws, "vocabulary": vocabulary, "condition": condition}
    yield "samples", sample_figure(model, N_SAMPLES, seed, **of_samples, **names)
    yield from _of_codes(model, x, told, labels, originals, label_name, names)


def _of_codes(model, x, told, labels, originals, label_name, names):
    """Pictures of the codes and of what they stand for, under the condition of the first row."""
    z_mean, z_log_var = model.encode(x, condition=told)

    def decode(z):
        return model.decode(z, None if told is None else np.repeat(told[:1], len(z), axis=0))

    if z_mean.shape[1] > 1:
        named = {} if label_name is None else {"label_name": label_name}
        of_rows = None if labels is None else labels[: len(x)]
        yield "latent_map", plots.plot_latent_map(z_mean, of_rows, z_log_var, **named)
    if z_mean.shape[1] == 2 and plots.is_image(tuple(model.event_shape)):
        yield "manifold", plots.plot_manifold(decode, value_range=plots.value_range_of(originals))
    n_top = _n_top(model)
    layer = None if n_top == z_mean.shape[1] else "the top layer"
    yield "kl_per_dim", plots.plot_kl_per_dim(z_mean[:, :n_top], z_log_var[:, :n_top], layer)
    if is_table(model):
        names = {**names, "scale": np.ma.masked_invalid(originals).std(axis=0).filled(0.0)}
    yield "traversals", plots.plot_traversals(decode, z_mean, z_log_var, n_candidates=n_top, **names)


def _n_top(model):
    """Latents whose prior is that of the model itself: all of one layer, those of the top of a ladder."""
    return model.decoder.latent_dims[0] if isinstance(model, LadderVAE) else model.latent_dim


def as_decoded(x, likelihood):
    """Rows on the scale of what the decoder gives back: shares of the total where the mean of counts is shares."""
    if likelihood.mean_on_data_scale or likelihood.values != "counts":
        return x
    return x / np.maximum(x.sum(axis=-1, keepdims=True), 1.0)


def _array(x, n):
    """The first `n` rows of an array or a stream as an array, or a dict of it and the condition."""
    if not is_stream(x):
        return head(x, n)
    rows = first_rows(x, n)
    return rows.x if rows.condition is None else {"x": rows.x, "condition": rows.condition}
