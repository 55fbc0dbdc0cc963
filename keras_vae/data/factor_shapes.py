"""Grey images made from known factors (shape, scale, angle, position), to measure disentanglement."""

from typing import Any

import numpy as np

from keras_vae._checks import check_int

SHAPES = ("rectangle", "ellipse", "heart")
# Half the period of the most symmetric shapes: no two angles give the same image, and the two ends differ the most.
MAX_ANGLE = np.pi / 2.0
# In half image widths. No point of a shape is farther than 0.8 scales from its centre: nothing leaves the image.
SCALE_RANGE = (0.45, 0.75)
POSITION_LIMIT = 0.35
# The heart v^2 - |u|^(2/3) v + u^2 <= 1: its area, and how high its centre of mass lies.
HEART_AREA, HEART_CENTRE = 3.6619727258239236, 0.2934812272827074
# The grey value of a pixel is counted on this many points along each axis.
SUBSAMPLES = 4
IMAGES_PER_BLOCK = 64


class FactorShapes:
    """Grey images, one for every combination of five factors, made when they are asked for.

    A combination is a row of whole numbers, one per factor, each from 0 to `sizes[k] - 1`:

    - `shape`: rectangle (2 to 1), ellipse (2 to 1), heart; its values have no order.
    - `scale`: root of the area, 0.45 to 0.75 half image widths, the same area for all shapes.
    - `angle`: 0 to 90 degrees, both included, counter-clockwise. Rectangle and ellipse repeat after 180 degrees, the
      heart after 360: each angle has its own image, and 0 and 90 degrees look very different for every shape.
    - `x`, `y`: centre of mass, -0.35 to 0.35 half image widths, to the right and downwards.

    Grey is the covered share of a pixel, counted on 4 x 4 points.

    Args:
        image_size: int >= 8. Pixels along each side.
        n_scales: int >= 2. Number of scales.
        n_angles: int >= 2. Number of angles.
        n_positions: int >= 2. Number of positions along each axis.

    Raises:
        ValueError: for an argument out of bounds.
    """

    names = ("shape", "scale", "angle", "x", "y")
    categorical = (0,)

    def __init__(self, image_size: int = 32, n_scales: int = 6, n_angles: int = 8, n_positions: int = 8):
        self.image_size = check_int("image_size", image_size, 8)
        sizes = {"n_scales": n_scales, "n_angles": n_angles, "n_positions": n_positions}
        n_scales, n_angles, n_positions = (check_int(name, n, 2) for name, n in sizes.items())
        self.sizes = (len(SHAPES), n_scales, n_angles, n_positions, n_positions)

    @property
    def n_images(self) -> int:
        """Number of combinations."""
        return int(np.prod(self.sizes))

    def factors_at(self, index: np.ndarray) -> np.ndarray:
        """Factors of the combinations with these numbers, where the last factor changes fastest.

        Args:
            index: int array `(n,)`, 0 to `n_images - 1`.

        Returns:
            int64 array `(n, 5)`.
        """
        return np.stack(np.unravel_index(np.asarray(index, np.int64), self.sizes), axis=-1)

    def grid(self) -> np.ndarray:
        """Factors of every combination once, int64 array `(n_images, 5)`."""
        return self.factors_at(np.arange(self.n_images))

    def draw(self, n: int, seed: int = 0) -> np.ndarray:
        """Factors of `n` independent draws, every combination equally likely, int64 array `(n, 5)`."""
        n = check_int("n", n, 1)
        rng = np.random.default_rng(check_int("seed", seed, 0))
        return rng.integers(0, self.sizes, size=(n, len(self.sizes)))

    def values(self, factors: np.ndarray) -> np.ndarray:
        """The factors in their units: scale in half image widths, angle in radians, position in half image widths.

        Args:
            factors: int array `(n, 5)`.

        Returns:
            float64 array `(n, 5)`; the shape stays its number.

        Raises:
            ValueError: if a factor is not a whole number within its range.
        """
        factors = self._check_factors(factors)
        ranges = [(0.0, len(SHAPES) - 1.0), SCALE_RANGE, (0.0, MAX_ANGLE), *[(-POSITION_LIMIT, POSITION_LIMIT)] * 2]
        low, high = np.array(ranges).T
        return low + factors * (high - low) / (np.array(self.sizes) - 1)

    def images(self, factors: np.ndarray) -> np.ndarray:
        """The images of these factors.

        Args:
            factors: int array `(n, 5)`.

        Returns:
            float32 array `(n, image_size, image_size, 1)`, 0 (background) to 1.

        Raises:
            ValueError: if a factor is not a whole number within its range.
        """
        values = self.values(factors)
        x = np.empty((len(values), self.image_size, self.image_size, 1), np.float32)
        for shape, is_inside in enumerate((_in_rectangle, _in_ellipse, _in_heart)):
            rows = np.flatnonzero(values[:, 0] == shape)
            # In blocks, to save memory: there are 16 points per pixel.
            for start in range(0, len(rows), IMAGES_PER_BLOCK):
                block = rows[start : start + IMAGES_PER_BLOCK]
                x[block, ..., 0] = _cover(is_inside, values[block, 1:], self.image_size)
        return x

    def _check_factors(self, factors):
        factors = np.asarray(factors)
        if factors.ndim != 2 or factors.shape[1] != len(self.sizes) or factors.dtype.kind not in "iu":
            raise ValueError(
                f"`factors` must be whole numbers of shape (n, {len(self.sizes)}). "
                f"Received: factors.shape={factors.shape}, dtype={factors.dtype}"
            )
        outside = np.argwhere((factors < 0) | (factors >= np.array(self.sizes)))
        if len(outside):
            row, k = outside[0]
            raise ValueError(
                f"`factors[:, {k}]` ({self.names[k]}) must lie between 0 and {self.sizes[k] - 1}. "
                f"Received: {factors[row, k]} in row {row}"
            )
        return factors


