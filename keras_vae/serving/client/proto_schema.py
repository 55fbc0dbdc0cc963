"""Descriptors of the messages of TensorFlow Serving that this library reads and writes.

They are built from the tables below and live in a pool of their own: beside TensorFlow's generated modules, which claim
the same names in protobuf's default pool, nothing is registered twice. Fields that are not listed pass through unread.
"""

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, wrappers_pb2

# `message` and `enum` start a block. A field: name, number, type, then `repeated`, `map` (from string to that type) or
# `in ONEOF`. A type with a dot is a full name, one with a capital letter a type of the same package.
_TENSORFLOW = """
enum DataType
DT_INVALID 0
DT_FLOAT 1
DT_DOUBLE 2
DT_INT32 3
DT_UINT8 4
DT_INT16 5
DT_INT8 6
DT_STRING 7
DT_COMPLEX64 8
DT_INT64 9
DT_BOOL 10
DT_BFLOAT16 14
DT_UINT16 17
DT_COMPLEX128 18
DT_HALF 19
DT_UINT32 22
DT_UINT64 23
message Dim
size 1 int64
name 2 string
message TensorShapeProto
dim 2 Dim repeated
unknown_rank 3 bool
message TensorProto
dtype 1 DataType
tensor_shape 2 TensorShapeProto
version_number 3 int32
tensor_content 4 bytes
float_val 5 float repeated
double_val 6 double repeated
int_val 7 int32 repeated
string_val 8 bytes repeated
int64_val 10 int64 repeated
bool_val 11 bool repeated
half_val 13 int32 repeated
uint32_val 16 uint32 repeated
uint64_val 17 uint64 repeated
message TensorInfo
name 1 string in encoding
dtype 2 DataType
tensor_shape 3 TensorShapeProto
message SignatureDef
inputs 1 TensorInfo map
outputs 2 TensorInfo map
method_name 3 string
defaults 4 TensorProto map
"""

_SERVING = """
message ModelSpec
name 1 string
version 2 google.protobuf.Int64Value in version_choice
signature_name 3 string
version_label 4 string in version_choice
message PredictRequest
model_spec 1 ModelSpec
inputs 2 tensorflow.TensorProto map
output_filter 3 string repeated
message PredictResponse
outputs 1 tensorflow.TensorProto map
model_spec 2 ModelSpec
message SignatureDefMap
signature_def 1 tensorflow.SignatureDef map
message GetModelMetadataRequest
model_spec 1 ModelSpec
metadata_field 2 string repeated
message GetModelMetadataResponse
model_spec 1 ModelSpec
metadata 2 google.protobuf.Any map
message GetModelStatusRequest
model_spec 1 ModelSpec
message StatusProto
error_code 1 int32
error_message 2 string
enum State
UNKNOWN 0
START 10
LOADING 20
AVAILABLE 30
UNLOADING 40
END 50
message ModelVersionStatus
version 1 int64
state 2 State
status 3 StatusProto
message GetModelStatusResponse
model_version_status 1 ModelVersionStatus repeated
message PredictLog
request 1 PredictRequest
response 2 PredictResponse
message PredictionLog
predict_log 6 PredictLog in log_type
"""

_Field = descriptor_pb2.FieldDescriptorProto


def _file(name, package, table, dependencies):
    """Descriptor of one file, from its table."""
    file = descriptor_pb2.FileDescriptorProto(name=name, package=package, dependency=dependencies, syntax="proto3")
    enums = {line.split()[1] for line in table.splitlines() if line.startswith("enum")}
    for line in table.split("\n"):
        words = line.split()
        if not words:
            continue
        if words[0] in ("message", "enum"):
            block = (file.message_type if words[0] == "message" else file.enum_type).add(name=words[1])
        elif block.name in enums:
            block.value.add(name=words[0], number=int(words[1]))
        else:
            _add_field(block, package, enums, *words)
    return file


def _add_field(message, package, enums, name, number, kind, *how):
    field = message.field.add(name=name, number=int(number), label=_Field.LABEL_OPTIONAL)
    if how == ("map",):
        # On the wire a map is a repeated message of this conventional name with a key and a value.
        entry = message.nested_type.add(name="".join(part.title() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=_Field.TYPE_STRING, label=_Field.LABEL_OPTIONAL)
        _set_type(entry.field.add(name="value", number=2, label=_Field.LABEL_OPTIONAL), package, enums, kind)
        kind, how = f"{package}.{message.name}.{entry.name}", ("repeated",)
    _set_type(field, package, enums, kind)
    if how == ("repeated",):
        field.label = _Field.LABEL_REPEATED
    elif how:
        oneofs = [oneof.name for oneof in message.oneof_decl]
        if how[1] not in oneofs:
            message.oneof_decl.add(name=how[1])
            oneofs.append(how[1])
        field.oneof_index = oneofs.index(how[1])


def _set_type(field, package, enums, kind):
    if kind.islower() and "." not in kind:
        field.type = getattr(_Field, f"TYPE_{kind.upper()}")
        return
    field.type = _Field.TYPE_ENUM if kind in enums else _Field.TYPE_MESSAGE
    field.type_name = f".{kind}" if "." in kind else f".{package}.{kind}"


def make_pool():
    """A new `DescriptorPool` that holds the messages."""
    pool = descriptor_pool.DescriptorPool()
    for module in (any_pb2, wrappers_pb2):
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    wellknown = ["google/protobuf/any.proto", "google/protobuf/wrappers.proto"]
    tensorflow = _file("keras_vae/tensorflow.proto", "tensorflow", _TENSORFLOW, [])
    serving = _file("keras_vae/serving.proto", "tensorflow.serving", _SERVING, [*wellknown, tensorflow.name])
    for file in (tensorflow, serving):
        pool.AddSerializedFile(file.SerializeToString())
    return pool
