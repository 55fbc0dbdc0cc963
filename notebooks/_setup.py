"""What the notebooks of this folder share: pictures in the page, a step limit, TensorFlow without its log, stand-ins.

Nothing here is part of the library: `from _setup import ...` in the first cell of a notebook, and read on below it.
"""

import contextlib
import os
import pathlib
import re
import shlex
import subprocess
import sys
import warnings

import numpy as np
from IPython import get_ipython

# Set by the tests, to run a notebook in seconds; 0 is no limit.
STEPS = int(os.environ.get("KERAS_VAE_STEPS", 0))


def budget(epochs):
    """How long to train, as arguments of `fit`."""
    return {"epochs": 1, "steps_per_epoch": STEPS} if STEPS else {"epochs": epochs}


def task_budget(**settings):
    """How long to train, as settings of a task: those given, or what the data and five minutes allow."""
    return {"epochs": 1} if STEPS else settings


@contextlib.contextmanager
def quiet():
    """Drop what TensorFlow's C++ code says on stderr about processors and graphics cards."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


def attempt(what, action):
    """Run something that is expected to fail, and print the error in one line."""
    try:
        with warnings.catch_warnings(), quiet():
            warnings.simplefilter("ignore")
            action()
        print(f"{what}: no error")
    except Exception as error:
        lines = [line for line in re.sub(r"\x1b\[\d*m", "", str(error)).splitlines() if line.strip()]
        # Keras puts where it happened before what happened.
        cause = next((line for line in lines if not line.startswith("Exception encountered")), "")
        cause = re.sub(r"\{\{.*?\}\} ?", "", cause)
        print(f"{what}\n    {type(error).__name__}: {cause}")


def shell(line, folder):
    """Run a `keras-vae` line in a folder as a terminal would, and print it with its answer; bars are left away."""
    command = [sys.executable, "-m", "keras_vae", *shlex.split(line)[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{line}\n{done.stderr}")
    print(f"$ {line}\n{done.stdout}")


def load_or_stand_in(name, labels=False):
    """Training and test images of MNIST or CIFAR-10, uint8: the real ones if they are on this machine, else a stand-in.

    Nothing is downloaded. The stand-in is made of the digits that come inside scikit-learn. With `labels` those of both
    parts come behind the images.
    """
    if _is_stored(name):
        with contextlib.suppress(ConnectionError, FileNotFoundError):
            data = kv.data.load(name)
            print(f"{name}: {data.n_train:,} training and {data.n_test:,} test images of shape {data.event_shape}")
            return (data.x_train, data.x_test, *([data.y_train, data.y_test] if labels else []))
    print(f"{name} is not on this machine: enlarged 8x8 digits stand in for it, and all numbers are theirs.")
    data = kv.data.load("digits")
    size = {"mnist": 28, "cifar10": 32}[name]
    parts = [tf.image.resize(x, (size, size)).numpy() for x in (data.x_train, data.x_test)]
    if name == "cifar10":
        tint = np.random.default_rng(0)
        parts = [x * tint.uniform(0.3, 1.0, (len(x), 1, 1, 3)) for x in parts]
    images = [np.round(np.clip(x, 0, 255)).astype("uint8") for x in parts]
    return [*images, data.y_train, data.y_test] if labels else images


def _is_stored(name):
    """Whether MNIST or CIFAR-10 is on this machine already."""
    home = pathlib.Path(os.environ.get("KERAS_HOME", pathlib.Path.home() / ".keras"))
    pattern = {"mnist": "mnist.npz", "cifar10": "cifar-10-batches-py*"}[name]
    return bool(os.environ.get("KERAS_VAE_DATA")) or any((home / "datasets").glob(pattern))


def _one_line(message, category, *place, **more):
    print(f"{category.__name__}: {message}")


# A warning without the file it comes from.
warnings.showwarning = _one_line

with quiet():
    import tensorflow as tf

    import keras_vae as kv

    # The first computation says most of it.
    tf.constant(0) + 0
    tf.get_logger().setLevel("ERROR")

if get_ipython() is not None:
    get_ipython().run_line_magic("matplotlib", "inline")
    get_ipython().run_line_magic("config", 'InlineBackend.print_figure_kwargs = {"dpi": 80}')
