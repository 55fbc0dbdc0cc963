"""The settings that all restorers share; each adds those of what it undoes."""

import functools
import numbers

from keras_vae._checks import check_int, check_number
from keras_vae.tasks.setting import COMMON, Setting, check_flag, check_widths, number, parse_widths, whole

DATA = "Data"
FIGURE_UNITS = {"psnr": "dB"}
BY_DATA = "by the data"


def check_range(name, value, maximum=None):
    """A number > 0 as it is, or a pair of them in ascending order, as a list of two.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, numbers.Real):
        return check_number(name, value, 0.0, maximum, exclusive=True)
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise ValueError(f"`{name}` must be a number or a pair (low, high). Received: {name}={value!r}")
    low, high = (check_number(name, one, 0.0, maximum, exclusive=True) for one in value)
    if low > high:
        raise ValueError(f"`{name}` must be (low, high) with low <= high. Received: {name}={value!r}")
    return [low, high]


def parse_range(name, text):
    """ "0.3" as 0.3, "0.1,0.5" as [0.1, 0.5].

    Raises:
        ValueError: for other text.
    """
    try:
        numbers_ = [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"`{name}` must be a number or two with a comma, as 0.1,0.5. Received: {text!r}") from None
    return numbers_[0] if len(numbers_) == 1 else numbers_


def as_range(value):
    """`(low, high)` of a number or a pair."""
    return (value, value) if isinstance(value, numbers.Real) else tuple(value)


def range_setting(default, help, default_text=None, maximum=None, **kwargs):
    """A `Setting` that is a number or a pair of numbers."""
    check = functools.partial(check_range, maximum=maximum)
    return Setting(check, default, help, default_text, kind=str, parse=parse_range, **kwargs)


NETWORK = {
    "hidden_units": Setting(
        check_widths,
        [16, 32, 48],
        "Widths of the levels of the U-shaped network, each of half the sides of the one before.",
        "16,32,48",
        parse=parse_widths,
    ),
    "latent_channels": Setting(whole(1), 4, "Latents for every 4 x 4 pixels, from which draws are made."),
    "patch_size": Setting(
        functools.partial(check_int, minimum=16),
        64,
        "Sides of the squares that are cut out of images which are large, or not all of one size.",
        section=DATA,
    ),
    "grey": Setting(check_flag, None, "Whether colour images are read as grey ones.", BY_DATA, kind=bool, section=DATA),
}
_BATCHES = {
    "batch_size": Setting(whole(1), 32, "Images per step.", kind=int, section="Training"),
    "learning_rate": Setting(
        number(0.0, exclusive=True), 3e-3, "Of Adam, in the first epoch.", kind=float, section="Training"
    ),
}
RESTORING = {**NETWORK, **COMMON, **_BATCHES}

SOURCES = (
    "a folder of clean images, of any sizes; an .npz file with arrays of them; mnist, fashion_mnist or cifar10 of "
    "the folder $KERAS_VAE_DATA or of Keras."
)
EXAMPLES = """
The images are degraded anew at every step. What the model reaches on images that it has not seen, in PSNR and SSIM, is
measured at the end, with what other methods reach beside it. A run that was interrupted goes on with the same command
and --resume.
"""
