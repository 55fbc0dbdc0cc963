"""What texts that a model wrote are worth beside real ones: fluency, variety, and what was learned by heart."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import wasserstein_distance

from keras_vae._checks import check_int
from keras_vae._token_ids import END_ID, N_UNPREDICTED
from keras_vae.data.token_rows import check_ids, flat_ids, without_padding
from keras_vae.tasks.text.ngram_model import NGramModel
from keras_vae.tasks.text.perplexities import perplexity

# Lengths of the runs whose variety is told.
RUNS = (1, 2, 3)


@dataclasses.dataclass(frozen=True)
class TextQuality:
    """Measures of texts, which mean something together only: one sentence for ever is the most fluent text of all.

    Args:
        forward_perplexity: float. Of the texts under an n-gram model of the training part: fluency, which is blind to
            variety. The end of a text counts as a token, here and below.
        reverse_perplexity: float. Of the test part under an n-gram model of the texts, in which every word of the
            vocabulary stands once, as a text of its own: it sees what is missing. Compare it for as many texts.
        distinct: dict. Length of a run of tokens to the number of different ones by the number of all. Compare it for
            as many texts; ends do not count.
        share_in_train: float. Texts that stand in the training part word for word.
        share_different: float. Different texts by texts.
        mean_length: float. Tokens of a text, with the end.
        length_distance: float. How many tokens the lengths are off those of the test part: the mean difference of the
            two, both in order (the Wasserstein distance).
        n: int. Texts.
    """

    forward_perplexity: float
    reverse_perplexity: float
    distinct: dict[int, float]
    share_in_train: float
    share_different: float
    mean_length: float
    length_distance: float
    n: int


class TextJudge:
    """Judges texts beside a training and a test part of real ones.

    Texts are strings, or rows of tokens as of the tokenizer.

    Args:
        tokenizer: `data.Tokenizer`.
        train: list of str, or rows of tokens. The training part.
        test: list of str, or rows of tokens. Real text that was not trained on.
        order: int >= 1. Longest runs of the n-gram models.

    Raises:
        ValueError: if a part holds no text, or what is no text.

    Examples:
        >>> from keras_vae.tasks.text import TextJudge
        >>> train, test = ["a cat sat", "a dog ran", "a cow sat"], ["a cat ran"]
        >>> judge = TextJudge(kv.data.Tokenizer.learn(train), train, test)
        >>> dull, real = judge(["a cat sat", "a cat sat"]), judge(["a cat sat", "a dog ran"])
        >>> dull.share_different, real.share_different
        (0.5, 1.0)
        >>> dull.distinct[2], real.distinct[2]
        (0.5, 1.0)

    References:
        Zhao et al. 2018, section 5.2 (forward and reverse perplexity). https://arxiv.org/abs/1706.04223
        Li et al. 2016, section 5.3 (distinct runs). https://arxiv.org/abs/1510.03055
    """

    def __init__(self, tokenizer: Any, train: Sequence, test: Sequence, order: int = 5):
        self.tokenizer, self.order = tokenizer, check_int("order", order, 1)
        train = self._rows(train, "train")
        self._test = self._rows(test, "test")
        self._train_texts = pd.Index(tokenizer.texts(train)).unique()
        self._train_model = NGramModel(train, tokenizer.n_tokens, order)

    def __call__(self, texts: Sequence) -> TextQuality:
        """Measures of texts; of the test part itself, and of a piece of the training part, for the yardsticks.

        Args:
            texts: list of str, or rows of tokens; those without an end count as they are.

        Raises:
            ValueError: if there is no text, or what is no text.
        """
        rows = self._rows(texts, "texts")
        strings = pd.Index(self.tokenizer.texts(rows))
        lengths, real_lengths = _lengths(rows), _lengths(self._test)
        return TextQuality(
            forward_perplexity=perplexity(self._train_model.log_prob(rows), lengths).with_end,
            reverse_perplexity=perplexity(self._model_of(rows).log_prob(self._test), real_lengths).with_end,
            distinct={length: distinct_runs(rows, length) for length in RUNS},
            share_in_train=float(strings.isin(self._train_texts).mean()),
            share_different=strings.nunique() / len(strings),
            mean_length=float(lengths.mean()),
            length_distance=float(wasserstein_distance(lengths, real_lengths)),
            n=len(rows),
        )

    def forward(self, texts: Sequence) -> np.ndarray:
        """Nats per token of every text under the n-gram model of the training part, `(n,)`."""
        rows = self._rows(texts, "texts")
        return -self._train_model.log_prob(rows) / _lengths(rows)

    def _model_of(self, rows):
        """An n-gram model of texts, and of every word once."""
        words = np.arange(N_UNPREDICTED, self.tokenizer.n_tokens)
        words = words[words != END_ID]
        once = np.zeros((len(words), max(2, rows.shape[1])), np.int32)
        once[:, 0], once[:, 1] = words, END_ID
        rows = np.pad(rows, [(0, 0), (0, once.shape[1] - rows.shape[1])])
        return NGramModel(np.concatenate([rows, once]), self.tokenizer.n_tokens, self.order)

    def _rows(self, texts, name):
        if isinstance(texts, (str, bytes)):
            raise ValueError(f"`{name}` must be a list of texts. Received: one text")
        if not len(texts):
            raise ValueError(f"`{name}` must hold at least one text. Received: none")
        if isinstance(texts[0], (str, bytes)):
            return self.tokenizer.rows(texts)
        return check_ids(texts, self.tokenizer.n_tokens, name)


def distinct_runs(rows: Any, length: int) -> float:
    """Different runs of tokens by all runs of that length, the ends of texts left out; 0 where there is no run.

    Args:
        rows: rows of tokens `(n, steps)`, padded with 0, or a list of rows of different lengths.
        length: int >= 1. Tokens of a run.

    Raises:
        ValueError: if `rows` are no rows of tokens, or `length` is out of bounds.

    Examples:
        >>> from keras_vae.tasks.text import distinct_runs
        >>> distinct_runs([[4, 5, 3], [4, 5, 3]], 2)
        0.5
    """
    flat, lengths = without_padding(*flat_ids(rows, name="rows"))
    text = np.repeat(np.arange(len(lengths)), lengths)
    flat, text = flat[flat != END_ID], text[flat != END_ID]
    runs = flat = flat.astype(np.int64)
    for k in range(1, check_int("length", length, 1)):
        # The number of the run so far, with the token behind it.
        keys = runs[:-1] * (flat.max(initial=0) + 1) + flat[k:]
        runs = np.unique(keys, return_inverse=True)[1].reshape(-1)
    whole = text[: len(runs)] == text[length - 1 :]
    return float(len(np.unique(runs[whole])) / max(1, np.count_nonzero(whole)))


def _lengths(rows):
    return without_padding(*flat_ids(rows))[1]
