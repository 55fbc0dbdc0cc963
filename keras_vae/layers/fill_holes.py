"""A layer that fills the holes of rows by a linear model with factors, before an encoder sees them."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int


@keras.saving.register_keras_serializable(package="keras_vae")
class FillHoles(keras.layers.Layer):
    """Rows with the mean of a factor analysis, given what was seen of the row, in every hole.

    A linear encoder of rows that are filled like this has the exact posterior means of the factors for any pattern of
    holes; of rows with zeros in their holes it has not. Before `assign` every hole becomes 0.

    The input has the columns first and then one column for each entry of `places`: 1 where what it stands for is a
    hole. The output has the same shape.

    Args:
        places: one sequence per column that may have holes: the numbers of the columns that it covers.
        n_factors: int >= 1. Largest number of factors.

    Raises:
        ValueError: if `n_factors` is not a whole number >= 1.

    Examples:
        Two columns that are both one factor and a little noise; the second value of the first row is a hole:

        >>> layer = kv.layers.FillHoles(places=[[0], [1]], n_factors=1)
        >>> rows = np.array([[2.0, 0.0, 0.0, 1.0], [2.0, 1.0, 0.0, 0.0]], "float32")
        >>> layer(rows).numpy()[0, 1]
        np.float32(0.0)
        >>> layer.assign([0.0, 0.0], np.array([[1.0], [1.0]]), [0.25, 0.25])
        >>> layer(rows).numpy().round(2)[:, :2]
        array([[2. , 1.6],
               [2. , 1. ]], dtype=float32)

    References:
        Little & Rubin 2002, Statistical Analysis with Missing Data, section 11.2 (conditional means of a Gaussian).
    """

    def __init__(self, places: Sequence[Sequence[int]], n_factors: int, *, dtype: str = "float32", **kwargs: Any):
        # The inverse matrices need float32 also under mixed precision.
        super().__init__(**{"trainable": False, **kwargs}, dtype=dtype)
        self.places = tuple(tuple(int(j) for j in columns) for columns in places)
        self.n_factors = check_int("n_factors", n_factors, 1)

    def build(self, input_shape):
        """Create the numbers of the linear model."""
        width = input_shape[-1] - len(self.places)
        self.location = self.add_weight(name="location", shape=(width,), initializer="zeros", trainable=False)
        self.loadings = self.add_weight(
            name="loadings", shape=(width, self.n_factors), initializer="zeros", trainable=False
        )
        self.noise = self.add_weight(name="noise", shape=(width,), initializer="ones", trainable=False)
        self.built = True

    def assign(self, location: np.ndarray, loadings: np.ndarray, noise: np.ndarray) -> None:
        """Set the linear model.

        Args:
            location: array `(columns,)`.
            loadings: array `(columns, k)` with k up to `n_factors`.
            noise: array `(columns,)`. Variances > 0.
        """
        self.location.assign(location)
        self.loadings.assign(np.pad(loadings, [(0, 0), (0, self.n_factors - loadings.shape[1])]))
        self.noise.assign(noise)

    def call(self, x):
        x, is_hole = x[:, : -len(self.places)], x[:, -len(self.places) :]
        hole = tf.matmul(is_hole, tf.constant(self._spread(x.shape[1])))
        location, loadings, noise = (tf.convert_to_tensor(w) for w in (self.location, self.loadings, self.noise))
        precision = (1.0 - hole) / noise
        squares = tf.reshape(loadings[:, :, None] * loadings[:, None, :], [x.shape[1], -1])
        inner = tf.reshape(tf.matmul(precision, squares), [-1, self.n_factors, self.n_factors])
        seen = tf.matmul((x - location) * precision, loadings)
        factors = tf.linalg.cholesky_solve(tf.linalg.cholesky(inner + tf.eye(self.n_factors)), seen[..., None])
        estimate = location + tf.matmul(factors[..., 0], loadings, transpose_b=True)
        return tf.concat([x + hole * (estimate - x), is_hole], axis=1)

    def _spread(self, width):
        """Matrix `(columns with holes, columns)` from what is a hole to the numbers that it takes away."""
        spread = np.zeros((len(self.places), width), np.float32)
        for i, columns in enumerate(self.places):
            spread[i, list(columns)] = 1.0
        return spread

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "places": self.places, "n_factors": self.n_factors}
