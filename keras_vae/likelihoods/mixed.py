"""Likelihood of tables whose columns are of different kinds: one likelihood for each column."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.encoder_inputs import EncodedColumns
from keras_vae.likelihoods.registry import get_likelihood

# What a column may have by name: likelihoods of single numbers.
_WITH_FLOOR = ("gaussian", "gaussian_shared", "student_t")
OF_COLUMNS = ("gaussian", "gaussian_shared", "student_t", "bernoulli", "negative_binomial")


@keras.saving.register_keras_serializable(package="keras_vae")
class Mixed(Likelihood):
    """Rows of columns of different kinds, independent given z: numbers, yes or no, counts, categories; with holes.

    Columns with the same likelihood form a group, and the decoder puts out the parameters of one group after the other,
    in the order in which they first appear. Categories are class numbers from 0; their mean is the most probable class.

    NaN marks a hole: it counts neither in the likelihood nor in its gradient, and the encoder sees a zero and, in a
    column that may have holes, a one in an indicator beside it.

    Args:
        columns: one entry per column: "gaussian", "gaussian_shared" (one variance for all columns of that name),
            "student_t", "bernoulli", "negative_binomial", or a whole number >= 2, the number of classes of a category.
        holes: numbers of the columns that may have holes, of which the encoder is told; None for all.
        min_log_var: float. Lower bound of the log variance of columns of real numbers, as in `Gaussian`.
        has_other: bool. Whether the last class of every category stands for all that is no other one: an estimate of
            what was not seen is never that.

    Raises:
        ValueError: if there is no column, an entry is none of these, a number of a column does not exist, or the bound
            is none of `Gaussian`.

    Examples:
        Age, number of children, married or not, one of four towns:

        >>> likelihood = kv.likelihoods.Mixed(["gaussian", "negative_binomial", "bernoulli", 4])
        >>> likelihood.params_shape((4,))
        (9,)
        >>> x = tf.constant([[0.3, 2.0, 1.0, 3.0], [0.3, 2.0, float("nan"), 3.0]])
        >>> log_prob = likelihood.log_prob(x, tf.zeros((2, 9)))
        >>> bool(np.isclose(log_prob[0] - log_prob[1], -np.log(2.0)))
        True

    References:
        Nazabal et al. 2020 (HI-VAE), section 3, for one likelihood per column and holes.
            https://arxiv.org/abs/1807.03653
    """

    values = "mixed"
    mean_on_data_scale = False
    takes_holes = True
    support = "of the kind of each column, or NaN for a hole"
    fixed = ("columns", "holes", "min_log_var", "has_other")

    def __init__(
        self,
        columns: Sequence[str | int] = (),
        holes: Sequence[int] | None = None,
        min_log_var: float = -10.0,
        has_other: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.min_log_var, self.has_other = min_log_var, bool(has_other)
        self.columns = tuple(_check_column(column) for column in _listed("columns", columns))
        if not self.columns:
            raise ValueError("`columns` must name at least one column. Received: columns=()")
        self.holes = tuple(range(len(self.columns))) if holes is None else _check_holes(holes, len(self.columns))
        kinds = list(dict.fromkeys(self.columns))
        # Lists that Keras tracks: the parts may have weights.
        self.parts = [self._part(kind) for kind in kinds]
        self._places = [np.flatnonzero([column == kind for column in self.columns]) for kind in kinds]
        # From the order of the groups to that of the columns.
        self._order = np.argsort(np.concatenate(self._places))
        self._shapes = [part.params_shape((len(p),)) for part, p in zip(self.parts, self._places, strict=True)]

    def _part(self, kind):
        if isinstance(kind, int):
            return get_likelihood("categorical", n_classes=kind)
        return get_likelihood(kind, **({"min_log_var": self.min_log_var} if kind in _WITH_FLOOR else {}))

    def get_config(self):
        names = ("columns", "holes", "min_log_var", "has_other")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    @property
    def n_params(self) -> int:
        """Numbers of one row that the decoder must put out, of all columns together."""
        return int(sum(np.prod(shape) for shape in self._shapes))

    @property
    def standardized_columns(self) -> tuple[int, ...]:
        """Numbers of the columns of real numbers in any units, which may be brought to a scale."""
        groups = zip(self.parts, self._places, strict=True)
        return tuple(sorted(int(j) for part, places in groups if part.may_be_standardized for j in places))

    @property
    def may_be_standardized(self) -> bool:
        """Whether there are such columns."""
        return bool(self.standardized_columns)

    def groups_of_columns(self) -> list[tuple[Likelihood, np.ndarray]]:
        """The groups in the order of their parameters: list of `(likelihood, numbers of its columns)`."""
        return list(zip(self.parts, self._places, strict=True))

    def groups(self, x_params: tf.Tensor) -> list[tuple[Likelihood, np.ndarray, tf.Tensor]]:
        """The groups of columns with their parameters.

        Args:
            x_params: Tensor, shape `(batch, n_params)`. Decoder output.

        Returns:
            list of `(likelihood, numbers of its columns, its own parameters)`.
        """
        sizes = [int(np.prod(shape)) for shape in self._shapes]
        pieces = tf.split(x_params, sizes, axis=-1)
        shaped = [tf.reshape(p, [-1, *shape]) for p, shape in zip(pieces, self._shapes, strict=True)]
        return list(zip(self.parts, self._places, shaped, strict=True))

    # ---- shapes ----

    def params_shape(self, event_shape: tuple[int | None, ...]) -> tuple[int, ...]:
        """Shape the decoder must put out, `(n_params,)`.

        Raises:
            ValueError: if `event_shape` is not `(number of columns,)`.
        """
        event_shape = self._check_rank("event_shape", event_shape)
        if len(event_shape) != 1 or event_shape[0] not in (None, len(self.columns)):
            raise ValueError(
                f"`event_shape` must be ({len(self.columns)},), one entry per column of the likelihood Mixed. "
                f"Received: event_shape={event_shape}"
            )
        return (self.n_params,)

    def event_shape(self, params_shape: tuple[int | None, ...]) -> tuple[int, ...]:
        """Shape of the rows that a decoder output describes, `(number of columns,)`.

        Raises:
            ValueError: if `params_shape` is not `(n_params,)`.
        """
        params_shape = self._check_rank("params_shape", params_shape)
        if len(params_shape) != 1 or params_shape[0] not in (None, self.n_params):
            self._refuse_decoder(f"{self.n_params} numbers for {len(self.columns)} columns", params_shape)
        return (len(self.columns),)

    def build(self, params_shape):
        """Create the weights of the likelihoods of the columns; a second call changes nothing."""
        if self.built:
            return
        for part, shape in zip(self.parts, self._shapes, strict=True):
            part.build(shape)
        self.built = True

    def element_log_prob(self, x, x_params, mask=None):
        x = tf.cast(tf.convert_to_tensor(x), tf.float32)
        seen = tf.cast(~tf.math.is_nan(x), tf.float32)
        return super().element_log_prob(x, x_params, seen if mask is None else self._check_mask(mask, x) * seen)

    # ---- data ----

    def check_support(self, x: np.ndarray, name: str = "x") -> None:
        """Refuse rows with a value that the likelihood of its column does not have; NaN is a hole.

        Raises:
            ValueError: if `x` is no array of numbers of shape `(n, number of columns)`, is empty, or holds a value
                outside the support of its column.
        """
        x = np.asarray(x)
        if x.dtype.kind not in "buif" or x.ndim != 2 or x.shape[1] != len(self.columns) or not len(x):
            raise ValueError(
                f"`{name}` does not fit the likelihood Mixed, whose values must be {self.support}: an array of numbers "
                f"of shape (n, {len(self.columns)}). Received: {name} of shape {x.shape}, dtype {x.dtype}"
            )
        known = ~np.isnan(x) if x.dtype.kind == "f" else np.ones(x.shape, bool)
        for part, places in zip(self.parts, self._places, strict=True):
            for j in places:
                values = x[known[:, j], j]
                try:
                    part.check_support(values, f"{name}[:, {j}]") if values.size else None
                except ValueError as error:
                    raise ValueError(
                        f"`{name}` does not fit the likelihood Mixed, whose values must be {self.support}: {error}"
                    ) from None

    def is_outside(self, x):
        x = tf.where(tf.math.is_nan(x), tf.zeros_like(x), x) if x.dtype.is_floating else x
        groups = zip(self.parts, self._places, strict=True)
        return tf.reduce_any([part.is_outside(tf.gather(x, places, axis=1)) for part, places in groups])

    def input_layers(self, event_shape):
        self.params_shape(event_shape)
        kinds = [column if isinstance(column, int) else _INPUTS.get(column, "real") for column in self.columns]
        return [EncodedColumns(kinds, self.holes)]

    # ---- hooks ----

    def _distribution(self, x_params):
        from tensorflow_probability import bijectors as tfb
        from tensorflow_probability import distributions as tfd

        by_group = tfd.Blockwise([part.distribution(params) for part, _, params in self.groups(x_params)])
        return tfd.TransformedDistribution(by_group, tfb.Permute(self._order))

    def _log_prob(self, x, x_params):
        return self._in_order(
            part._log_prob(tf.gather(x, places, axis=1), params) for part, places, params in self.groups(x_params)
        )

    def _mean(self, x_params):
        return self._in_order(part._mean(params) for part, _, params in self.groups(x_params))

    def _sample(self, x_params, seed):
        groups = self.groups(x_params)
        seeds = [None] * len(groups)
        if seed is not None:
            seeds = tf.unstack(tf.random.experimental.stateless_split(seed, len(groups)), num=len(groups))
        return self._in_order(part._sample(params, s) for s, (part, _, params) in zip(seeds, groups, strict=True))

    def _expected(self, x_params):
        return tf.concat(
            [tf.reshape(part._expected(p), [tf.shape(p)[0], -1]) for part, _, p in self.groups(x_params)], 1
        )

    def _of_expected(self, expected):
        sizes = [len(places) * (kind if isinstance(kind, int) else 1) for kind, _, places in self._kinds()]
        pieces = []
        for piece, (kind, part, places) in zip(tf.split(expected, sizes, axis=-1), self._kinds(), strict=True):
            if isinstance(kind, int):
                piece = tf.reshape(piece, [-1, len(places), kind])[..., : kind - self.has_other]
            pieces.append(part._of_expected(piece))
        return self._in_order(pieces)

    def _kinds(self):
        return [(self.columns[p[0]], part, p) for part, p in zip(self.parts, self._places, strict=True)]

    def _in_order(self, pieces):
        return tf.gather(tf.concat(list(pieces), axis=1), self._order, axis=1)


# What the encoder makes of a column by its likelihood, where that is not the number itself.
_INPUTS = {"bernoulli": "binary", "negative_binomial": "count"}


def _listed(name, value):
    if isinstance(value, (str, int)) or not hasattr(value, "__iter__"):
        raise ValueError(f"`{name}` must be a sequence. Received: {name}={value!r}")
    return list(value)


def _check_column(column):
    if isinstance(column, str):
        if column not in OF_COLUMNS:
            wanted = ", ".join(map(repr, OF_COLUMNS))
            raise ValueError(f"`columns` must hold {wanted} or numbers of classes. Received: {column!r} among them")
        return column
    return check_int("columns", column, 2)


def _check_holes(holes, n_columns):
    holes = tuple(sorted({check_int("holes", j, 0) for j in _listed("holes", holes)}))
    if holes and holes[-1] >= n_columns:
        raise ValueError(f"`holes` must be numbers of the {n_columns} columns, from 0. Received: holes={holes}")
    return holes
