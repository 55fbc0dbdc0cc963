"""What may stand in front of a model inside its SavedModel, so that a client can send what it has."""

import keras
import tensorflow as tf

from keras_vae._checks import check_choice, shapes_agree
from keras_vae.data.picture_fit import FITS
from keras_vae.data.picture_graph import decode_picture

# Of an image file that a server decodes; a camera's picture has less. A few kilobytes can claim any number.
MAX_PIXELS = 2**25

# The value of white for a model without its own preprocessing, by the kind of its values.
_WHITE = {"grey_levels": 255.0, "binary": 1.0, "unit_interval": 1.0, "real": 1.0}


class Preprocess:
    """A function from what the client sends to x.

    Args:
        function: Callable. Tensor of `spec` to float32 `(n, *event_shape)`, row by row, traceable.
        spec: `tf.TensorSpec` with the rows first and unknown; its name is the name of the input.

    Raises:
        ValueError: if the first axis of `spec` is not unknown, or it has no name.
    """

    def __init__(self, function, spec):
        if spec.shape.rank is None or spec.shape.rank < 1 or spec.shape[0] is not None or not spec.name:
            raise ValueError(f"`spec` must have a name and None as its first axis. Received: spec={spec}")
        self.function = function
        self.spec = spec

    def __call__(self, raw):
        return tf.cast(self.function(raw), tf.float32)

    def check(self, event_shape):
        """Run it on two rows (of zeros, or of small PNG files) and check what comes out.

        Raises:
            ValueError: if that is not two rows of `event_shape`, or it fails.
        """
        if self.spec.dtype == tf.string:
            raw = tf.fill([2], tf.io.encode_png(tf.zeros((4, 4, 1), tf.uint8)))
        else:
            raw = tf.zeros([2, *(1 if n is None else n for n in self.spec.shape[1:])], self.spec.dtype)
        wanted = f"`preprocess` must turn n rows into n examples of shape {tuple(event_shape)}. "
        try:
            # As the export does it: as a graph.
            shape = tuple(tf.function(self, autograph=False)(raw).shape)
        except Exception as error:  # It is somebody's own function: anything may come.
            reason = " ".join(str(error).split())[:300]
            raise ValueError(f"{wanted}Received: {type(error).__name__} for 2 rows: {reason}") from error
        if not shapes_agree(shape, (2, *event_shape)):
            raise ValueError(f"{wanted}Received: shape {shape} for 2 rows")


def get_preprocess(identifier, model, fit="stretch"):
    """The preprocessing of that name for a model, or the object itself.

    Args:
        identifier: None, "uint8" (grey or colour values 0 to 255 as they are in a file), "image_bytes" (JPEG,
            PNG, GIF or BMP files of any size, base64 over REST, decoded exactly as `data.load_folder` does) or a
            `Preprocess`. By name the values go in as they are where the model knows grey levels 0 to 255, by its
            likelihood or by the data that its own preprocessing has seen, and divided by 255 where it knows 0 to 1.
            Without a preprocessing real numbers are taken to be 0 to 1.
        model: a built model.
        fit: str. How "image_bytes" brings files to the size of the model: "stretch", "crop" or "pad", as in training.

    Returns:
        `Preprocess` or None.

    Raises:
        ValueError: for another name or `fit`, or a model that does not take images, or values of neither scale.
        TypeError: for another object.
    """
    if identifier is None or isinstance(identifier, Preprocess):
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(f"`preprocess` must be a name or a Preprocess. Received: {type(identifier).__name__}")
    check_choice("preprocess", identifier, ("uint8", "image_bytes"))
    check_choice("fit", fit, FITS)
    divisor = _divisor(identifier, model)
    event_shape = tuple(model.event_shape)
    if len(event_shape) != 3 or None in event_shape or (identifier == "image_bytes" and event_shape[-1] not in (1, 3)):
        of_channels = " of 1 or 3 channels" if identifier == "image_bytes" else ""
        raise ValueError(
            f"`preprocess` must not be {identifier!r} for a model that takes no images{of_channels}; leave it out, and "
            f"the export takes the units of the data. Received: a model for examples of shape {event_shape}"
        )
    if identifier == "uint8":
        return Preprocess(_scaling(divisor), tf.TensorSpec((None, *event_shape), tf.uint8, name="x"))
    return Preprocess(_decoding(event_shape, divisor, fit), tf.TensorSpec((None,), tf.string, name="image_bytes"))


def white_of(model):
    """The value of white in the units of a model's data: 255 or 1, or None where the data are no grey values."""
    likelihood, preprocessing = model.likelihood, model.preprocessing
    if likelihood.values not in _WHITE:
        return None
    if preprocessing is None:
        return _WHITE[likelihood.values]
    low, high = _seen_by(preprocessing)
    if low < 0.0 or not 0.0 < high <= 255.0:
        return None
    return 255.0 if high > 1.0 else 1.0


def _seen_by(preprocessing):
    """Lowest and highest value that a preprocessing has seen; zeros where it does not say."""
    value_range = getattr(preprocessing, "value_range", None)
    return (0.0, 0.0) if value_range is None else tuple(map(float, keras.ops.convert_to_numpy(value_range)))


def _divisor(identifier, model):
    """What 8-bit values are divided by to be in the units of the model's data: 1 or 255."""
    white = white_of(model)
    if white is not None:
        return 255.0 / white
    likelihood, preprocessing = model.likelihood, model.preprocessing
    if likelihood.values not in _WHITE:
        raise ValueError(
            f"`preprocess` must not be {identifier!r} for a model of {likelihood.support}, which are no grey "
            f"values. Received: a model with the likelihood {type(likelihood).__name__}"
        )
    low, high = _seen_by(preprocessing)
    seen = f"has seen values from {low:g} to {high:g}" if low or high else "does not say which values it has seen"
    raise ValueError(
        f"`preprocess` must not be {identifier!r} for a model whose data are on another scale than 0 to 255 or "
        f"0 to 1. Received: a model whose preprocessing {preprocessing.name!r} {seen}"
    )


def _scaling(divisor):
    return lambda grey: tf.cast(grey, tf.float32) / divisor


def _decoding(event_shape, divisor, fit):
    scale = _scaling(divisor)

    # Traced once, and once in the export: every signature calls it.
    @tf.function(input_signature=[tf.TensorSpec((), tf.string)], autograph=False)
    def one_image(file):
        return decode_picture(file, event_shape, fit, MAX_PIXELS, name="`image_bytes`")

    row = tf.TensorSpec(event_shape, tf.uint8)
    return lambda files: scale(tf.map_fn(one_image, files, fn_output_signature=row))
