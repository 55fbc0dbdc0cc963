"""How much of a text comes back from its code: BLEU, and the share that comes back word for word, by length."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from keras_vae._checks import check_sizes
from keras_vae.tasks.bleu import bleu


@dataclasses.dataclass(frozen=True)
class ReconstructionQuality:
    """Measures of reconstructions, of all texts or of those of some lengths.

    Args:
        bleu: float, 0 to 100. Corpus BLEU of up to four words, of the texts as they are split by blanks.
        exact: float. Share of texts that come back word for word.
        n: int. Texts.
        longest: int or None. The texts have at most so many words, and more than those of the bucket before; None for
            any number.
        by_length: tuple of the same for every bucket that holds a text, the shortest first.
    """

    bleu: float
    exact: float
    n: int
    longest: int | None = None
    by_length: tuple["ReconstructionQuality", ...] = ()


def reconstruction_quality(
    texts: Sequence[str], reconstructions: Sequence[str], buckets: Sequence[int] = (10, 20, 30)
) -> ReconstructionQuality:
    """BLEU and exact matches of reconstructions, in all and by the length of the original.

    Nothing is tokenised or changed: words are what stands between blanks, so the figures are for texts in which
    punctuation stands apart.

    Args:
        texts: list of str. The originals.
        reconstructions: list of str, one for each.
        buckets: increasing ints >= 1. Words up to which a bucket goes; the last one holds all longer texts.

    Returns:
        `ReconstructionQuality`.

    Raises:
        ImportError: if sacrebleu is not installed.
        ValueError: if there are no texts, not as many reconstructions, or `buckets` do not increase.

    Examples:
        >>> from keras_vae.tasks.text import reconstruction_quality
        >>> found = reconstruction_quality(["a cat sat down", "a dog"], ["a cat sat down", "a cow"])
        >>> found.exact, found.n
        (0.5, 2)

    References:
        Post 2018 (sacrebleu). https://aclanthology.org/W18-6319
    """
    texts, reconstructions = list(texts), list(reconstructions)
    if not texts or len(texts) != len(reconstructions):
        raise ValueError(
            "`texts` and `reconstructions` must be as many, and at least one. "
            f"Received: {len(texts)} and {len(reconstructions)}"
        )
    buckets = check_sizes("buckets", buckets)
    if list(buckets) != sorted(set(buckets)):
        raise ValueError(f"`buckets` must increase. Received: buckets={buckets}")
    bucket = np.searchsorted(buckets, [len(text.split()) for text in texts])
    pairs = np.array([texts, reconstructions], dtype=object)
    by_length = tuple(
        _quality(*pairs[:, bucket == i], longest) for i, longest in enumerate((*buckets, None)) if np.any(bucket == i)
    )
    return dataclasses.replace(_quality(*pairs, None), by_length=by_length)


def _quality(texts, reconstructions, longest):
    exact = float(np.mean([a.split() == b.split() for a, b in zip(texts, reconstructions, strict=True)]))
    return ReconstructionQuality(bleu(texts, reconstructions), exact, len(texts), longest)
