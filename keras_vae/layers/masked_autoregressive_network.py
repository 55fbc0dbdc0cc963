"""The masked autoregressive network (MADE), whose output i depends on the inputs before i alone."""

import itertools
import numbers
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number, check_sizes


def degrees_of_masks(
    latent_dim: int, hidden_units: tuple[int, ...], has_context: bool, reverse: bool = False
) -> list[np.ndarray]:
    """Which inputs every unit may depend on: a unit of degree d depends on the first d inputs of the order.

    Args:
        latent_dim: int >= 1.
        hidden_units: tuple of ints. Widths of the hidden layers.
        has_context: bool. With a context there are hidden units of degree 0, which depend on the context alone:
            without them the first output could not depend on it.
        reverse: bool. Whether the last input is the first of the order.

    Returns:
        list of integer NumPy arrays: degrees of the inputs (1 to latent_dim), then of every hidden layer.
    """
    order = np.arange(1, latent_dim + 1)
    lowest = 0 if has_context else min(1, latent_dim - 1)
    hidden = [np.rint(np.linspace(lowest, latent_dim - 1, width)).astype(int) for width in hidden_units]
    return [order[::-1] if reverse else order, *hidden]


def masks(latent_dim: int, hidden_units: tuple[int, ...], has_context: bool, reverse: bool = False) -> list[np.ndarray]:
    """Zeros and ones that multiply the kernels; arguments as in `degrees_of_masks`.

    Returns:
        list of float32 NumPy arrays `(inputs, units)`: of every hidden layer, then of the output `(.., latent_dim)`,
        where an output sees only what is strictly before it in the order.
    """
    degrees = degrees_of_masks(latent_dim, hidden_units, has_context, reverse)
    layers = [below[:, None] <= above[None, :] for below, above in itertools.pairwise(degrees)]
    return [mask.astype("float32") for mask in [*layers, degrees[-1][:, None] < degrees[0][None, :]]]


@keras.saving.register_keras_serializable(package="keras_vae")
class MaskedAutoregressiveNetwork(keras.layers.Layer):
    """MADE: shift and log scale of every dimension as functions of the dimensions before it, and of a context.

    Both are zero before training, so that a flow of such networks starts as the identity. The log scale stays within
    (-max_log_scale, max_log_scale), so that no training step can make a flow overflow. The layer computes in float32
    under every dtype policy.

    TFP's `AutoregressiveNetwork` is a layer of Keras 2 and cannot be part of a Keras 3 model.

    Args:
        hidden_units: tuple of ints >= 1, or one int. Widths of the hidden layers; `()` for linear functions.
        activation: name or function. Activation of the hidden layers.
        reverse: bool. Whether output i depends on the inputs after i instead of the inputs before i.
        max_log_scale: float > 0. Bound of the log scale.
        seed: int or None. Seed of the initial weights.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> network = kv.layers.MaskedAutoregressiveNetwork(hidden_units=(16,), seed=0)
        >>> shift, log_scale = network(tf.ones((1, 3)))
        >>> shift.numpy()
        array([[0., 0., 0.]], dtype=float32)

    References:
        Germain et al. 2015, eq. 12-15 (masks). https://arxiv.org/abs/1502.03509
    """

    def __init__(
        self,
        hidden_units: int | tuple[int, ...] = (64,),
        activation: str | Callable = "elu",
        reverse: bool = False,
        max_log_scale: float = 2.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**{"dtype": "float32", **kwargs})
        hidden_units = (hidden_units,) if isinstance(hidden_units, numbers.Integral) else hidden_units
        self.hidden_units = check_sizes("hidden_units", hidden_units, may_be_empty=True)
        self.activation = keras.activations.get(activation)
        self.reverse = bool(reverse)
        self.max_log_scale = check_number("max_log_scale", max_log_scale, minimum=0.0, exclusive=True)
        self.seed = seed

    def build(self, z_shape, context_shape=None):
        self.latent_dim = check_int("latent_dim", z_shape[-1], 1)
        self._masks = masks(self.latent_dim, self.hidden_units, context_shape is not None, self.reverse)
        # The last kernel gives shift and log scale side by side.
        self._masks[-1] = np.tile(self._masks[-1], (1, 2))
        self.kernels, self.biases = [], []
        for i, mask in enumerate(self._masks):
            initializer = "zeros" if i == len(self.hidden_units) else self._initializer(i)
            self.kernels.append(self.add_weight(name=f"kernel_{i}", shape=mask.shape, initializer=initializer))
            self.biases.append(self.add_weight(name=f"bias_{i}", shape=mask.shape[1:], initializer="zeros"))
        self.context_kernel = None
        if context_shape is not None:
            initializer = self._initializer(-1) if self.hidden_units else "zeros"
            shape = check_int("context_dim", context_shape[-1], 1), self._masks[0].shape[1]
            self.context_kernel = self.add_weight(name="context_kernel", shape=shape, initializer=initializer)
        self.built = True

    def _initializer(self, i):
        return keras.initializers.GlorotUniform(seed=None if self.seed is None else self.seed + 1 + i)

    def call(
        self, z: tf.Tensor, context: tf.Tensor | None = None, training: bool | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Shift and log scale.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.
            context: Tensor, shape `(batch, context_dim)`; or None if the layer was built without one.
            training: Ignored.

        Returns:
            shift: Tensor, shape `(batch, latent_dim)`.
            log_scale: Tensor, same shape.

        Raises:
            ValueError: if a context is given to a network that was built without one, or is missing.
        """
        if (context is None) != (self.context_kernel is None):
            wanted = "None" if self.context_kernel is None else "a tensor"
            raise ValueError(f"`context` must be {wanted}, as when the layer was built. Received: context={context}")
        h = z
        for i, (kernel, bias, mask) in enumerate(zip(self.kernels, self.biases, self._masks, strict=True)):
            h = tf.matmul(h, tf.convert_to_tensor(kernel) * mask) + bias
            if i == 0 and context is not None:
                h += tf.matmul(context, self.context_kernel)
            if i < len(self.hidden_units):
                h = self.activation(h)
        shift, log_scale = tf.split(h, 2, axis=-1)
        return shift, self.max_log_scale * tf.tanh(log_scale / self.max_log_scale)

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_units": list(self.hidden_units),
            "activation": keras.activations.serialize(self.activation),
            "reverse": self.reverse,
            "max_log_scale": self.max_log_scale,
            "seed": self.seed,
        }
