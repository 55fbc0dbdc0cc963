"""An exported model for inference in Python: the verbs of the library, without its training code."""

import pathlib
import re

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int, check_number
from keras_vae.serving.versions import newest_version


def load_saved_model(path):
    """Load an exported model.

    Args:
        path: str or path. `NAME` for its newest version, or `NAME/<version>`.

    Returns:
        `SavedModel`.

    Raises:
        FileNotFoundError: if there is no exported model.
        ValueError: if it cannot be read.
    """
    folder = newest_version(path)
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"{folder} cannot be read as a SavedModel: {reason}") from None
    return SavedModel(loaded, folder)


class SavedModel:
    """Verbs of an exported model on NumPy arrays; see `load_saved_model`.

    Args:
        loaded: what `tf.saved_model.load` gives.
        folder: path it was loaded from.
    """

    def __init__(self, loaded, folder):
        self._loaded = loaded  # Keeps the variables alive.
        self.folder = pathlib.Path(folder)
        self.signatures = dict(loaded.signatures)

    def call(self, signature, **inputs):
        """Call one signature once.

        Args:
            signature: str.
            **inputs: arrays by name of input.

        Returns:
            dict of NumPy arrays by name of output.

        Raises:
            ValueError: for an unknown signature, inputs of another name, shape or type, and whatever the graph refuses.
        """
        function = self._signature(signature)
        specs = self.input_specs(signature)
        if set(inputs) != set(specs):
            raise ValueError(
                f"signature {signature!r} takes {', '.join(specs)}. Received: {', '.join(inputs) or 'nothing'}"
            )
        tensors = {name: _as_tensor(name, value, specs[name]) for name, value in inputs.items()}
        try:
            outputs = function(**tensors)
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(f"signature {signature!r} refuses its inputs: {_essence(error)}") from None
        return {name: tensor.numpy() for name, tensor in outputs.items()}

    def input_specs(self, signature):
        """Inputs of a signature: dict of `tf.TensorSpec` by name."""
        return self._signature(signature).structured_input_signature[1]

    def encode(self, x, batch_size=256):
        """`(z_mean, z_log_var)`, each `(n, latent_dim)`; z alone of a plain autoencoder."""
        outputs = self._rows("encode", x, batch_size)
        return outputs["z"] if "z" in outputs else (outputs["z_mean"], outputs["z_log_var"])

    def decode(self, z, batch_size=256):
        """Mean of p(x|z), `(n, *event_shape)`."""
        return self._rows("decode", z, batch_size)["x"]

    def reconstruct(self, x, batch_size=256):
        """Mean reconstruction through z_mean, `(n, *event_shape)`."""
        return self._rows("serving_default", x, batch_size)["x"]

    def score(self, x, batch_size=256):
        """dict of `elbo`, `reconstruction_loss`, `kl`, each `(n,)` nats, deterministic through z_mean."""
        return self._rows("score", x, batch_size)

    def generate(self, n, temperature=1.0):
        """New samples at every call, `(n, *event_shape)`."""
        temperature = check_number("temperature", temperature, minimum=0.0)
        return self.call("generate", n=check_int("n", n, 1), temperature=temperature)["x"]

    def sample(self, n, seed):
        """The same samples for the same seed, `(n, *event_shape)`; seed an int or a pair of ints."""
        pair = (check_int("seed", seed, 0), 0) if np.ndim(seed) == 0 else seed
        return self.call("sample", n=check_int("n", n, 1), seed=pair)["x"]

    def _signature(self, name):
        return self.signatures[check_choice("signature", name, tuple(self.signatures))]

    def _rows(self, signature, rows, batch_size):
        check_int("batch_size", batch_size, 1)
        (name,) = self.input_specs(signature)
        rows = np.asarray(rows)
        if rows.ndim == 0 or len(rows) == 0:
            raise ValueError(f"`{name}` must hold at least one row. Received: {name}.shape={rows.shape}")
        parts = [self.call(signature, **{name: rows[i : i + batch_size]}) for i in range(0, len(rows), batch_size)]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _as_tensor(name, value, spec):
    """A value as the tensor that a signature takes, without losing any of it: 300 is no uint8, 1.5 no int32."""
    array = np.asarray(value, object if spec.dtype == tf.string else None)
    if not spec.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"`{name}` must have the shape {_shape_text(spec.shape)}. Received: {name}.shape={array.shape}"
        )
    if spec.dtype == tf.string:
        if not all(isinstance(element, bytes) for element in array.flat):
            raise ValueError(f"`{name}` must hold bytes. Received: {value!r:.100}")
        return tf.constant(array, tf.string)
    wanted = spec.dtype.as_numpy_dtype
    if array.size and array.dtype.kind not in ("biuf" if spec.dtype.is_floating else "biu"):
        raise ValueError(f"`{name}` must hold numbers that fit {spec.dtype.name}. Received: {value!r:.100}")
    with np.errstate(over="ignore"):
        converted = array.astype(wanted)
    if spec.dtype.is_integer and not np.array_equal(converted, array):
        raise ValueError(f"`{name}` must hold numbers that fit {spec.dtype.name}. Received: {value!r:.100}")
    return tf.constant(converted)


def _essence(error):
    """What the graph says of an input, in one line and without where in the graph it was said."""
    asserted = re.search(r"assertion failed: \[(.*?)\]", error.message)
    if asserted:
        return asserted.group(1)
    lines = [line.strip() for line in error.message.splitlines()]
    said = [n for n in lines if n and not n.startswith(("Graph execution error", "Detected at node", "[[", "<stack"))]
    return " ".join(said)[:300]


def _shape_text(shape):
    return str(tuple("n" if size is None else size for size in shape)).replace("'", "")
