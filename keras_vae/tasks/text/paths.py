"""Whether the texts between two others lie between them: how many there are, which way they go, how fluent they are."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_vae._token_ids import END_ID
from keras_vae.data.token_rows import check_ids
from keras_vae.tasks.text.text_judge import TextJudge


@dataclasses.dataclass(frozen=True)
class PathQuality:
    """Measures of interpolations between texts.

    Args:
        n_different: float. Different texts on a path, both ends among them; the mean over paths.
        share_rising: float. Steps after which a text is further from the start of its path than before, in words.
        share_not_falling: float. Steps after which it is no nearer.
        middle_by_ends: float. Perplexity of the texts in the middle of the paths, under the n-gram model of the
            training part by that of the ends: 1 where the way is as fluent as the places it leads between.
        n: int. Paths.
    """

    n_different: float
    share_rising: float
    share_not_falling: float
    middle_by_ends: float
    n: int


def path_quality(judge: TextJudge, paths: Sequence[Sequence[str]]) -> PathQuality:
    """Measure interpolations.

    Args:
        judge: `TextJudge`, for its tokenizer and its model of the training part.
        paths: list of lists of str, all of one length of at least 3: texts from one end to the other.

    Returns:
        `PathQuality`.

    Raises:
        ValueError: if the paths are not of one length of at least 3, or there is none.

    Examples:
        >>> from keras_vae.tasks.text import TextJudge, path_quality
        >>> train = ["a cat sat", "a dog ran", "a cow sat"]
        >>> judge = TextJudge(kv.data.Tokenizer.learn(train), train, train)
        >>> found = path_quality(judge, [["a cat sat", "a cat ran", "a dog ran"]])
        >>> found.n_different, found.share_rising
        (3.0, 1.0)
    """
    steps = {len(path) for path in paths}
    if len(steps) != 1 or min(steps) < 3:
        raise ValueError(f"`paths` must be lists of one length of at least 3. Received: lengths {sorted(steps)}")
    n, steps = len(paths), steps.pop()
    texts = [text for path in paths for text in path]
    rows = judge.tokenizer.rows(texts)
    starts = np.repeat(rows[::steps], steps, axis=0)
    further = np.diff(word_distance(starts, rows).reshape(n, steps), axis=1)
    nats, lengths = judge.forward(texts), np.count_nonzero(rows, axis=1)
    nats, lengths = (nats * lengths).reshape(n, steps), lengths.reshape(n, steps)
    middle, ends = [(steps - 1) // 2, steps // 2], [0, -1]
    of_middle, of_ends = (nats[:, at].sum() / lengths[:, at].sum() for at in (middle, ends))
    return PathQuality(
        n_different=float(np.mean([len(set(path)) for path in paths])),
        share_rising=float(np.mean(further > 0)),
        share_not_falling=float(np.mean(further >= 0)),
        middle_by_ends=float(np.exp(of_middle - of_ends)),
        n=n,
    )


def word_distance(a: Any, b: Any) -> np.ndarray:
    """The fewest words that must be put in, left out or replaced to make one text of another, for many pairs at once.

    Args:
        a, b: rows of tokens `(n, steps)`, padded with 0; the number of steps may differ. Ends do not count.

    Returns:
        int array `(n,)`.

    Raises:
        ValueError: if they are not as many rows of tokens.

    Examples:
        >>> from keras_vae.tasks.text import word_distance
        >>> word_distance([[4, 5, 6, 3]], [[4, 6, 3, 0]])
        array([1])

    References:
        Wagner & Fischer 1974, algorithm X.
    """
    a, b = (np.where(rows == END_ID, 0, rows) for rows in (check_ids(a, name="a"), check_ids(b, name="b")))
    if len(a) != len(b):
        raise ValueError(f"`a` and `b` must be as many rows. Received: {len(a)} and {len(b)}")
    places = np.arange(b.shape[1] + 1)
    of_b = np.count_nonzero(b, axis=1)
    # Distance of what was read of a to every beginning of b.
    row = np.repeat(places[None], len(a), axis=0)
    for token in a.T:
        replaced = row[:, :-1] + (b != token[:, None])
        new = np.concatenate([row[:, :1] + 1, np.minimum(replaced, row[:, 1:] + 1)], axis=1)
        # A word of b put in costs one more than the beginning before it: a running minimum.
        new = np.minimum.accumulate(new - places, axis=1) + places
        row = np.where((token != 0)[:, None], new, row)
    return row[np.arange(len(a)), of_b]
