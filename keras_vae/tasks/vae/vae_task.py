"""The use that `keras-vae train` trains: a VAE of vectors, sequences or images."""

import collections
import dataclasses
import types

import numpy as np

from keras_vae.callbacks.annealing import BetaAnnealing
from keras_vae.data.columns import TableColumns
from keras_vae.data.pipelines import batches, binarize_once
from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.optimizers import Adam
from keras_vae.samplers.fit import fit as fit_sampler
from keras_vae.schedules import linear
from keras_vae.tasks.sample_figure import sample_figure, shown_as
from keras_vae.tasks.table_likelihood import mixed_likelihood
from keras_vae.tasks.task import Task
from keras_vae.tasks.vae.build_model import build_model
from keras_vae.tasks.vae.classes import class_names_of, class_numbers, classes_of_samples
from keras_vae.tasks.vae.defaults import defaults_for
from keras_vae.tasks.vae.image_size import at_image_size
from keras_vae.tasks.vae.kind_of_data import is_binary_already, number_of_classes
from keras_vae.tasks.vae.make_objective import has_beta, make_objective
from keras_vae.tasks.vae.pictures import N_SAMPLES, N_SHOWN, pictures
from keras_vae.tasks.vae.preprocessing import preprocessing_kind
from keras_vae.tasks.vae.rate_by_step import RateBySteps, RateCallback
from keras_vae.tasks.vae.settings import SETTINGS
from keras_vae.tasks.vae.starts import start_of
from keras_vae.training.batch import split_condition
from keras_vae.training.rows import first_rows, head
from keras_vae.training.streams import is_stream

CLIP_NORM = 200.0
# Of a table, whose network begins where factor analysis ends.
TABLE_STEPS = 6000
# Rows of a table that a histogram is made of.
N_DRAWS = 1000
DRAWN = "pixels drawn as 0 or 1"


