"""Bounds on log p(x) from any number of draws, streamed in constant memory."""

import math
from typing import NamedTuple

import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.models.rows import map_rows, mask_specs, rows_spec

# Rows decoded at once while a bound averages over draws: enough to fill the cores, small enough for any decoder.
ROWS_PER_DECODE = 2048


class Pieces(NamedTuple):
    """What the bound is put together from, per example and in nats, at one draw z of q(z|x).

    Attributes:
        reconstruction_loss: Tensor, shape `(batch,)`. `-log p(x|z)`.
        kl: Tensor, shape `(batch,)`. KL of q(z|x) from the prior: in closed form where there is one, else
            `log q(z|x) - log p(z)`.
        kl_parts: Tensor, shape `(batch, n_parts)`. The same by dimension or layer, where it can be split.
        log_weight: Tensor, shape `(batch,)`. `log p(x, z) - log q(z|x)`; None for a prior without a density.
        z: Tensor, shape `(batch, latent_dim)`.
        posterior: pair of Tensors `(z_mean, z_log_var)`, each `(batch, latent_dim)`.
        weight: Tensor, shape `(batch,)`, of the examples in the mean of the loss; None where all count alike.
    """

    reconstruction_loss: tf.Tensor
    kl: tf.Tensor
    kl_parts: tf.Tensor
    log_weight: tf.Tensor | None
    z: tf.Tensor
    posterior: tuple
    weight: tf.Tensor | None = None


def repeat_rows(structure, n):
    """Every tensor of a structure `n` times below itself, `(batch, ...)` -> `(n * batch, ...)`: draw by draw."""

    def repeat(tensor):
        shape = tf.shape(tensor)
        repeated = tf.reshape(tf.repeat(tensor[None], n, axis=0), tf.concat([[n * shape[0]], shape[1:]], axis=0))
        return tf.ensure_shape(repeated, (None, *tensor.shape[1:]))

    return tf.nest.map_structure(repeat, structure)


