"""Augmentation by a VAE as a layer: new images around those of a batch, for `tf.data`."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.layers.sampling import next_seed
from keras_vae.tasks.images.control.class_labels_of import n_classes_of
from keras_vae.tasks.images.control.codes_around import codes_around, partners_of
from keras_vae.training.batch import Batch


@keras.saving.register_keras_serializable(package="keras_vae")
class AugmentWithVAE(keras.layers.Layer):
    """Some images of a batch replaced by what a VAE decodes around them, on the way to others of their class.

    `dataset.batch(64).map(lambda x, y: (layer(x, y), y))`. The images of a batch are their own partners, so a batch
    should hold several of each class. The layer has a copy of the VAE, which is not trained with what comes behind it.
    In inference images stay as they are.

    Args:
        model: a trained VAE with a Gaussian posterior, also one that is told the class.
        share: float in [0, 1]. Share of the images that are replaced, each by chance.
        width: float >= 0. Factor on the noise of the posterior.
        mix: float in [0, 1]. How far an image may be on the way to another one of its class.
        seed: int or None. Seed of the draws.

    Raises:
        ValueError: for a model without a Gaussian posterior, a number out of bounds, or no labels where they are
            needed: for `mix` above 0 and a model that is told the class.

    Examples:
        >>> from keras_vae.tasks.images import AugmentWithVAE
        >>> layer = AugmentWithVAE(vae, share=0.5, seed=0)
        >>> batches = tf.data.Dataset.from_tensor_slices((x, data.y_test)).batch(32)
        >>> images, labels = next(iter(batches.map(lambda x, y: (layer(x, y), y))))
        >>> images.shape
        TensorShape([32, 8, 8, 1])

    References:
        DeVries & Taylor 2017 (noise and interpolation in a feature space). https://arxiv.org/abs/1702.05538
    """

    def __init__(
        self,
        model: keras.Model,
        share: float = 0.5,
        width: float = 1.0,
        mix: float = 0.5,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not getattr(model, "has_gaussian_posterior", False):
            raise ValueError(f"`model` must be a VAE with a Gaussian posterior. Received: model={model!r}")
        self.is_told = model.condition_shape is not None
        if self.is_told:
            n_classes_of(model)
        self.model = _frozen_copy(model)
        self.share = check_number("share", share, 0.0, 1.0)
        self.width = check_number("width", width, 0.0)
        self.mix = check_number("mix", mix, 0.0, 1.0)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, images, labels=None, training=True):
        """Images `(n, *event_shape)` from images and labels `(n,)`, whole numbers."""
        images = tf.cast(images, tf.float32)
        if not training:
            return images
        if labels is None and (self.mix > 0.0 or self.is_told):
            raise ValueError(
                "`labels` must be given, as layer(images, labels), for `mix` above 0 and for a model that is told the "
                f"class. Received: labels=None, mix={self.mix}"
            )
        n_rows = tf.shape(images)[0]
        labels = tf.range(n_rows) if labels is None else tf.reshape(tf.cast(labels, tf.int32), [-1])
        fold, seed = tf.random.experimental.stateless_fold_in, next_seed(self.seed_generator)
        batch = self.model.prepare(Batch(images, condition=labels if self.is_told else None))
        here = self.model.posterior(batch)
        partners = partners_of(labels, fold(seed, 0))
        z = codes_around(here, tuple(tf.gather(part, partners) for part in here), self.width, self.mix, fold(seed, 1))
        is_new = tf.random.stateless_uniform([n_rows], fold(seed, 2)) < self.share
        is_new = tf.reshape(is_new, [-1, *[1] * (len(images.shape) - 1)])
        return tf.ensure_shape(tf.where(is_new, self.model.mean(z, batch), images), images.shape)

    def compute_output_shape(self, images_shape, labels_shape=None):
        return images_shape

    def get_config(self):
        names = ("share", "width", "mix", "seed")
        model = keras.saving.serialize_keras_object(self.model)
        return {**super().get_config(), "model": model, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "model": keras.saving.deserialize_keras_object(config["model"])})


def _frozen_copy(model):
    """The model again, with weights that no training changes: to freeze the one that was given would stop its own."""
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
    copy.set_weights(model.get_weights())
    copy.trainable = False
    return copy
