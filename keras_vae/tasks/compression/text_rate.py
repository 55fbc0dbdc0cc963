"""What codes and first words of sentences cost once they are packed, and how much of the sentences comes back."""

from typing import NamedTuple

import numpy as np

from keras_vae._checks import check_int, check_number
from keras_vae.tasks.bleu import bleu
from keras_vae.tasks.compression.text.code_tables import CodeTables
from keras_vae.tasks.compression.text.first_words import FirstWords
from keras_vae.tasks.compression.text_compressor import check_text_model

# Widths of the steps in standard deviations of the posterior.
STEPS = (1.0, 2.0, 4.0, 8.0)
# What stands for any token among those that are forced.
ANY = -1


class TextRatePoint(NamedTuple):
    """One point of a curve of rate and reconstruction.

    Attributes:
        step: float. Width of the steps of a code, in standard deviations of the posterior; 0 without codes.
        first_words: int. Tokens at the beginning of each text that are told beside its code.
        bits_per_text: float. Of the bytes that hold all codes and first words, as they are decoded.
        bleu: float, 0 to 100. Corpus BLEU of up to four words, of the texts as they are split by blanks.
        exact: float. Share of texts that come back word for word.

    Examples:
        >>> from keras_vae.tasks.compression import TextRatePoint
        >>> TextRatePoint(step=2.0, first_words=0, bits_per_text=25.0, bleu=10.0, exact=0.05).bleu
        10.0
    """

    step: float
    first_words: int
    bits_per_text: float
    bleu: float
    exact: float


def text_rate_curve(model, texts, known, steps=STEPS, first_words=(0,), strategy="greedy", **search):
    """Lossy compression of texts by their codes and first words: rate against what comes back, measured on bytes.

    The mean of q(z given x) is rounded to steps that are as wide as the posterior allows, and packed by a range coder.
    Given that code, the first words are packed by the probabilities of the decoder, which then writes the rest. One
    model gives a curve by its steps and numbers of words; models of several beta give more of it. A `LanguageModel`,
    which has no codes, writes the rest after the first words alone.

    Args:
        model: `SequenceVAE` or `LanguageModel`.
        texts: list of str, n >= 1, of at most `model.max_length` tokens each, the end included.
        known: list of str, two or more, of the training part: by their codes the coder knows what is likely. Without
            codes it may be empty.
        steps: sequence of floats > 0; without codes there is one, 0.
        first_words: sequence of ints >= 0. Tokens that are told of each text, the end included; unknown ones as such.
        strategy, **search: as of `SequenceVAE.decode`.

    Returns:
        list of `TextRatePoint`, the fewest bits first: one for every step and number of words.

    Raises:
        ImportError: without sacrebleu or constriction.
        ValueError: for a model that is none of text, or arguments out of range.

    Examples:
        >>> from keras_vae.tasks.compression import text_rate_curve
        >>> texts = ["the cat sat", "the dog sat down", "a cat ran"]
        >>> model = kv.make_sequence_vae(kv.data.Tokenizer.learn(texts), latent_dim=2, units=8, seed=0)
        >>> [point.exact for point in text_rate_curve(model, texts, texts, steps=(1.0,), first_words=(0, 9))]
        [0.0, 1.0]
    """
    check_text_model(model)
    steps = [check_number("steps", step, minimum=0.0, exclusive=True) for step in steps]
    numbers = [check_int("first_words", number, 0) for number in first_words]
    rows, coder, points = _rows(model, texts), FirstWords(model), []
    for step, n_bytes, z in _sent_codes(model, texts, known, steps):
        for number in numbers:
            data = coder.pack(z, rows, number)
            back = _written(model, z, coder.unpack(data, z, number), strategy, search)
            points.append(_point(step, number, n_bytes + len(data), texts, back))
    return sorted(points, key=lambda point: point.bits_per_text)


def _point(step, number, n_bytes, texts, back):
    exact = float(np.mean([a.split() == b.split() for a, b in zip(texts, back, strict=True)]))
    return TextRatePoint(step, number, 8 * n_bytes / len(texts), bleu(texts, back), exact)


def _rows(model, texts):
    """Tokens of texts, a list of int32 arrays.

    Raises:
        ValueError: if there are none, or one is longer than the model writes.
    """
    _check_count("texts", texts, 1)
    rows = model.tokenizer.ids(texts)
    longest = max(map(len, rows))
    if longest > model.max_length:
        raise ValueError(
            f"`texts` must have at most max_length={model.max_length} tokens a text, the end included. "
            f"Received: {longest}"
        )
    return rows


def _sent_codes(model, texts, known, steps):
    """Steps, the widest first, bytes of all codes, and the codes as they are unpacked, float32 `(n, latent_dim)`."""
    if not getattr(model, "latent_dim", 0):
        yield 0.0, 0, np.zeros((len(texts), 0), np.float32)
        return
    _check_count("known", known, 2)
    posteriors, means = model.encode(known), model.encode(texts)[0]
    for step in sorted(steps, reverse=True):
        tables = CodeTables(*posteriors[:2], step)
        data = tables.pack(tables.rounded(means))
        yield step, len(data), tables.codes(tables.unpack(data, len(texts)))


def _written(model, z, told, strategy, search):
    """Texts from codes and the tokens that they begin with."""
    forced, lengths = None, np.array([len(tokens) for tokens in told])
    if lengths.any():
        forced = np.full((len(z), model.max_length), ANY, np.int32)
        forced[np.arange(model.max_length) < lengths[:, None]] = np.concatenate(told)
    return model.tokenizer.texts(model.write(z, strategy, forced=forced, **search))


def _check_count(name, given, least):
    if len(given) < least:
        raise ValueError(f"`{name}` must hold at least {least} texts. Received: {len(given)}")
