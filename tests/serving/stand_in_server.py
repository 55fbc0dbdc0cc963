"""A stand-in for TensorFlow Serving: its protocols, its messages and its Session path, in Python.

It shows that an exported model and a client understand each other; it is not TensorFlow Serving. What it does on
purpose as the real server: tensors come back in typed fields instead of bytes, a REST request is in row or in columnar
form, a bare list stands for a single input or output, floats come with nine digits, and the codes of refusals.
"""

import collections
import contextlib
import pathlib
import time
from concurrent import futures

import grpc
import numpy as np
import stand_in_rest
import tensorflow as tf
from stand_in_models import Refusal, Version, served
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

Call = collections.namedtuple("Call", "transport method signature shapes metadata")


class StandIn:
    """Versions of models behind gRPC and REST.

    Args:
        models: dict of name to the folder that holds the versions.
        labels: dict of `(name, label)` to version.
        certificate: `(key, certificate chain)`, two paths, or None for plain text.

    Attributes:
        calls: list of every `Call` that came, also those that were refused.
        faults: list of names of statuses, the answers to the next calls.
        delay: seconds before every answer.
    """

    def __init__(self, models, labels=None, certificate=None):
        self.models = {
            name: {int(each.name): Version(each) for each in pathlib.Path(folder).iterdir() if each.name.isdecimal()}
            for name, folder in models.items()
        }
        self.labels = labels or {}
        self.reset()
        self._grpc, grpc_port = _start_grpc(self, certificate)
        self._rest, rest_port = stand_in_rest.start(self, certificate)
        self.grpc_address = f"localhost:{grpc_port}"
        self.rest_address = f"http{'s' if certificate else ''}://localhost:{rest_port}"

    def reset(self):
        self.calls, self.faults, self.delay = [], [], 0.0

    def close(self):
        self._grpc.stop(None)
        self._rest.shutdown()
        self._rest.server_close()

    def arrives(self, *call):
        """Note a call, wait, and answer with a fault if one is due."""
        self.calls.append(Call(*call))
        time.sleep(self.delay)
        if self.faults:
            raise Refusal(self.faults.pop(0), "injected")

    def find(self, name, version=None, label=None):
        """`(number, Version)` that a request asks for."""
        versions = self.models.get(name)
        if not versions:
            raise Refusal("NOT_FOUND", f"Servable not found for request: Latest({name})")
        if label:
            if (name, label) not in self.labels:
                raise Refusal("INVALID_ARGUMENT", f"Unrecognized servable version label: {label}")
            version = self.labels[name, label]
        number = max(versions) if version is None else int(version)
        if number not in versions:
            raise Refusal("NOT_FOUND", f"Servable not found for request: Specific({name}, {number})")
        return number, versions[number]


class _Services(prediction_service_pb2_grpc.PredictionServiceServicer, model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, stand_in):
        self.stand_in = stand_in

    def Predict(self, request, context):
        with _refusals(context):
            inputs = {key: tf.make_ndarray(proto) for key, proto in request.inputs.items()}
            self._arrives("Predict", request, context, {key: value.shape for key, value in inputs.items()})
            number, version = self._find(request.model_spec)
            name = request.model_spec.signature_name
            response = predict_pb2.PredictResponse()
            for key, value in version.predict(name, inputs).items():
                response.outputs[key].CopyFrom(_typed_proto(value))
            response.model_spec.name = request.model_spec.name
            response.model_spec.version.value = number
            return response

    def GetModelMetadata(self, request, context):
        with _refusals(context):
            self._arrives("GetModelMetadata", request, context)
            if list(request.metadata_field) != ["signature_def"]:
                raise Refusal("INVALID_ARGUMENT", f"Metadata field {request.metadata_field} is not supported")
            number, version = self._find(request.model_spec)
            response = get_model_metadata_pb2.GetModelMetadataResponse()
            response.model_spec.name = request.model_spec.name
            response.model_spec.version.value = number
            definitions = get_model_metadata_pb2.SignatureDefMap(signature_def=served(version))
            response.metadata["signature_def"].Pack(definitions)
            return response

    def GetModelStatus(self, request, context):
        with _refusals(context):
            self._arrives("GetModelStatus", request, context)
            self._find(request.model_spec)
            response = get_model_status_pb2.GetModelStatusResponse()
            for number in self.stand_in.models[request.model_spec.name]:
                response.model_version_status.add(version=number, state="AVAILABLE").status.error_message = ""
            return response

    def _arrives(self, method, request, context, shapes=None):
        metadata = {key: value for key, value in context.invocation_metadata()}
        self.stand_in.arrives("grpc", method, request.model_spec.signature_name, shapes, metadata)

    def _find(self, spec):
        version = spec.version.value if spec.HasField("version") else None
        return self.stand_in.find(spec.name, version, spec.version_label)


@contextlib.contextmanager
def _refusals(context):
    try:
        yield
    except Refusal as refusal:
        context.abort(grpc.StatusCode[refusal.code], refusal.message)


def _typed_proto(value):
    """The form in which TensorFlow Serving answers: elements in the field of their type, none in bytes."""
    value = np.asarray(value)
    proto = tensor_pb2.TensorProto(dtype=tf.as_dtype(value.dtype).as_datatype_enum)
    for size in value.shape:
        proto.tensor_shape.dim.add(size=size)
    fields = {"f4": "float_val", "f8": "double_val", "i4": "int_val", "i8": "int64_val", "b1": "bool_val"}
    getattr(proto, fields[value.dtype.str[1:]]).extend(value.ravel().tolist())
    return proto


def _start_grpc(stand_in, certificate):
    options = [("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)]
    server = grpc.server(futures.ThreadPoolExecutor(4), options=options)
    services = _Services(stand_in)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(services, server)
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(services, server)
    if certificate:
        key, chain = (pathlib.Path(path).read_bytes() for path in certificate)
        port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(key, chain)]))
    else:
        port = server.add_insecure_port("localhost:0")
    server.start()
    return server, port
