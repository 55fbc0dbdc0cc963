"""Lines of bytes as tokens of a vocabulary and what it does not know, and back to the same bytes."""

from typing import NamedTuple

import numpy as np

from keras_vae._token_ids import END_ID, UNKNOWN_ID
from keras_vae.tasks.compression.text.byte_model import MAX_BYTES

# Blanks of ASCII: between the words of a text, and at the ends of its lines.
BLANKS = b" \t\n\r\x0b\x0c"
# Where a model takes sentences of any length, they are cut behind so many tokens: one that is very long would go
# through the decoder alone.
MAX_TOKENS = 256
FIRST_ID = END_ID + 1


class Sentence(NamedTuple):
    """Text between two line ends, or a part of it.

    Attributes:
        tokens: int32 array, the end included.
        unknown: list of bytes. What the unknown tokens stand for, in order.
    """

    tokens: np.ndarray
    unknown: list[bytes]


class WordSplit:
    """Splits text as the tokenizer of a model does, such that every byte comes back.

    Words are what stands between single spaces; any other byte belongs to a word. A word that is not in the vocabulary
    is unknown, and kept.

    Args:
        tokenizer: `data.Tokenizer`.

    Attributes:
        max_tokens: int. Tokens of a sentence at most, the end included.
        spellings: list of bytes. What the tokens from 4 on stand for; empty for pieces, which do not stand alone.
    """

    def __init__(self, tokenizer):
        self._tokenizer, self.unit = tokenizer, tokenizer.unit
        self.max_tokens = min(tokenizer.max_length or MAX_TOKENS, MAX_TOKENS)
        is_split = self.unit != "pieces"
        self.spellings = [v if isinstance(v, bytes) else v.encode() for v in tokenizer.vocabulary] if is_split else []
        self._ids = {spelling: number for number, spelling in enumerate(self.spellings, FIRST_ID)}
        self._space = b" " if self.unit == "words" else b""

    def split(self, texts):
        """Sentences of texts.

        Args:
            texts: list of bytes without line ends.

        Returns:
            list of lists of `Sentence`, one for each text: several where it is longer than `max_tokens`. None stands
            for a text that cannot be told in tokens, or that the vocabulary knows less than half of, or with a very
            long word that it does not know.
        """
        if self.unit == "pieces":
            return self._split_by_pieces(texts)
        return [self._split_text(text) for text in texts]

    def _split_text(self, text):
        units = self._units(text)
        if units is None:
            return None
        ids = np.array([self._ids.get(unit, UNKNOWN_ID) for unit in units], np.int32)
        is_unknown = ids == UNKNOWN_ID
        n_known = sum(len(units[i]) + len(self._space) for i in np.flatnonzero(~is_unknown))
        longest = max((len(units[i]) for i in np.flatnonzero(is_unknown)), default=0)
        if 2 * n_known < len(text) or longest > MAX_BYTES:
            return None
        sentences, n = [], self.max_tokens - 1
        for start in range(0, max(1, len(ids)), n):
            unknown = [units[start + i] for i in np.flatnonzero(is_unknown[start : start + n])]
            sentences.append(Sentence(np.append(ids[start : start + n], np.int32(END_ID)), unknown))
        return sentences

    def _units(self, text):
        """Bytes of the words, characters or bytes of a text; None if it has none."""
        if self.unit == "words":
            return text.split(b" ") if text else []
        if self.unit == "bytes":
            return [text[i : i + 1] for i in range(len(text))]
        try:
            return [character.encode() for character in text.decode()]
        except UnicodeDecodeError:
            return None

    def _split_by_pieces(self, texts):
        decoded = [_decoded(text) for text in texts]
        known = [i for i, text in enumerate(decoded) if text is not None]
        lengths = self._tokenizer.lengths([decoded[i] for i in known]) if known else []
        known = [i for i, length in zip(known, lengths, strict=True) if length <= self.max_tokens]
        found = [None] * len(texts)
        rows = self._tokenizer.ids([decoded[i] for i in known]) if known else []
        back = self._back(rows)
        for i, tokens, text in zip(known, rows, back, strict=True):
            if text == texts[i] and UNKNOWN_ID not in tokens:
                found[i] = [Sentence(tokens, [])]
        return found

    def _back(self, rows):
        if not len(rows):
            return []
        width = max(map(len, rows))
        padded = np.stack([np.pad(row, (0, width - len(row))) for row in rows])
        return self._tokenizer.graph_texts(padded).numpy().tolist()

    def join(self, sentences):
        """The texts of sentences, each as one of its own.

        Args:
            sentences: list of `Sentence`.

        Returns:
            list of bytes.
        """
        if self.unit == "pieces":
            return self._back([sentence.tokens for sentence in sentences])
        return [self._text(sentence) for sentence in sentences]

    def _text(self, sentence):
        unknown = iter(sentence.unknown)
        ids = sentence.tokens[:-1].tolist()
        units = [next(unknown) if i == UNKNOWN_ID else self.spellings[i - FIRST_ID] for i in ids]
        return self._space.join(units)

    @property
    def space(self):
        """What stands between two sentences of one text, bytes."""
        return self._space


def _decoded(text):
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None
