"""The variational autoencoder."""

import math

import keras
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.layers.prior import Prior, as_tfp_seed
from keras_vae.layers.sampling import Sampling, next_seed, reparameterize
from keras_vae.layers.standard_normal import StandardNormal
from keras_vae.likelihoods.gaussian import gaussian_log_prob
from keras_vae.models.latent_model import LatentModel, rows_spec
from keras_vae.models.rows import map_rows

# Rows decoded at once while a bound averages over samples: enough to fill the cores, small enough for any decoder.
ROWS_PER_DECODE = 2048


@keras.saving.register_keras_serializable(package="keras_vae")
class VAE(LatentModel):
    """Variational autoencoder: q(z|x) Gaussian with diagonal covariance, p(x|z) any `Likelihood`, p(z) any prior.

    Trained on `loss = reconstruction_loss + beta * kl_loss`, both in nats per example: summed over the elements of x
    and over the latent dimensions, then averaged over the batch once. `elbo = -(reconstruction_loss + kl_loss)` never
    contains beta.

    Args:
        encoder: Keras model `x -> [z_mean, z_log_var]`, each `(batch, latent_dim)`; `z_log_var` is a log variance.
        decoder: Keras model `z -> x_params`, raw: logits for a Bernoulli, mean and raw scale for a Gaussian.
        likelihood: str or `keras_vae.likelihoods.Likelihood`. p(x|z).
        prior: None for the standard normal, a `keras_vae.layers.Prior`, or any object with `sample(n, seed=...)` and
            `log_prob(z)` (a TFP distribution) or with `kl(z_mean, z_log_var)`.
        beta: float >= 0. Weight of the KL in the loss; `vae.beta = ...` changes it, also during training.
        seed: int or None. Start of the model's random state; None takes one from Keras's global seed.
        target_shape: tuple or None. Shape of a target where it differs from that of an input.

    Raises:
        ValueError: if encoder, decoder, likelihood and prior do not fit each other.

    References:
        Kingma & Welling 2014, eq. 10. https://arxiv.org/abs/1312.6114
        Higgins et al. 2017, eq. 4 (beta). https://openreview.net/forum?id=Sy2fzU9gl
    """

    encoder_outputs = ("z_mean", "z_log_var")
    term_names = ("loss", "reconstruction_loss", "kl_loss", "elbo")
    loss_hint = "plus `beta` times the KL of the posterior from the prior"

    def __init__(
        self, encoder, decoder, likelihood="bernoulli", prior=None, beta=1.0, seed=None, target_shape=None, **kwargs
    ):
        super().__init__(encoder, decoder, likelihood, target_shape=target_shape, **kwargs)
        prior = StandardNormal() if prior is None else prior
        if not hasattr(prior, "kl") and not (hasattr(prior, "log_prob") and hasattr(prior, "sample")):
            raise ValueError(f"`prior` must have `sample` and `log_prob`, or `kl`. Received: prior={prior!r}")
        self.prior = prior
        self.seed = seed
        self._initial_beta = check_number("beta", beta, minimum=0.0)
        # A variable, so that annealing neither retraces the step nor gets lost in a save.
        self._beta = self.add_weight(
            name="beta",
            shape=(),
            initializer=keras.initializers.Constant(self._initial_beta),
            trainable=False,
            dtype="float32",
        )
        self.sampling = Sampling(seed=seed)
        # `sample` and `evaluate` have noise of their own: to look at a model must not change how its training goes on.
        self._draw_seeds = keras.random.SeedGenerator(seed)
        self._evaluation_seeds = keras.random.SeedGenerator(0)
        self._build_if_known()

    def build(self, input_shape):
        """Build and check the parts for inputs of shape `(batch, *event_shape)`."""
        if self.built:
            return
        super().build(input_shape)
        if isinstance(self.prior, Prior):
            self.prior.attach(self.encoder, self.event_shape)
            if not self.prior.built:
                self.prior.build((None, self.latent_dim))

    @property
    def beta(self):
        """Weight of the KL in the loss at this moment."""
        return float(self._beta.numpy())

    @beta.setter
    def beta(self, value):
        self._beta.assign(check_number("beta", value, minimum=0.0))

    # The bound, per example and inside a graph.

    def posterior(self, x, training=False):
        """Mean and log variance of q(z|x), each `(batch, latent_dim)` float32."""
        z_mean, z_log_var = self.encoder(self._encoder_input(x), training=training)
        return tf.cast(z_mean, tf.float32), tf.cast(z_log_var, tf.float32)

    def kl(self, z_mean, z_log_var, z=None):
        """KL of N(z_mean, exp(z_log_var)) from the prior.

        Args:
            z_mean: Tensor, shape `(batch, latent_dim)`.
            z_log_var: Tensor, same shape.
            z: Tensor, same shape, a sample of that Gaussian, or None. Used only where the prior has no closed form:
                log q(z) - log p(z) is then an unbiased estimate. Without a sample the density of the prior is
                taken at the mean, -entropy - log p(z_mean): deterministic, not a bound.

        Returns:
            Tensor, shape `(batch,)`. Nats.
        """
        if hasattr(self.prior, "kl"):
            return self.prior.kl(z_mean, z_log_var)
        if z is None:
            entropy = 0.5 * tf.reduce_sum(1.0 + math.log(2.0 * math.pi) + z_log_var, axis=-1)
            return -entropy - self.prior.log_prob(z_mean)
        return _posterior_log_prob(z, z_mean, z_log_var) - self.prior.log_prob(z)

    def elbo_terms(self, x, target=None, mask=None, training=False, z="sample"):
        """The pieces of the bound for a batch: the one place where it is put together.

        Args:
            x: Tensor, shape `(batch, *event_shape)`.
            target: Tensor, shape `(batch, *target_shape)`, or None for x itself.
            mask: Tensor of weights of elements, shape `(batch, *leading event axes)`, or None.
            training: bool. Whether the networks run in training mode, with the noise of `self.sampling`.
            z: "sample" for one draw of q(z|x), "mean" for the deterministic plug-in of its mean.

        Returns:
            dict of `(batch,)` float32 tensors in nats: `loss`, `reconstruction_loss`, `kl_loss`, `elbo`.
        """
        target = tf.cast(x, tf.float32) if target is None else target
        z_mean, z_log_var = self.posterior(x, training)
        if z == "mean":
            reconstruction_loss = self._reconstruction_loss(z_mean, target, mask, training)
            return self._assemble(reconstruction_loss, self.kl(z_mean, z_log_var))
        z = self.sampling([z_mean, z_log_var], seed=None if training else next_seed(self._evaluation_seeds))
        reconstruction_loss = self._reconstruction_loss(z, target, mask, training)
        return self._assemble(reconstruction_loss, self.kl(z_mean, z_log_var, z))

    def _assemble(self, reconstruction_loss, kl):
        return {
            "loss": reconstruction_loss + self._beta * kl,
            "reconstruction_loss": reconstruction_loss,
            "kl_loss": kl,
            "elbo": -(reconstruction_loss + kl),
        }

    def terms(self, x, target=None, mask=None, training=False):
        """The terms of one step: `elbo_terms` with one draw of q(z|x)."""
        return self.elbo_terms(x, target, mask=mask, training=training)

    def latent(self, x, training=False):
        return self.posterior(x, training)[0]

    def _restart_evaluation_noise(self):
        self._evaluation_seeds.state.assign([0, 0])

    def _bounds(self, x, target, n_samples, chunk, seed):
        """ELBO and importance-weighted bound, each `(batch,)`, from `n_samples` draws made `chunk` at a time.

        Memory does not grow with `n_samples`: a running sum and a running log-sum-exp are all that is kept.
        """
        z_mean, z_log_var = self.posterior(x)
        n_rows = tf.shape(z_mean)[0]
        repeat = lambda t: tf.repeat(t[None], chunk, axis=0)  # noqa: E731
        flat = lambda t: tf.reshape(t, tf.concat([[chunk * n_rows], tf.shape(t)[2:]], axis=0))  # noqa: E731
        q_mean, q_log_var, target = (flat(repeat(t)) for t in (z_mean, z_log_var, target))
        q_mean, q_log_var = (tf.ensure_shape(t, (None, self.latent_dim)) for t in (q_mean, q_log_var))
        target = tf.ensure_shape(target, (None, *self.target_shape))
        has_density = hasattr(self.prior, "log_prob")

        def add_chunk(i, elbo_sum, log_weight_sum):
            chunk_seed = tf.random.experimental.stateless_fold_in(seed, i)
            epsilon = tf.random.stateless_normal(tf.shape(q_mean), seed=chunk_seed)
            z = reparameterize(q_mean, q_log_var, epsilon)
            reconstruction_loss = self._reconstruction_loss(z, target, None, False)
            elbo = self._assemble(reconstruction_loss, self.kl(q_mean, q_log_var, z))["elbo"]
            # The last chunk may be longer than what is left to draw.
            counts = (i * chunk + tf.range(chunk) < n_samples)[:, None]
            elbo = tf.where(counts, tf.reshape(elbo, [chunk, n_rows]), 0.0)
            if has_density:
                log_weight = self.prior.log_prob(z) - reconstruction_loss - _posterior_log_prob(z, q_mean, q_log_var)
                log_weight = tf.where(counts, tf.reshape(log_weight, [chunk, n_rows]), -math.inf)
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

    # The verbs, on any number of rows.

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
        z_mean, z_log_var = self.encode(x, batch_size)
        if sample:
            epsilon = tf.random.stateless_normal(z_mean.shape, seed=self._seed_pair(seed))
            z_mean = reparameterize(z_mean, z_log_var, epsilon)
        return self.decode(z_mean, batch_size)

    def sample(self, n, seed=None, temperature=1.0, batch_size=256):
        """Mean of p(x|z) at draws z of the prior.

        Args:
            n: int >= 1. How many.
            seed: int or None. The same seed gives the same samples; None gives new ones at every call.
            temperature: float >= 0. Factor on the standard deviation of the prior.
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
        """Draws of the prior, `(n, latent_dim)`; also inside a graph, with a tensor `n` and a `(2,)` seed."""
        self._check_built("sample")
        if isinstance(self.prior, Prior):
            return self.prior.sample(n, seed=seed, temperature=temperature)
        if not hasattr(self.prior, "sample"):
            raise ValueError(f"`prior` must have `sample` to draw from the model. Received: prior={self.prior!r}")
        if not isinstance(temperature, float) or temperature != 1.0:
            raise ValueError(
                "`temperature` must be 1.0 for a prior that is not a `keras_vae.layers.Prior`. "
                f"Received: temperature={temperature}"
            )
        return self.prior.sample(n, seed=as_tfp_seed(seed))

    def elbo(self, x, n_samples=1, y=None, seed=0, batch_size=256):
        """Evidence lower bound of every example, averaged over draws of q(z|x); beta is not in it.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches.
            n_samples: int >= 1. Draws per example.
            y: array `(n, *target_shape)` or None for x itself.
            seed: int. The same seed gives the same numbers.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n,)`. Nats.

        Raises:
            ValueError: for data that does not fit the model, or `n_samples` below 1.

        References:
            Kingma & Welling 2014, eq. 3. https://arxiv.org/abs/1312.6114
        """
        return self._bound_rows(x, n_samples, y, seed, batch_size)[0]

    def log_prob(self, x, n_samples=100, y=None, seed=0, batch_size=256):
        """Importance-weighted log p(x) of every example: a lower bound in expectation, tighter with more draws.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches.
            n_samples: int >= 1. Draws per example; quote it with the number.
            y: array `(n, *target_shape)` or None for x itself.
            seed: int. The same seed gives the same numbers.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n,)`. Nats.

        Raises:
            ValueError: for data that does not fit the model, `n_samples` below 1, or a prior without `log_prob`.

        References:
            Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
        """
        if not hasattr(self.prior, "log_prob"):
            raise ValueError(f"`prior` must have `log_prob` for importance weights. Received: prior={self.prior!r}")
        return self._bound_rows(x, n_samples, y, seed, batch_size)[1]

    def _bound_rows(self, x, n_samples, y, seed, batch_size):
        self._check_built("score")
        check_int("n_samples", n_samples, 1)
        check_int("batch_size", batch_size, 1)
        chunk = max(1, min(n_samples, ROWS_PER_DECODE // batch_size))
        counts = tf.constant(n_samples), tf.constant(chunk)
        pair = tf.constant([check_int("seed", seed, 0), 0], tf.int64)
        batch_numbers = iter(range(2**31))
        compiled = self._compiled(
            "_bounds",
            rows_spec(self.event_shape),
            rows_spec(self.target_shape),
            tf.TensorSpec((), tf.int32),
            tf.TensorSpec((), tf.int32),
            tf.TensorSpec((2,), tf.int64),
        )

        def bounds(x_batch, y_batch):
            # Every batch has noise of its own.
            return compiled(x_batch, y_batch, *counts, pair + tf.constant([0, next(batch_numbers)], tf.int64))

        return map_rows(
            bounds,
            x,
            self.event_shape,
            y=y,
            target_shape=self.target_shape,
            likelihood=self.likelihood,
            batch_size=batch_size,
        )

    def _seed_pair(self, seed):
        if seed is None:
            return next_seed(self._draw_seeds)
        return tf.constant([check_int("seed", seed, 0), 0], tf.int64)

    def get_config(self):
        """Arguments of the constructor, serialised; beta as it was given, its present value is a weight."""
        if not isinstance(self.prior, keras.layers.Layer):
            raise ValueError(
                "`prior` must be a Keras layer to be saved, such as a subclass of `keras_vae.layers.Prior`. "
                f"Received: prior={self.prior!r}"
            )
        return {
            **super().get_config(),
            "prior": keras.saving.serialize_keras_object(self.prior),
            "beta": self._initial_beta,
            "seed": self.seed,
        }


def _posterior_log_prob(z, z_mean, z_log_var):
    return tf.reduce_sum(gaussian_log_prob(z, z_mean, z_log_var), axis=-1)
