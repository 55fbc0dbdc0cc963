"""`Restorer`: what denoisers, enlargers and inpainters have in common, as a `Task`."""

import math
import os

import numpy as np
import tensorflow as tf

from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.data.dataset import PARTS, Dataset
from keras_vae.data.pipelines import batches as plain_batches
from keras_vae.data.reading import Reading
from keras_vae.tasks.images.restoration.batches import degraded, degraded_batches
from keras_vae.tasks.images.restoration.build_model import build_model
from keras_vae.tasks.images.restoration.calibration import N_DRAWS, spread_for
from keras_vae.tasks.images.restoration.clean_images import clean_dataset, folder_images, split_off
from keras_vae.tasks.images.restoration.image_values import check_levels
from keras_vae.tasks.images.restoration.pictures import pictures
from keras_vae.tasks.images.restoration.restore_endpoint import restore_endpoint
from keras_vae.tasks.images.restoration.restoring_verbs import RestoringVerbs
from keras_vae.tasks.plan import FOR_THE_REST, Plan
from keras_vae.tasks.task import Task
from keras_vae.tasks.task_data import TEST_FRACTION
from keras_vae.training.rehearsal import rehearse

# Steps between two looks at held-out images, called an epoch; and of a whole training, where the minutes are enough.
N_STEPS, N_WANTED = 100, 40_000
# Held-out images that say which weights are kept, how wide draws are, and how good the result is.
N_JUDGED = 256
# Fewer of larger ones: 32 draws of them lie in memory.
VALUES_JUDGED = 2**19
MONITORED = "val_psnr"


