"""Pixels of any size brought to the size and the channels of a model."""

import tensorflow as tf

FITS = ("stretch", "crop", "pad")


def fit_pixels(pixels, event_shape, fit="stretch"):
    """Pixels in a wanted size: each an average over what it covers.

    Args:
        pixels: uint8 Tensor, shape `(height, width, 1 to 4)`: grey, grey and alpha, colours, colours and alpha. Alpha
            is dropped: what is under it is seen.
        event_shape: (height, width, channels), with 1 channel or 3. Grey is 0.299 R + 0.587 G + 0.114 B.
        fit: `"stretch"`: the whole picture, its sides stretched; `"crop"`: the largest part around the centre with
            the wanted ratio of the sides; `"pad"`: the whole picture, its ratio kept, with black beside it.

    Returns:
        uint8 Tensor, shape `event_shape`.
    """
    height, width, channels = event_shape
    wanted = tf.constant((height, width), tf.int64)
    size = tf.shape(pixels, tf.int64)[:2]
    if fit == "crop":
        # The side that the other one asks for at the wanted ratio, rounded; the longer side gives way.
        inner = tf.minimum(size, _ratio(size[::-1] * wanted, wanted[::-1]))
        top, left = tf.unstack((size - inner) // 2)
        pixels, size = pixels[top : top + inner[0], left : left + inner[1]], inner
    inner = tf.minimum(wanted, _ratio(wanted[::-1] * size, size[::-1])) if fit == "pad" else wanted
    resized = tf.raw_ops.ScaleAndTranslate(
        images=pixels[None],
        size=tf.cast(inner, tf.int32),
        scale=tf.cast(inner / size, tf.float32),
        translation=(0.0, 0.0),
        kernel_type="triangle",
        antialias=True,
    )
    # Resizing leaves fractions; the models know whole grey values.
    levels = tf.cast(tf.round(_with_channels(resized[0], channels)), tf.uint8)
    if fit == "pad":
        before = (wanted - inner) // 2
        around = tf.stack([before, wanted - inner - before], axis=1)
        levels = tf.pad(levels, tf.concat([around, tf.zeros((1, 2), tf.int64)], axis=0))
    return tf.ensure_shape(levels, event_shape)


def _ratio(above, below):
    """Rounded quotients of whole numbers, at least 1."""
    return tf.maximum((2 * above + below) // (2 * below), 1)


def _with_channels(levels, channels):
    """Levels with 1 channel or 3, without alpha."""
    n = tf.shape(levels)[2]
    if channels == 3:
        return tf.cond(n >= 3, lambda: levels[..., :3], lambda: tf.repeat(levels[..., :1], 3, axis=2))
    return tf.cond(n >= 3, lambda: _grey(levels[..., :3]), lambda: levels[..., :1])


def _grey(colours):
    """Whole grey values: Rec. 601 with Pillow's weights, in units of 1 / 65,536, which float32 adds exactly."""
    weighted = tf.reduce_sum(colours * tf.constant((19595.0, 38470.0, 7471.0)), axis=-1, keepdims=True)
    return tf.floor((weighted + 2.0**15) / 2.0**16)
