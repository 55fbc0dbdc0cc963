"""`VAEImputer`, tables without holes."""

from sklearn.base import OneToOneFeatureMixin, TransformerMixin

from keras_vae.objectives.importance_weighted import ImportanceWeighted
from keras_vae.tasks.tables.filled_table import filled_table
from keras_vae.tasks.tables.settings import IMPUTER
from keras_vae.tasks.tables.table_estimator import TableEstimator


class VAEImputer(OneToOneFeatureMixin, TransformerMixin, TableEstimator):
    """Estimates for the holes of a table, by what was seen of the row.

    It begins as a factor analysis of what was seen, by which the encoder has its holes filled as well; that alone is a
    good imputation of numbers. Networks go on from there on a bound of the likelihood of what was seen, which is right
    for values that are missing completely at random, and at random, by a rule that depends on what was seen. Each step
    hides some cells from the encoder. A tenth of the cells is not trained on: their estimates say when training is
    over, and the start is kept unless they become better by more than one standard error.

    Args:
        latent_dim: int or None for at most 20. Latent dimensions, and factors of the start.
        real: "gaussian", "gaussian_shared" (one variance for all columns) or "student_t". Likelihood of columns of
            numbers.
        n_samples: int >= 1. Draws of z per row of `transform`, weighted by importance.
        n_draws: int >= 1. Draws per row of a training step.
        validation: float in [0, 0.5]. Share of the cells that say when training is over; 0 trains to the end.
        hidden_units, column_kinds, epochs, batch_size, learning_rate, random_state, verbose: as in `VAETransformer`.

    Examples:
        >>> from keras_vae.tasks.tables import VAEImputer
        >>> table = np.random.default_rng(0).normal(size=(100, 3))
        >>> table[::2, 1] = np.nan
        >>> bool(np.isnan(VAEImputer(epochs=1, random_state=0).fit_transform(table)).any())
        False

    References:
        Mattei & Frellsen 2019 (MIWAE), eq. 4 (bound), eq. 12 (estimate). https://arxiv.org/abs/1812.02633
        Rubin & Thayer 1982, section 3 (the start). https://doi.org/10.1007/BF02293851
    """

    settings = IMPUTER
    n_wanted_steps = 1500
    default_latent_dim = 20
    hidden_share = 0.2

    def fit(self, X, y=None):
        """Learn the columns of a table and a model of them; see `VAETransformer.fit`."""
        self._begin()
        self._fit_model(self._learned_table(X), ImportanceWeighted(self.settings_["n_draws"]))
        return self

    def transform(self, X):
        """The table with an estimate in every hole: the mean of numbers, and the most probable word.

        Args:
            X: table as that of `fit`.

        Returns:
            Frame or array as X; what was seen stays as it was.

        Raises:
            ValueError: for a table with other columns.
            NotFittedError: before `fit`.
        """
        x = self._table(X)
        return self._filled(X, x, self.model_.impute(x, self.settings_["n_samples"], self.seed_))

    def sample(self, X, n_tables=5):
        """Several tables with a draw in every hole: what differs between them is how unsure an estimate is.

        Args:
            X: as in `transform`.
            n_tables: int >= 1.

        Returns:
            list of tables.
        """
        x = self._table(X)
        drawn = self.model_.draw_imputations(x, n_tables, max(n_tables, self.settings_["n_samples"]), self.seed_)
        return [self._filled(X, x, one) for one in drawn]

    def _filled(self, X, x, filled):
        return filled_table(self.columns_, self._validated(X, reset=False), x, filled)
