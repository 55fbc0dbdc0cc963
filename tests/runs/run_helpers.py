"""What the tests of tasks, runs and the shell share: small data, small runs, equality of two runs."""

import numpy as np

from keras_vae.runs.load_model import load_model
from keras_vae.runs.open_run import open_run
from keras_vae.runs.training import train

SMALL = {"latent_dim": 2, "hidden_units": [8], "epochs": 3, "batch_size": 16, "schedule": "constant"}


def write_table(path, n=60, seed=0):
    """A .csv file of four columns on different scales and a column of named classes; returns its path."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 2, n)
    x = rng.normal(size=(n, 4)) * [1.0, 10.0, 0.1, 5.0] + classes[:, None] * [2.0, -20.0, 0.0, 5.0] + [0, 100, 0, 0]
    rows = [",".join([*map(repr, row), ("low", "high")[k]]) for row, k in zip(x.tolist(), classes, strict=True)]
    path.write_text("\n".join(["a,b,c,d,label", *rows]) + "\n")
    return path


def write_images(path, n=40, shape=(7, 9), seed=0):
    """An .npz file of uint8 images; returns its path."""
    np.savez(path, x=np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8))
    return path


def write_image_files(folder, n=12, size=(9, 8), seed=0):
    """A folder of colour images in two classes; returns its path."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    for i in range(n):
        file = folder / ("cats", "dogs")[i % 2] / f"{i:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (*size, 3), dtype=np.uint8)).save(file)
    return folder


def train_run(path, data, resume=False, **settings):
    """Train a small run without a word; returns its final figures."""
    return train(*open_run(path, resume, data=str(data), **{**SMALL, **settings}), verbose=0)


def whole_state(file):
    """Weights, optimizer and random state in a `.keras` file, as a list of arrays."""
    model = load_model(file)
    return [*model.get_weights(), *(v.numpy() for v in model.optimizer.variables), *map(np.asarray, _random(model))]


def _random(model):
    return [v.numpy() for v in model.variables if v.name == "seed_generator_state"]


def assert_same_run(a, b):
    """Two run folders hold the same numbers, bit for bit, and nothing that was left over."""
    for name in ("history.csv", "metrics.json", "config.json"):
        assert (a / name).read_text() == (b / name).read_text(), name
    for x, y in zip(whole_state(a / "model.keras"), whole_state(b / "model.keras"), strict=True):
        np.testing.assert_array_equal(x, y)
    assert names(a) == names(b)


def names(folder):
    """Every file below a folder, hidden ones as well."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
