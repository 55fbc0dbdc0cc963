"""The beta-TC-VAE: a weight on the total correlation of the codes alone."""

import keras

from keras_vae.divergences import total_correlation
from keras_vae.models.objectives import refuse_other_objectives, without_other_objectives
from keras_vae.models.vae import VAE


@keras.saving.register_keras_serializable(package="keras_vae")
class BetaTCVAE(VAE):
    """VAE whose `beta` weighs the total correlation in place of the whole KL: `loss = -elbo + (beta - 1) * TC`.

    The KL is the sum of mutual information, total correlation and the KL of each dimension; beta = 1 is the VAE. The
    total correlation is estimated within a batch, so larger batches are better, and each replica takes its own part.

    Args:
        encoder: as in `VAE`.
        decoder: as in `VAE`.
        likelihood: as in `VAE`.
        prior: as in `VAE`.
        beta: float >= 0. Weight of the total correlation; 6 in the paper's comparison on images of shapes.
        seed: as in `VAE`.
        target_shape: as in `VAE`.

    Raises:
        ValueError: as in `VAE`.

    References:
        Chen et al. 2018, eq. 4. https://arxiv.org/abs/1802.04942
    """

    term_names = (*VAE.term_names, "total_correlation")
    loss_hint = "plus the KL with `beta` on its total correlation"

    def __init__(
        self, encoder, decoder, likelihood="bernoulli", prior=None, beta=6.0, seed=None, target_shape=None, **kwargs
    ):
        refuse_other_objectives(self, kwargs)
        arguments = {"prior": prior, "beta": beta, "seed": seed, "target_shape": target_shape}
        super().__init__(encoder, decoder, likelihood, **arguments, **kwargs)

    def assemble(self, pieces):
        terms = super().assemble(pieces)
        tc = total_correlation(pieces.z, *pieces.posterior)
        return {**terms, "loss": -terms["elbo"] + (self._beta - 1.0) * tc, "total_correlation": tc}

    def get_config(self):
        return without_other_objectives(super().get_config(), keep=("beta",))
