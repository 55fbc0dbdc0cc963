"""`keras-vae train` and `BackupAndRestore` in two processes, one of them killed: what docs/many_devices.md promises."""

import json
import pathlib
import re
import shlex
import signal
import sys
import time

import pytest
from runs.run_helpers import SMALL, assert_same_run, names, write_table
from worker_helpers import output, results, wait_for, workers

from keras_vae.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow

N_EPOCHS = 6
GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "many_devices.md"

# The program, with a checkpoint after every epoch and epochs that take long enough to be killed in.
TRAIN = """
import sys, time
sys.argv[0] = "keras-vae"
from keras_vae.runs import recorder
recorder.CHECKPOINT_SECONDS, recorder.CHECKPOINT_SHARE = 0.0, 1e9
recorder.Recorder.on_epoch_begin = lambda self, epoch, logs=None: time.sleep(0.5)
from keras_vae.cli.app import main
main()
"""

FIT = """
import json, os, signal, sys, time
import tensorflow as tf
strategy = tf.distribute.MultiWorkerMirroredStrategy()
import keras, numpy as np
from helpers import small_vae
import keras_vae as kv

folder, victim = sys.argv[1:]
index = strategy.cluster_resolver.task_id
chief = index == 0
with strategy.scope():
    vae = small_vae(seed=3)
    vae.compile("adam")
x = np.random.default_rng(0).normal(size=(50, 6)).astype("float32")

def die(epoch, logs):
    if epoch == 3 and str(index) == victim:
        os.kill(os.getpid(), signal.SIGKILL)

history = vae.fit(x, batch_size=16, epochs=5, shuffle=False, verbose=0, callbacks=[
    keras.callbacks.BackupAndRestore(folder, "epoch" if chief else sys.maxsize, delete_checkpoint=chief),
    keras.callbacks.LambdaCallback(on_epoch_begin=die),
]).history
state = [v.numpy().tolist() for v in [*vae.variables, *vae.optimizer.variables]]
print("RESULT" + json.dumps({"loss": history["loss"], "state": state}))
"""


def arguments(folder, table, *more):
    return [
        *("train", "--data", table, "--out", folder / "run", "--epochs", N_EPOCHS, *more),
        *("--latent-dim", SMALL["latent_dim"], "--hidden-units", 8, "--batch-size", SMALL["batch_size"]),
    ]


def train(folder, table, *more, n=2):
    """Train to the end; returns the run folder."""
    with workers(folder, sys.executable, "-c", TRAIN, *arguments(folder, table, *more), n=n) as processes:
        codes = wait_for(processes, 900)
    assert codes == [0] * n, [output(folder, i)[-2000:] for i in range(n)]
    return folder / "run"


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("data") / "table.csv")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, table):
    """The run of two workers that nobody killed, and what they printed."""
    return train(tmp_path_factory.mktemp("whole"), table)


def test_the_chief_alone_writes_and_reports(whole):
    chief, other = (output(whole.parent, index) for index in range(2))
    assert "log p(x)" in chief
    assert "log p(x)" not in other
    assert f"the chief writes {whole}" in other
    assert names(whole.parent)[0] == "run"
    assert {"config.json", "history.csv", "metrics.json", "model.keras"} < set(names(whole))
    assert not [name for name in names(whole) if ".tmp-" in name]
    assert RunFolder(whole).is_finished(N_EPOCHS)


@pytest.mark.parametrize(
    ("victim", "number"), [(0, signal.SIGKILL), (1, signal.SIGTERM)], ids=["the-chief-killed", "the-other-terminated"]
)
def test_a_run_with_a_killed_worker_ends_with_the_same_numbers(whole, table, tmp_path, victim, number):
    run = RunFolder(tmp_path / "run")
    with workers(tmp_path, sys.executable, "-c", TRAIN, *arguments(tmp_path, table, "--resume")) as processes:
        end = time.monotonic() + 900
        while run.epochs_done < 2:
            assert time.monotonic() < end
            assert all(process.poll() is None for process in processes), output(tmp_path, 0)[-2000:]
            time.sleep(0.02)
        processes[victim].send_signal(number)
        # The other one notices and ends by itself.
        codes = wait_for(processes, 900)
    assert codes[victim] == -number
    assert codes[1 - victim] == 2
    last_line = output(tmp_path, 1 - victim).strip().splitlines()[-1]
    assert last_line.startswith(f"keras-vae: worker {1 - victim} of 2 has lost another one")
    assert last_line.endswith("start all workers again with --resume")
    assert 2 <= run.epochs_done < N_EPOCHS
    train(tmp_path, table, "--resume")
    assert_same_run(whole, tmp_path / "run")


