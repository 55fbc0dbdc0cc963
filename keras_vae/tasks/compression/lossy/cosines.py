"""Where the transforms of lossy compression begin: cosines over the places of a patch, of brightness and colours."""

import itertools

import numpy as np

# Brightness, and two differences of colours, orthonormal.
COLOURS = {1: np.ones((1, 1)), 3: np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3.0], [2.0], [6.0]])}


def cosine_basis(n: int) -> np.ndarray:
    """Orthonormal cosines over n places, `(frequency, place)`: DCT-II, the one of JPEG.

    References:
        Ahmed et al. 1974. https://doi.org/10.1109/T-C.1974.223784
    """
    basis = np.cos(np.pi / n * np.outer(np.arange(n), np.arange(n) + 0.5)) * np.sqrt(2.0 / n)
    basis[0] /= np.sqrt(2.0)
    return basis


def patch_kernel(side: int, n_channels: int, n_units: int) -> np.ndarray:
    """Kernel of a convolution over patches: each unit is one cosine of one colour, the slowest first.

    Args:
        side: int. Of a patch, and the stride of the convolution.
        n_channels: int, 1 or 3.
        n_units: int. Those that are more than a patch has values are zeros; fewer are the slowest.

    Returns:
        float32 array `(side, side, n_channels, n_units)`, with orthonormal units.
    """
    basis, colours = cosine_basis(side), COLOURS[n_channels]
    places = sorted(itertools.product(range(side), range(side)), key=lambda place: (sum(place), place))
    units = [basis[i][:, None, None] * basis[j][None, :, None] * colour for i, j in places for colour in colours]
    kernel = np.zeros((side, side, n_channels, n_units), np.float32)
    for k, unit in enumerate(units[:n_units]):
        kernel[..., k] = unit
    return kernel
