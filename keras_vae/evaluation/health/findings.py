"""What a measured number means: ok, a warning or a fault, a sentence, and the remedies that would change it."""

import dataclasses
import math

from keras_vae.evaluation.health.remedies import (
    ANNEALING,
    BETA_1,
    EARLY_STOPPING,
    ELBO_FIRST,
    FEWER_UNITS,
    FLEXIBLE_PRIOR,
    FREE_BITS,
    LONGER,
    epochs_of,
    latent_dim_of,
)

OK, WARNING, FAULT = "ok", "warning", "fault"

# Nats. Less than this, and a code or a dimension of it as good as says nothing.
LITTLE = 0.1
# A claim needs so many standard errors.
N_SIGMA = 3.0
# (warning, fault). The price of a nat, which is 1 at the optimum of the bound, upwards and downwards.
HIGH_RATE, LOW_RATE = (1.25, 1.5), (0.5, 0.2)
# (warning, fault). Shares that are 0.05 where prior and codes agree.
MISMATCH = (0.25, 0.5)
# (warning, fault). How often a training example has a higher bound than a test example; 0.5 for a model that has
# memorised nothing.
RECOGNITION = (0.6, 0.7)
# What idle dimensions could gain counts from this share of the KL, and from LITTLE.
GAIN_SHARE = 0.05
# Variance of a posterior that is all but a point, and of one that is all but the prior.
POINT_VARIANCE, PRIOR_VARIANCE = 1e-3, 0.95
# Share of log variances at one and the same end: an encoder that clips them.
CLIPPED_SHARE = 0.01
# KL of the marginals of the codes from the prior, nats, and as a share of the KL.
MARGINAL_KL, MARGINAL_SHARE = 1.0, 0.1

SHARE = "share"
# The names of the findings.
ACTIVE_UNITS, INFORMATION, CODE_USE, LEFT = "active units", "mutual information", "use of the code", "left for the code"
RATE, MARGINAL, HOLES, UNCOVERED = "nats per nat of KL", "marginal KL", "holes", "codes beyond the prior"
VARIANCE, GAP = "posterior variance", "train-test gap"

NO_RATE = "cannot be told: to narrow the posteriors does not raise the KL"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One measured number and what it means.

    Args:
        name: str.
        value: float; NaN where it cannot be measured.
        unit: str.
        threshold: str. What was asked of the value.
        status: "ok", "warning" or "fault".
        sentence: str.
        remedy: tuple of `Remedy`. Alternatives.
        standard_error: float or None.
    """

    name: str
    value: float
    unit: str
    threshold: str
    status: str
    sentence: str
    remedy: tuple = ()
    standard_error: float | None = None

    def as_dict(self):
        """The finding for JSON, which has no NaN: None instead."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name in ("value", "standard_error"):
            fields[name] = _finite(fields[name])
        return {**fields, "remedy": [remedy.as_dict() for remedy in self.remedy]}


def for_model(finding, beta, weighted=False):
    """The finding with only those remedies that would change something about the model.

    Args:
        finding: `Finding`.
        beta: float. Of the model.
        weighted: bool. Whether the model is trained on the importance-weighted bound, which has neither a weight nor a
            floor of the KL.
    """
    without_effect = (FREE_BITS, ANNEALING, BETA_1) if weighted else (BETA_1,) if beta == 1.0 else ()
    kept = tuple(remedy for remedy in finding.remedy if remedy not in without_effect)
    if finding.remedy and not kept:
        kept = (ELBO_FIRST,) if weighted else (LONGER,) if finding.name == RATE else ()
    return dataclasses.replace(finding, remedy=kept)


def _finite(value):
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(value)


def _status(value, limits):
    """By limits (warning, fault) upwards."""
    return FAULT if value > limits[1] else WARNING if value > limits[0] else OK


def judge_active_units(n_active, latent_dim, threshold, beta):
    """How many dimensions have a posterior mean that varies over the data."""
    asked = f">= 1 with variance of the posterior mean > {threshold:g}"
    sentence = f"dimensions whose posterior mean varies over the data, variance > {threshold:g}"
    if n_active:
        return Finding(ACTIVE_UNITS, n_active, f"of {latent_dim}", asked, OK, sentence)
    sentence = f"no posterior mean varies over the data by a variance > {threshold:g}"
    return Finding(ACTIVE_UNITS, 0, f"of {latent_dim}", asked, FAULT, sentence, _against_collapse(beta))


def judge_information(split, beta):
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


def judge_code_use(use, beta):
    """What the reconstruction loses with the code of another example."""
    asked = f">= {LITTLE:g} and {N_SIGMA:g} standard errors"
    status, remedy = OK, ()
    sentence = "what the reconstruction loses with the code of another example"
    if use.mean < max(LITTLE, N_SIGMA * use.standard_error):
        status, remedy = FAULT, _against_collapse(beta)
        sentence = "the decoder ignores z: with the code of another example it reconstructs as well"
    return Finding(CODE_USE, use.mean, "nats", asked, status, sentence, remedy, use.standard_error)


def _against_collapse(beta):
    return ((BETA_1,) if beta > 1.0 else ()) + (FREE_BITS, ANNEALING)


