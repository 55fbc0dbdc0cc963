"""What the numbers about the codes mean: how many say something, how much, at what price, and what is left for more."""

import math

import numpy as np

from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health.finding import (
    ACTIVE_UNITS,
    CLIPPED_SHARE,
    CODE_USE,
    FAULT,
    GAIN_SHARES,
    HIGH_RATE,
    INFORMATION,
    LAYERS,
    LEFT,
    LITTLE,
    LOW_RATE,
    N_SIGMA,
    NO_RATE,
    OK,
    POINT_VARIANCE,
    PRIOR_VARIANCE,
    RATE,
    SHARE,
    UNKNOWN,
    VARIANCE,
    WARNING,
    Finding,
)
from keras_vae.evaluation.health.remedies import ANNEALING, BETA_1, FREE_BITS, LONGER, latent_dim_of
from keras_vae.evaluation.kl_split import KLSplit


def judge_active_units(n_active: int, latent_dim: int, threshold: float, beta: float) -> Finding:
    """How many dimensions have a posterior mean that varies over the data."""
    asked = f">= 1 with variance of the posterior mean > {threshold:g}"
    sentence = f"dimensions whose posterior mean varies over the data, variance > {threshold:g}"
    if n_active:
        return Finding(ACTIVE_UNITS, n_active, f"of {latent_dim}", asked, OK, sentence)
    sentence = f"no posterior mean varies over the data by a variance > {threshold:g}"
    return Finding(ACTIVE_UNITS, 0, f"of {latent_dim}", asked, FAULT, sentence, _against_collapse(beta))


def judge_layers(layer_kl: np.ndarray, beta: float) -> Finding:
    """How many layers of a ladder hold anything.

    Args:
        layer_kl: array `(n, n_layers)`, the top first. KL of every layer, nats.
        beta: float.
    """
    kls = np.asarray(layer_kl).mean(axis=0)
    idle = [f"{layer + 1}" for layer in np.flatnonzero(~(kls >= LITTLE))]  # NaN is nothing, too.
    asked = f"all with a KL >= {LITTLE:g} nats"
    listed = ", ".join(f"{kl:.2f}" for kl in kls)
    sentence = f"layers that hold something; KL of each from the top down: {listed} nats"
    status, remedy = OK, ()
    if idle:
        status = FAULT if len(idle) == len(kls) else WARNING
        layers = f"layer {idle[0]} holds" if len(idle) == 1 else f"layers {' and '.join(idle)} hold"
        sentence = f"{layers} next to nothing; KL of each from the top down: {listed} nats"
        remedy = _against_collapse(beta)
    return Finding(LAYERS, len(kls) - len(idle), f"of {len(kls)}", asked, status, sentence, remedy)


def judge_information(split: KLSplit, beta: float) -> Finding:
    """Mutual information of x and z."""
    value, most = split.mutual_information, math.log(split.n)
    status, remedy = OK, ()
    sentence = f"what the codes say about x; {split.n} examples can show at most {most:.2f}"
    if value < LITTLE:
        status, remedy = FAULT, _against_collapse(beta)
        sentence = "the codes say next to nothing about x: the posterior has collapsed to the prior"
    elif value > most - 0.5:
        sentence += f", so it may be more: the dimensions hold {split.dimension_information.sum():.1f} one by one"
    error = split.standard_error["mutual_information"]
    return Finding(INFORMATION, value, "nats", f">= {LITTLE:g}", status, sentence, remedy, error)


def judge_code_use(use: Estimate, beta: float) -> Finding:
    """What the reconstruction loses with the code of another example.

    A few examples that lose thousands of nats make a mean with an error as large as itself. So the mean without the
    largest and the smallest tenth speaks as well, and one of the two is enough to show that the code is used.

    Args:
        use: `Estimate`, with the values of the examples where they are known.
        beta: float.
    """
    asked = f">= {LITTLE:g} and {N_SIGMA:g} standard errors, of all or without a tenth at both ends"
    means = [use] if use.values is None else [use, trimmed(use.values)]
    status, remedy = OK, ()
    sentence = "what the reconstruction loses with the code of another example"
    if not any(mean.mean >= max(LITTLE, N_SIGMA * mean.standard_error) for mean in means):
        if means[-1].mean < LITTLE:
            status, remedy = FAULT, _against_collapse(beta)
            sentence = "the decoder ignores z: with the code of another example it reconstructs as well"
        else:
            status, sentence = UNKNOWN, "not judged: too few examples to tell whether the decoder uses the code"
    return Finding(CODE_USE, use.mean, "nats", asked, status, sentence, remedy, use.standard_error)


def trimmed(values: np.ndarray, share: float = 0.1) -> Estimate:
    """Mean without the largest and the smallest `share` of the values, with its standard error.

    Args:
        values: array `(n,)`, n >= 2.
        share: float in [0, 0.5). Left out at each end.

    References:
        Tukey & McLaughlin 1963: the error follows from the variance of the values drawn in to the ends.
    """
    ordered = np.sort(np.asarray(values, np.float64))
    n, n_out = len(ordered), int(share * len(ordered))
    kept = ordered[n_out : n - n_out]
    drawn_in = np.clip(ordered, kept[0], kept[-1])
    error = float(drawn_in.std(ddof=1) / ((1.0 - 2.0 * n_out / n) * math.sqrt(n)))
    return Estimate(float(kept.mean()), error, n, kind="trimmed mean")


