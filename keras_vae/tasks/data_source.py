"""The data of a run: loaded to its event shape, told apart from others, and all rows of any source."""

import dataclasses
import os
import zlib

import numpy as np

from keras_vae.data import load
from keras_vae.tasks.model_input import array_input, part_input

# Photographs of their full size would need a model that fits into no memory.
MAX_SIDE = 64


def load_data(source, seed=0, test_fraction=0.1, event_shape=None):
    """A data set by name or path; images in a folder, which are stretched to one size anyway, in a size to train on.

    Args:
        source: str. Name or path, as `data.load` takes it.
        seed: int >= 0. Of the split of files and folders.
        test_fraction: float in [0, 1). Of that split.
        event_shape: tuple or None. Shape of the examples of a run, to which images in a folder are stretched. None is
            the size of the first image, shrunk to 64 pixels on the longer side.

    Returns:
        `Dataset`.

    Raises:
        ValueError, FileNotFoundError, ConnectionError: as `data.load`.
    """
    dataset = load(source, test_fraction=test_fraction, seed=seed)
    if dataset.train_files is None:
        return dataset
    height, width, channels = dataset.event_shape
    if event_shape is None:
        factor = min(1.0, MAX_SIDE / max(height, width))
        event_shape = (max(1, round(height * factor)), max(1, round(width * factor)), channels)
    if tuple(event_shape) == dataset.event_shape or len(event_shape) != 3 or event_shape[-1] not in (1, 3):
        return dataset
    note = f"images of {height}x{width} are stretched to {event_shape[0]}x{event_shape[1]}"
    return dataclasses.replace(dataset, event_shape=tuple(event_shape), note=note)


def load_all_rows(source, config):
    """Every row of a source in its own order, as the model sees them.

    Args:
        source: str. Name or path, as `data.load` takes it.
        config: dict. Config of a run.

    Returns:
        `(x, labels or None)`: x an array, or a `tf.data.Dataset` for a folder of images.

    Raises:
        ValueError: if the rows have another shape than the data of the run.
    """
    dataset = load_data(source, test_fraction=0.0, event_shape=config["event_shape"])
    check_event_shape(dataset, config)
    if dataset.x_train is None:
        return part_input(dataset, config, "train"), dataset.y_train
    parts = [x for x in (dataset.x_train, dataset.x_test) if x is not None]
    labels = [y for y in (dataset.y_train, dataset.y_test) if y is not None]
    return array_input(np.concatenate(parts), config), np.concatenate(labels) if len(labels) == len(parts) else None


def check_event_shape(dataset, config):
    """Check that a data set has the event shape of a run.

    Raises:
        ValueError: if it has another.
    """
    if list(dataset.event_shape) != list(config["event_shape"]):
        raise ValueError(
            f"the data must have examples of shape {tuple(config['event_shape'])}, as the run was trained on. "
            f"Received: {dataset.name} with examples of shape {dataset.event_shape}"
        )


def fingerprint(dataset):
    """Checksum of both parts of a data set; of a folder of images that of names and sizes of the files."""
    checksum = 0
    for part in ("train", "test"):
        x, files = getattr(dataset, f"x_{part}"), getattr(dataset, f"{part}_files")
        if x is not None:
            checksum = zlib.crc32(np.ascontiguousarray(x), checksum)
        for file in files or ():
            checksum = zlib.crc32(f"{os.path.basename(file)} {os.path.getsize(file)}".encode(), checksum)
    return f"{checksum:08x}"


def check_same_data(dataset, config):
    """Check that a data set is the one that a run began with: its test part is held out from the model only then.

    Raises:
        ValueError: if it is not.
    """
    check_event_shape(dataset, config)
    if fingerprint(dataset) != config["fingerprint"]:
        raise ValueError(
            f"{config['data']} must hold the data that the run began with, {config['n_train']} training examples of "
            f"checksum {config['fingerprint']}. Received: {dataset.n_train} of checksum {fingerprint(dataset)}"
        )
