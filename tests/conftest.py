import gc
import os
import random

# Set before TensorFlow is imported: its C++ log would bury the report.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Workers share the cores: a worker with threads for all of them makes the others wait.
if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, "1")

import keras
import numpy as np
import pytest
from runs.run_fixtures import run_path, table, trained  # noqa: F401


@pytest.fixture(scope="module", autouse=True)
def no_garbage_of_other_modules():
    """Take what the models of a module leave behind out of the sight of the garbage collector.

    Keras and TensorFlow keep some 3,000 objects of the graph of every fit. After some hundred modules a full
    collection goes through all of them, in the midst of any test: some that do no work have taken half a minute.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def same_draws_in_every_module():
    """Seed what a module shares, and the order of rows: what passes here must not fail elsewhere by its draws."""
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def same_draws_in_every_test(same_draws_in_every_module):
    """Seed the models that a test gives no seed: Keras draws it by `random`.

    TensorFlow's own seed stays: to set it drops every compiled function, and those that a module shares, such as the
    signatures of an export, would be compiled again for each test.
    """
    random.seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def mixed_float16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)
