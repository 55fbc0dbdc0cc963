"""The layer that replaces vectors by the nearest of a learned set: the codebook of a vector-quantised VAE."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.layers.sampling import next_seed


@keras.saving.register_keras_serializable(package="keras_vae")
class VectorQuantizer(keras.layers.Layer):
    """Replace every vector by the nearest entry of a codebook, which follows the vectors as a moving average.

    In training every entry moves to the mean of the vectors that are nearest to it, averaged over past steps; no
    gradient is needed. An entry that hardly any vector is nearest to is dead: it starts again at a vector of the batch,
    drawn at random. All are dead before the first step, so that the codebook starts among the vectors. The gradient
    passes from the entries to the vectors as if nothing had been replaced (straight through).

    Args:
        n_codes: int >= 2. Entries of the codebook.
        decay: float from 0 to 1, 1 excluded. Weight of the past in the moving averages.
        restart_below: float >= 0. An entry is dead below this share of the mean use of an entry; 0 for no restarts but
            those of the first step.
        seed: int or None. Seed of the first codebook and of the restarts.

    Raises:
        ValueError: if an argument is out of bounds, or the vectors have no fixed size.

    Examples:
        >>> layer = kv.layers.VectorQuantizer(n_codes=2)
        >>> layer.build((None, 1))
        >>> _ = layer.codebook.assign([[0.0], [1.0]])
        >>> vectors, codes = layer(np.float32([[0.2], [0.9], [5.0]]))
        >>> codes.numpy(), vectors.numpy()[:, 0]
        (array([0, 1, 1], dtype=int32), array([0., 1., 1.], dtype=float32))

    References:
        van den Oord et al. 2017, eqs. 1 and 2, and appendix A.1 (moving averages). https://arxiv.org/abs/1711.00937
        Dhariwal et al. 2020, section 3.2 (restarts). https://arxiv.org/abs/2005.00341
    """

    def __init__(
        self, n_codes: int, decay: float = 0.99, restart_below: float = 0.03, seed: int | None = None, **kwargs: Any
    ):
        # Sums over a batch, and differences of large squares: float32 under every dtype policy.
        super().__init__(**{"dtype": "float32", "autocast": False, **kwargs})
        self.n_codes = check_int("n_codes", n_codes, 2)
        self.decay = check_number("decay", decay, minimum=0.0, maximum=1.0)
        if self.decay == 1.0:
            raise ValueError(f"`decay` must be below 1, where the codebook never moves. Received: decay={decay}")
        self.restart_below = check_number("restart_below", restart_below, minimum=0.0)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        self.code_dim = check_int("code_dim", input_shape[-1], 1)
        # Replicas see parts of the batch: their averages are averaged.
        options = {"trainable": False, "aggregation": "mean"}
        shape = (self.n_codes, self.code_dim)
        start = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
        self.codebook = self.add_weight(name="codebook", shape=shape, initializer=start, **options)
        self.counts = self.add_weight(name="counts", shape=(self.n_codes,), initializer="zeros", **options)
        self.sums = self.add_weight(name="sums", shape=shape, initializer="zeros", **options)
        self.built = True

    def call(self, vectors: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """The nearest entries.

        Args:
            vectors: Tensor, shape `(..., code_dim)`.
            training: bool. Whether the codebook follows the vectors; the entries returned are those before it does.

        Returns:
            entries: Tensor, shape `(..., code_dim)`. Its gradient is that of `vectors`.
            codes: int32 Tensor, shape `(...)`. Numbers of the entries.
        """
        vectors = tf.cast(vectors, tf.float32)
        codes = self.nearest(vectors)
        entries = vectors + tf.stop_gradient(self.entries(codes) - vectors)
        if training:
            self._follow(vectors, codes)
        return entries, codes

    def nearest(self, vectors: tf.Tensor) -> tf.Tensor:
        """Numbers of the nearest entries, int32 `(...)`, of vectors `(..., code_dim)`."""
        codebook = tf.convert_to_tensor(self.codebook)
        # |v - e|^2 without |v|^2, which is the same for all entries.
        products = tf.tensordot(tf.stop_gradient(vectors), codebook, [[-1], [-1]])
        distances = tf.reduce_sum(tf.square(codebook), axis=-1) - 2.0 * products
        return tf.argmin(distances, axis=-1, output_type=tf.int32)

    def entries(self, codes: tf.Tensor) -> tf.Tensor:
        """Entries `(..., code_dim)` of whole numbers `(...)`; numbers beyond the codebook count as its ends."""
        return tf.gather(self.codebook, tf.clip_by_value(codes, 0, self.n_codes - 1))

    def _follow(self, vectors, codes):
        """One step of the moving averages, and the restart of dead entries."""
        vectors = tf.reshape(tf.stop_gradient(vectors), [-1, self.code_dim])
        codes = tf.reshape(codes, [-1])
        # A batch that is not finite must not spoil the averages for good; the loss tells the user.
        check = tf.debugging.check_numerics(vectors, "keras_vae: the loss or its gradient")
        with tf.control_dependencies([check]):
            vectors = tf.identity(vectors)
        new_counts = tf.math.unsorted_segment_sum(tf.ones_like(codes, tf.float32), codes, self.n_codes)
        new_sums = tf.math.unsorted_segment_sum(vectors, codes, self.n_codes)
        counts = self.decay * self.counts + (1.0 - self.decay) * new_counts
        sums = self.decay * self.sums + (1.0 - self.decay) * new_sums
        mean_count = tf.reduce_mean(counts)
        is_dead = (counts <= self.restart_below * mean_count)[:, None]
        seed = next_seed(self.seed_generator)
        n_vectors = tf.shape(vectors)[0]
        rows = tf.random.stateless_uniform([self.n_codes], seed, maxval=n_vectors, dtype=tf.int32)
        # With the mean use a new entry has some hundred steps to find its own.
        counts = tf.where(is_dead[:, 0], mean_count, counts)
        sums = tf.where(is_dead, mean_count * tf.gather(vectors, rows), sums)
        self.counts.assign(counts)
        self.sums.assign(sums)
        self.codebook.assign(sums / counts[:, None])

    def compute_output_spec(self, vectors, training=False):
        codes = keras.KerasTensor(vectors.shape[:-1], "int32")
        return keras.KerasTensor(vectors.shape, "float32"), codes

    def get_config(self):
        names = ("n_codes", "decay", "restart_below", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def perplexity(codes: tf.Tensor, n_codes: int) -> tf.Tensor:
    """exp of the entropy of how often each code occurs: how many codes are in use, from 1 to `n_codes`; scalar.

    Args:
        codes: int32 Tensor of any shape.
        n_codes: int.
    """
    counts = tf.math.bincount(tf.reshape(codes, [-1]), minlength=n_codes, maxlength=n_codes, dtype=tf.float32)
    shares = tf.math.divide_no_nan(counts, tf.reduce_sum(counts))
    return tf.exp(-tf.reduce_sum(tf.math.multiply_no_nan(tf.math.log(tf.maximum(shares, 1e-30)), shares)))
