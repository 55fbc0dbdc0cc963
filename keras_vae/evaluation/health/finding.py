"""One measured number about a model and what it means, and the names and limits of all of them."""

import dataclasses
import math

from keras_vae.evaluation.health.remedies import (
    ANNEALING,
    BETA_1,
    ELBO_FIRST,
    FLEXIBLE_PRIOR,
    FREE_BITS,
    LONGER,
)

# What could not be judged is none of the first three.
OK, WARNING, FAULT, UNKNOWN = "ok", "warning", "fault", "unknown"

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
# (warning, fault). The same for dimensions that the model has not, and for training on.
GAIN_SHARES = (GAIN_SHARE, 0.1)
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
VARIANCE, GAP, TRAINING_ON = "posterior variance", "train-test gap", "training on"
# Of a ladder.
LAYERS = "layers in use"

NO_RATE = "cannot be told: to narrow the posteriors does not raise the KL"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One measured number and what it means.

    Args:
        name: str.
        value: float; NaN where it cannot be measured.
        unit: str.
        threshold: str. What was asked of the value.
        status: "ok", "warning", "fault", or "unknown" for what could not be judged.
        sentence: str.
        remedy: tuple of `Remedy`. Alternatives.
        standard_error: float or None.

    Examples:
        >>> finding = report.finding("active units")
        >>> finding.status, finding.unit
        ('ok', 'of 4')
    """

    name: str
    value: float
    unit: str
    threshold: str
    status: str
    sentence: str
    remedy: tuple = ()
    standard_error: float | None = None

    def as_dict(self) -> dict:
        """The finding for JSON, which has no NaN: None instead."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name in ("value", "standard_error"):
            fields[name] = _finite(fields[name])
        return {**fields, "remedy": [remedy.as_dict() for remedy in self.remedy]}


def for_model(finding: Finding, beta: float, weighted: bool = False, layered: bool = False) -> Finding:
    """The finding with only those remedies that would change something about the model.

    Args:
        finding: `Finding`.
        beta: float. Of the model.
        weighted: bool. Whether the model is trained on the importance-weighted bound, which has neither a weight nor a
            floor of the KL.
        layered: bool. Whether it is a ladder, whose prior is part of its decoder.
    """
    without_effect = (FREE_BITS, ANNEALING, BETA_1) if weighted else (BETA_1,) if beta == 1.0 else ()
    without_effect += (FLEXIBLE_PRIOR,) if layered else ()
    kept = tuple(remedy for remedy in finding.remedy if remedy not in without_effect)
    if finding.remedy and not kept:
        kept = (ELBO_FIRST,) if weighted else (LONGER,) if finding.name == RATE else ()
    return dataclasses.replace(finding, remedy=kept)


def _finite(value):
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(value)


def unknown(name: str, unit: str, threshold: str, reason: str) -> Finding:
    """The finding of what could not be measured, and why not."""
    return Finding(name, math.nan, unit, threshold, UNKNOWN, f"not judged: {reason}")
