"""Adam with one fused kernel per weight."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="keras_vae")
class Adam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` that updates each dense float32 weight in one fused kernel.

    Same arguments and variables as the parent, and the same numbers up to rounding; on a CPU the parent reads and
    writes every weight about ten times per step, this one once. Sparse gradients, other dtypes and `amsgrad=True` take
    the parent's way. `compile(optimizer="adam")` of the models here means this class.

    References:
        Kingma & Ba 2015, algorithm 1 with the bias correction folded into the step size. https://arxiv.org/abs/1412.6980
    """

    def update_step(self, gradient, variable, learning_rate):
        """Apply one gradient to one weight."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices) or variable.dtype != tf.float32:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        # With gradient accumulation `iterations` is a tensor, else a variable.
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, tf.float32),
        )
