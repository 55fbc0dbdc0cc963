"""The arguments of the estimators of tables: one more of them is one more line here."""

import numbers

from keras_vae._checks import check_int
from keras_vae._reading import check_column_kinds
from keras_vae.tasks.setting import Setting, check_widths, choice, listed, number, whole

REAL = ("gaussian", "gaussian_shared", "student_t")
SCORES = ("combined", "log_prob", "elbo", "reconstruction", "kl", "latent_distance")
UNITS = ("auto", "columns", "shared")
THRESHOLDS = ("contamination", "quantile", "extreme_value")


def check_random_state(name, value):
    """None, a whole number, or a `numpy.random.RandomState`.

    Raises:
        ValueError: for anything else.
    """
    # By its method: the shell reads this file, and does not wait for NumPy.
    return value if hasattr(value, "randint") else check_int(name, value, 0)


def check_share(name, value):
    """A number in [0, 0.5].

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not 0.0 <= value <= 0.5:
        raise ValueError(f"`{name}` must be in [0, 0.5]. Received: {name}={value!r}")
    return float(value)


def check_contamination(name, value):
    """A number in (0, 0.5].

    Raises:
        ValueError: for anything else.
    """
    if check_share(name, value) == 0.0:
        raise ValueError(f"`{name}` must be in (0, 0.5]. Received: {name}={value!r}")
    return float(value)


# What every estimator has.
COMMON = {
    "latent_dim": Setting(whole(1), None, "Latent dimensions.", "by the number of columns"),
    "hidden_units": Setting(check_widths, (128,), "Widths of the layers beside the linear maps."),
    "real": Setting(default="student_t", help=f"Likelihood of columns of numbers: {listed(REAL)}", **choice(REAL)),
    "column_kinds": Setting(check_column_kinds, None, "What columns are, a dict from names.", "by their cells"),
    "epochs": Setting(whole(1), None, "Passes over the rows.", "by their number"),
    "batch_size": Setting(whole(1), None, "Rows per step.", "by their number"),
    "learning_rate": Setting(number(0.0, exclusive=True), 1e-3, "Of Adam, in the first epoch."),
    "validation": Setting(check_share, 0.1, "Share of the rows that say when training is over."),
    "n_samples": Setting(whole(1), 50, "Draws of z per row."),
    "random_state": Setting(check_random_state, None, "The same number gives the same results.", "new ones each time"),
    "verbose": Setting(whole(0), 0, "1 for a report of the columns, 2 for a line per epoch as well."),
}

DETECTOR = {
    **COMMON,
    "contamination": Setting(check_contamination, 0.1, "Share of rows that are outliers."),
    "threshold": Setting(default="contamination", help=f"How it is meant: {listed(THRESHOLDS)}", **choice(THRESHOLDS)),
    "score_by": Setting(default="combined", help=f"What makes a row an outlier: {listed(SCORES)}", **choice(SCORES)),
    "trim": Setting(check_share, 0.2, "Share of the rows that nothing is learned from."),
    "n_samples": Setting(whole(1), 8, "Draws of z per row."),
}

IMPUTER = {
    **COMMON,
    "real": Setting(default="gaussian", help=f"Likelihood of columns of numbers: {listed(REAL)}", **choice(REAL)),
    # Small steps: the start is a good imputation, from which a few rows lead astray.
    "learning_rate": Setting(number(0.0, exclusive=True), 2e-4, "Of Adam, in the first epoch."),
    "n_samples": Setting(whole(1), 200, "Draws of z per row of an estimate."),
    "n_draws": Setting(whole(1), 5, "Draws per row of a training step."),
}

TRANSFORMER = {
    **COMMON,
    "hidden_units": Setting(check_widths, (512, 256), "Widths of the hidden layers."),
    "real": Setting(
        default="gaussian_shared", help=f"Likelihood of columns of numbers: {listed(REAL)}", **choice(REAL)
    ),
    "units": Setting(
        default="auto", help=f"Whether the columns share a unit, as pixels do: {listed(UNITS)}", **choice(UNITS)
    ),
    # Less than 1: features are to hold more of a row than its shortest description does.
    "beta": Setting(number(0.0), 0.5, "Weight of the KL."),
    "validation": Setting(check_share, 0.0, "Share of the rows that say when training is over; 0 trains to the end."),
}
