"""What the client's two transports share: what they are asked, what they answer and how they fail."""

from typing import NamedTuple

# NumPy names of TensorFlow's element types ("object" for byte strings), and the field of TensorProto that may hold the
# elements one by one.
ELEMENTS = {
    "DT_FLOAT": ("float32", "float_val"),
    "DT_DOUBLE": ("float64", "double_val"),
    "DT_HALF": ("float16", "half_val"),
    "DT_INT8": ("int8", "int_val"),
    "DT_INT16": ("int16", "int_val"),
    "DT_INT32": ("int32", "int_val"),
    "DT_INT64": ("int64", "int64_val"),
    "DT_UINT8": ("uint8", "int_val"),
    "DT_UINT16": ("uint16", "int_val"),
    "DT_UINT32": ("uint32", "uint32_val"),
    "DT_UINT64": ("uint64", "uint64_val"),
    "DT_BOOL": ("bool", "bool_val"),
    "DT_STRING": ("object", "string_val"),
}

NEEDS = "{} needs the package {}, which is not installed: pip install keras_vae[serving]"


class ServingError(RuntimeError):
    """What a server refused, or why it did not answer.

    Args:
        code: str. gRPC's name of the status, such as "NOT_FOUND"; over REST the one nearest to the HTTP status.
        message: str.

    Examples:
        >>> error = kv.serving.ServingError("NOT_FOUND", "no model of that name")
        >>> error.code, str(error)
        ('NOT_FOUND', 'no model of that name (NOT_FOUND)')
    """

    def __init__(self, code, message):
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self):
        return f"{self.message} ({self.code})"


class Tensor(NamedTuple):
    """One input or output: NumPy name of its elements, and its shape; None is an unknown size or rank."""

    dtype: str
    shape: tuple | None

    @property
    def has_rows(self):
        """Whether the first axis may have any size."""
        return self.shape is not None and len(self.shape) > 0 and self.shape[0] is None


class Signature(NamedTuple):
    """Inputs and outputs of a signature: dicts of `Tensor` by name."""

    inputs: dict
    outputs: dict


class Model(NamedTuple):
    """The model asked for; with neither version nor label the server answers with its newest version."""

    name: str
    version: int | None = None
    label: str | None = None

    def __str__(self):
        which = "" if self.version is None else f" version {self.version}"
        return f"model {self.name!r}{which if self.label is None else f' with label {self.label!r}'}"


class Transport:
    """A way to one model on one server; every call is a single attempt.

    Every method raises `ServingError`: UNAVAILABLE if nobody answers at the address, DEADLINE_EXCEEDED after `timeout`.
    """

    def predict(self, name, inputs, signature):
        """Call a signature.

        Args:
            name: str. Name of the signature.
            inputs: dict of arrays of the signature's own types.
            signature: `Signature`.

        Returns:
            dict of arrays, the outputs.
        """
        raise NotImplementedError

    def signatures(self):
        """`(version, {name: Signature})` of the model."""
        raise NotImplementedError

    def status(self):
        """State of every version of the model that the server knows: dict of int to str such as "AVAILABLE"."""
        raise NotImplementedError

    def close(self):
        """Let go of the connection."""
        raise NotImplementedError


def element_name(data_type):
    """NumPy name of an element type such as "DT_FLOAT"; one that NumPy does not have keeps its own name."""
    return ELEMENTS.get(data_type, (data_type,))[0]


def missing_package(transport, package):
    """The ImportError for a transport whose package is not there."""
    return ImportError(NEEDS.format(transport, package))
