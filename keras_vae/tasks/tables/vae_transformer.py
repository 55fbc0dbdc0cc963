"""`VAETransformer`, features of tables for other estimators."""

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from keras_vae.tasks.tables.table_estimator import TableEstimator


class VAETransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, TableEstimator):
    """Posterior means of a VAE as features, in place of those of PCA.

    Args:
        latent_dim: int or None for at most 10. Features.
        hidden_units: tuple of int. Widths of the layers beside the linear maps of encoder and decoder.
        real: "gaussian" or "student_t". Likelihood of columns of numbers.
        column_kinds: dict or None. What columns are, from their names (`x0`, `x1`, ... of an array) to "real", "count",
            "binary" or "category"; the others are guessed by their cells.
        epochs, batch_size: int or None. Passes over the rows and rows per step; None for what their number calls for.
        learning_rate: float > 0. Of Adam, in the first epoch.
        validation: float in [0, 0.5]. Share of the rows that say when training is over.
        n_samples: int >= 1. Draws per row of `score`.
        random_state: int, `RandomState` or None. The same number gives the same features.
        verbose: int. 1 prints what was made of each column, 2 a line per epoch as well.

    Examples:
        >>> from keras_vae.tasks.tables import VAETransformer
        >>> table = np.random.default_rng(0).normal(size=(100, 5))
        >>> VAETransformer(latent_dim=2, epochs=1, random_state=0).fit_transform(table).shape
        (100, 2)
    """

    def fit(self, X, y=None):
        """Learn the columns of a table and a model of them.

        Args:
            X: array or frame `(n, columns)`, NaN for holes.
            y: ignored.

        Returns:
            self.

        Raises:
            ValueError: for an argument out of bounds, or a table that cannot be read.
        """
        self._begin()
        self._fit_model(self._learned_table(X))
        return self

    @property
    def _n_features_out(self):
        return self.model_.latent_dim

    def transform(self, X):
        """Posterior means, float32 array `(n, latent_dim)`.

        Raises:
            ValueError: for a table with other columns.
            NotFittedError: before `fit`.
        """
        return self.encode(X)[0]

    def encode(self, X):
        """Posterior means and standard deviations, two arrays `(n, latent_dim)`; arguments as in `transform`."""
        x = self._table(X)
        z_mean, z_log_var = self.model_.encode(x)
        return z_mean, np.exp(0.5 * z_log_var)

    def inverse_transform(self, Z):
        """Means of p(x|z): a table such as that of `fit`, with words, counts and numbers in its columns.

        Args:
            Z: array `(n, latent_dim)`.
        """
        check_is_fitted(self)
        return self.columns_.decode(self.model_.decode(np.asarray(Z)))

    def score(self, X, y=None):
        """Mean importance-weighted log p(x) of the rows: float, nats; larger is better.

        References:
            Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
        """
        x = self._table(X)
        return float(self.model_.log_prob(x, self.settings_["n_samples"]).mean())
