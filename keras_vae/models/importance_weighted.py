"""The importance-weighted bound as an objective, for a model of any graph."""

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int
from keras_vae.layers.sampling import next_seed
from keras_vae.models.bounds import repeat_rows
from keras_vae.numerics import log_mean_exp


class ImportanceWeighted:
    """Mixin of models that are trained on the importance-weighted bound: stands before the model in the bases.

    The model gives `infer`, `pieces` and `assemble`; see `VAE`. Its constructor calls `_set_weighting` first.

    References:
        Burda et al. 2016, eq. 8 (bound), section 3 (one pick in place of the weighted mean).
            https://arxiv.org/abs/1509.00519
        Tucker et al. 2019, eq. 8 (doubly reparameterised). https://arxiv.org/abs/1810.04152
    """

    gradient = "standard"
    loss_hint = "and the KL, joined in the importance-weighted bound"

    def _set_weighting(self, n_samples, resampled):
        self.n_samples = check_int("n_samples", n_samples, 1)
        self.resampled = bool(check_choice("resampled", resampled, (False, True)))

    @property
    def beta(self):
        """1: the bound has no weight of the KL."""
        return 1.0

    @beta.setter
    def beta(self, value):
        raise ValueError(
            f"`beta` must not be set on {type(self).__name__}, whose loss it would not change. Received: beta={value!r}"
        )

    @property
    def term_names(self):
        return (*super().term_names, "iw_bound")

    def terms(self, x, target=None, mask=None, training=False, weight=None):
        """The terms of one step: means of the `elbo_terms` over the draws, `iw_bound`, and minus that as `loss`."""
        target = tf.cast(x, tf.float32) if target is None else target
        n_rows, k = tf.shape(x)[0], self.n_samples
        resampled = training and self.resampled
        inferred, epsilon = self.infer(x, training), self._noise(k * n_rows, training)
        repeated = repeat_rows((inferred, target) if mask is None else (inferred, target, mask), k)
        pieces, scale = self._weigh(repeated[0], epsilon, *repeated[1:], training=training)
        log_weight = tf.reshape(pieces.log_weight, [k, n_rows])
        shares = tf.reshape(tf.nn.softmax(tf.stop_gradient(log_weight), axis=0), [-1, 1])
        scale(shares)
        terms = {name: tf.reduce_mean(tf.reshape(t, [k, n_rows]), axis=0) for name, t in self.assemble(pieces).items()}
        iw_bound = log_mean_exp(log_weight, axis=0)
        loss = -iw_bound
        if resampled:
            picks = _pick(log_weight, next_seed(self.sampling.seed_generator))
            pieces, scale = self._weigh(inferred, tf.gather(epsilon, picks), target, mask, training)
            scale(tf.gather(shares, picks))
            # The value is that of the bound, the gradient that of the one draw.
            loss = tf.stop_gradient(loss + pieces.log_weight) - pieces.log_weight
        return {**terms, "iw_bound": iw_bound, "loss": loss}

    def _weigh(self, inferred, epsilon, target, mask=None, training=False):
        """`pieces`, and what takes the shares of the draws in the weights, `(rows, 1)`, for the gradient."""
        if not training or self.gradient == "standard":
            return self.pieces(inferred, epsilon, target, mask, training), lambda shares: None
        path = _Scaled()
        return self.pieces(inferred, epsilon, target, mask, training, path=path), path.set_scale


def _pick(log_weight, seed):
    """Row numbers, `(n,)`, of one draw per example in proportion to its weight; `(k, n)`, draw by draw."""
    # The largest of the log weights with Gumbel noise: unlike a categorical draw, XLA can compile it.
    uniform = tf.random.stateless_uniform(tf.shape(log_weight), seed, minval=np.finfo("float32").tiny)
    picks = tf.argmax(tf.stop_gradient(log_weight) - tf.math.log(-tf.math.log(uniform)), output_type=tf.int32)
    n_rows = tf.shape(log_weight)[1]
    return picks * n_rows + tf.range(n_rows)


class _Scaled:
    """z as it is, with a gradient that is multiplied by `scale`, `(batch, 1)`, which may be set after the call.

    The gradient of `log mean w` weighs the path through every draw with its share of the weights. The doubly
    reparameterised estimator wants the square of the share: this is the second factor.
    """

    scale = None

    def set_scale(self, scale):
        self.scale = scale

    def __call__(self, z):
        @tf.custom_gradient
        def identity(z):
            return tf.identity(z), lambda upstream: upstream * self.scale

        return identity(z)
