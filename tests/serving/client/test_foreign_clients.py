"""Clients that know nothing of this library. Those that need packages of their own are marked slow:

KERAS_VAE_OVMS_PYTHON   an interpreter that has `ovmsclient`, in an environment of its own
KERAS_VAE_NODE_MODULES  a `node_modules` folder that holds @grpc/grpc-js and @grpc/proto-loader
"""

import json
import os
import pathlib
import shutil
import subprocess

import grpc
import hand_made_model
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import descriptor_pb2
from stand_in_server import StandIn
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2,
    prediction_service_pb2_grpc,
)

from keras_vae.serving import Client

HERE = pathlib.Path(__file__).parents[1]
X = np.arange(12, dtype="float32").reshape(2, 2, 3)
ROWS = np.array([np.arange(6).reshape(2, 3), np.ones((2, 3))])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m")
    hand_made_model.write(folder / "1")
    stand_in = StandIn({"m": folder})
    yield stand_in
    stand_in.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "localhost")


def own_sample(server):
    with Client(server.grpc_address, "m") as client:
        return client.sample(2, 7)


def run(*command, **environment):
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, "NO_PROXY": "localhost", **environment}
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def node():
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < 18:
        pytest.skip(f"node is {version.strip()}, which has no fetch")
    return "node"


def request(signature, **inputs):
    message = predict_pb2.PredictRequest()
    message.model_spec.name, message.model_spec.signature_name = "m", signature
    for name, value in inputs.items():
        message.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    return message


def test_the_stub_of_tensorflow_serving_api(server):
    with grpc.insecure_channel(server.grpc_address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        z_mean = stub.Predict(request("encode", x=X), timeout=10).outputs["z_mean"]
        np.testing.assert_allclose(tf.make_ndarray(z_mean), hand_made_model.z_mean(X))
        sample = stub.Predict(request("sample", n=np.int32(2), seed=np.array([7, 0], "int64")), timeout=10)
        np.testing.assert_array_equal(tf.make_ndarray(sample.outputs["x"]), own_sample(server))
        for wrong, code in [
            (request("no", x=X), grpc.StatusCode.FAILED_PRECONDITION),
            (request("sample", n=np.int32(2)), grpc.StatusCode.INVALID_ARGUMENT),
            (predict_pb2.PredictRequest(), grpc.StatusCode.NOT_FOUND),
        ]:
            with pytest.raises(grpc.RpcError) as caught:
                stub.Predict(wrong, timeout=10)
            assert caught.value.code() == code
        message = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        message.model_spec.name = "m"
        signatures = get_model_metadata_pb2.SignatureDefMap()
        stub.GetModelMetadata(message, timeout=10).metadata["signature_def"].Unpack(signatures)
        assert {"serving_default", "encode", "decode", "score"} < set(signatures.signature_def)
        message = get_model_status_pb2.GetModelStatusRequest()
        message.model_spec.name = "m"
        status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(message, timeout=10)
        assert [(each.version, each.state) for each in status.model_version_status] == [(1, 30)]


def test_every_form_of_rest_from_node(server, node):
    answer = run(node, HERE / "foreign_rest.mjs", server.rest_address, "m")
    z_mean = hand_made_model.z_mean(ROWS)
    assert answer["status"]["model_version_status"][0]["state"] == "AVAILABLE"
    inputs = answer["metadata"]["metadata"]["signature_def"]["signature_def"]["decode"]["inputs"]
    assert [dim["size"] for dim in inputs["z"]["tensor_shape"]["dim"]] == ["-1", "2"]
    np.testing.assert_allclose(answer["rows"]["predictions"], hand_made_model.decoded(z_mean), rtol=1e-6)
    np.testing.assert_allclose(answer["version"]["outputs"], hand_made_model.decoded(z_mean), rtol=1e-6)
    np.testing.assert_allclose([row["z_mean"] for row in answer["namedRows"]["predictions"]], z_mean)
    np.testing.assert_allclose(answer["columns"]["outputs"]["z_log_var"], -z_mean)
    np.testing.assert_array_equal(np.array(answer["sample"]["outputs"]["x"], "float32"), own_sample(server))
    assert np.shape([row["x"] for row in answer["sampleRows"]["predictions"]]) == (2, 2, 3)
    assert np.shape(answer["generate"]["outputs"]["z"]) == (3, 2)
    # Signatures with scalar inputs have no row form: n would get a shape of its own.
    refused = ("generateAsRows", "both", "wrongShape", "fraction", "unknown")
    assert {name: answer[name]["status"] for name in refused} == {**dict.fromkeys(refused, 400), "unknown": 412}


def descriptor_set(file, collected=None):
    """The descriptor of a file after those of all the files that it needs."""
    collected = {} if collected is None else collected
    for dependency in file.dependencies:
        descriptor_set(dependency, collected)
    if file.name not in collected:
        collected[file.name] = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(collected[file.name])
    return descriptor_pb2.FileDescriptorSet(file=collected.values())


@pytest.mark.slow
def test_grpc_from_node(server, node, tmp_path):
    modules = os.environ.get("KERAS_VAE_NODE_MODULES")
    if not modules:
        pytest.skip("KERAS_VAE_NODE_MODULES is not set: npm install @grpc/grpc-js @grpc/proto-loader")
    descriptors = tmp_path / "descriptors"
    descriptors.write_bytes(descriptor_set(prediction_service_pb2.DESCRIPTOR).SerializeToString())
    answer = run(node, HERE / "foreign_grpc.cjs", server.grpc_address, "m", descriptors, NODE_PATH=modules)
    np.testing.assert_allclose([answer["encode"]["z_mean"]], hand_made_model.z_mean(ROWS[:1]))
    np.testing.assert_array_equal(np.array(answer["sample"]["x"], "float32"), own_sample(server).ravel())
    assert (answer["unknown"]["code"], answer["missing"]["code"]) == ("FAILED_PRECONDITION", "INVALID_ARGUMENT")


@pytest.mark.slow
def test_ovmsclient(server):
    python = os.environ.get("KERAS_VAE_OVMS_PYTHON")
    if not python:
        pytest.skip("KERAS_VAE_OVMS_PYTHON is not set: pip install ovmsclient in an environment of its own")
    answer = run(python, HERE / "foreign_ovms.py", server.grpc_address, server.rest_address, "m")
    expected = hand_made_model.decoded(hand_made_model.z_mean(X))
    for transport in ("grpc", "rest"):
        np.testing.assert_allclose(answer[transport]["x"], expected, rtol=1e-6)
        assert answer[transport]["status"] == "AVAILABLE"
    assert answer["metadata"]["inputs"]["x"]["shape"] == [-1, 2, 3]
