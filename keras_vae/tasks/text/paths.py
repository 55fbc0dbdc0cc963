"""Whether the texts between two others lie between them: how many there are, which way they go, how fluent they are."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from keras_vae.data.word_distance import word_distance
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
