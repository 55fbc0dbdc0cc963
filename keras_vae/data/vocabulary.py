"""What a tokenizer learns from the training part: its vocabulary and how often each token comes."""

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.data.text_pieces import Pieces, learn_pieces
from keras_vae.data.text_units import count_units, lowered

# Tokens that are no part of a vocabulary, see `keras_vae._token_ids`.
N_SPECIAL = 4
N_BYTES = 256
DEFAULT_PIECES = 4000


def learn_vocabulary(
    strings: list[bytes], unit: str, max_tokens: int | None, min_count: int, lower: bool
) -> dict[str, Any]:
    """Vocabulary by falling count, and the counts.

    Args:
        strings: list of bytes, one sentence each.
        unit, max_tokens, min_count, lower: as of `Tokenizer.learn`.

    Returns:
        dict of `vocabulary`, `counts` (those of padding, start, unknown and end first) and `pieces_model`.

    Raises:
        ImportError: if `unit` is `"pieces"` and sentencepiece is not installed.
        ValueError: as `Tokenizer.learn`.
    """
    if not any(map(bytes.strip, strings)):
        raise ValueError(f"`sentences` must hold one that is not blank. Received: {len(strings)} sentences")
    if max_tokens is not None:
        check_int("max_tokens", max_tokens, N_SPECIAL + 1)
    check_int("min_count", min_count, 1)
    if unit == "bytes" and max_tokens not in (None, N_SPECIAL + N_BYTES):
        raise ValueError(f"`max_tokens` means nothing for bytes, which are 256. Received: max_tokens={max_tokens}")
    if unit in ("bytes", "pieces") and min_count > 1:
        raise ValueError(f"`min_count` means nothing for {unit}. Received: min_count={min_count}")
    if unit == "pieces":
        return _learn_pieces(strings, max_tokens or DEFAULT_PIECES, lower)
    found = count_units(strings, unit, lower)
    n_units = sum(count for count, _ in found)
    kept = found if unit == "bytes" else [entry for entry in found if entry[0] >= min_count]
    kept = kept[: None if max_tokens is None else max_tokens - N_SPECIAL]
    if not kept:
        raise ValueError(f"`min_count` must leave one of the {unit}. Received: min_count={min_count}")
    counts = [count for count, _ in kept]
    return _learned([text for _, text in kept], counts, n_units - sum(counts), len(strings))


def _learn_pieces(strings, max_tokens, lower):
    if lower:
        strings = lowered(tf.constant(strings)).numpy().tolist()
    # The model of sentencepiece has one number of its own, its unknown, for our four.
    model = learn_pieces(strings, max_tokens - N_SPECIAL + 1)
    pieces = Pieces(model)
    counts = np.bincount(pieces.split(strings)[0], minlength=len(pieces.names))[1:].tolist()
    ordered = sorted(zip(counts, pieces.names[1:], strict=True), key=lambda entry: (-entry[0], entry[1]))
    counts = [count for count, _ in ordered]
    learned = _learned([name for _, name in ordered], counts, 0, len(strings))
    return learned | {"pieces_model": base64.b64encode(model).decode()}


def _learned(vocabulary, counts, n_unknown, n_sentences):
    return {"vocabulary": vocabulary, "counts": (0, 0, n_unknown, n_sentences, *counts)}


def check_vocabulary(vocabulary: Iterable, unit: str) -> tuple:
    """The entries as a tuple of str, or of bytes of length 1 for the unit "bytes".

    Raises:
        ValueError: if there is none, an entry is no text of this unit or stands there twice, or bytes are not all 256.
    """
    entries = tuple(vocabulary)
    if unit == "bytes":
        entries = tuple(
            bytes([entry]) if isinstance(entry, int) and 0 <= entry < N_BYTES else entry for entry in entries
        )
        if len(entries) != N_BYTES or set(entries) != {bytes([number]) for number in range(N_BYTES)}:
            raise ValueError(f"`vocabulary` must hold each of the 256 bytes once. Received: {len(entries)} entries")
        return entries
    wrong = [e for e in entries if not isinstance(e, str) or not e or (unit == "characters" and len(e) != 1)]
    if wrong or not entries:
        raise ValueError(f"`vocabulary` must hold {unit}. Received: {wrong[0] if wrong else 'none'!r}")
    if len(set(entries)) != len(entries):
        raise ValueError(f"`vocabulary` must hold every entry once. Received: {len(entries) - len(set(entries))} twice")
    return entries
