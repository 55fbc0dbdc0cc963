"""What the client does when a server is not there, slow, refuses, or is another one than expected."""

import contextlib
import random
import socket
import threading
import time
import types
from concurrent import futures

import grpc
import hand_made_model
import numpy as np
import pytest
from stand_in_server import StandIn

from keras_vae.serving import Client
from keras_vae.serving.client import connection
from keras_vae.serving.client.transport import ServingError

TRANSPORTS = ("grpc", "rest")
X = np.ones((3, 2, 3))


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    hand_made_model.write(folder / "1", without=["score", "generate", "generate_rows"])
    return folder


@pytest.fixture(scope="module")
def server(model_folder):
    stand_in = StandIn({"m": model_folder})
    yield stand_in
    stand_in.close()


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """The waits between attempts, noted and cut short."""
    monkeypatch.setenv("NO_PROXY", "localhost")
    noted = []

    def sleep(seconds):
        noted.append(seconds)
        time.sleep(0.001)

    monkeypatch.setattr(connection, "time", types.SimpleNamespace(sleep=sleep))
    return noted


@pytest.fixture(params=TRANSPORTS)
def client(request, server):
    server.reset()
    with Client(address_of(server, request.param), "m", timeout=5.0, retries=3) as made:
        made.metadata()
        server.reset()
        yield made


def address_of(server, transport):
    return server.grpc_address if transport == "grpc" else server.rest_address


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def canned(answer):
    """Address of an HTTP server that says the same bytes to everybody and then nothing more."""
    listener = socket.create_server(("localhost", 0))
    held = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                held.append(listener.accept()[0])
                held[-1].recv(65536)
                held[-1].sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://localhost:{listener.getsockname()[1]}"
    for each in (listener, *held):
        each.close()


def http(body, status="200 OK", length=None):
    body = body.encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {length or len(body)}\r\n\r\n".encode() + body


def test_unavailable_is_tried_again_with_waits_that_double(client, server, waits):
    server.faults = ["UNAVAILABLE"] * 3
    assert client.encode(X)[0].shape == (3, 2)
    assert len(server.calls) == 4
    assert len(waits) == 3
    for wait, longest in zip(waits, (0.25, 0.5, 1.0), strict=True):
        assert 0.75 * longest <= wait <= longest


def test_retries_end(client, server):
    server.faults = ["UNAVAILABLE"] * 9
    with pytest.raises(ServingError, match="injected, after 4 attempts") as caught:
        client.encode(X)
    assert caught.value.code == "UNAVAILABLE"
    assert len(server.calls) == 4


@pytest.mark.parametrize("code", ["INTERNAL", "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION"])
def test_other_refusals_are_not_tried_again(client, server, code):
    server.faults = [code] * 9
    with pytest.raises(ServingError, match="injected") as caught:
        client.encode(X)
    assert caught.value.code == code
    assert len(server.calls) == 1


def test_waits_end_at_eight_seconds_and_leave_the_programs_random_numbers_alone(server, waits):
    server.reset()
    server.faults = ["UNAVAILABLE"] * 8
    random.seed(0)
    before = random.getstate()
    with Client(server.grpc_address, "m", retries=8) as client:
        client.status()
    assert len(waits) == 8
    assert 6.0 <= max(waits) <= 8.0
    assert random.getstate() == before


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_slow_server_is_given_up_after_the_timeout_and_asked_once(transport, server):
    server.reset()
    with Client(address_of(server, transport), "m", timeout=0.3) as client:
        client.metadata()
        server.reset()
        server.delay = 1.5
        start = time.monotonic()
        with pytest.raises(ServingError, match=r"no answer within 0\.3 s") as caught:
            client.encode(X)
        assert time.monotonic() - start < 1.2
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert len(server.calls) == 1


def test_an_answer_that_stops_halfway_is_a_timeout():
    with canned(http("{", length=100)) as address, pytest.raises(ServingError, match="no answer within") as caught:
        Client(address, "m", timeout=0.2).status()
    assert caught.value.code == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("scheme", ["", "http://"])
