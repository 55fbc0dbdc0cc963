"""One batch of data, made in one place from what `fit`, `evaluate`, `predict` and the verbs were given."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_vae._sparse import repeat_sparse

# An array or tensor `(n, *event_shape)`; `(x, condition)` or a dict of both; or a `tf.data.Dataset` of batches.
Data = Any
# An array or tensor with the rows first, or a dict of them.
Condition = Any


class Batch(NamedTuple):
    """What every hook of a model takes; a part that was not given is None.

    Attributes:
        x: Tensor, shape `(batch, *event_shape)`. Input of the encoder; a `tf.SparseTensor` where the model takes one.
        target: Tensor, shape `(batch, *target_shape)`, float32. What is to be reconstructed; sparse where x is.
        mask: Tensor, shape `(batch, *leading event axes)`, float32. Weights of the elements of the target.
        weight: Tensor, shape `(batch,)`, float32. Weights of the examples in a mean.
        condition: Tensor, or dict of tensors, with the rows first. What encoder and decoder are told beside x and z.

    Examples:
        >>> from keras_vae.training import Batch
        >>> batch = Batch(x, weight=np.ones(len(x)))
        >>> sorted(batch.given())
        ['weight', 'x']
    """

    x: Any = None
    target: Any = None
    mask: Any = None
    weight: Any = None
    condition: Condition = None

    @property
    def n_rows(self) -> tf.Tensor:
        """Scalar int Tensor, the number of examples."""
        return tf.shape(tf.nest.flatten(self.given())[0])[0]

    def given(self) -> dict[str, Any]:
        """The parts that are not None, a dict: a structure of tensors alone."""
        return {name: part for name, part in self._asdict().items() if part is not None}

    def repeat(self, n: int | tf.Tensor) -> "Batch":
        """The batch with every row `n` times, draw by draw: see `repeat_rows`."""
        return Batch(**repeat_rows(self.given(), n))


def split_condition(x: Data) -> tuple:
    """What stands for x in `fit`, in a stream or in a verb, as `(x, condition or None)`.

    Args:
        x: an array or tensor; a pair `(x, condition)`; or a dict with "x" and "condition". The condition is an array or
            a dict of arrays.

    Raises:
        ValueError: for another number of entries or other keys.
    """
    if isinstance(x, dict):
        if "x" not in x or not set(x) <= {"x", "condition"}:
            some = next(iter(x), "x")
            raise ValueError(
                "`x` must be one array; as a dict it may have the keys 'x' and 'condition' alone. Say which part is x: "
                f"pass data[{some!r}], or dataset.map(lambda row: row[{some!r}]). Received: a dict of "
                f"{', '.join(map(str, x))}"
            )
        return x["x"], x.get("condition")
    if isinstance(x, tuple):
        if len(x) not in (1, 2):
            raise ValueError(f"`x` must be (x, condition) where it is a tuple. Received: {len(x)} entries")
        return x[0], x[1] if len(x) == 2 else None
    return x, None


def join_condition(x: Any, condition: Condition | None) -> Any:
    """The inverse of `split_condition`: x alone where there is no condition, else the pair."""
    return x if condition is None else (x, condition)


def as_batch(data: Any) -> Batch:
    """One element of a stream, as Keras hands it to a step, as a `Batch`.

    Args:
        data: x, `(x, y)` or `(x, y, sample_weight)`, where x may be `(x, condition)` or a dict; x alone with a
            condition is `((x, condition),)`, as in Keras.
    """
    x, target, weight = keras.utils.unpack_x_y_sample_weight(data)
    x, condition = split_condition(x)
    if weight is None:
        return Batch(x, target, condition=condition)
    weight = tf.cast(weight, tf.float32)
    if weighs_examples(weight):
        return Batch(x, target, weight=tf.reshape(weight, [-1]), condition=condition)
    return Batch(x, target, mask=weight, condition=condition)


def weighs_examples(weight: Any) -> bool:
    """Whether weights, `(batch,)` or `(batch, 1)`, weigh whole examples; weights of another shape weigh elements."""
    return len(weight.shape) == 1 or (len(weight.shape) == 2 and weight.shape[1] == 1)


def repeat_rows(structure: Any, n: int | tf.Tensor) -> Any:
    """Every tensor of a structure `n` times below itself, `(batch, ...)` -> `(n * batch, ...)`: draw by draw."""

    def repeat(tensor):
        if isinstance(tensor, tf.SparseTensor):
            return repeat_sparse(tensor, n)
        shape = tf.shape(tensor)
        repeated = tf.reshape(tf.repeat(tensor[None], n, axis=0), tf.concat([[n * shape[0]], shape[1:]], axis=0))
        return tf.ensure_shape(repeated, (None, *tensor.shape[1:]))

    return tf.nest.map_structure(repeat, structure)
