"""A language model that needs no training: counted runs of n tokens, smoothed by interpolated modified Kneser-Ney."""

import dataclasses
from typing import Any

import numpy as np

from keras_vae._checks import check_int
from keras_vae._token_ids import N_UNPREDICTED, START_ID, UNKNOWN_ID
from keras_vae.data.token_rows import flat_ids, without_padding

# Discounts of runs that came once, twice and more often, where there are too few runs to estimate them.
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


class NGramModel:
    """Log probabilities of sentences from counts of runs of up to `order` tokens: interpolated modified Kneser-Ney.

    How probable a token is after others is said by the longest history, less a discount on every count; the mass of the
    discounts goes to the history that is one token shorter, and so on down to the uniform distribution over all tokens
    that can be predicted. A shorter history counts in how many different ways a run comes about, not how often. What
    stands before the sentence is one start token. Padding is never predicted and never counted, the end is a token like
    others. A million tokens are counted in seconds.

    Args:
        sentences: list of int arrays, as of `Tokenizer.ids`, or rows `(n, steps)` padded with 0. The training part.
        n_tokens: int. One more than the largest token.
        order: int >= 1. Length of the longest run: a token is predicted from `order - 1` others.

    Raises:
        ValueError: if an argument is out of bounds, there is no sentence, or one has no tokens, or others than those
            that are predicted: from 2 to `n_tokens` - 1.

    Examples:
        >>> tokenizer = kv.data.Tokenizer.learn(["a cat sat", "a dog sat", "a cow ran"])
        >>> from keras_vae.tasks.text import NGramModel
        >>> model = NGramModel(tokenizer.ids(["a cat sat", "a dog sat"]), tokenizer.n_tokens, order=3)
        >>> seen, strange = model.log_prob(tokenizer.ids(["a cat sat", "sat a dog"]))
        >>> bool(seen > strange)
        True

    References:
        Chen & Goodman 1998, section 3 (interpolated modified Kneser-Ney).
        https://dash.harvard.edu/handle/1/25104739
        Heafield et al. 2013, section 3, for runs at the start of a sentence. https://aclanthology.org/P13-2121
    """

    def __init__(self, sentences: Any, n_tokens: int, order: int = 5):
        self.n_tokens = check_int("n_tokens", n_tokens, N_UNPREDICTED + 1)
        self.order = check_int("order", order, 1)
        flat, lengths = self._tokens(sentences)
        if len(lengths) == 0:
            raise ValueError("`sentences` must hold at least one sentence. Received: none")
        tokens, places = _with_starts(flat, lengths)
        runs, ids = [], [tokens.astype(np.int64)]
        for length in range(2, self.order + 1):
            found = _runs(tokens, places, ids[-1], length, n_tokens)
            if len(found.keys) == 0:
                # No sentence is so long.
                break
            runs.append(found)
            ids.append(found.ids)
        self._levels = [_first_level(tokens, runs, n_tokens)]
        for i, run in enumerate(runs):
            longer = runs[i + 1] if i + 1 < len(runs) else None
            n_histories = n_tokens if i == 0 else len(runs[i - 1].keys)
            self._levels.append(_level(run, longer, n_histories))

    def log_prob(self, sentences: Any) -> np.ndarray:
        """Log probability of each sentence, all its tokens counted.

        Args:
            sentences: list of int arrays, or rows `(n, steps)` padded with 0.

        Returns:
            float64 array `(n,)`, nats.

        Raises:
            ValueError: as of the class.
        """
        flat, lengths = self._tokens(sentences)
        tokens, places = _with_starts(flat, lengths)
        ids = self._ids(tokens, places)
        of_tokens = np.log(self._probabilities(tokens[places > 0], [i[np.flatnonzero(places > 0) - 1] for i in ids]))
        return np.bincount(np.repeat(np.arange(len(lengths)), lengths), of_tokens, minlength=len(lengths))

    def log_probs(self, histories: Any) -> np.ndarray:
        """Log probabilities of the next token after the beginnings of sentences.

        Args:
            histories: list of int arrays, or rows `(n, steps)` padded with 0; an empty one for the first token.

        Returns:
            float64 array `(n, n_tokens)`, nats; minus infinity for padding and start.
        """
        flat, lengths = self._tokens(histories, may_be_empty=True)
        tokens, places = _with_starts(flat, lengths)
        last = np.cumsum(lengths + 1) - 1
        n_predicted = self.n_tokens - N_UNPREDICTED
        before = [np.repeat(i[last], n_predicted) for i in self._ids(tokens, places)]
        asked = np.tile(np.arange(N_UNPREDICTED, self.n_tokens), len(lengths))
        found = np.full((len(lengths), self.n_tokens), -np.inf)
        found[:, N_UNPREDICTED:] = np.log(self._probabilities(asked, before)).reshape(-1, n_predicted)
        return found

    def _tokens(self, sentences, may_be_empty=False):
        flat, lengths = without_padding(*flat_ids(sentences, self.n_tokens, "sentences"))
        if not may_be_empty and len(lengths) and lengths.min() == 0:
            raise ValueError(f"`sentences` must have tokens. Received: sentence {np.argmin(lengths)} has none")
        if len(flat) and flat.min() < UNKNOWN_ID:
            raise ValueError(f"`sentences` must be tokens from 2 to {self.n_tokens - 1}. Received: {flat.min()}")
        return flat, lengths

    def _ids(self, tokens, places):
        """Which run of each length below the order ends at each place; -1 for one that was not counted."""
        ids = [tokens.astype(np.int64)]
        for length, level in enumerate(self._levels[1:-1], start=2):
            before = np.concatenate([[-1], ids[-1][:-1]])
            ids.append(level.find(np.where(places >= length - 1, before, -1), tokens, self.n_tokens))
        return ids[: len(self._levels) - 1]

    def _probabilities(self, asked, before):
        """Probabilities of the tokens asked after runs of one, two, ... tokens."""
        first = self._levels[0]
        found = first.shares[asked] + first.left[0] / (self.n_tokens - N_UNPREDICTED)
        for level, history in zip(self._levels[1:], before, strict=True):
            run = level.find(history, asked, self.n_tokens)
            found = (
                np.where(run >= 0, level.shares[run], 0.0) + np.where(history >= 0, level.left[history], 1.0) * found
            )
        return found


