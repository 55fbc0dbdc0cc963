"""`load`, which reads a data set from any source: a name, a file or a folder."""

import dataclasses
import os
import pathlib

from keras_vae._checks import check_int
from keras_vae.data.dataset import Dataset
from keras_vae.data.delimited import looks_like_numbers
from keras_vae.data.digits import load_digits
from keras_vae.data.folder import load_folder
from keras_vae.data.named import NAMES, load_named
from keras_vae.data.named_text import TEXT_NAMES, load_named_text
from keras_vae.data.npz_file import load_npz
from keras_vae.data.reading import ReadAs, Reading, check_used
from keras_vae.data.table import load_table
from keras_vae.data.table_file import PACKED, SUFFIXES, suffix_of
from keras_vae.data.text import TEXT_SUFFIXES, load_sentences
from keras_vae.data.text_file import load_text
from keras_vae.data.whole_file import decode_text, read_bytes

ENDINGS = (*SUFFIXES, ".npz", ".npy", ".txt")


def load(
    name_or_path: str | os.PathLike,
    test_fraction: float = 0.1,
    seed: int = 0,
    reading: Reading | None = None,
    schema: dict | None = None,
) -> Dataset:
    """Data set by name or path. What `reading` does not say is guessed; `Dataset.report` says what was read as what.

    Args:
        name_or_path: `"digits"` (needs no download), `"mnist"`, `"fashion_mnist"`, `"cifar10"`; a set of sentences,
            `"ptb"`, `"sst2"`, `"rt_polarity"`, `"multi30k"` or `"multi30k_de"`, from `$KERAS_VAE_DATA`; or the path of
            a table (`.csv`, `.tsv`, Parquet, `.jsonl`, `.xlsx`), of arrays (`.npz`, `.npy`), of sentences, one a line
            (`.txt`), or of a folder of images. Text may be packed (`.csv.gz`). A name goes before a file `./mnist`.
        test_fraction: float in [0, 1). Share of the random test part, for files and folders without a test part; 0
            for none. The test part of a named set is fixed.
        seed: int >= 0. Seed of the split.
        reading: `Reading`, how the source is to be read; or None. `kind="text"` takes the sentences in a column of a
            table, `kind="sequence"` the characters of a text as numbers.
        schema: dict, `Dataset.schema` of the data that a model was trained on: another file is then read exactly as
            those were, columns matched by name. None for first data.

    Returns:
        `Dataset`.

    Raises:
        FileNotFoundError: if it is neither a known name nor an existing file or folder.
        PermissionError: if it may not be read.
        ImportError: if the file needs a package that is not installed.
        ValueError: if the file is of another type or cannot be read, an option means nothing for it, or there are fewer
            than two examples to split; the message names the file and the cause.
        ConnectionError: if a named set has to be downloaded and cannot be.
    """
    if not isinstance(name_or_path, (str, os.PathLike)) or not str(name_or_path).strip():
        raise ValueError(f"`name_or_path` must be a name or a path. Received: {name_or_path!r}")
    check_int("seed", seed, 0)
    reading = reading or Reading()
    if name_or_path in ("digits", *NAMES, *TEXT_NAMES):
        return _known_set(name_or_path, test_fraction, seed, reading)
    path = _existing(name_or_path)
    if path.is_dir():
        data = load_folder(path, **_of_folder(path, reading, schema), test_fraction=test_fraction, seed=seed)
    else:
        data = _reader(path, reading, schema)(path, test_fraction, seed, reading, schema)
    return _checked(data, path, test_fraction, schema)


def holds_sentences(name_or_path: str | os.PathLike) -> bool:
    """Whether `load` takes a source for sentences where nobody says how it is to be read.

    Raises:
        FileNotFoundError, PermissionError, ValueError: for a `.txt` that cannot be read.
    """
    path = pathlib.Path(os.path.expanduser(name_or_path))
    if name_or_path in TEXT_NAMES or path.is_dir() or not path.exists() or suffix_of(path) != ".txt":
        return name_or_path in TEXT_NAMES
    return not looks_like_numbers(decode_text(read_bytes(path), path)[0])


