"""Shapes of a user's encoder and decoder, and the check that they fit together."""

import keras
import tensorflow as tf

from keras_vae._checks import shapes_agree


def known_shapes(name, model):
    """Shapes of what a part takes, without the batch axis: `(shape, condition_shape)`.

    Args:
        name: "encoder" or "decoder".
        model: Keras layer.

    Returns:
        Pair of tuples, or None for a part that is not built yet. The shape of the condition is None for a part without
        one, and a dict of tuples for a condition of several.

    Raises:
        ValueError: if it takes something else than one tensor, or that and a condition.
    """
    try:
        shape = model.input_shape
    except (AttributeError, RuntimeError, ValueError):
        return None
    if isinstance(shape, list) and len(shape) == 1:  # Model([x], ...), in brackets.
        shape = shape[0]
    if isinstance(shape, tuple) and not (shape and isinstance(shape[0], (tuple, list))):
        return tuple(shape[1:]), None
    inputs = getattr(model, "input", None)
    is_pair = isinstance(inputs, (list, tuple)) and len(inputs) == 2 and hasattr(inputs[0], "shape")
    if not is_pair or isinstance(inputs[1], (list, tuple)):
        what = "x" if name == "encoder" else "z"
        raise ValueError(
            f"`{name}` must take one input, {what}, or the two [{what}, condition], where the condition may be a dict. "
            f"Received: inputs of shapes {shape}"
        )
    return tuple(inputs[0].shape[1:]), tf.nest.map_structure(lambda t: tuple(t.shape[1:]), inputs[1])


def encoder_latent_dim(outputs, output_names):
    """Latent size of an encoder, from what it puts out.

    Args:
        outputs: what it gives for a symbolic batch.
        output_names: tuple of str. What it must put out, in order.

    Returns:
        int, size of the last axis of every output.

    Raises:
        ValueError: if it puts out something else.
    """
    wanted = (
        f"`encoder` must put out {len(output_names)} tensor(s), {', '.join(output_names)}, each (batch, latent_dim)"
    )
    if isinstance(outputs, dict):
        raise ValueError(f"{wanted}, as a list. Received: a dict of {', '.join(outputs)}")
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    shapes = [tuple(t.shape) for t in outputs]
    if len(outputs) != len(output_names):
        raise ValueError(f"{wanted}. Received: {len(outputs)} output(s) of shapes {shapes}")
    if any(len(s) != 2 or s[-1] is None for s in shapes):
        raise ValueError(f"{wanted}. Received: shapes {shapes}")
    if len({s[-1] for s in shapes}) > 1:
        raise ValueError(f"{wanted} of one latent size. Received: shapes {shapes}")
    return shapes[0][-1]


def check_takes_codes(decoder_shapes, taken):
    """Check that a decoder takes codes of the shape `taken`, a tuple; `decoder_shapes` as `known_shapes` gives it.

    Raises:
        ValueError: if it does not.
    """
    if decoder_shapes is not None and not shapes_agree(decoder_shapes[0], taken):
        shape = f"(batch, {', '.join(map(str, taken))})"
        raise ValueError(
            f"`decoder` must take z of shape {shape}, the latent size of the encoder. "
            f"Received: a decoder that takes {(None, *decoder_shapes[0])}"
        )


def decoder_params_shape(outputs):
    """Shape of one output of a decoder without the batch axis, from what it puts out for a symbolic batch.

    Raises:
        ValueError: if that is more than one tensor.
    """
    if isinstance(outputs, (list, tuple, dict)):
        raise ValueError(
            "`decoder` must put out one tensor, the parameters of p(x|z) side by side along the last axis. "
            f"Received: {len(outputs)} outputs"
        )
    return tuple(outputs.shape[1:])


def symbolic(shape, dtype="float32"):
    """Symbolic batches of these shapes, given without the batch axis: a tuple, a dict of them, or None."""
    if shape is None:
        return None
    if isinstance(shape, dict):
        return {name: symbolic(part, dtype) for name, part in shape.items()}
    return keras.KerasTensor((None, *shape), dtype=dtype)


def input_dtypes(part):
    """Types that a part takes: of its first input, and of its condition; float32 where it does not say."""
    inputs = getattr(part, "inputs", None) or []
    dtypes = [tensor.dtype for tensor in inputs]
    return dtypes[0] if dtypes else "float32"
