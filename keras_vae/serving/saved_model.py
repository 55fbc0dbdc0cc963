"""An exported model for inference in Python: the verbs of the library, without its training code."""

import pathlib
import re

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int, check_number
from keras_vae.serving.client.condition import by_name, data_input, for_all_rows
from keras_vae.serving.versions import check_plain, newest_version


def load_saved_model(path):
    """Load an exported model.

    Args:
        path: str or path. `NAME` for its newest version, or `NAME/<version>`.

    Returns:
        `SavedModel`.

    Raises:
        FileNotFoundError: if there is no exported model.
        ValueError: if it cannot be read, or `path` holds a character that TensorFlow takes for a pattern.

    Examples:
        >>> served = kv.load_saved_model("saved_models/digits")
        >>> z_mean, z_log_var = served.encode(x)
        >>> bool(np.allclose(z_mean, vae.encode(x)[0], rtol=1e-4, atol=1e-5))
        True
    """
    check_plain(path)
    folder = newest_version(path)
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, tf.errors.OpError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"{folder} cannot be read as a SavedModel: {reason}") from None
    return SavedModel(loaded, folder)


class SavedModel:
    """Verbs of an exported model on NumPy arrays; see `load_saved_model`.

    A model with a condition takes it in every verb by name: `condition=` an array or a dict of arrays, or one keyword
    per key.

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
                f"signature {signature!r} takes {', '.join(sorted(specs))}. Received: {', '.join(inputs) or 'nothing'}"
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

    def encode(self, x, batch_size=256, **condition):
        """`(z_mean, z_log_var)`, each `(n, latent_dim)`; z alone of a plain autoencoder."""
        outputs = self._rows("encode", x, batch_size, condition)
        return outputs["z"] if "z" in outputs else (outputs["z_mean"], outputs["z_log_var"])

    def decode(self, z, batch_size=256, **condition):
        """Mean of p(x|z), `(n, *event_shape)`."""
        return self._rows("decode", z, batch_size, condition)["x"]

    def reconstruct(self, x, batch_size=256, **condition):
        """Mean reconstruction through z_mean, `(n, *event_shape)`."""
        return self._rows("serving_default", x, batch_size, condition)["x"]

    def score(self, x, batch_size=256, **condition):
        """dict of `elbo`, `reconstruction_loss`, `kl`, each `(n,)` nats, deterministic through z_mean."""
        return self._rows("score", x, batch_size, condition)

    def generate(self, n, temperature=1.0, **condition):
        """New samples at every call, `(n, *event_shape)`; of `n` conditions, or of one for all."""
        temperature = check_number("temperature", temperature, minimum=0.0)
        n = check_int("n", n, 1)
        return self.call("generate", n=n, temperature=temperature, **self._for_all("generate", condition, n))["x"]

    def sample(self, n, seed, **condition):
        """The same samples for the same seed, `(n, *event_shape)`; seed an int or a pair of ints."""
        pair = (check_int("seed", seed, 0), 0) if np.ndim(seed) == 0 else seed
        n = check_int("n", n, 1)
        return self.call("sample", n=n, seed=pair, **self._for_all("sample", condition, n))["x"]

    def _signature(self, name):
        return self.signatures[check_choice("signature", name, tuple(self.signatures))]

    def _rows(self, signature, rows, batch_size, condition):
        check_int("batch_size", batch_size, 1)
        specs, condition = self.input_specs(signature), by_name(condition)
        inputs = {data_input(signature, specs, condition): rows, **condition}
        # NumPy's own byte strings would lose the zero bytes that a file may end with.
        is_text = {name: name in specs and specs[name].dtype == tf.string for name in inputs}
        inputs = {name: np.asarray(value, object if is_text[name] else None) for name, value in inputs.items()}
        for name, value in inputs.items():
            if value.ndim == 0 or len(value) == 0:
                raise ValueError(f"`{name}` must hold at least one row. Received: {name}.shape={value.shape}")
        sizes = {name: len(value) for name, value in inputs.items()}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"all inputs of {signature!r} must have the same number of rows. Received: {sizes}")
        parts = [
            self.call(signature, **{name: value[i : i + batch_size] for name, value in inputs.items()})
            for i in range(0, max(sizes.values()), batch_size)
        ]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    def _for_all(self, signature, condition, n):
        ranks = {name: spec.shape.rank for name, spec in self.input_specs(signature).items()}
        return for_all_rows(by_name(condition), ranks, n)


def _as_tensor(name, value, spec):
    """A value as the tensor that a signature takes, without losing any of it: 300 is no uint8, 1.5 no int32."""
    array = np.asarray(value, object if spec.dtype == tf.string else None)
    if not spec.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"`{name}` must have the shape {_shape_text(spec.shape)}. Received: {name}.shape={array.shape}"
        )
    if spec.dtype == tf.string:
        # A text where the bytes of a file are wanted is the path of one.
        kinds = bytes if name == "image_bytes" else (bytes, str)
        if not all(isinstance(element, kinds) for element in array.flat):
            wanted = "bytes" if kinds is bytes else "bytes or texts"
            raise ValueError(f"`{name}` must hold {wanted}. Received: {value!r:.100}")
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
