"""The importance-weighted autoencoder."""

import keras

from keras_vae._checks import check_choice
from keras_vae.models.importance_weighted import ImportanceWeighted
from keras_vae.models.objectives import refuse_other_objectives, without_other_objectives
from keras_vae.models.vae import VAE

GRADIENTS = ("standard", "doubly_reparameterized")


@keras.saving.register_keras_serializable(package="keras_vae")
class IWAE(ImportanceWeighted, VAE):
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
        resampled: bool. Send the gradient through one draw per example, picked in proportion to its weight: the same
            mean with more noise, at about half the cost when there are many draws. Dropout drops anew for the pick.
        prior: as in `VAE`, with `log_prob`.
        posterior_flow: as in `VAE`; not with the doubly reparameterised gradient.
        seed: as in `VAE`.
        target_shape: as in `VAE`.

    Raises:
        ValueError: as in `VAE`; for a prior without `log_prob`, or a flow with the doubly reparameterised gradient.

    References:
        Burda et al. 2016, eq. 8 (bound), section 3 (resampling). https://arxiv.org/abs/1509.00519
        Tucker et al. 2019, eq. 8 (doubly reparameterised). https://arxiv.org/abs/1810.04152
    """

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        n_samples=5,
        gradient="standard",
        resampled=False,
        prior=None,
        posterior_flow=None,
        seed=None,
        target_shape=None,
        **kwargs,
    ):
        refuse_other_objectives(self, kwargs)
        self._set_weighting(n_samples, resampled)
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

    def get_config(self):
        config = without_other_objectives(super().get_config(), keep=("posterior_flow",))
        own = {"n_samples": self.n_samples, "gradient": self.gradient, "resampled": self.resampled}
        return {**config, **own}
