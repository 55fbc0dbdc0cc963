"""The first words of sentences as bytes, given the codes of the sentences."""

import numpy as np

from keras_vae.tasks.compression.container.fields import Fields
from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.questions import Receiver, Sender
from keras_vae.tasks.compression.text.rounded_odds import Notes
from keras_vae.tasks.compression.text.told_fields import (
    notes_from_fields,
    notes_to_bytes,
    stack_from_fields,
    stack_to_bytes,
)
from keras_vae.tasks.compression.text.word_coder import WordCoder

# Nothing is added to the model's probability of an unknown word.
UNKNOWN_MASS = 0.0


class FirstWords:
    """Packs the first words of sentences, and unpacks them: sender and receiver know the codes, and how many words.

    Args:
        model: `LanguageModel` or `SequenceVAE`.
    """

    def __init__(self, model):
        self._words = WordCoder(model.decoder, model.tokenizer.counts, model.max_length)

    def pack(self, z, rows, n_words):
        """First words as bytes, with the notes of odds that another machine may round elsewhere.

        Args:
            z: float32 array `(n, latent_dim)`. Codes, as the receiver has them.
            rows: list of n int arrays, tokens with the end.
            n_words: int >= 0. Tokens of each sentence, the end included.

        Returns:
            bytes; none for no words.
        """
        if not n_words:
            return b""
        sender, notes, streams = Sender(), Notes(len(z)), Streams()
        self._words.tell(sender, z, notes, UNKNOWN_MASS, rows, n_words)
        streams.push(sender.asked)
        return notes_to_bytes(notes) + stack_to_bytes(streams)

    def unpack(self, data, z, n_words):
        """The first words, list of n int32 arrays, from what `pack` gave for the same codes and number of words.

        Raises:
            ValueError: if it is something else.
        """
        if not n_words:
            return [np.zeros(0, np.int32)] * len(z)
        fields = Fields(data, "it")
        notes = notes_from_fields(fields, len(z))
        streams = stack_from_fields(fields)
        rows = self._words.tell(Receiver(streams), z, notes, UNKNOWN_MASS, max_words=n_words)
        if streams.n_bits() != [0]:
            raise ValueError("it holds more than its words")
        return rows