class Restorer(RestoringVerbs, Task):
    """Base of the restorers: learned from clean images, which every step degrades anew.

    The next class gives `settings` and the property `degradation`.

    After `fit` there are `model_`, a `VAE` of p(clean image | degraded image), and `history_`.

    Args:
        **settings: as in the table `settings`.
    """

    learned_names = ("is_cut_",)

    @property
    def degradation(self):
        """What is done to clean images, see `degradations`."""
        raise NotImplementedError(f"{type(self).__name__} must have `degradation`.")

    # Data.

    def load(self, source, all_rows=False):
        """Clean images of any source.

        Args:
            source: array `(n, height, width)` or `(n, height, width, channels)`, uint8 or floats in 0..1; list of
                images of any sizes; path of a folder of image files, or of an `.npz` file; name of a known set; or a
                `Dataset`.
            all_rows: bool. Whether no test and no validation part is split off.

        Returns:
            `Dataset` of whole images, or of patches of them where they are large or not of one size.

        Raises:
            ValueError, FileNotFoundError: for what cannot be read.
        """
        if isinstance(source, Dataset):
            return source
        name, images, note = self._images_of(source, 0.0 if all_rows else TEST_FRACTION)
        share = 0.0 if all_rows else self._given("validation")
        return self._as_dataset(name, split_off(images, share, self.seed), note)

    def _images_of(self, source, test_fraction):
        """Name, images by part, and note of a source."""
        if not isinstance(source, (str, os.PathLike)):
            return "images", {"train": as_list(source)}, ""
        if os.path.isdir(os.path.expanduser(source)):
            return os.path.basename(os.path.abspath(source)), folder_images(source, test_fraction, self.seed), ""
        data = Task.load(self, source, all_rows=test_fraction == 0.0)
        if data.kind != "image":
            raise ValueError(f"{data.name} must hold images. Received: {data.kind} data")
        return data.name, {part: getattr(data, f"x_{part}") for part in PARTS if data.size(part)}, data.note

    def reading(self):
        # Sizes and colours are the business of `clean_dataset`.
        return Reading()

    def _as_dataset(self, name, images, note=""):
        patch_size, grey = self._given("patch_size"), self._given("grey")
        if hasattr(self, "event_shape_"):
            patch_size, grey = self.event_shape_[0], self.event_shape_[2] == 1
        return clean_dataset(name, images, patch_size, self.degradation.factor, grey, self._given("seed"), note)

    def _given(self, name):
        """A setting as it was given, checked."""
        return self.settings[name].checked(name, getattr(self, name))

    def prepare(self, data):
        super().prepare(data)
        # Patches of photographs are judged together, whole images each for itself.
        self.is_cut_ = "patches of" in data.note
        return self

    def choose(self, data):
        wanted = math.ceil(N_WANTED / N_STEPS)
        epochs = self.settings_["epochs"] or wanted
        return {"epochs": epochs, "patience": epochs, "grey": data.event_shape[2] == 1}

    def steps_per_epoch(self, data):
        return N_STEPS

    def batches(self, data, start_epoch=0):
        settings = self.settings_
        arguments = settings["batch_size"], settings["seed"], start_epoch * N_STEPS
        return degraded_batches(data.x_train, self.degradation, *arguments)

    def judged(self, data, part):
        """Some clean images of a part and what the model is told of them: always the same, float32 arrays."""
        x = getattr(data, f"x_{part}")
        n = self._n_judged(data, part)
        rows = np.sort(np.random.default_rng(self.settings_["seed"]).permutation(len(x))[:n])
        return degraded(x[rows], self.degradation, self.settings_["seed"])

    def _n_judged(self, data, part):
        fitting = max(16, VALUES_JUDGED // math.prod(data.event_shape))
        return min(N_JUDGED, fitting, data.size(part))

    def validation_rows(self, data):
        if not data.n_validation:
            return None
        rows = tf.data.Dataset.from_tensor_slices((self.judged(data, "validation"),))
        return rows.batch(self.settings_["batch_size"])

    def rows(self, data, part="all"):
        """Clean images with what the model is told of them, a `tf.data.Dataset` of `((x, condition),)`."""
        names = [name for name in PARTS if part in (name, "all") and data.size(name)]
        made = None
        for name in names:
            rows = plain_batches(data, self.settings_["batch_size"], shuffle=False, part=name)
            made = rows if made is None else made.concatenate(rows)
        return made.enumerate().map(self._degrade)

    def _degrade(self, number, x):
        seed = tf.stack([tf.constant(self.settings_["seed"], tf.int64), number])
        return ((x, self.degradation(x, seed)),)

    # Training.

    def build_model(self):
        over = "batch" if self.is_cut_ else "image"
        return build_model(self.settings_, self.event_shape_, self.degradation, over)

    def plan(self, model, data):
        settings, held_out = self.settings_, self.validation_rows(data)
        if not self.epochs_are_open:
            return Plan(settings["epochs"])
        pace = rehearse(model, self.batches(data), N_STEPS, held_out)
        seconds = pace.epoch(N_STEPS, 0 if held_out is None else self._n_judged(data, "validation"))
        # Not rounded: the learning rate falls over the whole of the time, and a fifth of it would be missed.
        fitting = max(1, int(60.0 * (1.0 - FOR_THE_REST) * settings["minutes"] / seconds))
        is_cut = fitting < settings["epochs"]
        settings["epochs"] = min(fitting, settings["epochs"])
        settings["patience"] = self.patience or settings["epochs"]
        return Plan(settings["epochs"], settings["epochs"] * seconds, is_cut)

    def keep_best(self, history=None, weights=None, start=None):
        patience = self.settings_["patience"]
        return KeepBest(MONITORED, patience, history, weights, start, larger_is_better=True)

    def finish(self, model, data):
        """Make the draws as wide as their 90 % interval asks for, on held-out images."""
        clean, told = self.judged(data, "validation" if data.n_validation else "train")
        networks = self.networks_of(model)
        estimate, rng = networks.estimate(told), np.random.default_rng(self.settings_["seed"])
        deviations = np.moveaxis(networks.draws(told, N_DRAWS, rng, 1.0), 1, 0) - estimate
        changed = np.asarray(self.degradation.is_changed(clean, told))
        model.objective.spread = spread_for(clean, np.clip(estimate, 0.0, 1.0), deviations, changed)

    def fit(self, images, validation_data=None, verbose="auto"):
        """Learn to restore from clean images.

        Args:
            images: clean images, as `load` takes them.
            validation_data: clean images as well, or None for a share of the others. They say which weights are kept,
                and how wide draws are.
            verbose: as in `keras.Model.fit`.

        Returns:
            self, with `model_` and `history_`.

        Raises:
            ValueError: for settings out of range, or data that do not fit them.
        """
        for learned in ("settings_", "event_shape_"):
            self.__dict__.pop(learned, None)
        if validation_data is None:
            data = self.load(images)
        else:
            name, parts, note = self._images_of(images, TEST_FRACTION)
            _, of_validation, _ = self._images_of(validation_data, 0.0)
            held = [image for part in of_validation.values() for image in part]
            data = self._as_dataset(name, {**parts, "validation": held}, note)
        return super().fit(data, verbose=verbose)

    # What it is worth.

    def report(self, model, data, history):
        part = "test" if data.n_test else "validation" if data.n_validation else "train"
        clean, told = self.judged(data, part)
        figures = self.figures(model, clean, told)
        restored = np.clip(self.networks_of(model).estimate(told), 0.0, 1.0)
        figures = {"part": part, **figures, "units": "", "note": data.note}
        return figures, pictures(self, model, clean, told, restored, figures, history)

    def condition_of_samples(self, n, label=None):
        raise ValueError(
            "a restorer draws what degraded images may have been, and there are none here: restore files by "
            "`keras-vae denoise`, `enlarge` or `inpaint`, or draw with `restore_samples`"
        )

    def describe_model(self, data):
        settings = self.settings_
        widths = "-".join(map(str, settings["hidden_units"]))
        own = [f"{k} {v}" for k, v in settings.items() if k in ("noise", "strength", "factor", "mask", "missing")]
        return f"{', '.join(own)}; U-shaped network of {widths} channels"

    def endpoints(self, model):
        return {"restore": restore_endpoint(model, self.degradation)}


def as_list(source):
    """An array of images as an array, a list of them as a list.

    Raises:
        ValueError: for something else.
    """
    if isinstance(source, (list, tuple)):
        if not source:
            raise ValueError("`images` must hold at least one image. Received: none")
        return [np.asarray(image) for image in source]
    images = np.asarray(source)
    check_levels(images)
    if images.size == 0 or images.ndim not in (3, 4):
        raise ValueError(
            "`images` must have shape (n, height, width) or (n, height, width, channels). "
            f"Received: shape {images.shape}"
        )
    if images.ndim == 3 and images.shape[-1] in (1, 3, 4) and min(images.shape[:2]) > 8:
        raise ValueError(
            f"`images` must have the images along the first axis: pass images[None] for one. Received: {images.shape}"
        )
    return images
