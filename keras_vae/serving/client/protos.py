"""TensorFlow Serving's messages as NumPy code needs them, without TensorFlow."""

import numpy as np
from google.protobuf import message_factory

from keras_vae.serving.client.proto_schema import make_pool
from keras_vae.serving.client.transport import ELEMENTS

POOL = make_pool()


def _message(name):
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


DataType = POOL.FindEnumTypeByName("tensorflow.DataType")
State = POOL.FindEnumTypeByName("tensorflow.serving.State")
TensorProto = _message("tensorflow.TensorProto")
TensorShapeProto = _message("tensorflow.TensorShapeProto")
TensorInfo = _message("tensorflow.TensorInfo")
SignatureDef = _message("tensorflow.SignatureDef")
SignatureDefMap = _message("tensorflow.serving.SignatureDefMap")
ModelSpec = _message("tensorflow.serving.ModelSpec")
PredictRequest = _message("tensorflow.serving.PredictRequest")
PredictResponse = _message("tensorflow.serving.PredictResponse")
GetModelMetadataRequest = _message("tensorflow.serving.GetModelMetadataRequest")
GetModelMetadataResponse = _message("tensorflow.serving.GetModelMetadataResponse")
GetModelStatusRequest = _message("tensorflow.serving.GetModelStatusRequest")
GetModelStatusResponse = _message("tensorflow.serving.GetModelStatusResponse")
PredictLog = _message("tensorflow.serving.PredictLog")
PredictionLog = _message("tensorflow.serving.PredictionLog")

_DATA_TYPES = {dtype: name for name, (dtype, _) in ELEMENTS.items()}


def to_tensor_proto(value):
    """Message that holds an array.

    Args:
        value: array or number; an object array holds byte strings.

    Returns:
        `TensorProto`, the elements as bytes in `tensor_content`; byte strings one by one.

    Raises:
        TypeError: for elements that TensorFlow Serving does not take from NumPy.
    """
    array = np.asarray(value)
    array = array.astype(object) if array.dtype.kind == "S" else array
    if array.dtype.name not in _DATA_TYPES:
        raise TypeError(f"`value` must hold numbers or byte strings. Received: an array of {array.dtype.name}")
    proto = TensorProto(dtype=DataType.values_by_name[_DATA_TYPES[array.dtype.name]].number)
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if array.dtype == object:
        proto.string_val.extend(array.ravel())
    else:
        proto.tensor_content = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return proto


def to_array(proto):
    """Array that a message holds, whichever of the two forms the sender has chosen.

    Args:
        proto: `TensorProto`.

    Returns:
        NumPy array of its own memory.

    Raises:
        ValueError: if the elements do not fill the shape, or NumPy has no such elements.
    """
    known = DataType.values_by_number.get(proto.dtype)
    if known is None or known.name not in ELEMENTS:
        raise ValueError(f"a tensor of {known.name if known else f'element type {proto.dtype}'} has no NumPy form")
    dtype, field = ELEMENTS[known.name]
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    size = int(np.prod(shape, dtype=np.int64))
    if proto.tensor_content:
        array = np.frombuffer(proto.tensor_content, np.dtype(dtype).newbyteorder("<")).astype(dtype)
    else:
        array = _from_values(getattr(proto, field), dtype, size)
    if array.size != size:
        raise ValueError(f"a tensor of shape {shape} came with {array.size} elements")
    return array.reshape(shape)


def _from_values(values, dtype, size):
    if dtype == "float16":
        # The message carries their bits as whole numbers.
        array = np.array(values, np.uint16).view(np.float16)
    elif dtype == "object":
        array = np.empty(len(values), object)
        array[:] = list(values)
    else:
        array = np.array(values, dtype)
    if array.size == 0:
        return np.full(size, b"", object) if dtype == "object" else np.zeros(size, dtype)
    # Equal elements at the end are sent once.
    return np.concatenate([array, np.repeat(array[-1:], size - array.size)]) if array.size < size else array
