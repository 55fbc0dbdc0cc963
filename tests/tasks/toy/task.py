"""A use as small as can be: a table divided by its largest value, with an error of its own in the report."""

import numpy as np

from keras_vae.layers.standardize import Standardize
from keras_vae.models.make_vae import make_vae
from keras_vae.tasks.task import Task
from keras_vae.tasks.toy.settings import SETTINGS


class ToyTask(Task):
    """Two latent dimensions for the rows of a table; learns `largest_`, the largest value."""

    settings = SETTINGS
    learned_names = ("event_shape_", "largest_")

    def prepare(self, data):
        self.largest_ = float(np.abs(data.x_train).max())
        return super().prepare(data)

    def build_model(self):
        layer = Standardize("all", nats_of="shares of the largest value")
        layer.assign(0.0, self.largest_, (-self.largest_, self.largest_))
        settings = self.settings_
        vae = make_vae(
            self.event_shape_, 2, "dense", (settings["width"],), "gaussian", seed=settings["seed"], preprocessing=layer
        )
        vae.compile("adam")
        return vae

    def score(self, model, x, n_samples, n_rows=None):
        error = float(np.mean((model.reconstruct(x) - x) ** 2))
        return {**super().score(model, x, n_samples, n_rows), "squared_error": error}
