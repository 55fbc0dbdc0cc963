"""Image files: their pixels come back as PNG under the same names."""

import dataclasses
import pathlib
from typing import ClassVar

import numpy as np

from keras_vae.tasks.compression.files.entry import DAMAGED, Entry, field
from keras_vae.tasks.compression.whole_numbers import fits

# Formats of which every pixel is read as it was written, and the modes of Pillow in which all of them are.
FORMATS = ("PNG", "BMP", "PPM", "TIFF", "TGA")
CHANNELS = {"1": 1, "L": 1, "RGB": 3}
IN_WORDS = {"1": "black and white", "L": "grey", "RGB": "colour"}
# How pixels of these modes with 8 bits, or 1, stand in a file.
RAW_MODES = ("1", "1;I", "1;R", "1;IR", "L", "L;R", "L;I", "RGB", "BGR", "BGRX")
ORIENTATION = 0x0112
WHITE = 255
TO_KEEP_GREY = "grey values need a model that knows them: train with --likelihood discretized_logistic_mixture"
# Parts of a file that are not its pixels and are lost.
BESIDE_PIXELS = ("exif", "icc_profile", "xmp", "XML:com.adobe.xmp", "photoshop", "comment")


@dataclasses.dataclass(frozen=True)
class ImageEntry(Entry):
    """An image file.

    Attributes:
        name: str that ends in `.png`.
        mode: str. "1", "L" or "RGB", as Pillow calls black and white, grey and colour.
        white: int. What a value is multiplied by: 255 for the 0 and 1 of a black and white model, else 1.
        more: tuple of str. What else was in the file, and is not kept; not written down.
    """

    name: str
    mode: str
    white: int
    more: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    n_rows: ClassVar[int] = 1

    @classmethod
    def of_path(cls, path, name, model, keys):
        from PIL import Image

        try:
            with Image.open(path) as image:
                _check_format(path, image)
                _check_size(path, image, model)
                more = tuple(part for part in BESIDE_PIXELS if image.info.get(part))
                more += ("text",) if getattr(image, "text", None) else ()
                mode = image.mode
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"{path} cannot be read as an image: {error}") from None
        name = str(pathlib.PurePosixPath(name).with_suffix(".png"))
        return cls(name, mode, WHITE if model.levels == 2 else 1, more)

    def held_as(self, model):
        shape = model.event_shape if CHANNELS[self.mode] == 3 else model.event_shape[:2]
        return {("|u1", shape)}

    def can_be_rows(self, row_shape):
        return len(row_shape) in (2, 3) and (*row_shape, 1)[2] == CHANNELS[self.mode]

    def load(self, path, rows, model):
        from PIL import Image

        try:
            with Image.open(path) as image:
                mode, pixels = image.mode, np.asarray(image.convert("L") if image.mode == "1" else image)
        except (OSError, SyntaxError) as error:
            raise ValueError(f"{path} cannot be read as an image: {error}") from None
        if mode != self.mode or pixels.size != rows[0].size:
            raise ValueError(f"{path} has changed while it was read")
        wrong = np.argwhere(pixels % WHITE != 0) if self.white == WHITE else ()
        if len(wrong):
            row, column = wrong[0][:2]
            raise ValueError(
                f"{path} must be black and white, as the model is; {TO_KEEP_GREY}. "
                f"Received: a value of {pixels[row, column]} in row {row}, column {column}"
            )
        values = pixels // np.uint8(self.white)
        model.check_values(str(path), values)
        rows[0] = values.reshape(rows[0].shape)

    def save(self, path, rows):
        from PIL import Image

        pixels = (rows[0].astype(np.int64) * self.white).astype(np.uint8)
        pixels = pixels if CHANNELS[self.mode] == 3 else pixels.reshape(pixels.shape[:2])
        image = Image.fromarray(pixels)
        with open(path, "xb") as file:
            (image.convert("1", dither=Image.Dither.NONE) if self.mode == "1" else image).save(file, "PNG")

    def as_dict(self):
        return {"name": self.name, "mode": self.mode, "white": self.white}

    @classmethod
    def of_dict(cls, content):
        entry = cls(field(content, "name", str), field(content, "mode", str), field(content, "white", int))
        if not entry.name.endswith(".png") or entry.mode not in CHANNELS or entry.white not in (1, WHITE):
            raise ValueError(f"{DAMAGED}{entry.name!r} is no image")
        return entry


def _check_format(path, image):
    """Check that Pillow gives all that is seen, to the last bit."""
    if image.format not in FORMATS:
        raise ValueError(
            f"{path} must be a picture of a lossless format: {', '.join(FORMATS)}. Received: {image.format}"
        )
    if image.mode not in CHANNELS or "transparency" in image.info:
        kinds = {"P": "a palette", "LA": "transparency", "RGBA": "transparency", "PA": "transparency"}
        received = "transparency" if "transparency" in image.info else kinds.get(image.mode, f"mode {image.mode}")
        raise ValueError(f"{path} must be grey or coloured with 8 bits, without transparency. Received: {received}")
    if getattr(image, "n_frames", 1) > 1:
        raise ValueError(f"{path} must be a single picture. Received: {image.n_frames} of them")
    for codec, _, _, arguments in image.tile:
        raw = arguments if isinstance(arguments, str) else arguments[0]
        if raw not in RAW_MODES or "jpeg" in str(image.info.get("compression")) or codec in ("ppm", "ppm_plain"):
            raise ValueError(
                f"{path} must have 8 bits per value, or 1 for black and white. Received: values stored as {raw}"
            )
    turned = image.getexif().get(ORIENTATION, 1)
    if turned != 1:
        raise ValueError(
            f"{path} must not be shown turned, by its EXIF orientation: it would come back unturned. Received: {turned}"
        )


def _check_size(path, image, model):
    shape = (image.height, image.width, CHANNELS[image.mode])
    if len(model.event_shape) < 2 or not fits(shape, model.event_shape):
        height, width, n = (*model.event_shape, 1, 1)[:3]
        wanted = f"{height} x {width} pixels" if len(model.event_shape) > 1 else f"rows of {height} values"
        colours = {1: " in grey", 3: " in colour"}.get(n, "") if len(model.event_shape) > 1 else ""
        raise ValueError(
            f"{path} must have {wanted}{colours}, as the model has them. "
            f"Received: {image.height} x {image.width} pixels, {IN_WORDS[image.mode]}"
        )
