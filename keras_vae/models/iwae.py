"""The importance-weighted autoencoder."""

import keras
import tensorflow as tf

from keras_vae._checks import check_choice, check_int
from keras_vae.models.bounds import repeat_rows
from keras_vae.models.objectives import refuse_other_objectives, without_other_objectives
from keras_vae.models.vae import VAE
from keras_vae.numerics import log_mean_exp

GRADIENTS = ("standard", "doubly_reparameterized")


@keras.saving.register_keras_serializable(package="keras_vae")
class IWAE(VAE):
    """VAE trained on the importance-weighted bound of `n_samples` draws, which is tighter than the ELBO.

    `loss = -iw_bound`, with `iw_bound = log mean_i p(x, z_i) / q(z_i|x)`; `elbo`, `reconstruction_loss` and `kl_loss`
    are the means over the draws. One draw gives the VAE, with the sampled KL in place of the closed form.

    Args:
        encoder: as in `VAE`.
        decoder: as in `VAE`.
        likelihood: as in `VAE`.
        n_samples: int >= 1. Draws per example in a step. The cost of the decoder grows with it.
        gradient: "standard", or "doubly_reparameterized": another estimator of the same gradient for the encoder,
            whose signal does not drown in noise as `n_samples` grows.
        prior: as in `VAE`, with `log_prob`.
        posterior_flow: as in `VAE`; with the standard gradient only.
        seed: as in `VAE`.
        target_shape: as in `VAE`.

    Raises:
        ValueError: as in `VAE`; for a prior without `log_prob`, or a flow with the doubly reparameterised gradient.

    References:
        Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
        Tucker et al. 2019, eq. 8 (doubly reparameterised). https://arxiv.org/abs/1810.04152
    """

    term_names = (*VAE.term_names, "iw_bound")
    loss_hint = "and the KL, joined in the importance-weighted bound"

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        n_samples=5,
        gradient="standard",
        prior=None,
        posterior_flow=None,
        seed=None,
        target_shape=None,
        **kwargs,
    ):
        refuse_other_objectives(self, kwargs)
        self.n_samples = check_int("n_samples", n_samples, 1)
        self.gradient = check_choice("gradient", gradient, GRADIENTS)
        super().__init__(
            encoder,
            decoder,
            likelihood,
            prior=prior,
            posterior_flow=posterior_flow,
            seed=seed,
            target_shape=target_shape,
            **kwargs,
        )
        if not hasattr(self.prior, "log_prob"):
            raise ValueError(f"`prior` must have `log_prob` for importance weights. Received: prior={self.prior!r}")
        if posterior_flow is not None and gradient == "doubly_reparameterized":
            raise ValueError(
                "`gradient` must be 'standard' beside a `posterior_flow`, whose own weights the other estimator leaves "
                "out. Received: gradient='doubly_reparameterized'"
            )

    def terms(self, x, target=None, mask=None, training=False):
        """The terms of one step: means of the `elbo_terms` over the draws, `iw_bound`, and minus that as `loss`."""
        target = tf.cast(x, tf.float32) if target is None else target
        n_rows, k = tf.shape(x)[0], self.n_samples
        posterior, target = repeat_rows((self.infer(x, training), target), k)
        mask = None if mask is None else repeat_rows(mask, k)
        path = _Scaled() if training and self.gradient == "doubly_reparameterized" else None
        pieces = self.pieces(posterior, self._noise(k * n_rows, training), target, mask, training, path=path)
        log_weight = tf.reshape(pieces.log_weight, [k, n_rows])
        if path is not None:
            path.scale = tf.reshape(tf.nn.softmax(tf.stop_gradient(log_weight), axis=0), [-1, 1])
        terms = {name: tf.reduce_mean(tf.reshape(t, [k, n_rows]), axis=0) for name, t in self.assemble(pieces).items()}
        iw_bound = log_mean_exp(log_weight, axis=0)
        return {**terms, "iw_bound": iw_bound, "loss": -iw_bound}

    def get_config(self):
        config = without_other_objectives(super().get_config(), keep=("posterior_flow",))
        return {**config, "n_samples": self.n_samples, "gradient": self.gradient}


class _Scaled:
    """z as it is, with a gradient that is multiplied by `scale`, `(batch, 1)`, which may be set after the call.

    The gradient of `log mean w` weighs the path through every draw with its share of the weights. The doubly
    reparameterised estimator wants the square of the share: this is the second factor.
    """

    scale = None

    def __call__(self, z):
        @tf.custom_gradient
        def identity(z):
            return tf.identity(z), lambda upstream: upstream * self.scale

        return identity(z)