def _known_set(name, test_fraction, seed, reading):
    if name not in TEXT_NAMES:
        check_used(repr(name), "a known set", reading, ())
        return _with_schema(load_digits() if name == "digits" else load_named(name))
    if reading.kind not in (None, "text"):
        raise ValueError(f"{name!r} is a set of sentences. Received: kind={reading.kind!r}")
    check_used(repr(name), "a known set", reading, ("kind",))
    return load_named_text(name, test_fraction, seed)


def _existing(name_or_path):
    path = pathlib.Path(os.path.expanduser(name_or_path))
    if path.is_symlink() and not path.exists():
        raise FileNotFoundError(f"{path} is a link to {os.readlink(path)}, which does not exist")
    if not path.exists():
        raise FileNotFoundError(
            f"there is no data set {str(name_or_path)!r}: neither one of digits, {', '.join((*NAMES, *TEXT_NAMES))} "
            f"nor an existing file or folder"
        )
    return path


def _reader(path, reading, schema):
    """The function that reads a file of this ending."""
    suffix, is_packed = suffix_of(path), path.name.lower().endswith(".gz")
    if suffix not in ENDINGS or (is_packed and suffix not in PACKED):
        raise ValueError(
            f"data files must end in {', '.join(ENDINGS)}, or in one of {', '.join(PACKED)} and .gz. Received: {path}"
        )
    if "text" in (reading.kind, (schema or {}).get("kind")):
        if suffix not in TEXT_SUFFIXES:
            raise ValueError(f"files of sentences must end in {', '.join(TEXT_SUFFIXES)}. Received: {path}")
        return load_sentences
    if suffix in (".npz", ".npy"):
        return load_npz
    return _reader_of_text(path, reading, schema) if suffix == ".txt" else load_table


def _reader_of_text(path, reading, schema):
    if schema:
        return load_table if "features" in schema else load_text
    if reading.kind is not None:
        return load_table if reading.kind == "table" else load_text
    is_table = looks_like_numbers(decode_text(read_bytes(path), path)[0])
    return _load_table_of_text if is_table else load_sentences


def _load_table_of_text(path, test_fraction, seed, reading, schema):
    data = load_table(path, test_fraction, seed, reading, schema)
    line = ReadAs("kind", "a table: every line holds numbers", "--kind text")
    return dataclasses.replace(data, report=(line, *data.report))


def _of_folder(path, reading, schema):
    """Arguments of `load_folder`."""
    check_used(path, "a folder of images", reading, ("kind", "size", "fit", "grey"))
    kind = schema.get("kind", "image") if schema else reading.kind or "image"
    if kind != "image":
        of = "the model was trained on" if schema else "`kind` says"
        raise ValueError(f"{path} is a folder, which can hold images only. Received: {of} {kind!r}")
    channels = {True: 1, False: 3, None: None}[reading.grey]
    return {"image_size": reading.size, "channels": channels, "fit": reading.fit or "stretch", "schema": schema}


def _with_schema(data):
    return dataclasses.replace(
        data, schema={"format": "arrays", "kind": data.kind, "values": "bytes", "event_shape": list(data.event_shape)}
    )


def _checked(data, path, test_fraction, schema):
    n = sum(data.size(part) for part in ("train", "validation", "test"))
    if schema is None and test_fraction > 0 and n < 2:
        raise ValueError(f"{path} must hold two or more examples, one to train on and one to test. Received: {n}")
    if schema and tuple(schema["event_shape"]) != data.event_shape:
        raise ValueError(
            f"the data must have examples of shape {tuple(schema['event_shape'])}, as the model was trained on. "
            f"Received: {data.name} with examples of shape {data.event_shape}"
        )
    return data
