"""What is done with codes before they are decoded: paths between two, directions of attributes, steps along one."""

from typing import Any

import numpy as np

from keras_vae._checks import check_choice, check_int
from keras_vae.models.condition import condition_rows
from keras_vae.training.batch import Condition, Data, split_condition
from keras_vae.training.containers import as_array

PATHS = ("linear", "spherical")
# Sine of the angle below which two codes have no one plane, or an arc that is a line to float32.
MIN_SINE = 1e-4


class LatentArithmetic:
    """The verbs `interpolate`, `attribute_vector` and `shift` of a `LatentModel`."""

    def interpolate(
        self, a: Any, b: Any, steps: int = 10, condition: Condition | None = None, path: str = "linear"
    ) -> np.ndarray:
        """Decoded points on the way from the code of one example to the code of another.

        Args:
            a: array `event_shape`. Where the way starts.
            b: array `event_shape`. Where it ends.
            steps: int >= 2. Points on it, ends included.
            condition: array or dict of arrays without the batch axis, the same for all points, or None.
            path: "linear" for the straight line; "spherical" for the arc around the origin, on which codes keep the
                distance from it that draws of a standard normal of many dimensions have.

        Returns:
            NumPy array `(steps, *target_shape)`.

        Raises:
            ValueError: for examples of another shape, fewer than two steps, or an unknown path.

        References:
            White 2016, section 2.1 (spherical). https://arxiv.org/abs/1609.04468
        """
        self._check_built("interpolate")
        one = condition_rows(condition, self.condition_shape, 1)
        ends = [
            self.rows(self._code_of, np.asarray(end)[None], parts=("encoder",), condition=one, name=name)
            for name, end in (("a", a), ("b", b))
        ]
        return self.decode(points_between(*ends, steps, path), condition_rows(condition, self.condition_shape, steps))

    def attribute_vector(
        self, x: Data, labels: Any, condition: Condition | None = None, batch_size: int = 256
    ) -> np.ndarray:
        """The direction of an attribute: mean code of the examples that have it, minus mean code of the others.

        `vae.decode(vae.encode(x)[0] + 1.0 * vector)`, or `shift`, gives examples the attribute; a negative amount takes
        it away. What goes with the attribute in the data goes with the vector too: all of a class, and whatever is
        more frequent in it.

        Args:
            x: array `(n, *event_shape)`, `(x, condition)`, or a `tf.data.Dataset` of batches in a fixed order.
            labels: array `(n,)` of bool, or of 0 and 1: who has the attribute. Each must be there.
            condition: array or dict of arrays `(n, ...)`, for a model whose encoder takes one.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(latent_dim,)`, float32.

        Raises:
            ValueError: for labels of another shape or other values, only one of the two, or data that does not fit.

        References:
            Larsen et al. 2016, section 4.1.2. https://arxiv.org/abs/1512.09300
        """
        self._check_built("attribute_vector")
        has_it = _checked_labels(labels)
        z = self.rows(self._code_of, x, parts=("encoder",), condition=condition, batch_size=batch_size)
        if len(has_it) != len(z):
            raise ValueError(
                f"`x` and `labels` must have the same number of rows. Received: {len(z)} and {len(has_it)}"
            )
        z = z.astype(np.float64)
        return (z[has_it].mean(axis=0) - z[~has_it].mean(axis=0)).astype(np.float32)

    def shift(
        self,
        x: Data,
        vector: Any,
        amounts: Any = (-1.0, 0.0, 1.0),
        condition: Condition | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Every example with its code moved along a direction, such as an `attribute_vector`, and decoded.

        Args:
            x: array `(n, *event_shape)`, or `(x, condition)`.
            vector: array `(latent_dim,)`. The direction, and how far 1.0 is.
            amounts: sequence of floats. How often the vector is added: 0.0 is the reconstruction.
            condition: array or dict of arrays `(n, ...)`, for a model with a condition.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, len(amounts), *target_shape)`.

        Raises:
            ValueError: for a vector of another shape, amounts that are no sequence of numbers, values that are not
                finite, or data that does not fit.
        """
        self._check_built("shift")
        x, own = split_condition(x)
        condition = own if condition is None else condition
        z = self.rows(self._code_of, x, parts=("encoder",), condition=condition, batch_size=batch_size)
        moved = moved_codes(z, vector, amounts)
        told = repeated_rows(condition, moved.shape[1])
        decoded = self.decode(moved.reshape(-1, self.latent_dim), told, batch_size)
        return decoded.reshape(*moved.shape[:2], *decoded.shape[1:])


def moved_codes(z, vector, amounts):
    """Codes moved along a direction, float32 `(n, len(amounts), latent_dim)`; arguments as in `shift`.

    Raises:
        ValueError: for a vector of another size, or values that are no finite numbers.
    """
    vector, amounts = as_array("vector", vector), as_array("amounts", amounts)
    if vector.shape != z.shape[1:] or not np.isfinite(vector).all():
        raise ValueError(f"`vector` must be {z.shape[1]} finite numbers. Received: an array of shape {vector.shape}")
    if amounts.ndim != 1 or not len(amounts) or not np.isfinite(amounts).all():
        raise ValueError(f"`amounts` must be one finite number or more in a row. Received: {amounts}")
    return z[:, None] + (amounts[:, None] * vector).astype(np.float32)


def points_between(a, b, steps, path="linear"):
    """Codes on the way from one to another, float32 `(steps, latent_dim)`, both ends among them.

    Args:
        a, b: arrays `(1, latent_dim)`.
        steps: int >= 2.
        path: "linear" or "spherical".

    Raises:
        ValueError: for fewer than two steps, or an unknown path.
    """
    fractions = np.linspace(0.0, 1.0, check_int("steps", steps, 2), dtype=np.float32)[:, None]
    return (arc if check_choice("path", path, PATHS) == "spherical" else line)(a, b, fractions)


def line(a, b, fractions):
    """Points on the straight line from a to b, each `(1, latent_dim)`, at fractions `(steps, 1)`."""
    return (1.0 - fractions) * a + fractions * b


def arc(a, b, fractions):
    """Points on the arc from a to b around the origin, as `line` on the straight line.

    `sin((1 - t) w) / sin(w) a + sin(t w) / sin(w) b` with the angle w between the two. Where they lie on one line with
    the origin no arc is the one between them: it is the straight line then.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    angle = np.arccos(np.clip(np.sum(a * b) / max(lengths, 1e-300), -1.0, 1.0))
    if lengths == 0.0 or np.sin(angle) < MIN_SINE:
        return line(a, b, fractions).astype(np.float32)
    shares = np.sin((1.0 - fractions) * angle), np.sin(fractions * angle)
    return ((shares[0] * a + shares[1] * b) / np.sin(angle)).astype(np.float32)


def repeated_rows(condition, n):
    """Every row of a condition `n` times in a row; None stays None."""
    if isinstance(condition, dict):
        return {key: np.repeat(as_array(key, part), n, axis=0) for key, part in condition.items()}
    return None if condition is None else np.repeat(as_array("condition", condition), n, axis=0)


def _checked_labels(labels):
    """Labels as bool, `(n,)`."""
    labels = as_array("labels", labels)
    if labels.ndim != 1 or not np.isin(labels, (0, 1)).all() or len(np.unique(labels)) != 2:
        raise ValueError(
            "`labels` must be one bool, or 0 or 1, for each example, and both must be there. "
            f"Received: shape {labels.shape}, values {np.unique(labels)[:5]}"
        )
    return labels.astype(bool)
