"""Well-known sets of sentences, from the folder `$KERAS_VAE_DATA`."""

import numpy as np

from keras_vae._checks import check_choice
from keras_vae.data.dataset import Dataset
from keras_vae.data.named import VARIABLE, data_folder
from keras_vae.data.reading import Reading
from keras_vae.data.split_rows import split_rows
from keras_vae.data.text import read_sentences, text_dataset

# Training, validation and test part, or the negative and the positive sentences, below the folder.
_FILES = {
    "ptb": ("ptb/ptb.train.txt.gz", "ptb/ptb.valid.txt.gz", "ptb/ptb.test.txt.gz"),
    "sst2": ("sst2/train.tsv.gz", "sst2/dev.tsv.gz", "sst2/test.tsv.gz"),
    "rt_polarity": ("rt-polarity/rt-polarity.neg.gz", "rt-polarity/rt-polarity.pos.gz"),
    "multi30k": ("multi30k/train.en.gz", "multi30k/val.en.gz", "multi30k/test_2016_flickr.en.gz"),
    "multi30k_de": ("multi30k/train.de.gz", "multi30k/val.de.gz", "multi30k/test_2016_flickr.de.gz"),
}
TEXT_NAMES = tuple(_FILES)
_PARTS = ("train", "validation", "test")
_SENTIMENTS = ("negative", "positive")


def load_named_text(name: str, test_fraction: float = 0.1, seed: int = 0) -> Dataset:
    """One of the well-known sets of sentences, in its usual parts.

    Args:
        name: `"ptb"`, `"sst2"` and `"rt_polarity"` (both with labels, 1 is positive), `"multi30k"` (English) or
            `"multi30k_de"`, whose sentences stand in the same order.
        test_fraction, seed: of `"rt_polarity"`, which has no test part of its own; see `load`.

    Returns:
        `Dataset` of kind `"text"`.

    Raises:
        FileNotFoundError: if a file is not in the folder that `$KERAS_VAE_DATA` names: none of them is downloaded.
        ValueError: for another name, and for a file that cannot be read.
    """
    check_choice("name", name, TEXT_NAMES)
    found = [_read(name, file) for file in _FILES[name]]
    if name != "rt_polarity":
        x = {part: sentences.x for part, sentences in zip(_PARTS, found, strict=True)}
        if name != "sst2":
            return text_dataset(name, x, {})
        y = {part: sentences.labels.astype(np.int64) for part, sentences in zip(_PARTS, found, strict=True)}
        return text_dataset(name, x, y, class_names=_SENTIMENTS, label_name="label")
    x = np.concatenate([sentences.x for sentences in found])
    y = np.repeat(np.arange(2), [len(sentences.x) for sentences in found])
    train, test = split_rows(len(x), test_fraction, seed)
    rows = {"train": train} | ({"test": test} if len(test) else {})
    x, y = ({part: values[chosen] for part, chosen in rows.items()} for values in (x, y))
    return text_dataset(name, x, y, class_names=_SENTIMENTS, label_name="label")


def _read(name, file):
    folder = data_folder()
    if folder is None or not (folder / file).is_file():
        raise FileNotFoundError(
            f"`{name}` must be {file} in the folder that ${VARIABLE} names: it is not downloaded. "
            f"Received: {VARIABLE}={folder or ''}"
        )
    return read_sentences(folder / file, Reading(kind="text"))
