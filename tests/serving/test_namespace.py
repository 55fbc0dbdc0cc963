"""What `keras_vae.serving` shows, and that it shows it without waiting for TensorFlow."""

import importlib
import subprocess
import sys

import pytest

from keras_vae import serving

NAMES = {
    "export_saved_model",
    "load_saved_model",
    "inspect_saved_model",
    "export_onnx",
    "export_litert",
    "Preprocess",
    "write_server_config",
    "models_config",
    "batching_parameters",
    "Client",
    "ServingError",
}


def test_the_package_shows_its_public_names_and_no_other():
    assert set(dir(serving)) == set(serving.__all__) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_name_is_there(name):
    assert getattr(serving, name).__name__ == name


def test_the_client_is_a_package_of_its_own():
    client = importlib.import_module("keras_vae.serving.client")
    assert dir(client) == client.__all__ == ["Client", "ServingError"]
    assert (client.Client, client.ServingError) == (serving.Client, serving.ServingError)


def test_another_name_is_refused():
    with pytest.raises(AttributeError, match=r"module 'keras_vae\.serving' has no attribute 'export'"):
        serving.__getattr__("export")


def test_every_module_of_the_client_does_without_tensorflow():
    modules = ["client", "client_inputs", "condition", "connection", "grpc_transport", "protos", "rest_transport"]
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['tensorflow', 'keras', 'tensorflow_probability']))\n"
        + "".join(f"import keras_vae.serving.client.{name}\n" for name in modules)
        + "import keras_vae.serving; print(len(dir(keras_vae.serving)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(len(NAMES))
