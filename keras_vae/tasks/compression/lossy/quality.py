"""How near images come back: peak signal-to-noise ratio and structural similarity."""

import math

import numpy as np
import tensorflow as tf

PEAK = 255.0
# Side of the window of the similarity, as its authors have it, and images looked at together.
WINDOW, ROWS = 11, 256


def psnr(x: np.ndarray, back: np.ndarray) -> float:
    """Peak signal-to-noise ratio, dB, of the mean squared error over all pixels of all images; inf where there is none.

    The mean is taken before the logarithm: an image that comes back exactly would make the mean over images infinite.

    Args:
        x, back: uint8 arrays of one shape.
    """
    error = np.mean(np.square(x.astype(np.float32) - back.astype(np.float32)), dtype=np.float64)
    return 10.0 * math.log10(PEAK**2 / error) if error else math.inf


def ssim(x: np.ndarray, back: np.ndarray) -> float:
    """Structural similarity, mean over images; the window is smaller for images that it would not fit into.

    Args:
        x, back: uint8 arrays `(n, height, width, channels)`.

    References:
        Wang et al. 2004, eq. 13. https://doi.org/10.1109/TIP.2003.819861
    """
    window, found = min(WINDOW, *x.shape[1:3]), []
    for start in range(0, len(x), ROWS):
        pair = (tf.cast(part[start : start + ROWS], tf.float32) for part in (x, back))
        found.append(tf.image.ssim(*pair, PEAK, filter_size=window).numpy())
    return float(np.mean(np.concatenate(found)))
