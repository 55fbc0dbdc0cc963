"""What a trained VAE is used for: codes, draws, reconstructions, samples."""

import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.layers.prior import Prior, as_tfp_seed
from keras_vae.layers.sampling import next_seed
from keras_vae.models.bounds import repeat_rows
from keras_vae.models.rows import map_rows, rows_spec


class Verbs:
    """Mixin of the models with a prior: `encode`, `draw`, `reconstruct`, `sample`, on any number of rows."""

    def encode(self, x, batch_size=256):
        """Mean and log variance of q(z|x).

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches.
            batch_size: int. Rows per call.

        Returns:
            Pair of NumPy arrays `(z_mean, z_log_var)`, each `(n, latent_dim)`.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("encode")
        return self._rows("posterior", x, self.event_shape, batch_size=batch_size)

    def draw(self, x, seed=None, batch_size=256):
        """One draw z of q(z|x) per example.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches.
            seed: int or None. The same seed gives the same draws; None is new noise at every call.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, latent_dim)`.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        return self._draws(x, 1, seed, batch_size)[:, 0]

    def _draws(self, x, n_draws, seed=None, batch_size=256):
        """`n_draws` of every q(z|x), `(n, n_draws, latent_dim)`, in one pass: a stream may shuffle anew in the next."""
        self._check_built("draw")
        pair = self._seed_pair(seed)
        batch_numbers = iter(range(2**31))
        scalar = tf.TensorSpec((), tf.int32)
        compiled = self._compiled("_draw_batch", rows_spec(self.event_shape), scalar, tf.TensorSpec((2,), tf.int32))

        def draw_batch(x_batch):
            # Every batch has noise of its own.
            batch_seed = tf.random.experimental.stateless_fold_in(pair, next(batch_numbers))
            return compiled(x_batch, tf.constant(n_draws), batch_seed)

        return map_rows(draw_batch, x, self.event_shape, batch_size=batch_size)

    def _draw_batch(self, x, n_draws, seed):
        n_rows = tf.shape(x)[0]
        epsilon = tf.random.stateless_normal([n_draws * n_rows, self.noise_dim], seed=seed)
        z = self.draw_latents(repeat_rows(self.infer(x), n_draws), epsilon)
        return tf.transpose(tf.reshape(z, [n_draws, n_rows, self.latent_dim]), [1, 0, 2])

    def reconstruct(self, x, sample=False, seed=None, batch_size=256):
        """Mean of p(x|z) at the code of x.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches.
            sample: bool. Draw z from q(z|x) in place of taking its mean.
            seed: int or None. Seed of that draw; None is new noise at every call.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, *target_shape)`.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("reconstruct")
        if sample:
            return self.decode(self.draw(x, seed, batch_size), batch_size)
        return self.decode(self._rows("latent", x, self.event_shape, batch_size=batch_size), batch_size)

    def sample(self, n, seed=None, temperature=1.0, batch_size=256):
        """Mean of p(x|z) at draws z of the prior, or of the sampler where `fit_sampler` has fitted one.

        Args:
            n: int >= 1. How many.
            seed: int or None. The same seed gives the same samples; None gives new ones at every call.
            temperature: float >= 0. Factor on the standard deviation of the prior or sampler.
            batch_size: int. Rows decoded per call.

        Returns:
            NumPy array `(n, *target_shape)`.

        Raises:
            ValueError: for `n` below 1, a negative temperature, or a model that is not built yet.
        """
        check_int("n", n, 1)
        z = self.sample_prior(n, self._seed_pair(seed), check_number("temperature", temperature, 0.0))
        return self.decode(z, batch_size)

    def sample_prior(self, n, seed=None, temperature=1.0):
        """Draws of the prior or sampler, `(n, latent_dim)`; also in a graph, with a tensor `n` and a `(2,)` seed."""
        self._check_built("sample")
        if isinstance(self.sample_source, Prior):
            return self.sample_source.sample(n, seed=seed, temperature=temperature)
        if not hasattr(self.prior, "sample"):
            raise ValueError(f"`prior` must have `sample` to draw from the model. Received: prior={self.prior!r}")
        if not isinstance(temperature, float) or temperature != 1.0:
            raise ValueError(
                "`temperature` must be 1.0 for a prior that is not a `keras_vae.layers.Prior`. "
                f"Received: temperature={temperature}"
            )
        return self.prior.sample(n, seed=as_tfp_seed(seed))

    def _seed_pair(self, seed):
        if seed is None:
            return tf.cast(next_seed(self._draw_seeds), tf.int64)
        return tf.constant([check_int("seed", seed, 0), 0], tf.int64)
