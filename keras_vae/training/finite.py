"""A loss that is not finite, or of nothing: the training stops at once and says what is likely to have caused it."""

import contextlib
import math
import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_vae._sparse import is_sparse
from keras_vae.training.batch import Batch, split_condition
from keras_vae.training.rows import first_rows
from keras_vae.training.streams import is_stream

MARK = "keras_vae: the loss or its gradient"
# Numbers as large as this have not been brought to a scale: networks are made for numbers of about 1.
LARGE = 1e3
N_ROWS = 10_000


def check_gradients(model, loss, gradients):
    """An operation that fails where the loss is not finite, or the gradient of a bias; to be run before a step is made.

    What flows back through a layer is summed up in the gradient of its bias. So the small tensors show what happens in
    all of them, and nobody has to read through the large ones.

    Args:
        model: a `Trainer`.
        loss: scalar Tensor.
        gradients: list of Tensors or None.
    """
    small = [g for g in gradients if tf.is_tensor(g) and g.shape.rank is not None and g.shape.rank <= 1]
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        small = []  # It tries out scales, and skips a step whose gradient is too large for half precision.
    sums = [tf.reduce_sum(tf.cast(part, tf.float32)) for part in small]
    return tf.debugging.check_numerics(tf.add_n([tf.cast(loss, tf.float32), *sums]), MARK)


class StopWithoutLoss(keras.callbacks.Callback):
    """Stop a training at the end of an epoch that was none: without a batch, or with a loss that is not finite.

    A step finds the latter itself, but not where XLA compiles it: there checks of numbers are left out.

    Raises:
        ValueError: at the end of such an epoch.
    """

    # It only counts: calls of several steps are as good, and so is another thread.
    looks_at_batches = False
    async_safe = True

    def on_epoch_begin(self, epoch, logs=None):
        self._n_calls = 0

    def on_train_batch_end(self, batch, logs=None):
        self._n_calls += 1

    def on_epoch_end(self, epoch, logs=None):
        if not self._n_calls:
            raise ValueError(
                f"`x` must hold at least one example. Received: a stream without a batch in epoch {epoch + 1}"
                f"{'; it can be read only once' if epoch else ''}"
            )
        loss = (logs or {}).get("loss", 0.0)
        if not math.isfinite(loss):
            raise ValueError(f"the loss is {loss} in epoch {epoch + 1}: {_likely_cause(self.model, None)}")

    @classmethod
    def before(cls, callbacks):
        """The callbacks as Keras takes them, with this one in front: the others do not get to save such a model."""
        if isinstance(callbacks, keras.callbacks.CallbackList):
            if not any(isinstance(callback, cls) for callback in callbacks.callbacks):
                own = cls()
                own.set_model(callbacks.callbacks[0].model if callbacks.callbacks else None)
                callbacks.callbacks.insert(0, own)
            return callbacks
        return [cls(), *(callbacks if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else [])]


@contextlib.contextmanager
def explained(model, *feeds):
    """In the block an error of TensorFlow that is about the data or the loss becomes one that says so.

    Raises:
        ValueError: for a batch that was refused, or a loss that is not finite.
    """
    try:
        yield
    except tf.errors.OpError as error:
        for feed in feeds:
            if feed is not None and feed.watch is not None and feed.watch.refusal is not None:
                raise feed.watch.refusal.with_traceback(None) from None
        if MARK not in str(error):
            raise
        step = int(model.optimizer.iterations.numpy()) + 1
        raise ValueError(
            f"the loss or its gradient is not finite at step {step}; that step was not made. "
            f"{_likely_cause(model, feeds[0])}"
        ) from None


def check_counted(model, logs, feed=None):
    """Check what `evaluate` has found; a mean that is not finite is warned about.

    Raises:
        ValueError: if no example counted, so that there is no mean.
    """
    if not float(model.term_tracker.weight.numpy()):
        raise ValueError("`x` must hold at least one example with a weight > 0. Received: none")
    if not math.isfinite(logs["loss"]):
        warnings.warn(f"The loss of the data is {logs['loss']}. {_likely_cause(model, feed)}", stacklevel=3)


def _likely_cause(model, feed):
    """What has probably made the loss infinite, in a sentence: the largest value that the encoder sees, or the step."""
    x = _some_rows(feed)
    if x is not None:
        seen = np.nan_to_num(np.abs(np.asarray(model.prepare(Batch(x)).x, np.float64)))
        place = np.unravel_index(np.argmax(seen), seen.shape)
        if seen[place] > LARGE:
            raw = "" if seen[place] == abs(float(x[place])) else f", made of {x[place]:.6g}"
            return (
                f"Likely cause: the encoder sees numbers as large as {seen[place]:.3g} ({in_words(place)}{raw}): "
                "bring the data to about unit scale, by `preprocessing=keras_vae.layers.Standardize()` for one."
            )
    rate = model.optimizer.learning_rate
    rate = f" of {float(rate):g}" if not callable(rate) else ""
    return f"Likely cause: a learning rate{rate} that is too high, or an encoder or decoder of very large weights."


def in_words(place):
    """Index of an element in words: row, and column where the rows are vectors."""
    row, *rest = (int(i) for i in place)
    if len(rest) == 1:
        return f"row {row}, column {rest[0]}"
    return f"row {row}, element {tuple(rest)}"


def _some_rows(feed):
    """Some rows of x as an array, or None where they cannot be read again."""
    if feed is None:
        return None
    x = feed.x
    if is_stream(x):
        if not isinstance(x, tf.data.Dataset):
            return None
        try:
            x = first_rows(x, N_ROWS).x
        except (ValueError, tf.errors.OpError):
            return None
    else:
        x = split_condition(x)[0][:N_ROWS]
    return None if x is None or is_sparse(x) or not len(x) else np.asarray(x)