def test_a_chief_killed_in_its_report_ends_it_alone(whole, table, tmp_path):
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    for name in ("config.json", "history.csv", f"checkpoints/epoch-{N_EPOCHS:05d}.keras"):
        (folder / name).write_bytes((whole / name).read_bytes())
    with workers(tmp_path, sys.executable, "-c", TRAIN, *arguments(tmp_path, table, "--resume")) as (chief, other):
        other.kill()
        assert wait_for([chief], 900) == [0], output(tmp_path, 0)[-2000:]
    assert_same_run(whole, folder)


def test_a_worker_that_waits_for_the_others_ends_at_ctrl_c(table, tmp_path):
    with workers(tmp_path, sys.executable, "-c", TRAIN, *arguments(tmp_path, table)) as (chief, other):
        other.kill()
        time.sleep(60)  # It has loaded everything and waits.
        assert chief.poll() is None
        chief.send_signal(signal.SIGINT)
        assert wait_for([chief], 60) == [-signal.SIGINT]
    assert not RunFolder(tmp_path / "run").exists


def test_workers_that_were_started_differently_are_refused(table, tmp_path):
    other_seed = TRAIN.replace("main()\n", "import os, json\nargv = sys.argv\n") + (
        "sys.argv = [*argv, '--seed', str(json.loads(os.environ['TF_CONFIG'])['task']['index'])]\nmain()\n"
    )
    with workers(tmp_path, sys.executable, "-c", other_seed, *arguments(tmp_path, table)) as processes:
        codes = wait_for(processes, 900)
    assert codes == [2, 2]
    assert "worker 1 has another config than the chief" in output(tmp_path, 1)
    assert "Traceback" not in output(tmp_path, 0) + output(tmp_path, 1)


@pytest.mark.parametrize("victim", [0, 1], ids=["the-chief", "the-other"])
def test_backup_and_restore_ends_with_the_same_numbers(tmp_path, victim):
    (tmp_path / "killed").mkdir()

    def fit(folder, backup, victim):
        with workers(folder, sys.executable, "-c", FIT, backup, victim) as processes:
            return wait_for(processes, 900)

    assert fit(tmp_path, tmp_path / "other-backup", "nobody") == [0, 0], output(tmp_path, 0)[-2000:]
    chief, other = results(tmp_path)
    codes = fit(tmp_path / "killed", tmp_path / "backup", victim)
    assert codes[victim] == -signal.SIGKILL
    assert codes[1 - victim] == 1
    assert (tmp_path / "backup" / "latest.weights.h5").exists()
    assert fit(tmp_path / "killed", tmp_path / "backup", "nobody") == [0, 0]
    for whole, resumed in zip((chief, other), results(tmp_path / "killed"), strict=True):
        assert resumed["loss"] == whole["loss"][3:]
        assert resumed["state"] == whole["state"]
    assert not (tmp_path / "backup").exists()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)


def test_the_commands_of_the_guide_train_together(tmp_path):
    (block,) = blocks("sh")
    (first, *command), (second, *same) = map(shlex.split, block.strip().splitlines())
    configs = [json.loads(word.removeprefix("TF_CONFIG=")) for word in (first, second)]
    assert command == same
    assert [config["task"] for config in configs] == [{"type": "worker", "index": index} for index in range(2)]
    assert configs[0]["cluster"] == configs[1]["cluster"]
    # On ports that are free here.
    program = pathlib.Path(sys.executable).with_name(command[0])
    with workers(tmp_path, program, *command[1:], cwd=tmp_path) as processes:
        assert wait_for(processes, 900) == [0, 0], output(tmp_path, 0)[-2000:]
    assert RunFolder(tmp_path / "runs" / "together").is_finished(3)


def test_the_script_of_the_guide_trains_together(tmp_path):
    (script,) = blocks("python")
    with workers(tmp_path, sys.executable, "-c", script, cwd=tmp_path) as processes:
        assert wait_for(processes, 900) == [0, 0], output(tmp_path, 0)[-2000:]
    assert "Epoch 5/5" in output(tmp_path, 0)
    assert "Epoch" not in output(tmp_path, 1)
    assert names(tmp_path / "runs") == ["vae.keras"]
