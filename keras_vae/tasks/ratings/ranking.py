"""The best items for rows of clicks, ranked inside a graph: what `recommend` is in Python and on a server."""

import numpy as np
import tensorflow as tf

from keras_vae._sparse import as_sparse_tensor
from keras_vae.training.batch import Batch

# Rows ranked at once: some hundred megabytes of logits for a hundred thousand items.
NUMBERS_PER_CALL = 2**25


def item_log_probs(model, x):
    """log p(item | user) of every item, through the deterministic code.

    Args:
        model: `VAE` or `Autoencoder` with the likelihood `Multinomial`.
        x: SparseTensor or Tensor, `(batch, n_items)`. The items of the users.

    Returns:
        Tensor, `(batch, n_items)`, nats.
    """
    return tf.nn.log_softmax(_logits(model, x))


def _logits(model, x):
    batch = model.prepare(Batch(x))
    return model.x_params(model.code(model.infer(batch)), batch)


def best_items(model, x, k, exclude_seen=True):
    """The k most probable items of every row, best first.

    Args:
        model: as in `item_log_probs`.
        x: SparseTensor, `(batch, n_items)`.
        k: int or scalar int Tensor.
        exclude_seen: bool. Whether the items in x are left out.

    Returns:
        `(columns, log_probs)`: int32 and float32 Tensors `(batch, k)`; where nothing is left to recommend -1 and minus
        infinity.
    """
    logits = _logits(model, x)
    log_norms = tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
    if exclude_seen:
        is_seen = x.values != 0.0
        indices = tf.boolean_mask(x.indices, is_seen)
        logits = tf.tensor_scatter_nd_update(logits, indices, tf.fill([tf.shape(indices)[0]], -np.inf))
    found, columns = tf.math.top_k(logits, k)
    return tf.where(tf.math.is_finite(found), columns, -1), found - log_norms


class Ranker:
    """Ranked items for any number of rows, by one graph.

    Args:
        model: as in `item_log_probs`.
    """

    def __init__(self, model):
        self.n_items = model.event_shape[0]
        rows = tf.SparseTensorSpec((None, self.n_items), tf.float32)
        of_rows = {"input_signature": [rows], "autograph": False}
        of_some = {"input_signature": [rows, tf.TensorSpec((), tf.int32)], "autograph": False}
        self._best = tf.function(lambda x, k: best_items(model, x, k), **of_some)
        self._best_of_all = tf.function(lambda x, k: best_items(model, x, k, False), **of_some)
        self._log_probs = tf.function(lambda x: item_log_probs(model, x), **of_rows)

    def best(self, x, k, exclude_seen=True):
        """`best_items` as NumPy arrays; x is a SciPy matrix by rows."""
        function = self._best if exclude_seen else self._best_of_all
        parts = [function(as_sparse_tensor(rows), k) for rows in self._chunks(x)]
        return tuple(np.concatenate([part[i].numpy() for part in parts]) for i in (0, 1))

    def log_probs(self, x):
        """`item_log_probs` as a NumPy array `(n, n_items)`; x is a SciPy matrix by rows."""
        return np.concatenate([self._log_probs(as_sparse_tensor(rows)).numpy() for rows in self._chunks(x)])

    def _chunks(self, x):
        step = max(1, NUMBERS_PER_CALL // self.n_items)
        return (x[start : start + step] for start in range(0, x.shape[0], step))
