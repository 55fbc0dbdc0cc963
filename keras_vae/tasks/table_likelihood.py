"""The likelihood of a table by what its columns are, for every use that trains on tables."""

import numpy as np

from keras_vae.likelihoods.mixed import Mixed

# Of columns of numbers, which may have outliers.
REAL = "student_t"
OF_KIND = {"binary": "bernoulli", "count": "negative_binomial"}


def table_likelihood(columns, x, real=REAL, min_log_var=-10.0):
    """The likelihood of a table.

    Args:
        columns: `keras_vae.data.TableColumns`.
        x: array `(n, n_columns)`, as `columns.encode` gives it; its holes tell which columns may have some.
        real: "gaussian" or "student_t". Of columns of real numbers.
        min_log_var: float. Lower bound of their log variance, in units of the variance of the column.

    Returns:
        `Mixed`.
    """
    kinds = [k if isinstance(k, int) else OF_KIND.get(k, real) for k in columns.likelihood_columns()]
    return Mixed(kinds, np.flatnonzero(np.isnan(x).any(axis=0)), min_log_var, has_other=True)


def mixed_likelihood(data):
    """The `Mixed` likelihood of a data set; one of real numbers alone where its columns are nothing else.

    Args:
        data: `Dataset` of kind "table".

    Raises:
        ValueError: for data that are no table.
    """
    if data.kind != "table":
        raise ValueError(f"`likelihood` must be another than mixed for data that are no table. Received: {data.name}")
    if data.columns is None:
        return Mixed([REAL] * data.event_shape[0], holes=())
    return table_likelihood(data.columns, data.x_train)