@dataclasses.dataclass
class _Runs:
    """All runs of one length: what they are, which of them stands where, and which shorter ones are in them.

    A key is `history * n_tokens + token`, where the history is the number of the run without its last token.
    """

    keys: np.ndarray
    ids: np.ndarray
    counts: np.ndarray
    histories: np.ndarray
    endings: np.ndarray
    are_first: np.ndarray


@dataclasses.dataclass
class _Level:
    """What one length says: the share of each run in its history, and what a history leaves to a shorter one."""

    keys: np.ndarray
    shares: np.ndarray
    left: np.ndarray

    def find(self, histories, tokens, n_tokens):
        """Numbers of runs, -1 for one that was not counted."""
        keys = histories * n_tokens + tokens
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where((histories >= 0) & (self.keys[found] == keys), found, -1)


def _with_starts(flat, lengths):
    """All sentences end to end, each with a start before it, and the place of each token in its sentence."""
    ends = np.cumsum(lengths + 1)
    places = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths - 1, lengths + 1)
    tokens = np.full(len(places), START_ID, np.int64)
    tokens[places > 0] = flat
    return tokens, places


def _runs(tokens, places, shorter, length, n_tokens):
    """The runs of one length, from the numbers of those that are one token shorter, place by place."""
    at = np.flatnonzero(places >= length - 1)
    keys, first, inverse = np.unique(shorter[at - 1] * n_tokens + tokens[at], return_index=True, return_inverse=True)
    ids = np.full(len(tokens), -1)
    ids[at] = inverse.reshape(-1)
    first = at[first]
    return _Runs(
        keys, ids, np.bincount(ids[at], minlength=len(keys)), keys // n_tokens, shorter[first], places[first] < length
    )


def _first_level(tokens, runs, n_tokens):
    """Single tokens: with longer runs in how many ways they come about, else how often they come."""
    if runs:
        counts = np.bincount(runs[0].endings, minlength=n_tokens)
    else:
        counts = np.bincount(tokens[tokens != START_ID], minlength=n_tokens)
    return _Level(np.arange(n_tokens), *_shares(counts, np.zeros(n_tokens, np.int64), 1))


def _level(runs, longer, n_histories):
    counts = runs.counts
    if longer is not None:
        # Nothing can stand before the start: a run that begins with it counts as often as it comes.
        ways = np.bincount(longer.endings, minlength=len(runs.keys))
        counts = np.where(runs.are_first, counts, ways)
    return _Level(runs.keys, *_shares(counts, runs.histories, n_histories))


def _shares(counts, histories, n_histories):
    """Discounted shares of the counts in the total of their history, and what the discounts leave; 1 for no counts."""
    discounts = np.array([0.0, *_discounts(counts)])[np.minimum(counts, 3)]
    totals = np.bincount(histories, counts, minlength=n_histories)
    divisors = np.where(totals > 0, totals, 1.0)
    left = np.bincount(histories, discounts, minlength=n_histories) / divisors
    return (counts - discounts) / divisors[histories], np.where(totals > 0, left, 1.0)


def _discounts(counts):
    """Discounts of counts of one, two, and three or more: Chen & Goodman, equation 26."""
    once, twice, thrice, four_times = (np.count_nonzero(counts == k) for k in (1, 2, 3, 4))
    if min(once, twice, thrice, four_times) == 0:
        return FALLBACK_DISCOUNTS
    share = once / (once + 2.0 * twice)
    found = (1 - 2 * share * twice / once, 2 - 3 * share * thrice / twice, 3 - 4 * share * four_times / thrice)
    return found if all(0.0 <= d <= k for k, d in enumerate(found, start=1)) else FALLBACK_DISCOUNTS
