"""What the estimators of tables share: columns of any kind, the model of them, and how both are kept."""

import pathlib
import tempfile

import keras
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from keras_vae.data.columns import TableColumns
from keras_vae.data.table_container import apart
from keras_vae.models.registered import register_classes
from keras_vae.tasks.settings_estimator import SettingsEstimator
from keras_vae.tasks.table_likelihood import table_likelihood
from keras_vae.tasks.tables.settings import COMMON
from keras_vae.tasks.tables.table_training import table_model, train_table_model
from keras_vae.training.containers import is_frame

MAX_SEED = 2**31 - 1
# One row has no spread, and says nothing about the next one.
MIN_ROWS = 2


class TableEstimator(SettingsEstimator):
    """Base of the estimators: a scikit-learn estimator whose `fit` learns the columns of a table and a VAE of them.

    Tables are arrays of numbers, or frames of pandas or polars with numbers, words, dates and holes. A frame is matched
    to the one of `fit` by the names of its columns. After `fit` there are `columns_`, a `keras_vae.data.TableColumns`,
    `model_`, a `VAE`, and `history_`, the terms of every epoch.

    It is cloned, pickled and put into pipelines like any other; a pickle holds the model as bytes of a `.keras` file.
    """

    settings = COMMON
    n_wanted_steps = 3000
    hidden_share = 0.0
    # What the encoder and decoder are, and whether they start as a factor analysis.
    network = "skip"
    default_latent_dim = 10
    min_log_var = -10.0

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        # A network computes in float32, whose last digit depends on where a row stands in a batch. scikit-learn
        # compares rows in another order to nine digits where this is not set.
        tags.non_deterministic = True
        return tags

    # Tables in.

    def _learned_table(self, X):
        """Learn the columns of a table, and give it as numbers, `(n, n_columns)` float32 with NaN for holes."""
        self.columns_, x = self._learned_columns(self._validated(X, reset=True))
        if self.settings_["verbose"]:
            for what, read_as in self._report():
                print(f"{what:<24}{read_as}")
        return x

    def _learned_columns(self, X):
        """The columns of a table, and the table as numbers."""
        columns = TableColumns.learn(X, self._names_of(X), self.settings_["column_kinds"])
        return columns, columns.encode(X)

    def _report(self):
        """What was made of the table, pairs of what and as what."""
        return [(line.what, line.read_as) for line in self.columns_.report]

    def _table(self, X):
        """A later table as numbers, `(n, n_columns)` float32 with NaN for holes."""
        check_is_fitted(self)
        return self.columns_.encode(self._validated(X, reset=False))

    def _validated(self, X, reset):
        """The table, an array as scikit-learn wants it; a frame is matched by its names when it is read."""
        if reset:
            self.is_fitted_to_array_ = not is_frame(X)
        if is_frame(X):
            if reset:
                _check_rows(apart(X).n_rows)
                validate_data(self, X, skip_check_array=True)
            if not getattr(self, "is_fitted_to_array_", False):
                return X
            # Columns of an array have no names: those of a frame are matched by their places, with a warning.
            validate_data(self, X, reset=False, skip_check_array=True)
            X = X.to_numpy()
        # Whether numbers are finite is checked when they are read, which knows the name of the column.
        return validate_data(
            self, X, reset=reset, dtype=None, ensure_all_finite=False, ensure_min_samples=MIN_ROWS if reset else 1
        )

    def _names_of(self, X):
        return None if is_frame(X) else [f"x{j}" for j in range(X.shape[1])]

    # The model.

    def _fit_model(self, x, objective=None, over="columns"):
        """Train the model of the rows; sets `model_` and `history_`."""
        settings = dict(self.settings_)
        names = [column.name for column in self.columns_.columns]
        likelihood = table_likelihood(self.columns_, x, settings["real"], self.min_log_var)
        if settings["latent_dim"] is None:
            entrance, *_ = likelihood.input_layers((len(names),))
            settings["latent_dim"] = min(self.default_latent_dim, entrance.width)
        self.model_ = table_model(likelihood, names, x, settings, self.seed_, objective, self.network, over)
        verbose = 2 if settings["verbose"] > 1 else 0
        steps, start = self._steps(len(x)), self.network == "skip"
        self.history_ = train_table_model(
            self.model_, x, settings, self.seed_, steps, verbose, start, self.hidden_share
        )

    def _steps(self, n_rows):
        """Steps of a training where nobody has said how many epochs."""
        return self.n_wanted_steps

    def _begin(self):
        self.settings_ = self.checked_settings()
        self.seed_ = int(check_random_state(self.random_state).randint(MAX_SEED))

    # Kept.

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "model_" in state:
            state["model_"] = _bytes_of(state["model_"])
        return state

    def __setstate__(self, state):
        state = dict(state)
        if isinstance(state.get("model_"), bytes):
            state["model_"] = _model_of(state["model_"])
        super().__setstate__(state)


def _check_rows(n_rows):
    if n_rows < MIN_ROWS:
        raise ValueError(f"`X` must have at least {MIN_ROWS} rows to learn from. Received: {n_rows}")


def _bytes_of(model):
    """A model as the bytes of its `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.keras")
        model.save(path)
        return path.read_bytes()


def _model_of(content):
    """The inverse of `_bytes_of`. Keras's safe mode stays on: reading them runs no code that they hold."""
    register_classes()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.keras")
        path.write_bytes(content)
        return keras.models.load_model(path)
