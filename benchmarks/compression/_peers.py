"""What else makes images smaller without loss: general compressors, and formats of pictures. All are decoded again."""

import bz2
import gzip
import importlib
import importlib.util
import io
import lzma
import math
import time

import numpy as np

# Files of one image each: so many, drawn with a seed, are enough for a mean.
N_EACH = 2000
PACKAGES = ("zstandard", "pillow", "imagecodecs")


def general(bits):
    """Compressors of bytes by name: pairs of functions there and back."""
    strongest = 9 | lzma.PRESET_EXTREME
    found = {
        "gzip -9": (lambda data: gzip.compress(data, 9, mtime=0), gzip.decompress),
        "bz2 -9": (lambda data: bz2.compress(data, 9), bz2.decompress),
        "lzma -9e": (lambda data: lzma.compress(data, preset=strongest), lzma.decompress),
        "zstd -19": _zstd(),
    }
    return {f"{name}{bits}": pair for name, pair in found.items()}


def _zstd():
    """The package `zstandard`, else that of Python 3.14; None without both."""
    if _has("zstandard"):
        zstandard = importlib.import_module("zstandard")
        return zstandard.ZstdCompressor(level=19).compress, zstandard.ZstdDecompressor().decompress
    if _has("compression.zstd"):
        zstd = importlib.import_module("compression.zstd")
        return lambda data: zstd.compress(data, 19), zstd.decompress
    return None


def _has(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def formats():
    """Formats of pictures by name: pairs of functions from a uint8 or bool array to bytes and back, or None."""
    png = _pillow("PNG", optimize=True)
    # At quality 100 it takes minutes for the large picture.
    webp = _pillow("WEBP", lossless=True, quality=75, method=4)
    return {"PNG": png, "WebP": webp, "JPEG-XL e7": _jpeg_xl(7), "JPEG-XL e9": _jpeg_xl(9)}


def _pillow(name, **how):
    from PIL import Image, features

    if name == "WEBP" and not features.check("webp"):
        return None

    def encode(x):
        # One bit per pixel where the format has that, else 0 and 255.
        picture = Image.fromarray(x.astype(np.uint8) * 255).convert("1") if x.dtype == bool else Image.fromarray(x)
        file = io.BytesIO()
        (picture.convert("RGB") if name == "WEBP" else picture).save(file, name, **how)
        return file.getvalue()

    return encode, lambda data: np.asarray(Image.open(io.BytesIO(data)))


def _jpeg_xl(effort):
    if not _has("imagecodecs"):
        return None
    codecs = importlib.import_module("imagecodecs")

    def encode(x):
        x = x.astype(np.uint8) * 255 if x.dtype == bool else x
        return codecs.jpegxl_encode(x, lossless=True, effort=effort, numthreads=1)

    return encode, codecs.jpegxl_decode


def measure(x, seed):
    """What every peer makes of images.

    Args:
        x: bool or uint8 array `(n, height, width, channels)`.
        seed: int, of the images that become a file each.

    Returns:
        dict by name: dicts with `bytes`, `n_images`, `bits_per_dim` and `seconds`, or None where a package is missing.
    """
    found = {}
    data = np.packbits(x) if x.dtype == bool else x
    for name, pair in general("").items():
        found[name] = pair and _one(pair, [data.tobytes()], len(x), x[0].size)
    if x.dtype == bool:
        for name, pair in general(", a byte per pixel").items():
            found[name] = pair and _one(pair, [x.tobytes()], len(x), x[0].size)
    pictures = x[..., 0] if x.shape[-1] == 1 else x
    some = pictures[np.sort(np.random.default_rng(seed).permutation(len(x))[:N_EACH])]
    for name, pair in formats().items():
        if name != "JPEG-XL e9":
            found[f"{name}, each"] = pair and _one(pair, list(some), len(some), x[0].size)
        found[f"{name}, mosaic"] = pair and _one(pair, [mosaic(pictures)], len(x), x[0].size)
    return found


def mosaic(pictures):
    """All pictures in one that is about square; what is left of it is 0."""
    n, (height, width) = len(pictures), pictures.shape[1:3]
    columns = math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    full = np.zeros((rows * columns, *pictures.shape[1:]), pictures.dtype)
    full[:n] = pictures
    parts = full.reshape(rows, columns, *pictures.shape[1:]).swapaxes(1, 2)
    return np.ascontiguousarray(parts).reshape(rows * height, columns * width, *pictures.shape[3:])


def _one(pair, contents, n_images, n_values):
    encode, decode = pair
    begun = time.perf_counter()
    files = [encode(content) for content in contents]
    seconds = time.perf_counter() - begun
    for content, file in zip(contents, files, strict=True):
        if not same(content, decode(file)):
            raise RuntimeError("a peer did not give back what it was given")
    n_bytes = sum(map(len, files))
    bits = 8 * n_bytes / (n_images * n_values)
    return {"bytes": n_bytes, "n_images": n_images, "bits_per_dim": bits, "seconds": round(seconds, 2)}


def same(content, back):
    """Whether bytes, or the values of a picture, came back; a grey one may come back with three equal channels."""
    if isinstance(content, bytes):
        return content == back
    if back.ndim > content.ndim:
        back = back[..., 0]
    return np.array_equal(content.astype(bool), back > 0) if content.dtype == bool else np.array_equal(content, back)
