"""The folder in which the search for a latent size keeps every training that is finished, and goes on after a break."""

import json
import pathlib

import numpy as np

from keras_vae._files import atomic_path, write_text

# What the trainings of the folder have in common.
CONFIG = "latent-dim.json"
RESULT, PICTURE = "sizes.json", "sizes.png"


class KeptSizes:
    """Finished trainings by size and seed, each a pair of files: figures (.json) and the bound of every row (.npz).

    Args:
        folder: path or None. None keeps nothing.
        config: dict that JSON can hold. What all trainings of a folder must have in common: data, settings, seed.

    Raises:
        ValueError: if the folder holds trainings of another `config`, or cannot be read as one of these folders.
        NotADirectoryError: if `folder` is a file.
    """

    def __init__(self, folder, config):
        self.folder = None if folder is None else pathlib.Path(folder)
        if self.folder is None:
            return
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(f"`folder` must be a folder. Received: folder={str(folder)!r}, which is a file")
        file = self.folder / CONFIG
        if file.is_file():
            _check_same(self.folder, _read(file), json.loads(json.dumps(config)))
        elif self.folder.is_dir() and any(self.folder.iterdir()):
            raise ValueError(f"`folder` must be new, or one with {CONFIG}. Received: folder={str(folder)!r}")
        else:
            write_text(file, json.dumps(config, indent=1) + "\n")

    def load(self):
        """What is finished: dict from pairs of a size and a seed to `(rows, figures)`."""
        if self.folder is None:
            return {}
        found = {}
        for file in sorted(self.folder.glob("size-*.json")):
            figures = _read(file)
            with np.load(file.with_suffix(".npz")) as archive:
                found[figures["latent_dim"], figures["seed"]] = archive["log_prob"], figures
        return found

    def save(self, rows, figures):
        """Keep one finished training.

        Args:
            rows: array `(n,)`. The bound of every held-out row, nats.
            figures: dict that JSON can hold, with `latent_dim` and `seed`.
        """
        if self.folder is None:
            return
        stem = f"size-{figures['latent_dim']:04d}-seed-{figures['seed']}"
        # The figures come last: where they are, the rows are.
        with atomic_path(self.folder / f"{stem}.npz") as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, log_prob=rows)
        write_text(self.folder / f"{stem}.json", json.dumps(figures, indent=1) + "\n")

    def finish(self, sizes):
        """Write the result and its picture.

        Args:
            sizes: `LatentSizes`.
        """
        if self.folder is None:
            return
        # JSON has no NaN: it is null there.
        numbers = {n: [_finite(v) for v in value] for n, value in sizes.as_dict().items() if isinstance(value, list)}
        write_text(self.folder / RESULT, json.dumps({**sizes.as_dict(), **numbers}, indent=1) + "\n")
        with atomic_path(self.folder / PICTURE) as temporary:
            sizes.plot().savefig(temporary)


def _finite(value):
    return None if value != value else value


def _read(file):
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ValueError(f"{file} cannot be read: remove it, or give another `folder`")
    return content


def _check_same(folder, there, config):
    """Refuse to go on with other data or settings, each named with both values."""
    names = [name for name in dict.fromkeys([*config, *there]) if there.get(name) != config.get(name)]
    if names:
        told = ", ".join(f"{name}={config.get(name)!r}, and {there.get(name)!r} there" for name in names)
        raise ValueError(
            f"`folder` must hold trainings of the same data and settings: give another folder. "
            f"Received: folder={str(folder)!r} with {told}"
        )
