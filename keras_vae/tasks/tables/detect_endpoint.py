"""What an exported detector serves: scores of raw rows, with words as they are, and what each column adds."""

import re

import numpy as np
import tensorflow as tf

from keras_vae.models.endpoint import Endpoint

# A table with more columns is served as one matrix of numbers.
MAX_INPUTS = 200


def detect_endpoint(model, score, columns, threshold, n_samples, kind):
    """The endpoint `detect`.

    Its inputs are the columns by name, each `(n,)`: strings for columns of words, "" for a hole; float32 for the
    others, NaN for a hole, dates in their unit. A table of numbers alone, or of very many columns, is one input
    `x (n, columns)` of the numbers that `columns.encode` gives.

    Outputs: `score (n,)`, larger for outliers; `is_outlier (n,)` int32; `contributions (n, columns)`.

    Args:
        model: `VAE`.
        score: `OutlierScore`.
        columns: `TableColumns`.
        threshold: float.
        n_samples: int. Draws of z per row.
        kind: str. Which score.

    Returns:
        `Endpoint`.
    """

    def outputs(x):
        found = score(model, x, n_samples, kind)
        return {
            "score": found,
            "is_outlier": tf.cast(found > threshold, tf.int32),
            "contributions": score.contributions(model, x, n_samples),
        }

    takes_holes = model.likelihood.takes_holes
    if is_one_input(columns):
        n_columns = len(columns.columns)
        return Endpoint(outputs, (tf.TensorSpec((None, n_columns), tf.float32, name="x"),), takes_holes)
    names = input_names(columns)
    specs = tuple(
        tf.TensorSpec((None,), tf.string if column.words is not None and _is_word(column) else tf.float32, name=name)
        for column, name in zip(columns.columns, names, strict=True)
    )

    def of_columns(*inputs):
        return outputs(tf.stack([_coded(c, x) for c, x in zip(columns.columns, inputs, strict=True)], axis=1))

    return Endpoint(of_columns, specs, takes_holes)


def is_one_input(columns):
    """Whether the rows are served as one matrix of numbers."""
    return len(columns.columns) > MAX_INPUTS or all(column.words is None for column in columns.columns)


def input_names(columns):
    """Names of the inputs by column: those of the columns, with `_` for what an identifier cannot have."""
    taken, names = set(), []
    for number, column in enumerate(columns.columns):
        name = re.sub(r"[^0-9a-zA-Z_]+", "_", column.name).strip("_") or f"column_{number}"
        name = f"column_{name}" if name[0].isdigit() else name
        while name in taken:
            name += "_"
        taken.add(name)
        names.append(name)
    return names


def _is_word(column):
    """Whether the cells of a column are served as text; words that are numbers are served as numbers."""
    return column.kind == "binary" or not all(_is_number(word) for word in column.words)


def _is_number(word):
    try:
        return np.isfinite(float(word))
    except ValueError:
        return False


def _coded(column, cells):
    """The numbers of a column as the model takes them, Tensor `(n,)` float32."""
    if column.words is not None and cells.dtype == tf.string:
        is_word = tf.equal(tf.strings.strip(cells)[:, None], list(column.words))
        code = tf.cast(tf.argmax(tf.cast(is_word, tf.int32), axis=1), tf.float32)
        # A word that is not known: the last class of a category, and a hole where there are only two outcomes.
        other = float(len(column.words)) if column.kind == "category" else np.nan
        code = tf.where(tf.reduce_any(is_word, axis=1), code, other)
        return tf.where(tf.equal(tf.strings.strip(cells), ""), np.nan, code)
    values = None if column.words is None else [float(word) for word in column.words]
    values = values if column.values is None else list(column.values)
    if values is None:
        return cells
    is_value = tf.equal(cells[:, None], np.array(values, np.float32))
    code = tf.cast(tf.argmax(tf.cast(is_value, tf.int32), axis=1), tf.float32)
    other = float(len(values)) if column.kind == "category" else np.nan
    return tf.where(tf.math.is_nan(cells), np.nan, tf.where(tf.reduce_any(is_value, axis=1), code, other))
