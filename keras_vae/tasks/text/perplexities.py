"""Nats of texts as perplexity, in the two conventions that are in use."""

import math
from typing import Any, NamedTuple

import numpy as np


class Perplexity(NamedTuple):
    """What a model makes of texts: the number to compare is nats per text, which knows no convention.

    Attributes:
        nats_per_text: float. Mean of `-log p`, the end of the text among what is predicted.
        with_end: float. `exp` of all nats over all tokens, the ends counted among the tokens.
        words_only: float. The same nats over the tokens without the ends: a larger number for the same model.
        n_texts, n_tokens: int. Texts, and tokens with the ends.
    """

    nats_per_text: float
    with_end: float
    words_only: float
    n_texts: int
    n_tokens: int

    def __str__(self):
        return (
            f"{self.nats_per_text:.2f} nats a text, perplexity {self.with_end:.1f} "
            f"({self.words_only:.1f} if the ends are not counted as tokens)"
        )


def perplexity(log_prob: Any, n_tokens: Any) -> Perplexity:
    """Perplexity of texts from the log probability of each.

    Args:
        log_prob: array `(n,)`, nats: of each text, or a bound on it.
        n_tokens: array `(n,)` of ints >= 1. Tokens of each text, its end counted.

    Returns:
        `Perplexity`. `words_only` is infinity where all texts are empty.

    Raises:
        ValueError: if the two are not of one shape `(n,)`, n >= 1, or a text has no token.

    Examples:
        >>> from keras_vae.tasks.text import perplexity
        >>> found = perplexity([-6.0, -4.0], [3, 2])
        >>> found.nats_per_text, round(found.with_end, 2), round(found.words_only, 2)
        (5.0, 7.39, 28.03)
    """
    log_prob, n_tokens = np.asarray(log_prob, np.float64), np.asarray(n_tokens)
    if log_prob.ndim != 1 or log_prob.shape != n_tokens.shape or not len(log_prob):
        raise ValueError(
            "`log_prob` and `n_tokens` must be of one shape (n,), n >= 1. "
            f"Received: log_prob.shape={log_prob.shape}, n_tokens.shape={n_tokens.shape}"
        )
    if n_tokens.min() < 1:
        raise ValueError(f"`n_tokens` must be at least 1, the end of each text. Received: {n_tokens.min()}")
    nats, tokens, texts = -log_prob.sum(), int(n_tokens.sum()), len(log_prob)
    words_only = float(np.exp(nats / (tokens - texts))) if tokens > texts else math.inf
    return Perplexity(float(nats / texts), float(np.exp(nats / tokens)), words_only, texts, tokens)
