"""A small convolutional classifier of images, whose features say how alike two sets of images are."""

import math
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number, check_shape
from keras_vae.optimizers import Adam
from keras_vae.tasks.images.generation.unit_images import unit_images

BATCH_SIZE = 64
PEAK_RATE = 3e-3
# Share of the time in which the learning rate rises.
WARM_UP = 0.05
# Pixels by which an image is shifted at most, in each direction.
MAX_SHIFT = 1
# A training without end in sight must not depend on a clock alone.
MAX_EPOCHS = 1000


@keras.saving.register_keras_serializable(package="keras_vae")
class ImageClassifier(keras.Model):
    """Three convolutions and a dense layer of features, from images of values 0 to 1 to logits of classes.

    `train_classifier` makes a trained one.

    Args:
        event_shape: tuple `(height, width, channels)`.
        n_classes: int >= 2.
        n_features: int >= 1. Width of the last hidden layer.
        seed: int or None. Seed of the initial weights.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> from keras_vae.tasks.images.generation.image_classifier import ImageClassifier
        >>> classifier = ImageClassifier((8, 8, 1), n_classes=10, seed=0)
        >>> classifier.features(x[:3]).shape, classifier.classify(x[:3]).shape
        ((3, 128), (3,))
    """

    def __init__(
        self,
        event_shape: tuple[int, int, int],
        n_classes: int,
        n_features: int = 128,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.event_shape = check_shape("event_shape", event_shape)
        if len(self.event_shape) != 3:
            raise ValueError(f"`event_shape` must be (height, width, channels). Received: event_shape={event_shape}")
        self.n_classes = check_int("n_classes", n_classes, 2)
        self.n_features = check_int("n_features", n_features, 1)
        self.seed = seed
        self.body = self._make_body()
        self.head = keras.layers.Dense(self.n_classes, kernel_initializer=self._initializer(9), name="logits")
        self.build((None, *self.event_shape))

    def _initializer(self, i):
        return keras.initializers.GlorotUniform(seed=None if self.seed is None else self.seed + i)

    def _make_body(self):
        layers = keras.layers
        body = keras.Sequential([keras.Input(self.event_shape)], name="body")
        for i, (filters, size, stride) in enumerate([(24, 5, 2), (32, 3, 1), (64, 3, 2)]):
            kernel = {"kernel_initializer": self._initializer(i), "use_bias": False}
            body.add(layers.Conv2D(filters, size, stride, padding="same", **kernel))
            body.add(layers.BatchNormalization(momentum=0.98))
            body.add(layers.ReLU())
        body.add(layers.Flatten())
        body.add(layers.Dropout(0.3, seed=self.seed))
        body.add(layers.Dense(self.n_features, use_bias=False, kernel_initializer=self._initializer(3)))
        body.add(layers.BatchNormalization(momentum=0.98))
        body.add(layers.ReLU())
        return body

    def build(self, input_shape):
        if not self.built:
            self.head.build((None, self.n_features))
            self.built = True

    def call(self, images, training=False):
        """Logits of the classes, `(n, n_classes)`, of images from 0 to 1."""
        return self.head(self.body(images, training=training))

    def features(self, images: np.ndarray, batch_size: int = 512) -> np.ndarray:
        """What the last hidden layer says about images.

        Args:
            images: array `(n, height, width)` or `(n, *event_shape)`, uint8 or from 0 to 1.
            batch_size: int. Images per call.

        Returns:
            NumPy array `(n, n_features)`, >= 0.

        Raises:
            ValueError: for images of another shape or out of range.
        """
        return self._in_batches(self.body, images, batch_size)

    def classify(self, images: np.ndarray, batch_size: int = 512) -> np.ndarray:
        """The most probable class of each image, NumPy array `(n,)` of ints; arguments as in `features`."""
        return self._in_batches(self, images, batch_size).argmax(axis=1)

    def accuracy(self, images: np.ndarray, labels: np.ndarray, batch_size: int = 512) -> float:
        """Share of the images whose class is read as `labels`, an array `(n,)`, say; from 0 to 1."""
        labels = _checked_labels(labels, len(images), self.n_classes)
        return float(np.mean(self.classify(images, batch_size) == labels))

    def _in_batches(self, function, images, batch_size):
        images = unit_images("images", images, self.event_shape)
        starts = range(0, len(images), check_int("batch_size", batch_size, 1))
        return np.concatenate([np.asarray(function(images[i : i + batch_size], training=False)) for i in starts])

    def get_config(self):
        names = ("event_shape", "n_classes", "n_features", "seed", "name")
        return {name: getattr(self, name) for name in names}


def train_classifier(
    images: np.ndarray, labels: np.ndarray, minutes: float = 3.0, seed: int = 0, n_classes: int | None = None
) -> ImageClassifier:
    """Train a classifier for the given time, on images that are shifted by a pixel at random.

    The learning rate falls to zero along a cosine as the time passes, so that the weights of two trainings differ even
    with the same seed: train once, save, and measure everything with the saved classifier.

    Args:
        images: array `(n, height, width)` or `(n, height, width, channels)`, uint8 or from 0 to 1.
        labels: whole numbers `(n,)` from 0.
        minutes: float > 0. Time of the training.
        seed: int. Seed of initial weights, order and shifts.
        n_classes: int or None for as many as the largest label asks for.

    Returns:
        `ImageClassifier`; `save("NAME.keras")` and `keras.models.load_model` keep it.

    Raises:
        ValueError: for images out of range, labels that are no classes or of another number, or an argument out of
            bounds.
    """
    minutes = check_number("minutes", minutes, minimum=0.0, exclusive=True)
    images = unit_images("images", images)
    labels = _checked_labels(labels, len(images), n_classes)
    n_classes = max(2, int(labels.max()) + 1) if n_classes is None else n_classes
    classifier = ImageClassifier(images.shape[1:], n_classes, seed=check_int("seed", seed, 0))
    classifier.compile(Adam(PEAK_RATE), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    schedule = _CosineOfTime(60.0 * minutes)
    batches = _shifted_batches(images, labels, seed)
    per_epoch = -(-len(images) // BATCH_SIZE)
    classifier.fit(
        batches, steps_per_epoch=per_epoch, epochs=MAX_EPOCHS, shuffle=False, verbose=0, callbacks=[schedule]
    )
    return classifier


def _checked_labels(labels, n, n_classes):
    labels = np.asarray(labels)
    if labels.shape != (n,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`labels` must be {n} whole numbers, one for each image. "
            f"Received: dtype {labels.dtype}, shape {labels.shape}"
        )
    if labels.min() < 0 or (n_classes is not None and labels.max() >= n_classes):
        below = "" if n_classes is None else f" and below n_classes={n_classes}"
        raise ValueError(f"`labels` must be >= 0{below}. Received: labels from {labels.min()} to {labels.max()}")
    return labels.astype(np.int64)


def _shifted_batches(images, labels, seed):
    """Endless batches of the images, each cut at random out of itself with a border of zeros."""
    shape, edge = images.shape[1:], [[MAX_SHIFT, MAX_SHIFT], [MAX_SHIFT, MAX_SHIFT], [0, 0]]
    options = tf.data.Options()
    options.autotune.enabled = False

    def shifted(i, row):
        image, label = row
        return tf.image.stateless_random_crop(tf.pad(image, edge), shape, tf.stack([seed, i])), label

    rows = tf.data.Dataset.from_tensor_slices((images, labels))
    rows = rows.shuffle(len(images), seed=seed, reshuffle_each_iteration=True).repeat().enumerate()
    return rows.map(shifted).batch(BATCH_SIZE, drop_remainder=True).prefetch(2).with_options(options)


class _CosineOfTime(keras.callbacks.Callback):
    """Learning rate by the share of the time that has passed; training ends with the time."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.start = None

    def on_train_batch_begin(self, batch, logs=None):
        if self.start is None:
            return
        share = min(1.0, (time.monotonic() - self.start) / self.seconds)
        rate = PEAK_RATE * min(1.0, share / WARM_UP) * 0.5 * (1.0 + math.cos(math.pi * share))
        self.model.optimizer.learning_rate.assign(max(rate, 0.01 * PEAK_RATE))

    def on_train_batch_end(self, batch, logs=None):
        # The first step takes the time of building the graph.
        if self.start is None:
            self.start = time.monotonic()
        elif time.monotonic() - self.start > self.seconds:
            self.model.stop_training = True
