"""A second VAE fitted to codes."""

import numpy as np

from keras_vae._checks import check_int
from keras_vae.models.make_vae import make_vae
from keras_vae.priors.decoder_prior import DecoderPrior
from keras_vae.samplers.fit_with_early_stopping import (
    MAX_STEPS,
    clipped_adam,
    fit_with_early_stopping,
    standardise,
)


def fit_decoder(
    codes: np.ndarray,
    seed: int = 0,
    hidden_units: tuple[int, ...] = (128, 128),
    learning_rate: float = 1e-3,
    warm_up: int = 2_000,
    **training,
) -> DecoderPrior:
    """The decoder of a second VAE, trained on the codes, with as many latents and one learned variance.

    Its beta rises from 0 at the start: where the posteriors of the first VAE are wide, a second VAE collapses otherwise
    and samples a Gaussian.

    Args:
        codes: array `(n_draws, n, latent_dim)`.
        seed: int.
        hidden_units: tuple of ints >= 1. Widths of the hidden layers of its encoder and decoder.
        learning_rate: float > 0. Of Adam.
        warm_up: int >= 0. Steps until its beta is 1, at most half of `max_steps`.
        **training: `max_steps`, `patience`, `batch_size`, `held_out`; see `fit_with_early_stopping`.

    Returns:
        `DecoderPrior`.

    Raises:
        ValueError: for fewer than `MIN_EXAMPLES` examples, or an argument out of bounds.

    Examples:
        >>> codes = vae.draw(x_train[:200], seed=0)[None]
        >>> sampler = kv.samplers.fit_decoder(codes, hidden_units=(16,), max_steps=2)
        >>> sampler.sample(5, seed=(0, 1)).shape
        TensorShape([5, 4])
    """
    latent_dim = codes.shape[-1]
    second = make_vae((latent_dim,), latent_dim, "dense", hidden_units, "gaussian_shared", seed=seed)
    sampler = DecoderPrior(second.decoder, second.likelihood)
    sampler.build((None, latent_dim))
    standardise(sampler, codes)
    second.compile(clipped_adam(learning_rate))
    standard = (codes - sampler.location.numpy()) / sampler.scale.numpy()
    max_steps = check_int("max_steps", training.get("max_steps", MAX_STEPS), 1)
    warm_up = min(check_int("warm_up", warm_up, 0), max_steps // 2)
    fit_with_early_stopping(second, standard, seed, warm_up=warm_up, **training)
    return sampler
