"""Stacks of bits that rows are coded on side by side."""

import numpy as np

MISSING = 'compression needs the package constriction: pip install "keras-vae[compression]"'


def constriction_streams():
    """The coders of the package constriction.

    Raises:
        ImportError: if it is not installed, with the command that installs it.
    """
    try:
        import constriction
    except ImportError:
        raise ImportError(MISSING) from None
    return constriction.stream


class Streams:
    """Stacks of bits, each an `AnsCoder` of constriction: row i of a batch is coded on stack i.

    The coder is fed with nothing but probabilities p of the less likely of two answers, multiples of 2^-24. Of them
    constriction makes a whole number out of 2^24, `2^24 - 1 - floor((1 - p) (2^24 - 2))`. For multiples of 2^-24 all of
    it is exact in float64: the sum of both probabilities is 1, and the product has 48 bits at most. So it is the same
    on every machine, and at least 1: every answer can be coded.

    What is popped from an empty stack is the likelier answer, and costs nothing then: it is the symbol 0, which an
    empty stack gives. Pushing it leaves the stack empty again.

    Args:
        words: list of uint32 arrays, the content of each stack.

    Raises:
        ImportError: without constriction.
        ValueError: if the words of a stack end in a zero: those of a stack never do.

    References:
        Duda 2013, asymmetric numeral systems. https://arxiv.org/abs/1311.2540
        Bamler 2022, constriction. https://arxiv.org/abs/2201.01741
    """

    def __init__(self, words=((),)):
        stream = constriction_streams()
        self._new = lambda content: stream.stack.AnsCoder(content) if len(content) else stream.stack.AnsCoder()
        self._model = stream.model.Bernoulli(perfect=False)
        self._stacks = [self._new(np.ascontiguousarray(content, dtype=np.uint32)) for content in words]

    def __len__(self):
        return len(self._stacks)

    def pop(self, question):
        """Answers to a `Question` from the first n stacks, bool `(n, m)`."""
        p, flipped, active = question
        symbols = np.zeros(p.shape, np.int32)
        for i, stack in enumerate(self._stacks[: len(p)]):
            if active is None:
                symbols[i] = stack.decode(self._model, p[i])
            elif active[i].any():
                symbols[i, active[i]] = stack.decode(self._model, p[i, active[i]])
        return (symbols != 0) != flipped

    def push(self, asked):
        """Push answers so that popping gives them in this order.

        Args:
            asked: list of pairs of a `Question` and its answers, bool `(n, m)`.
        """
        if not asked:
            return
        p = np.concatenate([question.p for question, _ in asked], axis=1)
        symbols = np.concatenate([answers != question.flipped for question, answers in asked], axis=1)
        symbols = symbols.astype(np.int32)
        active = None
        if any(question.active is not None for question, _ in asked):
            full = [np.ones(q.p.shape, bool) if q.active is None else q.active for q, _ in asked]
            active = np.concatenate(full, axis=1)
        for i, stack in enumerate(self._stacks[: len(p)]):
            row = slice(None) if active is None else active[i]
            stack.encode_reverse(symbols[i, row], self._model, p[i, row])

    def words(self):
        """The content of each stack, list of uint32 arrays."""
        return [stack.get_compressed() for stack in self._stacks]

    def n_bits(self):
        """Bits on each stack, list of int."""
        return [stack.num_valid_bits() for stack in self._stacks]

    def split(self):
        """Make two stacks of each: the new ones, which come after the old ones, get the upper half of their words."""
        lower, upper = [], []
        for words in self.words():
            n_kept = len(words) // 2
            # A stack never ends in a zero word.
            while n_kept and not words[n_kept - 1]:
                n_kept -= 1
            lower.append(words[:n_kept])
            upper.append(words[n_kept:])
        self._stacks = [self._new(words) for words in lower + upper]

    def join(self):
        """Undo `split`, where the stacks are as it left them."""
        words, half = self.words(), len(self) // 2
        joined = zip(words[:half], words[half:], strict=True)
        self._stacks = [self._new(np.concatenate(pair)) for pair in joined]
