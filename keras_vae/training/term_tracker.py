"""Running means of the loss pieces."""

import keras
import tensorflow as tf


class TermTracker(keras.metrics.Metric):
    """Weighted means over examples of several named terms, kept in one variable.

    The terms of a step travel together, so one update replaces a metric object per term; every example counts once,
    also those of a short last batch and of an unevenly split global batch.

    Args:
        term_names: sequence of str. The terms, in the order they are reported.
        relative_terms: sequence of pairs of names. The first of a pair is reported as its mean divided by that of the
            second: the mean over some examples, of a term that is 0 for the others. NaN where there are none.
    """

    def __init__(self, term_names, relative_terms=(), name="terms", **kwargs):
        super().__init__(name=name, **{"dtype": "float32", **kwargs})
        self.term_names = tuple(term_names)
        self.relative_terms = tuple(map(tuple, relative_terms))
        self.total = self.add_variable(shape=(len(self.term_names),), initializer="zeros", name="total")
        self.weight = self.add_variable(shape=(), initializer="zeros", name="weight")

    def update_state(self, terms, sample_weight=None):
        """Add one batch.

        Args:
            terms: dict of `(batch,)` tensors with at least the names of this tracker.
            sample_weight: `(batch,)` tensor or None for equal weights.
        """
        stacked = tf.stack([tf.cast(terms[name], tf.float32) for name in self.term_names])
        if sample_weight is None:
            self.total.assign_add(tf.reduce_sum(stacked, axis=1))
            self.weight.assign_add(tf.cast(tf.shape(stacked)[1], tf.float32))
        else:
            self.total.assign_add(tf.linalg.matvec(stacked, sample_weight))
            self.weight.assign_add(tf.reduce_sum(sample_weight))

    def result(self):
        """Means so far: dict of scalars, nats per example."""
        means = tf.math.divide_no_nan(tf.convert_to_tensor(self.total), tf.convert_to_tensor(self.weight))
        means = dict(zip(self.term_names, tf.unstack(means, num=len(self.term_names)), strict=True))
        return means | {name: means[name] / means[whole] for name, whole in self.relative_terms}

    def get_config(self):
        return {**super().get_config(), "term_names": self.term_names, "relative_terms": self.relative_terms}
