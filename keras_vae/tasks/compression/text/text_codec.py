"""A text model as a codec: bytes to containers and back."""

import hashlib
import json

import numpy as np

from keras_vae.tasks.compression.blockwise_codec import BlockwiseCodec
from keras_vae.tasks.compression.container.header import FINGERPRINT_BYTES
from keras_vae.tasks.compression.text.lockstep import BATCHES
from keras_vae.tasks.compression.text.text_block import TextBlock

# Counts up with every change of what is in a block: files of other versions are of another fingerprint.
VERSION = 1
# What the metadata of a container call the two ways in which sentences can go.
WAY, ALONE, BITS_BACK = "way", "language model", "bits back"
# Bytes of the text by which the shorter one is found.
TRIED = 2**15


class TextCodec(BlockwiseCodec):
    """Compresses bytes by a text model, whose examples they are one by one.

    Args:
        model: `LanguageModel` or `SequenceVAE`.
    """

    unit, event_shape, levels = "B", (), 256

    def __init__(self, model):
        self._blocks = TextBlock(model)
        self.records = self._blocks.records
        self._bits_back = False
        digest = hashlib.sha256(json.dumps([VERSION, BATCHES]).encode())
        digest.update(json.dumps(model.tokenizer.get_config(), sort_keys=True).encode())
        for weight in model.get_weights():
            digest.update(f"{weight.shape}".encode() + np.ascontiguousarray(weight, "<f4").tobytes())
        self.fingerprint = digest.digest()[:FINGERPRINT_BYTES]

    @property
    def has_codes(self):
        """Whether the model has codes that sentences can go through."""
        return self._blocks.sentences.has_codes

    def compress(self, x, block_rows, metadata=None, verify=True, way=None):
        """Bytes as a container, which says the way that its sentences went.

        Args:
            x, block_rows, metadata, verify: as in `BlockwiseCodec.compress`; x is a uint8 array `(n,)`.
            way: "language model", "bits back", or None for the one that is shorter on the beginning of the text.
        """
        if way is None:
            start = np.asarray(x[:TRIED]).tobytes()
            sizes = [len(self._blocks.encode(start, way)) for way in (False, True)] if self.has_codes and start else [0]
            way = BITS_BACK if len(sizes) > 1 and sizes[1] < sizes[0] else ALONE
        self._bits_back = way == BITS_BACK
        return super().compress(x, block_rows, {**(metadata or {}), WAY: way}, verify)

    def encode_block(self, rows, told):
        payload = self._blocks.encode(rows.tobytes(), self._bits_back)
        told(len(rows))
        return payload

    def decode_block(self, payload, n_rows, dtype, name, told):
        try:
            data = self._blocks.decode(payload, n_rows)
        except ValueError as error:
            raise ValueError(f"{name} cannot be decoded: {error}") from None
        told(n_rows)
        return np.frombuffer(data, dtype)
