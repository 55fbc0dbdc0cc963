"""The VAE whose codes are entries of a codebook, with a prior over grids of them."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.layers.vector_quantizer import VectorQuantizer, perplexity
from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.endpoint import of_data
from keras_vae.models.gaussian_heads import MIN_Z_LOG_VAR
from keras_vae.models.variational_model import VariationalModel
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.pieces import Pieces
from keras_vae.objectives.vector_quantized_elbo import VectorQuantizedELBO
from keras_vae.priors.prior import Prior
from keras_vae.training.batch import Condition, Data


@keras.saving.register_keras_serializable(package="keras_vae")
class VQVAE(VariationalModel):
    """VQ-VAE: a grid of codes, each the number of the entry of a codebook that is nearest to what the encoder says.

    z holds whole numbers as floats, one for each place of the grid, row by row. The posterior is a point, so that
    `kl = -log p(z)`, the nats that the codes take under the prior, and `elbo` is a bound on log p(x) that nothing is
    left out of. Encoder, decoder, codebook and prior are trained by one `fit`: the codebook follows the encoder as a
    moving average, and the prior learns from the codes as they are at each step, without touching the encoder.

    Args:
        encoder: Keras model `x -> vectors`, `(batch, *grid, code_dim)` with one or two axes of the grid; or
            `[x, condition] -> ...`.
        decoder: Keras model from such entries of the codebook to raw x_params; or `[entries, condition] -> ...`.
        prior: `keras_vae.priors.PixelCNNPrior` of that grid, or another prior of whole numbers with a density.
        n_codes: int >= 2. Entries of the codebook.
        likelihood, seed, target_shape, preprocessing, condition_network: as in `VAE`.
        objective: `keras_vae.objectives.VectorQuantizedELBO(commitment=...)`, the default, or another objective.
        decay, restart_below: as in `keras_vae.layers.VectorQuantizer`.

    Raises:
        ValueError: if the parts do not fit each other, or the objective asks for a Gaussian posterior.

    Examples:
        >>> model = kv.models.make_vq_vae((8, 8, 1), n_codes=16, hidden_units=(8, 8), seed=0)
        >>> model.compile("adam")
        >>> history = model.fit(x_train, epochs=1, verbose=0)
        >>> codes = model.encode(x[:3])
        >>> codes.shape, codes.dtype, model.decode(codes).shape
        ((3, 4), dtype('int32'), (3, 8, 8, 1))

    References:
        van den Oord et al. 2017. https://arxiv.org/abs/1711.00937
    """

    encoder_outputs = ("vectors",)
    has_gaussian_posterior = False

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        prior: Prior,
        n_codes: int,
        likelihood: str | Likelihood = "bernoulli",
        objective: Objective | None = None,
        decay: float = 0.99,
        restart_below: float = 0.03,
        seed: int | None = None,
        target_shape: tuple[int, ...] | None = None,
        preprocessing: keras.layers.Layer | None = None,
        **kwargs: Any,
    ):
        if not hasattr(prior, "log_prob"):
            raise ValueError(f"`prior` must have `log_prob`, the length of the codes. Received: prior={prior!r}")
        super().__init__(
            encoder,
            decoder,
            likelihood,
            prior=prior,
            objective=VectorQuantizedELBO() if objective is None else objective,
            seed=seed,
            target_shape=target_shape,
            preprocessing=preprocessing,
            **kwargs,
        )
        self.n_codes = check_int("n_codes", n_codes, 2)
        if getattr(prior, "n_codes", n_codes) != n_codes:
            raise ValueError(
                f"`prior` must be one of {n_codes} codes, the `n_codes` of the model. Received: one of {prior.n_codes}"
            )
        self.quantizer = VectorQuantizer(n_codes, decay, restart_below, seed=seed)
        self._complete()

    def _shapes_of_codes(self, outputs):
        shape = tuple(getattr(outputs, "shape", ()))[1:]
        if len(shape) not in (2, 3) or None in shape:
            raise ValueError(
                "`encoder` must put out one tensor, vectors on a grid of fixed size: (batch, height, width, code_dim) "
                f"or (batch, length, code_dim). Received: {getattr(outputs, 'shape', outputs)}"
            )
        self.grid_shape = shape[:-1]
        if not self.quantizer.built:
            self.quantizer.build((None, *shape))
        return math.prod(self.grid_shape), shape

    @property
    def noise_dim(self):
        """Numbers that `infer` gives for a row. A draw of q(z|x) takes no noise; a search for holes starts with it."""
        return self.latent_dim * self.quantizer.code_dim

    # The hooks of a variational model.

    def infer(self, batch, training=False):
        return tf.reshape(tf.cast(self.encoded(batch, training), tf.float32), [-1, self.noise_dim])

    def posterior(self, batch, training=False):
        z = self.code(self.infer(batch, training))
        return z, tf.fill(tf.shape(z), MIN_Z_LOG_VAR)

    def pieces(self, inferred, epsilon, batch, training=False, path=None):
        entries, codes = self.quantizer(self._vectors(inferred), training=training)
        z = self._flat(codes)
        reconstruction_loss = self.loss_of_params(super().x_params(entries, batch, training), batch)
        kl = -self.prior.log_prob(z)
        posterior = z, tf.fill(tf.shape(z), MIN_Z_LOG_VAR)
        return Pieces(reconstruction_loss, kl, kl[:, None], -(reconstruction_loss + kl), z, posterior)

    def commitment_terms(self, inferred):
        """What the objective adds: squared distances of the vectors from their entries, `(batch,)`, and perplexity."""
        vectors = self._vectors(inferred)
        codes = self.quantizer.nearest(vectors)
        squares = tf.math.squared_difference(vectors, tf.stop_gradient(self.quantizer.entries(codes)))
        return tf.reduce_sum(tf.reshape(squares, [-1, self.noise_dim]), axis=1), perplexity(codes, self.n_codes)

    def draw_latents(self, inferred, epsilon):
        return self.code(inferred)

    def code(self, inferred, training=False):
        return self._flat(self.quantizer.nearest(self._vectors(inferred)))

    def x_params(self, z, batch=None, training=False):
        return super().x_params(self.quantizer.entries(self._grid_of(z)), batch, training)

    def _vectors(self, inferred):
        return tf.reshape(inferred, [-1, *self.grid_shape, self.quantizer.code_dim])

    def _flat(self, codes):
        return tf.reshape(tf.cast(codes, tf.float32), [-1, self.latent_dim])

    def _grid_of(self, z):
        codes = tf.cast(tf.round(tf.cast(z, tf.float32)), tf.int32)
        return tf.reshape(codes, [-1, *self.grid_shape])

    # Verbs.

    def encode(self, x: Data, condition: Condition | None = None, batch_size: int = 256) -> np.ndarray:
        """Codes of every example.

        Args:
            x: array `(n, *event_shape)`, or a `tf.data.Dataset` of batches.
            condition: array or dict of arrays `(n, ...)`, for a model whose encoder takes one.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, latent_dim)` of ints from 0 to `n_codes - 1`, the grid of each example row by row.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("encode")
        codes = self.rows(self._code_of, x, parts=("encoder",), condition=condition, batch_size=batch_size)
        return codes.astype(np.int32)

    def decode(self, z: Any, condition: Condition | None = None, batch_size: int = 256) -> np.ndarray:
        """Mean of p(x|z), as `LatentModel.decode`; z must hold whole numbers from 0 to `n_codes - 1`.

        Raises:
            ValueError: for other numbers, or an array of another shape.
        """
        z = np.asarray(z)
        if z.size and (np.any(z != np.round(z)) or z.min() < 0 or z.max() >= self.n_codes):
            raise ValueError(
                f"`z` must hold whole numbers from 0 to {self.n_codes - 1}. "
                f"Received: values from {z.min():.4g} to {z.max():.4g}"
            )
        return super().decode(z, condition, batch_size)

    def interpolate(self, *args, **kwargs):
        """Refused: codes are numbers of entries, and between two of them there is nothing.

        Raises:
            ValueError: always.
        """
        self._refuse_verb("interpolate")

    def attribute_vector(self, *args, **kwargs):
        """Refused, as `interpolate`: the mean of numbers of entries is none.

        Raises:
            ValueError: always.
        """
        self._refuse_verb("attribute_vector")

    def shift(self, *args, **kwargs):
        """Refused, as `interpolate`.

        Raises:
            ValueError: always.
        """
        self._refuse_verb("shift")

    def _refuse_verb(self, verb):
        raise ValueError(
            "there is nothing between two codes of a VQVAE, which are numbers of entries of its codebook: use a "
            f"`keras_vae.VAE` for that. Received: a call of `{verb}`"
        )

    def _check_sampler(self, sampler):
        if getattr(sampler, "n_codes", None) != self.n_codes:
            raise ValueError(
                f"`sampler` of a VQVAE must be a prior of {self.n_codes} codes, such as `priors.PixelCNNPrior`. "
                f"Received: sampler={sampler!r}"
            )
        super()._check_sampler(sampler)

    def endpoints(self):
        return {
            **super().endpoints(),
            "encode": of_data(self, lambda batch: {"z": self._code_of(batch)}, ("encoder",)),
        }

    def get_config(self):
        config = super().get_config()
        own = {name: getattr(self.quantizer, name) for name in ("n_codes", "decay", "restart_below")}
        return {**config, **own, "prior": keras.saving.serialize_keras_object(self.prior)}
