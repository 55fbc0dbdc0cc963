"""A file with one sentence a line as a `Dataset` of tokens, which are its characters."""

import pathlib
from collections import Counter

import numpy as np

from keras_vae.data.array_values import MAX_TOKENS
from keras_vae.data.dataset import Dataset
from keras_vae.data.reading import ReadAs, Reading, check_used
from keras_vae.data.split_rows import split_rows
from keras_vae.data.whole_file import decode_text, lines_of, read_bytes

# Characters of a line that are read: longer lines make slow recurrent networks.
MAX_CHARACTERS = 200
# Token 0 ends a sentence and fills the rest of its row; token 1 stands for any character outside the vocabulary.
END, UNKNOWN = "", "\ufffd"


def load_text(
    path: str | pathlib.Path,
    test_fraction: float = 0.1,
    seed: int = 0,
    reading: Reading | None = None,
    schema: dict | None = None,
) -> Dataset:
    """Sentences as rows of tokens: one line is one sentence, one character is one token.

    Every row ends with at least one token 0. Lines are cut after 200 characters, blank lines skipped. The vocabulary
    holds the characters of the training part.

    Args:
        path: Path or str, of a text, perhaps ending in `.gz`.
        test_fraction, seed: share of the random test part, in [0, 1), and seed of the split.
        reading: `Reading`, of which `kind` counts (and can be `"sequence"` alone); or None.
        schema: `Dataset.schema` of the text that a model was trained on, for its vocabulary and length; or None.

    Returns:
        `Dataset` of kind `"sequence"`, int32 `(n, steps)`; `schema["vocabulary"]` lists the characters by token.

    Raises:
        FileNotFoundError, PermissionError: if the file is not there or may not be read.
        ValueError: if it is empty or no text, or the first data were no text.
    """
    path, reading, schema = pathlib.Path(path), reading or Reading(), schema or {}
    lines, report = _lines(path, reading, schema)
    train, test = split_rows(len(lines), test_fraction, seed)
    vocabulary = schema.get("vocabulary") or _vocabulary([lines[row] for row in train])
    n_steps = schema["event_shape"][0] if schema else 1 + min(MAX_CHARACTERS, max(map(len, lines)))
    x = _tokens(lines, vocabulary, n_steps)
    made = {"format": "text", "kind": "sequence", "values": "tokens", "event_shape": [n_steps]}
    return Dataset(
        name=path.name,
        x_train=x[train],
        x_test=x[test] if len(test) else None,
        y_train=None,
        y_test=None,
        event_shape=(n_steps,),
        kind="sequence",
        report=(*report, *_told(lines, x, vocabulary, n_steps)),
        schema=schema or made | {"vocabulary": vocabulary},
    )


def _lines(path, reading, schema):
    """The sentences of a file, and lines for the report."""
    check_used(path, "a text", reading, ("kind",))
    if reading.kind not in (None, "sequence"):
        raise ValueError(f"{path} is a text, which can be read as `kind` 'sequence'. Received: kind={reading.kind!r}")
    if schema and "vocabulary" not in schema:
        raise ValueError(
            f"{path} is a text, but the model was trained on data of kind {schema.get('kind')!r} without a vocabulary"
        )
    text, encoding = decode_text(read_bytes(path), path)
    report = [] if encoding in ("utf-8", "utf-8-sig") else [ReadAs("encoding", encoding)]
    report.append(ReadAs("kind", "text: every line a sequence, every character a token", "--kind table"))
    return [line.strip() for line in lines_of(text) if line.strip()], report


def _vocabulary(lines):
    """The characters by token: the most frequent ones, in the order of the alphabet, behind the two special ones."""
    counts = Counter()
    for line in lines:
        counts.update(line[:MAX_CHARACTERS])
    return [END, UNKNOWN, *sorted(character for character, _ in counts.most_common(MAX_TOKENS - 2))]


def _tokens(lines, vocabulary, n_steps):
    number = {character: token for token, character in enumerate(vocabulary) if character}
    unknown = vocabulary.index(UNKNOWN)
    x = np.zeros((len(lines), n_steps), np.int32)
    for row, line in enumerate(lines):
        cut = line[: n_steps - 1]
        x[row, : len(cut)] = [number.get(character, unknown) for character in cut]
    return x


def _told(lines, x, vocabulary, n_steps):
    characters = "".join(character for character in vocabulary[2:] if character != " ")
    shown = characters if len(characters) <= 60 else f"{characters[:30]} ... {characters[-30:]}"
    yield ReadAs("vocabulary", f"{len(vocabulary)} tokens: end, unknown, and {len(vocabulary) - 2} characters, {shown}")
    yield ReadAs("lines", f"{len(lines)} sequences of {n_steps} tokens, the end included")
    n_cut = sum(len(line) >= n_steps for line in lines)
    if n_cut:
        yield ReadAs(f"{n_cut} of them", f"cut: longer than {n_steps - 1} characters")
    n_unknown = int((x == vocabulary.index(UNKNOWN)).sum())
    if n_unknown:
        yield ReadAs("other characters", f"{n_unknown} read as unknown: the training part does not have them")
