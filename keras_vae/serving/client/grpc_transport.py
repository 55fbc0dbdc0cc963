"""The client's way over gRPC (port 8500 of TensorFlow Serving)."""

import os
import pathlib

from keras_vae.serving.client.transport import ServingError, Signature, Tensor, Transport, element_name, missing_package

try:
    import grpc
except ImportError as error:
    raise missing_package("a gRPC address", "grpcio") from error
try:
    from keras_vae.serving.client import protos
except ImportError as error:
    raise missing_package("a gRPC address", "protobuf") from error

_OPTIONS = [
    # 256 images of 64 x 64 x 3 are more than gRPC's limit of 4 MB.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # A server that comes back is found again within the client's own waits, whatever other clients went through.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.use_local_subchannel_pool", 1),
]


class GrpcTransport(Transport):
    """See `Transport`.

    Args:
        address: str, `host:port`.
        model: `Model`.
        timeout: float, seconds per call.
        tls: None or False for plain text, True for the machine's CA certificates, the path of a file of them, or
            `grpc.ChannelCredentials`.
        metadata: pairs of str sent with every call.

    Raises:
        FileNotFoundError: if `tls` is a path and nothing is there.
        ImportError: if grpcio or protobuf is not installed.
    """

    def __init__(self, address, model, timeout, tls=None, metadata=()):
        self._model = model
        self._timeout = timeout
        self._metadata = [(key.lower(), value) for key, value in metadata]
        credentials = _credentials(tls)
        if credentials is None:
            self._channel = grpc.insecure_channel(address, _OPTIONS)
        else:
            self._channel = grpc.secure_channel(address, credentials, _OPTIONS)
        self._predict = self._method("PredictionService/Predict", protos.PredictRequest, protos.PredictResponse)
        self._get_metadata = self._method(
            "PredictionService/GetModelMetadata", protos.GetModelMetadataRequest, protos.GetModelMetadataResponse
        )
        self._get_status = self._method(
            "ModelService/GetModelStatus", protos.GetModelStatusRequest, protos.GetModelStatusResponse
        )

    def predict(self, name, inputs, signature):
        request = protos.PredictRequest(model_spec=self._model_spec())
        request.model_spec.signature_name = name
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(protos.to_tensor_proto(value))
        response = self._call(self._predict, request)
        try:
            return {key: protos.to_array(proto) for key, proto in response.outputs.items()}
        except ValueError as error:
            raise ServingError("INTERNAL", f"the answer cannot be read: {error}") from error

    def signatures(self):
        request = protos.GetModelMetadataRequest(model_spec=self._model_spec(), metadata_field=["signature_def"])
        response = self._call(self._get_metadata, request)
        signature_defs = protos.SignatureDefMap.FromString(response.metadata["signature_def"].value)
        signatures = {
            name: Signature(_tensors(definition.inputs), _tensors(definition.outputs))
            for name, definition in signature_defs.signature_def.items()
        }
        return response.model_spec.version.value, signatures

    def status(self):
        request = protos.GetModelStatusRequest(model_spec=protos.ModelSpec(name=self._model.name))
        response = self._call(self._get_status, request)
        names = {value.number: value.name for value in protos.State.values}
        return {each.version: names.get(each.state, str(each.state)) for each in response.model_version_status}

    def close(self):
        self._channel.close()

    def _method(self, name, request, response):
        return self._channel.unary_unary(f"/tensorflow.serving.{name}", request.SerializeToString, response.FromString)

    def _model_spec(self):
        spec = protos.ModelSpec(name=self._model.name)
        if self._model.version is not None:
            spec.version.value = self._model.version
        if self._model.label is not None:
            spec.version_label = self._model.label
        return spec

    def _call(self, method, request):
        try:
            return method(request, timeout=self._timeout, metadata=self._metadata)
        except grpc.RpcError as error:
            code, details = error.code().name, error.details()
            if code == "DEADLINE_EXCEEDED":
                details = f"no answer within {self._timeout:g} s"
            raise ServingError(code, details) from None


def _credentials(tls):
    if tls is None or tls is False:
        return None
    if tls is True:
        return grpc.ssl_channel_credentials()
    if isinstance(tls, str | os.PathLike):
        return grpc.ssl_channel_credentials(pathlib.Path(tls).read_bytes())
    if not isinstance(tls, grpc.ChannelCredentials):
        raise TypeError(
            "`tls` must be True, the path of a CA certificate or grpc.ChannelCredentials. "
            f"Received: {type(tls).__name__}"
        )
    return tls


def _tensors(infos):
    return {name: Tensor(_element_name(info.dtype), _shape(info.tensor_shape)) for name, info in infos.items()}


def _element_name(number):
    known = protos.DataType.values_by_number.get(number)
    return element_name(known.name if known else f"element type {number}")


def _shape(shape):
    return None if shape.unknown_rank else tuple(None if dim.size < 0 else dim.size for dim in shape.dim)
