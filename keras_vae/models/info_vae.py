"""The InfoVAE: the aggregate posterior is held to the prior, beside or in place of every single posterior."""

import math

import keras

from keras_vae._checks import check_number
from keras_vae.divergences import standard_normal_mmd
from keras_vae.layers.standard_normal import StandardNormal
from keras_vae.models.objectives import refuse_other_objectives, without_other_objectives
from keras_vae.models.vae import VAE


@keras.saving.register_keras_serializable(package="keras_vae")
class InfoVAE(VAE):
    """VAE trained on `reconstruction_loss + beta * kl_loss + mmd_weight * mmd`.

    The maximum mean discrepancy compares the codes of a batch with the standard normal; unlike the KL it does not
    push the code of every example to the prior, so that the codes can keep all their information. In the terms of the
    paper `beta` is 1 - alpha and `mmd_weight` is alpha + lambda - 1; with beta = 0 it is the MMD-VAE. `elbo` stays the
    bound of log p(x), and is far below it where beta is 0: compare by it with care.

    Args:
        encoder: as in `VAE`.
        decoder: as in `VAE`.
        likelihood: as in `VAE`.
        beta: float >= 0. Weight of the KL.
        mmd_weight: float >= 0, nats. Weight of the discrepancy, which lies between 0 and 2.
        bandwidth: float > 0 or None. Of the kernel, in units of z; None is `sqrt(latent_dim)`, at which two draws of
            the prior have a kernel of about exp(-1).
        seed: as in `VAE`.
        target_shape: as in `VAE`.

    Raises:
        ValueError: as in `VAE`, or for a prior other than the standard normal.

    References:
        Zhao et al. 2019, eq. 6 and section 3.2 (MMD). https://arxiv.org/abs/1706.02262
    """

    term_names = (*VAE.term_names, "mmd")
    loss_hint = "plus `beta` times the KL and `mmd_weight` times the discrepancy of the codes from the prior"

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        beta=0.0,
        mmd_weight=1000.0,
        bandwidth=None,
        seed=None,
        target_shape=None,
        prior=None,
        **kwargs,
    ):
        refuse_other_objectives(self, kwargs)
        if prior is not None and not isinstance(prior, StandardNormal):
            raise ValueError(f"`prior` must be the standard normal of an InfoVAE. Received: prior={prior!r}")
        self.mmd_weight = check_number("mmd_weight", mmd_weight, minimum=0.0)
        if bandwidth is not None:
            check_number("bandwidth", bandwidth, minimum=0.0, exclusive=True)
        self.bandwidth = bandwidth
        arguments = {"prior": prior, "beta": beta, "seed": seed, "target_shape": target_shape}
        super().__init__(encoder, decoder, likelihood, **arguments, **kwargs)

    def assemble(self, pieces):
        terms = super().assemble(pieces)
        mmd = standard_normal_mmd(pieces.z, self.bandwidth or math.sqrt(self.latent_dim))
        return {**terms, "loss": terms["loss"] + self.mmd_weight * mmd, "mmd": mmd}

    def get_config(self):
        return {
            **without_other_objectives(super().get_config(), keep=("beta",)),
            "mmd_weight": self.mmd_weight,
            "bandwidth": self.bandwidth,
        }
