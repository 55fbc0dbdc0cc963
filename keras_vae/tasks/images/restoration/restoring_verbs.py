"""What a fitted restorer can be asked: best estimates, draws, their spread, and figures beside other methods."""

import numpy as np

from keras_vae._checks import check_int
from keras_vae._progress import progress
from keras_vae.tasks.images.restoration.batches import degraded
from keras_vae.tasks.images.restoration.calibration import N_DRAWS, coverage, quantiles
from keras_vae.tasks.images.restoration.classical import classical_methods, tuned
from keras_vae.tasks.images.restoration.image_values import as_images
from keras_vae.tasks.images.restoration.measures import psnr, ssim
from keras_vae.tasks.images.restoration.tiles import TILE, TiledNetworks

# Images whose draws say how much the interval holds.
N_COVERED = 200
# Its draws are made of other noise than those that it was calibrated by.
_OTHER_SEED = 1


class RestoringVerbs:
    """The verbs of a `Restorer`.

    Images go in as an array `(n, height, width)` or `(n, height, width, channels)`, as one image, or as a list of
    images of any sizes; they come out in the same form. Results are of the type that went in: uint8 as uint8, floats as
    float32 in 0..1.
    """

    def restore(self, images):
        """The best estimates of the clean images.

        Args:
            images: degraded images.

        Returns:
            Clean ones in the form of those that were passed.

        Raises:
            ValueError: for a restorer that is not fitted, or what are no images.
        """
        told, form = self._told(images)
        return form.given(self._put_back(images, self._estimates(told), form))

    def restore_samples(self, images, n=10, seed=None):
        """Draws of what the clean images may have been.

        Args:
            images: degraded images.
            n: int >= 1. Draws of each.
            seed: int or None. The same seed gives the same draws; None gives new ones at every call.

        Returns:
            Array `(n, n_images, height, width, channels)`; one image without the axis of images, a list as a list.

        Raises:
            ValueError: as `restore`, or for another `n` or `seed`.
        """
        told, form = self._told(images)
        return form.given(self._put_back(images, self.draws_of(told, n, seed), form))

    def uncertainty(self, images, n=N_DRAWS, seed=0):
        """Standard deviation of the draws at every pixel, float32 on the scale 0..1, in the form of the images.

        Args:
            images, n, seed: as in `restore_samples`; n >= 2.

        Raises:
            ValueError: as `restore_samples`.
        """
        told, form = self._told(images)
        check_int("n", n, 2)
        draws = self._put_back(images, self.draws_of(told, n, seed), form)
        return form.given([np.clip(one, 0.0, 1.0).std(axis=0, ddof=1) for one in draws], scaled=False)

    def interval(self, images, seed=0):
        """Between which values the clean pixels lie, with a probability of 90 %.

        The quantiles of 5 and of 95 % of 32 draws. On held-out images of the training such intervals held 90 % of the
        pixels that the degradation had changed, all together: those of one image, or of dark places, may do so less.

        Args:
            images: degraded images.
            seed: int or None, as in `restore_samples`.

        Returns:
            `(low, high)`, each in the form of the images.

        Raises:
            ValueError: as `restore`.
        """
        told, form = self._told(images)
        ends = [quantiles(np.clip(draws, 0.0, 1.0)) for draws in self.draws_of(told, N_DRAWS, seed)]
        return tuple(form.given(self._put_back(images, [end[k] for end in ends], form)) for k in (0, 1))

    def evaluate(self, clean, data=None, *_, **__):
        """How well clean images are restored after they were degraded, with other methods beside.

        Their parameters are those that are best on the first 50 of these very images.

        Args:
            clean: clean images, all of one size or of several. (A run passes its model, and its data.)
            data: `Dataset`, of a run.

        Returns:
            dict: `psnr` in dB and `ssim`, means over images; `..._psnr` and `..._ssim` of other methods; `coverage`,
            the share of the changed pixels that the 90 % interval holds; `n_images`.

        Raises:
            ValueError: as `restore`.
        """
        if data is not None:
            part = "test" if data.n_test else "train"
            figures = self.figures(clean, *self.judged(data, part))
            return {"part": part, **figures, "units": "", "note": data.note}
        self._check_fitted()
        images, _ = as_images(clean, self.event_shape_[2], "clean")
        factor = self.degradation.factor
        images = [x[: x.shape[0] // factor * factor, : x.shape[1] // factor * factor] for x in images]
        told = _by_shape(lambda some: degraded(some, self.degradation, self.settings_["seed"])[1], images)
        return self.figures(self.model_, images, told)

    def figures(self, model, clean, told, classical=True):
        """The dict of `evaluate` for clean images and what the model is told of them.

        Args:
            model: trained.
            clean, told: lists of arrays, or arrays, float32.
            classical: bool. Whether other methods are measured as well.
        """
        restored = self._estimates(told, model)
        figures = {"psnr": psnr(clean, restored).mean(), "ssim": np.nanmean(ssim(clean, restored))}
        figures["coverage"] = self._coverage(model, clean, told)
        if classical:
            for name, candidates in classical_methods(self.degradation).items():
                method = tuned(candidates, clean, told)
                found = [np.clip(method(y), 0.0, 1.0) for y in progress(told, desc=name.replace("_", " "))]
                figures[f"{name}_psnr"] = psnr(clean, found).mean()
                figures[f"{name}_ssim"] = np.nanmean(ssim(clean, found))
        return {**{name: float(value) for name, value in figures.items()}, "n_images": len(clean)}

    # Inside.

    def networks_of(self, model, tile=TILE):
        """The networks of a model for images of any size, `TiledNetworks`."""
        kept = self.__dict__.get("_networks")
        if kept is None or kept.model is not model or tile != TILE:
            kept = TiledNetworks(model, self.settings_, self.degradation, tile)
            if tile == TILE:
                self._networks = kept
        return kept

    def __getstate__(self):
        return {name: value for name, value in super().__getstate__().items() if name != "_networks"}

    def _check_fitted(self):
        if not hasattr(self, "model_"):
            raise ValueError(f"{type(self).__name__} must be fitted before it is asked: call `fit`")

    def _told(self, images):
        """What the model is told of degraded images, a list of float32 arrays, and their `Form`."""
        self._check_fitted()
        images, form = as_images(images, self.event_shape_[2])
        return [np.clip(x, 0.0, 1.0) for x in images], form

    def _put_back(self, images, restored, form):
        """What is known of the images in its place; here nothing."""
        return restored

    def _estimates(self, told, model=None):
        """Best estimates in 0..1, a list."""
        networks = self.networks_of(self.model_ if model is None else model)
        return [np.clip(x, 0.0, 1.0) for x in _by_shape(networks.estimate, told)]

    def draws_of(self, told, n, seed, model=None):
        """Draws `(n, height, width, channels)` of each image, a list."""
        model = self.model_ if model is None else model
        networks, spread = self.networks_of(model), model.objective.spread
        check_int("n", n, 1)
        rng = np.random.default_rng(seed if seed is None else check_int("seed", seed, 0))
        drawn = _by_shape(lambda some: networks.draws(some, n, rng, spread), told)
        return [np.clip(x, 0.0, 1.0) for x in drawn]

    def _coverage(self, model, clean, told):
        clean, told = clean[:N_COVERED], told[:N_COVERED]
        of_each = self.draws_of(told, N_DRAWS, self.settings_["seed"] + _OTHER_SEED, model)
        changed = [
            np.asarray(self.degradation.is_changed(x[None], y[None]))[0] for x, y in zip(clean, told, strict=True)
        ]
        ends = [quantiles(draws) for draws in of_each]
        flat = [np.concatenate([a.ravel() for a in of]) for of in (clean, *zip(*ends, strict=True), changed)]
        return coverage(*flat)


def _by_shape(function, images):
    """A function of arrays `(n, ...)` on images of any shapes, together where they have one: a list in their order."""
    by_shape, out = {}, [None] * len(images)
    for k, image in enumerate(images):
        by_shape.setdefault(image.shape, []).append(k)
    for numbers in by_shape.values():
        for k, made in zip(numbers, function(np.stack([images[k] for k in numbers])), strict=True):
            out[k] = made
    return out
