"""What the numbers about prior, training and held-out data mean: holes, the gap, and whether training has ended."""

import math

from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health.finding import (
    FAULT,
    GAIN_SHARES,
    GAP,
    HOLES,
    LITTLE,
    MARGINAL,
    MARGINAL_KL,
    MARGINAL_SHARE,
    MISMATCH,
    N_SIGMA,
    OK,
    RECOGNITION,
    SHARE,
    TRAINING_ON,
    UNCOVERED,
    UNKNOWN,
    WARNING,
    Finding,
    unknown,
)
from keras_vae.evaluation.health.prior import TailShare
from keras_vae.evaluation.health.remedies import (
    BETA_1,
    EARLY_STOPPING,
    FEWER_UNITS,
    FLEXIBLE_PRIOR,
    LONGER,
    epochs_of,
    latent_dim_of,
)
from keras_vae.evaluation.kl_split import KLSplit


def judge_marginal_kl(split: KLSplit) -> Finding:
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


def judge_holes(tail: TailShare | None) -> Finding:
    """Share of prior samples that are unlike any code."""
    sentences = (
        "of the samples of the prior lie where next to no code does",
        "of the samples of the prior lie where next to no code does: they decode to what no data looks like",
    )
    return _judge_mismatch(HOLES, tail, *sentences)


def judge_uncovered(tail: TailShare | None) -> Finding:
    """Share of codes where the prior hardly ever draws."""
    sentences = (
        "of the codes lie where the prior hardly ever draws",
        "of the codes lie where the prior hardly ever draws: samples show only some of what the data hold",
    )
    return _judge_mismatch(UNCOVERED, tail, *sentences)


def _judge_mismatch(name, tail, sentence_ok, sentence_bad):
    threshold = f"<= {MISMATCH[0]:g}; 0.05 where prior and codes are one"
    if tail is None:
        return unknown(name, SHARE, threshold, "the prior cannot be sampled, or has no density")
    status = level(tail.share - N_SIGMA * tail.standard_error, MISMATCH)
    if status == OK and (tail.share > MISMATCH[1] or tail.tail + N_SIGMA * tail.standard_error > MISMATCH[1]):
        sentence = f"{sentence_ok}; not judged: the error of {tail.standard_error:.0%} is too large"
        return Finding(name, tail.share, SHARE, threshold, UNKNOWN, sentence, (), tail.standard_error)
    sentence, remedy = (sentence_ok, ()) if status == OK else (sentence_bad, (BETA_1, FLEXIBLE_PRIOR))
    return Finding(name, tail.share, SHARE, threshold, status, sentence, remedy, tail.standard_error)


def level(value: float, limits: tuple) -> str:
    """The status by limits (warning, fault) upwards."""
    return FAULT if value > limits[1] else WARNING if value > limits[0] else OK


def judge_gap(
    gap: Estimate | None,
    recognition: float | None,
    latent_dim: int | None,
    best_epoch: int | None = None,
    n_rows: tuple[int, int] | None = None,
) -> Finding:
    """Train-test gap of the bound.

    Few examples far out make a mean gap with a large error. So ranks are asked as well: that the higher bound is the
    training example's more often than chance.

    Args:
        gap: `Estimate` or None. Bound on training less that on test examples, nats.
        recognition: float or None. Share of pairs in which the training example has the higher bound.
        latent_dim: int; None for a ladder, which has several.
        best_epoch: int or None. Epoch at which the bound of the test examples was highest.
        n_rows: pair of ints or None. Training and test examples, for the error of the recognition.
    """
    threshold = f"recognition <= {RECOGNITION[0]:.0%}"
    if gap is None:
        return unknown(GAP, "nats", threshold, "without training examples beside held-out ones")
    error = 0.0 if n_rows is None else recognition_error(*n_rows)
    significant = gap.mean > N_SIGMA * gap.standard_error or (error > 0 and recognition - 0.5 > N_SIGMA * error)
    status = level(recognition, RECOGNITION) if significant else OK
    sentence = f"a training example has the higher bound in {recognition:.0%} of pairs"
    remedy = ()
    if status != OK:
        sentence += ": the model has learned its training examples by heart"
        remedy = (EARLY_STOPPING, FEWER_UNITS)
        if latent_dim is not None:
            remedy = (*remedy, latent_dim_of(max(1, latent_dim // 2)))
        if best_epoch is not None:
            sentence += f"; the bound was best after epoch {best_epoch}"
            remedy = (epochs_of(best_epoch), *remedy)
    elif N_SIGMA * error > RECOGNITION[1] - 0.5 or recognition > RECOGNITION[1]:
        status = UNKNOWN
        sentence += f"; not judged: so few examples tell it to {error:.0%}"
    return Finding(GAP, gap.mean, "nats", threshold, status, sentence, remedy, gap.standard_error)


def recognition_error(n_train: int, n_test: int) -> float:
    """Standard error of the recognition where nothing tells training examples from others, and it is one half.

    References:
        Mann & Whitney 1947, section 2: the variance of U without ties.
    """
    return math.sqrt((n_train + n_test + 1) / (12.0 * n_train * n_test))


def judge_training_on(gain: Estimate | None, kl: float, from_history: bool) -> Finding:
    """Whether training on would raise the bound.

    Args:
        gain: `Estimate` or None. Nats of the last quarter of the training, or of some steps more.
        kl: float. Average KL, nats.
        from_history: bool. Whether it was read off the history.
    """
    limits = tuple(max(LITTLE, share * kl) for share in GAIN_SHARES)
    asked = f"<= {limits[0]:.2g}"
    if gain is None:
        return unknown(TRAINING_ON, "nats", asked, "no weight can be trained")
    sentence = (
        "what the last quarter of the training gained on held-out data, over the quarter before"
        if from_history
        else "what a few more steps of training gain on held-out data"
    )
    status, remedy = level(gain.mean, limits), ()
    if status != OK and not gain.mean > N_SIGMA * gain.standard_error:
        status = UNKNOWN
        sentence += f"; not judged: its error is {gain.standard_error:.2g}"
    elif status != OK:
        sentence, remedy = f"{sentence}: the training is not finished", (LONGER,)
    return Finding(TRAINING_ON, gain.mean, "nats", asked, status, sentence, remedy, gain.standard_error)
