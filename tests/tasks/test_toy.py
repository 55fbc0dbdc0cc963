"""A new use is a folder and a line in the registry: then the shell, the runs and serving know it."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from runs.run_helpers import assert_same_run, write_table

import keras_vae
from keras_vae.runs.run_folder import RunFolder

TOY = pathlib.Path(__file__).parent / "toy"
LINE = '    "toy": Entry("toy", "keras_vae.tasks.toy.settings", "keras_vae.tasks.toy.task:ToyTask"),\n'
TABLE_START = "TASKS = {\n"

# Several commands in one process, with a checkpoint after every epoch.
SHELL = """
import json, sys
commands = json.loads(sys.argv[1])
sys.argv = ["keras-vae"]
from keras_vae.cli.app import main
from keras_vae.runs import recorder
recorder.CHECKPOINT_SECONDS, recorder.CHECKPOINT_SHARE = 0.0, 1e9
for command in commands:
    sys.argv = ["keras-vae", *command]
    try:
        main()
    except SystemExit as end:
        print(f"ended with {end.code}")
"""


@pytest.fixture
def package(tmp_path):
    """The folder of a copy of the package."""
    shutil.copytree(pathlib.Path(keras_vae.__file__).parent, tmp_path / "copy" / "keras_vae")
    return tmp_path / "copy" / "keras_vae"


def put(file, after, line):
    """Add a line to a file after another one."""
    text = file.read_text()
    assert text.count(after) == 1
    file.write_text(text.replace(after, after + line))


def start(package, *arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, *arguments], stdout=pipe, stderr=pipe, text=True, env=environment, cwd=cwd)


def shell(package, *commands, cwd, then=""):
    """Run commands of the program, and then a script, in one process; returns (stdout, stderr)."""
    process = start(package, "-c", SHELL + then, json.dumps([list(map(str, c)) for c in commands]), cwd=cwd)
    return process.communicate()


@pytest.mark.slow
def test_a_use_of_sixty_lines_is_listed_trained_killed_resumed_reported_and_exported(package, tmp_path):
    assert sum(len(file.read_text().splitlines()) for file in TOY.glob("*.py")) <= 60
    shutil.copytree(TOY, package / "tasks" / "toy")
    put(package / "tasks" / "registry.py", TABLE_START, LINE)
    out, _ = start(package, "-m", "keras_vae", "--help", cwd=tmp_path).communicate()
    assert re.search(r"^Train:\n(  .*\n)*  toy +Train a toy: two latent dimensions", out, re.MULTILINE)

    table = write_table(tmp_path / "table.csv")
    train = ["toy", "--data", table, "--width", 5, "--epochs", 25, "--batch-size", 16, "--out"]
    run = RunFolder(tmp_path / "killed")
    process = start(package, "-c", SHELL, json.dumps([list(map(str, [*train, run.path]))]), cwd=tmp_path)
    while process.poll() is None and run.epochs_done < 2:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert 2 <= run.epochs_done < 25

    out, err = shell(
        package,
        ["toy", "--out", run.path, "--resume"],
        [*train, tmp_path / "whole"],
        ["evaluate", run.path, "--n-samples", 2],
        ["sample", run.path, "--out", "samples.npz"],
        ["export", run.path, "served"],
        cwd=tmp_path,
    )
    assert "ended with" not in out, err
    assert re.search(r"batches of 16, \d+ of 25 epochs done", out)
    assert re.search(r"squared error +\d", out)
    assert "nats of shares of the largest value" in out
    assert_same_run(tmp_path / "whole", run.path)
    metrics = json.loads(run.metrics_file.read_text())
    assert metrics["squared_error"] > 0.0
    assert (tmp_path / "served" / "1" / "saved_model.pb").is_file()
    config = json.loads(run.config_file.read_text())
    assert config["task"] == "toy"
    assert config["settings"]["width"] == 5
    assert config["learned"]["largest_"] > 100.0


ONE_MORE = '    "gamma": Setting(number(0.0), 0.5, "One more setting."),\n'


@pytest.mark.slow
def test_one_more_setting_of_train_is_one_line(package, tmp_path):
    settings = package / "tasks" / "vae" / "settings.py"
    put(settings, "_OBJECTIVE = {\n", ONE_MORE)
    out, _ = start(package, "-m", "keras_vae", "train", "--help", cwd=tmp_path).communicate()
    assert re.search(r"--gamma <?float>? +One more setting\. \[default: 0\.5\]", out, re.IGNORECASE)
    table = write_table(tmp_path / "table.csv")
    small = ["--latent-dim", 2, "--hidden-units", "8", "--epochs", 1, "--batch-size", 16]
    out, err = shell(
        package,
        ["train", "--data", table, *small, "--gamma", 0.25, "--out", "run"],
        ["train", "--out", "run", "--resume", "--gamma", 0.75],
        ["train", "--data", table, "--gamma", -1, "--out", "other"],
        cwd=tmp_path,
        then=TRY_NEXT,
    )
    assert out.count("ended with 2") == 2
    assert "`gamma` must stay what it was when the run began, 0.25; begin another with --out" in err
    assert json.loads((tmp_path / "run" / "config.json").read_text())["settings"]["gamma"] == 0.25
    assert "keras-vae: `gamma` must be a finite number >= 0.0. Received: gamma=-1.0" in err
    assert "--gamma 0.25" in out.splitlines()[-1]


# What the doctor says to type, for a remedy.
TRY_NEXT = """
import types
from keras_vae.evaluation.health.remedies import LONGER
from keras_vae.runs.doctor import train_commands
from keras_vae.runs.run_folder import RunFolder
print(train_commands(types.SimpleNamespace(remedy=(LONGER,)), RunFolder("run").read_config(), "run")[0])
"""
