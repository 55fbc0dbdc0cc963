import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FieldDescriptor
from tensorflow.core.framework import tensor_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
    prediction_log_pb2,
)

from keras_vae.serving.client import protos
from keras_vae.serving.client.transport import ELEMENTS

# Names of ours that are nested in another message there.
NESTED = {
    "tensorflow.Dim": "tensorflow.TensorShapeProto.Dim",
    "tensorflow.serving.State": "tensorflow.serving.ModelVersionStatus.State",
}
OWN_FILES = [protos.POOL.FindFileByName(f"keras_vae/{name}.proto") for name in ("tensorflow", "serving")]
MESSAGES = [message for file in OWN_FILES for message in file.message_types_by_name.values()]
ENUMS = [enum for file in OWN_FILES for enum in file.enum_types_by_name.values()]
ARRAYS = [
    *(np.arange(6).reshape(2, 3).astype(dtype) for dtype, _ in ELEMENTS.values() if dtype not in ("object", "bool")),
    np.array([True, False]),
    np.array([b"ab\0", b""], object),
    np.float32(1.5),
    np.array(7, "int64"),
    np.zeros((0, 3), "float32"),
    np.array([np.nan, np.inf, -0.0, 1e-45], "float32"),
]


def name_there(descriptor):
    return NESTED.get(descriptor.full_name, descriptor.full_name)


def field_facts(field):
    kind = field.message_type or field.enum_type
    options = field.message_type and field.message_type.GetOptions()
    return {
        "name": field.name,
        "number": field.number,
        # On the wire an enumeration is an int32.
        "type": FieldDescriptor.TYPE_INT32 if field.name == "error_code" else field.type,
        "kind": None if field.name == "error_code" or kind is None else name_there(kind),
        "is_repeated": field.is_repeated,
        "is_map": bool(options and options.map_entry),
        "oneof": field.containing_oneof and field.containing_oneof.name,
    }


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: m.name)
def test_fields_are_those_of_the_real_messages(message):
    real = descriptor_pool.Default().FindMessageTypeByName(name_there(message))
    for field in message.fields:
        assert field_facts(field) == field_facts(real.fields_by_name[field.name])
    for name, entry in message.nested_types_by_name.items():
        real_entry = real.nested_types_by_name[name]
        assert [field_facts(field) for field in entry.fields] == [field_facts(field) for field in real_entry.fields]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda e: e.name)
def test_enumerations_are_the_real_ones(enum):
    real = descriptor_pool.Default().FindEnumTypeByName(name_there(enum))
    for value in enum.values:
        assert real.values_by_name[value.name].number == value.number


def described(array):
    return f"{np.asarray(array).dtype}{np.shape(array)}"


@pytest.mark.parametrize("array", ARRAYS, ids=described)
def test_tensorflow_reads_our_tensors(array):
    real = tensor_pb2.TensorProto.FromString(protos.to_tensor_proto(array).SerializeToString())
    read = tf.make_ndarray(real)
    assert read.dtype == np.asarray(array).dtype
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("array", ARRAYS, ids=described)
def test_we_read_tensorflows_tensors(array):
    read = protos.to_array(protos.TensorProto.FromString(tf.make_tensor_proto(array).SerializeToString()))
    assert read.dtype == np.asarray(array).dtype
    np.testing.assert_array_equal(read, array)
    assert read.flags.writeable


@pytest.mark.parametrize("name", ELEMENTS)
def test_we_read_typed_fields(name):
    dtype, field = ELEMENTS[name]
    wanted = np.array([b"a", b"b", b"b", b"b"], object) if dtype == "object" else np.array([0, 1, 1, 1], dtype)
    # The last value stands for all that follow.
    values = wanted[:2].view(np.uint16).tolist() if dtype == "float16" else wanted[:2].tolist()
    proto = protos.TensorProto(dtype=protos.DataType.values_by_name[name].number)
    for size in (2, 2):
        proto.tensor_shape.dim.add(size=size)
    getattr(proto, field).extend(values)
    np.testing.assert_array_equal(protos.to_array(proto), wanted.reshape(2, 2))
    proto.ClearField(field)
    empty = np.full((2, 2), b"", object) if dtype == "object" else np.zeros((2, 2), dtype)
    np.testing.assert_array_equal(protos.to_array(proto), empty)


