"""`load`, which reads a data set from any source: a name, a file or a folder."""

import os
import pathlib

from keras_vae._checks import check_int
from keras_vae.data.csv_file import load_csv
from keras_vae.data.dataset import Dataset
from keras_vae.data.digits import load_digits
from keras_vae.data.folder import load_folder
from keras_vae.data.named import NAMES, load_named
from keras_vae.data.npz_file import load_npz


def load(name_or_path: str | os.PathLike, test_fraction: float = 0.1, seed: int = 0) -> Dataset:
    """Data set by name or path.

    Args:
        name_or_path: `"digits"` (needs no download), `"mnist"`, `"fashion_mnist"`, `"cifar10"`, or the path of an
            `.npz` file, a `.csv` file or a folder of images. A name goes before a file of the same name, which is
            `./mnist`.
        test_fraction: float in [0, 1). Share of the random test part, for files and folders without a test part; 0
            for none. The test part of a named set is fixed.
        seed: int >= 0. Seed of the split.

    Returns:
        `Dataset`.

    Raises:
        FileNotFoundError: if it is neither a known name nor an existing file or folder.
        ValueError: if the file is of another type or cannot be read; the message names the file and the cause.
        ConnectionError: if a named set has to be downloaded and cannot be.
    """
    if not isinstance(name_or_path, (str, os.PathLike)) or not str(name_or_path).strip():
        raise ValueError(f"`name_or_path` must be a name or a path. Received: {name_or_path!r}")
    check_int("seed", seed, 0)
    if name_or_path == "digits":
        return load_digits()
    if name_or_path in NAMES:
        return load_named(name_or_path)
    path = pathlib.Path(os.path.expanduser(name_or_path))
    if path.is_dir():
        return load_folder(path, test_fraction=test_fraction, seed=seed)
    if not path.exists():
        raise FileNotFoundError(
            f"there is no data set {str(name_or_path)!r}: neither one of digits, {', '.join(NAMES)} "
            f"nor an existing file or folder"
        )
    readers = {".npz": load_npz, ".csv": load_csv}
    if path.suffix.lower() not in readers:
        raise ValueError(f"data files must end in {' or '.join(readers)}. Received: {path}")
    return readers[path.suffix.lower()](path, test_fraction=test_fraction, seed=seed)
