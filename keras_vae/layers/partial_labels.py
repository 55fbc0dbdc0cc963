"""Class labels of which some are not known, as one-hot vectors."""

import keras
import tensorflow as tf

from keras_vae.layers.class_labels import ClassLabels

# In the place of a label that is not known, as scikit-learn has it.
UNLABELLED = -1


@keras.saving.register_keras_serializable(package="keras_vae")
class PartialLabels(ClassLabels):
    """One-hot vectors of class labels, and zeros for -1: a row whose label is not known.

    Args:
        n_classes: int >= 2.

    Raises:
        ValueError: if `n_classes` is not a whole number >= 2.

    Examples:
        >>> kv.layers.PartialLabels(3)(np.array([2, -1])).numpy().tolist()
        [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """

    also = ", or -1 for a row without a label"

    def _is_none(self, labels):
        return super()._is_none(labels) & tf.not_equal(tf.cast(labels, tf.float32), float(UNLABELLED))
