"""What `fit`, `evaluate`, `predict` and their like are given, checked and made into what Keras takes."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_vae._sparse import values_of
from keras_vae.training.batch import join_condition, split_condition, weighs_examples
from keras_vae.training.containers import as_array, is_frame, split_mask, without_brackets
from keras_vae.training.data_checks import (
    check_array,
    check_can_be_target,
    check_condition,
    check_event_shape,
    check_mask,
    check_sample_weight,
    hide,
)
from keras_vae.training.rows import first_rows
from keras_vae.training.streams import Watch, as_dataset, check_ends, event_shapes, is_repeatable, is_stream

# Of Keras, where a batch size is not given.
BATCH_SIZE = 32


class Feed(NamedTuple):
    """Data as Keras takes them.

    Attributes:
        x: array, `(x, condition)`, or a stream whose batches are looked at.
        y: array of targets or None.
        sample_weight: array or None.
        watch: `Watch` of a stream, or None.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None
    watch: Watch | None = None

    @property
    def kind(self) -> tuple:
        """By what a compiled step of these data differs from one of others: parts, and shape of the weights."""
        if self.watch is None:
            parts = self.x, self.y, self.sample_weight
        else:
            parts = keras.utils.unpack_x_y_sample_weight(getattr(self.x, "element_spec", None))
        weight = parts[2]
        return parts[1] is None, None if weight is None else tuple(weight.shape[1:])

    def n_batches(self, batch_size: int | None) -> int | None:
        """Batches of arrays, of so many rows or as Keras has it; None for a stream."""
        if self.watch is not None:
            return None
        rows = tf.nest.flatten(self.x)[0]
        return -(-rows.shape[0] // (batch_size or BATCH_SIZE))


# Rows of a stream that a preprocessing is learned from, at most.
N_LEARNED = 10_000


def make_feed(
    model, x, y=None, sample_weight=None, steps=None, steps_name="steps_per_epoch", name="x", learns=False
) -> Feed:
    """Check the data of `fit` or `evaluate`: arrays at once, a stream batch by batch while it is read.

    Args:
        model: a `Trainer`. One that is not built yet is built.
        x, y, sample_weight: as in `Trainer.fit`.
        steps: int or None. Batches of a stream that are wanted.
        steps_name, name: str. Names of `steps` and `x`, for the messages.
        learns: bool. Whether the model may learn from these data what it does not learn by steps: `model.learn_from`.

    Returns:
        `Feed`.

    Raises:
        ValueError: naming the argument, what was wanted and what came.
    """
    if x is None:
        raise ValueError(f"`{name}` must be an array or a tf.data.Dataset. Received: {name}=None")
    if not is_stream(x):
        return Feed(*check_rows(model, x, y, sample_weight, name, learns))
    for part, value in {"y": y, "sample_weight": sample_weight}.items():
        if value is not None:
            raise ValueError(
                f"`{part}` must be part of the dataset when `{name}` is one: yield (x, y, sample_weight). "
                f"Received: {part} beside it"
            )
    check_ends(name, x, steps, steps_name)
    if isinstance(x, tf.data.Dataset) and int(x.cardinality()) == 0:
        raise ValueError(f"`{name}` must hold at least one example. Received: an empty tf.data.Dataset")
    stream = as_dataset(name, x)
    _build_for(model, stream)
    # A stream of known length can be read again. Another one may be read only once: then its first batch has to do.
    if learns and model.built and isinstance(stream, tf.data.Dataset) and is_repeatable(stream) and model.has_to_learn:
        rows = first_rows(stream, N_LEARNED).x
        check_array(name, rows, model.row_spec.event_shape, takes_holes=model.row_spec.takes_holes)
        model.learn_from(rows, is_part=int(stream.cardinality()) < 0 or len(rows) == N_LEARNED)

    def check(data):
        parts = keras.utils.unpack_x_y_sample_weight(data)
        check_rows(model, *parts, name=name, learns=learns, is_part=True)

    watch = Watch(check, lambda batch: is_suspect(model, batch))
    return Feed(watch.over(stream), watch=watch)


def make_input_feed(model, x, steps=None) -> Feed:
    """The same for `predict`, which takes no targets: those of a stream are dropped."""
    if not is_stream(x):
        return Feed(_check_inputs(model, x))
    check_ends("x", x, steps, "steps")

    def check(data):
        _check_inputs(model, keras.utils.unpack_x_y_sample_weight(data)[0])

    watch = Watch(check, lambda batch: is_suspect(model, batch, targets=False))
    return Feed(watch.over(as_dataset("x", x)), watch=watch)


def check_rows(model, x, y=None, sample_weight=None, name="x", learns=False, is_part=False) -> tuple:
    """Check arrays of examples, targets and weights.

    Elements that a masked array hides, or a weight of 0, are in no likelihood; where x is its own target the encoder
    does not see them either. `learns` and `is_part` are what `model.learn_from` is told.

    Returns:
        `(x, y, sample_weight)` as Keras takes them, arrays; `(x, condition)` for a model with a condition.

    Raises:
        ValueError: for what does not fit the model.
    """
    x, condition = split_condition(without_brackets(x, _n_axes(model)))
    names = list(x.columns) if is_frame(x) else None
    x, counts = split_mask(name, x, takes_sparse=model.built and model.row_spec.takes_sparse)
    if condition is not None:
        condition = tf.nest.map_structure(lambda part: as_array("condition", part), condition)
    if not model.built and x.ndim > 1:
        with model.distribute_strategy.scope():
            model.build(_batch_shapes(x, condition))
    spec = model.row_spec
    check_event_shape(name, x.shape, spec.event_shape)
    seen = counts
    if y is not None:
        y, counts = split_mask("y", y, spec.takes_sparse)
        if x.shape[0] != y.shape[0]:
            raise ValueError(
                f"`{name}` and `y` must have the same number of rows. Received: {x.shape[0]} and {y.shape[0]}"
            )
    else:
        check_can_be_target(spec.event_shape, spec.target_shape)
    weight = _joined_weights(sample_weight, counts, x.shape[0], spec.target_shape, is_part)
    if weight is not None and not weighs_examples(weight):
        seen = weight if y is None else seen
        y = None if y is None else hide(y, weight, spec.unseen)
    shown = hide(x, seen, spec.unseen)
    check_array(name, shown, spec.event_shape, spec.check_values if y is None else None, spec.takes_holes)
    if y is not None:
        check_array("y", y, spec.target_shape, spec.check_values, spec.takes_holes)
    condition = check_condition(condition, x.shape[0], *spec.condition)
    if learns and model.learn_from(x, seen, names, is_part):
        shown = hide(x, seen, model.row_spec.unseen)
    # Keras silently drops the weights of inputs that come without targets.
    y = shown if y is None and weight is not None else y
    return join_condition(shown, condition), y, weight


def is_suspect(model, batch, targets=True) -> tf.Tensor:
    """Whether something may be wrong with a batch of tensors, a scalar bool: cheap, and wrong at most by saying so.

    Args:
        model: a built `Trainer`.
        batch: `Batch` of tensors as they come.
        targets: bool. Whether values that no target may have count.
    """
    batch = _without_holes(batch) if model.row_spec.takes_holes else batch
    given = [values_of(part) for part in tf.nest.flatten(batch.given()) if part.dtype.is_floating]
    # A sum is not finite where one of its terms is not.
    found = [~tf.math.is_finite(tf.reduce_sum(tf.cast(part, tf.float32))) for part in given]
    found += [tf.reduce_min(part) < 0.0 for part in (batch.mask, batch.weight) if part is not None]
    if targets:
        found.append(model.is_outside_support(batch.x if batch.target is None else batch.target))
    if batch.condition is not None:
        found.append(model.is_condition_outside(batch.condition))
    return tf.reduce_any(tf.stack(found)) if found else tf.constant(False)


def _without_holes(batch):
    """The batch with a number for each NaN of x and target, where it stands for a hole."""
    filled = {
        name: tf.where(tf.math.is_nan(part), tf.zeros_like(part), part)
        for name, part in (("x", batch.x), ("target", batch.target))
        if part is not None and part.dtype.is_floating
    }
    return batch._replace(**filled)


def _check_inputs(model, x):
    """x, or `(x, condition)`, as arrays that the model takes."""
    spec = model.row_spec
    x, condition = split_condition(without_brackets(x, _n_axes(model)))
    x, counts = split_mask("x", x, spec.takes_sparse)
    x = hide(x, counts, spec.unseen)
    check_array("x", x, spec.event_shape, takes_holes=spec.takes_holes)
    if condition is not None:
        condition = tf.nest.map_structure(lambda part: as_array("condition", part), condition)
    return join_condition(x, check_condition(condition, x.shape[0], *spec.condition))


def _joined_weights(weight, counts, n_rows, target_shape, may_be_zero):
    """Weights of elements or of examples, those of a masked array among them, or None; float32."""
    if weight is None:
        return None if counts is None else counts.astype(np.float32)
    weight = as_array("sample_weight", weight)
    check_sample_weight(weight, n_rows, target_shape, may_be_zero)
    if counts is None:
        return weight
    if weighs_examples(weight):
        raise ValueError(
            "`sample_weight` must weigh elements beside a masked array, whose mask is one: pass weights of the shape "
            f"of the array. Received: sample_weight.shape={weight.shape}"
        )
    check_mask(weight, n_rows, target_shape)
    return (weight.reshape(*weight.shape, *(1,) * (counts.ndim - weight.ndim)) * counts).astype(np.float32)


def _n_axes(model):
    return len(model.row_spec.event_shape) + 1 if model.built else None


def _build_for(model, stream):
    """Build a model for the data of a stream, where these say what they look like without being read."""
    if model.built:
        return
    shapes = event_shapes(stream)
    if shapes is None and isinstance(stream, tf.data.Dataset):
        first = next(iter(stream.take(1)), None)
        shapes = None if first is None else event_shapes(tf.data.Dataset.from_tensors(first))
    if shapes is not None:
        with model.distribute_strategy.scope():
            model.build(shapes)


def _batch_shapes(x, condition):
    """The shapes of one batch as `build` takes them."""
    shape_of = lambda rows: (None, *rows.shape[1:])  # noqa: E731
    if isinstance(condition, dict):
        return shape_of(x), {key: shape_of(rows) for key, rows in condition.items()}
    return join_condition(shape_of(x), None if condition is None else shape_of(condition))
