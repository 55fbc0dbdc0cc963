"""Encoder and decoder of text with attention in place of a recurrence."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_vae._checks import check_int
from keras_vae.layers.attention_block import AttentionBlock
from keras_vae.networks.text_decoder import TextDecoder
from keras_vae.networks.text_encoder import TextEncoder

N_HEADS = 4
# Of the longest wave of the positions.
LONGEST_WAVE = 10_000.0


def positions(places: tf.Tensor, width: int, dtype: str = "float32") -> tf.Tensor:
    """Sines and cosines of places `(...)`, `(..., width)`: a text may be of any length.

    References:
        Vaswani et al. 2017, section 3.5. https://arxiv.org/abs/1706.03762
    """
    rates = LONGEST_WAVE ** -(np.arange((width + 1) // 2) / max(1, width // 2))
    angles = tf.cast(places, tf.float32)[..., None] * tf.constant(rates, tf.float32)
    return tf.cast(tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1)[..., :width], dtype)


@keras.saving.register_keras_serializable(package="keras_vae")
class TransformerTextEncoder(TextEncoder):
    """`TextEncoder` whose features are the mean over the tokens behind blocks of attention, each seeing all others.

    Args:
        n_layers: int >= 1. Blocks.
        n_heads: int >= 1, a divisor of `units`.
        n_tokens, latent_dim, embedding_dim, units, dropout, seed: as in `TextEncoder`.

    Raises:
        ValueError: for an argument out of bounds.

    Examples:
        >>> encoder = kv.networks.TransformerTextEncoder(n_tokens=20, latent_dim=4, embedding_dim=8, units=8)
        >>> encoder(np.array([[5, 7, 3], [6, 3, 0]]))[0].shape
        TensorShape([2, 4])

    References:
        Vaswani et al. 2017. https://arxiv.org/abs/1706.03762
    """

    networks = ("transformer",)

    def __init__(self, *args, network="transformer", n_layers: int = 2, n_heads: int = N_HEADS, **kwargs):
        self._sizes = check_int("n_layers", n_layers, 1), n_heads
        super().__init__(*args, network=network, **kwargs)

    def _make_body(self):
        self.n_layers, self.n_heads = self._sizes
        self.enter = layers.Dense(self.units, name="enter")
        self.blocks = _blocks(self, is_causal=False)
        self.norm = layers.LayerNormalization(name="norm")

    def _build_body(self):
        self.enter.build((None, None, self.embedding_dim))
        for block in (*self.blocks, self.norm):
            block.build((None, None, self.units))
        return self.units

    def _summary(self, embedded, is_token, training):
        h = self.enter(embedded)
        h += positions(tf.range(tf.shape(h)[1]), self.units, h.dtype)
        for block in self.blocks:
            h = block(h, is_token=is_token, training=training)
        weights = tf.cast(is_token, h.dtype)[..., None]
        return tf.math.divide_no_nan(tf.reduce_sum(self.norm(h) * weights, axis=1), tf.reduce_sum(weights, axis=1))

    def get_config(self):
        return {**super().get_config(), "n_layers": self.n_layers, "n_heads": self.n_heads}


@keras.saving.register_keras_serializable(package="keras_vae")
class TransformerTextDecoder(TextDecoder):
    """`TextDecoder` with blocks of attention, each seeing the words before; the code is added to every word.

    Args:
        n_layers: int >= 1. Blocks.
        n_heads: int >= 1, a divisor of `units`.
        n_tokens, latent_dim, embedding_dim, units, dropout, word_dropout, n_frequent, seed: as in `TextDecoder`.

    Raises:
        ValueError: for an argument out of bounds.

    Examples:
        >>> decoder = kv.networks.TransformerTextDecoder(n_tokens=20, latent_dim=4, embedding_dim=8, units=8)
        >>> tokens = np.array([[5, 7, 3], [6, 3, 0]])
        >>> features = decoder([np.zeros((2, 4), "float32"), decoder.told_before(tokens)])
        >>> decoder.log_prob(features, tokens).shape
        TensorShape([2, 3])

    References:
        Vaswani et al. 2017. https://arxiv.org/abs/1706.03762
    """

    networks = ("transformer",)

    def __init__(self, *args, network="transformer", n_layers: int = 2, n_heads: int = N_HEADS, **kwargs):
        self._n_heads = check_int("n_heads", n_heads, 1)
        super().__init__(*args, network=network, n_layers=n_layers, **kwargs)

    def _make_body(self):
        self.n_heads = self._n_heads
        self.enter = layers.Dense(self.units, name="enter")
        self.blocks = _blocks(self, is_causal=True)
        self.norm = layers.LayerNormalization(name="norm")

    def _build_body(self):
        self.enter.build((None, None, self.embedding_dim + self.latent_dim))
        for block in (*self.blocks, self.norm):
            block.build((None, None, self.units))

    def _whole(self, h, z, training):
        h = self.enter(self._beside(h, z, tf.shape(h)[1]))
        h += positions(tf.range(tf.shape(h)[1]), self.units, h.dtype)
        for block in self.blocks:
            h = block(h, training=training)
        return self.norm(h)

    def initial_state(self, z):
        """The state before the first word: for each block the steps so far, and the number of the next."""
        n = tf.shape(z)[0]
        return (*(block.empty_state(n) for block in self.blocks), tf.zeros([n], tf.int32))

    def _one(self, h, z, state):
        *states, places = state
        h = self.enter(self._beside(h, z))
        h += positions(places, self.units, h.dtype)
        after = []
        for block, before in zip(self.blocks, states, strict=True):
            h, seen = block.step(h, before)
            after.append(seen)
        return self.norm(h), (*after, places + 1)

    def get_config(self):
        return {**super().get_config(), "n_heads": self.n_heads}


def _blocks(network, is_causal):
    options = {"n_heads": network.n_heads, "is_causal": is_causal, "dropout": network.dropout}
    seeds = [None if network.seed is None else network.seed + 10 * (i + 1) for i in range(network.n_layers)]
    return [AttentionBlock(network.units, seed=seed, name=f"block_{i + 1}", **options) for i, seed in enumerate(seeds)]
