"""The use that `keras-vae train` trains: a VAE of vectors, sequences or images."""

import numpy as np

from keras_vae.data.pipelines import batches, binarize_once
from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.models.make_vae import make_vae
from keras_vae.objectives.elbo import ELBO
from keras_vae.optimizers import Adam
from keras_vae.tasks.task import Task
from keras_vae.tasks.vae.image_size import at_image_size
from keras_vae.tasks.vae.kind_of_data import (
    default_likelihood,
    default_network,
    is_binary_already,
    number_of_classes,
)
from keras_vae.tasks.vae.pictures import N_SHOWN, pictures
from keras_vae.tasks.vae.preprocessing import make_preprocessing, preprocessing_kind
from keras_vae.tasks.vae.settings import SETTINGS

DRAWN = "pixels drawn as 0 or 1"


class VAETask(Task):
    """Train a VAE on vectors, sequences or images; network, likelihood and preprocessing are chosen by the data.

    The model takes and gives the units of the data: a layer of it standardises tables and divides 8-bit values. Grey
    pictures under a Bernoulli likelihood are drawn as 0 and 1, anew in every epoch.

    Two more values are learned: `binarize_`, whether pixels are drawn, and `n_classes_`, the number of different tokens
    (None for other likelihoods).
    """

    settings = SETTINGS
    learned_names = ("event_shape_", "binarize_", "n_classes_")

    def choose(self, data):
        return {
            **super().choose(data),
            "network": self.settings_["network"] or default_network(data),
            "likelihood": self.settings_["likelihood"] or default_likelihood(data),
        }

    def prepare(self, data):
        super().prepare(data)
        likelihood = self.settings_["likelihood"]
        self.binarize_ = likelihood == "bernoulli" and data.kind == "image" and not is_binary_already(data)
        self.n_classes_ = number_of_classes(data) if likelihood == "categorical" else None
        # The model learns its preprocessing from them when it is built.
        self._data = data
        return self

    def build_model(self):
        settings = self.settings_
        likelihood = self._likelihood()
        vae = make_vae(
            self.event_shape_,
            settings["latent_dim"],
            settings["network"],
            settings["hidden_units"],
            likelihood,
            objective=ELBO(beta=settings["beta"], free_bits=settings["free_bits"]),
            seed=settings["seed"],
            preprocessing=make_preprocessing(self._data, likelihood.values),
        )
        vae.compile(Adam(settings["learning_rate"]))
        return vae

    def _likelihood(self):
        arguments = {} if self.n_classes_ is None else {"n_classes": self.n_classes_}
        return get_likelihood(self.settings_["likelihood"], **arguments)

    # Data.

    def load(self, source, all_rows=False):
        return at_image_size(super().load(source, all_rows), getattr(self, "event_shape_", None))

    def pipeline(self):
        return {**super().pipeline(), "binarize": self.binarize_}

    def as_input(self, x):
        # Draws of 0 and 1 are the same in every call.
        return binarize_once(x, seed=self.settings_["seed"]) if self.binarize_ else super().as_input(x)

    # What the model is worth.

    def units(self, model):
        return DRAWN if self.binarize_ else super().units(model)

    def pictures(self, model, data, history):
        x, labels, part = self.held_out(data)
        if labels is not None and data.class_names is not None:
            labels = np.asarray(data.class_names)[labels]
        grey = self._grey_rows(data, part) if self.binarize_ else None
        return pictures(model, x, labels, history, self.settings_["seed"], grey)

    def _grey_rows(self, data, part):
        """The first rows before 0 and 1 are drawn: a picture of drawn pixels shows the noise of the draw."""
        x = getattr(data, f"x_{part}")
        if x is None:
            return batches(data, **super().pipeline() | {"scale": True}, shuffle=False, part=part)
        grey = x[:N_SHOWN].astype(np.float32)
        return grey / 255.0 if x.dtype == np.uint8 else grey

    def describe_model(self, data):
        settings, values = self.settings_, self._likelihood().values
        drawn = ", pixels drawn anew as 0 or 1 in every epoch" if self.binarize_ else ""
        standardised = ", values standardised" if preprocessing_kind(data, values) in ("columns", "all") else ""
        return f"{settings['network']}, {settings['latent_dim']} latent, {settings['likelihood']}{drawn}{standardised}"
