"""Texts, or rows of token ids, wherever a model takes rows: as padded ids, in batches of about one length."""

import functools
import random
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._token_ids import END_ID, PADDING_ID
from keras_vae.data.token_batches import token_batches
from keras_vae.data.token_rows import check_ids
from keras_vae.training.fit_arguments import BATCH_SIZE, bound_arguments
from keras_vae.training.streams import is_stream
from keras_vae.training.trainer import Trainer


class TextRows:
    """Mixed into a `Trainer` that has a `tokenizer`: its rows are texts.

    Wherever rows are taken these are strings; rows of token ids `(n, steps)`, the end in them and padding behind it;
    arrays of ids of several lengths; or a stream of batches of any of these.
    """

    def as_tokens(self, x: Any, name: str = "x") -> np.ndarray:
        """Token ids, int32 `(n, steps)`, of texts or of rows of ids.

        Args:
            x: list or array of strings, of arrays of ids, or an array of ids.
            name: str. Name of the argument, for messages.

        Raises:
            ValueError: for a single string, no row at all, values that are no texts, or ids that are none of this
                vocabulary, have padding before the end, or no end.
        """
        if isinstance(x, (str, bytes)):
            raise ValueError(f"`{name}` must be a list of texts. Received: one text; write [{x!r:.40}]")
        if not is_ids(x):
            tokens = self.tokenizer.rows(x)
            if not len(tokens):
                raise ValueError(f"`{name}` must hold at least one text. Received: none")
            return tokens
        return check_ends(check_ids(_whole(x), self.tokenizer.n_tokens, name), name)

    def token_stream(self, x: Any) -> tf.data.Dataset:
        """A stream of batches of texts or ids as one of batches of ids, int32 `(batch, steps)`."""
        if isinstance(x, tf.data.Dataset):
            spec = x.element_spec
            return x.map(self.tokenizer.graph_rows) if getattr(spec, "dtype", None) == tf.string else x
        spec = tf.TensorSpec((None, None), tf.int32)
        return tf.data.Dataset.from_generator(lambda: map(self.as_tokens, iter(x)), output_signature=spec)

    def rows(self, function, x, tensors=(), needs_target=False, batch_size=256, **data):
        given = [name for name in ("y", "mask") if data.get(name) is not None]
        if given:
            raise ValueError(f"`{given[0]}` must be None for a model of text. Received: {given[0]}")
        if is_stream(x):
            return super().rows(function, self.token_stream(x), tensors, needs_target, batch_size=batch_size, **data)
        tokens = self.as_tokens(x, data.get("name", "x"))
        order = np.argsort(lengths_of(tokens), kind="stable")
        batches = (trimmed(tokens[order[i : i + batch_size]]) for i in range(0, len(order), batch_size))
        found = super().rows(function, batches, tensors, needs_target, batch_size=batch_size, **data)
        places = np.argsort(order, kind="stable")
        return tf.nest.map_structure(lambda part: part[places], found)

    # Training.

    @functools.wraps(Trainer.fit)
    def fit(self, x=None, *args, **kwargs):
        given = bound_arguments(keras.Model.fit, self, x, *args, **kwargs)
        size = given["batch_size"] or BATCH_SIZE
        if x is not None and not is_stream(x):
            given |= self._batches_of_texts(given, size)
        elif x is not None:
            given["x"] = self.token_stream(x)
        held_out = _texts_alone(given["validation_data"])
        if held_out is not None:
            held_out = self.token_stream(held_out) if is_stream(held_out) else self.as_tokens(held_out)
            is_array = isinstance(held_out, np.ndarray)
            size = given["validation_batch_size"] or size
            given["validation_data"] = token_batches(held_out, size) if is_array else held_out
        return super().fit(**given)

    def _batches_of_texts(self, given, batch_size):
        """Texts as a stream of batches of about one length, shuffled anew in every epoch."""
        for name in ("y", "sample_weight"):
            if given[name] is not None:
                raise ValueError(
                    f"`{name}` must be None for a model of text, which learns the texts themselves. Received: {name}"
                )
        tokens = self.as_tokens(given["x"])
        share, held_out = given["validation_split"] or 0.0, given["validation_data"]
        if share:
            n = int(len(tokens) * (1.0 - share))
            tokens, held_out = tokens[:n], tokens[n:]
        # Keras lets `keras.utils.set_random_seed` decide about the order of rows, through Python's generator too.
        seed = random.getrandbits(31) if given["shuffle"] else None
        batches = token_batches(tokens, batch_size, seed=seed)
        return {"x": batches, "validation_data": held_out, "validation_split": 0.0, "batch_size": None}

    @functools.wraps(Trainer.evaluate)
    def evaluate(self, x=None, y=None, batch_size=None, *args, **kwargs):
        if x is not None and not is_stream(x):
            x, batch_size = token_batches(self.as_tokens(x), batch_size or BATCH_SIZE), None
        elif x is not None:
            x = self.token_stream(x)
        return super().evaluate(x, y, batch_size, *args, **kwargs)

    @functools.wraps(Trainer.train_on_batch)
    def train_on_batch(self, x, *args, **kwargs):
        return super().train_on_batch(self.as_tokens(x), *args, **kwargs)

    @functools.wraps(Trainer.test_on_batch)
    def test_on_batch(self, x, *args, **kwargs):
        return super().test_on_batch(self.as_tokens(x), *args, **kwargs)


