import gc
import os

# Set before TensorFlow is imported: its C++ log would bury the report.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

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


def _seed():
    keras.utils.set_random_seed(0)


@pytest.fixture(scope="module", autouse=True)
def same_weights_of_what_a_module_shares():
    """Seed what its shared fixtures draw."""
    _seed()


@pytest.fixture(autouse=True)
def same_weights_every_time(same_weights_of_what_a_module_shares):
    """Seed the models that a test gives no seed: what passes here must not fail on the next machine by its draws."""
    _seed()


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def mixed_float16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)
