"""The same bits under other thread counts, batch sizes and instruction sets, each in a process of its own."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import numpy as np
import pytest
from tasks.compression.exact.exact_models import CASES, data, save, shared

import keras_vae as kv
from keras_vae.tasks.compression.exact.exact_model import ExactModel

DIGEST = pathlib.Path(__file__).with_name("digest.py")
# What NumPy can do without, of what this processor has: its names differ between releases of NumPy.
FOUND = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PLAIN = {**ONE_THREAD, "OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": " ".join(FOUND)}
SETTINGS = {
    "2 threads": {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
    "SSE3 alone": PLAIN,
}
MORE_SETTINGS = {
    "4 threads": {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"},
    **{
        f"BLAS for {core}": {**ONE_THREAD, "OPENBLAS_CORETYPE": core}
        for core in ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake")
    },
    **{
        f"NumPy without {' '.join(FOUND[i:])}": {**ONE_THREAD, "NPY_DISABLE_CPU_FEATURES": " ".join(FOUND[i:])}
        for i in range(len(FOUND))
    },
}


def run(command, settings):
    """Standard output of a command; a skip where the processor does not have the instructions asked for."""
    done = subprocess.run(
        [sys.executable, *map(str, command)], env={**os.environ, **settings}, capture_output=True, text=True
    )
    if done.returncode == -signal.SIGILL:
        pytest.skip("this processor does not have these instructions")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Exact models of every likelihood and kind of network, and one whose products are large enough for threads."""
    folder = tmp_path_factory.mktemp("models")
    for name in CASES:
        model = shared(name)
        save(ExactModel.of(model), data(model, 65), folder / name)
    large = kv.make_ladder_vae((28, 28, 1), (32, 16), "dense", (512, 256), likelihood="bernoulli", seed=0)
    save(ExactModel.of(large), data(large, 65), folder / "large")
    return folder


def digests(folder, settings):
    """Digests of the models under settings, and the one of what NumPy gives by itself."""
    found = json.loads(run([DIGEST, folder], settings))
    return found, found.pop("NumPy itself")


@pytest.fixture(scope="module")
def wanted(folder):
    return digests(folder, ONE_THREAD)[0]


def test_every_batch_size_has_the_same_bits(wanted):
    by_model = {name: {wanted[f"{name} in batches of {n}"] for n in (1, 3, 64)} for name in (*CASES, "large")}
    assert all(len(found) == 1 for found in by_model.values())
    # One for the functions, and for each model one of some rows and one of all.
    assert len(wanted) == 1 + 4 * len(by_model)
    assert len({*wanted.values()}) == 1 + 2 * len(by_model)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_another_setting_has_the_same_bits(name, folder, wanted):
    assert digests(folder, SETTINGS[name])[0] == wanted


@pytest.mark.skipif(not FOUND, reason="NumPy has one way to compute on this processor")
def test_numpy_itself_does_not_have_the_same_bits(tmp_path):
    # Else the settings would change nothing, and the tests above could not fail.
    assert digests(tmp_path, ONE_THREAD)[1] != digests(tmp_path, PLAIN)[1]


@pytest.mark.slow
@pytest.mark.parametrize("name", MORE_SETTINGS)
def test_a_further_setting_has_the_same_bits(name, folder, wanted):
    assert digests(folder, MORE_SETTINGS[name])[0] == wanted


FROM_FILE = """
import sys
import pathlib
import keras
import numpy as np
import keras_vae
from tasks.compression.exact.exact_models import save
from keras_vae.tasks.compression.exact.exact_model import ExactModel
source, target = map(pathlib.Path, sys.argv[1:])
model = keras.models.load_model(source)
save(ExactModel.of(model), np.load(source.with_suffix(".npy")), target)
"""


@pytest.mark.slow
@pytest.mark.parametrize("onednn", ["0", "1"])
def test_a_model_that_tensorflow_has_loaded_has_the_same_bits(onednn, tmp_path, wanted):
    model = shared("bernoulli-conv")
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "model.npy", data(model, 65))
    path = os.pathsep.join(map(str, (DIGEST.parents[4] / "tests", DIGEST.parents[4])))
    settings = {"TF_ENABLE_ONEDNN_OPTS": onednn, "PYTHONPATH": path}
    (tmp_path / "exact").mkdir()
    run(["-c", FROM_FILE, tmp_path / "model.keras", tmp_path / "exact" / "bernoulli-conv"], settings)
    found, _ = digests(tmp_path / "exact", settings)
    assert len(found) == 5
    assert found.items() <= wanted.items()
