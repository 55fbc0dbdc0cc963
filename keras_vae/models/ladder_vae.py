"""The ladder VAE: several stochastic layers with top-down inference."""

import keras
import tensorflow as tf

from keras_vae.layers.sampling import reparameterize
from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.gaussian_heads import gaussian_heads
from keras_vae.models.variational_model import VariationalModel
from keras_vae.networks.top_down_decoder import TopDownDecoder
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.pieces import Pieces
from keras_vae.priors.top_down_prior import TopDownPrior


@keras.saving.register_keras_serializable(package="keras_vae")
class LadderVAE(VariationalModel):
    """VAE with any number of stochastic layers: `q(z|x) = q(z_1|x) prod_l q(z_l|x, z_<l)`, counted from the top.

    The encoder says what the data alone tell about every latent. On the way down each of these Gaussians is joined
    with the prior that the latents above it give, weighted by their precisions; so inference and generation share the
    decoder. The latents of all layers stand side by side in one code, top first: `encode`, `decode`, `sample` and
    the exports work as those of a `VAE`. `encode` follows the means on the way down.

    Args:
        encoder: Keras model `x -> [z_mean, z_log_var]`, each `(batch, sum(latent_dims))`, top first.
        decoder: `TopDownDecoder`.
        likelihood: as in `VAE`.
        beta: as in `VAE`.
        objective: as in `VAE`; free bits are a floor of each layer.
        seed: as in `VAE`.
        target_shape: as in `VAE`.
        preprocessing: as in `VAE`.

    The metrics hold the KL of every layer, `kl_1` for the top.

    Raises:
        ValueError: as in `VAE`, or if `decoder` is no `TopDownDecoder`.

    Examples:
        The latents of both layers stand side by side, the two of the top first:

        >>> model = kv.make_ladder_vae((8, 8, 1), latent_dims=(4, 2), hidden_units=(32, 16), seed=0)
        >>> z_mean, z_log_var = model.encode(x)
        >>> z_mean.shape == (len(x), 6)
        True

    References:
        Sonderby et al. 2016, eqs. 8 to 13. https://arxiv.org/abs/1602.02282
        Kingma et al. 2016, eq. 15 (free bits). https://arxiv.org/abs/1606.04934
    """

    splits_kl = True

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: TopDownDecoder,
        likelihood: str | Likelihood = "bernoulli",
        beta: float = 1.0,
        objective: Objective | None = None,
        seed: int | None = None,
        target_shape: tuple[int, ...] | None = None,
        preprocessing: keras.layers.Layer | None = None,
        **kwargs,
    ):
        if not isinstance(decoder, TopDownDecoder):
            raise ValueError(f"`decoder` must be a TopDownDecoder. Received: decoder={decoder!r}")
        super().__init__(
            encoder,
            decoder,
            likelihood,
            prior=TopDownPrior(decoder),
            objective=objective,
            beta=beta,
            seed=seed,
            target_shape=target_shape,
            preprocessing=preprocessing,
            **kwargs,
        )
        self._complete()

    @property
    def kl_part_names(self):
        """Names of the KL of every layer, from the top down."""
        return tuple(f"kl_{i + 1}" for i in range(len(self.decoder.networks)))

    @property
    def has_gaussian_posterior(self):
        """Whether q(z|x) is one Gaussian: with several layers, each depends on the draws of the layers above it."""
        return len(self.decoder.latent_dims) == 1

    def pieces(self, inferred, epsilon, batch, training=False):
        """The pieces of the bound at one draw of the latents, from the top down; see `VariationalModel.pieces`."""
        way = self._go_down(inferred, epsilon, training, to_data=True)
        reconstruction_loss = self.loss_of_params(way.x_params, batch)
        log_weight = tf.add_n(way.log_ratios) - reconstruction_loss
        kl_parts = tf.stack(way.kls, axis=-1)
        kl = tf.reduce_sum(kl_parts, axis=-1)
        return Pieces(reconstruction_loss, kl, kl_parts, log_weight, way.z, way.posterior)

    def infer(self, batch, training=False):
        """What the data alone say about the latents: `(z_mean, z_log_var)` of the encoder."""
        return gaussian_heads(*self.encoded(batch, training))

    def posterior(self, batch, training=False):
        """Mean and log variance of every latent along the means of those above, `(batch, latent_dim)` float32."""
        return self._go_down(self.infer(batch, training), None, training).posterior

    def draw_latents(self, inferred, epsilon):
        return self._go_down(inferred, epsilon).z

    def code(self, inferred, training=False):
        return self._go_down(inferred, None, training).posterior[0]

    def _go_down(self, inferred, epsilon, training=False, to_data=False):
        """One way from the top to the last latent, or to the data: the one place where the decoder is walked down."""
        way = _WayDown(self.decoder, inferred, epsilon)
        way.x_params = self.decoder.descend(way.choose, training, to_data=to_data)
        return way


class _WayDown:
    """What is chosen and counted on one way from the top to the data; without noise it takes the means."""

    def __init__(self, decoder, posterior, epsilon):
        self.means, self.log_vars = (decoder.split(t) for t in posterior)
        self.epsilons = None if epsilon is None else decoder.split(epsilon)
        self.latents, self.kls, self.log_ratios, self.q_means, self.q_log_vars = [], [], [], [], []

    def choose(self, layer, p_mean, p_log_var):
        mean, log_var = self.means[layer], self.log_vars[layer]
        if p_mean is None:
            shift, log_ratio = mean, log_var
            p_mean, p_log_var = tf.zeros_like(mean), tf.zeros_like(log_var)
        else:
            # Product of two Gaussians: the precisions add up, the means are weighted by them.
            gap = p_log_var - log_var
            shift = (mean - p_mean) * tf.exp(tf.math.log_sigmoid(gap) - 0.5 * p_log_var)
            log_ratio = -tf.nn.softplus(gap)
        return self._take(layer, p_mean, p_log_var, shift, log_ratio)

    def _take(self, layer, p_mean, p_log_var, shift, log_ratio):
        """Count and draw in units of the prior, in which q is N(shift, exp(log_ratio)).

        A latent that the data do not need ends with a prior that is all but a constant. There
        `(z - p_mean)^2 exp(-p_log_var)` is rounding times 10^13; in these units nothing is subtracted.
        """
        epsilon = tf.zeros_like(shift) if self.epsilons is None else self.epsilons[layer]
        u = reparameterize(shift, log_ratio, epsilon)
        kl = tf.square(shift) + tf.math.expm1(log_ratio) - log_ratio
        log_weight = tf.square(epsilon) + log_ratio - tf.square(u)
        self.kls.append(0.5 * tf.reduce_sum(kl, axis=-1))
        self.log_ratios.append(0.5 * tf.reduce_sum(log_weight, axis=-1))
        self.q_means.append(reparameterize(p_mean, p_log_var, shift))
        self.q_log_vars.append(p_log_var + log_ratio)
        self.latents.append(reparameterize(p_mean, p_log_var, u))
        return self.latents[-1]

    @property
    def z(self):
        """The latents of all layers side by side, `(batch, latent_dim)`."""
        return tf.concat(self.latents, axis=-1)

    @property
    def posterior(self):
        """Mean and log variance of every latent given those chosen above it, each `(batch, latent_dim)`."""
        return tf.concat(self.q_means, axis=-1), tf.concat(self.q_log_vars, axis=-1)