class VAETask(Task):
    """Train a VAE on vectors, sequences or images; network, likelihood and preprocessing are chosen by the data.

    The model takes and gives the units of the data: a layer of it standardises tables and divides 8-bit values. Grey
    pictures under a Bernoulli likelihood are drawn as 0 and 1, anew in every epoch.

    Three more values are learned: `binarize_`, whether pixels are drawn; `n_classes_`, the number of different tokens
    (None for other likelihoods); and `classes_`, the names of the classes that the model is told (None without).
    """

    settings = SETTINGS
    learned_names = ("binarize_", "n_classes_", "classes_")
    learned_before = types.MappingProxyType({"classes_": None})

    def checked_settings(self):
        settings = super().checked_settings()
        for name, value in (("graph", "ladder"), ("prior", "vamp")):
            if settings["condition"] is not None and settings[name] == value:
                raise ValueError(
                    f"`{name}` must not be {value} beside a condition, which no part of it takes. Received: "
                    f"condition={settings['condition']!r}"
                )
        return settings

    def choose(self, data):
        own = defaults_for(data, self.settings_)
        self._warm_up_share = own.pop("warm_up_share")
        if self.settings_["batch_size"] is None and "batch_size" in own:
            self.settings_["batch_size"] = own["batch_size"]
        return {**super().choose(data), **own}

    def n_wanted_steps(self, data):
        return TABLE_STEPS if data.kind == "table" else super().n_wanted_steps(data)

    def prepare(self, data):
        super().prepare(data)
        likelihood = self.settings_["likelihood"]
        self.binarize_ = likelihood == "bernoulli" and data.kind == "image" and not is_binary_already(data)
        self.n_classes_ = number_of_classes(data) if likelihood == "categorical" else None
        self.classes_ = None if self.settings_["condition"] is None else class_names_of(data)
        if self.warm_up is None:
            self.settings_["warm_up"] = self._warm_up_steps(data)
        # The model learns its preprocessing from them when it is built.
        self._data = data
        return self

    def _warm_up_steps(self, data):
        steps = round(self._warm_up_share * self.settings_["epochs"] * self.steps_per_epoch(data))
        return steps if has_beta(self.settings_) else 0

    def build_model(self):
        n_classes = None if self.classes_ is None else len(self.classes_)
        parts = self.event_shape_, self._likelihood(), self._data, self.first_inputs, n_classes
        vae = build_model(self.settings_, *parts)
        # Early in its training a ladder has gradients that would throw it far off.
        vae.compile(Adam(self.settings_["learning_rate"], clipnorm=CLIP_NORM))
        return vae

    def _likelihood(self):
        if self.settings_["likelihood"] == "mixed":
            return mixed_likelihood(self._data)
        arguments = {} if self.n_classes_ is None else {"n_classes": self.n_classes_}
        return get_likelihood(self.settings_["likelihood"], **arguments)

    def first_inputs(self, part, n=None):
        """The first `n` rows of a part as the model takes them, array; all rows for None. None without that part."""
        if not self._data.size(part):
            return None
        rows = self.rows(self._data, part)
        return first_rows(rows, n).x if is_stream(rows) else split_condition(head(rows, n))[0]

    # Training.

    def plan(self, model, data):
        plan = super().plan(model, data)
        if self.warm_up is None:
            self.settings_["warm_up"] = self._warm_up_steps(data)
        return plan

    def judge_start(self, model, data, keeper):
        x = self.validation_rows(data)
        if start_of(self.settings_, self.event_shape_) and x is not None:
            keeper.begin(model, model.evaluate(x, verbose=0, return_dict=True)["elbo"])

    def train(self, model, data, start_epoch=0, callbacks=(), **kwargs):
        if self.settings_["warm_up"]:
            # Not from the model: in the midst of a warm-up it has another beta.
            beta = make_objective(self.settings_).beta
            callbacks = [BetaAnnealing(linear(self.settings_["warm_up"], end=beta)), *callbacks]
        if start_of(self.settings_, self.event_shape_) == "pyramid":
            n_steps = self.settings_["epochs"] * self.steps_per_epoch(data)
            rate = RateBySteps(self.settings_["learning_rate"], n_steps, self.settings_["schedule"])
            callbacks = [RateCallback(rate), *callbacks]
        return super().train(model, data, start_epoch, callbacks, **kwargs)

    def finish(self, model, data):
        if self.settings_["sampler"] is not None:
            fit_sampler(model, self.rows(data, "train"), self.settings_["sampler"], seed=self.settings_["seed"])

    # Data.

    def reading(self):
        # A likelihood of one kind of number has no place for words and holes.
        return dataclasses.replace(super().reading(), mixed=self.likelihood in (None, "mixed"))

    def load(self, source, all_rows=False):
        data = super().load(source, all_rows)
        return data if self.size is not None else at_image_size(data, getattr(self, "event_shape_", None))

    def pipeline(self):
        takes_holes = self.settings_["likelihood"] == "mixed"
        return {**super().pipeline(), "binarize": self.binarize_, "takes_holes": takes_holes}

    def told_of_rows(self, data, part):
        return None if self.classes_ is None else class_numbers(self.classes_, data, part)

    def condition_of_samples(self, n, label=None):
        if self.classes_ is None:
            return super().condition_of_samples(n, label)
        return classes_of_samples(self.classes_, n, label)

    def describe_samples(self, condition):
        return {} if condition is None else {"label": np.asarray(self.classes_)[condition]}

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
        grey, seed = self._grey_rows(data, part) if self.binarize_ else None, self.settings_["seed"]
        return pictures(
            model,
            x,
            labels,
            history,
            seed,
            grey,
            feature_names=data.feature_names,
            label_name=data.label_name,
            kept_epoch=history.get("kept_epoch"),
            draws=self._draws_of_table(model) if data.kind == "table" else None,
            condition=self.condition_of_samples(N_SAMPLES),
            vocabulary=data.schema.get("vocabulary"),
            columns=self._shown_as(),
        )

    def sample_figure(self, model, n, seed=None, temperature=1.0, condition=None):
        draws = None
        if self.kind_ == "table":
            n_drawn = n if condition is not None else max(n, N_DRAWS)
            draws = model.sample(n_drawn, seed, temperature, draw=True, condition=condition)
        names = {"feature_names": self.feature_names_, "vocabulary": self.schema_.get("vocabulary")}
        names["columns"] = self._shown_as()
        return sample_figure(model, n, seed, temperature, draws=draws, condition=condition, **names)

    def _draws_of_table(self, model):
        condition = self.condition_of_samples(N_DRAWS)
        return model.sample(N_DRAWS, seed=self.settings_["seed"], draw=True, condition=condition)

    def columns_of(self, x):
        columns = self._columns()
        return super().columns_of(x) if columns is None else columns.decode(x, like="dict")

    def _columns(self):
        """`TableColumns` of a table of mixed columns, else None."""
        return TableColumns.of_json(self.schema_["columns_as"]) if "columns_as" in self.schema_ else None

    def _shown_as(self):
        columns = self._columns()
        return None if columns is None else shown_as(columns)

    def _grey_rows(self, data, part):
        """The first rows before 0 and 1 are drawn: a picture of drawn pixels shows the noise of the draw."""
        x = getattr(data, f"x_{part}")
        if x is None:
            return batches(data, **super().pipeline() | {"scale": True}, shuffle=False, part=part)
        grey = x[:N_SHOWN].astype(np.float32)
        return grey / 255.0 if x.dtype == np.uint8 else grey

    def describe_model(self, data):
        settings = self.settings_
        if settings["likelihood"] == "mixed":
            kinds = collections.Counter(data.columns.kinds)
            told = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
            return f"{self._graph_in_words()}, a likelihood for each column: {told}; numbers standardised"
        values = self._likelihood().values
        drawn = ", pixels drawn anew as 0 or 1 in every epoch" if self.binarize_ else ""
        standardised = ", values standardised" if preprocessing_kind(data, values) in ("columns", "all") else ""
        return f"{self._graph_in_words()}, {settings['likelihood']}{drawn}{standardised}"

    def _graph_in_words(self):
        sizes = "+".join(map(str, self.settings_["latent_dim"]))
        told = "" if self.classes_ is None else f", told which of {len(self.classes_)} classes a row is of"
        return f"{self.settings_['graph']}, {self.settings_['network']}, {sizes} latent{told}"
