"""What is done to clean images so that a model learns to undo it: noise, a smaller size, missing pixels."""

import tensorflow as tf


class Noise:
    """Noise on every value, clipped to 0..1 as a file of an image has it.

    Args:
        kind: "gaussian", or "salt_and_pepper", which turns values into 0 or 1, one as often as the other.
        strength: `(low, high)`. Standard deviation of the noise, or share of the values; every image has its own.
    """

    factor = 1

    def __init__(self, kind, strength):
        self.kind = kind
        self.strength = tuple(strength)

    def condition_shape(self, event_shape):
        """Shape of what the model is told of an image of this shape."""
        return tuple(event_shape)

    def __call__(self, x, seed):
        """What the model is told, a float32 Tensor with the rows of x.

        Args:
            x: float32 Tensor, shape `(batch, height, width, channels)`, values 0..1.
            seed: int Tensor, shape `(2,)`. The same seed gives the same degradation.
        """
        of_images, of_values = two_seeds(seed)
        strength = tf.random.stateless_uniform((tf.shape(x)[0], 1, 1, 1), of_images, *self.strength)
        if self.kind == "gaussian":
            return tf.clip_by_value(x + strength * tf.random.stateless_normal(tf.shape(x), of_values), 0.0, 1.0)
        u = tf.random.stateless_uniform(tf.shape(x), of_values)
        return tf.where(u < 0.5 * strength, 0.0, tf.where(u >= 1.0 - 0.5 * strength, 1.0, x))

    def is_changed(self, x, condition):
        """Which values of x the degradation has changed, a bool array or Tensor of the shape of x."""
        return x != condition


class Shrink:
    """An image with sides of a `factor`-th: every pixel the mean of `factor` x `factor` others.

    Args:
        factor: int >= 2.
    """

    def __init__(self, factor):
        self.factor = factor

    def condition_shape(self, event_shape):
        height, width, channels = event_shape
        return (height // self.factor, width // self.factor, channels)

    def __call__(self, x, seed):
        return tf.nn.avg_pool2d(x, self.factor, self.factor, "VALID")

    def is_changed(self, x, condition):
        return tf.ones_like(x, tf.bool)


class Hide:
    """Missing pixels, all channels of each: the model is told the others, zeros, and which are known.

    Args:
        kind: "hole", one in the centre; "anywhere", one at a random place; "random", single pixels.
        share: `(low, high)`. Share of each side that a hole has, or share of the pixels; every image has its own.
    """

    factor = 1

    def __init__(self, kind, share):
        self.kind = kind
        self.share = tuple(share)

    def condition_shape(self, event_shape):
        return (*event_shape[:2], event_shape[2] + 1)

    def __call__(self, x, seed):
        known = self.known(tf.shape(x), seed)
        return tf.concat([x * known, known], axis=-1)

    def known(self, shape, seed):
        """1 for known pixels, 0 for missing ones, float32 `(batch, height, width, 1)`."""
        n, height, width, _ = tf.unstack(shape)
        of_images, of_places = two_seeds(seed)
        if self.kind == "random":
            share = tf.random.stateless_uniform((n, 1, 1, 1), of_images, *self.share)
            u = tf.random.stateless_uniform((n, height, width, 1), of_places)
            return tf.cast(u >= share, tf.float32)
        shares = tf.random.stateless_uniform((n, 2), of_images, *self.share)
        places = tf.random.stateless_uniform((n, 2), of_places) if self.kind == "anywhere" else tf.fill((n, 2), 0.5)
        inside = [_interval(side, shares[:, i], places[:, i]) for i, side in enumerate((height, width))]
        hole = inside[0][:, :, None] & inside[1][:, None, :]
        return 1.0 - tf.cast(hole, tf.float32)[..., None]

    def is_changed(self, x, condition):
        return tf.broadcast_to(condition[..., -1:] == 0.0, tf.shape(x))


def _interval(side, share, place):
    """Which pixels of a side lie in the hole of each image, bool `(n, side)`: at least one, not all."""
    side = tf.cast(side, tf.float32)
    length = tf.clip_by_value(tf.round(share * side), 1.0, tf.maximum(side - 1.0, 1.0))
    start = tf.floor(place * (side - length + 1.0) - 1e-6 * place)
    start = tf.clip_by_value(start, 0.0, side - length)
    at = tf.range(side)[None, :] - start[:, None]
    return (at >= 0.0) & (at < length[:, None])


def two_seeds(seed):
    """Two seeds, `(2,)` each, of one."""
    return tf.unstack(tf.random.split(seed, 2))