class Bounds:
    """Mixin of the models: `elbo` and `log_prob` of every example.

    The model gives `infer`, `pieces` and `noise_dim`; see `VAE`.
    """

    def _bounds(self, x, target, n_samples, chunk, seed, mask=None):
        """ELBO and importance-weighted bound, each `(batch,)`, from `n_samples` draws made `chunk` at a time.

        Memory does not grow with `n_samples`: a running sum and a running log-sum-exp are all that is kept.
        """
        posterior = self.infer(x)
        n_rows = tf.shape(x)[0]
        posterior, target = repeat_rows((posterior, target), chunk)
        mask = None if mask is None else repeat_rows(mask, chunk)
        has_density = hasattr(self.prior, "log_prob")

        def add_chunk(i, elbo_sum, log_weight_sum):
            chunk_seed = tf.random.experimental.stateless_fold_in(seed, i)
            epsilon = tf.random.stateless_normal([chunk * n_rows, self.noise_dim], seed=chunk_seed)
            pieces = self.pieces(posterior, epsilon, target, mask)
            elbo = self.assemble(pieces)["elbo"]
            # The last chunk may be longer than what is left to draw.
            counts = (i * chunk + tf.range(chunk) < n_samples)[:, None]
            elbo = tf.where(counts, tf.reshape(elbo, [chunk, n_rows]), 0.0)
            if has_density:
                log_weight = tf.where(counts, tf.reshape(pieces.log_weight, [chunk, n_rows]), -math.inf)
                log_weight_sum = tf.reduce_logsumexp(tf.concat([log_weight_sum[None], log_weight], axis=0), axis=0)
            return i + 1, elbo_sum + tf.reduce_sum(elbo, axis=0), log_weight_sum

        _, elbo_sum, log_weight_sum = tf.while_loop(
            lambda i, *_: i * chunk < n_samples,
            add_chunk,
            (0, tf.zeros([n_rows]), tf.fill([n_rows], -math.inf)),
            parallel_iterations=1,
        )
        n = tf.cast(n_samples, tf.float32)
        return elbo_sum / n, log_weight_sum - tf.math.log(n)

    def elbo(self, x, n_samples=1, y=None, seed=0, batch_size=256, mask=None):
        """Evidence lower bound of every example, averaged over draws of q(z|x); beta is not in it.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches of x, `(x, y)` or `(x, y, sample_weight)`.
            n_samples: int >= 1. Draws per example.
            y: array `(n, *target_shape)` or None for x itself.
            seed: int. The same seed gives the same numbers.
            batch_size: int. Rows per call.
            mask: array of weights of elements `(n, *leading event axes)`, 0 for what was not seen, or None for all. In
                a dataset it is the `sample_weight`.

        Returns:
            NumPy array `(n,)`. Nats.

        Raises:
            ValueError: for data that does not fit the model, or `n_samples` below 1.

        References:
            Kingma & Welling 2014, eq. 3. https://arxiv.org/abs/1312.6114
        """
        return self.bound_rows(x, n_samples, y, seed, batch_size, mask)[0]

    def log_prob(self, x, n_samples=100, y=None, seed=0, batch_size=256, mask=None):
        """Importance-weighted log p(x) of every example: a lower bound in expectation, tighter with more draws.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches of x, `(x, y)` or `(x, y, sample_weight)`.
            n_samples: int >= 1. Draws per example; quote it with the number.
            y: array `(n, *target_shape)` or None for x itself.
            seed: int. The same seed gives the same numbers.
            batch_size: int. Rows per call.
            mask: array of weights of elements `(n, *leading event axes)`, 0 for what was not seen, or None for all. In
                a dataset it is the `sample_weight`.

        Returns:
            NumPy array `(n,)`. Nats.

        Raises:
            ValueError: for data that does not fit the model, `n_samples` below 1, or a prior without `log_prob`.

        References:
            Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
        """
        if not hasattr(self.prior, "log_prob"):
            raise ValueError(f"`prior` must have `log_prob` for importance weights. Received: prior={self.prior!r}")
        return self.bound_rows(x, n_samples, y, seed, batch_size, mask)[1]

    def bound_rows(self, x, n_samples, y=None, seed=0, batch_size=256, mask=None):
        """ELBO and importance-weighted log p(x) of every example from the same draws: see `elbo` and `log_prob`.

        Returns:
            Pair of NumPy arrays `(n,)`, nats. The second is minus infinity for a prior without `log_prob`.
        """
        return self._score_rows(x, n_samples, y, seed, batch_size, mask)[:2]

    def _score_rows(self, x, n_samples, y=None, seed=0, batch_size=256, mask=None):
        """As `bound_rows`, with the share of its elements that counts in every example, `(n,)`, as a third array."""
        self._check_built("score")
        check_int("n_samples", n_samples, 1)
        check_int("batch_size", batch_size, 1)
        pair = tf.constant([check_int("seed", seed, 0), 0], tf.int64)
        batch_numbers = iter(range(2**31))
        specs = (
            rows_spec(self.event_shape),
            rows_spec(self.target_shape),
            tf.TensorSpec((), tf.int32),
            tf.TensorSpec((), tf.int32),
            tf.TensorSpec((2,), tf.int64),
        )

        def bounds(x_batch, y_batch, mask_batch):
            # A stream comes in batches of its own.
            chunk = max(1, min(n_samples, ROWS_PER_DECODE // len(x_batch)))
            # Every batch has noise of its own.
            seed = pair + tf.constant([0, next(batch_numbers)], tf.int64)
            arguments = x_batch, y_batch, tf.constant(n_samples), tf.constant(chunk), seed
            compiled = self._compiled("_bounds", *specs, *mask_specs(mask_batch))
            if mask_batch is None:
                return *compiled(*arguments), tf.ones(len(x_batch))
            share = tf.constant(mask_batch.reshape(len(x_batch), -1).mean(axis=1))
            return *compiled(*arguments, mask_batch), share

        return map_rows(
            bounds,
            x,
            self.event_shape,
            y=y,
            target_shape=self.target_shape,
            likelihood=self.likelihood,
            batch_size=batch_size,
            mask=mask,
        )
