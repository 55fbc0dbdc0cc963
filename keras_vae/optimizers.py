"""Adam with one fused kernel per weight."""

import keras
import tensorflow as tf

from keras_vae._keras import adam_moments

__all__ = ["Adam"]


@keras.saving.register_keras_serializable(package="keras_vae")
class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` that updates each dense float32 weight in one fused kernel.

    It has the arguments and variables of the parent, and gives the same numbers up to rounding. On a CPU the parent
    reads and writes every weight about ten times per step, this class once. Sparse gradients, other dtypes and
    `amsgrad=True` are left to the parent. `compile(optimizer="adam")` of the models here means this class.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, seed=0)
        >>> model.compile("adam")
        >>> isinstance(model.optimizer, kv.optimizers.Adam)
        True

    References:
        Kingma & Ba 2015, algorithm 1, with the bias correction in the step size. https://arxiv.org/abs/1412.6980
    """

    def update_step(
        self, gradient: tf.Tensor | tf.IndexedSlices, variable: keras.Variable, learning_rate: tf.Tensor | float
    ) -> None:
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices) or variable.dtype != tf.float32:
            super().update_step(gradient, variable, learning_rate)
            return
        momentum, velocity = adam_moments(self, variable)
        # With gradient accumulation `iterations` is a tensor, else a variable.
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=momentum.value.handle,
            v=velocity.value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, tf.float32),
        )


def __dir__():
    return __all__
