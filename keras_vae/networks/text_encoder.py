"""The encoder of text: a sequence of words to the parameters of q(z|x)."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from keras_vae._checks import check_choice, check_int
from keras_vae._token_ids import N_UNPREDICTED, PADDING_ID
from keras_vae.layers.recurrent_steps import CELLS, RecurrentSteps
from keras_vae.networks.ends import OUTPUT_DTYPE


@keras.saving.register_keras_serializable(package="keras_vae")
class TextEncoder(layers.Layer):
    """Mean and log variance of q(z|x) from what an LSTM or GRU keeps of a text, read up to its end.

    Padding changes nothing: the sequence is read from the left, and the features are those at the last token; read
    in both directions, the second one begins there.

    Args:
        n_tokens: int >= 4. Size of the vocabulary, see `data.Tokenizer`.
        latent_dim: int >= 1.
        network: "lstm" or "gru".
        embedding_dim: int >= 1. Width of the embedding of words.
        units: int >= 1. Size of the state, per direction.
        both_ways: bool. Read the text from the right as well.
        dropout: float from 0 to 1. Of embedded words.
        seed: int or None. Of the noise of the dropout.

    Raises:
        ValueError: for an argument out of bounds.

    Examples:
        >>> encoder = kv.networks.TextEncoder(n_tokens=20, latent_dim=4, embedding_dim=8, units=8)
        >>> z_mean, z_log_var = encoder(np.array([[5, 7, 3], [6, 3, 0]]))
        >>> z_mean.shape, z_log_var.shape
        (TensorShape([2, 4]), TensorShape([2, 4]))

    References:
        Bowman et al. 2016, section 3. https://arxiv.org/abs/1511.06349
    """

    networks = CELLS

    def __init__(
        self,
        n_tokens: int,
        latent_dim: int,
        network: str = "lstm",
        embedding_dim: int = 256,
        units: int = 256,
        both_ways: bool = False,
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.n_tokens = check_int("n_tokens", n_tokens, N_UNPREDICTED + 2)
        self.latent_dim = check_int("latent_dim", latent_dim, 1)
        self.network = check_choice("network", network, self.networks)
        self.embedding_dim = check_int("embedding_dim", embedding_dim, 1)
        self.units = check_int("units", units, 1)
        self.both_ways, self.dropout, self.seed = both_ways, dropout, seed
        self.embedding = layers.Embedding(n_tokens, embedding_dim, name="embedding")
        self.drop_inputs = layers.Dropout(dropout, seed=seed)
        self._make_body()
        self.heads = [layers.Dense(latent_dim, dtype=OUTPUT_DTYPE, name=name) for name in ("z_mean", "z_log_var")]

    def _make_body(self):
        """Make the layers between embedding and heads."""
        ways = ("forward", "backward") if self.both_ways else ("forward",)
        self.recurrent = [RecurrentSteps(self.units, self.network, name=f"{self.network}_{way}") for way in ways]

    def build(self, input_shape=None):
        if self.built:
            return
        self.embedding.build((None, None))
        width = self._build_body()
        for head in self.heads:
            head.build((None, width))
        self.built = True

    def _build_body(self):
        """Build these layers; how many numbers they make of a text."""
        for layer in self.recurrent:
            layer.build((None, None, self.embedding_dim))
        return self.units * len(self.recurrent)

    def call(self, inputs, training=False):
        """`[z_mean, z_log_var]`, each `(batch, latent_dim)` float32, of tokens `(batch, steps)`."""
        tokens = tf.cast(inputs, tf.int32)
        embedded = self.drop_inputs(self.embedding(tokens), training=training)
        found = self._summary(embedded, tokens != PADDING_ID, training)
        return [head(found) for head in self.heads]

    def _summary(self, embedded, is_token, training):
        """What the body keeps of a text, `(batch, width)`, from embedded tokens and which of them are tokens."""
        lengths = tf.reduce_sum(tf.cast(is_token, tf.int32), axis=1)
        # A row of padding alone has no last token: it is read as one.
        last = tf.maximum(lengths, 1) - 1
        found = tf.gather(self.recurrent[0](embedded), last, axis=1, batch_dims=1)
        if self.both_ways:
            turned = tf.reverse_sequence(embedded, lengths, seq_axis=1)
            found = tf.concat([found, tf.gather(self.recurrent[1](turned), last, axis=1, batch_dims=1)], axis=-1)
        return found

    def compute_output_shape(self, input_shape):
        return [(input_shape[0], self.latent_dim)] * 2

    def get_config(self):
        names = ("n_tokens", "latent_dim", "network", "embedding_dim", "units", "both_ways", "dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
