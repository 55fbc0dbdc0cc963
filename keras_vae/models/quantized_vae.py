"""The VAE whose codes are rounded to whole numbers once it is trained."""

import math
from typing import Any

import keras
import tensorflow as tf

from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.variational_model import VariationalModel
from keras_vae.numerics import uniform_of_normal
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.pieces import Pieces
from keras_vae.priors.prior import Prior

# Of the uniform distribution of width one.
LOG_VARIANCE = -math.log(12.0)


@keras.saving.register_keras_serializable(package="keras_vae")
class QuantizedVAE(VariationalModel):
    """VAE with a posterior of one width: q(z|x) uniform, from half below to half above what the encoder says.

    In training this noise stands for rounding. Its density is 1, so that the KL is `-log p(z)`: the nats that the whole
    numbers near z would take, if p(z) is the mass of the unit interval around each of its elements. Reconstructions and
    codes are those of rounded numbers, and so are all terms that are taken without noise: `kl` is then the length of
    the code by the prior, and no estimate.

    Args:
        encoder: Keras model `x -> z_mean`, `(batch, latent_dim)`, or `[x, condition] -> z_mean`.
        decoder: as in `VAE`.
        prior: `Prior` with a density, such as `keras_vae.priors.Hyperprior`.
        likelihood, objective, beta, seed, target_shape, preprocessing: as in `VAE`.

    Raises:
        ValueError: if the parts do not fit each other, the prior has no density, or the objective asks for a Gaussian
            posterior.

    Examples:
        >>> encoder = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)])
        >>> decoder = kv.make_decoder((8, 8, 1), latent_dim=4)
        >>> model = kv.models.QuantizedVAE(encoder, decoder, kv.priors.MixtureOfGaussians(3, seed=0), seed=0)
        >>> float(np.abs(model.code(model.infer(kv.training.Batch(x[:2])))[0, 0] % 1.0))
        0.0

    References:
        Balle et al. 2017, eqs. 9 and 10. https://arxiv.org/abs/1611.01704
        Balle et al. 2018, eq. 3. https://arxiv.org/abs/1802.01436
    """

    encoder_outputs = ("z_mean",)
    has_gaussian_posterior = False

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        prior: Prior,
        likelihood: str | Likelihood = "bernoulli",
        beta: float = 1.0,
        objective: Objective | None = None,
        seed: int | None = None,
        target_shape: tuple[int, ...] | None = None,
        preprocessing: keras.layers.Layer | None = None,
        **kwargs: Any,
    ):
        if not hasattr(prior, "log_prob"):
            raise ValueError(f"`prior` must have `log_prob`, the length of a code. Received: prior={prior!r}")
        super().__init__(
            encoder,
            decoder,
            likelihood,
            prior=prior,
            objective=objective,
            beta=beta,
            seed=seed,
            target_shape=target_shape,
            preprocessing=preprocessing,
            **kwargs,
        )
        self._complete()

    def infer(self, batch, training=False):
        return tf.cast(self.encoded(batch, training), tf.float32)

    def posterior(self, batch, training=False):
        z_mean = self.infer(batch, training)
        return z_mean, tf.fill(tf.shape(z_mean), LOG_VARIANCE)

    def pieces(self, inferred, epsilon, batch, training=False, path=None):
        z = self.code(inferred) if epsilon is None else self.draw_latents(inferred, epsilon)
        reconstruction_loss = self.reconstruction_loss(z, batch, training)
        kl = -self.prior.log_prob(z)
        posterior = inferred, tf.fill(tf.shape(inferred), LOG_VARIANCE)
        return Pieces(reconstruction_loss, kl, kl[:, None], -(reconstruction_loss + kl), z, posterior)

    def draw_latents(self, inferred, epsilon):
        return inferred + uniform_of_normal(epsilon) - 0.5

    def code(self, inferred, training=False):
        return tf.round(inferred)

    def get_config(self):
        return {**super().get_config(), "prior": keras.saving.serialize_keras_object(self.prior)}
