"""What an exported restorer serves: the best estimate of a degraded image."""

import tensorflow as tf

from keras_vae.models.endpoint import Endpoint
from keras_vae.training.batch import Batch


def restore_endpoint(model, degradation):
    """The endpoint `restore`, for images of the size of the training.

    Input: `y (n, *shape)`, degraded images in 0..1; of an inpainter with NaN in missing pixels. Output: `x`, the best
    estimates, `(n, *event_shape)`, cut to 0..1.

    Args:
        model: a built `VAE` with a condition network.
        degradation: as in `degradations`.

    Returns:
        `Endpoint`.
    """
    takes_holes = hasattr(degradation, "known")
    shape = model.event_shape if takes_holes else model.condition_shape

    def outputs(y):
        told = tf.clip_by_value(y, 0.0, 1.0)
        if takes_holes:
            known = tf.reduce_all(~tf.math.is_nan(y), axis=-1, keepdims=True)
            values = tf.where(known, told, 0.0)
            told = tf.concat([values, tf.cast(known, tf.float32)], axis=-1)
        return {"x": tf.clip_by_value(model.told(Batch(condition=told)).condition["mean"], 0.0, 1.0)}

    return Endpoint(outputs, (tf.TensorSpec((None, *shape), tf.float32, name="y"),), takes_holes)
