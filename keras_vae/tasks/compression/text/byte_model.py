"""How the words of a vocabulary are spelled, as probabilities for spelling other words."""

import numpy as np

from keras_vae.tasks.compression.bisection import UNIT

# Bytes before the next one that are looked at, at most, and how often a context must have been seen to be trusted half:
# of 522 German words of 11 bytes that a vocabulary of 24,906 lacks, a byte took 2.68 bits; with the last four, 2.78.
ORDER, TRUST = 5, 4.0
# A byte is its bits below a first question, whether the word ends here: nodes 1 to 255 and 0.
N_NODES, N_BITS = 256, 8
# Bytes of a word at most.
MAX_BYTES = 4096
# Before the first byte of a word stands one that is none.
BEFORE = 256


class ByteModel:
    """Probabilities of the next byte of a word, by the last five: learned from a vocabulary, and fixed then.

    The words of a vocabulary count once each: words that are not in it are like its rare ones. All of it is counted in
    whole numbers and computed by single operations of IEEE 754, so that it is the same on every machine.

    Args:
        words: list of bytes.
    """

    def __init__(self, words):
        contexts, nodes, yes = _events(words)
        self._tables = []
        for order in range(ORDER + 1):
            # Sorted with their answers, which is much faster than `np.unique` with its places.
            events = np.sort(2 * (_keys(contexts, order) * N_NODES + nodes) + yes)
            starts = np.flatnonzero(np.diff(events >> 1, prepend=-1))
            seen = np.diff(starts, append=len(events))
            n_yes = np.add.reduceat(events & 1, starts) if len(starts) else seen
            self._tables.append((events[starts] >> 1, np.stack([seen, n_yes]).astype(np.float64)))

    def p_yes(self, contexts, nodes):
        """Probabilities of a yes.

        Args:
            contexts: int64 array `(k, 5)`. The last bytes, the last one last.
            nodes: int64 array `(k,)`. 0 asks whether the word ends, 1 to 255 are for the bits that are known.

        Returns:
            float64 array `(k,)`, multiples of 2^-24, not 0 and not 1.
        """
        p = np.full(len(nodes), 0.5)
        for order, (keys, counts) in enumerate(self._tables):
            if not len(keys):
                continue
            wanted = _keys(contexts, order) * N_NODES + nodes
            place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            seen, yes = np.where(keys[place] == wanted, counts[:, place], 0.0)
            p = (yes + TRUST * p) / (seen + TRUST)
        return np.clip(np.rint(p * UNIT), 1.0, UNIT - 1.0) / UNIT

    def spell(self, n, answer):
        """Spell n words side by side.

        Args:
            n: int.
            answer: function of places of the words, int `(k,)`, and probabilities of a yes, float64 `(k,)`, to the
                answers, bool `(k,)`; asked for the end of a word and then for each bit of its next byte, the highest
                first.

        Returns:
            list of bytes.

        Raises:
            ValueError: if a word does not end after 4096 bytes.
        """
        spelled, contexts = [bytearray() for _ in range(n)], np.full((n, ORDER), BEFORE)
        places = np.arange(n)
        while len(places):
            ends = answer(places, self.p_yes(contexts[places], np.zeros(len(places), np.int64)))
            places = places[~ends]
            if len(places) and len(spelled[places[0]]) >= MAX_BYTES:
                raise ValueError("it has a word without an end")
            node = np.ones(len(places), np.int64)
            for _ in range(N_BITS if len(places) else 0):
                node = 2 * node + answer(places, self.p_yes(contexts[places], node))
            contexts[places] = np.concatenate([contexts[places, 1:], node[:, None] - N_NODES], axis=1)
            for place, byte in zip(places.tolist(), (node - N_NODES).tolist(), strict=True):
                spelled[place].append(byte)
        return [bytes(word) for word in spelled]


def known_bytes(words):
    """The answers that spell words, for `ByteModel.spell`."""
    state = np.zeros(len(words), np.int64)
    lengths = np.array([len(word) for word in words], np.int64)
    width = int(lengths.max(initial=0))
    matrix = np.frombuffer(b"".join(word.ljust(width, b"\0") for word in words), np.uint8).reshape(len(words), width)

    def answer(places, p):
        at, bit = np.divmod(state[places], N_BITS + 1)
        state[places] += 1
        asks_end = bit == 0
        byte = matrix[places, np.minimum(at, width - 1)].astype(np.int64) if width else 0
        return np.where(asks_end, at == lengths[places], (byte >> np.minimum(N_BITS - bit, N_BITS - 1)) & 1 == 1)

    return answer


def _keys(contexts, order):
    """The last bytes of contexts as one number each."""
    keys = np.zeros(len(contexts), np.int64)
    for i in range(ORDER - order, ORDER):
        keys = keys * (BEFORE + 1) + contexts[:, i]
    return keys


def _events(words):
    """All questions that spell words: contexts `(k, 5)`, nodes and answers `(k,)`."""
    lengths = np.array([len(word) for word in words], np.int64)
    text = np.frombuffer(b"".join(word + b"\0" for word in words), np.uint8).astype(np.int64)
    starts = np.repeat(np.cumsum(lengths + 1) - lengths - 1, lengths + 1)
    at = np.arange(len(text))
    is_end = at == starts + np.repeat(lengths, lengths + 1)
    before = [np.where(at - i >= starts, text[np.maximum(at - i, 0)], BEFORE) for i in range(ORDER, 0, -1)]
    contexts = np.stack(before, axis=1).reshape(-1, ORDER)
    inner = text[~is_end]
    nodes, yes, own = [np.zeros(len(text), np.int64)], [is_end], [contexts]
    for bit in range(N_BITS):
        nodes.append((N_NODES | inner) >> (N_BITS - bit))
        yes.append((inner >> (N_BITS - 1 - bit)) & 1 == 1)
        own.append(contexts[~is_end])
    return np.concatenate(own), np.concatenate(nodes), np.concatenate(yes)
