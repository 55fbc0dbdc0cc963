"""The autoregressive prior of whole-number codes on a grid: every code is described by those before it."""

import math
from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int, check_shape
from keras_vae.layers.causal_conv import CausalConv2D, shifted_down
from keras_vae.numerics import uniform_of_normal
from keras_vae.priors.prior import Prior, standard_noise

# A temperature of 0 takes the most probable code: no two logits that differ at all are this close.
MIN_TEMPERATURE = 1e-6


@keras.saving.register_keras_serializable(package="keras_vae")
class PixelCNNPrior(Prior):
    """p(z) of a grid of codes from 0 to n_codes - 1, one after the other in reading order, by a gated PixelCNN.

    A stack of convolutions sees the rows above a place, another one what is to the left in its row: together all that
    comes before, and nothing else. `log_prob` takes one pass; a draw takes one pass of the first stack for a row, and
    one of the second, over that row, for a code. z holds whole numbers as floats, row by row; any other number counts
    as the nearest code. For `keras_vae.models.VQVAE`.

    Args:
        grid_shape: `(height, width)` of the grid of codes; `(width,)` for a sequence.
        n_codes: int >= 2.
        channels: int >= 1. Channels of both stacks.
        n_layers: int >= 1. Gated convolutions of each stack.
        kernel_size: odd int >= 3.
        seed: int or None. Seed of the initial weights.

    Raises:
        ValueError: if an argument is out of bounds, or the latents are not as many as the grid has places.

    Examples:
        >>> prior = kv.priors.PixelCNNPrior((2, 2), n_codes=3, channels=4, n_layers=2, seed=0)
        >>> prior.build((None, 4))
        >>> grids = np.stack(np.meshgrid(*[np.arange(3.0)] * 4), axis=-1).reshape(-1, 4)
        >>> bool(np.isclose(np.sum(np.exp(prior.log_prob(grids))), 1.0))
        True

    References:
        van den Oord et al. 2016, section 2 and figure 2. https://arxiv.org/abs/1606.05328
    """

    def __init__(
        self,
        grid_shape: tuple[int, ...],
        n_codes: int,
        channels: int = 32,
        n_layers: int = 4,
        kernel_size: int = 3,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.grid_shape = check_shape("grid_shape", grid_shape)
        if len(self.grid_shape) > 2:
            raise ValueError(f"`grid_shape` must be (height, width) or (width,). Received: grid_shape={grid_shape}")
        self.height, self.width = self.grid_shape if len(self.grid_shape) == 2 else (1, *self.grid_shape)
        self.n_codes = check_int("n_codes", n_codes, 2)
        self.channels = check_int("channels", channels, 1)
        self.n_layers = check_int("n_layers", n_layers, 1)
        self.kernel_size = check_int("kernel_size", kernel_size, 3)
        self.seed = seed
        self._make_layers()

    def _make_layers(self):
        p, dense, conv = self.channels, keras.layers.Dense, CausalConv2D
        seeds = iter(range(10_000))

        def kernel():
            return keras.initializers.GlorotUniform(seed=None if self.seed is None else self.seed + next(seeds))

        def seed():
            return None if self.seed is None else self.seed + next(seeds)

        layers = range(self.n_layers)
        self.above = [conv(2 * p, self.kernel_size, "rows_to_here", seed(), dtype="float32") for _ in layers]
        # Nothing but what is strictly before: "left" once, and never itself again.
        sees = ["left", *["left_to_here"] * (self.n_layers - 1)]
        self.left = [conv(2 * p, self.kernel_size, kind, seed(), dtype="float32") for kind in sees]
        options = [{"dtype": "float32", "kernel_initializer": kernel()} for _ in range(2 * self.n_layers + 2)]
        self.from_above = [dense(2 * p, use_bias=False, **options[i]) for i in layers]
        self.mixed = [dense(p, **options[self.n_layers + i]) for i in layers]
        self.head = [dense(2 * p, activation="relu", **options[-2]), dense(self.n_codes, **options[-1])]

    def build(self, input_shape):
        if input_shape[-1] != self.height * self.width:
            raise ValueError(
                f"`latent_dim` must be {math.prod(self.grid_shape)}, the places of the grid {self.grid_shape}. "
                f"Received: latent_dim={input_shape[-1]}"
            )
        p = self.channels
        start = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
        self.embedding = self.add_weight(name="embedding", shape=(self.n_codes, p), initializer=start)
        # Zeros at the border alone would tell the network where it is: pictures are not the same everywhere.
        self.places = self.add_weight(name="places", shape=(self.height, self.width, 4 * p), initializer="zeros")
        narrow, wide = ((None, self.height, self.width, channels) for channels in (p, 2 * p))
        for layer in (*self.above, *self.left, *self.mixed, self.head[0]):
            layer.build(narrow)
        for layer in (*self.from_above, self.head[1]):
            layer.build(wide)
        # One graph for any number of draws, also in eager mode. Set in __dict__, so that Keras does not track it.
        noise, temperature = tf.TensorSpec((None, self.height, self.width)), tf.TensorSpec((None, 1))
        self.__dict__["_draw_grid"] = tf.function(self._drawn, input_signature=[noise, temperature], autograph=False)
        self.built = True

    def logits(self, z: tf.Tensor) -> tf.Tensor:
        """Logits of the code at every place given those before, `(batch, height * width, n_codes)`, of z as above."""
        grid = self._as_grid(z)
        logits = self._along_rows(grid, self._from_rows_above(grid), self._places(0, self.height))
        return tf.reshape(logits, [-1, self.height * self.width, self.n_codes])

    def log_prob(self, z):
        codes = tf.reshape(self._as_grid(z), [-1, self.height * self.width])
        of_places = -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=codes, logits=self.logits(z))
        return tf.reduce_sum(of_places, axis=-1)

    def sample(self, n, seed=None, temperature=1.0):
        noise = uniform_of_normal(standard_noise(n, self.height * self.width, seed))
        temperature = tf.reshape(tf.cast(temperature, tf.float32), [-1, 1])
        return self._draw_grid(tf.reshape(noise, [-1, self.height, self.width]), temperature)

    def _drawn(self, noise, temperature):
        """Codes `(n, height * width)`, float32, from uniform noise of the shape of the grid."""

        def draw_row(r, grid):
            # Row r itself is not drawn yet, and what is above a place does not see it.
            known = grid[:, : r + 1]
            above = [part[:, r:] for part in self._from_rows_above(known)]
            places = self._places(r, r + 1)

            def draw_code(c, row):
                logits = self._along_rows(row[:, None], above, places)[:, 0, c]
                code = _code_at(tf.gather(noise[:, r], c, axis=1), logits / tf.maximum(temperature, MIN_TEMPERATURE))
                return c + 1, tf.where(tf.range(self.width) == c, code[:, None], row)

            row = tf.while_loop(lambda c, _: c < self.width, draw_code, (0, grid[:, r]), parallel_iterations=1)[1]
            return r + 1, tf.where((tf.range(self.height) == r)[:, None], row[:, None], grid)

        start = tf.zeros(tf.shape(noise), tf.int32)
        shapes = tf.TensorShape([]), tf.TensorShape([None, self.height, self.width])
        _, grid = tf.while_loop(
            lambda r, _: r < self.height, draw_row, (0, start), shape_invariants=shapes, parallel_iterations=1
        )
        return tf.cast(tf.reshape(grid, [-1, self.height * self.width]), tf.float32)

    def _as_grid(self, z):
        codes = tf.clip_by_value(tf.cast(tf.round(tf.cast(z, tf.float32)), tf.int32), 0, self.n_codes - 1)
        return tf.reshape(codes, [-1, self.height, self.width])

    def _places(self, first, last):
        """What is learned about some rows of places, for both stacks: a pair of `(rows, width, 2 * channels)`."""
        return tf.split(self.places[first:last], 2, axis=-1)

    def _from_rows_above(self, grid):
        """What the first stack tells each layer of the second about the rows above, `(batch, rows, width, 2 p)`."""
        h, told = tf.gather(self.embedding, grid), []
        for i, (above, from_above) in enumerate(zip(self.above, self.from_above, strict=True)):
            raw = above(h)
            if i == 0:
                raw += self._places(0, tf.shape(grid)[1])[0]
            told.append(shifted_down(from_above(raw)))
            h = _gated(raw)
        return told

    def _along_rows(self, grid, above, places):
        """Logits `(batch, rows, width, n_codes)` of rows of codes, from what is above each and to the left."""
        h = tf.gather(self.embedding, grid)
        for i, (left, mixed) in enumerate(zip(self.left, self.mixed, strict=True)):
            raw = left(h) + above[i]
            if i == 0:
                raw += places[1]
            # The input of the first layer holds the code itself: no way around it.
            h = mixed(_gated(raw)) + (h if i else 0.0)
        return self.head[1](self.head[0](tf.nn.relu(h)))

    def get_config(self):
        names = ("grid_shape", "n_codes", "channels", "n_layers", "kernel_size", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _gated(raw):
    """tanh of one half of the channels times sigmoid of the other."""
    value, gate = tf.split(raw, 2, axis=-1)
    return tf.tanh(value) * tf.sigmoid(gate)


def _code_at(u, logits):
    """The code in whose part of the unit interval u lies, int32 `(n,)`, u `(n,)`, logits `(n, n_codes)`."""
    limits = tf.cumsum(tf.nn.softmax(logits), axis=-1)
    # The sum of all parts may be rounded to less than u.
    return tf.minimum(tf.reduce_sum(tf.cast(u[:, None] >= limits, tf.int32), axis=-1), logits.shape[-1] - 1)
