"""A layer that hides some words of a text from a decoder while it is trained."""

import keras
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.layers.sampling import next_seed


@keras.saving.register_keras_serializable(package="keras_vae")
class WordDropout(keras.layers.Layer):
    """Replace a share of the tokens by the unknown token, drawn anew at every step of a training and never otherwise.

    It belongs between what a decoder is told of the words before and its embedding: a decoder that does not see them
    all has to look into the code. Targets never go through it.

    Args:
        rate: float from 0 to 1. Share of the tokens.
        unknown_id: int >= 0. The token that takes their place.
        n_kept: int >= 0. Tokens below this number stay: padding and start.
        seed: int or None. Start of the noise sequence; None takes one from Keras's global seed.

    Raises:
        ValueError: for an argument out of bounds.

    Examples:
        >>> layer = kv.layers.WordDropout(1.0, unknown_id=2, n_kept=2)
        >>> layer(tf.constant([[1, 7, 9, 0]]), training=True).numpy().tolist()
        [[1, 2, 2, 0]]
        >>> layer(tf.constant([[1, 7, 9, 0]])).numpy().tolist()
        [[1, 7, 9, 0]]

    References:
        Bowman et al. 2016, section 3.1. https://arxiv.org/abs/1511.06349
    """

    def __init__(self, rate: float, unknown_id: int, n_kept: int = 0, seed: int | None = None, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.rate = check_number("rate", rate, 0.0)
        if self.rate > 1.0:
            raise ValueError(f"`rate` must be from 0 to 1. Received: rate={rate}")
        self.unknown_id = check_int("unknown_id", unknown_id, 0)
        self.n_kept = check_int("n_kept", n_kept, 0)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.built = True

    def call(self, inputs, training=False):
        if not training or self.rate == 0.0:
            return inputs
        uniform = tf.random.stateless_uniform(tf.shape(inputs), next_seed(self.seed_generator))
        is_hidden = (uniform < self.rate) & (inputs >= self.n_kept)
        return tf.where(is_hidden, tf.cast(self.unknown_id, inputs.dtype), inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["seed_state"] = self.seed_generator.state.numpy()

    def load_own_variables(self, store):
        self.seed_generator.state.assign(store["seed_state"][()])

    def get_config(self):
        own = {name: getattr(self, name) for name in ("rate", "unknown_id", "n_kept", "seed")}
        return {**super().get_config(), **own}