def factor_shapes(
    n: int | None = None, image_size: int = 32, seed: int = 0, **sizes: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Grey images and the factors that they were made from.

    Args:
        n: int >= 1 or None. Number of random draws, every combination equally likely; None gives every combination
            once, in order.
        image_size: int >= 8. Pixels along each side.
        seed: int >= 0. The same seed gives the same draws.
        **sizes: `n_scales`, `n_angles`, `n_positions` as in `FactorShapes`.

    Returns:
        Pair `(x, factors)`: float32 array `(n, image_size, image_size, 1)`, 0 to 1, and int64 array `(n, 5)` with one
        column per name in `FactorShapes.names`.

    Raises:
        ValueError: for an argument out of bounds.
    """
    generator = FactorShapes(image_size, **sizes)
    factors = generator.grid() if n is None else generator.draw(n, seed)
    return generator.images(factors), factors


def _cover(is_inside, values, image_size):
    """Covered share of every pixel, `(n, image_size, image_size)`; `values` are scale, angle, x, y."""
    n_points = image_size * SUBSAMPLES
    points = ((np.arange(n_points) + 0.5) * (2.0 / n_points) - 1.0).astype(np.float32)
    scale, angle, x, y = values.astype(np.float32).T[:, :, None, None]
    right, down = points[None, None, :] - x, points[None, :, None] - y
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    # Coordinates of a shape of area 1, v upwards.
    inside = is_inside(cos * right - sin * down, -sin * right - cos * down)
    blocks = inside.reshape(-1, image_size, SUBSAMPLES, image_size, SUBSAMPLES)
    return blocks.mean(axis=(2, 4), dtype=np.float32)


def _in_rectangle(u, v):
    half_width = np.float32(np.sqrt(0.5))
    return (np.abs(u) <= half_width) & (np.abs(v) <= 0.5 * half_width)


def _in_ellipse(u, v):
    return np.pi * (0.5 * np.square(u) + 2.0 * np.square(v)) <= 1.0


def _in_heart(u, v):
    unit = np.float32(np.sqrt(HEART_AREA))
    u, v = unit * u, unit * v + np.float32(HEART_CENTRE)
    # cbrt(u^2) is |u|^(2/3), and much faster than the power.
    return np.square(v) - np.cbrt(np.square(u)) * v + np.square(u) <= 1.0
