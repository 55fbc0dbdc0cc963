"""`Inpainter`: images without their holes."""

import numpy as np

from keras_vae.tasks.images.restoration.degradations import Hide
from keras_vae.tasks.images.restoration.image_values import as_images
from keras_vae.tasks.images.restoration.inpainter_settings import MISSING, SETTINGS
from keras_vae.tasks.images.restoration.restorer import Restorer
from keras_vae.tasks.images.restoration.settings import as_range


class Inpainter(Restorer):
    """Fill missing pixels; learned from whole images alone, of which every step hides a part.

    NaN marks what is missing, or a `mask` does. Known pixels come out as they went in.

    After `fit` there are `model_`, a `VAE` of p(whole image | known pixels), and `history_`.

    Args:
        mask: what is missing in training. "hole": a hole in the centre; "anywhere": one at any place; "random": single
            pixels. Images with other holes than those are filled as well, but less well.
        missing: float, or a pair (low, high) for anything between. Share of each side that a hole has, or share of the
            pixels; None for 0.36 of a hole (10 of 28 pixels), 0.1 to 0.5 anywhere, 0.5 at random.
        **settings: as in the table `settings`: `hidden_units`, `minutes`, `seed` and others.

    Examples:
        >>> from keras_vae.tasks.images import Inpainter
        >>> inpainter = Inpainter(mask="random", hidden_units=[8, 8], epochs=1, seed=0).fit(x_train, verbose=0)
        >>> holed = x[:4].astype("float32")
        >>> holed[:, 3:5, 3:5] = np.nan
        >>> filled = inpainter.restore(holed)
        >>> bool(np.isfinite(filled).all()), bool((filled[:, :3] == holed[:, :3]).all())
        (True, True)

    References:
        Ivanov et al. 2019 (a VAE conditioned on any part of x). https://arxiv.org/abs/1806.02382
    """

    settings = SETTINGS

    @property
    def degradation(self):
        kind, missing = self._given("mask"), self._given("missing")
        return Hide(kind, as_range(MISSING[kind] if missing is None else missing))

    def restore(self, images, mask=None):
        """The images with their missing pixels filled.

        Args:
            images: images with NaN where something is missing; a pixel counts as missing as a whole.
            mask: None, or bool array `(n, height, width)`, `(height, width)` for all of them, or a list for images in a
                list: True for what is missing as well. For images of whole numbers, which have no NaN.

        Returns:
            Filled ones in the form of those that were passed.

        Raises:
            ValueError: for a mask of another shape, an image with nothing known, or as `Restorer.restore`.
        """
        return super().restore(self._with_mask(images, mask))

    def restore_samples(self, images, n=10, seed=None, mask=None):
        return super().restore_samples(self._with_mask(images, mask), n, seed)

    def uncertainty(self, images, n=32, seed=0, mask=None):
        return super().uncertainty(self._with_mask(images, mask), n, seed)

    def interval(self, images, seed=0, mask=None):
        return super().interval(self._with_mask(images, mask), seed)

    def _with_mask(self, images, mask):
        """Images and where they are known, as `_told` and `_put_back` take them."""
        self._check_fitted()
        images, form = as_images(images, self.event_shape_[2], takes_holes=True)
        if mask is not None:
            images = [np.where(one[..., None], np.nan, x) for x, one in zip(images, _masks(mask, images), strict=True)]
        for k, x in enumerate(images):
            if not np.isfinite(x).all(axis=-1).any():
                raise ValueError(f"`images` must have a known pixel in every image. Received: image {k} without one")
        return images, form

    def _told(self, images):
        images, form = images
        told = []
        for x in images:
            known = np.isfinite(x).all(axis=-1, keepdims=True)
            told.append(np.concatenate([np.where(known, np.clip(x, 0.0, 1.0), 0.0), known], axis=-1).astype(np.float32))
        return told, form

    def _put_back(self, images, restored, form):
        return [np.where(np.isfinite(x), x, one) for x, one in zip(images[0], restored, strict=True)]


def _masks(mask, images):
    """A mask for each image, bool arrays `(height, width)`.

    Raises:
        ValueError: for a mask of another shape.
    """
    shapes = [x.shape[:2] for x in images]
    masks = [np.asarray(one) for one in mask] if isinstance(mask, (list, tuple)) else np.asarray(mask)
    if isinstance(masks, np.ndarray) and masks.ndim == 2:
        masks = [masks] * len(images)
    masks = [one[..., 0] if one.ndim == 3 and one.shape[-1] == 1 else one for one in masks]
    if [one.shape for one in masks] != shapes:
        found = sorted({one.shape for one in masks})
        raise ValueError(f"`mask` must have the shape of the images, {shapes[0]} each. Received: {found}")
    return [one.astype(bool) for one in masks]
