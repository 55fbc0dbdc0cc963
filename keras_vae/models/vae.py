"""The variational autoencoder."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae.layers.sampling import reparameterize
from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.gaussian_heads import gaussian_heads
from keras_vae.models.raw_outputs import warn_of_stddev
from keras_vae.models.variational_model import VariationalModel
from keras_vae.numerics import LOG_2_PI, gaussian_log_prob
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.pieces import Pieces
from keras_vae.priors.standard_normal import StandardNormal


@keras.saving.register_keras_serializable(package="keras_vae")
class VAE(VariationalModel):
    """Variational autoencoder: q(z|x) Gaussian with diagonal covariance, p(x|z) any `Likelihood`, p(z) any prior.

    Trained on `loss = reconstruction_loss + beta * kl_loss`, both in nats per example: summed over the elements of x
    and over the latent dimensions, then averaged over the batch once. `elbo = -(reconstruction_loss + kl_loss)` never
    contains beta, and `kl_loss` is the KL itself, whatever objective is minimised.

    Args:
        encoder: Keras model `x -> [z_mean, z_log_var]`, each `(batch, latent_dim)`; `z_log_var` is a log variance. Or
            `[x, condition] -> ...`.
        decoder: Keras model `z -> x_params`, raw: logits for a Bernoulli, mean and raw scale for a Gaussian. Or
            `[z, condition] -> ...`.
        likelihood: str or `keras_vae.likelihoods.Likelihood`. p(x|z).
        prior: None for the standard normal, a `keras_vae.priors.Prior`, or any object with `sample(n, seed=...)` and
            `log_prob(z)` (a TFP distribution) or with `kl(z_mean, z_log_var)`.
        beta: float >= 0. Weight of the KL in the loss, short for `objective=ELBO(beta=...)`; `vae.beta = ...` changes
            it, also during training.
        objective: `keras_vae.objectives.Objective` or None. What a step minimises: `ELBO(capacity=..., free_bits=...)`,
            `ImportanceWeighted(50)`, `TotalCorrelation(6.0)`, `MMD(1000.0)`.
        posterior_flow: None, or a layer `(z, context) -> (z, log_det)` such as
            `keras_vae.layers.InverseAutoregressiveFlow`, that bends the Gaussian of the encoder; its context is
            `[z_mean, z_log_var]`. `encode` then gives the Gaussian that the flow starts from, `draw` its draws.
        seed: int or None. Start of the model's random state; None takes one from Keras's global seed.
        target_shape: tuple or None. Shape of a target where it differs from the shape of an input.
        preprocessing: None, or a layer with `inverse`, such as `keras_vae.layers.Standardize`: encoder and likelihood
            then see what it makes of the data, and everything outside the model speaks the units of the data.
        condition_network: None, or a Keras model from what is passed as `condition=` to what encoder, decoder and a
            `priors.ConditionalNormal` are told; run once per batch, and trained with them. Labels become vectors by
            `layers.ClassLabels` in it.

    With an encoder that takes `[x, condition]`, a decoder that takes `[z, condition]`, or both, the model is one of
    p(x|condition): `fit((x, condition))`, or a dict of both, and `condition=` in the verbs.

    Raises:
        ValueError: if encoder, decoder, likelihood and prior do not fit each other, or the objective does not.

    Examples:
        >>> encoder = kv.make_encoder((8, 8, 1), latent_dim=4)
        >>> decoder = kv.make_decoder((8, 8, 1), latent_dim=4)
        >>> model = kv.VAE(encoder, decoder, likelihood="bernoulli", seed=0)
        >>> model.compile("adam")
        >>> history = model.fit(x_train, epochs=1, verbose=0)
        >>> sorted(history.history)
        ['elbo', 'kl_loss', 'loss', 'reconstruction_loss']

    References:
        Kingma & Welling 2014, eq. 10. https://arxiv.org/abs/1312.6114
        Kingma et al. 2016, algorithm 1 (posterior flow). https://arxiv.org/abs/1606.04934
    """

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        likelihood: str | Likelihood = "bernoulli",
        prior: Any = None,
        beta: float = 1.0,
        objective: Objective | None = None,
        posterior_flow: keras.layers.Layer | None = None,
        seed: int | None = None,
        target_shape: tuple[int, ...] | None = None,
        preprocessing: keras.layers.Layer | None = None,
        condition_network: keras.Model | None = None,
        **kwargs,
    ):
        super().__init__(
            encoder,
            decoder,
            likelihood,
            prior=StandardNormal() if prior is None else prior,
            objective=objective,
            beta=beta,
            seed=seed,
            target_shape=target_shape,
            preprocessing=preprocessing,
            condition_network=condition_network,
            **kwargs,
        )
        self.posterior_flow = posterior_flow
        self._check_flow()
        self._complete()

    def _check_flow(self):
        if self.posterior_flow is None:
            return
        if not isinstance(self.posterior_flow, keras.layers.Layer):
            raise ValueError(
                f"`posterior_flow` must be a layer or None. Received: posterior_flow={self.posterior_flow!r}"
            )
        if not self.has_density:
            raise ValueError(
                "`prior` must have `log_prob` beside a `posterior_flow`, which leaves no KL in closed form. "
                f"Received: prior={self.prior!r}"
            )

    def build(self, input_shape):
        """Build and check the parts for inputs of shape `(batch, *event_shape)`; see `LatentModel.build`."""
        if self.built:
            return
        super().build(input_shape)
        warn_of_stddev(self.encoder)
        self._build_flow()

    def _build_flow(self):
        if self.posterior_flow is not None and not self.posterior_flow.built:
            shapes = (None, self.latent_dim), (None, 2 * self.latent_dim)
            self.posterior_flow(*(keras.KerasTensor(shape) for shape in shapes))

    @property
    def has_gaussian_posterior(self):
        """Whether q(z|x) is the diagonal Gaussian that `encode` describes."""
        return self.posterior_flow is None

    @property
    def takes_path(self):
        """Whether `pieces` takes a path for the gradient."""
        return self.posterior_flow is None

    @property
    def splits_kl(self):
        """Whether the pieces hold the KL by dimension."""
        return self.posterior_flow is None and hasattr(self.prior, "kl_per_dim")

    def posterior(self, batch, training=False):
        z_mean, z_log_var = gaussian_heads(*self.encoded(batch, training))
        if not self.prior_is_conditional:
            return z_mean, z_log_var
        return self.prior.relative(z_mean, z_log_var, batch.condition, training)

    def pieces(self, inferred, epsilon, batch, training=False, path=None):
        z, log_q = self._draw(*inferred, epsilon, training, path)
        return self._pieces_at(z, log_q, self.reconstruction_loss(z, batch, training), inferred)

    def _pieces_at(self, z, log_q, reconstruction_loss, inferred):
        z_mean, z_log_var = inferred
        sampled_kl = log_q - self.prior.log_prob(z) if self.has_density else None
        if self.splits_kl:
            kl_parts = self.prior.kl_per_dim(z_mean, z_log_var)
            kl = tf.reduce_sum(kl_parts, axis=-1)
        else:
            has_closed_form = self.posterior_flow is None and hasattr(self.prior, "kl")
            kl = self.prior.kl(z_mean, z_log_var) if has_closed_form else sampled_kl
            kl_parts = kl[:, None]
        log_weight = None if sampled_kl is None else -(reconstruction_loss + sampled_kl)
        return Pieces(reconstruction_loss, kl, kl_parts, log_weight, z, inferred)

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

    def draw_latents(self, inferred, epsilon):
        return self._draw(*inferred, epsilon)[0]

    def code(self, inferred, training=False):
        return self._draw(*inferred, None, training)[0]

    def get_config(self):
        """Arguments of the constructor, serialised; beta as given, its present value is a weight."""
        if not isinstance(self.prior, keras.layers.Layer):
            raise ValueError(
                "`prior` must be a Keras layer to be saved, such as a subclass of `keras_vae.priors.Prior`. "
                f"Received: prior={self.prior!r}"
            )
        flow = self.posterior_flow
        return {
            **super().get_config(),
            "prior": keras.saving.serialize_keras_object(self.prior),
            "posterior_flow": None if flow is None else keras.saving.serialize_keras_object(flow),
        }
