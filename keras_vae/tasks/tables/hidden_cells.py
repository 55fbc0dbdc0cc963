"""Cells that are hidden although they were seen: from the encoder in training, and from training as a test."""

import keras
import numpy as np
import tensorflow as tf

# Rows by which a training is judged, and draws of z for each.
MAX_ROWS, N_SAMPLES = 1000, 50


def hide_cells(x, share, seed):
    """Rows with more holes.

    Args:
        x: array `(n, n_columns)`, NaN for holes.
        share: float. Of the cells that were seen.
        seed: int.

    Returns:
        Pair of arrays like `x`: the rows with more holes, and what was in the new holes, NaN elsewhere.
    """
    # Not the numbers that a generator of this seed gives first: the holes of the table may have come from these.
    rng = np.random.default_rng([seed, 1])
    hidden = ~np.isnan(x) & (rng.random(x.shape) < share)
    nan = np.float32(np.nan)
    return np.where(hidden, nan, x), np.where(hidden, x, nan)


def with_hidden_cells(data, share, seed):
    """Pairs of a batch with more holes, and the batch: each row has another share of them, from 0 to twice the mean.

    Args:
        data: `tf.data.Dataset` of batches `(n, n_columns)`.
        share: float in (0, 0.5]. Mean share.
        seed: int.

    References:
        Vincent et al. 2008 (denoising autoencoders). https://doi.org/10.1145/1390156.1390294
    """

    def hide(i, x):
        of_rows, of_cells = tf.unstack(tf.random.experimental.stateless_split([seed, i], 2))
        shares = tf.random.stateless_uniform([tf.shape(x)[0], 1], of_rows, maxval=2.0 * share)
        return tf.where(tf.random.stateless_uniform(tf.shape(x), of_cells) < shares, np.float32(np.nan), x), x

    return data.enumerate().map(hide)


class HiddenError(keras.callbacks.Callback):
    """Logs `val_hidden_error`, how far estimates of hidden cells are off, beside the mean or the commonest class.

    It is a mean square over cells, 1 for what knows no more than means and shares, and for what came after `begin` one
    standard error more: that of the difference from the start, with rows as the units. Few rows hold few cells, of
    which the best of many looks fits some by chance; a start that is good is left for what is better beyond that.

    Args:
        shown: array `(n, n_columns)`, NaN for holes.
        hidden: array like it: what was hidden of these rows, NaN elsewhere.
        classes: bool array `(n_columns,)`. Columns of classes, yes and no included.
    """

    name = "val_hidden_error"

    def __init__(self, shown, hidden, classes):
        super().__init__()
        rows = np.flatnonzero(~np.isnan(hidden).all(axis=1))[:MAX_ROWS]
        self.shown, self.hidden, self.classes = shown[rows], hidden[rows], classes
        self.n_cells = np.count_nonzero(~np.isnan(self.hidden))
        self.scale = np.array(
            [_scale(column[~np.isnan(column)], of) for column, of in zip(shown.T, classes, strict=False)]
        )
        self.start = None

    def begin(self, model):
        """The error of the model that a training starts from, with which later ones are compared: float."""
        self.start = self._of_rows(model)
        return float(self.start.sum() / self.n_cells)

    def of(self, model):
        """The error of a model, float."""
        of_rows = self._of_rows(model)
        error = of_rows.sum() / self.n_cells
        if self.start is not None:
            error += np.sqrt(np.sum(np.square(of_rows - self.start))) / self.n_cells
        return float(error)

    def _of_rows(self, model):
        """Sum over the hidden cells of every row, array `(n,)`."""
        filled = model.impute(self.shown, N_SAMPLES)
        numbers = np.square((filled - self.hidden) / self.scale)
        errors = np.where(self.classes, (filled.round() != self.hidden) / self.scale, numbers)
        return np.where(np.isnan(self.hidden), 0.0, errors).sum(axis=1)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs[self.name] = self.of(self.model)


def _scale(values, is_class):
    """Standard deviation of numbers, share of classes that are not the commonest one; 1 of what does not vary."""
    if not len(values):
        return 1.0
    if is_class:
        return 1.0 - np.unique(values, return_counts=True)[1].max() / len(values) or 1.0
    return float(np.std(values)) or 1.0