def _against_collapse(beta: float) -> tuple:
    return ((BETA_1,) if beta > 1.0 else ()) + (FREE_BITS, ANNEALING)


def judge_exchange_rate(rate: Estimate, beta: float, weighted: bool = False) -> Finding:
    """The price of a nat of KL: the beta that the posteriors are right for.

    Args:
        rate: `Estimate`.
        beta: float.
        weighted: bool. Whether the model is trained on the importance-weighted bound, for which wide posteriors are
            right: then no rate is wrong.
    """
    asked = f"{LOW_RATE[0]:g} to {HIGH_RATE[0]:g}"
    if weighted:
        sentence = "what another nat of KL would save; not judged: 1 is right for the ELBO, not for importance weights"
        return Finding(RATE, rate.mean, "", "none", UNKNOWN, sentence, (), rate.standard_error)
    if math.isnan(rate.mean):
        return Finding(RATE, math.nan, "", asked, UNKNOWN, NO_RATE)
    status, remedy = OK, ()
    sentence = "what the last nat of KL saves in reconstruction; 1 is best for the bound"
    # What the error leaves open counts in favour of the model.
    lowest, highest = (rate.mean + sign * N_SIGMA * rate.standard_error for sign in (-1, 1))
    if lowest > HIGH_RATE[0]:
        status = FAULT if lowest > HIGH_RATE[1] else WARNING
        sentence = "nats of reconstruction that another nat of KL would save"
        if beta > 1.0:
            sentence += f": beta={beta:g} costs that much of the bound (keep it if it is worth it to you)"
            remedy = (BETA_1,)
        else:
            sentence += f", although beta={beta:g}: the training has not come to rest"
            remedy = (LONGER,)
    elif highest < LOW_RATE[0]:
        status = FAULT if highest < LOW_RATE[1] else WARNING
        sentence = "nats of reconstruction that the last nat of KL saves: codes are kept apart for nothing"
        remedy = (BETA_1,)
    elif not LOW_RATE[1] < rate.mean < HIGH_RATE[1]:
        status, sentence = UNKNOWN, f"not judged: its error of {rate.standard_error:.2g} is too large"
    return Finding(RATE, rate.mean, "", asked, status, sentence, remedy, rate.standard_error)


def judge_idle_dimensions(information: np.ndarray, gain: Estimate | None, kl: float) -> Finding:
    """Dimensions that hold nothing: harmless, unless the residuals hold something for them.

    Args:
        information: array `(latent_dim,)`. Mutual information of each dimension with x, nats.
        gain: `Estimate` or None. What further dimensions would gain, nats; `n_samples` is their number. None for
            targets of their own and for columns of several kinds.
        kl: float. Average KL, nats.
    """
    latent_dim, n_idle = len(information), int((information < LITTLE).sum())
    limit, fault = (max(LITTLE, share * kl) for share in GAIN_SHARES)
    idle = (
        f"{n_idle or 'none'} of {latent_dim} dimensions {'hold' if n_idle > 1 else 'holds'} less than {LITTLE:g} nats"
    )
    asked = f"<= {limit:.2g}"
    if gain is None:
        sentence = f"{idle}; not judged: no residuals are measured of columns of several kinds, of targets, of texts"
        return Finding(LEFT, math.nan, "nats", asked, UNKNOWN, sentence)
    if gain.mean <= limit:
        status, remedy = OK, ()
        end = "idle they cost nothing: the residuals hold no more for them" if n_idle else "the residuals hold no more"
        sentence = f"{idle}; {end}"
    elif gain.mean < N_SIGMA * gain.standard_error:
        status, remedy = UNKNOWN, ()
        sentence = f"{idle}; not judged: what the residuals hold is known to {gain.standard_error:.2g} nats only"
    elif n_idle:
        status, remedy = FAULT, (FREE_BITS, ANNEALING, LONGER)
        sentence = f"at least; {idle}, while the residuals hold structure that would pay for them"
    else:
        more = max(2 * latent_dim, latent_dim + (gain.n_samples or 0))
        status, remedy = FAULT if gain.mean > fault else WARNING, (latent_dim_of(more), LONGER)
        sentence = f"at least; {idle}; the residuals hold structure for more dimensions or for longer training"
    return Finding(LEFT, gain.mean, "nats", asked, status, sentence, remedy, gain.standard_error)


def judge_variance(variance: np.ndarray, clipped: float) -> Finding:
    """Posterior variances at an end: points, the prior itself, or an encoder that clips.

    Args:
        variance: array `(latent_dim,)`. Mean over the data.
        clipped: float. Share of all log variances that stand at one end.
    """
    n_points, n_prior = int((variance < POINT_VARIANCE).sum()), int((variance > PRIOR_VARIANCE).sum())
    share = n_points / len(variance)
    sentence = (
        f"of the dimensions have posteriors that are all but points; {n_prior} of {len(variance)} keep the prior's"
    )
    status, remedy = OK, ()
    if clipped > CLIPPED_SHARE:
        status, sentence = WARNING, f"{clipped:.0%} of the log variances stand at one end: the encoder clips them"
        remedy = (BETA_1,)
    elif share > 0.5:
        status, remedy = WARNING, (BETA_1,)
    threshold = f"<= 0.5 with variance < {POINT_VARIANCE:g}"
    return Finding(VARIANCE, share, SHARE, threshold, status, sentence, remedy)
