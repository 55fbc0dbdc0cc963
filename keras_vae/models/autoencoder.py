"""The plain autoencoder."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.endpoint import of_data
from keras_vae.models.latent_model import LatentModel
from keras_vae.training.batch import Condition, Data


@keras.saving.register_keras_serializable(package="keras_vae")
class Autoencoder(LatentModel):
    """Autoencoder without a latent distribution: minimises -log p(x | z = encoder(x)), nats per example.

    With the default `gaussian_fixed` that is half the squared error summed over the elements, plus a constant. It has
    no prior, so it neither samples nor has a likelihood bound.

    Args:
        encoder: Keras model `x -> z`, `(batch, latent_dim)`.
        decoder: Keras model `z -> x_params`, raw: logits for a Bernoulli, the mean for a Gaussian.
        likelihood: str or `keras_vae.likelihoods.Likelihood`.
        target_shape: tuple or None. Shape of a target where it differs from the shape of an input.
        preprocessing: as in `VAE`.

    Raises:
        ValueError: if encoder, decoder and likelihood do not fit each other.

    Examples:
        >>> encoder = kv.make_encoder((8, 8, 1), latent_dim=4, n_outputs=1)
        >>> decoder = kv.make_decoder((8, 8, 1), latent_dim=4)
        >>> model = kv.Autoencoder(encoder, decoder, likelihood="bernoulli")
        >>> model.encode(x).shape == (len(x), 4)
        True
    """

    encoder_outputs = ("z",)

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        likelihood: str | Likelihood = "gaussian_fixed",
        target_shape: tuple[int, ...] | None = None,
        preprocessing: keras.layers.Layer | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, likelihood, target_shape, preprocessing, **kwargs)
        self._complete()

    def infer(self, batch, training=False):
        return tf.cast(self.encoded(batch, training), tf.float32)

    def code(self, inferred, training=False):
        return inferred

    def terms(self, batch, training=False):
        """`loss` and `reconstruction_loss`, which are the same here, each `(batch,)` nats."""
        loss = self.reconstruction_loss(self.infer(batch, training), batch, training)
        return {"loss": loss, "reconstruction_loss": loss}

    def encode(self, x: Data, condition: Condition | None = None, batch_size: int = 256) -> np.ndarray:
        """Code of every example.

        Args:
            x: array `(n, *event_shape)`, or a `tf.data.Dataset` of batches.
            condition: array or dict of arrays `(n, ...)`, for a model whose encoder takes one.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, latent_dim)`.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("encode")
        return self.rows(self._code_of, x, parts=("encoder",), condition=condition, batch_size=batch_size)

    def endpoints(self):
        score = {"score": of_data(self, lambda b: {"reconstruction_loss": self.terms(b)["reconstruction_loss"]})}
        return {
            **super().endpoints(),
            "encode": of_data(self, lambda batch: {"z": self.infer(batch)}, ("encoder",)),
            **(score if self.target_shape == self.event_shape else {}),
        }
