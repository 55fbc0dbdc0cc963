"""What every model with an encoder and a decoder shares: parts that fit each other, rows in and out."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, shapes_agree
from keras_vae.likelihoods import get_likelihood
from keras_vae.models.parts import decoder_params_shape, encoder_latent_dim, known_event_shape
from keras_vae.models.rows import map_rows, rows_spec
from keras_vae.models.saved_state import SavedState
from keras_vae.models.training import Training


class LatentModel(SavedState, Training, keras.Model):
    """Base of the models: an encoder, a decoder and a likelihood, trained by `fit` on the mean of `terms(...)["loss"]`.

    A subclass sets `encoder_outputs` and `term_names` and implements `terms` (per example, in nats) and `latent`.

    Args:
        encoder: Keras model `x -> tensors named in encoder_outputs`.
        decoder: Keras model `z -> parameters of p(x|z)`, raw (no activation).
        likelihood: name or `Likelihood`.
        target_shape: tuple or None. Shape of one target where it differs from one input (super-resolution, for one);
            `fit(x, y)` is then the only way to train.

    Raises:
        ValueError: if the parts do not fit each other.
    """

    encoder_outputs = ()

    def __init__(self, encoder, decoder, likelihood, target_shape=None, **kwargs):
        # Without autocast the data reaches likelihood and encoder as it is also under mixed precision.
        super().__init__(**{"autocast": False, **kwargs})
        for name, part in (("encoder", encoder), ("decoder", decoder)):
            if not isinstance(part, keras.layers.Layer):
                raise ValueError(f"`{name}` must be a Keras model. Received: {name}={part!r}")
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = get_likelihood(likelihood)
        self._given_target_shape = None if target_shape is None else tuple(target_shape)
        self._init_training()

    def _build_if_known(self):
        """Build at construction where the encoder knows its input: the last line of a subclass's `__init__`."""
        event_shape = known_event_shape("encoder", self.encoder)
        if event_shape is not None:
            self.build((None, *event_shape))

    def build(self, input_shape):
        """Build and check the parts for inputs of shape `(batch, *event_shape)`.

        Raises:
            ValueError: if encoder, decoder and likelihood do not fit each other.
        """
        if self.built:
            return
        self.event_shape = tuple(input_shape[1:])
        self.latent_dim = encoder_latent_dim(self.encoder, self.event_shape, self.encoder_outputs)
        params_shape = decoder_params_shape(self.decoder, self.latent_dim)
        wanted = self._given_target_shape or self.event_shape
        try:
            target_shape = self.likelihood.event_shape(params_shape)
        except ValueError:
            target_shape = ()
        if not shapes_agree(target_shape, wanted):
            raise ValueError(
                f"`decoder` must put out {(None, *self.likelihood.params_shape(wanted))}, the parameters of "
                f"{type(self.likelihood).__name__} for data of shape {wanted}. Received: {(None, *params_shape)}. "
                "(Pass `target_shape=` if targets have another shape than inputs.)"
            )
        self.target_shape = tuple(n or m for n, m in zip(target_shape, wanted, strict=True))
        if not self.likelihood.built:
            self.likelihood.build(params_shape)
        self.built = True

    # What a subclass says.

    def terms(self, x, target=None, mask=None, training=False, weight=None):
        """Named terms of the loss, each `(batch,)` float32 nats, with "loss" and "reconstruction_loss" among them.

        `weight`, `(batch,)` or None, is that of the examples in the mean that the step takes.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `terms(x, target, mask, training, weight)`.")

    def latent(self, x, training=False):
        """The deterministic code of x, `(batch, latent_dim)` float32."""
        raise NotImplementedError(f"{type(self).__name__} must implement `latent(x, training)`.")

    # Inside a graph.

    def _encoder_input(self, x):
        """x in the type that the encoder takes."""
        inputs = getattr(self.encoder, "inputs", None)
        return tf.cast(x, inputs[0].dtype if inputs else tf.float32)

    def _decode(self, z):
        return self.likelihood.mean(self.decoder(z, training=False))

    def call(self, inputs, training=False):
        """Mean reconstruction of a batch through the deterministic code, shape of the targets."""
        return self.likelihood.mean(self.decoder(self.latent(inputs, training), training=training))

    def _reconstruction_loss(self, z, target, mask, training):
        return -self.likelihood.log_prob(target, self.decoder(z, training=training), mask)

    # Rows in, rows out.

    def _compiled(self, verb, *specs):
        """The method `verb` as a `tf.function` of inputs of these specs, traced once whatever the number of rows."""
        key = (verb, specs)
        # In __dict__, where Keras does not track it.
        compiled = self.__dict__.setdefault("_compiled_verbs", {})
        if key not in compiled:
            compiled[key] = tf.function(getattr(self, verb), input_signature=specs)
        return compiled[key]

    def _check_built(self, verb):
        if not self.built:
            raise ValueError(
                f"{type(self).__name__} must be built before it can {verb}: call `fit`, or "
                "`build((None, *event_shape))`. Received: a model that has not seen the shape of its data"
            )

    def _rows(self, verb, x, event_shape, **kwargs):
        """Apply the method `verb` to any number of rows; see `map_rows`."""
        return map_rows(self._compiled(verb, rows_spec(event_shape)), x, event_shape, **kwargs)

    def decode(self, z, batch_size=256):
        """Mean of p(x|z).

        Args:
            z: array `(n, latent_dim)`.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, *target_shape)`.

        Raises:
            ValueError: for an array of another shape, empty or not finite.
        """
        self._check_built("decode")
        return self._rows("_decode", z, (self.latent_dim,), batch_size=batch_size, name="z")

    def interpolate(self, a, b, steps=10):
        """Decoded points on the straight line between the codes of two examples.

        Args:
            a: array `event_shape`. Where the line starts.
            b: array `event_shape`. Where it ends.
            steps: int >= 2. Points on it, ends included.

        Returns:
            NumPy array `(steps, *target_shape)`.

        Raises:
            ValueError: for examples of another shape, or fewer than two steps.
        """
        self._check_built("interpolate")
        check_int("steps", steps, 2)
        ends = [self._rows("latent", np.asarray(e)[None], self.event_shape, name=n) for n, e in (("a", a), ("b", b))]
        fractions = np.linspace(0.0, 1.0, steps, dtype=np.float32)[:, None]
        return self.decode((1.0 - fractions) * ends[0] + fractions * ends[1])

    def get_config(self):
        """Arguments of the constructor, serialised."""
        serialize = keras.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "likelihood": serialize(self.likelihood),
            "target_shape": self._given_target_shape,
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Rebuild the model from `get_config()`."""
        config = dict(config)
        for key, value in config.items():
            if isinstance(value, dict) and "class_name" in value:
                config[key] = keras.saving.deserialize_keras_object(value, custom_objects=custom_objects)
        trainable = config.pop("trainable", True)
        model = cls(**config)
        model.trainable = trainable
        return model
