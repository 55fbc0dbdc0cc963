"""A file with one sentence a line, or with sentences in one of its columns, as a `Dataset` of sentences."""

import pathlib
from typing import Any, NamedTuple

import numpy as np

from keras_vae.data.dataset import PARTS, Dataset
from keras_vae.data.labels import as_labels
from keras_vae.data.reading import ReadAs, Reading, check_used
from keras_vae.data.split_rows import split_rows
from keras_vae.data.table_file import suffix_of
from keras_vae.data.text_columns import COLUMN_SUFFIXES, example_of_numbers, read_columns
from keras_vae.data.whole_file import decode_text, lines_of, read_bytes

TEXT_SUFFIXES = (".txt", *COLUMN_SUFFIXES)
# The blanks of ASCII; a no-break space at the end of a line is part of it.
_BLANKS = " \t\n\v\f\r"


class Sentences(NamedTuple):
    """The sentences of a file.

    Attributes:
        x: array of objects, shape `(n,)`: str, without blanks at their ends, none of them blank.
        labels: array, shape `(n,)`, of str or numbers; or None.
        report: list of `ReadAs`.
        columns: dict of the names of the column of sentences and of the labels, empty for one sentence a line.
    """

    x: np.ndarray
    labels: np.ndarray | None
    report: list[ReadAs]
    columns: dict[str, Any]


def load_sentences(
    path: str | pathlib.Path,
    test_fraction: float = 0.1,
    seed: int = 0,
    reading: Reading | None = None,
    schema: dict | None = None,
) -> Dataset:
    """Sentences as they stand in a file; blank ones are left out and counted.

    A `.txt` has one sentence a line. A `.tsv` or `.csv` has them in one column, `reading.columns`, or the one that is
    named as sentences are, or that with the longest texts; `reading.label` names the column of labels.

    Args:
        path: Path or str, of a `.txt`, `.tsv` or `.csv`, perhaps ending in `.gz`, in UTF-8 or UTF-16.
        test_fraction, seed: share of the random test part, in [0, 1), and seed of the split.
        reading: `Reading`, or None.
        schema: `Dataset.schema` of the sentences that a model was trained on, for its columns and labels; or None.

    Returns:
        `Dataset` of kind `"text"`.

    Raises:
        FileNotFoundError, PermissionError: if the file is not there or may not be read.
        ValueError: if it has no sentence, is no UTF-8 or holds NUL (the message names the line), lines have different
            numbers of cells, a column is not there, or nobody has named one and that found holds numbers alone.
    """
    path, reading, schema = pathlib.Path(path), reading or Reading(), schema or {}
    found = read_sentences(path, reading, schema)
    train, test = split_rows(len(found.x), test_fraction, seed)
    classes, real = schema.get("classes"), schema.get("real_labels")
    given = {} if found.labels is None else {"labels": found.labels}
    labels = as_labels(given, path, tuple(classes) if classes else None, real)
    y = next(iter(labels.parts.values()), None)
    parts = {"train": train, "test": test if len(test) else None}
    return text_dataset(
        path.name,
        {part: None if rows is None else found.x[rows] for part, rows in parts.items()},
        {part: None if rows is None or y is None else y[rows] for part, rows in parts.items()},
        class_names=labels.class_names,
        report=(*found.report, *labels.report),
        label_name=found.columns.get("label"),
        schema=schema or _schema(found.columns, labels.class_names, y),
    )


def text_dataset(name: str, x: dict, y: dict, **kwargs: Any) -> Dataset:
    """`Dataset` of kind `"text"` of the sentences and the labels of its parts, arrays or None by part."""
    held = {f"x_{part}": x.get(part) for part in PARTS} | {f"y_{part}": y.get(part) for part in PARTS}
    kwargs = {"schema": _schema({}, None, None)} | kwargs
    return Dataset(name, **held, event_shape=(), kind="text", **kwargs)


def read_sentences(path: pathlib.Path, reading: Reading | None = None, schema: dict | None = None) -> Sentences:
    """The sentences of a file, in their order; as `load_sentences`, without a split."""
    reading = reading or Reading()
    text, encoding = decode_text(read_bytes(path), path, strict=True)
    report = [] if encoding in ("utf-8", "utf-8-sig") else [ReadAs("encoding", encoding)]
    if suffix_of(path) in COLUMN_SUFFIXES:
        check_used(path, "a table of sentences", reading, ("kind", "columns", "label", "header"))
        table = read_columns(text, path, reading, schema or {})
        texts, labels, columns, what = table.texts, table.labels, table.columns, "rows"
        report += table.report
    else:
        check_used(path, "a file with one sentence a line", reading, ("kind",))
        texts, labels, columns, what = lines_of(text), None, {}, "lines"
        # Behind the end of the last line there is none.
        texts = texts[:-1] if len(texts) > 1 and not texts[-1] else texts
    texts = [sentence.strip(_BLANKS) for sentence in texts]
    is_kept = np.array([bool(sentence.strip()) for sentence in texts], bool)
    if not is_kept.any():
        raise ValueError(f"{path} must hold at least one sentence. Received: {len(texts)} blank {what}")
    x = np.empty(len(texts), object)
    x[:] = texts
    x, labels = x[is_kept], None if labels is None else labels[is_kept]
    report.append(ReadAs("kind", f"text: {len(x)} sentences" + (", one a line" if what == "lines" else "")))
    if what == "lines" and (number := example_of_numbers(list(x))) is not None:
        report.append(ReadAs("lines", f"numbers, such as {number}, taken as texts"))
    if not is_kept.all():
        report.append(ReadAs(f"{(~is_kept).sum()} blank {what}", "left out"))
    return Sentences(x, labels, report, columns)


def _schema(columns, class_names, y):
    schema = {"format": "sentences", "kind": "text", "values": "sentences", "event_shape": [], **columns}
    if class_names:
        schema["classes"] = list(class_names)
    if y is not None:
        schema["real_labels"] = y.dtype.kind == "f"
    return schema
