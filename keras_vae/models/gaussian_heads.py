"""Mean and log variance of a Gaussian from the two outputs of an encoder, with bounds that keep it finite."""

import tensorflow as tf

# Bounds of the log variance of q(z|x). Above, a standard deviation of 22,026, where the prior has 1; below, 4e-18,
# which float32 does not tell from a point. In between nothing changes: no trained model comes near them. Without them
# an encoder that sees numbers of thousands puts out log variances of hundreds, whose exponential is infinite.
MIN_Z_LOG_VAR, MAX_Z_LOG_VAR = -80.0, 20.0


def gaussian_heads(z_mean: tf.Tensor, z_log_var: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The two outputs of an encoder in float32, with the log variance within its bounds.

    Beyond a bound the gradient is that of the bound itself, so that the optimizer finds its way back.

    Args:
        z_mean: Tensor, shape `(batch, latent_dim)`.
        z_log_var: Tensor, same shape. Log variance.

    Returns:
        `(z_mean, z_log_var)`, float32.
    """
    return tf.cast(z_mean, tf.float32), _bounded(tf.cast(z_log_var, tf.float32))


@tf.custom_gradient
def _bounded(z_log_var):
    return tf.clip_by_value(z_log_var, MIN_Z_LOG_VAR, MAX_Z_LOG_VAR), tf.identity
