"""The autoregressive decoder of text: every word from the code and the words before it."""

from typing import Any

import keras
import tensorflow as tf
from keras import layers

from keras_vae._checks import check_choice, check_int
from keras_vae._token_ids import N_UNPREDICTED, START_ID, UNKNOWN_ID
from keras_vae.layers.recurrent_steps import CELLS, RecurrentSteps
from keras_vae.layers.two_level_softmax import TwoLevelSoftmax
from keras_vae.layers.word_dropout import WordDropout


@keras.saving.register_keras_serializable(package="keras_vae")
class TextDecoder(layers.Layer):
    """p(word | words before it, z), as an LSTM or GRU: `[z, tokens before] -> features` of every word to come.

    The code enters as the first state, beside the words at every step, and once more behind the last layer, so that it
    is never forgotten on the way. Where `units` is the width of the embedding, the matrix that embeds the words also
    predicts them.

    The features `(batch, steps, embedding_dim)` are the parameters of p(x|z): `log_prob` gives that of the words that
    came, without the logits of all others, and `log_probs` that of all.

    Args:
        n_tokens: int >= 4. Size of the vocabulary with the four ids that stand for no word, see `data.Tokenizer`.
        latent_dim: int >= 0. 0 for a language model, whose words come from the words before alone.
        network: "lstm" or "gru".
        embedding_dim: int >= 1. Width of the embedding of words.
        units: int >= 1. Size of the state.
        n_layers: int >= 1.
        dropout: float from 0 to 1. Of embedded words and of the features.
        word_dropout: float from 0 to 1. Share of the words that the decoder is not told in training.
        n_frequent: as in `layers.TwoLevelSoftmax`, of the `n_tokens - 2` tokens that can be predicted.
        seed: int or None. Of the noise of the dropouts.

    Raises:
        ValueError: for an argument out of bounds.

    Examples:
        >>> decoder = kv.networks.TextDecoder(n_tokens=20, latent_dim=4, embedding_dim=8, units=8)
        >>> tokens = np.array([[5, 7, 3], [6, 3, 0]])
        >>> features = decoder([np.zeros((2, 4), "float32"), decoder.told_before(tokens)])
        >>> features.shape, decoder.log_prob(features, tokens).shape
        (TensorShape([2, 3, 8]), TensorShape([2, 3]))

    References:
        Bowman et al. 2016, section 3. https://arxiv.org/abs/1511.06349
        Dieng et al. 2019, section 3 (the code behind every layer). https://arxiv.org/abs/1807.04863
        Press & Wolf 2017 (one matrix for embedding and output). https://arxiv.org/abs/1608.05859
    """

    networks = CELLS

    def __init__(
        self,
        n_tokens: int,
        latent_dim: int,
        network: str = "lstm",
        embedding_dim: int = 256,
        units: int = 256,
        n_layers: int = 1,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
        n_frequent: int | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.n_tokens = check_int("n_tokens", n_tokens, N_UNPREDICTED + 2)
        self.latent_dim = check_int("latent_dim", latent_dim, 0)
        self.network = check_choice("network", network, self.networks)
        self.embedding_dim = check_int("embedding_dim", embedding_dim, 1)
        self.units = check_int("units", units, 1)
        self.n_layers = check_int("n_layers", n_layers, 1)
        self.dropout, self.word_dropout = dropout, word_dropout
        self.n_frequent, self.seed = n_frequent, seed
        seeds = [None] * 3 if seed is None else [seed + i for i in range(3)]
        self.hide_words = WordDropout(word_dropout, UNKNOWN_ID, N_UNPREDICTED, seeds[0])
        self.embedding = layers.Embedding(n_tokens, embedding_dim, name="embedding")
        self.drop_inputs = layers.Dropout(dropout, seed=seeds[1])
        self.drop_outputs = layers.Dropout(dropout, seed=seeds[2])
        self._make_body()
        # Code and state have another width than the words: what predicts them has the width of the words.
        self.to_words = None if units == embedding_dim else layers.Dense(embedding_dim, name="to_words")
        if latent_dim:
            self.of_code = layers.Dense(embedding_dim, use_bias=False, name="of_code")
        self.softmax = TwoLevelSoftmax(n_tokens - N_UNPREDICTED, n_frequent, name="softmax")

    def _make_body(self):
        """Make the layers between embedding and features."""
        names = [f"{self.network}_{i + 1}" for i in range(self.n_layers)]
        self.recurrent = [RecurrentSteps(self.units, self.network, name=name) for name in names]
        if self.latent_dim:
            n_states = self.n_layers * self.recurrent[0].n_states
            self.first_state = layers.Dense(n_states * self.units, name="first_state")

    def build(self, input_shape=None):
        if self.built:
            return
        self.embedding.build((None, None))
        self._build_body()
        if self.to_words is not None:
            self.to_words.build((None, None, self.units))
        if self.latent_dim:
            self.of_code.build((None, self.latent_dim))
        self.softmax.build((None, self.embedding_dim))
        self.built = True

    def _build_body(self):
        width = self.embedding_dim + self.latent_dim
        for layer in self.recurrent:
            layer.build((None, None, width))
            width = self.units + self.latent_dim
        if self.latent_dim:
            self.first_state.build((None, self.latent_dim))

    # A whole text at once.

    def told_before(self, tokens: Any) -> tf.Tensor:
        """What the decoder is told when it predicts each of the tokens: the start, and the tokens before it."""
        tokens = tf.cast(tokens, tf.int32)
        start = tf.fill([tf.shape(tokens)[0], 1], START_ID)
        return tf.concat([start, tokens[:, :-1]], axis=1)

    def call(self, inputs, training=False):
        """Features of every token to come, `(batch, steps, embedding_dim)`.

        Args:
            inputs: pair of z `(batch, latent_dim)` and the tokens told before, int `(batch, steps)`.
            training: bool. Whether words and features are dropped.
        """
        z, told = inputs
        h = self._whole(self._embedded(told, training), z, training)
        return self._features(h, z, tf.shape(told)[1], training)

    def _whole(self, h, z, training):
        """The body over all steps, `(batch, steps, embedding_dim)` -> `(batch, steps, units)`."""
        for layer, state in zip(self.recurrent, self.initial_state(z), strict=True):
            h = layer(self._beside(h, z, tf.shape(h)[1]), state)
        return h

    def _embedded(self, told, training):
        told = self.hide_words(tf.cast(told, tf.int32), training=training)
        return self.drop_inputs(self.embedding(told), training=training)

    def _beside(self, h, z, n_steps=None):
        """The code beside the values of every step; of one step where `n_steps` is None."""
        if not self.latent_dim:
            return h
        z = tf.cast(z, h.dtype)
        return tf.concat([h, z if n_steps is None else tf.repeat(z[:, None], n_steps, axis=1)], axis=-1)

    def _features(self, h, z, n_steps=None, training=False):
        h = h if self.to_words is None else self.to_words(h)
        if self.latent_dim:
            of_code = self.of_code(tf.cast(z, self.compute_dtype))
            h += of_code if n_steps is None else of_code[:, None]
        return self.drop_outputs(h, training=training)

    def log_prob(self, features: tf.Tensor, tokens: Any) -> tf.Tensor:
        """Log probability of every token, `(batch, steps)` float32 nats; 0 at padding.

        Args:
            features: Tensor, as the call gives it.
            tokens: int Tensor, shape `(batch, steps)`.
        """
        return self.softmax.log_prob(features, tf.cast(tokens, tf.int32) - N_UNPREDICTED, self._kernel())

    def log_probs(self, features: tf.Tensor) -> tf.Tensor:
        """Log probabilities of all tokens, `(..., n_tokens)` float32 nats; minus infinity for padding and start."""
        predicted = self.softmax.log_probs(features, self._kernel())
        never = tf.fill(tf.concat([tf.shape(predicted)[:-1], [N_UNPREDICTED]], axis=0), -float("inf"))
        return tf.concat([never, predicted], axis=-1)

    def _kernel(self):
        return self.embedding.embeddings[N_UNPREDICTED:]

    def start_at(self, counts: Any) -> None:
        """Let the first predictions be the frequencies of the tokens, `(n_tokens,)` counts in the training part."""
        self.build()
        self.softmax.set_frequencies(counts[N_UNPREDICTED:])

    # Step by step.

    def initial_state(self, z: tf.Tensor) -> tuple:
        """The state before the first word: for each layer a tuple of tensors `(batch, units)`."""
        if not self.latent_dim:
            return tuple(layer.zero_state(tf.shape(z)[0]) for layer in self.recurrent)
        flat = tf.split(self.first_state(tf.cast(z, self.compute_dtype)), self.n_layers, axis=-1)
        # An output of a cell is between -1 and 1, what it remembers is not bounded.
        split = [tf.split(part, self.recurrent[0].n_states, axis=-1) for part in flat]
        return tuple((tf.tanh(parts[0]), *parts[1:]) for parts in split)

    def step(self, tokens: tf.Tensor, z: tf.Tensor, state: tuple) -> tuple[tf.Tensor, tuple]:
        """Log probabilities of the next word.

        Args:
            tokens: int Tensor, shape `(batch,)`. The words before it, `START_ID` at first.
            z: Tensor, shape `(batch, latent_dim)`.
            state: as `initial_state` and this method give it.

        Returns:
            `(log_probs, state)`: float32 Tensor `(batch, n_tokens)`, nats, and the state behind that word.
        """
        h, state = self._one(self._embedded(tokens, False), z, state)
        return self.log_probs(self._features(h, z)), state

    def _one(self, h, z, state):
        """The body at one step, `(batch, embedding_dim)` -> `(batch, units)`, and the state behind it."""
        states = []
        for layer, before in zip(self.recurrent, state, strict=True):
            h, after = layer.step(layer.project(self._beside(h, z)), before)
            states.append(after)
        return h, tuple(states)

    def compute_output_shape(self, input_shape):
        return (*input_shape[1], self.embedding_dim)

    def get_config(self):
        names = ("n_tokens", "latent_dim", "network", "embedding_dim", "units", "n_layers", "dropout", "word_dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in (*names, "n_frequent", "seed")}}
