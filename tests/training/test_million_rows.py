"""Scores of a stream of a million rows take the memory of the scores and not that of the rows."""

import json
import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

N_ROWS, N_FEATURES = 1_000_000, 64

# A process of its own: the highest memory use of a process never falls again.
SCRIPT = """
import json, resource, sys
sys.path.insert(0, sys.argv[1])
import numpy as np, tensorflow as tf
from helpers import small_vae

n_features, n_rows = int(sys.argv[2]), int(sys.argv[3])
vae = small_vae(event_shape=(n_features,))

def stream(n, batch=1000):
    def rows():
        rng = np.random.default_rng(0)
        for _ in range(n // batch):
            yield rng.normal(size=(batch, n_features)).astype("float32")
    return tf.data.Dataset.from_generator(rows, output_signature=tf.TensorSpec((None, n_features), tf.float32))

def peak():
    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

def fit(data):
    vae.fit(data, verbose=0)

vae.compile("adam")
verbs = {
    "elbo": vae.elbo,
    "log_prob": lambda data: vae.log_prob(data, n_samples=2),
    "encode": vae.encode,
    "evaluate": lambda data: vae.evaluate(data, verbose=0),
    "fit": fit,
}
growth = {}
for name, verb in verbs.items():
    verb(stream(50_000))
    before = peak()
    found = verb(stream(n_rows))
    growth[name] = peak() - before
    if name in ("elbo", "log_prob"):
        assert found.shape == (n_rows,) and np.isfinite(found).all()
print("RESULT" + json.dumps(growth))
"""


@pytest.fixture(scope="module")
def growth():
    """Megabytes by which a million rows raise the memory, by verb."""
    tests = pathlib.Path(__file__).parents[1]
    command = [sys.executable, "-c", SCRIPT, str(tests), str(N_FEATURES), str(N_ROWS)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.rsplit("RESULT", 1)[1])


@pytest.mark.parametrize("verb", ["elbo", "log_prob", "encode", "evaluate", "fit"])
def test_a_million_rows_do_not_stay_in_memory(growth, verb):
    megabytes_of_rows = 4 * N_ROWS * N_FEATURES / 2**20
    # The scores themselves: at most four vectors of 4 MB, twice while they are joined.
    assert growth[verb] < 48 < megabytes_of_rows / 5
