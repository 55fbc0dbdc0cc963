"""`LossyCompressor`: a VAE that makes images much smaller, and brings them back nearly."""

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from keras_vae._checks import check_number
from keras_vae._files import atomic_path
from keras_vae.tasks.compression.lossy.lossy_codec import LossyCodec
from keras_vae.tasks.compression.lossy.lossy_task import LossyTask
from keras_vae.tasks.compression.lossy.quality import psnr, ssim
from keras_vae.tasks.compression.model_file import read_model_file, write_model_file
from keras_vae.tasks.compression.streams import constriction_streams
from keras_vae.tasks.compression.whole_numbers import as_array, fits

KIND = "lossy"
# Grey levels: about the error that comes back.
STDDEV = 8.0
CHANNELS = (1, 3)
MIN_SIDE = 8


class RatePoint(NamedTuple):
    """One point of a rate-distortion curve.

    Attributes:
        stddev: float. Of p(x|z), grey levels.
        bits_per_pixel: float. Of the bytes with everything that is in them; a pixel of three channels is one.
        psnr: float, dB, of the mean squared error over all pixels.
        ssim: float, mean over images.

    Examples:
        >>> from keras_vae.tasks.compression import RatePoint
        >>> RatePoint(stddev=8.0, bits_per_pixel=1.1, psnr=30.5, ssim=0.95).psnr
        30.5
    """

    stddev: float
    bits_per_pixel: float
    psnr: float
    ssim: float


