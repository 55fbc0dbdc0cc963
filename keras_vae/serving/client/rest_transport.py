"""The client's way over REST (port 8501 of TensorFlow Serving)."""

import base64
import json
import os
import pathlib
import urllib.parse

import numpy as np

from keras_vae.serving.client.transport import ServingError, Signature, Tensor, Transport, element_name, missing_package

try:
    import requests
    import urllib3
except ImportError as error:
    raise missing_package("a REST address", "requests") from error

# The names that gRPC has for what TensorFlow Serving, or a proxy before it, says in HTTP.
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RestTransport(Transport):
    """See `Transport`. Arrays go in columnar form, which every signature takes, also one with scalar inputs.

    Args:
        address: str, `http://host:port` or `https://...`, a path prefix of a proxy included.
        model: `Model`.
        timeout: float, seconds for the connection and then for every wait for bytes.
        tls: None or True for the machine's CA certificates, or the path of a file of them; https only.
        metadata: pairs of str, HTTP headers sent with every call.

    Raises:
        ValueError: if `tls` is given for an http address.
        TypeError: if `tls` is another object.
        FileNotFoundError: if `tls` is a path and nothing is there.
        ImportError: if requests is not installed.
    """

    def __init__(self, address, model, timeout, tls=None, metadata=()):
        self._timeout = timeout
        self._verify = _certificates(address, tls)
        self._all_versions = f"{address.rstrip('/')}/v1/models/{urllib.parse.quote(model.name, safe='')}"
        self._url = self._all_versions
        if model.version is not None:
            self._url += f"/versions/{model.version}"
        if model.label is not None:
            self._url += f"/labels/{urllib.parse.quote(model.label, safe='')}"
        self._session = requests.Session()
        self._session.headers.update(metadata)
        # Without this a password in ~/.netrc replaces an Authorization header.
        self._session.auth = lambda request: request

    def predict(self, name, inputs, signature):
        columns = {key: _to_json(value) for key, value in inputs.items()}
        body = json.dumps({"signature_name": name, "inputs": columns}, allow_nan=False, separators=(",", ":"))
        answer = self._call("POST", f"{self._url}:predict", body)
        try:
            outputs = answer["outputs"]
            # A single output comes without its name.
            outputs = outputs if len(signature.outputs) != 1 else dict.fromkeys(signature.outputs, outputs)
            return {key: np.array(outputs[key], tensor.dtype) for key, tensor in signature.outputs.items()}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ServingError("INTERNAL", f"the answer cannot be read: {error!r}") from error

    def signatures(self):
        answer = self._call("GET", f"{self._url}/metadata")
        try:
            definitions = answer["metadata"]["signature_def"]["signature_def"]
            signatures = {
                name: Signature(_tensors(definition.get("inputs", {})), _tensors(definition.get("outputs", {})))
                for name, definition in definitions.items()
            }
            return int(answer["model_spec"]["version"]), signatures
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ServingError("INTERNAL", f"the metadata cannot be read: {error!r}") from error

    def status(self):
        answer = self._call("GET", self._all_versions)
        try:
            return {int(each["version"]): each["state"] for each in answer["model_version_status"]}
        except (KeyError, TypeError, ValueError) as error:
            raise ServingError("INTERNAL", f"the status cannot be read: {error!r}") from error

    def close(self):
        self._session.close()

    def _call(self, method, url, body=None):
        headers = {"Content-Type": "application/json"} if body else {}
        options = {"timeout": self._timeout, "verify": self._verify, "allow_redirects": False}
        try:
            response = self._session.request(method, url, data=body, headers=headers, **options)
        except requests.Timeout:
            raise self._timed_out() from None
        except requests.exceptions.SSLError as error:
            # Certificates do not mend themselves between two attempts.
            raise ServingError("UNAUTHENTICATED", f"TLS failed: {error}") from None
        except requests.ConnectionError as error:
            if any(isinstance(cause, urllib3.exceptions.ReadTimeoutError) for cause in error.args):
                raise self._timed_out() from None  # It came to a halt within the answer.
            raise ServingError("UNAVAILABLE", f"no connection: {error}") from None
        except requests.RequestException as error:
            raise ServingError("UNKNOWN", str(error)) from None
        return _answer(response)

    def _timed_out(self):
        return ServingError("DEADLINE_EXCEEDED", f"no answer within {self._timeout:g} s")


def _answer(response):
    try:
        answer = json.loads(response.content)
    except ValueError:
        answer = None
    if response.status_code == 200 and isinstance(answer, dict):
        return answer
    reason = answer.get("error") if isinstance(answer, dict) else None
    reason = reason or f"HTTP {response.status_code}: {response.text[:300] or response.reason}"
    raise ServingError(_CODES.get(response.status_code, "UNKNOWN"), str(reason))


def _certificates(address, tls):
    """What requests takes as `verify`."""
    is_path = isinstance(tls, str | os.PathLike)
    if not is_path and tls not in (None, True, False):
        raise TypeError(f"`tls` must be True or the path of a CA certificate over REST. Received: {type(tls).__name__}")
    if address.startswith("http://") and tls:
        raise ValueError(f"`tls` needs an https address. Received: tls={tls!r} for {address}")
    if address.startswith("https://") and tls is False:
        raise ValueError(f"`tls` must not be False for an https address. Received: tls=False for {address}")
    if not is_path:
        return True
    if not pathlib.Path(tls).exists():
        raise FileNotFoundError(f"`tls` must be the path of a CA certificate. Received: tls={str(tls)!r}")
    return str(tls)


def _to_json(array):
    """Nested lists; Python writes the exact value of a float, byte strings go as base64."""
    if array.dtype == object:
        coded = [{"b64": base64.b64encode(each).decode("ascii")} for each in array.ravel()]
        boxes = np.empty(len(coded), object)
        boxes[:] = coded
        return boxes.reshape(array.shape).tolist()
    return array.tolist()


def _tensors(infos):
    return {name: Tensor(element_name(info["dtype"]), _shape(info["tensor_shape"])) for name, info in infos.items()}


def _shape(shape):
    if shape.get("unknown_rank"):
        return None
    sizes = [int(dim["size"]) for dim in shape.get("dim", ())]
    return tuple(None if size < 0 else size for size in sizes)
