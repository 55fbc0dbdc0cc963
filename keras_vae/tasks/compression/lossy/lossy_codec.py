"""A model as a lossy codec: images to containers of rounded latents, and back to images that are near."""

import hashlib
import math
import warnings
import zlib

import numpy as np

from keras_vae._progress import progress
from keras_vae.tasks.compression.container.container import Container, checksum, write
from keras_vae.tasks.compression.container.header import FINGERPRINT_BYTES, BlockEntry, Header
from keras_vae.tasks.compression.lossy.code_coder import CodeCoder
from keras_vae.tasks.compression.lossy.exact_prior import ExactPrior
from keras_vae.tasks.compression.whole_numbers import as_array, fits

# Rows of a block, which can be decoded without the others, and the most latents that it may have: more need memory.
BLOCK_ROWS, BLOCK_LATENTS = 4096, 2**24
# Rows that the networks take at a time.
BATCH_ROWS = 256
# The error of so many images is looked at, and told where it is so many times as large as it should be.
N_LOOKED_AT, LARGE = 256, 2.0
# What the container keeps beside the rows.
STDDEV = "stddev"


class LossyCodec:
    """Compresses images by a model.

    The whole numbers of the code come back to the last bit, on every machine. The images that the decoder makes of them
    are those of Keras: another machine may round a pixel to the next level.

    Args:
        model: built `QuantizedVAE` with a `Hyperprior`, told a logarithm of a standard deviation.
    """

    def __init__(self, model):
        self.model, self._prior = model, ExactPrior(model.prior)
        self._coder = CodeCoder(self._prior)
        self.fingerprint = self._fingerprint()

    def _fingerprint(self):
        digest = hashlib.sha256(str(self.model.event_shape).encode())
        for weights in [*self.model.encoder.get_weights(), *self.model.decoder.get_weights()]:
            digest.update(weights.astype("<f4").tobytes())
        self._prior.update_digest(digest)
        return digest.digest()[:FINGERPRINT_BYTES]

    def check_images(self, x):
        """The images, if the model can code them.

        Raises:
            ValueError: if they are no uint8 array of images of its shape.
        """
        x = as_array(x)
        if x.dtype != np.uint8 or x.ndim < 1 or not fits(x.shape[1:], self.model.event_shape):
            wanted = ", ".join(["n", *map(str, self.model.event_shape)])
            raise ValueError(
                f"`x` must be a uint8 array of images ({wanted}), as the model has them. "
                f"Received: x of dtype {x.dtype} and shape {x.shape}"
            )
        return x

    def compress(self, x, stddev):
        """Images as a container.

        Args:
            x: uint8 array `(n, height, width, channels)`; a last axis of length 1 may be missing.
            stddev: float > 0, grey levels.

        Returns:
            bytes.

        Raises:
            ValueError: for other images.
            RuntimeError: if the code does not come back.

        Warns where the images come back with an error of more than twice `stddev`.
        """
        x = self.check_images(x)
        self._warn_of_large_errors(x, stddev)
        payloads, entries = [], []
        block_rows = max(1, min(BLOCK_ROWS, BLOCK_LATENTS // self.model.latent_dim))
        with progress(total=len(x), desc="compressing", unit="image") as bar:
            for start in range(0, len(x), block_rows):
                code = self._codes(x[start : start + block_rows], stddev, bar.update)
                payloads.append(self._coder.encode(code))
                entries.append(BlockEntry(len(payloads[-1]), zlib.crc32(payloads[-1]), _checksum(code)))
                if not np.array_equal(self._coder.decode(payloads[-1], len(code), "the block"), code):
                    raise RuntimeError("the code of the images does not come back")
        return write(Header(self.fingerprint, x.dtype, x.shape, block_rows, tuple(entries), {STDDEV: stddev}), payloads)

    def _warn_of_large_errors(self, x, stddev):
        """Say where images come back much worse than `stddev` promises: they are of another kind."""
        some = x[:: max(1, len(x) // N_LOOKED_AT)][:N_LOOKED_AT].reshape(-1, *self.model.event_shape)
        if not len(some):
            return
        back = self._images(self._codes(some, stddev), stddev)
        error = float(np.sqrt(np.mean(np.square(some.astype(np.float32) - back))))
        if error > LARGE * max(stddev, 1.0):
            warnings.warn(
                f"the images come back with an error of {error:.1f} grey levels where stddev is {stddev:g}: they are "
                "of another kind than those of the training. Train on some of them, or take a lossless `Compressor`.",
                stacklevel=4,
            )

    def _codes(self, x, stddev, told=lambda n: None):
        x = x.reshape(len(x), *self.model.event_shape)
        codes = np.empty((len(x), self.model.latent_dim), np.int64)
        for start in range(0, len(x), BATCH_ROWS):
            rows = x[start : start + BATCH_ROWS].astype(np.float32)
            codes[start : start + len(rows)] = np.rint(self.model.encode(rows, _condition(stddev, len(rows)))[0])
            told(len(rows))
        return codes

    def decompress(self, data, rows=None, max_bytes=None):
        """The images of a container, or some of them, near those that were compressed.

        Args:
            data: bytes, as `compress` gives them.
            rows: slice, or None for all. Only the blocks that hold them are decoded.
            max_bytes: as in `Container.read`.

        Returns:
            uint8 array of the shape that was compressed.

        Raises:
            ValueError: for damaged data, or those of another model.
        """
        container = Container.read(data, max_bytes)
        header, stddev = container.header, self._stddev_of(container)
        wanted = range(header.shape[0])[slice(None) if rows is None else rows]
        numbers, found = np.array(wanted, np.int64), np.empty((len(wanted), *header.shape[1:]), np.uint8)
        with progress(total=len(wanted), desc="decompressing", unit="image") as bar:
            for block in np.unique(numbers // header.block_rows).tolist():
                start, end = header.rows_of(block)
                own = (numbers >= start) & (numbers < end)
                code = self._decode(container, block, end - start)[numbers[own] - start]
                found[own] = self._images(code, stddev, bar.update).reshape(-1, *header.shape[1:])
        return found

    def _stddev_of(self, container):
        container.check_made_by(self.fingerprint)
        header = container.header
        stddev = header.metadata.get(STDDEV)
        if header.dtype != np.uint8 or not fits(header.shape[1:], self.model.event_shape) or not _is_scale(stddev):
            raise ValueError("the header is damaged: it is not one of images of this model")
        return stddev

    def _decode(self, container, block, n_rows):
        name = container.name(block)
        code = self._coder.decode(container.payload(block), n_rows, name)
        if _checksum(code) != container.header.blocks[block].content:
            raise ValueError(f"{name} decodes to another code than the one that was compressed")
        return code

    def _images(self, code, stddev, told=lambda n: None):
        images = np.empty((len(code), *self.model.event_shape), np.uint8)
        for start in range(0, len(code), BATCH_ROWS):
            z = code[start : start + BATCH_ROWS].astype(np.float32)
            mean = self.model.decode(z, _condition(stddev, len(z)))
            images[start : start + len(z)] = np.clip(np.rint(mean), 0.0, 255.0)
            told(len(z))
        return images


def _condition(stddev, n):
    return np.full((n, 1), math.log(stddev), np.float32)


def _is_scale(stddev):
    return isinstance(stddev, (int, float)) and math.isfinite(stddev) and stddev > 0.0


def _checksum(code):
    return checksum(code.astype("<i8").tobytes())
