"""Scores of any number of rows, by graphs that are made once."""

import numpy as np

from keras_vae.training.rows import RowFunction, map_rows

# Rows scored in one call, always as many: products of matrices of another size are rounded in another way, and a score
# would depend, in its last digits, on how many rows there are beside it.
ROWS_PER_CALL = 512


class RowScorer:
    """What a fitted detector computes for rows.

    Args:
        model: trained `VAE`.
        score: `OutlierScore`.
        n_samples: int. Draws of z per row.
        kind: str. Which score, as in `OutlierScore`.
    """

    def __init__(self, model, score, n_samples, kind):
        self.model, self.score, self.n_samples, self.kind = model, score, n_samples, kind
        self._spec = model.row_spec._replace(target_shape=None)
        self._graphs = {f.__name__: RowFunction(f, self._spec) for f in (self._score, self._contributions)}

    def scores(self, x):
        """Scores, float32 array `(n,)`, of an array `(n, n_columns)` as the model takes it; larger for outliers."""
        return self._map("_score", x)

    def contributions(self, x):
        """What every column adds to the combined score, array `(n, n_columns)`."""
        return self._map("_contributions", x)

    def _map(self, name, x):
        missing = -len(x) % ROWS_PER_CALL
        whole = np.concatenate([x, np.zeros((missing, x.shape[1]), x.dtype)]) if missing else x
        return map_rows(self._graphs[name], whole, self._spec, batch_size=ROWS_PER_CALL, name="X")[: len(x)]

    def _score(self, batch):
        return self.score(self.model, batch.x, self.n_samples, self.kind)

    def _contributions(self, batch):
        return self.score.contributions(self.model, batch.x, self.n_samples)
