"""`TextCompressor`: a text model that makes files smaller, and gives every byte back."""

import numpy as np
from sklearn.base import BaseEstimator

from keras_vae._checks import check_choice, check_int
from keras_vae.tasks.compression.model_file import TEXT, read_model_file, write_model_file
from keras_vae.tasks.compression.text.text_codec import ALONE, BITS_BACK, TextCodec

# Bytes of a block: it takes seconds to decode one, and each has some 30 bytes of its own.
BLOCK_BYTES = 2**18
WAYS = (ALONE, BITS_BACK)


class TextCompressor(BaseEstimator):
    """Lossless compression of any bytes by a model of text.

    Lines are sentences for the model, each told word by word; a word that is not in its vocabulary is spelled, and
    bytes that are no text of its kind are packed by the compressors of Python. A file is about as long as the nats of
    the model say, and random bytes stay as many as they were. It can only be decompressed with the model that made it.

    The probabilities are rounded to a coarse grid, and a note is taken of those near an edge of it. So the small
    differences that floats have between machines, versions and numbers of threads do no harm. Larger ones are found by
    a checksum: wrong bytes are never given back.

    Args:
        model: trained `LanguageModel` or `SequenceVAE`.
        way: "language model" for each sentence by its words alone (a `SequenceVAE` then takes z = 0), "bits back" for
            sentences through their codes z, or None for the way that is shorter on the first 32 KiB.
        block_bytes: int >= 1. Bytes of a block, which can be decompressed without the others.

    Raises:
        ValueError: when it is used, for a model that is no model of text, or for arguments out of range.

    Examples:
        >>> from keras_vae.tasks.compression import TextCompressor
        >>> texts = ["the cat sat on the mat", "a dog ran", "the dog sat"]
        >>> model = kv.make_language_model(kv.data.Tokenizer.learn(texts), units=8, seed=0)
        >>> compressor = TextCompressor(model)
        >>> data = b"the dog ran to the zoo\\r\\n\\x00"
        >>> compressor.decompress(compressor.compress(data)) == data
        True

    References:
        Townsend et al. 2019 (bits back with ANS). https://arxiv.org/abs/1901.04866
    """

    def __init__(self, model, way=None, block_bytes=BLOCK_BYTES):
        self.model, self.way, self.block_bytes = model, way, block_bytes

    @property
    def codec_(self):
        """The model as a `TextCodec`, made when it is first needed."""
        if not hasattr(self, "_codec"):
            check_text_model(self.model)
            self._codec = TextCodec(self.model)
        return self._codec

    def compress(self, data, metadata=None, verify=True):
        """Bytes made smaller.

        Args:
            data: bytes, or a uint8 array `(n,)`.
            metadata: dict that JSON can hold, such as names of files; it is compressed too.
            verify: bool. Whether to decompress what was written and compare it, which takes as long again.

        Returns:
            bytes, a container as `Compressor.compress` makes it.

        Raises:
            ValueError: for other data than bytes, or a way that the model does not have.
            RuntimeError: if `verify` found other bytes.
        """
        if self.way is not None:
            check_choice("way", self.way, WAYS)
        if self.way == BITS_BACK and not self.codec_.has_codes:
            raise ValueError(
                f"`way` must not be {BITS_BACK!r} for a model without codes, or whose prior or posterior is no plain "
                "Gaussian. Received: such a model"
            )
        block_bytes = check_int("block_bytes", self.block_bytes, minimum=1)
        return self.codec_.compress(_as_array(data), block_bytes, metadata, verify, self.way)

    def decompress(self, data, rows=None, max_bytes=None):
        """The bytes that were compressed, or some of them.

        Args:
            data: bytes, as `compress` gives them.
            rows: slice of the bytes, or None for all. Only the blocks that hold them are decoded.
            max_bytes: int. As many as there may be, or None for 2^20 for each compressed one.

        Returns:
            bytes.

        Raises:
            ValueError: for data that are damaged, cut off or not of this format or version, or of another model.
        """
        return self.codec_.decompress(data, rows, max_bytes).tobytes()

    def compress_each(self, texts, verify=True):
        """Texts as records of their own, each of which can be decompressed without the others.

        A record is as short as can be, by the words alone: it has no checksum and does not say which model made it.

        Args:
            texts: list of bytes, or of str.
            verify: bool. Whether to decompress them and compare.

        Returns:
            list of bytes.

        Raises:
            ValueError: for other texts.
            RuntimeError: if `verify` found another text.
        """
        texts = [_as_bytes(text) for text in texts]
        records = self.codec_.records.encode(texts) if texts else []
        if verify and self.decompress_each(records) != texts:
            raise RuntimeError("the compressed texts do not come back as they were")
        return records

    def decompress_each(self, records):
        """The texts of records, list of bytes.

        Args:
            records: list of bytes, as `compress_each` gives them; some of them, in any order.

        Raises:
            ValueError: for a record that is seen to be of another model. Not all are: they hold no checksum.
        """
        return self.codec_.records.decode(list(records)) if len(records) else []

    def bits_per_character(self, data):
        """Bits per byte of data, measured on their compressed bytes with everything that is in them."""
        return 8 * len(self.compress(data, verify=False)) / len(data) if len(data) else float("nan")

    def save(self, path):
        """Write the model to one Keras file, which `load` and `keras.models.load_model` read; see `Compressor.save`.

        Args:
            path: str or path that ends in `.keras`.

        Raises:
            ValueError: for another ending.
        """
        content = {
            "arguments": {"way": self.way, "block_bytes": self.block_bytes},
            "fingerprint": self.codec_.fingerprint.hex(),
        }
        write_model_file(path, self.model, TEXT, content)

    @classmethod
    def load(cls, path):
        """The compressor that `save` wrote, ready to decompress what that one has compressed.

        Raises:
            ValueError: if the file is not one of a text compressor, or was changed.
        """
        model, content, check = read_model_file(path, TEXT)
        compressor = cls(model, **content["arguments"])
        check(compressor.codec_.fingerprint)
        return compressor


def is_text_model(model):
    """Whether a model is one of text: it has a tokenizer, and a decoder that goes step by step."""
    return hasattr(model, "tokenizer") and hasattr(getattr(model, "decoder", None), "step")


def check_text_model(model):
    """Check that a model is one of text.

    Raises:
        ValueError: otherwise.
    """
    if not is_text_model(model):
        raise ValueError(f"`model` must be a LanguageModel or a SequenceVAE. Received: {type(model).__name__}")


def _as_bytes(text):
    if not isinstance(text, (str, bytes)):
        raise ValueError(f"`texts` must be bytes or str. Received: {type(text).__name__}")
    return text.encode() if isinstance(text, str) else text


def _as_array(data):
    if isinstance(data, (bytes, bytearray, memoryview)):
        return np.frombuffer(data, np.uint8)
    data = np.asarray(data)
    if data.dtype != np.uint8 or data.ndim != 1:
        raise ValueError(
            f"`data` must be bytes, or a uint8 array (n,); encode a text first. Received: {data.dtype} of shape "
            f"{data.shape}"
        )
    return data
