"""What every model with a posterior can be asked about any number of rows: codes, draws, bounds on log p(x)."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.models.bounds import ROWS_PER_DECODE, RowBounds, bound_tensors, bounds_of_batch, share_of_mask
from keras_vae.models.draws import draws_of_batch, seed_of_batch
from keras_vae.models.imputing import drawn_imputations, imputed
from keras_vae.training.batch import Condition, Data

# Numbers that the decoder puts out in one call, for all rows and draws together: some seconds at most.
NUMBERS_PER_CALL = 2**26


class PosteriorVerbs:
    """The verbs of a `VariationalModel`, which gives what they compute: `posterior`, `infer`, `pieces` and so on."""

    # Rows decoded at once while a bound averages over draws.
    rows_per_decode = ROWS_PER_DECODE

    @property
    def numbers_per_decode(self):
        """Numbers that the decoder puts out for one row."""
        return math.prod(self.likelihood.params_shape(self.target_shape))

    # Rows in, rows out.

    def encode(
        self, x: Data, condition: Condition | None = None, batch_size: int = 256
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance of q(z|x).

        Args:
            x: array `(n, *event_shape)`, or a `tf.data.Dataset` of batches.
            condition: array or dict of arrays `(n, ...)`, for a model whose encoder takes one.
            batch_size: int. Rows per call.

        Returns:
            Pair of NumPy arrays `(z_mean, z_log_var)`, each `(n, latent_dim)`.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("encode")
        return self.rows(self.posterior, x, parts=("encoder",), condition=condition, batch_size=batch_size)

    def draw(
        self,
        x: Data,
        seed: int | None = None,
        n_draws: int | None = None,
        condition: Condition | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Draws z of q(z|x).

        Args:
            x: as in `encode`.
            seed: int or None. The same seed gives the same draws; None is new noise at every call.
            n_draws: int >= 1, or None for one draw without the axis of draws.
            condition: as in `encode`.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, latent_dim)`, or `(n, n_draws, latent_dim)`. All draws are made in one pass: a stream may
            shuffle anew in the next.

        Raises:
            ValueError: for data of another shape, empty or not finite, or `n_draws` below 1.
        """
        self._check_built("draw")
        n = 1 if n_draws is None else check_int("n_draws", n_draws, 1)
        tensors = seed_of_batch(self._seed_pair(seed), tf.constant(n))
        data = {"parts": ("encoder",), "condition": condition, "batch_size": batch_size}
        z = self.rows(self._draws_of, x, tensors, **data)
        return z[:, 0] if n_draws is None else z

    def _draws_of(self, batch, seed, n_draws):
        return draws_of_batch(self, batch, n_draws, seed)

    def reconstruct(
        self,
        x: Data,
        sample: bool = False,
        seed: int | None = None,
        condition: Condition | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Mean of p(x|z) at the code of x, or at a draw of it; see `LatentModel.reconstruct`.

        Args:
            x, condition, batch_size: as in `LatentModel.reconstruct`.
            sample: bool. Draw z from q(z|x) instead of taking its mean.
            seed: int or None. Seed of that draw; None is new noise at every call.
        """
        if not sample:
            return super().reconstruct(x, condition, batch_size)
        self._check_built("reconstruct")
        tensors = seed_of_batch(self._seed_pair(seed))
        return self.rows(self._drawn_reconstruction, x, tensors, condition=condition, batch_size=batch_size)

    def _drawn_reconstruction(self, batch, seed):
        return self.mean(draws_of_batch(self, batch, 1, seed)[:, 0], batch)

    def elbo(
        self,
        x: Data,
        n_samples: int = 1,
        y: Any = None,
        seed: int = 0,
        batch_size: int = 256,
        mask: Any = None,
        condition: Condition | None = None,
    ) -> np.ndarray:
        """Evidence lower bound of every example, averaged over draws of q(z|x); beta is not in it.

        Args:
            x: array `(n, *event_shape)`, `(x, condition)`, or a `tf.data.Dataset` of batches of x, `(x, y)` or
                `(x, y, sample_weight)`.
            n_samples: int >= 1. Draws per example.
            y: array `(n, *target_shape)` or None for x itself.
            seed: int. The same seed gives the same numbers.
            batch_size: int. Rows per call.
            mask: array of weights of elements `(n, *leading event axes)`, 0 for what was not seen, or None for all. In
                a dataset it is the `sample_weight`.
            condition: array or dict of arrays `(n, ...)`, for a model with a condition.

        Returns:
            NumPy array `(n,)`. Nats.

        Raises:
            ValueError: for data that does not fit the model, or `n_samples` below 1.

        References:
            Kingma & Welling 2014, eq. 3. https://arxiv.org/abs/1312.6114
        """
        return self.bound_rows(x, n_samples, y, seed, batch_size, mask, condition)[0].elbo

    def log_prob(
        self,
        x: Data,
        n_samples: int = 100,
        y: Any = None,
        seed: int = 0,
        batch_size: int = 256,
        mask: Any = None,
        condition: Condition | None = None,
    ) -> np.ndarray:
        """Importance-weighted log p(x) of every example: a lower bound in expectation, tighter with more draws.

        Args:
            x, y, seed, batch_size, mask, condition: as in `elbo`.
            n_samples: int >= 1. Draws per example; quote it with the number.

        Returns:
            NumPy array `(n,)`. Nats.

        Raises:
            ValueError: for data that does not fit the model, `n_samples` below 1, or a prior without `log_prob`.

        References:
            Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
        """
        if not self.has_density:
            raise ValueError(f"`prior` must have `log_prob` for importance weights. Received: prior={self.prior!r}")
        return self.bound_rows(x, n_samples, y, seed, batch_size, mask, condition)[0].log_prob

    def bound_rows(self, x, n_samples, y=None, seed=0, batch_size=256, mask=None, condition=None):
        """Both bounds and the KL of every example from the same draws: see `elbo` and `log_prob`.

        Returns:
            `(bounds, share)`: a `RowBounds` of NumPy arrays `(n,)`, and the share of its elements that counts in every
            example, 1 without a mask.
        """
        self._check_built("score")
        tensors = bound_tensors(n_samples, seed, self.rows_per_decode)
        # The bar moves from call to call, and the noise belongs to the rows: smaller calls give the same numbers.
        most = max(1, NUMBERS_PER_CALL // (n_samples * self.numbers_per_decode))
        batch_size = min(check_int("batch_size", batch_size, 1), most)
        data = {"y": y, "mask": mask, "condition": condition, "batch_size": batch_size}
        *bounds, share = self.rows(self._bounds_of, x, tensors, needs_target=True, **data)
        return RowBounds(*bounds), share

    def impute(self, x: Any, n_samples: int = 100, seed: int = 0, batch_size: int = 256) -> np.ndarray:
        """The rows with an estimate in every hole: the mean of p(x | what was seen), and the most probable class.

        Args:
            x: array `(n, *event_shape)`, NaN for holes, for a model whose likelihood takes them, such as `Mixed`.
            n_samples: int >= 1. Draws of z per row, weighted by importance.
            seed: int. The same seed gives the same numbers.
            batch_size: int. Rows per call.

        Returns:
            NumPy array of the shape of `x`, float32; what was seen stays as it was.

        Raises:
            ValueError: for a likelihood without holes, a prior without `log_prob`, data that does not fit the model, or
                a number out of bounds.

        References:
            Mattei & Frellsen 2019 (MIWAE), eq. 12. https://arxiv.org/abs/1812.02633
        """
        self._check_imputes()
        filled = self.rows(self._imputed, x, bound_tensors(n_samples, seed), needs_target=True, batch_size=batch_size)
        return _in_holes(x, filled)

    def draw_imputations(
        self, x: Any, n_draws: int, n_samples: int = 100, seed: int = 0, batch_size: int = 256
    ) -> np.ndarray:
        """Several tables without holes, each with other draws of p(x | what was seen): how sure a filled value is.

        Args:
            x, n_samples, seed, batch_size: as in `impute`.
            n_draws: int >= 1. Tables.

        Returns:
            NumPy array `(n_draws, *x.shape)`, float32.

        Raises:
            ValueError: as `impute`.

        References:
            Mattei & Frellsen 2019 (MIWAE), section 3.4. https://arxiv.org/abs/1812.02633
        """
        self._check_imputes()
        of_bounds, n = bound_tensors(n_samples, seed), tf.constant(check_int("n_draws", n_draws, 1))
        # Another seed for every batch: rows at the same place of two batches must not share their noise.
        fresh = seed_of_batch(tf.constant([seed, 1], tf.int64), n)
        data = {"needs_target": True, "batch_size": batch_size}
        drawn = self.rows(self._drawn_imputations, x, lambda rows: (*of_bounds(rows)[:2], *fresh(rows)), **data)
        return np.stack([_in_holes(x, drawn[:, k]) for k in range(n_draws)])

    def _check_imputes(self):
        self._check_built("impute")
        if not self.likelihood.takes_holes:
            raise ValueError(
                "`likelihood` must be one that takes holes, such as `likelihoods.Mixed`, to impute. "
                f"Received: {type(self.likelihood).__name__}"
            )
        if not self.has_density:
            raise ValueError(f"`prior` must have `log_prob` for importance weights. Received: prior={self.prior!r}")

    def _imputed(self, batch, n_samples, chunk, seed):
        return imputed(self, batch, n_samples, chunk, seed)

    def _drawn_imputations(self, batch, n_samples, chunk, seed, n_draws):
        return drawn_imputations(self, batch, n_samples, chunk, seed, n_draws)

    def _bounds_of(self, batch, n_samples, chunk, seed):
        return *bounds_of_batch(self, batch, n_samples, chunk, seed), share_of_mask(batch)


def _in_holes(x, filled):
    """`filled` where x is NaN, else x."""
    x = np.asarray(x, np.float32)
    return np.where(np.isnan(x), filled, x)
