"""Sentences on a stack of bits: by the decoder alone, or with bits back through the codes of the sentences."""

from typing import NamedTuple

import numpy as np

from keras_vae.tasks.compression.text.latent_coder import LatentCoder
from keras_vae.tasks.compression.text.questions import Receiver, Sender
from keras_vae.tasks.compression.text.rounded_odds import Notes
from keras_vae.tasks.compression.text.word_coder import WordCoder

# Sentences that go without a code before the first that takes bits off the stack; together at most afterwards.
N_LEAD, MAX_GROUP = 16, 1024


class Group(NamedTuple):
    """Sentences that were coded together.

    Attributes:
        n: int.
        of_words: `Notes` of the odds of words.
        of_codes: `Notes` of the posterior.
    """

    n: int
    of_words: Notes
    of_codes: Notes


class SentenceCoder:
    """Puts sentences on a stack, and takes them off again.

    Alone, a sentence is told by the decoder at z = 0, or by a decoder without z. With bits back the sender of a group
    of sentences takes their codes z off the stack by q(z given x), puts the words on it by p(x given z), and then z by
    the prior: the stack grows by -ELBO, see `row_coder.RowCoder`. A group is as large as the stack has bits for, and
    the first sentences go alone: so no bits are lost at the beginning but what these cost more.

    Args:
        model: `LanguageModel` or `SequenceVAE`.
        max_tokens: int. Tokens of a sentence at most.

    Attributes:
        has_codes: bool. Whether bits back is possible: with a standard normal prior and a Gaussian posterior.
    """

    def __init__(self, model, max_tokens):
        self._latent_dim = getattr(model.decoder, "latent_dim", 0)
        self._words = WordCoder(model.decoder, model.tokenizer.counts, max_tokens)
        is_normal = getattr(getattr(model, "prior", None), "is_standard_normal", False)
        self.has_codes = bool(self._latent_dim and is_normal and getattr(model, "posterior_flow", None) is None)
        self._codes = LatentCoder(model) if self.has_codes else None

    def encode(self, streams, rows, unknown_mass, bits_back):
        """Put sentences on a stack.

        Args:
            streams: `Streams` with one stack.
            rows: list of int arrays, tokens with the end.
            unknown_mass: as in `WordCoder.tell`.
            bits_back: bool. Whether to code through z.

        Returns:
            list of `Group`: the first one went without codes.
        """
        n_lead = min(N_LEAD, len(rows)) if bits_back else len(rows)
        groups = [self._encode_alone(streams, rows[:n_lead], unknown_mass)]
        start = n_lead
        while start < len(rows):
            n = int(np.clip(streams.n_bits()[0] // self._codes.n_needed, 1, MAX_GROUP))
            groups.append(self._encode_group(streams, rows[start : start + n], unknown_mass))
            start += groups[-1].n
        return groups

    def tell_alone(self, side, n, notes, unknown_mass, rows=None):
        """Tell n sentences without codes; arguments and what is returned as of `WordCoder.tell`."""
        return self._words.tell(side, np.zeros((n, self._latent_dim), np.float32), notes, unknown_mass, rows)

    def _encode_alone(self, streams, rows, unknown_mass):
        sender, notes = Sender(), Notes(len(rows))
        self.tell_alone(sender, len(rows), notes, unknown_mass, rows)
        streams.push(sender.asked)
        return Group(len(rows), notes, Notes(0))

    def _encode_group(self, streams, rows, unknown_mass):
        group, sender, bins = Group(len(rows), Notes(len(rows)), Notes(len(rows))), Sender(), self._codes.bins
        posterior = self._codes.posterior_cdf(rows, group.of_codes)
        k = Receiver(streams).values(posterior, bins.levels, (len(rows), self._latent_dim))
        sender.values(self._codes.prior_cdf, bins.levels, k)
        self._words.tell(sender, bins.centers(k).astype(np.float32), group.of_words, unknown_mass, rows)
        streams.push(sender.asked)
        return group

    def decode(self, streams, groups, unknown_mass):
        """Take sentences off a stack, which is then as before `encode`.

        Args:
            streams, unknown_mass: as in `encode`.
            groups: list of `Group`, with the notes that were written.

        Returns:
            list of int32 arrays, tokens with the end.

        Raises:
            ValueError: if there are groups with codes, which the model does not have, or a sentence does not end.
        """
        if len(groups) > 1 and not self.has_codes:
            raise ValueError("it has sentences with codes, which this model does not have")
        found = []
        for group in reversed(groups[1:]):
            found.append(self._decode_group(streams, group, unknown_mass))
        lead = groups[0]
        found.append(self.tell_alone(Receiver(streams), lead.n, lead.of_words, unknown_mass))
        return [row for rows in reversed(found) for row in rows]

    def _decode_group(self, streams, group, unknown_mass):
        receiver, sender, bins = Receiver(streams), Sender(), self._codes.bins
        k = receiver.values(self._codes.prior_cdf, bins.levels, (group.n, self._latent_dim))
        z = bins.centers(k).astype(np.float32)
        rows = self._words.tell(receiver, z, group.of_words, unknown_mass)
        sender.values(self._codes.posterior_cdf(rows, group.of_codes), bins.levels, k)
        streams.push(sender.asked)
        return rows
