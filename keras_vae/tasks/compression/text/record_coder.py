"""Texts as records, each of which can be read without the others."""

import numpy as np

from keras_vae._token_ids import UNKNOWN_ID
from keras_vae.tasks.compression.text.byte_model import known_bytes
from keras_vae.tasks.compression.text.record_stacks import RecordReceiver, RecordSender
from keras_vae.tasks.compression.text.rounded_odds import Notes
from keras_vae.tasks.compression.text.word_split import Sentence

# How likely it is that a record is not just the words of one sentence; that it is then one of bytes; that another note
# follows; and that another byte does.
P_OTHER, P_BYTES, P_NOTE, P_BYTE = 2.0**-6, 0.25, 0.25, 1.0 - 2.0**-6
# Bits of the place of a note.
PLACE_BITS, BYTE_BITS = 14, 8
# What is added to the model's probability of an unknown word.
UNKNOWN_MASS = 2.0**-12


class RecordCoder:
    """Codes texts one by one, all of them side by side.

    A record says, in this order: whether there is something beside the words of a sentence, the notes of its
    odds, its words, and the spelling of those that are unknown; or bytes.

    Args:
        sentences: `SentenceCoder`.
        split: `WordSplit`.
        byte_model: function without arguments that gives a `ByteModel`.
    """

    def __init__(self, sentences, split, byte_model):
        self._sentences, self._split, self._byte_model = sentences, split, byte_model

    def encode(self, texts):
        """Records of texts, list of bytes from a list of bytes."""
        n, found = len(texts), self._split.split(texts)
        is_sentence = np.array([parts is not None and len(parts) == 1 for parts in found], bool)
        own = np.flatnonzero(is_sentence)
        told = [found[i][0] for i in own]
        start, rest, notes = RecordSender(n), RecordSender(n), Notes(len(own))
        rest.own = own
        self._sentences.tell_alone(rest, len(own), notes, UNKNOWN_MASS, [sentence.tokens for sentence in told])
        owners = np.repeat(own, [len(sentence.unknown) for sentence in told])
        unknown = [word for sentence in told for word in sentence.unknown]
        spelled = known_bytes(unknown)
        self._spell(owners, lambda places, p: rest.answers(owners[places], p, spelled(places, p)))
        noted = notes.noted
        is_other = ~is_sentence
        is_other[own[noted[:, 0]]] = True
        others = np.flatnonzero(start.answers(np.arange(n), P_OTHER, is_other))
        start.answers(others, P_BYTES, ~is_sentence[others])
        _send_notes(start, own, noted)
        _send_bytes(start, np.flatnonzero(~is_sentence), texts)
        start.then(rest)
        return start.records()

    def decode(self, records):
        """The texts of records, list of bytes.

        Raises:
            ValueError: for a record that is none of this model.
        """
        n, receiver = len(records), RecordReceiver(records)
        others = np.flatnonzero(receiver.answers(np.arange(n), P_OTHER))
        is_of_bytes = np.zeros(n, bool)
        is_of_bytes[others] = receiver.answers(others, P_BYTES)
        own = np.flatnonzero(~is_of_bytes)
        notes = Notes(len(own), _receive_notes(receiver, own, others[~is_of_bytes[others]]))
        bytes_of = _receive_bytes(receiver, np.flatnonzero(is_of_bytes), records)
        receiver.own = own
        rows = self._sentences.tell_alone(receiver, len(own), notes, UNKNOWN_MASS)
        counts = [int((row == UNKNOWN_ID).sum()) for row in rows]
        owners = np.repeat(own, counts)
        unknown = iter(self._spell(owners, lambda places, p: receiver.answers(owners[places], p)))
        for i, is_read in enumerate(receiver.are_read):
            if not is_read:
                raise ValueError(f"`records` must be those of this model. Received: records[{i}] of another")
        sentences = [Sentence(row, [next(unknown) for _ in range(k)]) for row, k in zip(rows, counts, strict=True)]
        text_of = dict(zip(own.tolist(), self._split.join(sentences), strict=True)) | bytes_of
        return [text_of[i] for i in range(n)]

    def _spell(self, owners, answer):
        return self._byte_model().spell(len(owners), answer) if len(owners) else []


def _send_notes(sender, own, noted):
    """Tell the notes of the sentences that have some: whether another follows, and its place and parity, bit by bit."""
    for number in np.unique(noted[:, 0]):
        owner = own[number : number + 1]
        for more, (_, place, odd) in enumerate(noted[noted[:, 0] == number].tolist()):
            if more:
                sender.answers(owner, P_NOTE, np.array([True]))
            bits = [place >> bit & 1 for bit in range(PLACE_BITS)] + [odd]
            sender.answers(np.repeat(owner, len(bits)), 0.5, np.array(bits) == 1)
        sender.answers(owner, P_NOTE, np.array([False]))


def _receive_notes(receiver, own, owners):
    noted = []
    for owner in owners.tolist():
        while True:
            bits = receiver.answers(np.full(PLACE_BITS + 1, owner), 0.5)
            place = int(np.sum(bits[:PLACE_BITS] * 2 ** np.arange(PLACE_BITS)))
            noted.append((int(np.searchsorted(own, owner)), place, int(bits[-1])))
            if not receiver.answers(np.array([owner]), P_NOTE)[0]:
                break
    return sorted(noted)


def _send_bytes(sender, owners, texts):
    """Tell bytes that are no text: before each that it follows, and its bits."""
    for owner in owners.tolist():
        content = np.unpackbits(np.frombuffer(texts[owner], np.uint8).reshape(-1, 1), axis=1)
        bits = np.concatenate([np.ones((len(content), 1), np.uint8), content], axis=1).reshape(-1)
        p = np.tile([P_BYTE] + [0.5] * BYTE_BITS, len(content))
        sender.answers(np.full(len(bits) + 1, owner), np.append(p, P_BYTE), np.append(bits, 0) == 1)


def _receive_bytes(receiver, owners, records):
    found = {}
    for owner in owners.tolist():
        content, one = bytearray(), np.array([owner])
        while receiver.answers(one, P_BYTE)[0]:
            if len(content) > len(records[owner]):
                raise ValueError(f"`records` must be those of this model. Received: records[{owner}] of another")
            content += np.packbits(receiver.answers(np.repeat(one, BYTE_BITS), 0.5)).tobytes()
        found[owner] = bytes(content)
    return found
