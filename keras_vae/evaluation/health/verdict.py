"""One verdict from all findings: the first fault by cause, or what else keeps a model from being healthy."""

import math

from keras_vae.evaluation.health.finding import (
    ACTIVE_UNITS,
    CODE_USE,
    FAULT,
    GAP,
    HOLES,
    INFORMATION,
    LAYERS,
    LEFT,
    MARGINAL,
    OK,
    RATE,
    TRAINING_ON,
    UNCOVERED,
    UNKNOWN,
    VARIANCE,
    WARNING,
    Finding,
)
from keras_vae.evaluation.health.remedies import FREE_BITS, LONGER

# Share of what is left for the code that training on must gain, for idle dimensions to count as not yet in use.
FILLING = 0.25
HEALTHY, DOUBTFUL, IN_PART = "healthy", "doubtful", "judged in part"
# What each verdict means; asked for in this order, since a fault further up explains those below it.
VERDICTS = {
    "collapsed": "the codes carry nothing, the decoder models the data alone",
    "autoencoder in disguise": "the KL has hardly a price: codes are kept apart for nothing, at the cost of the bound",
    "over-regularised": "the KL is held below what is best for the bound: codes say less than they could",
    "overfitted": "the bound of training examples does not hold for new ones",
    "half-collapsed": "some dimensions lie idle although the data hold something for them",
    "not finished": "the bound of new examples still rises: the training ended too early",
    "too small a code": "the data hold structure for more dimensions than the model has",
    "prior and codes apart": "samples of the prior are not what the data look like",
    DOUBTFUL: "no fault found, but not all is well",
    IN_PART: "no fault found in what could be judged",
    HEALTHY: "no fault found",
}
_LEADS_TO = {
    ACTIVE_UNITS: "collapsed",
    LAYERS: "collapsed",
    INFORMATION: "collapsed",
    CODE_USE: "collapsed",
    RATE: "over-regularised",
    GAP: "overfitted",
    LEFT: "too small a code",
    TRAINING_ON: "not finished",
    MARGINAL: "prior and codes apart",
    HOLES: "prior and codes apart",
    UNCOVERED: "prior and codes apart",
    VARIANCE: "autoencoder in disguise",
}


def leads_to(finding: Finding) -> str | None:
    """The verdict that a finding leads to by its status, or None where it is ok."""
    if finding.status != FAULT:
        return {OK: None, WARNING: DOUBTFUL, UNKNOWN: IN_PART}[finding.status]
    if finding.name == RATE:
        if not finding.value > 1.0:
            return "autoencoder in disguise"
        return "not finished" if LONGER in finding.remedy else "over-regularised"
    # Of the two faults of the same number the remedies say which: dimensions are to be filled, or to be added.
    if finding.name == LEFT and FREE_BITS in finding.remedy:
        return "half-collapsed"
    return _LEADS_TO.get(finding.name, DOUBTFUL)


def verdict_of(findings: tuple[Finding, ...]) -> str:
    """The key of `VERDICTS`: "healthy" only if every finding is ok."""
    reached = {leads_to(finding) for finding in findings}
    if "not finished" in reached and _is_filling(findings):
        reached -= {"collapsed", "half-collapsed"}
    return next((name for name in VERDICTS if name in reached), HEALTHY)


def _is_filling(findings):
    """Whether a little training brings a good part of what idle dimensions could hold: they are not stuck."""
    values = {finding.name: finding.value for finding in findings}
    gain, left = (values.get(name, math.nan) for name in (TRAINING_ON, LEFT))
    return gain >= FILLING * max(left, 0.0)


def sentence_of(verdict: str, findings: tuple[Finding, ...]) -> str:
    """What a verdict means, followed by further faults, warnings, and what is not judged."""
    sentence = VERDICTS[verdict]
    others = [f.name for f in findings if f.status == FAULT and leads_to(f) != verdict]
    doubtful = [f.name for f in findings if f.status == WARNING]
    unknown = [f.name for f in findings if f.status == UNKNOWN]
    if others:
        sentence += f"; further faults: {', '.join(others)}"
    if doubtful:
        sentence += f"; look at: {', '.join(doubtful)}"
    if unknown:
        sentence += f"; not judged: {', '.join(unknown)}"
    return sentence
