"""The variational autoencoder."""

import math

import keras
import tensorflow as tf

from keras_vae._checks import check_choice, check_number
from keras_vae.layers.prior import Prior
from keras_vae.layers.sampling import Sampling, next_seed, reparameterize
from keras_vae.layers.standard_normal import StandardNormal
from keras_vae.likelihoods.gaussian import gaussian_log_prob
from keras_vae.models.bounds import Bounds, Pieces
from keras_vae.models.kl_penalty import capacity_penalty, free_bits_penalty
from keras_vae.models.latent_model import LatentModel
from keras_vae.models.samplers import Samplers
from keras_vae.models.verbs import Verbs

LOG_2_PI = math.log(2.0 * math.pi)


@keras.saving.register_keras_serializable(package="keras_vae")
class VAE(Bounds, Verbs, Samplers, LatentModel):
    """Variational autoencoder: q(z|x) Gaussian with diagonal covariance, p(x|z) any `Likelihood`, p(z) any prior.

    Trained on `loss = reconstruction_loss + beta * kl_loss`, both in nats per example: summed over the elements of x
    and over the latent dimensions, then averaged over the batch once. `elbo = -(reconstruction_loss + kl_loss)` never
    contains beta, capacity or free bits, and `kl_loss` is the KL itself whatever stands in the loss.

    Args:
        encoder: Keras model `x -> [z_mean, z_log_var]`, each `(batch, latent_dim)`; `z_log_var` is a log variance.
        decoder: Keras model `z -> x_params`, raw: logits for a Bernoulli, mean and raw scale for a Gaussian.
        likelihood: str or `keras_vae.likelihoods.Likelihood`. p(x|z).
        prior: None for the standard normal, a `keras_vae.layers.Prior`, or any object with `sample(n, seed=...)` and
            `log_prob(z)` (a TFP distribution) or with `kl(z_mean, z_log_var)`.
        beta: float >= 0. Weight of the KL in the loss; `vae.beta = ...` changes it, also during training.
        capacity: float >= 0 or None, nats. The loss becomes `reconstruction_loss + beta * |kl - capacity|`, with the
            mean KL of the batch; `vae.capacity = ...` changes it, also during training.
        free_bits: float >= 0 or None, nats. A part of the mean KL below it counts as `free_bits` in the loss, so that
            nothing is gained by closing it.
        free_bits_over: "dimension" or "total". What `free_bits` is a floor of: each dimension, or all of them together
            (the only choice where the KL cannot be split by dimension).
        posterior_flow: None, or a layer `(z, context) -> (z, log_det)` such as
            `keras_vae.layers.InverseAutoregressiveFlow`, that bends the Gaussian of the encoder; its context is
            `[z_mean, z_log_var]`. `encode` then gives the Gaussian that the flow starts from, `draw` its draws.
        seed: int or None. Start of the model's random state; None takes one from Keras's global seed.
        target_shape: tuple or None. Shape of a target where it differs from that of an input.

    Raises:
        ValueError: if encoder, decoder, likelihood and prior do not fit each other, or the terms of the loss do not.

    References:
        Kingma & Welling 2014, eq. 10. https://arxiv.org/abs/1312.6114
        Higgins et al. 2017, eq. 4 (beta). https://openreview.net/forum?id=Sy2fzU9gl
        Burgess et al. 2018, eq. 8 (capacity). https://arxiv.org/abs/1804.03599
        Kingma et al. 2016, eq. 15 (free bits), algorithm 1 (posterior flow). https://arxiv.org/abs/1606.04934
    """

    encoder_outputs = ("z_mean", "z_log_var")
    term_names = ("loss", "reconstruction_loss", "kl_loss", "elbo")
    loss_hint = "plus `beta` times the KL of the posterior from the prior"
    free_bits_choices = ("dimension", "total")

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        prior=None,
        beta=1.0,
        capacity=None,
        free_bits=None,
        free_bits_over="dimension",
        posterior_flow=None,
        seed=None,
        target_shape=None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, likelihood, target_shape=target_shape, **kwargs)
        prior = StandardNormal() if prior is None else prior
        if not hasattr(prior, "kl") and not (hasattr(prior, "log_prob") and hasattr(prior, "sample")):
            raise ValueError(f"`prior` must have `sample` and `log_prob`, or `kl`. Received: prior={prior!r}")
        self.prior = prior
        self.posterior_flow = posterior_flow
        self.seed = seed
        self._initial_beta = check_number("beta", beta, minimum=0.0)
        # Variables, so that annealing neither retraces the step nor gets lost in a save.
        self._beta = self._scalar("beta", self._initial_beta)
        self._initial_capacity = capacity
        if capacity is not None:
            self._capacity = self._scalar("capacity", check_number("capacity", capacity, minimum=0.0))
        self.free_bits = None if free_bits is None else check_number("free_bits", free_bits, minimum=0.0)
        self.free_bits_over = check_choice("free_bits_over", free_bits_over, self.free_bits_choices)
        self._check_terms_fit()
        self.sampling = Sampling(seed=seed)
        # `sample` and `evaluate` have noise of their own: to look at a model must not change how its training goes on.
        self._draw_seeds = keras.random.SeedGenerator(seed)
        self._evaluation_seeds = keras.random.SeedGenerator(0)
        self._build_if_known()

    def _scalar(self, name, value):
        initializer = keras.initializers.Constant(value)
        return self.add_weight(name=name, shape=(), initializer=initializer, trainable=False, dtype="float32")

    def _check_terms_fit(self):
        if self.posterior_flow is not None and not isinstance(self.posterior_flow, keras.layers.Layer):
            raise ValueError(
                f"`posterior_flow` must be a layer or None. Received: posterior_flow={self.posterior_flow!r}"
            )
        if self.posterior_flow is not None and not hasattr(self.prior, "log_prob"):
            raise ValueError(
                "`prior` must have `log_prob` beside a `posterior_flow`, which leaves no KL in closed form. "
                f"Received: prior={self.prior!r}"
            )
        if self.free_bits is None:
            return
        if self._initial_capacity is not None:
            raise ValueError(
                f"`free_bits` and `capacity` must not be combined: each says what the KL should be. "
                f"Received: free_bits={self.free_bits}, capacity={self._initial_capacity}"
            )
        if self.free_bits_over == "dimension" and not self._splits_kl:
            raise ValueError(
                "`free_bits_over` must be 'total' where the KL has no closed form by dimension (another prior than the "
                "standard normal, or a posterior flow). Received: free_bits_over='dimension'"
            )

    @property
    def _splits_kl(self):
        return self.posterior_flow is None and hasattr(self.prior, "kl_per_dim")

    def build(self, input_shape):
        """Build and check the parts for inputs of shape `(batch, *event_shape)`."""
        if self.built:
            return
        super().build(input_shape)
        if isinstance(self.prior, Prior):
            self.prior.attach(self.encoder, self.event_shape)
            if not self.prior.built:
                self.prior.build((None, self.latent_dim))
        if self.posterior_flow is not None and not self.posterior_flow.built:
            shapes = (None, self.latent_dim), (None, 2 * self.latent_dim)
            self.posterior_flow(*(keras.KerasTensor(shape) for shape in shapes))

    @property
    def has_gaussian_posterior(self):
        """Whether q(z|x) is the diagonal Gaussian that `encode` describes."""
        return self.posterior_flow is None

    @property
    def beta(self):
        """Weight of the KL in the loss at this moment."""
        return float(self._beta.numpy())

    @beta.setter
    def beta(self, value):
        self._beta.assign(check_number("beta", value, minimum=0.0))

    @property
    def capacity(self):
        """Target of the KL at this moment, nats; None for a model without one."""
        return None if self._initial_capacity is None else float(self._capacity.numpy())

    @capacity.setter
    def capacity(self, value):
        if self._initial_capacity is None:
            raise ValueError("`capacity` must be given when the model is made, such as `capacity=0.0`, to be changed")
        self._capacity.assign(check_number("capacity", value, minimum=0.0))

    # The bound, per example and inside a graph.

    @property
    def noise_dim(self):
        """How many standard normal numbers one draw of z takes."""
        return self.latent_dim

    def posterior(self, x, training=False):
        """Mean and log variance of q(z|x), each `(batch, latent_dim)` float32."""
        z_mean, z_log_var = self.encoder(self._encoder_input(x), training=training)
        return tf.cast(z_mean, tf.float32), tf.cast(z_log_var, tf.float32)

    def infer(self, x, training=False):
        """What the data says about z before anything is drawn: a structure of tensors with the rows first."""
        return self.posterior(x, training)

    def pieces(self, posterior, epsilon, target, mask=None, training=False, path=None):
        """The pieces of the bound at one draw of z.

        Args:
            posterior: as `infer` gives it.
            epsilon: Tensor, shape `(batch, noise_dim)`, standard normal noise; or None for the deterministic plug-in of
                z_mean. Without a closed form the density of the prior is then taken there,
                `kl = -entropy - log p(z_mean)`: not a bound.
            target: Tensor, shape `(batch, *target_shape)`.
            mask: Tensor of weights of elements, shape `(batch, *leading event axes)`, or None.
            training: bool. Whether the networks run in training mode.
            path: Callable z -> z or None. With it q has no other gradient than through z, which passes through the
                callable: for gradient estimators.

        Returns:
            `Pieces`.
        """
        z_mean, z_log_var = posterior
        z, log_q = self._draw(z_mean, z_log_var, epsilon, training, path)
        reconstruction_loss = self._reconstruction_loss(z, target, mask, training)
        sampled_kl = log_q - self.prior.log_prob(z) if hasattr(self.prior, "log_prob") else None
        if self._splits_kl:
            kl_parts = self.prior.kl_per_dim(z_mean, z_log_var)
            kl = tf.reduce_sum(kl_parts, axis=-1)
        else:
            has_closed_form = self.posterior_flow is None and hasattr(self.prior, "kl")
            kl = self.prior.kl(z_mean, z_log_var) if has_closed_form else sampled_kl
            kl_parts = kl[:, None]
        log_weight = None if sampled_kl is None else -(reconstruction_loss + sampled_kl)
        return Pieces(reconstruction_loss, kl, kl_parts, log_weight, z, posterior)

    def _draw(self, z_mean, z_log_var, epsilon, training=False, path=None):
        """z of q(z|x) at noise epsilon, and log q(z|x) there; at the mean minus the entropy in its place."""
        if epsilon is None:
            z, log_q = z_mean, -0.5 * tf.reduce_sum(1.0 + LOG_2_PI + z_log_var, axis=-1)
        else:
            z = reparameterize(z_mean, z_log_var, epsilon)
            if path is None:
                log_q = -0.5 * tf.reduce_sum(tf.square(epsilon) + LOG_2_PI + z_log_var, axis=-1)
            else:
                z = path(z)
                constants = tf.stop_gradient(z_mean), tf.stop_gradient(z_log_var)
                log_q = tf.reduce_sum(gaussian_log_prob(z, *constants), axis=-1)
        if self.posterior_flow is None:
            return z, log_q
        z, log_det = self.posterior_flow(z, tf.concat([z_mean, z_log_var], axis=-1), training=training)
        return z, log_q - log_det

    def draw_latents(self, posterior, epsilon):
        """Draws z of q(z|x), `(batch, latent_dim)`, from what `infer` gave and noise `(batch, noise_dim)`."""
        return self._draw(*posterior, epsilon)[0]

    def assemble(self, pieces):
        """The terms of the bound from its pieces: the one place where it is put together.

        Args:
            pieces: `Pieces`.

        Returns:
            dict of `(batch,)` float32 tensors in nats: `loss`, `reconstruction_loss`, `kl_loss`, `elbo`.
        """
        return {
            "loss": pieces.reconstruction_loss + self._beta * self.kl_penalty(pieces),
            "reconstruction_loss": pieces.reconstruction_loss,
            "kl_loss": pieces.kl,
            "elbo": -(pieces.reconstruction_loss + pieces.kl),
        }

    def kl_penalty(self, pieces):
        """What beta multiplies in the loss, `(batch,)` nats: the KL, or what capacity and free bits make of it."""
        if self._initial_capacity is not None:
            return capacity_penalty(pieces.kl, self._capacity, pieces.weight)
        if self.free_bits is not None:
            parts = pieces.kl_parts if self.free_bits_over != "total" else pieces.kl[:, None]
            return free_bits_penalty(parts, self.free_bits, pieces.weight)
        return pieces.kl

    def elbo_terms(self, x, target=None, mask=None, training=False, z="sample", weight=None):
        """The terms of the bound for a batch.

        Args:
            x: Tensor, shape `(batch, *event_shape)`.
            target: Tensor, shape `(batch, *target_shape)`, or None for x itself.
            mask: Tensor of weights of elements, shape `(batch, *leading event axes)`, or None.
            training: bool. Whether the networks run in training mode, with the noise of `self.sampling`.
            z: "sample" for one draw of q(z|x), "mean" for the deterministic plug-in of its mean.
            weight: Tensor, shape `(batch,)`, of the examples in the mean of the loss, or None. What a term of one
                example is does not depend on it; on which side of a capacity or a floor the batch is does.

        Returns:
            dict, as `assemble` gives it.
        """
        target = tf.cast(x, tf.float32) if target is None else target
        epsilon = None if z == "mean" else self._noise(tf.shape(x)[0], training)
        pieces = self.pieces(self.infer(x, training), epsilon, target, mask, training)
        return self.assemble(pieces._replace(weight=weight))

    def _noise(self, n_rows, training):
        """Noise of a step, from the state of the training or of the evaluation."""
        seed = None if training else next_seed(self._evaluation_seeds)
        return self.sampling.noise((n_rows, self.noise_dim), seed)

    def terms(self, x, target=None, mask=None, training=False, weight=None):
        """The terms of one step: `elbo_terms` with one draw of q(z|x)."""
        return self.elbo_terms(x, target, mask=mask, training=training, weight=weight)

    def latent(self, x, training=False):
        return self._draw(*self.posterior(x, training), None, training)[0]

    def _restart_evaluation_noise(self):
        self._evaluation_seeds.state.assign([0, 0])

    def get_config(self):
        """Arguments of the constructor, serialised; beta and capacity as given, their present values are weights."""
        if not isinstance(self.prior, keras.layers.Layer):
            raise ValueError(
                "`prior` must be a Keras layer to be saved, such as a subclass of `keras_vae.layers.Prior`. "
                f"Received: prior={self.prior!r}"
            )
        flow = self.posterior_flow
        return {
            **super().get_config(),
            "prior": keras.saving.serialize_keras_object(self.prior),
            "beta": self._initial_beta,
            "capacity": self._initial_capacity,
            "free_bits": self.free_bits,
            "free_bits_over": self.free_bits_over,
            "posterior_flow": None if flow is None else keras.saving.serialize_keras_object(flow),
            "seed": self.seed,
        }
