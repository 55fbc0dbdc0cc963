"""`Tokenizer`, which turns sentences into tokens and back, with what it learned from the training part."""

import base64
import warnings
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int
from keras_vae._token_ids import END_ID, PADDING_ID, START_ID, UNKNOWN_ID
from keras_vae.data.sentences import sentences_as_bytes
from keras_vae.data.text_pieces import ESCAPES, Pieces
from keras_vae.data.text_units import UNITS, key_of, lowered, spelling_of, split_text
from keras_vae.data.token_rows import check_ids, padded_rows
from keras_vae.data.vocabulary import N_SPECIAL, check_vocabulary, learn_vocabulary

TOO_LONG = ("refuse", "leave out")


@keras.saving.register_keras_serializable(package="keras_vae")
class Tokenizer:
    """Sentences as tokens: 0 is padding, 1 the start, 2 the unknown, 3 the end, and the vocabulary stands from 4 on.

    The vocabulary is in order of falling count in the training part, equal counts in order of the text. The four
    special tokens have no spelling: `<pad>`, `<unk>` or `</s>` in a text are words like others. It is made by `learn`;
    the arguments below are those of one that was saved.

    Args:
        vocabulary: list of str, the texts of the tokens 4, 5, ...; of bytes (or numbers 0 to 255) for `"bytes"`.
        counts: list of int. How often each token, from 0 on, came in the training part.
        unit: `"words"` between blanks, `"characters"` (code points), `"bytes"` of UTF-8, or `"pieces"` of words.
        lower: bool. Whether capital letters become small ones first.
        max_length: int or None. The longest sentence that a model takes, in tokens, the end included; None for any.
        pieces_model: str or None. The model of sentencepiece in base64, for `"pieces"`.

    Attributes:
        n_tokens: int. One more than the largest token.
        vocabulary, counts: tuples.
        resources: tuple of lookup tables, which an object that is exported must hold.

    Raises:
        ImportError: if `unit` is `"pieces"` and sentencepiece is not installed.
        ValueError: if `unit` is unknown, an entry of the vocabulary is no text of this unit or stands there twice,
            there are not as many counts as tokens, `max_length` < 2, or `pieces_model` does not go with the rest.

    Examples:
        >>> tokenizer = kv.data.Tokenizer.learn(["a cat sat", "a dog sat", "a cow ran"], max_tokens=8)
        >>> tokenizer.vocabulary, tokenizer.counts
        (('a', 'sat', 'cat', 'cow'), (0, 0, 2, 3, 3, 2, 1, 1))
        >>> tokenizer.rows(["a cow sat", "a bird"])
        array([[4, 7, 5, 3],
               [4, 2, 3, 0]], dtype=int32)
        >>> tokenizer.texts([[4, 7, 5, 3], [4, 2, 3, 0]])
        ['a cow sat', 'a <unk>']
    """

    PADDING_ID, START_ID, UNKNOWN_ID, END_ID = PADDING_ID, START_ID, UNKNOWN_ID, END_ID

    def __init__(
        self,
        vocabulary: Iterable[str | bytes | int],
        counts: Iterable[int],
        unit: str = "words",
        lower: bool = False,
        max_length: int | None = None,
        pieces_model: str | None = None,
    ):
        self.unit = check_choice("unit", unit, UNITS)
        self.lower = check_choice("lower", lower, (False, True))
        self.max_length = None if max_length is None else check_int("max_length", max_length, 2)
        self.vocabulary = check_vocabulary(vocabulary, unit)
        self.counts = tuple(check_int("counts", count, 0) for count in counts)
        if len(self.counts) != self.n_tokens:
            raise ValueError(f"`counts` must hold {self.n_tokens} numbers, one a token. Received: {len(self.counts)}")
        if (unit == "pieces") != isinstance(pieces_model, str):
            raise ValueError(
                f"`pieces_model` must be a text if `unit` is 'pieces', and None else. "
                f"Received: unit={unit!r}, pieces_model of type {type(pieces_model).__name__}"
            )
        self.pieces_model = pieces_model
        self._pieces = None if pieces_model is None else Pieces(base64.b64decode(pieces_model))
        ids = np.arange(N_SPECIAL, self.n_tokens, dtype=np.int32)
        if self._pieces is None:
            self._spellings = [b""] * N_SPECIAL + [spelling_of(text) for text in self.vocabulary]
            with tf.init_scope():
                keys = tf.constant([key_of(text, unit) for text in self.vocabulary])
                entries = tf.lookup.KeyValueTensorInitializer(keys, ids)
                self.resources = (tf.lookup.StaticHashTable(entries, UNKNOWN_ID),)
        else:
            numbers = self._pieces.numbers(self.vocabulary)
            self._spellings = [b""] * N_SPECIAL + [self._pieces.spellings[number] for number in numbers]
            self._id_of_piece = np.full(len(numbers) + 1, UNKNOWN_ID, np.int32)
            self._id_of_piece[numbers] = ids
            self.resources = ()

    @classmethod
    def learn(
        cls,
        sentences: Iterable[str],
        unit: str = "words",
        max_tokens: int | None = None,
        min_count: int = 1,
        lower: bool = False,
        max_length: int | None = None,
    ) -> "Tokenizer":
        """A tokenizer with the vocabulary of the training part.

        Args:
            sentences: list or array of str, one sentence each; those longer than `max_length` count too.
            unit, lower, max_length: as above.
            max_tokens: int or None. `n_tokens` at most, the four special ones included; None for all words or
                characters, and for 4,000 pieces. With `"bytes"` there are always 260.
            min_count: int >= 1. Words or characters that come less often are unknown.

        Raises:
            ImportError: if `unit` is `"pieces"` and sentencepiece is not installed.
            ValueError: if a sentence is no text, all are blank, a number is out of range, no word comes `min_count`
                times, or `max_tokens` or `min_count` is given to a unit that does not have it.
        """
        check_choice("unit", unit, UNITS)
        check_choice("lower", lower, (False, True))
        strings = sentences_as_bytes(sentences, any_bytes=unit == "bytes")
        learned = learn_vocabulary(strings, unit, max_tokens, min_count, lower)
        return cls(**learned, unit=unit, lower=lower, max_length=max_length)

    @property
    def n_tokens(self) -> int:
        """One more than the largest token."""
        return N_SPECIAL + len(self.vocabulary)

    def ids(self, sentences: Iterable[str], too_long: str = "refuse") -> list[np.ndarray]:
        """Tokens of each sentence, the end included.

        Args:
            sentences: list or array of str. Bytes must be UTF-8; with `"bytes"` they may be anything.
            too_long: `"refuse"` sentences of more than `max_length` tokens, or `"leave out"` with a warning.

        Returns:
            list of int32 arrays, shape `(length,)`.

        Raises:
            ValueError: if a sentence is no text or too long.
        """
        flat, lengths = self._flat(sentences, check_choice("too_long", too_long, TOO_LONG))
        return np.split(flat, np.cumsum(lengths)[:-1]) if len(lengths) else []

    def rows(self, sentences: Iterable[str], width: int | None = None, too_long: str = "refuse") -> np.ndarray:
        """Tokens of all sentences as one array, shape `(n, width)`, int32, padded with 0 on the right.

        Args:
            sentences, too_long: as of `ids`.
            width: int or None. Number of columns; None for that of the longest sentence.

        Raises:
            ValueError: if a sentence is no text, too long, or longer than `width`.
        """
        return padded_rows(*self._flat(sentences, check_choice("too_long", too_long, TOO_LONG)), width)

    def lengths(self, sentences: Iterable[str]) -> np.ndarray:
        """Number of tokens of each sentence, the end included, also beyond `max_length`: int64, shape `(n,)`."""
        return self._split(sentences)[1]

    def texts(self, ids: Any, unknown_mark: str = "<unk>") -> list[str]:
        """Text of each row of tokens up to its end; padding and start are left out.

        Words come with one space between them. Bytes that are no UTF-8 come as U+FFFD; `graph_texts` keeps them.

        Args:
            ids: Array of whole numbers, shape `(n, steps)`, or a list of rows of different lengths.
            unknown_mark: str. What is written for the unknown.

        Raises:
            ValueError: if `ids` are no rows of whole numbers from 0 to `n_tokens` - 1.
        """
        made = self.graph_texts(check_ids(ids, self.n_tokens), unknown_mark).numpy().tolist()
        return [text.decode(errors="replace") for text in made]

    def graph_rows(self, strings: tf.Tensor) -> tf.Tensor:
        """`rows` as part of a graph.

        Args:
            strings: Tensor, shape `(n,)`, string.

        Returns:
            Tensor, shape `(n, steps)`, int32. A sentence longer than `max_length` ends the call with an error.

        Raises:
            ValueError: if the unit is `"pieces"`, which no graph can split.
        """
        if self._pieces is not None:
            raise ValueError("`graph_rows` has no pieces of words. Received: a tokenizer of unit='pieces'; use `rows`")
        ids = self._look_up(strings)
        end = tf.fill([tf.shape(strings)[0], 1], END_ID)
        rows = tf.concat([ids, tf.cast(end, tf.int32)], axis=1).to_tensor()
        if self.max_length is None:
            return rows
        said = f"sentences must have at most {self.max_length} tokens, the end included"
        with tf.control_dependencies([tf.debugging.assert_less_equal(tf.shape(rows)[1], self.max_length, said)]):
            return tf.identity(rows)

    def graph_texts(self, ids: tf.Tensor, unknown_mark: str = "<unk>") -> tf.Tensor:
        """`texts` as part of a graph.

        Args:
            ids: Tensor, shape `(n, steps)`, int32 or int64, from 0 to `n_tokens` - 1.
            unknown_mark: str. What is written for the unknown.

        Returns:
            Tensor, shape `(n,)`, string.
        """
        ids = tf.convert_to_tensor(ids)
        is_open = tf.cumsum(tf.cast(ids == END_ID, tf.int32), axis=1) == 0
        spellings = [*self._spellings[:UNKNOWN_ID], unknown_mark.encode(), *self._spellings[END_ID:]]
        written = tf.gather(tf.constant(spellings), ids)
        written = tf.ragged.boolean_mask(written, is_open & (ids != PADDING_ID) & (ids != START_ID))
        texts = tf.strings.reduce_join(written, axis=1, separator=" " if self.unit == "words" else "")
        if self._pieces is not None:
            for plain, escape in reversed(ESCAPES):
                texts = tf.strings.regex_replace(texts, escape, plain)
        return texts

    def get_config(self):
        is_bytes = self.unit == "bytes"
        return {
            "vocabulary": list(b"".join(self.vocabulary)) if is_bytes else list(self.vocabulary),
            "counts": list(self.counts),
            "unit": self.unit,
            "lower": self.lower,
            "max_length": self.max_length,
            "pieces_model": self.pieces_model,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        """Whether the other makes the same tokens of everything."""
        return isinstance(other, Tokenizer) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash((self.unit, self.vocabulary, self.counts, self.lower, self.max_length))

    def __reduce__(self):
        # Tables cannot be pickled; they are made anew.
        return _from_config, (self.get_config(),)

    def _look_up(self, strings):
        """Ragged tokens, without the end."""
        units = split_text(strings, self.unit, self.lower)
        return units.with_flat_values(self.resources[0].lookup(units.flat_values))

    def _split(self, sentences):
        """Tokens of all sentences end to end, without their ends, and their lengths with them."""
        strings = sentences_as_bytes(sentences, any_bytes=self.unit == "bytes")
        if self._pieces is None:
            found = self._look_up(tf.constant(strings, tf.string))
            return found.flat_values.numpy(), found.row_lengths().numpy() + 1
        if self.lower:
            strings = lowered(tf.constant(strings, tf.string)).numpy().tolist()
        numbers, lengths = self._pieces.split(strings)
        return self._id_of_piece[numbers], lengths + 1

    def _flat(self, sentences, too_long):
        """Tokens of the sentences that are not too long end to end, with their ends, and their lengths."""
        flat, lengths = self._split(sentences)
        flat = np.insert(flat, np.cumsum(lengths - 1), END_ID)
        is_long = lengths > (self.max_length or np.inf)
        if not is_long.any():
            return flat, lengths
        said = (
            f"{is_long.sum()} of {len(lengths)} sentences have more than max_length={self.max_length} tokens, the end "
            f"included; the first is number {is_long.argmax()}, the longest has {lengths.max()}"
        )
        if too_long == "refuse":
            raise ValueError(f"`sentences` must not be longer than a model takes. Received: {said}")
        warnings.warn(f"left out: {said}", stacklevel=3)
        return flat[np.repeat(~is_long, lengths)], lengths[~is_long]


def _from_config(config):
    return Tokenizer(**config)
