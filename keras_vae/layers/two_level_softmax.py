"""The exact softmax over many classes in two levels: rare classes are computed only where one of them is asked."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int

# What the gathers of the second level cost an example, in logits: with 100 classes both ways were measured as equal.
GATHER_COST = 60


def frequent_classes(counts: Any) -> int:
    """How many classes should stand on the first level: the number with the smallest expected cost of an example.

    With k classes there, every example costs k + 1 logits, and the share of examples whose class is none of them costs
    the other n - k as well: `cost(k) = k + 1 + share(k) * (n - k)`, and the gathers that a second level needs.

    Args:
        counts: array `(n_classes,)`, >= 0. How often the classes come, those that come often first.

    Returns:
        int from 1 to `n_classes`. It is `n_classes`, the plain softmax, where two levels would not be cheaper.

    Raises:
        ValueError: if the counts are no such array.

    Examples:
        >>> kv.layers.frequent_classes([5000, 4000] + 1000 * [1])
        2
        >>> kv.layers.frequent_classes([50, 40, 5, 1])
        4
    """
    counts = _checked_counts(counts)
    n = len(counts)
    total = counts.sum()
    if n == 1 or total == 0:
        return n
    n_frequent = np.arange(1, n)
    share_of_rest = 1.0 - np.cumsum(counts)[:-1] / total
    costs = n_frequent + 1 + share_of_rest * (n - n_frequent) + GATHER_COST
    best = int(np.argmin(costs))
    return int(n_frequent[best]) if costs[best] < n else n


@keras.saving.register_keras_serializable(package="keras_vae")
class TwoLevelSoftmax(keras.layers.Layer):
    """Log probabilities of classes, from features: an exact softmax in two levels.

    The first level is a softmax over the `n_frequent` first classes and "one of the rest", the second one over the
    rest: `p(c) = p(rest) p(c | rest)`. `log_prob` computes the second level only for the examples whose class is there.
    Where classes come as words do, most examples need a small part of the logits. The sums are float32 under every
    dtype policy; the products of matrices have the dtype of the policy. XLA cannot compile `log_prob`.

    Args:
        n_classes: int >= 1.
        n_frequent: int from 1 to `n_classes`, or None. Classes on the first level; `n_classes` is the plain softmax.
            `frequent_classes` says it from counts; None is its answer to Zipf's law, where class k comes 1 / k as often
            as the first.
        tied: bool. Whether the kernel `(n_classes, units)` is given with every call, as that of an embedding, or is a
            weight of the layer.

    Raises:
        ValueError: if an argument is out of bounds, or a kernel is given or missing against `tied`.

    Examples:
        >>> layer = kv.layers.TwoLevelSoftmax(n_classes=5, n_frequent=2, tied=False)
        >>> features = np.ones((3, 4), "float32")
        >>> log_probs = layer(features)
        >>> bool(np.allclose(np.exp(log_probs).sum(axis=-1), 1.0))
        True
        >>> bool(np.allclose(layer.log_prob(features, [0, 4, 1])[1], log_probs[1, 4]))
        True

    References:
        Grave et al. 2017, section 4.2 (the two-cluster case). https://arxiv.org/abs/1609.04309
    """

    def __init__(self, n_classes: int, n_frequent: int | None = None, tied: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.n_classes = check_int("n_classes", n_classes, 1)
        if n_frequent is not None and check_int("n_frequent", n_frequent, 1) > n_classes:
            raise ValueError(
                f"`n_frequent` must be at most `n_classes`. Received: n_frequent={n_frequent}, n_classes={n_classes}"
            )
        self.n_frequent = n_frequent
        self.tied = tied
        self._n_first = frequent_classes(1.0 / np.arange(1, n_classes + 1)) if n_frequent is None else int(n_frequent)

    @property
    def n_first(self) -> int:
        """Classes on the first level."""
        return self._n_first

    @property
    def is_plain(self) -> bool:
        """Whether all classes are on the first level."""
        return self._n_first == self.n_classes

    def build(self, input_shape):
        units = check_int("units", input_shape[-1], 1)
        self.bias = self._sum_weight("bias", (self.n_classes,))
        self.rest_bias = None if self.is_plain else self._sum_weight("rest_bias", ())
        self.kernel = self.rest_kernel = None
        if not self.tied:
            self.kernel = self.add_weight(name="kernel", shape=(self.n_classes, units), initializer="glorot_uniform")
        if not self.is_plain:
            self.rest_kernel = self.add_weight(name="rest_kernel", shape=(1, units), initializer="zeros")
        self.built = True

    def _sum_weight(self, name, shape):
        return self.add_weight(name=name, shape=shape, initializer="zeros", dtype="float32", autocast=False)

    def set_frequencies(self, counts: Any) -> None:
        """Let the probabilities start at the frequencies of the classes, where features or kernel are zero.

        Args:
            counts: array `(n_classes,)`, >= 0. One is added to each: a class that did not come is not impossible.

        Raises:
            ValueError: if the counts are no such array, or the layer is not built.
        """
        counts = _checked_counts(counts, self.n_classes)
        if not self.built:
            raise ValueError("`set_frequencies` needs a built layer: call it, or its `build`, before.")
        log_frequencies = np.log((counts + 1.0) / (counts + 1.0).sum())
        self.bias.assign(log_frequencies)
        if not self.is_plain:
            self.rest_bias.assign(np.logaddexp.reduce(log_frequencies[self._n_first :]))

    def call(self, features: Any, kernel: Any = None) -> tf.Tensor:
        """As `log_probs`."""
        return self.log_probs(features, kernel)

    def log_probs(self, features: Any, kernel: Any = None) -> tf.Tensor:
        """Log probabilities of all classes.

        Args:
            features: Tensor `(..., units)`.
            kernel: Tensor `(n_classes, units)` where the layer is tied, else None.

        Returns:
            float32 Tensor `(..., n_classes)`, nats.
        """
        features, (first, rest) = self._inputs(features, kernel)
        rows = tf.reshape(features, [-1, features.shape[-1]])
        found = tf.nn.log_softmax(_logits(rows, *first))
        if rest is not None:
            of_rest = tf.nn.log_softmax(_logits(rows, *rest)) + found[:, -1:]
            found = tf.concat([found[:, :-1], of_rest], axis=-1)
        found = tf.reshape(found, tf.concat([tf.shape(features)[:-1], [self.n_classes]], axis=0))
        return tf.ensure_shape(found, self.compute_output_shape(features.shape))

    def log_prob(self, features: Any, classes: Any, kernel: Any = None) -> tf.Tensor:
        """Log probability of one class for each example.

        Args:
            features: Tensor `(..., units)`.
            classes: int Tensor `(...)`. A class below 0 stands for none, as padding: its log probability is 0, and
                nothing is computed for it. A class of `n_classes` or above is an error of the graph on a CPU.
            kernel: Tensor `(n_classes, units)` where the layer is tied, else None.

        Returns:
            float32 Tensor `(...)`, nats.
        """
        features, (first, rest) = self._inputs(features, kernel)
        classes = tf.convert_to_tensor(classes)
        flat_classes = tf.reshape(classes, [-1])
        places = tf.where(flat_classes >= 0)
        asked = tf.gather_nd(flat_classes, places)
        rows = tf.gather_nd(tf.reshape(features, [-1, features.shape[-1]]), places)
        found = _log_prob(_logits(rows, *first), asked if rest is None else tf.minimum(asked, self._n_first))
        if rest is not None:
            of_rest = tf.where(asked >= self._n_first)
            logits = _logits(tf.gather_nd(rows, of_rest), *rest)
            second = _log_prob(logits, tf.gather_nd(asked, of_rest) - self._n_first)
            found = tf.tensor_scatter_nd_add(found, of_rest, second)
        found = tf.scatter_nd(places, found, tf.shape(flat_classes, out_type=tf.int64))
        return tf.ensure_shape(tf.reshape(found, tf.shape(classes)), classes.shape)

    def _inputs(self, features, kernel):
        """Features in the dtype of the products, and kernel and bias of the first and of the second level."""
        features = tf.cast(tf.convert_to_tensor(features), self.compute_dtype)
        if not self.built:
            self.build(features.shape)
        if (kernel is None) == self.tied:
            wanted = "needs a `kernel`" if self.tied else "has its own kernel: leave `kernel` out"
            raise ValueError(f"A layer with tied={self.tied} {wanted}. Received: kernel={kernel}")
        kernel = tf.cast(tf.convert_to_tensor(self.kernel if kernel is None else kernel), self.compute_dtype)
        bias = tf.convert_to_tensor(self.bias)
        if self.is_plain:
            return features, ((kernel, bias), None)
        # The gradient of a split is one copy; that of two slices is two copies filled with zeros, and their sum.
        sizes = [self._n_first, self.n_classes - self._n_first]
        (first, rest), (first_bias, rest_bias) = tf.split(kernel, sizes), tf.split(bias, sizes)
        first = tf.concat([first, tf.cast(self.rest_kernel, self.compute_dtype)], axis=0)
        first_bias = tf.concat([first_bias, tf.reshape(self.rest_bias, [1])], axis=0)
        return features, ((first, first_bias), (rest, rest_bias))

    def compute_output_shape(self, input_shape, *_):
        return (*input_shape[:-1], self.n_classes)

    def compute_output_spec(self, features, kernel=None):
        return keras.KerasTensor(self.compute_output_shape(features.shape), "float32")

    def get_config(self):
        names = ("n_classes", "n_frequent", "tied")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _logits(rows, kernel, bias):
    return tf.nn.bias_add(tf.cast(tf.matmul(rows, kernel, transpose_b=True), tf.float32), bias)


def _log_prob(logits, classes):
    # One kernel that makes the gradient along with the value.
    return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=logits)


def _checked_counts(counts, n_classes=None):
    counts = np.asarray(counts)
    fits = counts.ndim == 1 and len(counts) > 0 and (n_classes is None or len(counts) == n_classes)
    if not fits or counts.dtype.kind not in "iuf" or not np.all(np.isfinite(counts)) or np.any(counts < 0):
        wanted = "one number" if n_classes is None else f"{n_classes} numbers, one"
        raise ValueError(
            f"`counts` must be {wanted} >= 0 for each class. Received: counts of shape {counts.shape}, {counts!r:.100}"
        )
    return counts.astype("float64")
