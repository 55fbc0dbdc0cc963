"""The check of sentences that a user hands over: every one is text."""

from collections.abc import Iterable
from typing import Any

import numpy as np


def sentences_as_bytes(sentences: Any, name: str = "sentences", any_bytes: bool = False) -> list[bytes]:
    """Sentences as UTF-8.

    Args:
        sentences: list, tuple, array, pandas column or string tensor, shape `(n,)`, of str. Bytes must be UTF-8.
        name: str. Name of the argument, for the message.
        any_bytes: bool. Whether bytes may be anything.

    Returns:
        list of bytes, in the same order; empty for no sentences.

    Raises:
        ValueError: if they are one text and no list, or one of them is no text (None, NaN, a number, a list), holds
            half a surrogate pair or is no UTF-8. The message names the first of them by its place, counted from 0.
    """
    if hasattr(sentences, "numpy"):
        sentences = sentences.numpy()
    if isinstance(sentences, (str, bytes)):
        raise ValueError(f"`{name}` must be a list of texts. Received: one text, {_shown(sentences)}")
    if isinstance(sentences, dict) or not isinstance(sentences, Iterable) or getattr(sentences, "ndim", 1) != 1:
        raise ValueError(f"`{name}` must be a list of texts, shape (n,). Received: {_shown(sentences)}")
    sentences = list(sentences)
    kinds = set(map(type, sentences))
    if not all(issubclass(kind, (str, bytes)) for kind in kinds):
        wrong = [i for i, sentence in enumerate(sentences) if not isinstance(sentence, (str, bytes))]
        _raise_wrong(name, "a text", sentences, wrong)
    try:
        made = list(map(str.encode, sentences)) if kinds <= {str} else [_encoded(s, any_bytes) for s in sentences]
    except UnicodeError:
        _raise_wrong(
            name, "Unicode text", sentences, [i for i, s in enumerate(sentences) if not _is_text(s, any_bytes)]
        )
    return made


def _encoded(sentence, any_bytes):
    if isinstance(sentence, str):
        return sentence.encode()
    if not any_bytes:
        sentence.decode()
    return bytes(sentence)


def _is_text(sentence, any_bytes):
    try:
        _encoded(sentence, any_bytes)
    except UnicodeError:
        return False
    return True


def _raise_wrong(name, wanted, sentences, wrong):
    others = f", and {len(wrong) - 1} others that are none" if len(wrong) > 1 else ""
    raise ValueError(
        f"every one of `{name}` must be {wanted}. Received: {_shown(sentences[wrong[0]])} at {wrong[0]}{others}"
    )


def _shown(value):
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
