"""What one would use otherwise: filters, interpolation and diffusion of scikit-image, SciPy and Pillow."""

import functools

import numpy as np

from keras_vae.tasks.images.restoration.measures import psnr, scikit_image

# Images that a parameter is chosen by.
N_TUNED = 50


def classical_methods(degradation):
    """The methods beside a restorer: dict by name of functions from what a model is told to images in 0..1.

    Args:
        degradation: as in `degradations`.

    Returns:
        dict of lists: candidates of each method, from one condition `(height, width, channels)` to an image.
    """
    if degradation.factor > 1:
        return {name: [functools.partial(enlarge, name=name, factor=degradation.factor)] for name in _FILTERS}
    if hasattr(degradation, "known"):
        return {"mean_fill": [mean_fill], "biharmonic": [biharmonic]}
    return {
        "noisy": [lambda y: y],
        "median": [functools.partial(median, size=size) for size in (3, 5)],
        "gaussian_filter": [functools.partial(gaussian_filter, sigma=s) for s in (0.5, 0.75, 1.0, 1.5)],
        "total_variation": [functools.partial(total_variation, weight=w) for w in (0.05, 0.1, 0.2, 0.4)],
        "wavelet": [functools.partial(wavelet, sigma=s) for s in (None, 0.1, 0.3)],
        "non_local_means": [functools.partial(non_local_means, h=h) for h in (0.05, 0.1, 0.2, 0.3)],
    }


def tuned(candidates, clean, told, n=N_TUNED):
    """Of several candidates the one with the best mean PSNR on the first `n` images."""
    if len(candidates) == 1:
        return candidates[0]
    of_each = [psnr(clean[:n], [one(y) for y in told[:n]]).mean() for one in candidates]
    return candidates[int(np.argmax(of_each))]


def median(y, size):
    """Median of the pixels in a square window."""
    from scipy import ndimage

    return ndimage.median_filter(y, (size, size, 1))


def gaussian_filter(y, sigma):
    """Mean with the weights of a Gaussian, `sigma` in pixels."""
    from scipy import ndimage

    return ndimage.gaussian_filter(y, (sigma, sigma, 0))


def total_variation(y, weight):
    """Chambolle 2004."""
    return scikit_image().restoration.denoise_tv_chambolle(y, weight, channel_axis=-1)


def wavelet(y, sigma):
    """BayesShrink, Chang et al. 2000; `sigma` None for an estimate of the noise."""
    return scikit_image().restoration.denoise_wavelet(y, sigma=sigma, channel_axis=-1, rescale_sigma=True)


def non_local_means(y, h):
    """Buades et al. 2005; `h` is the cut-off of grey values."""
    size = {"patch_size": 5, "patch_distance": 6}
    found = scikit_image().restoration.denoise_nl_means(y, h=h, fast_mode=True, channel_axis=-1, **size)
    # A single channel is left out of what comes back.
    return found.reshape(y.shape)


_FILTERS = {"bilinear": "BILINEAR", "bicubic": "BICUBIC", "lanczos": "LANCZOS"}


def enlarge(y, name, factor):
    """Interpolation by Pillow, channel by channel."""
    from PIL import Image

    size, kind = (y.shape[1] * factor, y.shape[0] * factor), getattr(Image.Resampling, _FILTERS[name])
    planes = [np.asarray(Image.fromarray(plane).resize(size, kind)) for plane in np.moveaxis(np.float32(y), -1, 0)]
    return np.clip(np.stack(planes, axis=-1), 0.0, 1.0)


def mean_fill(y):
    """The mean of the known pixels in every missing one."""
    values, known = y[..., :-1], y[..., -1:]
    mean = values.sum((0, 1)) / np.maximum(known.sum(), 1.0)
    return values + (1.0 - known) * mean


def biharmonic(y):
    """Damelin & Hoang 2018."""
    known = y[..., -1] > 0
    if known.all():
        return y[..., :-1]
    filled = scikit_image().restoration.inpaint_biharmonic(y[..., :-1], ~known, channel_axis=-1)
    return np.where(known[..., None], y[..., :-1], np.clip(filled, 0.0, 1.0))
