"""A text as sentences, what stands around them, and runs of bytes that are no sentences."""

from typing import NamedTuple

from keras_vae.tasks.compression.text.word_split import BLANKS, Sentence

# Stands for a run of bytes among the frames.
RUN = None


class TextLayout(NamedTuple):
    """A text in parts.

    Attributes:
        frames: list of pairs of bytes: what stands before a sentence, and behind it; and of `RUN`, once at most.
        kinds: list of int. Number of the frame of each part, in order of the text.
        sentences: list of `Sentence`, those of the parts with a frame.
        runs: list of bytes, those of all others.
    """

    frames: list[tuple[bytes, bytes] | None]
    kinds: list[int]
    sentences: list[Sentence]
    runs: list[bytes]


def lay_out(data, split):
    """The parts of a text.

    Args:
        data: bytes.
        split: `WordSplit`.

    Returns:
        `TextLayout`.
    """
    before, texts, behind = _lines(data)
    frames, kinds, sentences, runs = {}, [], [], []
    for prefix, text, suffix, found in zip(before, texts, behind, split.split(texts), strict=True):
        if found is None:
            if kinds and kinds[-1] == frames.get(RUN):
                runs[-1].append(prefix + text + suffix)
            else:
                kinds.append(frames.setdefault(RUN, len(frames)))
                runs.append([prefix + text + suffix])
            continue
        sentences += found
        edges = [prefix, *[b""] * (len(found) - 1)], [*[split.space] * (len(found) - 1), suffix]
        kinds += [frames.setdefault(edge, len(frames)) for edge in zip(*edges, strict=True)]
    return TextLayout(list(frames), kinds, sentences, [b"".join(run) for run in runs])


def _lines(data):
    """What is blank before each line, the line, and its end with what is blank behind it and blank lines that follow.

    Blank lines at the beginning belong to the first line; of a text that is blank they are one.
    """
    before, texts, behind, blank = [], [], [], []
    for line in _kept_lines(data):
        text = line.strip(BLANKS)
        if not text:
            (behind[-1] if behind else blank).append(line)
            continue
        start = line.index(text)
        before.append(b"".join([*blank, line[:start]]))
        texts.append(text)
        behind.append([line[start + len(text) :]])
        blank = []
    if blank:
        return [b""], [b"".join(blank)], [b""]
    return before, texts, [b"".join(parts) for parts in behind]


def _kept_lines(data):
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + [lines[-1]] * bool(lines[-1])


def put_together(layout, split):
    """The text of its parts, bytes."""
    texts, runs = iter(split.join(layout.sentences)), iter(layout.runs)
    parts = []
    for kind in layout.kinds:
        frame = layout.frames[kind]
        parts += [next(runs)] if frame is RUN else [frame[0], next(texts), frame[1]]
    return b"".join(parts)
