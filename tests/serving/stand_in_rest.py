"""The REST side of the stand-in server."""

import base64
import http.server
import json
import re
import ssl
import threading
import urllib.parse

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from stand_in_models import Refusal, served

_PATH = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?(:predict|/metadata)?")
_HTTP = {"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 412, "NOT_FOUND": 404, "UNAVAILABLE": 503, "INTERNAL": 500}


def start(stand_in, certificate):
    """`(server, port)`, answering in a thread of its own."""
    handler = type("Handler", (_Handler,), {"stand_in": stand_in})
    server = http.server.ThreadingHTTPServer(("localhost", 0), handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certfile=certificate[1], keyfile=certificate[0])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server, server.server_address[1]


def bad_request(message):
    return Refusal("INVALID_ARGUMENT", message)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    stand_in = None

    def do_GET(self):
        self._answer(self._get)

    def do_POST(self):
        self._answer(self._predict)

    def log_message(self, *arguments):
        pass

    def _answer(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = _PATH.fullmatch(self.path)
        try:
            status, answer = (200, method(path, body)) if path else (404, {"error": f"Malformed request: {self.path}"})
        except Refusal as refusal:
            status, answer = _HTTP.get(refusal.code, 500), {"error": refusal.message}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _find(self, path):
        name, number, label, _ = path.groups()
        return self.stand_in.find(urllib.parse.unquote(name), number, label and urllib.parse.unquote(label))

    def _arrives(self, method, signature="", shapes=None):
        metadata = {key.lower(): value for key, value in self.headers.items()}
        self.stand_in.arrives("rest", method, signature, shapes, metadata)

    def _get(self, path, body):
        self._arrives("GetModelMetadata" if path[4] else "GetModelStatus")
        number, version = self._find(path)
        if path[4]:
            definitions = {name: _as_json(each) for name, each in served(version).items()}
            spec = {"name": path[1], "signature_name": "", "version": str(number)}
            return {"model_spec": spec, "metadata": {"signature_def": {"signature_def": definitions}}}
        status = {"error_code": "OK", "error_message": ""}
        numbers = self.stand_in.models[path[1]]
        each = [{"version": str(number), "state": "AVAILABLE", "status": status} for number in sorted(numbers)]
        return {"model_version_status": each}

    def _predict(self, path, body):
        try:
            request = json.loads(body, parse_constant=_refuse_constant)
        except ValueError as error:
            raise bad_request(f"JSON Parse error: {error}") from None
        name = request.get("signature_name", "serving_default")
        _, version = self._find(path)
        if ("instances" in request) == ("inputs" in request):
            raise bad_request("Request must have either 'inputs' or 'instances'")
        infos = version.signature(name).inputs
        columns = columns_of(request["instances"], infos) if "instances" in request else named(request["inputs"], infos)
        inputs = {key: _array(key, value, infos.get(key)) for key, value in columns.items()}
        self._arrives("Predict", name, {key: value.shape for key, value in inputs.items()})
        outputs = {key: _digits(value) for key, value in version.predict(name, inputs).items()}
        if "inputs" in request:
            return {"outputs": outputs if len(outputs) > 1 else next(iter(outputs.values()))}
        rows = [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]
        return {"predictions": rows if len(outputs) > 1 else next(iter(outputs.values()))}


def named(value, infos):
    """Inputs by name; a bare value stands for the only one."""
    if isinstance(value, dict) and set(value) != {"b64"}:
        return value
    if len(infos) != 1:
        raise bad_request(f"inputs is a plain value/list, but expecting an object as {len(infos)} inputs are required")
    return {next(iter(infos)): value}


def columns_of(instances, infos):
    """Inputs by name, of rows."""
    if not isinstance(instances, list) or not instances:
        raise bad_request("Expecting 'instances' to be a non-empty list")
    rows = [named(each, infos) for each in instances]
    return {key: [row[key] for row in rows] for key in rows[0]}


def _array(key, value, info):
    if info is None:
        raise bad_request(f"input {key} is not in the signature")
    dtype = tf.as_dtype(info.dtype)
    if dtype == tf.string:
        return np.array([base64.b64decode(each["b64"]) for each in value], object)
    try:
        array = np.array(value)
    except ValueError as error:
        raise bad_request(str(error)) from None
    if dtype.is_integer and array.dtype.kind == "f":
        raise bad_request(f"input {key} is not of expected type: {dtype.name}")
    return array.astype(dtype.as_numpy_dtype)


def _digits(value):
    value = np.asarray(value)
    if value.dtype != np.float32:
        return value.tolist()
    return np.array([float(f"{each:.9g}") for each in value.ravel()]).reshape(value.shape).tolist()


def _as_json(definition):
    return json_format.MessageToDict(
        definition, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def _refuse_constant(name):
    raise ValueError(f"{name} is no JSON")
