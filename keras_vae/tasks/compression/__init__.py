"""Compression at work: arrays of whole numbers and texts as few bytes, every bit back; images that come back nearly."""

from keras_vae._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "compressor": ["Compressor"],
        "lossy_compressor": ["LossyCompressor", "RatePoint"],
        "rate_picture": ["plot_rate_distortion"],
        "text_compressor": ["TextCompressor"],
        "text_rate": ["TextRatePoint", "text_rate_curve"],
    },
)
