"""The plain autoencoder."""

import keras
import tensorflow as tf

from keras_vae.models.latent_model import LatentModel


@keras.saving.register_keras_serializable(package="keras_vae")
class Autoencoder(LatentModel):
    """Autoencoder without a latent distribution: minimises -log p(x | z = encoder(x)), nats per example.

    With the default `gaussian_fixed` that is half the squared error summed over the elements, plus a constant. It has
    no prior, so it neither samples nor has a likelihood bound.

    Args:
        encoder: Keras model `x -> z`, `(batch, latent_dim)`.
        decoder: Keras model `z -> x_params`, raw: logits for a Bernoulli, the mean for a Gaussian.
        likelihood: str or `keras_vae.likelihoods.Likelihood`.
        target_shape: tuple or None. Shape of a target where it differs from that of an input.

    Raises:
        ValueError: if encoder, decoder and likelihood do not fit each other.
    """

    encoder_outputs = ("z",)

    def __init__(self, encoder, decoder, likelihood="gaussian_fixed", target_shape=None, **kwargs):
        super().__init__(encoder, decoder, likelihood, target_shape=target_shape, **kwargs)
        self._build_if_known()

    def latent(self, x, training=False):
        return tf.cast(self.encoder(self._encoder_input(x), training=training), tf.float32)

    def terms(self, x, target=None, mask=None, training=False, weight=None):
        """`loss` and `reconstruction_loss`, which are the same here, each `(batch,)` nats."""
        target = tf.cast(x, tf.float32) if target is None else target
        reconstruction_loss = self._reconstruction_loss(self.latent(x, training), target, mask, training)
        return {"loss": reconstruction_loss, "reconstruction_loss": reconstruction_loss}

    def encode(self, x, batch_size=256):
        """Code of every example.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, latent_dim)`.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("encode")
        return self._rows("latent", x, self.event_shape, batch_size=batch_size)

    def reconstruct(self, x, batch_size=256):
        """Mean of p(x|z) at the code of x.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, *target_shape)`.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        return self.decode(self.encode(x, batch_size), batch_size)