def judge_exchange_rate(rate, beta, weighted=False):
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
        return Finding(RATE, rate.mean, "", "none", OK, sentence, (), rate.standard_error)
    if math.isnan(rate.mean):
        return Finding(RATE, math.nan, "", asked, OK, NO_RATE)
    status, remedy = OK, ()
    sentence = "what the last nat of KL saves in reconstruction; 1 is best for the bound"
    # What the error leaves open counts in favour of the model.
    lowest, highest = (rate.mean + sign * N_SIGMA * rate.standard_error for sign in (-1, 1))
    if lowest > HIGH_RATE[0]:
        status = _status(lowest, HIGH_RATE)
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
    return Finding(RATE, rate.mean, "", asked, status, sentence, remedy, rate.standard_error)


def judge_idle_dimensions(information, gain, kl):
    """Dimensions that hold nothing: harmless, unless the residuals hold something for them.

    Args:
        information: array `(latent_dim,)`. Mutual information of each dimension with x, nats.
        gain: `Estimate` or None. What further dimensions would gain, nats.
        kl: float. Average KL, nats.
    """
    latent_dim, n_idle = len(information), int((information < LITTLE).sum())
    limit = max(LITTLE, GAIN_SHARE * kl)
    idle = (
        f"{n_idle or 'none'} of {latent_dim} dimensions {'hold' if n_idle > 1 else 'holds'} less than {LITTLE:g} nats"
    )
    asked = f"<= {limit:.2g}"
    if gain is None:
        return Finding(LEFT, math.nan, "nats", asked, OK, f"{idle}; what is left in the data was not measured")
    if gain.mean <= limit or gain.mean < N_SIGMA * gain.standard_error:
        status, remedy = OK, ()
        end = "idle they cost nothing: the residuals hold no more for them" if n_idle else "the residuals hold no more"
        sentence = f"{idle}; {end}"
    elif n_idle:
        status, remedy = FAULT, (FREE_BITS, ANNEALING, LONGER)
        sentence = f"{idle}, while the residuals hold structure that would pay for them"
    else:
        status, remedy = WARNING, (LONGER, latent_dim_of(2 * latent_dim))
        sentence = f"{idle}; the residuals hold structure for longer training or for more dimensions"
    return Finding(LEFT, gain.mean, "nats", asked, status, sentence, remedy, gain.standard_error)


def judge_marginal_kl(split):
    """Distance of all codes together from the prior."""
    value = split.marginal_kl if split.dimension_kl is None else float(split.dimension_kl.sum())
    errors = split.standard_error
    error = errors["marginal_kl"] if split.dimension_kl is None else float((errors["dimension_kl"] ** 2).sum() ** 0.5)
    limit = max(MARGINAL_KL, MARGINAL_SHARE * split.kl)
    far = value - N_SIGMA * error > limit
    sentence = "of each dimension of all codes together from the prior, summed"
    if split.dimension_kl is None:
        sentence = "of all codes together from the prior"
    sentence += f"; jointly {split.marginal_kl:.2f}, few examples included" if split.dimension_kl is not None else ""
    sentence = ("the codes are not spread as the prior is: KL " if far else "KL ") + sentence
    remedy = (BETA_1, FLEXIBLE_PRIOR) if far else ()
    status = WARNING if far else OK
    return Finding(MARGINAL, value, "nats", f"<= {limit:.2g}", status, sentence, remedy, error)


def judge_holes(tail):
    """Share of prior samples that are unlike any code."""
    sentences = (
        "of the samples of the prior lie where next to no code does",
        "of the samples of the prior lie where next to no code does: they decode to what no data looks like",
    )
    return _judge_mismatch(HOLES, tail, *sentences)


def judge_uncovered(tail):
    """Share of codes where the prior hardly ever draws."""
    sentences = (
        "of the codes lie where the prior hardly ever draws",
        "of the codes lie where the prior hardly ever draws: samples show only some of what the data hold",
    )
    return _judge_mismatch(UNCOVERED, tail, *sentences)


def _judge_mismatch(name, tail, sentence_ok, sentence_bad):
    status = _status(tail.share - N_SIGMA * tail.standard_error, MISMATCH)
    threshold = f"<= {MISMATCH[0]:g}; {tail.tail:g} where prior and codes are one"
    sentence, remedy = (sentence_ok, ()) if status == OK else (sentence_bad, (BETA_1, FLEXIBLE_PRIOR))
    return Finding(name, tail.share, SHARE, threshold, status, sentence, remedy, tail.standard_error)


def judge_variance(variance, clipped):
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


def judge_gap(gap, recognition, latent_dim, best_epoch=None):
    """Train-test gap of the bound.

    Args:
        gap: `Estimate`. Bound on training less that on test examples, nats.
        recognition: float. Share of pairs in which the training example has the higher bound.
        latent_dim: int.
        best_epoch: int or None. Epoch at which the bound of the test examples was highest.
    """
    significant = gap.mean > N_SIGMA * gap.standard_error
    status = _status(recognition, RECOGNITION) if significant else OK
    sentence = f"a training example has the higher bound in {recognition:.0%} of pairs"
    remedy = ()
    if status != OK:
        sentence += ": the model has learned its training examples by heart"
        remedy = (EARLY_STOPPING, FEWER_UNITS, latent_dim_of(max(1, latent_dim // 2)))
        if best_epoch is not None:
            sentence += f"; the bound was best after epoch {best_epoch}"
            remedy = (epochs_of(best_epoch), *remedy)
    threshold = f"recognition <= {RECOGNITION[0]:.0%}"
    return Finding(GAP, gap.mean, "nats", threshold, status, sentence, remedy, gap.standard_error)
