"""Codes of whole numbers as bytes and back, by the tables of a prior."""

import math

import numpy as np

from keras_vae.tasks.compression.container.fields import Fields, number
from keras_vae.tasks.compression.streams import constriction_streams

WORD_BYTES = 4


class CodeCoder:
    """A range coder for codes `(n, latent_dim)`: w element by element, then the parts of y table by table.

    Numbers that have the same table are coded in one call each, so that there is no loop over rows. What is in no table
    follows behind, as whole numbers of any size.

    Args:
        prior: `ExactPrior`.

    Raises:
        ImportError: without constriction.
    """

    def __init__(self, prior):
        self.prior, self._stream = prior, constriction_streams()

    def encode(self, code):
        """Bytes of an integer array `(n, latent_dim)`."""
        parts = np.split(code, np.cumsum(self.prior.part_dims)[:-1], axis=1)
        encoder, escaped = self._stream.queue.RangeEncoder(), []

        def put(i, places):
            values = parts[i]
            shifted = values if places is None else values - places.shifts
            for table, elements in self._by_table(places, values.shape):
                symbols = table.symbols(shifted.reshape(-1)[elements])
                encoder.encode(symbols, self._model(table))
                escaped.append(values.reshape(-1)[elements][symbols == table.escape])
            return values

        self.prior.walk(put)
        words, escaped = encoder.get_compressed(), np.concatenate(escaped).astype(np.int64)
        zigzag = np.where(escaped < 0, -2 * escaped - 1, 2 * escaped)
        head = [number(len(words)), words.astype("<u4").tobytes(), number(len(zigzag))]
        return b"".join([*head, *map(number, zigzag.tolist())])

    def _by_table(self, places, shape):
        """Pairs of a table and the elements of a part, as numbers in the flat array, that have it."""
        if places is None:
            everything = np.arange(math.prod(shape)).reshape(shape)
            yield from zip(self.prior.tables_of_w, everything.T, strict=True)
            return
        tables = places.tables.reshape(-1)
        order = np.argsort(tables, kind="stable")
        for elements in np.split(order, np.flatnonzero(np.diff(tables[order])) + 1):
            yield self.prior.table(tables[elements[0]]), elements

    def _model(self, table):
        return self._stream.model.Categorical(table.probabilities, perfect=False)

    def decode(self, data, n_rows, what):
        """The code of bytes.

        Args:
            data: bytes.
            n_rows: int >= 1.
            what: str. What they are, for messages.

        Returns:
            int64 array `(n_rows, latent_dim)`.

        Raises:
            ValueError: if the bytes are no such code.
        """
        fields = Fields(data, what)
        words = np.frombuffer(fields.take(fields.number() * WORD_BYTES), "<u4").astype(np.uint32)
        n_escaped = fields.number()
        if n_escaped > fields.n_left:
            raise ValueError(f"{what} is damaged: it is shorter than its numbers")
        zigzag = np.array([fields.number() for _ in range(n_escaped)], np.int64)
        fields.end()
        escaped = iter(np.where(zigzag % 2, -(zigzag + 1) // 2, zigzag // 2).tolist())
        return self._take_all(self._stream.queue.RangeDecoder(words), n_rows, escaped, what)

    def _take_all(self, decoder, n_rows, escaped, what):
        def take(i, places):
            shape = n_rows, self.prior.part_dims[i]
            values, shifts = np.empty(math.prod(shape), np.int64), None if places is None else places.shifts.reshape(-1)
            for table, elements in self._by_table(places, shape):
                symbols = self._symbols(decoder, table, len(elements), what)
                values[elements] = symbols + table.low + (0 if shifts is None else shifts[elements])
                for place in np.flatnonzero(symbols == table.escape):
                    values[elements[place]] = _next_of(escaped, what)
            return values.reshape(shape)

        return np.concatenate(self.prior.walk(take), axis=1)

    def _symbols(self, decoder, table, n, what):
        try:
            return decoder.decode(self._model(table), n).astype(np.int64)
        except (AssertionError, ValueError):
            raise ValueError(f"{what} cannot be decoded: its bits are none of this model") from None


def _next_of(escaped, what):
    value = next(escaped, None)
    if value is None:
        raise ValueError(f"{what} is damaged: it is shorter than its numbers")
    return value
