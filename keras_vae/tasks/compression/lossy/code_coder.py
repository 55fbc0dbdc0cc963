"""Codes of whole numbers as bytes and back, by the tables of a prior."""

import numpy as np

from keras_vae.tasks.compression.container.fields import Fields, number
from keras_vae.tasks.compression.streams import constriction_streams

WORD_BYTES = 4


class CodeCoder:
    """A range coder for codes `(n, latent_dim)`: w channel by channel, then y table by table.

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
        y, w = code[:, : self.prior.n_scaled], code[:, self.prior.n_scaled :]
        encoder, escaped = self._stream.queue.RangeEncoder(), []
        for channel, table in enumerate(self.prior.tables_of_w):
            self._put(encoder, table, w[:, channel :: self.prior.n_channels].reshape(-1), escaped)
        levels = self.prior.levels(w)
        for level in np.unique(levels):
            self._put(encoder, self.prior.tables_of_y[level], y[levels == level], escaped)
        words, escaped = encoder.get_compressed(), np.concatenate([*escaped, np.zeros(0, np.int64)])
        zigzag = np.where(escaped < 0, -2 * escaped - 1, 2 * escaped)
        head = [number(len(words)), words.astype("<u4").tobytes(), number(len(zigzag))]
        return b"".join([*head, *map(number, zigzag.tolist())])

    def _put(self, encoder, table, values, escaped):
        symbols = table.symbols(values)
        encoder.encode(symbols, self._model(table))
        escaped.append(values[symbols == table.escape].astype(np.int64))

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
        prior = self.prior
        w, per_channel = np.empty((n_rows, prior.n_hyper), np.int64), prior.n_hyper // prior.n_channels
        for channel, table in enumerate(prior.tables_of_w):
            values = self._take(decoder, table, n_rows * per_channel, escaped, what)
            w[:, channel :: prior.n_channels] = values.reshape(n_rows, per_channel)
        levels, y = prior.levels(w), np.empty((n_rows, prior.n_scaled), np.int64)
        for level in np.unique(levels):
            own = levels == level
            y[own] = self._take(decoder, prior.tables_of_y[level], int(own.sum()), escaped, what)
        return np.concatenate([y, w], axis=1)

    def _take(self, decoder, table, n, escaped, what):
        try:
            symbols = decoder.decode(self._model(table), n)
        except (AssertionError, ValueError):
            raise ValueError(f"{what} cannot be decoded: its bits are none of this model") from None
        values = symbols.astype(np.int64) + table.low
        for place in np.flatnonzero(symbols == table.escape):
            value = next(escaped, None)
            if value is None:
                raise ValueError(f"{what} is damaged: it is shorter than its numbers")
            values[place] = value
        return values
