"""A VAE of clicks whose training step compares a batch's items with some others, not with all."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.layers.sampling import next_seed
from keras_vae.models.vae import VAE


@keras.saving.register_keras_serializable(package="keras_vae")
class SampledSoftmaxVAE(VAE):
    """A VAE of clicks for very large catalogues: a step costs what its items and `n_sampled` others cost.

    The sum over all items in the softmax is estimated: the items of the batch count themselves, and `n_sampled` items
    drawn evenly from all, those of the batch left out, stand for the rest, each with the weight `n_others / n_found`.
    The estimate of the sum is unbiased; its log, which the loss holds, is too low on average, by about its variance
    over twice its square: of the order of `1 / n_sampled`. Evaluation, codes and ranking are exact.

    Args:
        encoder: as in `VAE`.
        decoder: Keras model whose last layer is an `ItemScores`.
        n_sampled: int >= 1. Items drawn in every step.
        likelihood, **kwargs: as in `VAE`.

    Raises:
        ValueError: as `VAE`, or for `n_sampled` below 1.

    References:
        Bengio & Senecal 2008, section 4 (importance sampling of the normalising sum).
            https://doi.org/10.1109/TNN.2007.912312
        Jean et al. 2015, section 3.1 (items of the batch and drawn ones). https://arxiv.org/abs/1412.2007
    """

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        n_sampled: int,
        likelihood: Any = "multinomial",
        **kwargs: Any,
    ):
        super().__init__(encoder, decoder, likelihood, **kwargs)
        self.n_sampled = check_int("n_sampled", n_sampled, 1)
        # In __dict__, where Keras does not track it: its layers are those of the decoder.
        self.__dict__["_body"] = keras.Model(decoder.input, decoder.layers[-1].input)

    def reconstruction_loss(self, z, batch, training=False):
        if not training:
            return super().reconstruction_loss(z, batch, training)
        return -self.sampled_log_prob(z, batch.target)

    def sampled_log_prob(self, z: tf.Tensor, x: tf.SparseTensor) -> tf.Tensor:
        """Estimate of `log p(x|z)`, `(batch,)` nats, from the items of the batch and some drawn ones.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.
            x: SparseTensor, shape `(batch, n_items)`. Counts.
        """
        present, place = tf.unique(x.indices[:, 1])
        log_sum, own = self._log_sum(z, present, self._others(present))
        rows, n_rows = x.indices[:, 0], x.dense_shape[0]
        own = tf.gather_nd(own, tf.stack([rows, tf.cast(place, tf.int64)], axis=1))
        total = tf.math.unsorted_segment_sum(x.values, rows, n_rows)
        orders = tf.math.unsorted_segment_sum(tf.math.lgamma(x.values + 1.0), rows, n_rows)
        seen = tf.math.unsorted_segment_sum(x.values * own, rows, n_rows)
        return tf.math.lgamma(total + 1.0) - orders + seen - total * log_sum

    def _others(self, present):
        """Random items that are not in the batch, none of them twice."""
        n_items, seed = self.event_shape[0], next_seed(self.sampling.seed_generator)
        drawn = tf.random.stateless_uniform([self.n_sampled], seed, maxval=n_items, dtype=tf.int64)
        drawn = tf.unique(drawn).y
        in_order = tf.sort(present)
        place = tf.minimum(tf.searchsorted(in_order, drawn), tf.size(in_order) - 1)
        return tf.boolean_mask(drawn, tf.gather(in_order, place) != drawn)

    def _log_sum(self, z, present, others):
        """Estimate of the log of the sum over all items, `(batch,)`, and the logits of those that are present."""
        logits = self.decoder.layers[-1].of_items(self._body(z), tf.concat([present, others], axis=0))
        n_present, n_found = tf.size(present), tf.size(others)
        n_others = tf.cast(self.event_shape[0] - n_present, tf.float32)
        log_weight = tf.math.log(n_others / tf.cast(tf.maximum(n_found, 1), tf.float32))
        own, rest = logits[:, :n_present], logits[:, n_present:] + log_weight
        return tf.reduce_logsumexp(tf.concat([own, rest], axis=1), axis=1), own

    def get_config(self):
        return {**super().get_config(), "n_sampled": self.n_sampled}
