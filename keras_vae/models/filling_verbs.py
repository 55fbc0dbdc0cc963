"""What any model with a posterior can be asked about rows with holes, without training for it: fills, and draws."""

import math
import warnings

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.models.bounds import ROWS_PER_DECODE
from keras_vae.models.draws import seed_of_batch
from keras_vae.models.filling import drawn_fills, filled
from keras_vae.models.row_noise import BLOCK
from keras_vae.training.batch import Condition, Data, split_condition
from keras_vae.training.containers import split_mask, without_brackets
from keras_vae.training.data_checks import check_array, check_event_shape, hide

# Numbers that the decoder puts out in one call, for all rows, steps and draws together: some seconds at most.
NUMBERS_PER_CALL = 2**26


class FillingVerbs:
    """The verbs `fill` and `draw_fills` of a `VariationalModel`, whatever its likelihood."""

    def fill(
        self,
        x: Data,
        n_steps: int = 100,
        n_starts: int = 2,
        n_samples: int = 100,
        seed: int = 0,
        condition: Condition | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """The rows with an estimate in every hole, of a model that was trained on rows without: mean of p(x | seen).

        For every row the q(z) of the elements that were seen is searched from the encoder's guess, see
        `models.filling.searched`; the holes then get the mean of p(x|z) over draws of it, weighted by importance. For a
        likelihood of classes it is the most probable one. Memory grows neither with steps, starts and draws nor with
        the rows, beyond the result. `impute` is faster where the encoder was trained with holes.

        Args:
            x: array `(n, *event_shape)` with NaN for holes, a masked array, or `(x, condition)`. A row that is all
                holes gets the mean of the prior, with a warning.
            n_steps: int >= 0. Gradient steps of the search.
            n_starts: int from 1 to 256. Searches per row: the encoder's guess, and others around it. What they find
                counts in proportion to its importance weights.
            n_samples: int >= 1. Draws of z per row, of all searches together.
            seed: int. The same seed gives the same numbers, for a row whatever stands beside it.
            condition: array or dict of arrays `(n, ...)`, for a model with a condition.
            batch_size: int. Rows per call, fewer where that would take long.

        Returns:
            NumPy array of the shape of `x`, float32; what was seen stays as it was.

        Raises:
            ValueError: for infinite values or another shape, values outside the support, a number out of bounds, a
                likelihood whose elements cannot be masked, a model whose targets are not its inputs, or a prior without
                `log_prob`.

        References:
            Mattei & Frellsen 2018, section 3 (filling by a trained model). https://arxiv.org/abs/1802.04826
            Cremer et al. 2018, section 3 (q by gradient steps). https://arxiv.org/abs/1801.03558
        """
        x, is_hole = self._with_holes(x)
        search = _search(n_steps, n_starts, n_samples, seed)
        work = n_steps * n_starts + n_samples
        return self._in_holes(self._filled, x, is_hole, search, condition, batch_size, work)[0]

    def draw_fills(
        self,
        x: Data,
        n: int,
        n_steps: int = 100,
        n_starts: int = 2,
        n_samples: int = 256,
        seed: int = 0,
        condition: Condition | None = None,
        batch_size: int = 256,
        draw: bool = False,
    ) -> np.ndarray:
        """Several ways to fill the holes: means of p(x|z) at draws z of p(z | seen), or draws of p(x|z) there.

        Args:
            x, n_steps, n_starts, seed, condition, batch_size: as in `fill`. A row that is all holes gets draws of the
                prior.
            n: int >= 1. Draws.
            n_samples: int >= 1. Draws of q, of which `n` are picked in proportion to their importance weights, some
                more than once where q does not fit.
            draw: bool. Draw x itself from p(x|z), with its noise, instead of taking the mean.

        Returns:
            NumPy array `(n, *x.shape)`, float32; what was seen stays as it was.

        Raises:
            ValueError: as `fill`.
        """
        x, is_hole = self._with_holes(x)
        search, n_draws = _search(n_steps, n_starts, n_samples, seed), tf.constant(check_int("n", n, 1))
        # Another seed for every batch: equal rows at the same place of two batches must not get the same draws.
        fresh = seed_of_batch(tf.constant([seed, 1], tf.int64), n_draws)
        tensors = lambda n_rows: (*search(n_rows), *fresh(n_rows))  # noqa: E731
        function = self._drawn_fills if draw else self._mean_fills
        work = n_steps * n_starts + n_samples + n
        return self._in_holes(function, x, is_hole, tensors, condition, batch_size, work, n)

    def _with_holes(self, x):
        """`((x, condition or None), is_hole)` as float32 and bool, checked as any data are."""
        self._check_built("fill")
        if not self.has_density:
            raise ValueError(f"`prior` must have `log_prob` for importance weights. Received: prior={self.prior!r}")
        if self.target_shape != self.event_shape:
            raise ValueError(
                "`fill` needs a model whose targets are its inputs. "
                f"Received: inputs {self.event_shape}, targets {self.target_shape}"
            )
        x, condition = split_condition(without_brackets(x, len(self.event_shape) + 1))
        x, counts = split_mask("x", x)
        check_event_shape("x", x.shape, self.event_shape)
        with np.errstate(over="ignore"):  # What is infinite then is refused below.
            x = x.astype(np.float32)
        is_hole = np.isnan(x) if counts is None else np.isnan(x) | ~counts
        x[is_hole] = np.nan
        check_array(
            "x", hide(x, ~is_hole, self._unseen), self.event_shape, self._check_values, self.likelihood.takes_holes
        )
        n_lost = int(is_hole.reshape(len(x), -1).all(axis=1).sum())
        if n_lost:
            warnings.warn(
                f"{n_lost} of {len(x)} rows of `x` are nothing but holes: the prior fills them.", stacklevel=3
            )
        return (x, condition), is_hole

    def _in_holes(self, function, data, is_hole, tensors, condition, batch_size, work, n=1):
        """What `function` puts in the holes, `(n, *x.shape)`, decoding `work` times; rows without one stay out."""
        x, own_condition = data
        if condition is not None and own_condition is not None:
            raise ValueError("`condition` must be given once. Received: one beside `x` and one in it")
        condition = own_condition if condition is None else condition
        filled, rows = np.repeat(x[None], n, axis=0), np.flatnonzero(is_hole.reshape(len(x), -1).any(axis=1))
        if not len(rows):
            return filled
        # The bar moves from call to call, and the noise belongs to the rows: smaller calls give the same numbers.
        numbers_per_row = work * math.prod(self.likelihood.params_shape(self.target_shape))
        batch_size = min(check_int("batch_size", batch_size, 1), max(1, NUMBERS_PER_CALL // numbers_per_row))
        told = {"condition": _rows_of(condition, rows, len(x)), "mask": ~is_hole[rows]}
        found = self.rows(function, x[rows], tensors, needs_target=True, batch_size=batch_size, **told)
        found = found[:, None] if found.ndim == x.ndim else found
        filled[:, rows] = np.where(is_hole[rows], np.moveaxis(found, 1, 0), x[rows])
        return filled

    def _filled(self, batch, *search):
        return filled(self, batch, *search)

    def _drawn_fills(self, batch, *search):
        return drawn_fills(self, batch, *search, of_means=False)

    def _mean_fills(self, batch, *search):
        return drawn_fills(self, batch, *search, of_means=True)


def _search(n_steps, n_starts, n_samples, seed):
    """What a search is passed beside a batch: a function from its number of rows to tensors.

    Raises:
        ValueError: for a number out of bounds.
    """
    n_steps, n_starts = check_int("n_steps", n_steps, 0), check_int("n_starts", n_starts, 1)
    n_samples, seed = check_int("n_samples", n_samples, 1), check_int("seed", seed, 0)
    if n_starts > BLOCK:
        raise ValueError(f"`n_starts` must be at most {BLOCK}. Received: n_starts={n_starts}")
    pair = tf.constant([seed, 0], tf.int64)

    def tensors(n_rows):
        at_once = max(1, min(n_samples, BLOCK, ROWS_PER_DECODE // n_rows) // n_starts)
        return *map(tf.constant, (n_steps, n_starts, n_samples, at_once * n_starts)), pair

    return tensors


def _rows_of(condition, rows, n_rows):
    """Some rows of a condition; a condition of another number of rows comes back as it is, and is refused."""
    parts = [np.asarray(part) for part in tf.nest.flatten(condition)]
    if condition is None or any(part.ndim == 0 or len(part) != n_rows for part in parts):
        return condition
    return tf.nest.pack_sequence_as(condition, [part[rows] for part in parts])
