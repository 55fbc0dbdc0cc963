"""`VAETransformer`, features of tables for other estimators."""

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from keras_vae.data.columns import TableColumns
from keras_vae.objectives.elbo import ELBO
from keras_vae.tasks.tables.settings import TRANSFORMER
from keras_vae.tasks.tables.shared_unit import share_a_unit
from keras_vae.tasks.tables.table_estimator import TableEstimator
from keras_vae.tasks.tables.table_training import default_batch_size

MAX_EPOCHS = 400


class VAETransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, TableEstimator):
    """Posterior means of a VAE as features, where PCA would give its components.

    Two choices make features of it rather than a density: the KL weighs less, and a step hides a tenth of the cells
    from the encoder, which keeps features from resting on single columns.

    Args:
        latent_dim: int or None for at most 10. Features.
        hidden_units: tuple of int. Widths of the hidden layers of the encoder; the decoder has them in reverse.
        real: "gaussian_shared" (one variance for all columns, as the squared error has it), "gaussian" or "student_t".
            Likelihood of columns of numbers.
        units: "columns" brings every column of numbers to its own scale, "shared" all of them to one scale, as pixels
            have it; "auto" takes the second where all columns hold whole numbers from 0 on, and half of them have the
            same largest one. `shares_unit_` says which it was.
        beta: float >= 0. Weight of the KL.
        column_kinds: dict or None. What columns are, from their names (`x0`, `x1`, ... of an array) to "real", "count",
            "binary" or "category"; the others are guessed by their cells.
        epochs, batch_size: int or None. Passes over the rows and rows per step; None for what their number calls for.
        learning_rate: float > 0. Of Adam, in the first epoch.
        validation: float in [0, 0.5]. Share of the cells that say when training is over; 0 trains to the end.
        n_samples: int >= 1. Draws per row of `score`.
        random_state: int, `RandomState` or None. The same number gives the same features.
        verbose: int. 1 prints what was made of each column, 2 a line per epoch as well.

    Examples:
        >>> from keras_vae.tasks.tables import VAETransformer
        >>> table = np.random.default_rng(0).normal(size=(100, 5))
        >>> VAETransformer(latent_dim=2, epochs=1, random_state=0).fit_transform(table).shape
        (100, 2)

    References:
        Rybkin et al. 2021, section 3 (the shared variance). https://arxiv.org/abs/2006.13202
        Higgins et al. 2017, section 2 (beta). https://openreview.net/forum?id=Sy2fzU9gl
        Vincent et al. 2008 (hidden cells). https://doi.org/10.1145/1390156.1390294
    """

    settings = TRANSFORMER
    network = "dense"
    n_wanted_steps = 4000
    hidden_share = 0.1

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # Features are float32, as the network computes them.
        tags.transformer_tags.preserves_dtype = []
        return tags

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
        x = self._learned_table(X)
        self._fit_model(x, ELBO(self.settings_["beta"]), "all" if self.shares_unit_ else "columns")
        return self

    def _learned_columns(self, X):
        columns, x = super()._learned_columns(X)
        units = self.settings_["units"]
        self.shares_unit_ = units == "shared" or (units == "auto" and share_a_unit(columns, x))
        if not self.shares_unit_:
            return columns, x
        kinds = {column.name: "real" for column in columns.columns} | (self.settings_["column_kinds"] or {})
        columns = TableColumns.learn(X, self._names_of(X), kinds)
        return columns, columns.encode(X)

    def _report(self):
        scale = "one for all columns, which share a unit" if self.shares_unit_ else "one for each column of numbers"
        return [*super()._report(), ("scale", scale)]

    def _steps(self, n_rows):
        batch_size = self.settings_["batch_size"] or default_batch_size(n_rows)
        return min(self.n_wanted_steps, MAX_EPOCHS * -(-n_rows // batch_size))

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
