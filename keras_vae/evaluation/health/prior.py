"""Whether prior and codes lie in the same places: holes where no code is, codes where the prior never draws."""

import dataclasses

import numpy as np
from numpy.typing import ArrayLike

from keras_vae._checks import check_int, check_number
from keras_vae.evaluation.codes import draw_codes
from keras_vae.evaluation.kl_split import log_aggregate

# The least likely twentieth is what counts as unlikely: two equal distributions give a share of 0.05.
TAIL = 0.05
N_RESAMPLES = 200


@dataclasses.dataclass(frozen=True, eq=False)
class TailShare:
    """Share of some points that lie where others hardly ever do.

    Args:
        share: float. Of the points below the quantile; `tail` when the two kinds are one.
        standard_error: float. By resampling both.
        tail: float. Of the others below it.
        points: array. Log densities of the points, nats.
        others: array. Those of the others.
    """

    share: float
    standard_error: float
    tail: float
    points: np.ndarray
    others: np.ndarray


def tail_share(points: ArrayLike, others: ArrayLike, tail: float = TAIL, seed: int = 0) -> TailShare:
    """Share of `points` below the `tail` quantile of `others`, with the error that resampling of both shows.

    Args:
        points: array `(m,)`. Log densities.
        others: array `(n,)`. Log densities of the kind that sets the quantile.
        tail: float in (0, 1]. Share of `others` that counts as unlikely.
        seed: int. Of the resampling.

    Returns:
        `TailShare`.
    """
    check_number("tail", tail, minimum=0.0, maximum=1.0, exclusive=True)
    points, others = np.asarray(points, np.float64), np.asarray(others, np.float64)
    rng = np.random.default_rng(check_int("seed", seed, 0))

    def share(points, others):
        return float(np.mean(points < np.quantile(others, tail)))

    resampled = [share(*(rng.choice(a, len(a)) for a in (points, others))) for _ in range(N_RESAMPLES)]
    return TailShare(share(points, others), float(np.std(resampled)), tail, points, others)


def holes(z_prior: ArrayLike, codes, reference, tail: float = TAIL, seed: int = 0) -> TailShare:
    """Share of prior samples that are unlike any code.

    Both are scored by the aggregate posterior of a third set, the reference; unlike a code is what this finds less
    likely than all but a twentieth of codes. Codes and reference must be of different examples: then a prior that
    equals the aggregate posterior has 5 % of its samples there, whatever the number of examples and dimensions.

    Args:
        z_prior: array `(m, latent_dim)`. Samples of the prior.
        codes: pair `(z_mean, z_log_var)`, each `(n, latent_dim)`: one draw of each is scored.
        reference: pair `(z_mean, z_log_var)`, each `(k, latent_dim)`, of other examples.
        tail: float in (0, 1]. Share of codes that counts as unlikely.
        seed: int.

    Returns:
        `TailShare`: `points` are prior samples, `others` are codes.

    Examples:
        A prior that draws far from all codes:

        >>> codes = np.zeros((100, 2)), np.zeros((100, 2))
        >>> kv.evaluation.holes(np.full((50, 2), 9.0), codes, codes).share
        1.0
    """
    z = draw_codes(*codes, np.random.default_rng(check_int("seed", seed, 0)))
    points, others = (log_aggregate(np.asarray(a), *reference)[0] for a in (z_prior, z))
    return tail_share(points, others, tail, seed)


def uncovered_codes(z_prior: ArrayLike, codes, prior, tail: float = TAIL, seed: int = 0) -> TailShare:
    """Share of codes where the prior hardly ever draws: less likely than all but a twentieth of its samples.

    Args:
        z_prior: array `(m, latent_dim)`. Samples of the prior.
        codes: pair `(z_mean, z_log_var)`, each `(n, latent_dim)`: one draw of each is scored.
        prior: object with `log_prob(z)`, shape `(n,)`.
        tail: float in (0, 1]. Share of samples that counts as unlikely.
        seed: int.

    Returns:
        `TailShare`: `points` are codes, `others` are prior samples.

    Examples:
        Codes far from all that the prior draws:

        >>> codes, z_prior = (np.full((100, 2), 9.0), np.zeros((100, 2))), np.zeros((50, 2))
        >>> kv.evaluation.uncovered_codes(z_prior, codes, kv.priors.StandardNormal()).share
        1.0
    """
    z = draw_codes(*codes, np.random.default_rng(check_int("seed", seed, 0)))
    points, others = (np.asarray(prior.log_prob(np.asarray(a, np.float32)), np.float64) for a in (z, z_prior))
    return tail_share(points, others, tail, seed)
