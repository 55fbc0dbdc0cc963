"""Codes of sentences as whole numbers, each dimension by a table of its own, and how many bits they take."""

import numpy as np

from keras_vae.tasks.compression.container.fields import Fields, number
from keras_vae.tasks.compression.lossy.tables import gaussian_table
from keras_vae.tasks.compression.streams import constriction_streams

WORD_BYTES = 4
# In steps: a dimension that is narrower is as good as constant.
LEAST_SCALE = 0.05


class CodeTables:
    """Rounds codes and packs them: the wider the posterior of a dimension, the coarser its steps.

    Args:
        means, log_vars: arrays `(n, latent_dim)`, n >= 2. Posteriors of texts of the training part: what the receiver
            knows beforehand, with the model.
        step: float > 0. Width of a step in standard deviations of the posterior.
    """

    def __init__(self, means, log_vars, step):
        means = np.asarray(means, np.float64)
        self.center = means.mean(axis=0)
        self.width = step * np.sqrt(np.exp(np.asarray(log_vars, np.float64)).mean(axis=0))
        scales = np.maximum(means.std(axis=0) / self.width, LEAST_SCALE)
        self._tables = [gaussian_table(float(scale)) for scale in scales]

    def rounded(self, means):
        """Whole numbers, int64 `(n, latent_dim)`, of the means of posteriors."""
        return np.rint((np.asarray(means, np.float64) - self.center) / self.width).astype(np.int64)

    def codes(self, rounded):
        """The codes that whole numbers stand for, float32 `(n, latent_dim)`."""
        return (self.center + self.width * rounded).astype(np.float32)

    def pack(self, rounded):
        """Whole numbers as bytes."""
        stream = constriction_streams()
        encoder, escaped = stream.queue.RangeEncoder(), []
        for values, table in zip(rounded.T, self._tables, strict=True):
            symbols = table.symbols(values)
            encoder.encode(symbols, stream.model.Categorical(table.probabilities, perfect=False))
            escaped += values[symbols == table.escape].tolist()
        words = encoder.get_compressed()
        parts = [number(len(words)), words.astype("<u4").tobytes()]
        # Signs in the last bit.
        return b"".join([*parts, *(number(2 * v if v >= 0 else -2 * v - 1) for v in escaped)])

    def unpack(self, data, n):
        """The whole numbers of bytes, int64 `(n, latent_dim)`."""
        stream, fields = constriction_streams(), Fields(data, "the code")
        words = np.frombuffer(fields.take(fields.number() * WORD_BYTES), "<u4").astype(np.uint32)
        decoder, columns = stream.queue.RangeDecoder(words), []
        for table in self._tables:
            symbols = decoder.decode(stream.model.Categorical(table.probabilities, perfect=False), n).astype(np.int64)
            values = symbols + table.low
            for place in np.flatnonzero(symbols == table.escape):
                half, odd = divmod(fields.number(), 2)
                values[place] = -half - 1 if odd else half
            columns.append(values)
        fields.end()
        return np.stack(columns, axis=1)
