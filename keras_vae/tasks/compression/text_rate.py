"""What the codes of sentences cost once they are rounded and packed, and how much of the sentences comes back."""

from typing import NamedTuple

import numpy as np

from keras_vae._checks import check_number
from keras_vae.tasks.bleu import bleu
from keras_vae.tasks.compression.text.code_tables import CodeTables

# Widths of the steps in standard deviations of the posterior.
STEPS = (1.0, 2.0, 4.0, 8.0)


class TextRatePoint(NamedTuple):
    """One point of a curve of rate and reconstruction.

    Attributes:
        step: float. Width of the steps of a code, in standard deviations of the posterior.
        bits_per_text: float. Of the bytes that hold all codes, as they are decoded.
        bleu: float, 0 to 100. Corpus BLEU of up to four words, of the texts as they are split by blanks.
        exact: float. Share of texts that come back word for word.

    Examples:
        >>> from keras_vae.tasks.compression import TextRatePoint
        >>> TextRatePoint(step=2.0, bits_per_text=25.0, bleu=10.0, exact=0.05).bleu
        10.0
    """

    step: float
    bits_per_text: float
    bleu: float
    exact: float


def text_rate_curve(model, texts, known, steps=STEPS, strategy="greedy", **search):
    """Lossy compression of texts by their codes alone: rate against what comes back, measured on bytes.

    The mean of q(z given x) is rounded to steps that are as wide as the posterior allows, packed by a range coder, and
    decoded to a text. One model gives a curve by its steps; models of several beta give more of it.

    Args:
        model: `SequenceVAE`.
        texts: list of str, n >= 1.
        known: list of str, two or more. Texts of the training part, by whose codes the coder knows what is likely.
        steps: sequence of floats > 0.
        strategy, **search: as of `SequenceVAE.decode`.

    Returns:
        list of `TextRatePoint`, the fewest bits first.

    Raises:
        ImportError: without sacrebleu or constriction.
        ValueError: for a model without codes, or arguments out of range.

    Examples:
        >>> from keras_vae.tasks.compression import text_rate_curve
        >>> texts = ["the cat sat", "the dog sat down", "a cat ran"]
        >>> model = kv.make_sequence_vae(kv.data.Tokenizer.learn(texts), latent_dim=2, units=8, seed=0)
        >>> [point.step for point in text_rate_curve(model, texts, texts, steps=(1.0, 4.0))]
        [4.0, 1.0]
    """
    if not getattr(model, "latent_dim", 0):
        raise ValueError(f"`model` must have codes, as a SequenceVAE. Received: {type(model).__name__}")
    steps = [check_number("steps", step, minimum=0.0, exclusive=True) for step in steps]
    for name, given, least in (("texts", texts, 1), ("known", known, 2)):
        if len(given) < least:
            raise ValueError(f"`{name}` must hold at least {least} texts. Received: {len(given)}")
    posteriors, means = model.encode(known), np.asarray(model.encode(texts)[0])
    points = []
    for step in sorted(steps, reverse=True):
        tables = CodeTables(*posteriors[:2], step)
        data = tables.pack(tables.rounded(means))
        back = model.decode(tables.codes(tables.unpack(data, len(texts))), strategy=strategy, **search)
        exact = float(np.mean([a.split() == b.split() for a, b in zip(texts, back, strict=True)]))
        points.append(TextRatePoint(step, 8 * len(data) / len(texts), bleu(texts, back), exact))
    return points
