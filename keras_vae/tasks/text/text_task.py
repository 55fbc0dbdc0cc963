"""What the uses of text share: sentences as data, a tokenizer learned from the training part, batches by length."""

import dataclasses
import math
import warnings

import numpy as np

from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.data.dataset import PARTS, Dataset
from keras_vae.data.sentences import sentences_as_bytes
from keras_vae.data.text import text_dataset
from keras_vae.data.token_batches import token_batches
from keras_vae.data.tokenizer import Tokenizer
from keras_vae.models.text_rows import lengths_of
from keras_vae.optimizers import Adam
from keras_vae.tasks.task import Task
from keras_vae.tasks.text.dropout import set_dropout
from keras_vae.tasks.text.pictures import plot_texts

CLIP_NORM = 5.0
LEARNING_RATE = 2e-3
# With fewer texts a network learns them by heart: more of it is left out.
MANY_TEXTS, DROPOUT, DROPOUT_OF_FEW = 20_000, 0.4, 0.5
# Steps of a training where nothing is said: about 40 passes over 40,000 sentences.
N_STEPS = 26_000
BATCH_SIZE, FEW_BATCHES = 64, 100
# Texts that a model is judged on at least.
MIN_JUDGED = 2


class TextTask(Task):
    """Base of the uses of text; the next class gives `untrained()`, the model without an optimizer.

    One more value is learned: `tokenizer_`, the arguments of the `data.Tokenizer`.
    """

    learned_names = ("tokenizer_",)

    # Data.

    def load(self, source, all_rows=False):
        """Texts by name or path, or as they are.

        Args:
            source: str, a name or path as `keras_vae.data.load` takes it; or a list or array of str.
            all_rows: bool. Whether no test and no validation part is to be split off.

        Returns:
            `Dataset` of kind "text".

        Raises:
            ValueError, FileNotFoundError: for what cannot be read, or is no text.
        """
        if not isinstance(source, (str, Dataset)) and not hasattr(source, "__fspath__"):
            texts = text_dataset("texts", {"train": _without_blanks(source)}, {})
            return texts if all_rows else self._with_validation(texts)
        data = super().load(source, all_rows)
        if data.kind != "text":
            raise ValueError(
                f"{data.name} must hold texts: a .txt with one a line, a .tsv or .csv with a column of them. "
                f"Received: {data.kind} data"
            )
        return data

    def reading(self):
        return dataclasses.replace(super().reading(), kind="text")

    def prepare(self, data):
        if data.n_train < MIN_JUDGED:
            raise ValueError(f"{data.name} must hold at least {MIN_JUDGED} texts to train on. Received: {data.n_train}")
        names = "unit", "max_tokens", "min_count", "lower", "max_length"
        given = {name: self.settings[name].checked(name, getattr(self, name)) for name in names}
        # The model says at most so many words, whether longer ones come or not.
        self._tokenizer = Tokenizer.learn(data.x_train, **given)
        self.tokenizer_ = self._tokenizer.get_config()
        self._tokens_of_parts = {}
        super().prepare(data)
        self.tokens(data, "train")
        self.event_shape_ = (None,)
        return self

    @property
    def tokenizer(self):
        """The `data.Tokenizer` that was learned."""
        if getattr(self, "_tokenizer", None) is None:
            self._tokenizer = Tokenizer.from_config(self.tokenizer_)
        return self._tokenizer

    @property
    def kind_(self):
        return "text"

    def check_data(self, data):
        if data.kind != "text":
            raise ValueError(f"{data.name} must hold texts. Received: {data.kind} data")

    def tokens(self, data, part):
        """Token ids of the texts of a part, int32 `(n, steps)`, without those that are longer than `max_length`."""
        kept = self.__dict__.setdefault("_tokens_of_parts", {})
        key = id(data), part
        if key not in kept:
            kept[key] = data, self._tokens(data, part)
        return kept[key][1]

    def _tokens(self, data, part):
        tokens = self.tokenizer.rows(getattr(data, f"x_{part}"), too_long="leave out")
        if not len(tokens):
            raise ValueError(
                f"`max_length` must leave a text of the {part} part. Received: max_length={self.max_length}"
            )
        return tokens

    def rows(self, data, part="all"):
        parts = [self.tokens(data, name) for name in PARTS if part in (name, "all") and data.size(name)]
        width = max(tokens.shape[1] for tokens in parts)
        return np.concatenate([np.pad(tokens, [(0, 0), (0, width - tokens.shape[1])]) for tokens in parts])

    def parts_of_rows(self, data, is_own):
        return super().parts_of_rows(data, is_own)[self.row_numbers(data)]

    def row_numbers(self, data):
        texts = np.concatenate([getattr(data, f"x_{name}") for name in PARTS if data.size(name)])
        return np.flatnonzero(self.tokenizer.lengths(texts) <= (self.tokenizer.max_length or np.inf))

    def labels(self, data, part="all"):
        return None

    def held_out(self, data):
        # A single text has no other whose code it could be given.
        part = "test" if data.n_test >= MIN_JUDGED else "train"
        return self.rows(data, part), None, part

    def batches(self, data, start_epoch=0):
        made = {"batch_size": self.settings_["batch_size"], "seed": self.settings_["seed"]}
        return token_batches(self.tokens(data, "train"), **made, start_epoch=start_epoch, repeat=True)

    def steps_per_epoch(self, data):
        return math.ceil(len(self.tokens(data, "train")) / self.settings_["batch_size"])

    # Training.

    def choose(self, data):
        dropout = DROPOUT if data.n_train >= MANY_TEXTS else DROPOUT_OF_FEW
        return {**super().choose(data), "dropout": dropout, "learning_rate": LEARNING_RATE}

    def default_batch_size(self, data):
        most = int(2 ** np.clip(round(math.log2(max(1, data.n_train / FEW_BATCHES))), 3, 6))
        return min(BATCH_SIZE, most)

    def n_wanted_steps(self, data):
        return N_STEPS

    def build_model(self):
        # A text that is written may be a little longer than the longest text of the training.
        longest = next(tokens.shape[1] for (_, part), (_, tokens) in self._tokens_of_parts.items() if part == "train")
        model = self.untrained(self.settings_["max_length"] or math.ceil(1.25 * longest))
        model.compile(Adam(self.settings_["learning_rate"], clipnorm=CLIP_NORM))
        return model

    def train(self, model, data, start_epoch=0, callbacks=(), **kwargs):
        # A run that goes on may have been given another one than it was built with.
        set_dropout(model, self.settings_["dropout"])
        return super().train(model, data, start_epoch, callbacks, **kwargs)

    def sizes(self):
        """The arguments of `make_sequence_vae` and `make_language_model` that both have."""
        names = "network", "n_layers", "dropout", "seed"
        return {"units": self.settings_["state_units"], **{name: self.settings_[name] for name in names}}

    def keep_best(self, history=None, weights=None, start=None):
        patience = self.settings_["patience"]
        return KeepBest("val_elbo", patience, history=history, weights=weights, start=start)

    # What people read.

    def describe(self, data):
        held_out = f", {data.n_validation} validation" if data.n_validation else ""
        yield "data", f"{data.name}: {data.n_train} training{held_out} and {data.n_test} test texts"
        if data.note:
            yield "", data.note
        lengths = lengths_of(self.tokens(data, "train")) - 1
        words = self.tokenizer.n_tokens - 4
        unit = self.settings_["unit"]
        share = self.tokenizer.counts[2] / max(1, sum(self.tokenizer.counts))
        yield "tokens", f"{words} {unit}, {lengths.mean():.1f} a text, {100 * share:.1f} % of them unknown"
        yield "model", self.describe_model(data)

    def new_rows(self, model, n, seed, temperature=1.0, draw=None, condition=None):
        strategy = "greedy" if draw is False else "sample"
        return model.sample(n, seed=seed, temperature=temperature, strategy=strategy)

    def sample_figure(self, model, n, seed=None, temperature=1.0, condition=None):
        return plot_texts("drawn word by word", self.new_rows(model, n, seed, temperature))

    def columns_of(self, x):
        return {"text": (np.array(x, dtype=object), None)}

    def units(self, model):
        return "texts, the end of each counted"

    # Texts out of a fitted task.

    def _model(self, verb):
        if not hasattr(self, "model_"):
            raise ValueError(f"{type(self).__name__} must be fitted before it can {verb}: call `fit`")
        return self.model_

    def sample(self, n, seed=None, **kwargs):
        """New texts, list of `n` str; arguments as in the `sample` of the model."""
        return self._model("sample").sample(n, seed=seed, **kwargs)


def check_not_annealed(n_annealed):
    """Check that no annealed importance sampling is asked for, which there is not for texts.

    Raises:
        ValueError: if it is.
    """
    if n_annealed:
        raise ValueError(f"`n_annealed` must be 0 for a model of texts. Received: n_annealed={n_annealed}")


def _without_blanks(texts):
    """Texts as an array of str without those that are blank, which are counted and told.

    Raises:
        ValueError: for what is no list of texts, or one of blank ones alone.
    """
    found = np.array([text.decode(errors="replace") for text in sentences_as_bytes(texts, "data")], dtype=object)
    is_kept = np.array([bool(text.strip()) for text in found], dtype=bool)
    if not is_kept.any():
        raise ValueError(f"`data` must hold a text that is more than blanks. Received: {len(found)} blank ones")
    if not is_kept.all():
        warnings.warn(f"{int((~is_kept).sum())} of {len(found)} texts are blank: they are left out.", stacklevel=4)
    return found[is_kept]
