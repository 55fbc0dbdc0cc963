"""Compression at work: arrays of whole numbers as few bytes, and every bit back; and images that come back nearly."""

from keras_vae._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "compressor": ["Compressor"],
        "lossy_compressor": ["LossyCompressor", "RatePoint"],
        "rate_picture": ["plot_rate_distortion"],
    },
)
