"""`Compressor`: a VAE that makes data smaller, and gives every bit back."""

import numpy as np
from sklearn.base import BaseEstimator

from keras_vae._checks import check_int
from keras_vae._files import atomic_path
from keras_vae.evaluation.likelihood import estimate_bounds
from keras_vae.tasks.compression.codec import Codec
from keras_vae.tasks.compression.exact.exact_model import ExactModel
from keras_vae.tasks.compression.latent_bins import MAX_BITS
from keras_vae.tasks.compression.model_file import LOSSLESS, read_model_file, write_model_file
from keras_vae.tasks.compression.streams import constriction_streams
from keras_vae.tasks.compression.training import train_for
from keras_vae.tasks.compression.whole_numbers import check_array

# Rows of a block at most: of 10,000 binarised images of MNIST one block has 175,456 bytes and three of 4096 rows have
# 175,698, which take 1.7 times as long, as their stacks are fewer.
BLOCK_ROWS = 10_000
# Latents that are known exactly need as many: see `latent_bins.SPREAD`. Others lose nothing by them.
BITS = 14


class Compressor(BaseEstimator):
    """Lossless compression of arrays of whole numbers by a VAE: bits back with asymmetric numeral systems.

    A compressed array is as long as the model's bound on log p(x) says, and the same on every machine: what feeds the
    coder is computed in arithmetic that is exact everywhere. It can only be decompressed with the model that made it:
    keep that with `save`. After `fit`, or with a model, there is `model_`.

    Args:
        model: trained `VAE` or `LadderVAE` with a likelihood of whole numbers, or None for one that `fit` trains.
        likelihood: str or None for one by the values: "bernoulli" for 0 and 1, "discretized_logistic_mixture" for
            images of 8 bits, "categorical" below 32, and "negative_binomial" for other counts.
        latent_dim, network, minutes, epochs, seed: settings of the training, as of `VAETask`; None for its defaults by
            kind and number of the data: a ladder for images.
        settings: dict or None. Further settings of `VAETask`.
        bits: int from 1 to 16. Each latent is cut into `2^bits` bins.
        block_rows: int >= 1. Rows of a block at most; each can be decompressed without the others.

    Examples:
        >>> from keras_vae.tasks.compression import Compressor
        >>> x = np.random.default_rng(0).integers(0, 2, size=(100, 20), dtype=np.uint8)
        >>> compressor = Compressor(likelihood="bernoulli", epochs=1, seed=0).fit(x, verbose=0)
        >>> np.array_equal(compressor.decompress(compressor.compress(x)), x)
        True

    References:
        Townsend et al. 2019 (bits back with ANS). https://arxiv.org/abs/1901.04866
        Kingma et al. 2019 (several layers). https://arxiv.org/abs/1905.06845
    """

    def __init__(
        self,
        model=None,
        likelihood=None,
        latent_dim=None,
        network=None,
        minutes=None,
        epochs=None,
        seed=None,
        settings=None,
        bits=BITS,
        block_rows=BLOCK_ROWS,
    ):
        self.model, self.likelihood, self.latent_dim, self.network = model, likelihood, latent_dim, network
        self.minutes, self.epochs, self.seed, self.settings = minutes, epochs, seed, settings
        self.bits, self.block_rows = bits, block_rows

    @property
    def model_(self):
        """The model that is used.

        Raises:
            ValueError: if there is none yet.
        """
        model = getattr(self, "_trained", None) if self.model is None else self.model
        if model is None:
            raise ValueError("the compressor has no model yet: call `fit`, or pass a trained one as `model`")
        return model

    @property
    def codec_(self):
        """The model as a `Codec`, made when it is first needed.

        Raises:
            ValueError: without a model, for one that cannot be coded, or for arguments out of range.
        """
        if not hasattr(self, "_codec"):
            if check_int("bits", self.bits, minimum=1) > MAX_BITS:
                raise ValueError(f"`bits` must be from 1 to {MAX_BITS}. Received: bits={self.bits}")
            self._codec = Codec(ExactModel.of(self.model_), self.bits)
        return self._codec

    def fit(self, x, y=None, verbose="auto"):
        """Train a model for data of a kind.

        Args:
            x: array `(n, *event_shape)` of whole numbers.
            y: ignored; scikit-learn passes it.
            verbose: as in `keras.Model.fit`.

        Returns:
            self.

        Raises:
            ValueError: if there is a model already, for settings out of range, or for data that are no whole numbers.
            ImportError: without constriction, which would be missed after the training.
        """
        if self.model is not None:
            raise ValueError("the compressor was given a trained `model`: there is nothing to fit")
        # Not after a long training.
        constriction_streams()
        given = {name: getattr(self, name) for name in ("likelihood", "latent_dim", "network")}
        given |= {name: getattr(self, name) for name in ("minutes", "epochs", "seed")} | (self.settings or {})
        self._trained = train_for(x, given, verbose)
        vars(self).pop("_codec", None)
        return self

    def compress(self, x, metadata=None, verify=True):
        """An array as bytes.

        Args:
            x: array `(n, *event_shape)` of dtype bool, int, uint or float that holds whole numbers the model knows. A
                last axis of length 1 may be left out.
            metadata: dict that JSON can hold, such as names of files; it is compressed too.
            verify: bool. Whether to decompress what was written and compare it with `x`, which takes as long again.

        Returns:
            bytes, see `container.container` for their format.

        Raises:
            ValueError: for an array that the model cannot code; the first value that it cannot is named.
            RuntimeError: if `verify` found other rows than those of `x`.
        """
        block_rows = check_int("block_rows", self.block_rows, minimum=1)
        return self.codec_.compress(x, block_rows, metadata, verify)

    def decompress(self, data, rows=None, max_bytes=None):
        """The array of compressed bytes: the same type, shape and bits.

        Args:
            data: bytes, as `compress` gives them.
            rows: slice, or None for all. Only the blocks that hold them are decoded.
            max_bytes: int. Bytes that the array may have, or None for 2^20 for each compressed one.

        Returns:
            array.

        Raises:
            ValueError: for bytes that are damaged, cut off or not of this format or version, or of another model.
        """
        return self.codec_.decompress(data, rows, max_bytes)

    def compress_to(self, path, x, metadata=None, verify=True):
        """Write a compressed array to a file, which is there when it is whole; arguments as in `compress`."""
        data = self.compress(x, metadata, verify)
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)

    def bits_per_dim(self, x):
        """Bits per element of an array, measured on its compressed bytes with everything that is in them."""
        x = np.asarray(x)
        return len(self.compress(x, verify=False)) * 8 / x.size if x.size else float("nan")

    def elbo_bits_per_dim(self, x, n_samples=1):
        """Bits per element by the model's own -ELBO, without a coder, by `n_samples` draws of the latents."""
        x = check_array(x, self.codec_.exact.event_shape)
        if not x.size:
            return float("nan")
        rows = x.reshape(len(x), *self.codec_.exact.event_shape).astype(np.float32)
        elbo = estimate_bounds(self.model_, rows, n_samples=n_samples).elbo.mean
        return float(-elbo / (rows[0].size * np.log(2.0)))

    def save(self, path):
        """Write the model and what its coder needs to one Keras file, which `load` and `keras.models.load_model` read.

        The state of its optimizer is left out: to train on, keep the model itself.

        Args:
            path: str or path that ends in `.keras`.

        Raises:
            ValueError: without a model, or for another ending.
        """
        content = {
            "arguments": {"bits": self.bits, "block_rows": self.block_rows},
            "marginals": [[part.tolist() for part in pair] for pair in self.codec_.marginals],
            "fingerprint": self.codec_.fingerprint.hex(),
        }
        write_model_file(path, self.model_, LOSSLESS, content)

    @classmethod
    def load(cls, path):
        """The compressor that `save` wrote, ready to decompress what that one has compressed.

        Raises:
            ValueError: if the file is not one of a compressor, or this machine computes other numbers from it.
        """
        model, content, check = read_model_file(path, LOSSLESS)
        compressor = cls(model=model, **content["arguments"])
        marginals = [tuple(np.array(part, np.float64) for part in pair) for pair in content["marginals"]]
        compressor._codec = Codec(ExactModel.of(model), compressor.bits, marginals)
        check(compressor._codec.fingerprint)
        return compressor
