"""Encoder and decoder of a user looked at from outside: their shapes, and whether they fit each other."""

import keras

from keras_vae._checks import shapes_agree


def known_event_shape(name, model):
    """Shape of one input of `model` without the batch axis, or None when it is not built yet.

    Raises:
        ValueError: if it takes more than one input.
    """
    try:
        shape = model.input_shape
    except (AttributeError, RuntimeError, ValueError):
        return None
    if isinstance(shape, (list, dict)) or not isinstance(shape, tuple) or (shape and isinstance(shape[0], tuple)):
        raise ValueError(f"`{name}` must take one input. Received: inputs of shapes {shape}")
    return tuple(shape[1:])


def encoder_latent_dim(encoder, event_shape, output_names):
    """Latent size of an encoder, from running it on a symbolic batch (which also builds it).

    Args:
        encoder: Keras model.
        event_shape: tuple. Shape of one input.
        output_names: tuple of str. What the encoder must put out, in order.

    Returns:
        int, size of the last axis of every output.

    Raises:
        ValueError: if it puts out something else.
    """
    outputs = encoder(keras.KerasTensor((None, *event_shape), dtype=_input_dtype(encoder)))
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


def decoder_params_shape(decoder, latent_dim):
    """Shape of one output of a decoder without the batch axis, from running it on a symbolic batch.

    Raises:
        ValueError: if it takes another latent size or puts out more than one tensor.
    """
    wanted_shape = known_event_shape("decoder", decoder)
    if wanted_shape is not None and not shapes_agree(wanted_shape, (latent_dim,)):
        raise ValueError(
            f"`decoder` must take z of shape (batch, {latent_dim}), the latent size of the encoder. "
            f"Received: a decoder that takes {(None, *wanted_shape)}"
        )
    outputs = decoder(keras.KerasTensor((None, latent_dim)))
    if isinstance(outputs, (list, tuple, dict)):
        raise ValueError(
            "`decoder` must put out one tensor, the parameters of p(x|z) side by side along the last axis. "
            f"Received: {len(outputs)} outputs"
        )
    return tuple(outputs.shape[1:])


def _input_dtype(model):
    inputs = getattr(model, "inputs", None)
    return inputs[0].dtype if inputs else "float32"