class LossyCompressor(BaseEstimator):
    """Lossy compression of images by a VAE whose latents are whole numbers, coded by a learned prior.

    The images come back nearly: how nearly, and in how many bits, `stddev` decides at every call, from one model. The
    rate that training minimises is the KL, and the error is weighed by the standard deviation of p(x|z); so the file is
    as long as the KL says, and the loss is -ELBO. After `fit` there is `model_`, a `QuantizedVAE`.

    Args:
        stddevs: pair of floats, grey levels. Between them `stddev` may be chosen afterwards.
        minutes, epochs, seed: settings of the training, as of `Compressor`.

    Examples:
        >>> from keras_vae.tasks.compression import LossyCompressor
        >>> x = np.random.default_rng(0).integers(0, 256, size=(40, 16, 16, 1), dtype=np.uint8)
        >>> compressor = LossyCompressor(epochs=1, seed=0).fit(x, verbose=0)
        >>> back = compressor.decompress(compressor.compress(x, stddev=16.0))
        >>> back.shape, back.dtype.name
        ((40, 16, 16, 1), 'uint8')

    References:
        Balle et al. 2018 (scale hyperprior). https://arxiv.org/abs/1802.01436
        Cui et al. 2021 (one model for all rates). https://arxiv.org/abs/2003.02012
    """

    def __init__(self, stddevs=(2.0, 40.0), minutes=None, epochs=None, seed=None):
        self.stddevs, self.minutes, self.epochs, self.seed = stddevs, minutes, epochs, seed

    @property
    def codec_(self):
        """The model as a `LossyCodec`, made when it is first needed.

        Raises:
            ValueError: without a model.
        """
        if not hasattr(self, "_codec"):
            if not hasattr(self, "model_"):
                raise ValueError("the compressor has no model yet: call `fit`")
            self._codec = LossyCodec(self.model_)
        return self._codec

    def fit(self, x, y=None, verbose="auto"):
        """Train a model for images of a kind.

        Args:
            x: uint8 array `(n, height, width)` or `(n, height, width, channels)`, grey or in three colours.
            y: ignored; scikit-learn passes it.
            verbose: as in `keras.Model.fit`.

        Returns:
            self.

        Raises:
            ValueError: for settings out of range, or data that are no such images.
            ImportError: without constriction, which would be missed after the training.
        """
        low, high = self._checked_stddevs()
        # Not after a long training.
        constriction_streams()
        given = {name: getattr(self, name) for name in ("minutes", "epochs", "seed")}
        settings = {name: value for name, value in given.items() if value is not None}
        task = LossyTask(least_stddev=low, most_stddev=high, **settings)
        self.model_ = task.fit(self._checked_data(task, x), verbose=verbose).model_
        vars(self).pop("_codec", None)
        return self

    def _checked_stddevs(self):
        try:
            low, high = (check_number("stddevs", value, minimum=0.0, exclusive=True) for value in self.stddevs)
        except (TypeError, ValueError):
            low, high = 1.0, 0.0
        if low >= high:
            raise ValueError(f"`stddevs` must be two numbers, 0 < low < high. Received: stddevs={self.stddevs!r}")
        return low, high

    def _checked_data(self, task, x):
        x = as_array(x)
        is_image = x.ndim == 3 or (x.ndim == 4 and x.shape[-1] in CHANNELS)
        if x.dtype != np.uint8 or not is_image or not len(x) or min(x.shape[1:3]) < MIN_SIDE:
            raise ValueError(
                f"`x` must be a uint8 array of images (n, height, width) or (n, height, width, 1 or 3), n >= 1, of at "
                f"least {MIN_SIDE} pixels a side. Received: x of dtype {x.dtype} and shape {x.shape}"
            )
        data = task.load(x if x.ndim == 4 else x[..., None])
        if not fits(x.shape[1:], data.event_shape):
            raise ValueError(
                f"`x` must have its channels on the last axis. Received: x of shape {x.shape}, read as examples of "
                f"shape {tuple(data.event_shape)}"
            )
        return data

    def compress(self, x, stddev=STDDEV):
        """Images as bytes; a warning says where they will come back much worse than `stddev` promises.

        Args:
            x: uint8 array of images of the shape of those of the training.
            stddev: float, grey levels: about the root mean square error that comes back where bits are many. Less
                makes larger files.

        Returns:
            bytes.

        Raises:
            ValueError: for other images, or a `stddev` that was in no training.
        """
        low, high = self._checked_stddevs()
        stddev = check_number("stddev", stddev, minimum=0.0, exclusive=True)
        if not low <= stddev <= high:
            raise ValueError(
                f"`stddev` must be from {low} to {high}, as in the training (`stddevs`). Received: stddev={stddev}"
            )
        return self.codec_.compress(x, stddev)

    def decompress(self, data, rows=None, max_bytes=None):
        """The images of compressed bytes, near those that were compressed; uint8, of the same shape.

        Args:
            data: bytes, as `compress` gives them.
            rows: slice, or None for all. Only the blocks that hold them are decoded.
            max_bytes: int. Bytes that the array may have, or None for 2^20 for each compressed one.

        Raises:
            ValueError: for bytes that are damaged, cut off or not of this format or version, or of another model.
        """
        return self.codec_.decompress(data, rows, max_bytes)

    def compress_to(self, path, x, stddev=STDDEV):
        """Write compressed images to a file, which is there when it is whole; arguments as in `compress`."""
        data = self.compress(x, stddev)
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)

    def rate_distortion(self, x, stddevs=None):
        """What images cost and how near they come back, measured on the bytes and on what is decoded from them.

        Args:
            x: uint8 array of images, n >= 1.
            stddevs: list of floats, or None for six over the range of the training.

        Returns:
            list of `RatePoint`, the fewest bits first.

        Raises:
            ValueError: as `compress`, or without an image.
        """
        x = self.codec_.check_images(x)
        if not len(x):
            raise ValueError("`x` must have at least one image. Received: none")
        stddevs = np.geomspace(*self._checked_stddevs(), 6).clip(*self.stddevs) if stddevs is None else stddevs
        images, points = x.reshape(len(x), *self.model_.event_shape), []
        n_pixels = images[..., 0].size
        for stddev in sorted((float(s) for s in stddevs), reverse=True):
            data = self.compress(x, stddev)
            back = self.decompress(data).reshape(images.shape)
            points.append(RatePoint(stddev, 8 * len(data) / n_pixels, psnr(images, back), ssim(images, back)))
        return points

    def save(self, path):
        """Write the model to one Keras file, which `load` and `keras.models.load_model` read; see `Compressor.save`.

        Args:
            path: str or path that ends in `.keras`.

        Raises:
            ValueError: without a model, or for another ending.
        """
        content = {
            "arguments": {"stddevs": list(self._checked_stddevs())},
            "fingerprint": self.codec_.fingerprint.hex(),
        }
        write_model_file(path, self.model_, KIND, content)

    @classmethod
    def load(cls, path):
        """The compressor that `save` wrote, ready to decompress what that one has compressed.

        Raises:
            ValueError: if the file is not one of a lossy compressor, or this machine computes other numbers from it.
        """
        model, content, check = read_model_file(path, KIND)
        compressor = cls(stddevs=tuple(content["arguments"]["stddevs"]))
        compressor.model_ = model
        check(compressor.codec_.fingerprint)
        return compressor
