"""A mixture of Gaussians fitted to codes."""

import numpy as np

from keras_vae._checks import check_int
from keras_vae._progress import progress
from keras_vae.priors.gaussian_mixture_sampler import GaussianMixtureSampler


def fit_mixture(
    codes: np.ndarray,
    seed: int = 0,
    n_components: int | list[int] = 10,
    n_init: int = 1,
    max_iter: int = 200,
    reg_covar: float = 1e-6,
) -> GaussianMixtureSampler:
    """A mixture of Gaussians with full covariances, by expectation maximisation (scikit-learn's).

    Args:
        codes: array `(n_draws, n, latent_dim)`.
        seed: int.
        n_components: int >= 1; or a list of them, of which the one with the lowest Bayesian information criterion of
            the first draws is taken.
        n_init, max_iter, reg_covar: as in `sklearn.mixture.GaussianMixture`.

    Returns:
        `GaussianMixtureSampler`.

    Raises:
        ValueError: for fewer examples than `latent_dim + 1` per component: their covariance would be singular.
    """
    from sklearn.mixture import GaussianMixture

    numbers = n_components if isinstance(n_components, (list, tuple)) and n_components else [n_components]
    numbers = [check_int("n_components", number, 1) for number in numbers]
    _, n, latent_dim = codes.shape
    if n < max(numbers) * (latent_dim + 1):
        raise ValueError(
            f"`x` must hold at least n_components * (latent_dim + 1) = {max(numbers) * (latent_dim + 1)} examples for "
            f"full covariances. Received: {n}; take more of them or fewer components"
        )
    rows = codes.reshape(-1, latent_dim).astype("float64")
    options = {"n_init": n_init, "max_iter": max_iter, "reg_covar": reg_covar, "random_state": seed}
    bar = progress(numbers, desc="sampler", unit="mixture")
    mixtures = [GaussianMixture(number, **options).fit(rows) for number in bar]
    # Several draws of one example are not so many examples: the criterion takes one of each.
    best = min(mixtures, key=lambda mixture: mixture.bic(codes[0])) if len(mixtures) > 1 else mixtures[0]
    sampler = GaussianMixtureSampler(best.n_components)
    sampler.build((None, latent_dim))
    sampler.assign(best.weights_, best.means_, best.covariances_)
    return sampler