def _texts_alone(held_out):
    """Validation data without the tuple in which Keras takes them.

    Raises:
        ValueError: for targets or weights beside the texts.
    """
    if not isinstance(held_out, tuple) or not held_out or isinstance(held_out[0], (str, bytes)):
        return held_out
    if any(part is not None for part in held_out[1:]):
        raise ValueError(
            "`validation_data` must be texts alone for a model of text. Received: a tuple with targets or weights"
        )
    return held_out[0]


def is_ids(x: Any) -> bool:
    """Whether rows are numbers rather than texts, by their first one."""
    if hasattr(x, "dtype") and getattr(x.dtype, "kind", "") in "iuf":
        return True
    if tf.is_tensor(x):
        return x.dtype != tf.string
    first = next(iter(x), None)
    return not isinstance(first, (str, bytes, type(None))) and hasattr(first, "__len__")


def _whole(x):
    """Numbers of any type that are whole as integers; others as they are, for the check to refuse them."""
    rows = list(map(_whole, x)) if isinstance(x, (list, tuple)) and hasattr(x[0], "__len__") else np.asarray(x)
    is_whole = isinstance(rows, np.ndarray) and rows.dtype.kind == "f" and np.array_equal(rows, np.round(rows))
    return rows.astype(np.int64) if is_whole else rows


def check_ends(tokens: np.ndarray, name: str = "x") -> np.ndarray:
    """Rows of token ids, int32 `(n, steps)`, if each is tokens, one end behind them, and then padding alone.

    Raises:
        ValueError: if one is not.
    """
    if not tokens.size:
        raise ValueError(f"`{name}` must hold at least one row of token ids. Received: {name}.shape={tokens.shape}")
    lengths = lengths_of(tokens)
    ends_last = tokens[np.arange(len(tokens)), np.maximum(lengths, 1) - 1] == END_ID
    is_bad = ((tokens == END_ID).sum(axis=1) != 1) | ~ends_last | ((tokens != PADDING_ID).sum(axis=1) != lengths)
    if is_bad.any():
        row = int(np.argmax(is_bad))
        raise ValueError(
            f"`{name}` must have rows of tokens, the end ({END_ID}) behind them, then padding ({PADDING_ID}). "
            f"Received: {int(is_bad.sum())} other rows, first {name}[{row}]={tokens[row].tolist()}"
        )
    return tokens


def lengths_of(tokens: np.ndarray) -> np.ndarray:
    """Tokens of every row up to the last that is no padding, the end among them, `(n,)`."""
    if not tokens.shape[1]:
        return np.zeros(len(tokens), int)
    is_token = tokens != PADDING_ID
    return np.where(is_token.any(axis=1), tokens.shape[1] - np.argmax(is_token[:, ::-1], axis=1), 0)


def trimmed(tokens: np.ndarray) -> np.ndarray:
    """The rows without columns that are padding in all of them."""
    return tokens[:, : max(1, int(lengths_of(tokens).max()))]
