"""Where a text has gaps that are to be filled."""

import numpy as np
import tensorflow as tf

from keras_vae._token_ids import UNKNOWN_ID
from keras_vae.data.text_units import key_of, split_text

UNITS = ("words", "characters")


def rows_with_gaps(tokenizer, texts, gap):
    """Token ids of texts, with the unknown token in their gaps, and where these are.

    Args:
        tokenizer: `data.Tokenizer` of words or characters.
        texts: list of str.
        gap: str. The word, or character, that stands for a gap.

    Returns:
        `(tokens, is_gap)`, int32 and bool, each `(n, steps)`.

    Raises:
        ValueError: for texts without a gap, a gap of more than one token, or a tokenizer of bytes or pieces.
    """
    if tokenizer.unit not in UNITS:
        raise ValueError(f"`impute` fills gaps of words or characters. Received: a tokenizer of {tokenizer.unit}")
    units = split_text(tf.constant([gap]), tokenizer.unit, False)
    if units.row_lengths().numpy().tolist() != [1]:
        raise ValueError(f"`gap` must be one of the {tokenizer.unit} of a text. Received: gap={gap!r}")
    tokens = tokenizer.rows(texts)
    found = split_text(tf.constant(list(texts)), tokenizer.unit, False) == key_of(gap, tokenizer.unit)
    found = found.to_tensor(False).numpy()
    if not found.any():
        raise ValueError(f"`x` must have a text with a gap, {gap!r} as one of its {tokenizer.unit}. Received: none")
    is_gap = np.zeros(tokens.shape, bool)
    is_gap[:, : found.shape[1]] = found
    return np.where(is_gap, UNKNOWN_ID, tokens).astype(np.int32), is_gap