def test_nobody_at_the_address(scheme, waits):
    address = f"{scheme}localhost:{free_port()}"
    with pytest.raises(ServingError, match=f"model 'm' at {address}: .*, after 3 attempts") as caught:
        Client(address, "m", retries=2).encode(X)
    assert caught.value.code == "UNAVAILABLE"
    assert len(waits) == 2


def test_a_server_that_comes_up_late_is_found(monkeypatch):
    monkeypatch.undo()  # Real waits.
    port = free_port()
    server = grpc.server(futures.ThreadPoolExecutor(1))
    server.add_insecure_port(f"localhost:{port}")
    timer = threading.Timer(0.5, server.start)
    timer.start()
    # It knows no services: that it says so shows that it was reached.
    with pytest.raises(ServingError) as caught:
        Client(f"localhost:{port}", "m").status()
    timer.join()
    server.stop(None)
    assert caught.value.code == "UNIMPLEMENTED"


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("which", "code", "message"),
    [
        ({"model": "other"}, "NOT_FOUND", "model 'other' at .*: Servable not found"),
        ({"version": 9}, "NOT_FOUND", r"model 'm' version 9 at .*Versions there: 1 AVAILABLE"),
        ({"label": "stable"}, "INVALID_ARGUMENT", "model 'm' with label 'stable' at .*Unrecognized"),
    ],
    ids=["model", "version", "label"],
)
def test_what_the_server_does_not_have(transport, server, which, code, message):
    server.reset()
    with pytest.raises(ServingError, match=message) as caught:
        Client(address_of(server, transport), **{"model": "m", **which}).encode(X)
    assert caught.value.code == code


@pytest.mark.parametrize("verb", [lambda c: c.score(X), lambda c: c.generate(1)], ids=["score", "generate"])
def test_a_missing_signature_is_answered_with_those_that_are_there(client, server, verb):
    there = "compare, decode, encode, sample, sample_rows, serving_default, sizes"
    with pytest.raises(ServingError, match=f"has no signature '(score|generate)'. Signatures there: {there}") as caught:
        verb(client)
    assert caught.value.code == "FAILED_PRECONDITION"
    assert server.calls == []


STATUS = '{"model_version_status": 3}'


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (http("<html>no", "502 Bad Gateway"), "UNKNOWN", "HTTP 502: <html>no"),
        (http("", "401 Unauthorized"), "UNAUTHENTICATED", "HTTP 401: Unauthorized"),
        (http("", "302 Found"), "UNKNOWN", "HTTP 302: Found"),
        (http("<html>ok"), "UNKNOWN", "HTTP 200: <html>ok"),
        (http(STATUS), "INTERNAL", "status cannot be read"),
        (b"\x00\x00\x12\x04 something else\r\n\r\n", "UNAVAILABLE", "no connection"),
    ],
)
def test_an_http_server_that_is_another(answer, code, message):
    with canned(answer) as address, pytest.raises(ServingError, match=message) as caught:
        Client(address, "m", timeout=2.0, retries=0).status()
    assert caught.value.code == code


def test_metadata_that_cannot_be_read():
    with canned(http(STATUS)) as address, pytest.raises(ServingError, match="metadata cannot be read"):
        Client(address, "m").metadata()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_answer_with_other_rows_or_outputs_is_an_error(transport, server, monkeypatch):
    server.reset()
    version = server.models["m"][1]
    for outputs, message in [
        ({"x": np.zeros((2, 2, 3), "float32")}, "3 rows sent to 'serving_default' came back with shapes"),
        ({"y": np.zeros((3, 2, 3), "float32"), "w": np.zeros(3, "float32")}, "has no output 'x'|cannot be read"),
    ]:
        monkeypatch.setattr(version, "predict", lambda *_, outputs=outputs: outputs)
        with Client(address_of(server, transport), "m") as client, pytest.raises(ServingError, match=message):
            client.reconstruct(X)
