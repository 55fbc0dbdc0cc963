"""Callback that writes a picture of the model after every epoch."""

import os
import pathlib

import keras
import numpy as np

from keras_vae._checks import check_int
from keras_vae._files import atomic_path
from keras_vae.evaluation.plots import plot_grid, value_range_of
from keras_vae.training.batch import split_condition
from keras_vae.training.rows import head


class PictureGrid(keras.callbacks.Callback):
    """Write a picture after every epoch: examples, their reconstructions and samples of the prior, where there is one.

    The codes of the samples are the same in every epoch, so that the pictures show the learning and not the draw. A
    model with a condition samples under the conditions of the examples.

    Args:
        x: array `(n, *event_shape)`; or `(x, condition)`, or a dict of both, for a model with a condition. The first
            `n_cols` examples are shown.
        folder: str or path. Gets `epoch-0001.png` and so on.
        n_cols: int >= 1.
        seed: int >= 0. Seed of the samples.

    Raises:
        ValueError: for a number out of bounds.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, hidden_units=(32,), seed=0)
        >>> model.compile("adam")
        >>> grid = kv.callbacks.PictureGrid(x, folder="pictures")
        >>> history = model.fit(x, epochs=1, callbacks=[grid], verbose=0)
        >>> os.listdir("pictures")
        ['epoch-0001.png']
    """

    def __init__(self, x, folder: str | os.PathLike, n_cols: int = 10, seed: int = 0):
        super().__init__()
        self.n_cols = check_int("n_cols", n_cols, 1)
        x, condition = split_condition(x)
        self.x = np.asarray(x[:n_cols])
        self.condition = None if condition is None else head(condition, n_cols)
        self.folder = pathlib.Path(folder)
        self.seed = check_int("seed", seed, 0)

    def on_epoch_end(self, epoch, logs=None):
        rows = {"original": self.x, "reconstruction": self.model.reconstruct(self.x, condition=self.condition)}
        if hasattr(self.model, "sample"):
            condition = self.condition if self.model.takes_condition("decoder") else None
            rows["sample"] = self.model.sample(len(self.x), seed=self.seed, condition=condition)
        figure = plot_grid(
            [example for row in rows.values() for example in row],
            len(self.x),
            title=f"epoch {epoch + 1}",
            value_range=value_range_of(self.x),
            row_labels=list(rows),
        )
        with atomic_path(self.folder / f"epoch-{epoch + 1:04d}.png") as path:
            figure.savefig(path)
