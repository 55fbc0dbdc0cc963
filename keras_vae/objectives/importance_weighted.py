"""The importance-weighted bound."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int
from keras_vae.layers.sampling import next_seed
from keras_vae.numerics import log_mean_exp
from keras_vae.objectives.objective import Objective
from keras_vae.training.batch import repeat_rows

GRADIENTS = ("standard", "doubly_reparameterized")


@keras.saving.register_keras_serializable(package="keras_vae")
class ImportanceWeighted(Objective):
    """`loss = -iw_bound`, with `iw_bound = log mean_i p(x, z_i) / q(z_i|x)` of `n_samples` draws.

    It is tighter than the ELBO. `elbo`, `reconstruction_loss` and `kl_loss` are the means over the draws. One draw is
    the ELBO, with the sampled KL instead of the closed form. The weights of a model trained on the ELBO are a good
    start: make the model of its `encoder`, `decoder` and `preprocessing`.

    Args:
        n_samples: int >= 1. Draws per example in a step. The cost of the decoder grows with it.
        gradient: "standard", or "doubly_reparameterized": another estimator of the same gradient for the encoder,
            whose signal does not drown in noise as `n_samples` grows.
        resampled: bool. Send the gradient through one draw per example, picked in proportion to its weight: the same
            mean with more noise, at about half the cost when there are many draws. Dropout drops anew for the pick.

    Raises:
        ValueError: for an argument out of bounds.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, objective=kv.objectives.ImportanceWeighted(5), seed=0)
        >>> model.term_names[-1]
        'iw_bound'

    References:
        Burda et al. 2016, eq. 8 (bound), section 3 (one pick instead of the weighted mean).
            https://arxiv.org/abs/1509.00519
        Tucker et al. 2019, eq. 8 (doubly reparameterised). https://arxiv.org/abs/1810.04152
        Sonderby et al. 2016, section 3.1 (for a ladder). https://arxiv.org/abs/1602.02282
    """

    settings = ("n_samples", "gradient", "resampled")
    term_names = ("iw_bound",)
    hint = "and the KL, joined in the importance-weighted bound"
    is_importance_weighted = True

    def __init__(self, n_samples: int = 5, gradient: str = "standard", resampled: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.n_samples = n_samples
        self.gradient = gradient
        self.resampled = resampled
        self.build()

    def checked(self, name, value):
        if name == "n_samples":
            return check_int(name, value, 1)
        if name == "gradient":
            return check_choice(name, value, GRADIENTS)
        return bool(check_choice(name, value, (False, True)))

    def check(self, model):
        if not model.has_density:
            raise ValueError(f"`prior` must have `log_prob` for importance weights. Received: prior={model.prior!r}")
        if self.gradient == "doubly_reparameterized" and not model.takes_path:
            raise ValueError(
                "`gradient` must be 'standard' for a model with a posterior flow or several stochastic layers, whose "
                f"own weights the other estimator leaves out. Received: gradient={self.gradient!r} for a "
                f"{type(model).__name__} of that kind"
            )

    def terms(self, model, batch, training=False):
        n_rows, k = batch.n_rows, self.n_samples
        inferred, epsilon = model.infer(batch, training), model.noise(batch, training, k)
        pieces, scale = self._weigh(
            model, repeat_rows(inferred, k), epsilon, batch._replace(x=None).repeat(k), training
        )
        log_weight = tf.reshape(pieces.log_weight, [k, n_rows])
        shares = tf.reshape(tf.nn.softmax(tf.stop_gradient(log_weight), axis=0), [-1, 1])
        scale(shares)
        terms = {name: tf.reduce_mean(tf.reshape(t, [k, n_rows]), axis=0) for name, t in model.assemble(pieces).items()}
        iw_bound = log_mean_exp(log_weight, axis=0)
        loss = -iw_bound
        if training and self.resampled:
            picks = pick_draws(log_weight, next_seed(model.sampling.seed_generator))
            pieces, scale = self._weigh(model, inferred, tf.gather(epsilon, picks), batch, training)
            scale(tf.gather(shares, picks))
            # The value comes from the bound, the gradient from the one draw.
            loss = tf.stop_gradient(loss + pieces.log_weight) - pieces.log_weight
        return {"loss": loss, **terms, "iw_bound": iw_bound}

    def _weigh(self, model, inferred, epsilon, batch, training):
        """`pieces`, and what takes the shares of the draws in the weights, `(rows, 1)`, for the gradient."""
        if not training or self.gradient == "standard":
            return model.pieces(inferred, epsilon, batch, training), lambda shares: None
        path = _Scaled()
        return model.pieces(inferred, epsilon, batch, training, path=path), path.set_scale

    def get_config(self):
        own = {name: getattr(self, name) for name in ("n_samples", "gradient", "resampled")}
        return {**super().get_config(), **own}


def pick_draws(log_weight, seed):
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
