"""The ladder VAE: several stochastic layers with top-down inference."""

import keras
import tensorflow as tf

from keras_vae.layers.sampling import reparameterize
from keras_vae.likelihoods import get_likelihood
from keras_vae.models.bounds import Pieces
from keras_vae.models.make_vae import check_model_class, initial_weights_from
from keras_vae.models.objectives import refuse_other_objectives
from keras_vae.models.top_down_prior import TopDownPrior
from keras_vae.models.vae import VAE
from keras_vae.networks.ladder import make_ladder
from keras_vae.networks.top_down import TopDownDecoder


@keras.saving.register_keras_serializable(package="keras_vae")
class LadderVAE(VAE):
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
        free_bits: as in `VAE`.
        free_bits_over: "layer" or "total". What `free_bits` is a floor of.
        capacity: as in `VAE`.
        seed: as in `VAE`.
        target_shape: as in `VAE`.

    The metrics hold the KL of every layer, `kl_1` that of the top.

    Raises:
        ValueError: as in `VAE`, or if `decoder` is no `TopDownDecoder`.

    References:
        Sonderby et al. 2016, eqs. 8 to 13. https://arxiv.org/abs/1602.02282
        Kingma et al. 2016, eq. 15 (free bits). https://arxiv.org/abs/1606.04934
    """

    free_bits_choices = ("layer", "total")

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        beta=1.0,
        free_bits=None,
        free_bits_over="layer",
        capacity=None,
        seed=None,
        target_shape=None,
        **kwargs,
    ):
        refuse_other_objectives(self, kwargs)
        if not isinstance(decoder, TopDownDecoder):
            raise ValueError(f"`decoder` must be a TopDownDecoder. Received: decoder={decoder!r}")
        super().__init__(
            encoder,
            decoder,
            likelihood,
            prior=TopDownPrior(decoder),
            beta=beta,
            free_bits=free_bits,
            free_bits_over=free_bits_over,
            capacity=capacity,
            seed=seed,
            target_shape=target_shape,
            **kwargs,
        )

    @property
    def term_names(self):
        return (*VAE.term_names, *(f"kl_{i + 1}" for i in range(len(self.decoder.networks))))

    @property
    def has_gaussian_posterior(self):
        # The Gaussian of a lower latent depends on the draws of those above it.
        return len(self.decoder.latent_dims) == 1

    @property
    def _splits_kl(self):
        return True

    def pieces(self, posterior, epsilon, target, mask=None, training=False):
        """The pieces of the bound at one draw of the latents, from the top down; see `VAE.pieces`."""
        way = _WayDown(self.decoder, posterior, epsilon)
        x_params = self.decoder.descend(way.choose, training)
        reconstruction_loss = -self.likelihood.log_prob(target, x_params, mask)
        log_weight = tf.add_n(way.log_ratios) - reconstruction_loss
        kl_parts = tf.stack(way.kls, axis=-1)
        kl = tf.reduce_sum(kl_parts, axis=-1)
        return Pieces(reconstruction_loss, kl, kl_parts, log_weight, way.joined(way.latents), way.posterior())

    def assemble(self, pieces):
        kls = {f"kl_{i + 1}": kl for i, kl in enumerate(tf.unstack(pieces.kl_parts, axis=-1))}
        return {**super().assemble(pieces), **kls}

    def infer(self, x, training=False):
        """What the data alone say about the latents: `(z_mean, z_log_var)` of the encoder."""
        return super().posterior(x, training)

    def posterior(self, x, training=False):
        """Mean and log variance of every latent along the means of those above, `(batch, latent_dim)` float32."""
        way = _WayDown(self.decoder, self.infer(x, training), None)
        self.decoder.descend(way.choose, training, to_data=False)
        return way.posterior()

    def draw_latents(self, posterior, epsilon):
        way = _WayDown(self.decoder, posterior, epsilon)
        self.decoder.descend(way.choose, to_data=False)
        return way.joined(way.latents)

    def latent(self, x, training=False):
        return self.posterior(x, training)[0]

    def get_config(self):
        config = super().get_config()
        del config["prior"], config["posterior_flow"]
        return config


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

    def joined(self, latents):
        return tf.concat(latents, axis=-1)

    def posterior(self):
        return self.joined(self.q_means), self.joined(self.q_log_vars)


def make_ladder_vae(
    event_shape,
    latent_dims=(32, 16, 8),
    network="dense",
    hidden_units=None,
    likelihood="bernoulli",
    n_classes=None,
    seed=None,
    model=LadderVAE,
    **kwargs,
):
    """A `LadderVAE`, or a subclass, with networks of the library.

    Args:
        event_shape: tuple of ints. Shape of one example.
        latent_dims: tuple of ints >= 1, one per stochastic layer from the data up. Sizes of the latents for "dense",
            channels of the latent maps for "resnet", each map half as large as the one below.
        network: "dense" or "resnet".
        hidden_units: tuple of as many ints or None. Width, or channels, of the layers that belong to each latent.
        likelihood: str or `Likelihood`. p(x|z).
        n_classes: int or None. Number of tokens, for the categorical likelihood given by name.
        seed: int or None. Initial weights and random state of the model; None takes them from Keras's global seed.
        model: class. `LadderVAE` or a subclass made of the same parts, such as `LadderIWAE`.
        **kwargs: arguments of that class: `beta`, `free_bits`, `n_samples` and so on.

    Returns:
        `model`, built, not compiled.

    Raises:
        ValueError: for an unknown network or likelihood, sizes that do not fit, or a `model` that is no such class.
    """
    check_model_class(model, LadderVAE)
    likelihood = get_likelihood(likelihood, **({} if n_classes is None else {"n_classes": n_classes}))
    with initial_weights_from(seed):
        encoder, decoder = make_ladder(
            event_shape,
            likelihood.params_shape(tuple(event_shape)),
            latent_dims,
            network,
            hidden_units,
            likelihood.input_layers(tuple(event_shape)),
        )
    return model(encoder, decoder, likelihood=likelihood, seed=seed, **kwargs)
