"""All scores of disentanglement of a model or of its codes, in one dict."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_int
from keras_vae._progress import progress
from keras_vae.data.factor_shapes import FactorShapes
from keras_vae.evaluation.disentanglement.dci import dci
from keras_vae.evaluation.disentanglement.factor_vae_score import factor_vae_score, generated_factor_vae_score
from keras_vae.evaluation.disentanglement.mutual_information_gap import mig_histogram, mig_posterior
from keras_vae.evaluation.disentanglement.separated_predictability import sap


def disentanglement_scores(vae, generator=None, n: int = 10_000, seed: int = 0) -> dict[str, float]:
    """MIG, SAP, DCI and FactorVAE score of a trained model, on images whose factors are known.

    With a dense encoder and the images of `FactorShapes()` it takes a quarter of a minute of one core; in a terminal a
    bar appears on stderr.

    Args:
        vae: `VAE`, or any object whose `encode(x)` gives `(z_mean, z_log_var)`, or codes alone.
        generator: `keras_vae.data.FactorShapes` or an object with its `sizes`, `categorical`, `n_images`, `factors_at`
            and `images`; None for `FactorShapes` at its defaults.
        n: int >= 8. Images for all scores but FactorVAE's, drawn without replacement; all there are, if that is fewer:
            `mig_posterior` is then the estimator of its inventors.
        seed: int >= 0. The same seed gives the same scores.

    Returns:
        dict of floats: `mig_posterior` (not for a model without `z_log_var`), `mig_histogram`, `sap`,
        `dci_disentanglement`, `dci_completeness`, `dci_informativeness`, `factor_vae_score`. 1 is best; a code that
        tells nothing gets about 0, and 1 / n_factors in `factor_vae_score`.

    Raises:
        ValueError: for images of another shape than the model's, fewer than two latent dimensions, or numbers out of
            bounds.

    References:
        The functions of this folder that have these names.
    """
    generator = FactorShapes() if generator is None else generator
    n = min(check_int("n", n, 8), generator.n_images)
    rng = np.random.default_rng(check_int("seed", seed, 0))
    factors = generator.factors_at(np.sort(rng.choice(generator.n_images, n, replace=False)))
    images = generator.images(factors)
    event_shape = getattr(vae, "event_shape", images.shape[1:])
    if tuple(event_shape) != images.shape[1:]:
        raise ValueError(
            f"`generator` must make images of the shape that the model takes, {tuple(event_shape)}, such as "
            f"FactorShapes(image_size=...). Received: images of shape {images.shape[1:]}"
        )
    codes = vae.encode(images)
    z_mean, z_log_var = codes if isinstance(codes, (tuple, list)) else (codes, None)
    steps = _steps(z_mean, z_log_var, factors, generator.categorical, generator.n_images, seed)
    steps["factor_vae_score"] = lambda: generated_factor_vae_score(vae.encode, generator, seed=seed)
    return _run(steps)


def code_scores(
    z_mean: ArrayLike,
    factors: ArrayLike,
    z_log_var: ArrayLike | None = None,
    categorical: Sequence[int] = (),
    n_population: int | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """The scores of `disentanglement_scores` for codes that are there already, of any data with known factors.

    Args:
        z_mean: array `(n, latent_dim)`.
        factors: array `(n, n_factors)` of values that repeat.
        z_log_var: array like `z_mean`, or None, which leaves `mig_posterior` out.
        categorical: sequence of int. Columns of `factors` whose values have no order.
        n_population: int >= n or None, as in `mig_posterior`.
        seed: int >= 0.

    Returns:
        dict of floats, as `disentanglement_scores`.

    Raises:
        ValueError: for arrays that do not belong together, fewer than two dimensions or factors, a factor that does not
            vary or whose values hardly repeat.

    Examples:
        >>> factors = np.tile(np.stack(np.mgrid[0:4, 0:4], axis=-1).reshape(-1, 2), (20, 1))
        >>> kv.evaluation.code_scores(factors.astype(float), factors)["factor_vae_score"]
        1.0
    """
    steps = _steps(z_mean, z_log_var, factors, categorical, n_population, seed)
    steps["factor_vae_score"] = lambda: factor_vae_score(z_mean, factors, seed=seed)
    return _run(steps)


def _steps(z_mean, z_log_var, factors, categorical, n_population, seed):
    """Functions by the name of their score, in the order of the report."""
    steps = {}
    if z_log_var is not None:
        steps["mig_posterior"] = lambda: mig_posterior(z_mean, z_log_var, factors, n_population=n_population, seed=seed)
    steps["mig_histogram"] = lambda: mig_histogram(z_mean, factors)
    steps["sap"] = lambda: sap(z_mean, factors, categorical, seed)
    steps["dci"] = lambda: dci(z_mean, factors, categorical, seed=seed)
    return steps


def _run(steps):
    """Values by name; a step that gives a dict adds its entries under `name_entry`."""
    scores = {}
    for name in progress(steps, desc="scores", unit="score"):
        value = steps[name]()
        scores |= {f"{name}_{key}": v for key, v in value.items()} if isinstance(value, dict) else {name: value}
    return scores
