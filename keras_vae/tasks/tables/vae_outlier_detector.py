"""`VAEOutlierDetector`, rows of tables that are unlike the others."""

import numpy as np
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from keras_vae.models.vae import VAE
from keras_vae.serving.export import export_saved_model
from keras_vae.tasks.tables.anomaly.drift import score_drift
from keras_vae.tasks.tables.anomaly.outlier_score import OutlierScore
from keras_vae.tasks.tables.anomaly.plot_outliers import plot_outliers
from keras_vae.tasks.tables.anomaly.row_scorer import RowScorer
from keras_vae.tasks.tables.anomaly.row_terms import learn_robustly
from keras_vae.tasks.tables.anomaly.surprise import MAX_VALUES
from keras_vae.tasks.tables.anomaly.thresholds import (
    contamination_threshold,
    extreme_value_threshold,
    quantile_threshold,
)
from keras_vae.tasks.tables.detect_endpoint import detect_endpoint
from keras_vae.tasks.tables.settings import DETECTOR
from keras_vae.tasks.tables.table_estimator import TableEstimator

_THRESHOLDS = {
    "contamination": contamination_threshold,
    "quantile": quantile_threshold,
    "extreme_value": extreme_value_threshold,
}


class VAEOutlierDetector(OutlierMixin, TableEstimator):
    """Rows that a VAE, and simpler densities beside it, find unlikely.

    The score of a row is the mean of five surprises, `-log` of the share of training rows that are as unlikely: by the
    importance-weighted log p(x) of the VAE, by a linear VAE, by the distance to a few exemplars, and by the densities
    of the columns on their own. All of them are learned without the rows that the simpler ones find least likely: the
    training rows may hold outliers. A score depends on the row alone, and is the same at every call.

    As scikit-learn has it, `decision_function` is negative for outliers, and `predict` gives -1 for them.

    Args:
        contamination: float in (0, 0.5]. Share of rows that are outliers: `threshold` says how it is meant.
        threshold: "contamination" flags this share of the training rows; "quantile" at most this share of rows like
            them, with a confidence of 95 %; "extreme_value" this share by the tail of the scores, for small shares.
        score_by: "combined"; or of the VAE alone "log_prob" (importance-weighted), "elbo", "reconstruction" (the mean
            of `-log p(x|z)` over draws of z), "kl", or "latent_distance" (squared length of the code).
        trim: float in [0, 0.5]. Share of the training rows that nothing is learned from; 0 for rows known to be clean.
        n_samples: int >= 1. Draws of z per row.
        latent_dim, hidden_units, real, column_kinds, epochs, batch_size, learning_rate, validation, random_state,
            verbose: as in `VAETransformer`.

    Examples:
        >>> from keras_vae.tasks.tables import VAEOutlierDetector
        >>> table = np.random.default_rng(0).normal(size=(200, 3))
        >>> table[0] = 9.0
        >>> detector = VAEOutlierDetector(contamination=0.05, epochs=1, random_state=0).fit(table)
        >>> bool(detector.predict(table)[0] == -1)
        True

    References:
        An & Cho 2015 (reconstruction probability), algorithm 4.
            http://dm.snu.ac.kr/static/docs/TR/SNUDM-TR-2015-03.pdf
    """

    settings = DETECTOR
    default_latent_dim = 8
    n_wanted_steps = 700
    # A standard deviation of 0.14 of the column: a model that knows a column exactly would flag all that is not exact.
    min_log_var = -4.0

    def fit(self, X, y=None):
        """Learn what most rows of a table are like; see `VAETransformer.fit`."""
        self._begin()
        x = self._learned_table(X)
        terms, surprises, is_kept = self._learned_terms(x)
        self._fit_model(x[is_kept])
        return self._calibrated(terms, surprises, x)

    def fit_around(self, model, x, columns):
        """Take a model that is trained already, such as that of a run, and learn the rest of the score.

        Args:
            model: trained `VAE` of rows of columns.
            x: array `(n, n_columns)`, the training rows as the model takes them.
            columns: `keras_vae.data.TableColumns` of them.

        Returns:
            self.

        Raises:
            ValueError: for an argument out of bounds, or a model of something else than such rows.
        """
        self._begin()
        if not isinstance(model, VAE) or tuple(model.event_shape) != (len(columns.columns),):
            raise ValueError(
                f"`model` must be a VAE of rows of {len(columns.columns)} columns. "
                f"Received: a {type(model).__name__} of examples of shape {tuple(model.event_shape)}"
            )
        self.columns_, self.model_, self.n_features_in_ = columns, model, len(columns.columns)
        x = np.asarray(x, np.float32)
        terms, surprises, _ = self._learned_terms(x)
        return self._calibrated(terms, surprises, x)

    def _learned_terms(self, x):
        kinds = tuple(k if isinstance(k, int) else None for k in self.columns_.likelihood_columns())
        return learn_robustly(x, kinds, self.settings_["trim"], self.seed_)

    def _calibrated(self, terms, surprises, x):
        n_samples = self.settings_["n_samples"]
        self.score_ = OutlierScore.learn(self.model_, terms, surprises, x, n_samples, self.seed_)
        self.scorer_ = self._scorer()
        scores = self.scorer_.scores(x)
        of_training = np.random.default_rng(self.seed_).permutation(len(scores))[:MAX_VALUES]
        self.training_scores_ = np.sort(scores[of_training])
        threshold = _THRESHOLDS[self.settings_["threshold"]](scores, self.settings_["contamination"])
        # As precise as scores are: an exported detector compares the same numbers.
        self.offset_ = -float(np.float32(threshold))
        return self

    def score_samples(self, X):
        """Minus the score of every row, array `(n,)`: lower for rows that are less like those of `fit`."""
        x = self._table(X)
        # scikit-learn wants float64 of every detector.
        return -self.scorer_.scores(x).astype(np.float64)

    def decision_function(self, X):
        """`score_samples` less the threshold, array `(n,)`: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """-1 for outliers and 1 for other rows, int array `(n,)`."""
        return np.where(self.decision_function(X) < 0.0, -1, 1)

    def explain(self, X):
        """What every column adds to the score of a row.

        Args:
            X: table as that of `fit`.

        Returns:
            Array `(n, n_columns)`, nats, in the order of `columns_.columns`. A row adds up to its combined score.
        """
        x = self._table(X)
        return self.scorer_.contributions(x)

    def plot(self, X):
        """Picture of all scores and of why the highest rows stand out, a matplotlib Figure; X as in `explain`.

        Rows of a pandas frame go by their index, others by their numbers from 0.
        """
        x, rows = self._table(X), getattr(X, "index", None)
        scores, contributions = self.scorer_.scores(x), self.scorer_.contributions(x)
        cells = self.columns_.decode(x, like="dict")
        return plot_outliers(
            scores,
            -self.offset_,
            contributions,
            list(cells.values()),
            list(cells),
            rows if hasattr(rows, "names") else None,
            self.training_scores_,
            self.settings_["score_by"] == "combined",
        )

    def drift(self, X, known=None, window=None):
        """Whether the scores of rows change over time.

        Args:
            X: table as that of `fit`, in the order of time.
            known: table of rows that are as they should be, which the detector was best not fitted to; None for the
                training rows, whose scores are somewhat lower than those of others.
            window: int or None, as in `score_drift`.

        Returns:
            `anomaly.drift.Drift`; `plot_drift` of it is the picture.

        Raises:
            ValueError: as `score_drift`.
        """
        scores = -self.score_samples(X)
        known = self.training_scores_ if known is None else -self.score_samples(known)
        return score_drift(known, scores, -self.offset_, window)

    def export(self, path):
        """Write a SavedModel with the signature `detect` on raw rows beside those of the model.

        Its inputs and outputs: see `detect_endpoint`.

        Args:
            path: str or path. Model folder, such as `saved_models/payments`; gets the next version.

        Returns:
            `pathlib.Path` of the version written.

        Raises:
            NotFittedError: before `fit`.
            ValueError, OSError: as `keras_vae.export_saved_model`.
        """
        check_is_fitted(self)
        parts = self.model_, self.score_, self.columns_, np.float32(-self.offset_)
        endpoint = detect_endpoint(*parts, self.settings_["n_samples"], self.settings_["score_by"])
        return export_saved_model(self.model_, path, endpoints={"detect": endpoint})

    def _scorer(self):
        return RowScorer(self.model_, self.score_, self.settings_["n_samples"], self.settings_["score_by"])

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "scorer_"}

    def __setstate__(self, state):
        super().__setstate__(state)
        if "model_" in state:
            self.scorer_ = self._scorer()
