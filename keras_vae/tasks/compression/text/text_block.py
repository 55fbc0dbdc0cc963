"""A block of text as bytes, and back, without any other block."""

import itertools

import numpy as np

from keras_vae._token_ids import UNKNOWN_ID
from keras_vae.tasks.compression.container.fields import Fields, number, string
from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.other_parts import OtherParts
from keras_vae.tasks.compression.text.packed_bytes import pack, unpack
from keras_vae.tasks.compression.text.questions import Receiver, Sender
from keras_vae.tasks.compression.text.record_coder import RecordCoder
from keras_vae.tasks.compression.text.sentence_coder import Group, SentenceCoder
from keras_vae.tasks.compression.text.text_layout import RUN, TextLayout, lay_out, put_together
from keras_vae.tasks.compression.text.told_fields import (
    at_most,
    notes_from_fields,
    notes_to_bytes,
    stack_from_fields,
    stack_to_bytes,
)
from keras_vae.tasks.compression.text.word_split import Sentence, WordSplit

PACKED, TOLD = 0, 1
# Unknown words are as likely as they come in the block, where the model takes them for so many times rarer.
RARER = 4
MAX_RARITY = 24


class TextBlock:
    """Codes blocks of bytes: sentences by a model, all else by general means.

    Args:
        model: `LanguageModel` or `SequenceVAE`.

    Attributes:
        sentences: `SentenceCoder`.
        records: `RecordCoder`, of texts that are read one by one.
    """

    def __init__(self, model):
        self._counts = np.asarray(model.tokenizer.counts)
        self._split = WordSplit(model.tokenizer)
        self.sentences = SentenceCoder(model, self._split.max_tokens)
        self._others = OtherParts(self._split.spellings)
        self.records = RecordCoder(self.sentences, self._split, lambda: self._others.byte_model)

    def encode(self, data, bits_back):
        """A block as bytes.

        Args:
            data: bytes, at least one.
            bits_back: bool. Whether sentences go through their codes.

        Returns:
            bytes.
        """
        packed, layout = bytes([PACKED]) + pack(data), lay_out(data, self._split)
        return min(self._told(layout, bits_back), packed, key=len) if layout.sentences else packed

    def encode_told(self, data, bits_back=False):
        """As `encode`, by the model also where packed bytes are fewer."""
        return self._told(lay_out(data, self._split), bits_back)

    def _told(self, layout, bits_back):
        rows = [sentence.tokens for sentence in layout.sentences]
        unknown = [word for sentence in layout.sentences for word in sentence.unknown]
        rarity = self._rarity(len(unknown), sum(map(len, rows)))
        weights, sender, streams = np.bincount(layout.kinds), Sender(), Streams()
        self._others.tell_kinds(sender, weights, np.array(layout.kinds))
        n_different = self._others.send_words(sender, unknown)
        streams.push(sender.asked)
        groups = self.sentences.encode(streams, rows, _mass(rarity), bits_back)
        parts = [bytes([TOLD]), number(len(layout.frames)), *map(number, weights), *map(_frame_to_bytes, layout.frames)]
        parts += [string(pack(b"".join(layout.runs))), *(number(len(run)) for run in layout.runs)]
        parts += [number(n_different), number(rarity), number(len(groups))]
        parts += [part for group in groups for part in _group_to_bytes(group)]
        return b"".join([*parts, stack_to_bytes(streams)])

    def _rarity(self, n_unknown, n_tokens):
        """How rare unknown words are, in bits; 0 where it is left to the model."""
        if not n_unknown:
            return 0
        of_model = self._counts[UNKNOWN_ID] / max(1, self._counts.sum())
        if of_model * RARER >= n_unknown / n_tokens:
            return 0
        return int(np.clip(np.rint(np.log2(n_tokens / n_unknown)), 1, MAX_RARITY))

    def decode(self, payload, n_bytes):
        """The bytes of a block.

        Args:
            payload: bytes, as `encode` gives them.
            n_bytes: int >= 1. How many there are.

        Returns:
            bytes.

        Raises:
            ValueError: if it is not a block of so many bytes, or not one of this model.
        """
        if payload[:1] == bytes([PACKED]):
            data = unpack(payload[1:], n_bytes)
        elif payload[:1] == bytes([TOLD]):
            data = self._decode_layout(Fields(payload[1:], "it"), n_bytes)
        else:
            raise ValueError("it is of a kind that this version does not know")
        if len(data) != n_bytes:
            raise ValueError(f"it has {len(data)} bytes, not {n_bytes}")
        return data

    def _decode_layout(self, fields, n_bytes):
        n_frames = at_most(fields.number(), n_bytes)
        weights = np.array([at_most(fields.number(), n_bytes) for _ in range(n_frames)], np.int64)
        frames = [_frame_from_fields(fields) for _ in range(n_frames)]
        run = unpack(fields.string(), n_bytes)
        n_runs = int(sum(w for w, frame in zip(weights, frames, strict=True) if frame is RUN))
        ends = np.cumsum([0] + [fields.number() for _ in range(n_runs)])
        n_different, rarity = at_most(fields.number(), n_bytes), fields.number()
        groups = [_group_from_fields(fields, n_bytes) for _ in range(at_most(fields.number(), n_bytes))]
        n_parts, n_sentences = int(weights.sum()), sum(group.n for group in groups)
        if not groups or not n_frames or weights.min() < 1 or ends[-1] != len(run):
            raise ValueError("its parts do not fit each other")
        if n_parts > n_bytes or n_parts - n_runs != n_sentences:
            raise ValueError("its parts do not fit each other")
        streams = stack_from_fields(fields)
        rows = self.sentences.decode(streams, groups, _mass(rarity))
        receiver, n_unknown = Receiver(streams), [int((row == UNKNOWN_ID).sum()) for row in rows]
        kinds = self._others.tell_kinds(receiver, weights, n_parts).tolist()
        unknown = iter(self._others.receive_words(receiver, sum(n_unknown), n_different))
        if streams.n_bits() != [0]:
            raise ValueError("it holds more than its sentences")
        sentences = [Sentence(row, [next(unknown) for _ in range(n)]) for row, n in zip(rows, n_unknown, strict=True)]
        runs = [run[start:end] for start, end in itertools.pairwise(ends)]
        _check_kinds(kinds, weights)
        return put_together(TextLayout(frames, kinds, sentences, runs), self._split)


def _mass(rarity):
    return 2.0**-rarity if rarity else 0.0


def _check_kinds(kinds, weights):
    if not np.array_equal(np.bincount(kinds, minlength=len(weights)), weights):
        raise ValueError("its parts do not fit each other")


def _frame_to_bytes(frame):
    return number(0) if frame is RUN else number(len(frame[0]) + 1) + frame[0] + string(frame[1])


def _frame_from_fields(fields):
    n = fields.number()
    return RUN if not n else (fields.take(n - 1), fields.string())


def _group_to_bytes(group):
    """Its number of sentences, and the notes."""
    return number(group.n), notes_to_bytes(group.of_words), notes_to_bytes(group.of_codes)


def _group_from_fields(fields, n_bytes):
    n = at_most(fields.number(), n_bytes)
    return Group(n, notes_from_fields(fields, n), notes_from_fields(fields, n))
