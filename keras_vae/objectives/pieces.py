"""What every bound is put together from, at one draw of z."""

from typing import NamedTuple

import tensorflow as tf


class Pieces(NamedTuple):
    """The pieces of a bound, per example and in nats, at one draw z of q(z|x).

    Attributes:
        reconstruction_loss: Tensor, shape `(batch,)`. `-log p(x|z)`.
        kl: Tensor, shape `(batch,)`. KL of q(z|x) from the prior: in closed form where there is one, else
            `log q(z|x) - log p(z)`.
        kl_parts: Tensor, shape `(batch, n_parts)`. The same by dimension or layer, where it can be split.
        log_weight: Tensor, shape `(batch,)`. `log p(x, z) - log q(z|x)`; None for a prior without a density.
        z: Tensor, shape `(batch, latent_dim)`.
        posterior: pair of Tensors `(z_mean, z_log_var)`, each `(batch, latent_dim)`.

    Examples:
        >>> kv.objectives.Pieces._fields
        ('reconstruction_loss', 'kl', 'kl_parts', 'log_weight', 'z', 'posterior')
    """

    reconstruction_loss: tf.Tensor
    kl: tf.Tensor
    kl_parts: tf.Tensor
    log_weight: tf.Tensor | None
    z: tf.Tensor
    posterior: tuple
