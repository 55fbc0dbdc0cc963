"""Images with a structure that is learned in seconds: bright rectangles on black, of any size."""

import numpy as np

SMALL = {"hidden_units": [8, 8], "latent_channels": 2, "epochs": 1, "batch_size": 16, "seed": 0}


def rectangles(n, height=8, width=8, channels=1, seed=0):
    """float32 images `(n, height, width, channels)` in 0..1."""
    rng = np.random.default_rng(seed)
    x = np.zeros((n, height, width, channels), np.float32)
    for image in x:
        top, left = rng.integers(0, height // 2), rng.integers(0, width // 2)
        image[top : top + height // 2, left : left + width // 2] = rng.uniform(0.4, 1.0, channels)
    return x


def write_images(path, n=60):
    """An .npz file of images beside `path`; returns its path."""
    path = path.with_suffix(".npz")
    np.savez(path, x_train=np.uint8(255 * rectangles(n)[..., 0]), x_test=np.uint8(255 * rectangles(20, seed=1)[..., 0]))
    return path
