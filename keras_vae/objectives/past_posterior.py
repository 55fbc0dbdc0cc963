"""The KL from a mixture with the posterior of an earlier encoder, weighted by the counts of a row: RecVAE."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae.numerics import gaussian_log_prob, sum_event
from keras_vae.objectives.objective import WeightedObjective

# Of N(0, I), of the earlier posterior, of the wide Gaussian; and the log variance of the last: those of the paper's
# code, https://github.com/ilya-shenbin/RecVAE.
WEIGHTS = (3 / 20, 3 / 4, 1 / 10)
WIDE_LOG_VAR = 10.0


@keras.saving.register_keras_serializable(package="keras_vae")
class PastPosterior(WeightedObjective):
    """`loss = reconstruction_loss + beta * total * KL(q(z|x) to a mixture)`, `total` being the sum of the row.

    The mixture is that of the standard normal, of the posterior that an earlier encoder gave the same row, and of a
    wide Gaussian: the encoder is held near to where it was. The KL is estimated at the draw of z. `refresh` takes the
    present encoder as the earlier one. The terms `kl_loss` and `elbo` are those of the prior of the model, not of the
    mixture, which has seen the row.

    Args:
        beta: float >= 0. Weight of the KL per count.
        weights: three numbers > 0 with the sum 1: of the standard normal, the earlier posterior, the wide Gaussian.
        wide_log_var: float. Log variance of the wide Gaussian.

    Raises:
        ValueError: for a number out of bounds; when a model is made, for a likelihood of something else than counts, or
            a posterior that is not the Gaussian of its encoder.

    Examples:
        >>> parts = kv.make_encoder((6,), latent_dim=2), kv.make_decoder((6,), latent_dim=2)
        >>> objective = kv.objectives.PastPosterior(beta=0.005)
        >>> model = kv.VAE(*parts, likelihood="multinomial", objective=objective, seed=0)
        >>> model.compile("adam")
        >>> history = model.fit(np.ones((8, 6)), epochs=1, verbose=0)
        >>> objective.refresh(model.encoder)

    References:
        Shenbin et al. 2020, eq. 7 (mixture) and 9 (beta by user). https://arxiv.org/abs/1912.11160
    """

    hint = "plus `beta` times the counts of the row times the KL from a mixture with an earlier posterior"

    def __init__(
        self, beta: float = 0.005, weights: Sequence[float] = WEIGHTS, wide_log_var: float = WIDE_LOG_VAR, **kwargs: Any
    ):
        super().__init__(beta, **kwargs)
        self.weights_of_mixture = tuple(float(weight) for weight in weights)
        if len(self.weights_of_mixture) != 3 or min(self.weights_of_mixture) <= 0 or not np.isclose(sum(weights), 1.0):
            raise ValueError(f"`weights` must be three numbers > 0 with the sum 1. Received: weights={weights}")
        self.wide_log_var = float(wide_log_var)
        self.past_encoder = None

    def check(self, model):
        if model.likelihood.values != "counts":
            raise ValueError(
                "`likelihood` must be one of counts for the objective PastPosterior, which weighs a row by its sum. "
                f"Received: {type(model.likelihood).__name__}"
            )
        if not model.has_gaussian_posterior:
            raise ValueError(
                "`objective` must not be PastPosterior where q(z|x) is not the Gaussian of the encoder. Received: a "
                "PastPosterior"
            )

    def belong_to(self, model):
        super().belong_to(model)
        if self.past_encoder is None:
            self.past_encoder = keras.models.clone_model(model.encoder)
            self.past_encoder.trainable = False
            self.past_encoder.set_weights(model.encoder.get_weights())
            self.build()

    def refresh(self, encoder):
        """Take the weights of an encoder as those of the earlier one; inside a graph as well."""
        for past, present in zip(self.past_encoder.weights, encoder.weights, strict=True):
            if past.dtype.startswith("float"):  # The others are states of random generators.
                past.assign(present)

    def terms(self, model, batch, training=False):
        pieces = model.one_draw(batch, training)
        log_mixture = self.log_mixture(pieces.z, batch.x)
        log_q = sum_event(gaussian_log_prob(pieces.z, *pieces.posterior))
        penalty = self._beta * row_totals(batch.target) * (log_q - log_mixture)
        return {"loss": pieces.reconstruction_loss + penalty, **model.assemble(pieces)}

    def log_mixture(self, z: tf.Tensor, x: Any) -> tf.Tensor:
        """Log density of the mixture at codes of rows, `(batch,)` nats.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.
            x: the rows, as the encoder takes them.
        """
        past_mean, past_log_var = self.past_encoder(x, training=False)
        zero = tf.zeros_like(z)
        parts = ((zero, zero), (past_mean, past_log_var), (zero, zero + self.wide_log_var))
        densities = [
            np.log(weight) + sum_event(gaussian_log_prob(z, *part))
            for weight, part in zip(self.weights_of_mixture, parts, strict=True)
        ]
        return tf.reduce_logsumexp(tf.stack(densities), axis=0)

    def get_build_config(self):
        """None, because only the model that is trained on it can build it: it has the encoder."""

    def get_config(self):
        own = {"weights": self.weights_of_mixture, "wide_log_var": self.wide_log_var}
        return {**super().get_config(), **own}


def row_totals(x: Any) -> tf.Tensor:
    """Sum of every row, `(batch,)`; of a `tf.SparseTensor` as well."""
    if isinstance(x, tf.SparseTensor):
        return tf.math.unsorted_segment_sum(x.values, x.indices[:, 0], x.dense_shape[0])
    return sum_event(x)