def test_non_contiguous_and_big_endian_arrays_keep_their_elements():
    array = np.arange(12, dtype=">f4").reshape(3, 4).T
    np.testing.assert_array_equal(protos.to_array(protos.to_tensor_proto(array)), array)


@pytest.mark.parametrize("value", [1j, np.array(["text"]), np.datetime64("2020")], ids=["complex", "str", "date"])
def test_other_elements_are_refused(value):
    with pytest.raises(TypeError, match="`value` must hold numbers or byte strings"):
        protos.to_tensor_proto(value)


@pytest.mark.parametrize(
    ("proto", "message"),
    [
        (protos.TensorProto(dtype=1, tensor_content=bytes(8)), r"shape \(\) came with 2 elements"),
        (protos.TensorProto(dtype=1, float_val=[1, 2]), r"shape \(\) came with 2 elements"),
        (protos.TensorProto(dtype=1, tensor_content=bytes(3)), "buffer size"),
        (protos.TensorProto(dtype=8), "a tensor of DT_COMPLEX64 has no NumPy form"),
        (protos.TensorProto(dtype=99), "a tensor of element type 99 has no NumPy form"),
    ],
)
def test_tensors_that_cannot_be_read(proto, message):
    with pytest.raises(ValueError, match=message):
        protos.to_array(proto)


def real_predict_request():
    request = predict_pb2.PredictRequest(output_filter=["z"], client_id=b"unknown to us")
    request.model_spec.name = "m"
    request.model_spec.signature_name = "encode"
    request.model_spec.version.value = 3
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(np.ones((2, 2), "float32")))
    return request


def real_messages():
    yield real_predict_request()
    labelled = predict_pb2.PredictRequest()
    labelled.model_spec.version_label = "stable"
    yield labelled
    response = predict_pb2.PredictResponse()
    response.outputs["z"].CopyFrom(tf.make_tensor_proto(2.0))
    response.model_spec.version.value = 4
    yield response
    metadata = get_model_metadata_pb2.GetModelMetadataResponse()
    tensor = meta_graph_pb2.TensorInfo(name="x:0", dtype=1)
    tensor.tensor_shape.dim.add(size=-1)
    signature = meta_graph_pb2.SignatureDef(inputs={"x": tensor}, outputs={"z": tensor}, method_name="predict")
    signature.defaults["x"].CopyFrom(tf.make_tensor_proto(1.0))
    metadata.metadata["signature_def"].Pack(get_model_metadata_pb2.SignatureDefMap(signature_def={"a": signature}))
    yield metadata
    yield get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    yield get_model_status_pb2.GetModelStatusRequest(model_spec=labelled.model_spec)
    status = get_model_status_pb2.GetModelStatusResponse()
    each = status.model_version_status.add(version=1, state="AVAILABLE")
    each.status.error_code, each.status.error_message = 3, "text"
    yield status
    log = prediction_log_pb2.PredictLog(request=real_predict_request(), response=response)
    yield log
    yield prediction_log_pb2.PredictionLog(predict_log=log)


@pytest.mark.parametrize("real", list(real_messages()), ids=lambda m: type(m).__name__)
def test_messages_survive_the_way_through_ours_and_back(real):
    ours = getattr(protos, type(real).__name__).FromString(real.SerializeToString())
    assert type(real).FromString(ours.SerializeToString()) == real


def test_a_message_of_ours_reads_as_what_was_written():
    ours = protos.PredictRequest.FromString(real_predict_request().SerializeToString())
    assert (ours.model_spec.name, ours.model_spec.signature_name, ours.model_spec.version.value) == ("m", "encode", 3)
    ours.model_spec.version_label = "stable"
    assert not ours.model_spec.HasField("version")
    np.testing.assert_array_equal(protos.to_array(ours.inputs["x"]), np.ones((2, 2)))


def test_a_warm_up_record_of_ours_reads_as_a_real_one():
    log = protos.PredictionLog()
    log.predict_log.request.model_spec.name = "m"
    log.predict_log.request.inputs["n"].CopyFrom(protos.to_tensor_proto(np.int32(4)))
    real = prediction_log_pb2.PredictionLog.FromString(log.SerializeToString())
    assert real.WhichOneof("log_type") == "predict_log"
    assert tf.make_ndarray(real.predict_log.request.inputs["n"]) == 4
