"""FactorVAE score: can one tell which factor was held fixed from the dimension that varies the least?"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_int, check_number
from keras_vae.evaluation.disentanglement.factor_checks import check_codes_and_factors, value_numbers
from keras_vae.evaluation.latent import ACTIVE_UNIT_THRESHOLD, active_units

# Random draws that the variance of the whole code is taken from.
N_VARIANCE_DRAWS = 10_000
IMAGES_PER_CALL = 1024


def factor_vae_score(
    z_mean: ArrayLike,
    factors: ArrayLike,
    n_votes: int = 800,
    batch_size: int = 64,
    threshold: float = ACTIVE_UNIT_THRESHOLD,
    seed: int = 0,
) -> float:
    """FactorVAE score of codes of given images.

    A vote: choose a factor and one of its values, take `batch_size` rows that have it, and note which dimension varies
    the least among them for the variance it has over all rows. `n_votes` votes say which factor each dimension stands
    for, the one it was noted for most often; the score is the share of `n_votes` further votes for which that is right.
    Chance is 1 / n_factors. Dimensions that do not vary over all rows take no part.

    Args:
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`. All combinations of factors, or a large random part.
        factors: array `(n, n_factors)` of values that repeat, at least two factors.
        n_votes: int >= 1. Votes to learn from, and again as many to judge by.
        batch_size: int >= 2. Rows per vote, drawn with replacement.
        threshold: float >= 0. Variance of the posterior mean above which a dimension takes part, as in `active_units`.
        seed: int >= 0. The same seed gives the same score.

    Returns:
        float, 0 to 1; 0 if no dimension takes part.

    Raises:
        ValueError: for arrays that do not belong together, fewer than two dimensions or factors, a factor that does not
            vary, or a number out of bounds.

    Examples:
        >>> factors = np.tile(np.stack(np.mgrid[0:4, 0:4], axis=-1).reshape(-1, 2), (20, 1))
        >>> kv.evaluation.factor_vae_score(factors.astype(float), factors)
        1.0

    References:
        Kim & Mnih 2018, section 4. https://arxiv.org/abs/1802.05983
    """
    z_mean, factors = check_codes_and_factors(z_mean, factors, min_factors=2)
    rng = _check_votes(n_votes, batch_size, threshold, seed)
    numbers = value_numbers(factors)
    chosen = rng.integers(factors.shape[1], size=2 * n_votes)
    rows = _rows_of_votes(numbers, chosen, batch_size, rng)
    return _score(z_mean[rows], chosen, z_mean, factors.shape[1], threshold)


def generated_factor_vae_score(
    encode: Callable,
    generator,
    n_votes: int = 800,
    batch_size: int = 64,
    threshold: float = ACTIVE_UNIT_THRESHOLD,
    seed: int = 0,
) -> float:
    """FactorVAE score of an encoder on images made for it, one factor fixed and the others drawn.

    As `factor_vae_score`, and without a limit on how many combinations of factors there are. An image that is drawn
    several times is made and encoded once.

    Args:
        encode: Callable. Images to codes `(n, latent_dim)` or to a tuple whose first item are codes, as `vae.encode`.
        generator: `keras_vae.data.FactorShapes` or any object with `sizes`, the number of values of every factor, and
            `images(factors)`, which makes images from int factors `(n, n_factors)` that count from 0.
        n_votes: int >= 1. Votes to learn from, and again as many to judge by.
        batch_size: int >= 2. Images per vote.
        threshold: float >= 0. Variance of the posterior mean above which a dimension takes part.
        seed: int >= 0. The same seed gives the same score.

    Returns:
        float, 0 to 1; 0 if no dimension takes part.

    Raises:
        ValueError: for fewer than two factors or dimensions, codes that are not finite or not one per image, or a
            number out of bounds.

    References:
        Kim & Mnih 2018, section 4. https://arxiv.org/abs/1802.05983
    """
    rng = _check_votes(n_votes, batch_size, threshold, seed)
    sizes = np.asarray(generator.sizes)
    if sizes.ndim != 1 or len(sizes) < 2 or sizes.min() < 2:
        raise ValueError(f"`generator.sizes` must be at least two numbers >= 2. Received: {generator.sizes!r}")
    chosen, drawn = _draw_votes(sizes, n_votes, batch_size, rng)
    everything = rng.integers(sizes, size=(N_VARIANCE_DRAWS, len(sizes)))
    index = np.ravel_multi_index(np.concatenate([everything, drawn]).T, sizes)
    distinct, index = np.unique(index, return_inverse=True)
    factors = np.stack(np.unravel_index(distinct, sizes), axis=-1)
    codes, _ = check_codes_and_factors(_codes_of(encode, generator, factors), factors, min_factors=2)
    codes = codes[index]
    batches = codes[N_VARIANCE_DRAWS:].reshape(2 * n_votes, batch_size, -1)
    return _score(batches, chosen, codes[:N_VARIANCE_DRAWS], len(sizes), threshold)


def _rows_of_votes(numbers, chosen, batch_size, rng):
    """Random rows `(n_votes, batch_size)` that share one value of the factor chosen for each vote."""
    # Row numbers sorted by value, and where each value starts, per factor: a row of a value is then one look-up.
    order = np.argsort(numbers, axis=0, kind="stable")
    counts = [np.bincount(column) for column in numbers.T]
    rows = np.empty((len(chosen), batch_size), np.int64)
    for k, count in enumerate(counts):
        votes = np.flatnonzero(chosen == k)
        value = rng.integers(len(count), size=(len(votes), 1))
        start = np.cumsum(count) - count
        rows[votes] = order[start[value] + rng.integers(count[value], size=(len(votes), batch_size)), k]
    return rows


def _draw_votes(sizes, n_votes, batch_size, rng):
    """The factor that every vote holds fixed, `(2 n_votes,)`, and all factors of its images, one below the other."""
    chosen = rng.integers(len(sizes), size=2 * n_votes)
    drawn = rng.integers(sizes, size=(2 * n_votes, batch_size, len(sizes)))
    fixed = np.arange(len(sizes)) == chosen[:, None, None]
    return chosen, np.where(fixed, drawn[:, :1], drawn).reshape(-1, len(sizes))


def _check_votes(n_votes, batch_size, threshold, seed):
    check_int("n_votes", n_votes, 1)
    check_int("batch_size", batch_size, 2)
    check_number("threshold", threshold, minimum=0.0)
    return np.random.default_rng(check_int("seed", seed, 0))


def _codes_of(encode, generator, factors):
    """Codes of the images of all factors, made and encoded part by part."""
    starts = range(0, len(factors), IMAGES_PER_CALL)
    return np.concatenate([_codes(encode, generator, factors[i : i + IMAGES_PER_CALL]) for i in starts])


def _codes(encode, generator, factors):
    codes = encode(generator.images(factors))
    codes = np.asarray(codes[0] if isinstance(codes, (tuple, list)) else codes)
    if codes.ndim != 2 or len(codes) != len(factors):
        raise ValueError(
            f"`encode` must give one code per image, ({len(factors)}, latent_dim). Received: shape {codes.shape}"
        )
    return codes


def _score(batches, chosen, all_codes, n_factors, threshold):
    """Share of the second half of the votes that the first half gets right.

    Args:
        batches: array `(2 n_votes, batch_size, latent_dim)`. Codes that share a value of the factor `chosen`.
        chosen: int array `(2 n_votes,)`.
        all_codes: array `(n, latent_dim)`. Codes of all data, whose variance is the reference.
        n_factors: int.
        threshold: float.
    """
    active = active_units(all_codes, threshold)
    if not active.any():
        return 0.0
    share = np.var(batches[..., active], axis=1, ddof=1) / np.var(all_codes[:, active], axis=0, ddof=1)
    voted, half = np.argmin(share, axis=1), len(chosen) // 2
    votes = np.zeros((active.sum(), n_factors), np.int64)
    np.add.at(votes, (voted[:half], chosen[:half]), 1)
    return float(np.mean(votes.argmax(axis=1)[voted[half:]] == chosen[half:]))
