"""How many rows and importance samples fit into the time that somebody waits for a likelihood."""

import bisect
import math
from typing import NamedTuple

import numpy as np

from keras_vae._keras import all_layers, output_shape_of, own_variables
from keras_vae.training.rows import head
from keras_vae.training.streams import is_stream

# Multiplications per second that two slow cores make of a decoder; on others an estimate is there sooner. It is not
# measured: the same model has the same figures on every machine and in every turn.
OPERATIONS_PER_SECOND = 5e9
# What a number that the decoder puts out costs the likelihood: logarithms and exponentials count for many.
OPERATIONS_PER_OUTPUT = 50
# Fewer draws leave the bound far below log p(x), fewer rows leave its mean to chance.
MIN_DRAWS, MIN_ROWS = 20, 50
NICE = (1, 2, 5)


class Effort(NamedTuple):
    """What a likelihood is estimated from.

    Attributes:
        n_samples: int. Importance samples per row.
        n_rows: int. Rows.
    """

    n_samples: int
    n_rows: int


def affordable(model, n_available, seconds, n_samples, fixed=False):
    """The rows and draws that fit into the time, by the size of the decoder.

    Args:
        model: `VAE` or `LadderVAE`.
        n_available: int >= 1. Rows that there are.
        seconds: float. About how long the estimate may take.
        n_samples: int >= 1. Draws per row that are wanted.
        fixed: bool. Whether so many draws were asked for: then only the rows are fewer.

    Returns:
        `Effort`: first all rows and draws, then fewer rows, then fewer draws; at least 50 rows of 20 draws.
    """
    n_draws = seconds * OPERATIONS_PER_SECOND / operations_per_draw(model)
    if n_draws >= n_available * n_samples:
        return Effort(n_samples, n_available)
    n_rows = min(n_available, round_down(max(MIN_ROWS, n_draws / n_samples)))
    if fixed or n_rows * n_samples <= n_draws:
        return Effort(n_samples, n_rows)
    return Effort(min(n_samples, round_down(max(MIN_DRAWS, n_draws / n_rows))), n_rows)


def operations_per_draw(model):
    """About how many multiplications it takes to decode one code and to judge one row by it.

    Args:
        model: `VAE` or `LadderVAE`.
    """
    outputs = math.prod(model.likelihood.params_shape(model.target_shape))
    return OPERATIONS_PER_OUTPUT * outputs + sum(map(_operations_of_layer, all_layers(model.decoder)))


def _operations_of_layer(layer):
    """The weights of a layer, at every place where it uses them."""
    own = sum(math.prod(variable.shape) for variable in own_variables(layer))
    return own * math.prod(n or 1 for n in output_shape_of(layer)[1:-1])


def round_down(number):
    """The largest of 1, 2, 5, 10, 20, 50 ... that is not above a number >= 1: the same on machines of like speed."""
    # Not by a logarithm: that of 999.9999999999999 is 3.
    power = 10 ** (len(str(int(number))) - 1)
    return NICE[bisect.bisect_right(NICE, number / power) - 1] * power


def random_rows(x, n_rows, seed=0):
    """So many rows: random ones of an array, in their order, as the first may be of one kind; the head of a stream.

    Args:
        x: array `(n, *event_shape)`, a dict of it and a condition, or `tf.data.Dataset`.
        n_rows: int >= 1.
        seed: int >= 0.
    """
    if is_stream(x):
        return head(x, n_rows)
    n = len(x["x"]) if isinstance(x, dict) else len(x)
    if n <= n_rows:
        return x
    chosen = np.sort(np.random.default_rng(seed).choice(n, n_rows, replace=False))
    return {name: rows[chosen] for name, rows in x.items()} if isinstance(x, dict) else x[chosen]
