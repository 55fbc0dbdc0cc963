"""Two workers train a recommender together, each on its share of the sparse rows, along the curve of one."""

import sys

import numpy as np
import pytest
from tasks.ratings.ratings_helpers import write_log
from worker_helpers import output, wait_for, workers

from keras_vae.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow

TRAIN = """
import sys
sys.argv[0] = "keras-vae"
from keras_vae.cli.app import main
main()
"""


def history(folder, log, n):
    folder.mkdir()
    arguments = ["train-recommender", "--data", log, "--out", folder / "run", "--model", "mult_dae", "--dropout", 0.0]
    arguments += ["--epochs", 4, "--latent-dim", 2, "--hidden-units", 8, "--batch-size", 16, "--validation", 0.2]
    with workers(folder, sys.executable, "-c", TRAIN, *arguments, n=n) as processes:
        codes = wait_for(processes, 600)
    assert codes == [0] * n, [output(folder, i)[-2000:] for i in range(n)]
    return RunFolder(folder / "run").read_history()


def test_the_curve_of_two_workers_is_that_of_one(tmp_path):
    log = write_log(tmp_path / "plays.csv")
    one, two = (history(tmp_path / str(n), log, n) for n in (1, 2))
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-4, err_msg=name)
