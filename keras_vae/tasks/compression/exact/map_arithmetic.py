"""What the layers of Keras for feature maps do, in exact arithmetic: convolutions, margins, repeated pixels.

Maps are `(n, height, width, channels)`, as TensorFlow has them on a CPU.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_vae.tasks.compression.exact.layer_arithmetic import Function, activation_of, bias_of, refuse
from keras_vae.tasks.compression.exact.whole_products import scaled_back, whole_inputs, whole_weights

# Bytes of the patches that are multiplied at a time: what is multiplied next was just written to the cache.
PATCH_BYTES = 2**22


def _check_map_layer(config, class_name):
    if config.get("data_format", "channels_last") != "channels_last":
        refuse(config["name"], class_name, "whose data_format is not channels_last")
    if tuple(config.get("dilation_rate") or (1, 1)) != (1, 1) or (config.get("groups") or 1) != 1:
        refuse(config["name"], class_name, "which has a dilation or groups")
    if isinstance(config.get("padding"), str) and config["padding"] not in ("same", "valid"):
        refuse(config["name"], class_name, f"whose padding is {config['padding']!r}")


def conv2d(config: dict[str, Any], weights: Sequence[np.ndarray]) -> Function:
    """A `Conv2D` layer: every patch of the map times one matrix."""
    _check_map_layer(config, "Conv2D")
    name, activation = config["name"], activation_of(config, "Conv2D")
    *kernel, _, n_units = weights[0].shape
    whole, unit_steps = whole_weights(weights[0].reshape(-1, n_units), name)
    bias = bias_of(weights, name, n_units)
    strides = tuple(config["strides"])

    def apply(x):
        x, steps = whole_inputs(x, name)
        if config["padding"] == "same":
            x = np.pad(x, ((0, 0), *map(_same_margins, x.shape[1:3], kernel, strides), (0, 0)))
        return activation(scaled_back(_patches_times(x, kernel, strides, whole), steps, unit_steps, bias))

    return apply


def _same_margins(size, kernel, stride):
    """Zeros before and after an axis under padding "same": as TensorFlow has them, at the end first."""
    margin = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return margin // 2, margin - margin // 2


def _patches_times(x, kernel, strides, matrix):
    """Product of all patches of maps with a matrix, `(n, height', width', n_units)`; some examples at a time."""
    n, height, width, channels = x.shape
    sizes = [(size - k) // stride + 1 for size, k, stride in zip((height, width), kernel, strides, strict=True)]
    out = np.empty((n, *sizes, matrix.shape[1]))
    of_example = math.prod(sizes) * matrix.shape[0]
    step = max(1, PATCH_BYTES // (8 * of_example))
    for start in range(0, n, step):
        part = x[start : start + step]
        by_row, by_column = part.strides[1:3]
        patches = np.lib.stride_tricks.as_strided(
            part,
            (len(part), *sizes, *kernel, channels),
            (part.strides[0], by_row * strides[0], by_column * strides[1], by_row, by_column, part.strides[3]),
            writeable=False,
        )
        product = patches.reshape(len(part) * math.prod(sizes), matrix.shape[0]) @ matrix
        out[start : start + step] = product.reshape(len(part), *sizes, matrix.shape[1])
    return out


def conv2d_transpose(config: dict[str, Any], weights: Sequence[np.ndarray]) -> Function:
    """A `Conv2DTranspose` layer: every pixel times one matrix is a patch, and patches add up where they overlap."""
    _check_map_layer(config, "Conv2DTranspose")
    name, activation = config["name"], activation_of(config, "Conv2DTranspose")
    *kernel, n_units, n_inputs = weights[0].shape
    # The sums of a unit run over its whole kernel.
    by_unit = np.moveaxis(weights[0], 2, 3).reshape(-1, n_units)
    whole, unit_steps = whole_weights(by_unit, name)
    whole = np.moveaxis(whole.reshape(*kernel, n_inputs, n_units), 2, 0).reshape(n_inputs, -1)
    bias = bias_of(weights, name, n_units)
    strides = tuple(config["strides"])

    def apply(x):
        x, steps = whole_inputs(x, name)
        product = (x.reshape(math.prod(x.shape[:3]), n_inputs) @ whole).reshape(*x.shape[:3], *kernel, n_units)
        ends = [_transposed_size(config, axis, x.shape[1 + axis], kernel[axis]) for axis in (0, 1)]
        x = _patches_added(product, kernel, strides, ends)
        return activation(scaled_back(x, steps, unit_steps, bias))

    return apply


def _transposed_size(config, axis, size, kernel):
    """Length of an axis behind a transposed convolution, and how much is cut off before it."""
    stride, padding = config["strides"][axis], config.get("output_padding")
    if isinstance(padding, (list, tuple)):
        padding = padding[axis]
    full = (size - 1) * stride + kernel
    if config["padding"] == "valid":
        return (full + max(kernel, stride) - kernel if padding is None else full + padding), 0
    length = size * stride if padding is None else full - 2 * (kernel // 2) + padding
    return length, max(full - length, 0) // 2


def _patches_added(patches, kernel, strides, ends):
    """The map on which patches `(n, height, width, *kernel, units)` lie `strides` apart, added where they overlap."""
    n, *sizes = patches.shape[:3]
    full = [max((s - 1) * t + k, e + c) for s, t, k, (e, c) in zip(sizes, strides, kernel, ends, strict=True)]
    canvas = np.zeros((n, *full, patches.shape[-1]))
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i, i + (sizes[0] - 1) * strides[0] + 1, strides[0])
            columns = slice(j, j + (sizes[1] - 1) * strides[1] + 1, strides[1])
            canvas[:, rows, columns] += patches[:, :, :, i, j]
    (height, top), (width, left) = ends
    return np.ascontiguousarray(canvas[:, top : top + height, left : left + width])


def _pairs(value):
    """Margins `((top, bottom), (left, right))` in whatever form Keras saves them."""
    value = (value, value) if isinstance(value, int) else value
    return [(v, v) if isinstance(v, int) else tuple(v) for v in value]


def zero_padding(config, weights):
    """A `ZeroPadding2D` layer."""
    _check_map_layer(config, "ZeroPadding2D")
    margins = ((0, 0), *_pairs(config["padding"]), (0, 0))
    return lambda x: np.pad(x, margins)


def cropping(config, weights):
    """A `Cropping2D` layer."""
    _check_map_layer(config, "Cropping2D")
    (top, bottom), (left, right) = _pairs(config["cropping"])
    return lambda x: x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def up_sampling(config, weights):
    """An `UpSampling2D` layer that repeats pixels."""
    _check_map_layer(config, "UpSampling2D")
    if config["interpolation"] != "nearest":
        refuse(config["name"], "UpSampling2D", f"whose interpolation is {config['interpolation']!r}")
    rows, columns = (config["size"],) * 2 if isinstance(config["size"], int) else config["size"]
    return lambda x: np.repeat(np.repeat(x, rows, axis=1), columns, axis=2)


MAP_LAYERS = {
    "Conv2D": conv2d,
    "Conv2DTranspose": conv2d_transpose,
    "ZeroPadding2D": zero_padding,
    "Cropping2D": cropping,
    "UpSampling2D": up_sampling,
}
