"""How a client is set up: TLS, arguments, and the packages that it needs."""

import pathlib
import shutil
import subprocess
import sys

import grpc
import hand_made_model
import numpy as np
import pytest
from stand_in_server import StandIn

from keras_vae.serving import Client
from keras_vae.serving.client.transport import ServingError

TRANSPORTS = ("grpc", "rest")
X = np.ones((3, 2, 3))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "localhost")


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    hand_made_model.write(folder / "1")
    return folder


def address_of(server, transport):
    return server.grpc_address if transport == "grpc" else server.rest_address


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", chain, *subject]
    subprocess.run(command, check=True, capture_output=True)
    return key, chain


@pytest.fixture(scope="module")
def tls_server(model_folder, certificate):
    stand_in = StandIn({"m": model_folder}, certificate=certificate)
    yield stand_in
    stand_in.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_tls_with_the_servers_certificate(transport, tls_server, certificate):
    with Client(address_of(tls_server, transport), "m", tls=certificate[1]) as client:
        np.testing.assert_allclose(client.encode(X)[0], hand_made_model.z_mean(X))


def test_tls_with_credentials_of_grpc(tls_server, certificate):
    credentials = grpc.ssl_channel_credentials(certificate[1].read_bytes())
    with Client(tls_server.grpc_address, "m", tls=credentials) as client:
        assert client.status() == {1: "AVAILABLE"}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_tls_refuses_a_certificate_that_nobody_vouches_for(transport, tls_server):
    tls_server.reset()
    with (
        pytest.raises(ServingError) as caught,
        Client(address_of(tls_server, transport), "m", tls=True, retries=0) as client,
    ):
        client.status()
    assert caught.value.code == ("UNAVAILABLE" if transport == "grpc" else "UNAUTHENTICATED")
    assert tls_server.calls == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"address": "localhost"}, ValueError, "`address` must be"),
        ({"address": "ftp://localhost:1"}, ValueError, "`address` must be"),
        ({"address": 8500}, ValueError, "`address` must be"),
        ({"model": ""}, ValueError, "`model` must be"),
        ({"version": "1"}, ValueError, "`version` must be a whole number"),
        ({"label": 3}, ValueError, "`label` must be"),
        ({"version": 1, "label": "stable"}, ValueError, "`version` or `label` must be None"),
        ({"timeout": 0}, ValueError, "`timeout` must be"),
        ({"retries": -1}, ValueError, "`retries` must be"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be"),
        ({"metadata": "secret"}, ValueError, r"`metadata` must be pairs.*Received: something else$"),
        ({"metadata": [("a b", "c")]}, ValueError, "`metadata` must be pairs"),
        ({"metadata": [("a", "c\nd: e")]}, ValueError, "`metadata` must be pairs"),
        ({"tls": "no/such/file"}, FileNotFoundError, "no/such/file"),
        ({"tls": 3}, TypeError, "`tls` must be"),
        ({"address": "http://localhost:1", "tls": True}, ValueError, "`tls` needs an https address"),
        ({"address": "https://localhost:1", "tls": False}, ValueError, "`tls` must not be False"),
        ({"address": "https://localhost:1", "tls": "no/such/file"}, FileNotFoundError, "no/such/file"),
        ({"address": "https://localhost:1", "tls": b"x"}, TypeError, "`tls` must be"),
    ],
)
def test_arguments_out_of_bounds(arguments, error, message):
    with pytest.raises(error, match=message):
        Client(**{"address": "localhost:1", "model": "m", **arguments})


ABSENT = "import sys; sys.modules.update(dict.fromkeys({absent!r}))\n"
TENSORFLOW = ["tensorflow", "keras", "tf_keras", "tensorflow_probability", "tensorflow_serving"]


def run(absent, script):
    command = [sys.executable, "-c", ABSENT.format(absent=absent) + script]
    folder = pathlib.Path(__file__).parents[3]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60)


def test_the_client_needs_no_tensorflow(model_folder):
    server = StandIn({"m": model_folder})
    done = run(
        TENSORFLOW,
        "import numpy as np\n"
        "from keras_vae.serving import Client\n"
        f"for address in {server.grpc_address!r}, {server.rest_address!r}:\n"
        "    with Client(address, 'm') as client:\n"
        "        print(client.encode(np.ones((1, 2, 3)))[0].tolist(), client.sample(2, 3).shape, client.status())\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in "
        f"{TENSORFLOW!r} and sys.modules[name] is not None]\n",
    )
    server.close()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[[3.0, 3.0]] (2, 2, 3) {1: 'AVAILABLE'}"] * 2


@pytest.mark.parametrize(
    ("package", "address"), [("grpc", "localhost:1"), ("google.protobuf", "localhost:1"), ("requests", "http://a:1")]
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(package, address):
    done = run([*TENSORFLOW, package], f"from keras_vae.serving import Client; Client({address!r}, 'm')")
    name = {"grpc": "grpcio", "google.protobuf": "protobuf"}.get(package, package)
    assert f"needs the package {name}, which is not installed: pip install keras_vae[serving]" in done.stderr
