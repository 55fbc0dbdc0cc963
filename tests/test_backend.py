"""Another backend of Keras is refused in one sentence, before anything of it is used."""

import os
import subprocess
import sys
import types

import keras
import pytest

from keras_vae._backend import check_backend


def test_tensorflow_is_what_is_wanted():
    check_backend()


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_another_backend_is_refused(backend, monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: backend)
    with pytest.raises(ImportError, match=f"needs the TensorFlow backend .*KERAS_BACKEND=tensorflow.*'{backend}'"):
        check_backend()


def test_a_backend_that_is_not_installed_is_refused_with_the_same_words(monkeypatch):
    class Broken(types.ModuleType):
        def __getattr__(self, name):
            raise ImportError("No module named 'nothing'")

    monkeypatch.setenv("KERAS_BACKEND", "nothing")
    monkeypatch.setitem(sys.modules, "keras", Broken("keras"))
    with pytest.raises(ImportError, match=r"KERAS_BACKEND=tensorflow.*'nothing', which is not installed"):
        check_backend()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with pytest.raises(ImportError, match="No module named 'nothing'"):
        check_backend()


def test_the_program_chooses_its_backend_itself():
    environment = {**os.environ, "KERAS_BACKEND": "nothing"}
    code = "import sys; sys.argv = ['keras-vae']; import keras_vae, os; print(os.environ['KERAS_BACKEND'])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "tensorflow", done.stderr
