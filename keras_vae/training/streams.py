"""Data that come batch by batch: which they are, whether they end, and a look at every batch on its way to a model."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_vae.training.batch import as_batch, join_condition, split_condition
from keras_vae.training.containers import as_array, is_array_like


def is_stream(x: Any) -> bool:
    """Whether `x` gives batches by itself; targets and weights must then be in it.

    That are a `tf.data.Dataset`, a `PyDataset`, and anything else that can be iterated over and holds no rows itself: a
    generator, a `torch.utils.data.DataLoader`.
    """
    if isinstance(x, (tf.data.Dataset, tf.distribute.DistributedDataset, keras.utils.PyDataset)):
        return True
    return not is_array_like(x) and (hasattr(x, "__iter__") or hasattr(x, "__next__")) and not isinstance(x, str)


def check_ends(name: str, x: Any, steps: int | None = None, steps_name: str = "") -> None:
    """Refuse a stream that would never end.

    Args:
        name: str. Name of the argument, for the message.
        x: anything.
        steps: int or None. Number of batches to be taken from it, None for all.
        steps_name: str. Name of that argument, for the message; "" where there is none.

    Raises:
        ValueError: for a stream that is known to be endless, without a number of steps.
    """
    if steps is not None:
        return
    is_endless = isinstance(x, tf.data.Dataset) and int(x.cardinality()) == tf.data.INFINITE_CARDINALITY
    if isinstance(x, keras.utils.PyDataset):
        is_endless = x.num_batches is None
    if is_endless:
        advice = f"pass `{steps_name}`, or " if steps_name else "pass "
        raise ValueError(
            f"`{name}` must come to an end: {advice}the part you mean, such as {name}.take(100). Received: a "
            f"{type(x).__name__} without end"
        )


def is_repeatable(dataset: tf.data.Dataset) -> bool:
    """Whether a dataset is known to give its batches again; one made of a generator of Python may not."""
    return int(dataset.cardinality()) != tf.data.UNKNOWN_CARDINALITY


def iterate(stream: Any) -> Iterator:
    """The batches of a stream, each as `tf.data` would give it."""
    return iter(stream) if isinstance(stream, tf.data.Dataset) else map(_structured, _plain_iterator(stream))


def as_dataset(name: str, stream: Any) -> Any:
    """A stream as Keras takes it: a `tf.data.Dataset`, where it is neither that nor a `PyDataset`.

    Its first batch says what the others look like, and is not lost, also where a stream can be read only once.

    Raises:
        ValueError: if there is no batch in it.
    """
    if isinstance(stream, (tf.data.Dataset, tf.distribute.DistributedDataset, keras.utils.PyDataset)):
        return stream
    iterator = iter(stream)
    first = next(iterator, None)
    if first is None:
        raise ValueError(f"`{name}` must hold at least one example. Received: an empty {type(stream).__name__}")
    signature = tf.nest.map_structure(lambda a: tf.TensorSpec((None, *a.shape[1:]), a.dtype), _structured(first))
    begun = [itertools.chain([first], iterator)]
    dataset = tf.data.Dataset.from_generator(
        lambda: map(_structured, begun.pop() if begun else iter(stream)), output_signature=signature
    )
    try:
        return dataset.apply(tf.data.experimental.assert_cardinality(len(stream)))
    except TypeError:  # A generator does not know its length, nor do some loaders.
        return dataset


def _plain_iterator(stream):
    if isinstance(stream, keras.utils.PyDataset):
        return (stream[i] for i in range(stream.num_batches))
    return iter(stream)


def _structured(data):
    """A batch of any container as tuples and dicts of arrays: lists are what a loader of PyTorch puts tensors in."""
    if isinstance(data, dict):
        return {key: _structured(part) for key, part in data.items()}
    if isinstance(data, (tuple, list)) and any(hasattr(part, "shape") for part in data):
        return tuple(None if part is None else _structured(part) for part in data)
    return data if tf.is_tensor(data) else as_array("x", data)


class Watch:
    """A look at every batch of a stream before a model sees it: the first bad one stops the training, with the reason.

    Args:
        check: Callable. A `Batch` of arrays; raises a ValueError for a bad one.
        is_suspect: Callable. A `Batch` of tensors to a scalar bool tensor, in a graph and cheap: whether `check` must
            be asked. It is asked about the first batch of every pass in any case.

    Attributes:
        refusal: ValueError or None. What was found: TensorFlow hands on errors as text only.
    """

    def __init__(self, check: Callable, is_suspect: Callable):
        self.check = check
        self.is_suspect = is_suspect
        self.refusal = None

    def over(self, stream: Any) -> Any:
        """The same stream, with the look in it.

        Args:
            stream: `tf.data.Dataset` or `keras.utils.PyDataset`; another one comes back as it is.
        """
        if isinstance(stream, keras.utils.PyDataset):
            return _WatchedPyDataset(stream, self)
        if not isinstance(stream, tf.data.Dataset):
            return stream
        # Here rather than in the graph, where an error would come with the words of the compiler.
        split_condition(keras.utils.unpack_x_y_sample_weight(stream.element_spec)[0])

        def look(number, data):
            parts = tf.nest.flatten(data, expand_composites=True)
            batch = as_batch(data)
            must_ask = tf.logical_or(number == 0, self.is_suspect(batch))

            def answer(number, *parts):
                # As tensors: of arrays a sparse one would become a tuple.
                parts = map(tf.convert_to_tensor, parts)
                self.ask(tf.nest.pack_sequence_as(data, list(parts), expand_composites=True), int(number))
                return True

            def ask():
                return tf.ensure_shape(tf.numpy_function(answer, [number, *parts], tf.bool), ())

            with tf.control_dependencies([tf.cond(must_ask, ask, lambda: True)]):
                return tf.nest.map_structure(tf.identity, data, expand_composites=True)

        # Together with the source: batches are looked at while the model is busy with those before.
        return stream.enumerate().map(look, tf.data.AUTOTUNE)

    def look_ahead(self, stream: Any) -> None:
        """Check the first batch of a stream that is read later, where looking takes nothing from it.

        Args:
            stream: what `over` gave.

        Raises:
            ValueError: for a bad one.
        """
        if isinstance(stream, keras.utils.PyDataset) and stream.num_batches != 0:
            self.ask(stream.dataset[0], 0)
        elif isinstance(stream, tf.data.Dataset) and is_repeatable(stream):
            next(iter(stream.take(1)), None)

    def ask(self, data: Any, number: int) -> None:
        """Check one batch as the stream gives it.

        Raises:
            ValueError: for a bad one, with its number from 1.
        """
        try:
            self.check(data)
        except ValueError as error:
            self.refusal = ValueError(f"batch {number + 1} of the stream: {error}")
            raise self.refusal from None


class _WatchedPyDataset(keras.utils.PyDataset):
    """A `PyDataset` whose batches are looked at."""

    def __init__(self, dataset, watch):
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self.dataset = dataset
        self.watch = watch

    def __getitem__(self, index):
        data = self.dataset[index]
        if self.watch is not None:
            self.watch.ask(data, index)
        return data

    def __getstate__(self):
        # Worker processes of a dataset cannot hold the model; there the loss alone shows a bad batch.
        return {**self.__dict__, "watch": None}

    @property
    def num_batches(self):
        return self.dataset.num_batches

    def on_epoch_begin(self):
        self.dataset.on_epoch_begin()

    def on_epoch_end(self):
        self.dataset.on_epoch_end()


def event_shapes(stream: Any) -> Any:
    """Shapes of x, and of the condition, in a stream, as `build` takes them, `(None, *event_shape)`; None if unknown.

    Args:
        stream: `tf.data.Dataset` or `keras.utils.PyDataset`.
    """
    if isinstance(stream, keras.utils.PyDataset):
        data = stream[0] if stream.num_batches != 0 else None
    else:
        data = getattr(stream, "element_spec", None)
    if data is None:
        return None
    x, condition = split_condition(keras.utils.unpack_x_y_sample_weight(data)[0])
    if any(getattr(part.shape, "rank", 1) in (None, 0) for part in tf.nest.flatten(join_condition(x, condition))):
        return None
    shapes = tf.nest.map_structure(lambda part: (None, *part.shape[1:]), join_condition(x, condition))
    return shapes if all(n is not None for shape in flat_shapes(shapes) for n in shape[1:]) else None


def flat_shapes(shapes):
    """The shapes in what `event_shapes` gives, which are tuples themselves."""
    if isinstance(shapes, dict):
        return list(shapes.values())
    if shapes and isinstance(shapes[0], tuple):
        return [shape for part in shapes for shape in flat_shapes(part)]
    return [shapes]
