"""A picture of new examples."""

import numpy as np

from keras_vae.data.table_column import origin_of
from keras_vae.evaluation import plots
from keras_vae.evaluation.pictures.column_panels import COUNT

# A histogram of a table's column needs more rows than one looks at.
_N_ROWS = 1000


def is_table(model):
    """Whether the examples of a model are rows of columns."""
    return len(model.event_shape) == 1


def shown_as(columns):
    """What pictures are told of the columns of a table, as `plot_reconstructions` takes it.

    Args:
        columns: `keras_vae.data.TableColumns`.

    Returns:
        list of None for numbers, "count", tuples of words, and `numpy.datetime64` for dates.
    """
    return [_shown_as(column) for column in columns.columns]


def _shown_as(column):
    if column.kind == "category":
        return (*column.words, column.other)
    if column.kind == "binary":
        return column.words or tuple(f"{value:g}" for value in column.values or (0, 1))
    if (column.unit or "").startswith("days since "):
        return np.datetime64("1970-01-01") + int(origin_of(column.unit))
    return COUNT if column.kind == "count" else None


def sample_figure(
    model,
    n,
    seed=None,
    temperature=1.0,
    like=None,
    *,
    draws=None,
    feature_names=None,
    vocabulary=None,
    columns=None,
    condition=None,
):
    """Picture of `n` samples of the prior; of a table, histograms of its columns in their units.

    Args:
        model: `VAE` or `LadderVAE`.
        n: int >= 1. Of a table at least 1,000 samples are drawn.
        seed: int or None. The same seed gives the same samples; None draws anew.
        temperature: float >= 0. Factor on the standard deviation of the prior.
        like: array `(m, *event_shape)` or None, in the units of the data: for the grey scale, and the histograms beside
            those of the samples.
        draws: array `(k, *event_shape)` or None. Samples to show, instead of means of p(x given z) drawn here.
        feature_names: sequence of str or None. Names of the columns of a table.
        vocabulary: sequence of str or None. The tokens of a model of sequences of them.
        columns: list as `shown_as` gives it, or None. What the columns of a table are.
        condition: array of `n` rows, or None. What the model is told of the samples.

    Returns:
        matplotlib Figure.
    """
    table = is_table(model)
    if draws is None:
        n = max(n, _N_ROWS) if table and condition is None else n
        samples = model.sample(n, seed=seed, temperature=temperature, condition=condition)
    else:
        samples = draws if table else draws[:n]
    if model.likelihood.values == "tokens":
        return plots.plot_tokens(np.asarray(samples), vocabulary)
    of_table = {"feature_names": feature_names, "columns": columns} if table else {}
    return plots.plot_samples(np.asarray(samples), like, **of_table)
