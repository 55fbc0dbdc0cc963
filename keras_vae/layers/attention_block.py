"""A block of a transformer that runs over a whole sequence, and step by step with the same numbers."""

import keras
import tensorflow as tf
from keras import layers

from keras_vae._checks import check_int


@keras.saving.register_keras_serializable(package="keras_vae")
class AttentionBlock(layers.Layer):
    """Attention and two dense layers, each behind a normalisation and beside a shortcut.

    Args:
        units: int >= 1. Size of a step.
        n_heads: int >= 1, a divisor of `units`.
        is_causal: bool. Whether a step sees only itself and those before it.
        dropout: float from 0 to 1. Of what each half adds.
        seed: int or None. Of its noise.

    Raises:
        ValueError: for an argument out of bounds.

    Examples:
        >>> block = kv.layers.AttentionBlock(8, n_heads=2)
        >>> x = tf.random.stateless_normal((2, 5, 8), seed=(0, 0))
        >>> whole, state = block(x), block.empty_state(2)
        >>> for i in range(5):
        ...     step, state = block.step(x[:, i], state)
        >>> bool(np.allclose(step, whole[:, -1], atol=1e-5))
        True

    References:
        Vaswani et al. 2017, section 3. https://arxiv.org/abs/1706.03762
        Xiong et al. 2020 (the normalisation in front). https://arxiv.org/abs/2002.04745
    """

    def __init__(
        self,
        units: int,
        n_heads: int = 4,
        is_causal: bool = True,
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units, self.n_heads = check_int("units", units, 1), check_int("n_heads", n_heads, 1)
        if units % n_heads:
            raise ValueError(f"`n_heads` must divide units={units}. Received: n_heads={n_heads}")
        self.is_causal, self.dropout, self.seed = is_causal, dropout, seed
        self.norms = [layers.LayerNormalization(name=f"norm_{i + 1}") for i in range(2)]
        self.attention = layers.MultiHeadAttention(n_heads, units // n_heads, name="attention")
        self.wide = layers.Dense(4 * units, activation="gelu", name="wide")
        self.narrow = layers.Dense(units, name="narrow")
        self.drops = [layers.Dropout(dropout, seed=None if seed is None else seed + i) for i in range(2)]

    def build(self, input_shape=None):
        shape = (None, None, self.units)
        for norm in self.norms:
            norm.build(shape)
        self.attention.build(query_shape=shape, value_shape=shape, key_shape=shape)
        self.wide.build(shape)
        self.narrow.build((None, None, 4 * self.units))
        self.built = True

    def call(self, inputs, is_token=None, training=False):
        """The block over all steps.

        Args:
            inputs: Tensor, shape `(batch, steps, units)`.
            is_token: bool Tensor, shape `(batch, steps)`, or None. Steps that may be looked at.
            training: bool. Whether something is dropped.

        Returns:
            Tensor, shape of `inputs`.
        """
        h = self.norms[0](inputs)
        mask = None if is_token is None else is_token[:, None, :]
        found = self.attention(h, h, attention_mask=mask, use_causal_mask=self.is_causal, training=training)
        return self._rest(inputs, found, training)

    def _rest(self, inputs, found, training=False):
        h = inputs + self.drops[0](found, training=training)
        return h + self.drops[1](self.narrow(self.wide(self.norms[1](h))), training=training)

    def empty_state(self, n):
        """The state before the first step: no steps, `(n, 0, units)`, of which there may be any number later."""
        nothing = tf.zeros([n, 0, self.units], self.compute_dtype)
        return tf.raw_ops.PlaceholderWithDefault(input=nothing, shape=[None, None, self.units])

    def step(self, inputs, state):
        """One step `(batch, units)` behind those of the state: `(output, state)`."""
        h = self.norms[0](inputs[:, None])
        state = tf.concat([state, h], axis=1)
        found = self.attention(h, state)
        return self._rest(inputs[:, None], found)[:, 0], state

    def compute_output_shape(self, input_shape, **_):
        return tuple(input_shape)

    def get_config(self):
        names = ("units", "n_heads", "is_causal", "dropout", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
