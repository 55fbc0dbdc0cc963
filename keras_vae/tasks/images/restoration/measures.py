"""How near restored images are to the clean ones: PSNR and SSIM, per image."""

import numpy as np

# Mean squared error of an image that is restored without a visible difference: 60 dB.
FLOOR = 1e-6
# Sides of the window of SSIM, as scikit-image has it.
_WINDOW = 7


def psnr(clean, restored):
    """Peak signal-to-noise ratio of each image, `(n,)` dB; values 0..1, at most 60.

    Args:
        clean: array, or list of arrays, `(height, width, channels)` each.
        restored: the same.
    """
    errors = [np.mean(np.square(np.float64(a) - np.float64(b))) for a, b in zip(clean, restored, strict=True)]
    return -10.0 * np.log10(np.maximum(errors, FLOOR))


def ssim(clean, restored):
    """Structural similarity of each image, `(n,)`, as `skimage.metrics.structural_similarity` has it; values 0..1.

    NaN for images with a side of fewer than 7 pixels, the window.

    Args:
        clean, restored: as in `psnr`.

    Raises:
        ImportError: without scikit-image.

    References:
        Wang et al. 2004, eq. 13. https://doi.org/10.1109/TIP.2003.819861
    """
    structural_similarity = scikit_image().metrics.structural_similarity
    return np.array(
        [
            structural_similarity(np.float64(a), np.float64(b), data_range=1.0, channel_axis=-1)
            if min(a.shape[:2]) >= _WINDOW
            else np.nan
            for a, b in zip(clean, restored, strict=True)
        ]
    )


def scikit_image():
    """The package, with the parts that are used here.

    Raises:
        ImportError: if it is not installed.
    """
    try:
        import skimage
        import skimage.metrics
        import skimage.restoration
    except ImportError:
        raise ImportError(
            "`scikit-image` must be installed to measure restored images: pip install 'keras_vae[images]'"
        ) from None
    return skimage
