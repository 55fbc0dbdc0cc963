"""BLEU of texts that come back from a code, for every use that gives texts back."""

from collections.abc import Sequence

MISSING = 'BLEU needs the package sacrebleu: pip install "keras_vae[text]"'


def bleu(texts: Sequence[str], reconstructions: Sequence[str]) -> float:
    """Corpus BLEU, 0 to 100, of words as they stand between blanks.

    Args:
        texts: list of str. The originals.
        reconstructions: list of str, one for each.

    Raises:
        ImportError: if sacrebleu is not installed.

    Examples:
        >>> from keras_vae.tasks.text import bleu
        >>> round(bleu(["a cat sat down here"], ["a cat sat down there"]), 1)
        66.9
    """
    try:
        import sacrebleu
    except ImportError:
        raise ImportError(MISSING) from None
    # `force` is about a warning that texts look tokenised, which they are meant to be.
    return sacrebleu.corpus_bleu(list(reconstructions), [list(texts)], tokenize="none", force=True).score
