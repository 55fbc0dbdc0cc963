"""The base class of the likelihoods p(x | z): from decoder output to log probability, mean and samples."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import shapes_agree
from keras_vae._fixed import FixedAttributes
from keras_vae.likelihoods._support import check_values
from keras_vae.numerics import as_tfp_seed, sum_event


class Likelihood(FixedAttributes, keras.layers.Layer):
    """Base class of p(x | z), given the decoder output `x_params`.

    It is a Keras layer so that learned parameters are tracked and saved; it is built, never called. The public methods
    check static shapes; the maths is in hooks. A new likelihood must override one of them, `_elements(x_params)`: the
    tfp distribution of the single elements. Everything is computed in float32, whatever the dtype policy.

    Attributes:
        n_params: int. Parameters per element of the data the decoder must put out, concatenated along the last axis.
        values: str. Kind of the data: "binary", "unit_interval" (reals in [0, 1]), "real", "grey_levels" (whole numbers
            from 0 to 255), "tokens" (class numbers), "counts" (whole numbers >= 0) or "mixed" (columns of several
            kinds).
        mean_on_data_scale: bool. Whether `mean` can be compared with the data: false where it is a class or the shares
            of the classes.
        params_are_means: bool. Whether the decoder puts out the mean itself, so that its last layer may have any range.
        support: str. The values allowed, in words.
        low: Smallest value allowed, or None.
        high: Largest value allowed, or None.
        integer: bool. Whether only whole numbers are allowed.
        takes_holes: bool. Whether NaN stands for an element that was not seen.
        takes_sparse: bool. Whether `log_prob` takes data as a `tf.SparseTensor`.
        standardized_columns: tuple of int or None. The entries of the last axis that may be brought to a scale; None
            for all of them.

    Examples:
        >>> likelihood = kv.likelihoods.Gaussian()
        >>> isinstance(likelihood, kv.likelihoods.Likelihood), likelihood.params_shape((28, 28, 3))
        (True, (28, 28, 6))
    """

    fixed_advice = "Make a new likelihood, and a new model with it."
    n_params = 1
    values = "real"
    mean_on_data_scale = True
    params_are_means = False
    support = "any finite number"
    low = None
    high = None
    integer = False
    takes_holes = False
    takes_sparse = False
    standardized_columns = None

    def __init__(self, *, dtype: str = "float32", **kwargs: Any):
        super().__init__(dtype=dtype, **kwargs)

    @property
    def may_be_standardized(self) -> bool:
        """Whether the values may be real numbers in any units: nothing in the likelihood is fixed in their units."""
        return self.values == "real"

    # ---- shapes ----

    def params_shape(self, event_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape the decoder must put out for data of `event_shape`.

        Args:
            event_shape: Tuple of ints or None, without the batch axis.

        Returns:
            Tuple, without the batch axis.

        Raises:
            ValueError: if `event_shape` has no axis.
        """
        event_shape = self._check_rank("event_shape", event_shape)
        last = event_shape[-1]
        return (*event_shape[:-1], None if last is None else last * self.n_params)

    def event_shape(self, params_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the data that a decoder output describes: the inverse of the method `params_shape`.

        Args:
            params_shape: Tuple of ints or None, without the batch axis.

        Returns:
            Tuple, without the batch axis.

        Raises:
            ValueError: if the decoder output cannot hold `n_params` parameters per element.
        """
        params_shape = self._check_rank("params_shape", params_shape)
        last = params_shape[-1]
        if last is not None and (last < 1 or last % self.n_params):
            self._refuse_decoder(
                f"{self.n_params} parameters per element along a last axis divisible by it", params_shape
            )
        return (*params_shape[:-1], None if last is None else last // self.n_params)

    def build(self, params_shape: tuple[int | None, ...]) -> None:
        """Create the weights, if the likelihood has any.

        Args:
            params_shape: Tuple. Shape of the decoder output.
        """
        self.built = True

    # ---- distribution, log probability, mean, sample ----

    def distribution(self, x_params: tf.Tensor) -> Any:
        """The distribution p(x | z) as an object of TensorFlow Probability.

        Args:
            x_params: Tensor, shape `(batch, *params_shape)`. Decoder output.

        Returns:
            `tfp.distributions.Distribution`, float32, batch shape `(batch,)`, event shape as the data.

        Raises:
            ValueError: if the shape of `x_params` does not fit.
        """
        return self._distribution(self._prepare(x_params))

    def log_prob(self, x: tf.Tensor, x_params: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Log probability of data under the decoder output.

        Args:
            x: Tensor, shape `(batch, *event)`. Data, of any real dtype.
            x_params: Tensor, shape `(batch, *params_shape)`. Decoder output.
            mask: None, or tensor of shape `(batch, *leading event axes)`, bool or number: weight of each element's
                log probability. An element of weight 0 adds nothing, whatever stands there: NaN, or a fill value.

        Returns:
            log_prob: Tensor, shape `(batch,)`, float32. Nats, summed over the event axes.

        Raises:
            ValueError: if the static shapes of `x`, `x_params` and `mask` do not fit each other.
        """
        return sum_event(self.element_log_prob(x, x_params, mask))

    def element_log_prob(self, x: tf.Tensor, x_params: tf.Tensor, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Log probability of every element on its own, as far as the likelihood can tell them apart.

        Args:
            x, x_params, mask: as in `log_prob`.

        Returns:
            Tensor, float32, shape `(batch, *event)`: nats, of which `log_prob` is the sum. Of shape `(batch,)` where
            the elements of a row belong together.

        Raises:
            ValueError: as `log_prob`.
        """
        x_params = self._prepare(x_params)
        x = self._check_data(x, x_params)
        if mask is None:
            return self._log_prob(x, x_params)
        mask = self._check_mask(mask, x)
        # 0 is in every support. A hidden value may be anything: its density would give the gradient a NaN.
        log_prob = self._log_prob(tf.where(mask > 0.0, x, 0.0), x_params)
        return tf.math.multiply_no_nan(log_prob, mask)

    def mean(self, x_params: tf.Tensor) -> tf.Tensor:
        """Mean of p(x | z).

        Args:
            x_params: Tensor, shape `(batch, *params_shape)`. Decoder output.

        Returns:
            x: Tensor, shape `(batch, *event)`, float32.

        Raises:
            ValueError: if the shape of `x_params` does not fit.
        """
        return self._mean(self._prepare(x_params))

    def sample(self, x_params: tf.Tensor, seed: int | np.ndarray | tf.Tensor | None = None) -> tf.Tensor:
        """One draw from p(x | z) for every row.

        Args:
            x_params: Tensor, shape `(batch, *params_shape)`. Decoder output.
            seed: int, or integer tensor of shape `(2,)`: the same seed gives the same draw. None: fresh noise.

        Returns:
            x: Tensor, shape `(batch, *event)`, float32.

        Raises:
            ValueError: if the shape of `x_params` does not fit, or `seed` is none of these.
        """
        return self._sample(self._prepare(x_params), as_tfp_seed(seed))

    def expected(self, x_params: tf.Tensor) -> tf.Tensor:
        """What may be averaged over draws of z: the mean, and of classes their probabilities.

        Args:
            x_params: Tensor, shape `(batch, *params_shape)`. Decoder output.

        Returns:
            Tensor, float32, rows first; `of_expected` makes an estimate of x of it, or of a mean of several.

        Raises:
            ValueError: if the shape of `x_params` does not fit.
        """
        return self._expected(self._prepare(x_params))

    def of_expected(self, expected: tf.Tensor) -> tf.Tensor:
        """Estimate of x, `(batch, *event)` float32: the mean, and of classes the most probable one.

        Args:
            expected: Tensor, as `expected` gives it.
        """
        return self._of_expected(expected)

    # ---- data ----

    def check_support(self, x: np.ndarray, name: str = "x") -> None:
        """Refuse data outside the support, before the first step.

        Args:
            x: NumPy array, shape `(n, *event)`.
            name: str. Name of the argument, for the message.

        Raises:
            ValueError: if `x` is not numeric, is empty, or holds NaN, infinity or a value outside the support.
        """
        owner = type(self).__name__
        check_values(x, name, owner, self.support, low=self.low, high=self.high, integer=self.integer, hint=self.hint)

    def is_outside(self, x: tf.Tensor) -> tf.Tensor:
        """Whether a batch holds a value outside the support, in a graph and cheap: by the extremes of the batch.

        Args:
            x: Tensor of any shape and number type.

        Returns:
            Scalar bool Tensor. NaN is not looked for.
        """
        found = [tf.constant(False)]
        if self.low is not None:
            found.append(tf.cast(tf.reduce_min(x), tf.float32) < float(self.low))
        if self.high is not None:
            found.append(tf.cast(tf.reduce_max(x), tf.float32) > float(self.high))
        if self.integer and x.dtype.is_floating:
            found.append(tf.reduce_any(x != tf.round(x)))
        return tf.reduce_any(tf.stack(found))

    def hint(self, minimum: float, maximum: float) -> str:
        """Advice for a user whose data are outside the support, judged by their extremes; "" if there is none."""
        return ""

    def input_layers(self, event_shape: tuple[int | None, ...]) -> list[keras.layers.Layer]:
        """Layers to put in front of an encoder, so that it sees well-scaled numbers.

        Args:
            event_shape: Tuple of ints or None, without the batch axis.

        Returns:
            List of new Keras layers, to be applied in order; empty if the data need none.
        """
        return []

    # ---- hooks: float32 tensors of checked shapes ----

    def _elements(self, x_params):
        """The tfp distribution whose batch shape is `(batch, *event)`: one scalar distribution per element."""
        raise NotImplementedError(f"{type(self).__name__} must override `_elements`.")

    def _distribution(self, x_params):
        from tensorflow_probability import distributions as tfd

        elements = self._elements(x_params)
        return tfd.Independent(elements, reinterpreted_batch_ndims=len(elements.batch_shape) - 1)

    def _log_prob(self, x, x_params):
        return self._elements(x_params).log_prob(x)

    def _mean(self, x_params):
        return self._elements(x_params).mean()

    def _expected(self, x_params):
        return self._mean(x_params)

    def _of_expected(self, expected):
        return expected

    def _sample(self, x_params, seed):
        return self._elements(x_params).sample(seed=seed)

    # ---- checks ----

    def _prepare(self, x_params):
        x_params = tf.cast(tf.convert_to_tensor(x_params), tf.float32)
        if x_params.shape.rank is None:
            raise ValueError("`x_params` must have a known number of axes. Received: a tensor of unknown rank")
        if x_params.shape.rank < 2:
            self._refuse_decoder("a batch axis and at least one more", x_params.shape)
        self.event_shape(x_params.shape[1:])
        if not self.built:
            self.build(tuple(x_params.shape[1:]))
        return x_params

    def _check_data(self, x, x_params):
        x = tf.cast(tf.convert_to_tensor(x), tf.float32)
        wanted = (x_params.shape[0], *self.event_shape(x_params.shape[1:]))
        if x.shape.rank is None or not shapes_agree(x.shape, wanted):
            raise ValueError(
                f"`x` must have the shape the decoder output describes under the likelihood {type(self).__name__}, "
                f"{wanted}. Received: x.shape={x.shape}, x_params.shape={x_params.shape}"
            )
        return x

    def _check_mask(self, mask, x):
        mask = tf.cast(tf.convert_to_tensor(mask), tf.float32)
        rank = mask.shape.rank
        if not rank or rank > len(x.shape) or not shapes_agree(mask.shape, x.shape[:rank]):
            raise ValueError(
                f"`mask` must have the shape of `x`, or of its leading axes, {tuple(x.shape)}. "
                f"Received: mask.shape={mask.shape}"
            )
        for _ in range(len(x.shape) - rank):
            mask = mask[..., tf.newaxis]
        return mask

    def _check_rank(self, name, shape):
        shape = tuple(shape)
        if not shape:
            raise ValueError(f"`{name}` must have at least one axis. Received: {name}={shape}")
        return shape

    def _refuse_decoder(self, wanted, received):
        raise ValueError(
            f"The decoder does not fit the likelihood {type(self).__name__}: it must put out {wanted}. "
            f"Received: decoder output of shape {tuple(received)}"
        )
