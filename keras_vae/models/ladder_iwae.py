"""The ladder VAE on the importance-weighted bound."""

import keras

from keras_vae.models.importance_weighted import ImportanceWeighted
from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.models.objectives import refuse_other_objectives, without_other_objectives


@keras.saving.register_keras_serializable(package="keras_vae")
class LadderIWAE(ImportanceWeighted, LadderVAE):
    """`LadderVAE` trained on the importance-weighted bound of `n_samples` draws of all its latents; see `IWAE`.

    The weights of a trained `LadderVAE` of the same shape are a good start: `set_weights(other.get_weights())` on
    encoder and decoder.

    Args:
        encoder: as in `LadderVAE`.
        decoder: as in `LadderVAE`.
        likelihood: as in `VAE`.
        n_samples: int >= 1. Draws per example in a step. The cost of the decoder grows with it.
        resampled: as in `IWAE`.
        seed: as in `VAE`.
        target_shape: as in `VAE`.

    Raises:
        ValueError: as in `LadderVAE`; for `beta` and other arguments that the bound does not have.

    References:
        Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
        Sonderby et al. 2016, section 3.1 (importance samples for a ladder). https://arxiv.org/abs/1602.02282
    """

    def __init__(
        self,
        encoder,
        decoder,
        likelihood="bernoulli",
        n_samples=5,
        resampled=False,
        seed=None,
        target_shape=None,
        **kwargs,
    ):
        refuse_other_objectives(self, kwargs)
        self._set_weighting(n_samples, resampled)
        super().__init__(encoder, decoder, likelihood, seed=seed, target_shape=target_shape, **kwargs)

    def get_config(self):
        config = without_other_objectives(super().get_config())
        return {**config, "n_samples": self.n_samples, "resampled": self.resampled}
