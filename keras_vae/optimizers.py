"""Adam with one fused kernel per weight, and Adam that touches only the rows which a step has seen."""

import keras
import tensorflow as tf

from keras_vae._keras import adam_moments

__all__ = ["Adam", "RowAdam"]


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


@keras.saving.register_keras_serializable(package="keras_vae")
class RowAdam(Adam):
    """`Adam` that, of a weight whose gradient holds some rows alone (`tf.IndexedSlices`), updates these rows.

    A step costs what its rows cost, however many others there are. It is another algorithm than Adam: the moments of
    a row stay as they are while no step sees it, where Adam would let them fade and go on along them. Gradients of
    whole weights are treated as by the parent.

    Examples:
        >>> variable = keras.Variable(np.ones((3, 2)), dtype="float32")
        >>> optimizer = kv.optimizers.RowAdam(0.1)
        >>> seen = tf.IndexedSlices(tf.ones((2, 2)), tf.constant([2, 2]), tf.constant([3, 2]))
        >>> optimizer.apply([seen], [variable])
        >>> variable.numpy()[:, 0].round(3)
        array([1. , 1. , 0.9], dtype=float32)

    References:
        Kingma & Ba 2015, algorithm 1, for the rows of a step. https://arxiv.org/abs/1412.6980
    """

    def update_step(self, gradient, variable, learning_rate):
        if not isinstance(gradient, tf.IndexedSlices) or self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        rows, place = tf.unique(gradient.indices)
        gradient = tf.math.unsorted_segment_sum(tf.cast(gradient.values, variable.dtype), place, tf.size(rows))
        step = tf.cast(tf.convert_to_tensor(self.iterations) + 1, variable.dtype)
        moments = [moment.value for moment in adam_moments(self, variable)]
        momentum, velocity = (tf.gather(moment, rows) for moment in moments)
        momentum += (gradient - momentum) * (1.0 - self.beta_1)
        velocity += (tf.square(gradient) - velocity) * (1.0 - self.beta_2)
        for moment, value in zip(moments, (momentum, velocity), strict=True):
            moment.scatter_update(tf.IndexedSlices(value, rows))
        rate = tf.cast(learning_rate, variable.dtype) * tf.sqrt(1.0 - tf.pow(self.beta_2, step))
        change = rate / (1.0 - tf.pow(self.beta_1, step)) * momentum / (tf.sqrt(velocity) + self.epsilon)
        # Keras hands over its own variables, or those of TensorFlow that are in them.
        variable = variable.value if isinstance(variable, keras.Variable) else variable
        variable.scatter_sub(tf.IndexedSlices(change, rows))


def __dir__():
    return __all__
