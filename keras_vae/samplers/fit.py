"""A sampler fitted to the codes of data, which takes the place of the prior when a model draws."""

import numpy as np

from keras_vae._checks import check_choice, check_int
from keras_vae.priors.prior import Prior
from keras_vae.samplers.flow import fit_flow
from keras_vae.samplers.mixture import fit_mixture
from keras_vae.samplers.two_stage import fit_decoder

# Name of a sampler: the function that fits it to codes.
FITS = {"gmm": fit_mixture, "two_stage": fit_decoder, "maf": fit_flow}


def fit(
    vae, x, sampler: str | None = "gmm", seed: int = 0, n_draws: int = 5, batch_size=256, condition=None, **options
) -> Prior | None:
    """Fit a sampler to the codes of data and draw all further samples of a model from it.

    It is fitted to draws of q(z|x) and not to their means: those are narrower than what the decoder was trained on. It
    is saved and exported with the model. When the model is trained on, fit it again.

    Args:
        vae: a built `VAE` or `LadderVAE`; its `sampler` is set.
        x: array `(n, *event_shape)`, `(x, condition)`, or `tf.data.Dataset` of batches: the training data.
        sampler: "gmm" for a mixture of Gaussians with full covariances (fast, has a density), "maf" for a masked
            autoregressive flow (trained, has a density, slow to draw with many latents), "two_stage" for a second VAE
            on the codes (trained, no density), or None to go back to the prior, whatever x is.
        seed: int >= 0. The same seed gives the same sampler.
        n_draws: int >= 1. Draws of q(z|x) per example: more of them show where q(z) is smooth.
        batch_size: int. Examples encoded per call.
        condition: array or dict of arrays `(n, ...)`, for a model with a condition; the sampler itself has none.
        **options: arguments of `fit_mixture` (`n_components`, also a list to choose from), `fit_flow` or `fit_decoder`
            (`hidden_units`, `max_steps` and so on).

    Returns:
        `keras_vae.priors.Prior`, the fitted sampler; or None.

    Raises:
        ValueError: for an unknown sampler, a model without a posterior or not built, data that does not fit it, or too
            few examples.

    References:
        Ghosh et al. 2020, section 4 (a density fitted to the codes afterwards). https://arxiv.org/abs/1903.12436
        Dai & Wipf 2019, section 4 (two stages). https://arxiv.org/abs/1903.05789
        Papamakarios et al. 2017 (masked autoregressive flow). https://arxiv.org/abs/1705.07057
    """
    if not hasattr(vae, "draw"):
        raise ValueError(f"`vae` must have a prior and a posterior to draw from. Received: {type(vae).__name__}")
    if sampler is None:
        vae.sampler = None
        return None
    fit_to_codes = FITS[check_choice("sampler", sampler, tuple(FITS))]
    check_int("seed", seed, 0)
    codes = vae.draw(x, seed, check_int("n_draws", n_draws, 1), condition, batch_size)
    vae.sampler = fit_to_codes(np.swapaxes(codes, 0, 1), seed=seed, **options)
    return vae.sampler
