"""A masked autoregressive flow fitted to codes."""

import keras
import numpy as np

from keras_vae.priors.flow_prior import FlowPrior
from keras_vae.samplers.fit_with_early_stopping import clipped_adam, fit_with_early_stopping, standardise


def fit_flow(
    codes: np.ndarray,
    seed: int = 0,
    n_steps: int = 5,
    hidden_units: tuple[int, ...] = (64,),
    learning_rate: float = 1e-3,
    **training,
) -> FlowPrior:
    """A masked autoregressive flow, by maximum likelihood.

    Args:
        codes: array `(n_draws, n, latent_dim)`.
        seed: int.
        n_steps, hidden_units: as in `FlowPrior`.
        learning_rate: float > 0. Of Adam.
        **training: `max_steps`, `patience`, `batch_size`, `held_out`; see `fit_with_early_stopping`.

    Returns:
        `FlowPrior`.

    Raises:
        ValueError: for fewer than `MIN_EXAMPLES` examples, or an argument out of bounds.

    Examples:
        >>> codes = vae.draw(x_train, seed=0)[None]
        >>> sampler = kv.samplers.fit_flow(codes, n_steps=2, hidden_units=(16,), max_steps=10)
        >>> sampler.sample(5, seed=(0, 1)).shape
        TensorShape([5, 4])
    """
    sampler = FlowPrior(n_steps, hidden_units, seed=seed)
    sampler.build((None, codes.shape[-1]))
    standardise(sampler, codes)
    # The codes themselves: the flow standardises, so its density is the density of the codes.
    model = NegativeLogLikelihood(sampler)
    model.compile(clipped_adam(learning_rate), loss=lambda _, loss: loss, jit_compile=False)
    fit_with_early_stopping(model, codes, seed, with_target=True, **training)
    return sampler


class NegativeLogLikelihood(keras.Model):
    """Minus the log density of a prior, `(batch, 1)` nats, as a model to be trained.

    Args:
        prior: built `keras_vae.priors.Prior`.
    """

    def __init__(self, prior):
        super().__init__(name="negative_log_likelihood", autocast=False)
        self.prior = prior

    def call(self, z):
        return -self.prior.log_prob(z)[:, None]
