"""Digest of all that exact models and functions give, printed by a process of its own; no TensorFlow is imported.

Usage: python digest.py FOLDER, a folder of models as `save` in `exact_models.py` writes them.
"""

import hashlib
import json
import pathlib
import sys
import types

import numpy as np

# The package without its `__init__`, which imports TensorFlow.
_package = types.ModuleType("keras_vae")
_package.__path__ = [str(pathlib.Path(__file__).parents[4] / "keras_vae")]
sys.modules["keras_vae"] = _package

from keras_vae.tasks.compression.exact import exact_math  # noqa: E402
from keras_vae.tasks.compression.exact.exact_model import ExactModel  # noqa: E402
from keras_vae.tasks.compression.exact.incomplete_beta import incomplete_beta  # noqa: E402

BATCHES = (1, 3, 64)
# Rows that are compared between batches.
N_COMPARED = 9


def arrays_of_functions():
    """What the functions give for numbers made of whole ones, which are the same everywhere."""
    x = np.random.default_rng(0).integers(-(2**40), 2**40, 30_001) * 2.0**-35
    for name in exact_math.__all__:
        yield getattr(exact_math, name)(np.abs(x) / 33.0 + 2.0**-30 if name in ("log", "ndtri") else np.abs(x))
    positive = exact_math.exp(x / 4.0)
    share = exact_math.sigmoid(x / 8.0)
    yield incomplete_beta(positive, positive[::-1], share, 1.0 - share)


def arrays_of_numpy():
    """What has other bits under other settings: a control."""
    x = np.random.default_rng(0).standard_normal((300, 300))
    return [x @ x.T, np.exp(x), np.tanh(x), x.sum(axis=1)]


def arrays_of_model(exact, x, batch):
    """Means, scales, parameters and cdfs along the posterior means, for rows of a batch at a time."""
    found = []
    for start in range(0, len(x), batch):
        rows = x[start : start + batch]
        way, arrays = exact.way(len(rows), exact.evidence(rows)), []
        for layer in range(len(exact.latent_dims)):
            arrays += [*way.prior(layer), *way.posterior(layer)]
            way.take(layer, arrays[-2])
        arrays.append(way.x_params())
        known = []
        for group in exact.likelihood.groups(way.x_params()):
            values = group.take(rows)
            below = group.given(known)
            arrays += [below(values), below(values + 1), below(values // 2)]
            known.append(values)
        found.append(arrays)
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def digest(arrays):
    """Hash of the bits of arrays."""
    found = hashlib.sha256()
    for array in arrays:
        assert array.dtype == np.float64
        assert np.all(np.isfinite(array))
        found.update(np.ascontiguousarray(array).astype("<f8").tobytes())
    return found.hexdigest()


def main(folder):
    digests = {"functions": digest(arrays_of_functions()), "NumPy itself": digest(arrays_of_numpy())}
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        with np.load(path.with_suffix(".npz")) as file:
            arrays = {name: file[name] for name in file.files}
        exact = ExactModel(json.loads(path.read_text()), {k: v for k, v in arrays.items() if k != "x"})
        for batch in BATCHES:
            rows = arrays["x"] if batch > N_COMPARED else arrays["x"][:N_COMPARED]
            found = arrays_of_model(exact, rows, batch)
            digests[f"{path.stem} in batches of {batch}"] = digest([array[:N_COMPARED] for array in found])
        digests[f"{path.stem}, all rows"] = digest(found)
    assert not {"tensorflow", "keras"} & {*sys.modules}
    print(json.dumps(digests))


if __name__ == "__main__":
    main(sys.argv[1])
