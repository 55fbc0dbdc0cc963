"""How thick the stroke of a written figure is, and how much it leans: what style of handwriting can be measured by."""

import numpy as np

# Edges between pixels are found on an image enlarged by this.
FACTOR = 4


def thickness(images):
    """Width of the stroke, `(n,)`, pixels: twice the mean distance from its skeleton to its edge.

    The edge is where half of the largest value is, so that a blurred stroke is as thick as a sharp one.

    Args:
        images: array `(n, height, width, 1)` from 0 to 1.
    """
    from scipy.ndimage import distance_transform_edt, zoom
    from skimage.morphology import skeletonize

    def width(image):
        large = zoom(image[..., 0], FACTOR, order=1)
        is_stroke = large > 0.5 * large.max()
        return 2.0 * distance_transform_edt(is_stroke)[skeletonize(is_stroke)].mean() / FACTOR

    return np.array([width(image) for image in images])


def ink_per_skeleton(images):
    """Pixels of the stroke for each pixel of its skeleton, `(n,)`, without enlarging; arguments as in `thickness`."""
    from skimage.morphology import skeletonize

    strokes = [image[..., 0] > 0.5 * image.max() for image in images]
    return np.array([stroke.sum() / skeletonize(stroke).sum() for stroke in strokes])


def slant(images):
    """Columns that the stroke moves to the right for each row upwards, `(n,)`, by second moments of the ink.

    Args:
        images: array `(n, height, width, 1)` from 0 to 1.
    """
    ink = images[..., 0].astype(float)
    rows, columns = np.mgrid[: ink.shape[1], : ink.shape[2]]
    total = ink.sum(axis=(1, 2))
    mean = lambda values: (ink * values).sum(axis=(1, 2)) / total  # noqa: E731
    row, column = mean(rows), mean(columns)
    return -(mean(rows * columns) - row * column) / (mean(rows**2) - row**2)


def correlation(a, b):
    """Pearson correlation of two measures."""
    return float(np.corrcoef(a, b)[0, 1])
