"""`Recommender`: ranked items for users, by a VAE of what they chose."""

import math

import numpy as np

from keras_vae._sparse import is_sparse
from keras_vae.callbacks.annealing import BetaAnnealing
from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.data.dataset import PARTS
from keras_vae.data.pipelines import batches
from keras_vae.schedules import linear
from keras_vae.tasks.plan import default_patience, epochs_per_look, plan_within
from keras_vae.tasks.ratings.build_model import build_model
from keras_vae.tasks.ratings.correspondence_start import can_start, start_from_correspondence
from keras_vae.tasks.ratings.interactions import Interactions
from keras_vae.tasks.ratings.make_interactions import of_matrix
from keras_vae.tasks.ratings.pictures import pictures
from keras_vae.tasks.ratings.ranking import Ranker
from keras_vae.tasks.ratings.ranking_monitor import MONITORED, RankingMonitor
from keras_vae.tasks.ratings.ranking_verbs import RankingVerbs
from keras_vae.tasks.ratings.read_interactions import read_interactions
from keras_vae.tasks.ratings.rec_vae import N_DECODER, N_ENCODER
from keras_vae.tasks.ratings.recommend_endpoint import recommend_endpoint
from keras_vae.tasks.ratings.report import ranking_report
from keras_vae.tasks.ratings.settings import READING, SETTINGS
from keras_vae.tasks.ratings.user_items import read_user_items
from keras_vae.tasks.task import Task
from keras_vae.training.rehearsal import rehearse

# Weight of the KL at the end of its rise, and the share of the steps over which it rises: Liang et al. 2018, section
# 2.3; for RecVAE per item of a user, Shenbin et al. 2020, section 4.
BETA = {"mult_vae": 0.2, "mult_dae": 0.0, "rec_vae": 0.005}
WARM_UP = 0.6
# Steps of a training where nothing is said.
N_STEPS = 3000
MIN_BATCH, MAX_BATCH = 64, 512


class Recommender(RankingVerbs, Task):
    """Recommend items to users, who need not have been there in training, by what they have chosen.

    `model="mult_vae"` is a VAE with a multinomial likelihood and a KL that counts for little, `"mult_dae"` the
    autoencoder with dropout beside it, `"rec_vae"` one whose encoder is held near to where it was. Rows of users stay
    sparse up to the first layer.

    After `fit` there are `model_`, `history_` and `items_`, the ids of the items or None.

    Args:
        model: "mult_vae", "mult_dae" or "rec_vae".
        latent_dim: int. Latent dimensions.
        hidden_units: list of int. Widths of the hidden layers of the encoder.
        encoder: "plain" (tanh) or "residual" (five layers, as of RecVAE), which takes more epochs.
        decoder: "linear" or "mirrored", which has the hidden layers of the encoder backwards.
        **settings: as in the table `settings`, those of every task among them.

    Examples:
        >>> from keras_vae.tasks.ratings import Recommender
        >>> from scipy import sparse
        >>> clicks = sparse.random(60, 30, 0.3, format="csr", random_state=0)
        >>> recommender = Recommender(latent_dim=4, hidden_units=[16], epochs=2, seed=0).fit(clicks, verbose=0)
        >>> ids, scores = recommender.recommend(clicks[:3], k=5)
        >>> ids.shape, bool((scores[:, 0] >= scores[:, 1]).all())
        ((3, 5), True)

    References:
        Liang et al. 2018 (Mult-VAE, Mult-DAE). https://arxiv.org/abs/1802.05814
        Shenbin et al. 2020 (RecVAE). https://arxiv.org/abs/1912.11160
    """

    settings = SETTINGS
    learned_names = ("items_", "popularity_")

    # Data.

    def load(self, source, all_rows=False):
        """Interactions of any source.

        Args:
            source: SciPy matrix or array `(n_users, n_items)`, all of which is trained on but for what says when
                training is over; frame, name or path as `read_interactions` takes them; or `Interactions`.
            all_rows: bool. Whether no test part is to be split off. After `prepare` they are rows of the items that the
                recommender knows.

        Returns:
            `Interactions`.

        Raises:
            ValueError, FileNotFoundError: for what cannot be read.
        """
        if isinstance(source, Interactions):
            return source
        if all_rows and hasattr(self, "items_") and not is_sparse(source) and not isinstance(source, np.ndarray):
            users = read_user_items(source, {name: self.settings_[name] for name in READING}, self._ids())
            return Interactions(str(source), users.rows, users=users.users, items=self.items_)
        if is_sparse(source) or isinstance(source, (np.ndarray, list)):
            data = of_matrix("data", source, self.settings["threshold"].checked("threshold", self.threshold))
        else:
            reading = {name: self.settings[name].checked(name, getattr(self, name)) for name in READING}
            data = read_interactions(source, reading, self.seed, splits=not all_rows)
        if not data.n_train:
            raise ValueError(f"{data.name} must hold at least one user with an item. Received: none")
        share = self.settings["validation"].checked("validation", self.validation)
        return data.with_validation(share, self.seed) if share and not all_rows else data

    @staticmethod
    def full_name(source):
        from keras_vae.tasks.ratings.known_sets import NAMES

        return source if source in NAMES else Task.full_name(source)

    def fingerprint(self, data):
        return data.fingerprint()

    def check_data(self, data):
        if tuple(data.event_shape) != tuple(self.event_shape_):
            raise ValueError(
                f"{data.name} must have the {self.event_shape_[0]} items that the recommender knows. "
                f"Received: {data.event_shape[0]}"
            )

    def prepare(self, data):
        super().prepare(data)
        # Tuples, as they come back from a file.
        self.items_ = None if data.items is None else tuple(map(str, data.items))
        self.popularity_ = tuple(data.x_train.getnnz(axis=0).tolist())
        if self.settings_["start"] == "correspondence" and not can_start(self.settings_):
            raise ValueError(
                "`start` must be random for a residual encoder, for a mirrored decoder, and where there is not one "
                "hidden layer at least as wide as the code. Received: start='correspondence'"
            )
        # The model starts from them when it is built.
        self._data = data
        return self

    def choose(self, data):
        kind = self.settings_["model"]
        encoder = self.settings_["encoder"] or ("residual" if kind == "rec_vae" else "plain")
        start = "correspondence" if can_start({**self.settings_, "encoder": encoder}) else "random"
        return {**super().choose(data), "beta": BETA[kind], "encoder": encoder, "start": start}

    def default_batch_size(self, data):
        exponent = round(math.log2(max(1, data.n_train) / 15))
        return int(2 ** np.clip(exponent, *map(math.log2, (MIN_BATCH, MAX_BATCH))))

    def n_wanted_steps(self, data):
        return N_STEPS

    def _passes(self):
        """Passes over the users in one epoch."""
        return N_ENCODER + N_DECODER if self.settings_["model"] == "rec_vae" else 1

    def steps_per_epoch(self, data):
        return math.ceil(data.n_train / self.settings_["batch_size"]) * self._passes()

    def batches(self, data, start_epoch=0):
        made = {**self.pipeline(), "start_epoch": start_epoch * self._passes(), "repeat": True}
        return batches(self._users_with_items(data), **made)

    def _users_with_items(self, data):
        """The rows that something is learned from."""
        return data.x_train[np.flatnonzero(np.diff(data.x_train.indptr))]

    def rows(self, data, part="all"):
        from scipy import sparse

        parts = [getattr(data, f"x_{name}") for name in PARTS if part in (name, "all") and data.size(name)]
        return sparse.vstack(parts, format="csr")

    def parts_of_rows(self, data, is_own):
        return np.concatenate([np.full(data.size(name), name) for name in PARTS if data.size(name)])

    # Training.

    def build_model(self):
        n_steps = self.steps_per_epoch(self._data) // self._passes()
        model = build_model(self.settings_, np.array(self.popularity_), n_steps)
        if self.settings_["start"] == "correspondence":
            start_from_correspondence(model, self._users_with_items(self._data), self.settings_["seed"])
        return model

    def validation_rows(self, data):
        """None: what is held out are items of users, which are ranked, see `RankingMonitor`."""

    def plan(self, model, data):
        n_steps, settings = self.steps_per_epoch(data), self.settings_
        pace = rehearse(model, self.batches(data), n_steps)
        looks = 0.0
        if data.validation is not None:
            looks = RankingMonitor(data.validation).seconds(model) / epochs_per_look(n_steps, settings["epochs"])
        is_given = not self.epochs_are_open
        plan = plan_within(settings["minutes"], n_steps * pace.step + looks, settings["epochs"], is_given)
        settings["epochs"] = plan.epochs
        if self.patience is None:
            settings["patience"] = default_patience(plan.epochs, n_steps)
        return plan

    def keep_best(self, history=None, weights=None, start=None):
        patience = self.settings_["patience"]
        return KeepBest(MONITORED, patience, history=history, weights=weights, start=start, larger_is_better=True)

    def judge_start(self, model, data, keeper):
        if self.settings_["start"] == "correspondence" and data.validation is not None:
            keeper.begin(model, RankingMonitor(data.validation).look(model)[MONITORED])

    def train(self, model, data, start_epoch=0, callbacks=(), **kwargs):
        n_steps, settings = self.steps_per_epoch(data), self.settings_
        own = []
        if data.validation is not None:
            own.append(RankingMonitor(data.validation, epochs_per_look(n_steps, settings["epochs"])))
        if settings["model"] == "mult_vae" and settings["beta"]:
            n_rising = max(1, round(WARM_UP * settings["epochs"] * n_steps))
            own.append(BetaAnnealing(linear(n_rising, end=settings["beta"])))
        return super().train(model, data, start_epoch, [*own, *callbacks], **kwargs)

    # What it is worth.

    def judged_by(self, data):
        """`(held, part)`: `Held` of the part that the recommender is judged by, or None, and its name."""
        if data.test is not None:
            return data.test, "test"
        return (None, "train") if data.validation is None else (data.validation, "validation")

    def evaluate(self, model, data, n_samples=None, n_annealed=0, n_rows=None, seconds=None):
        held, part = self.judged_by(data)
        if held is None:
            raise ValueError(f"{data.name} has nothing held out to rank: give `test_share` or `validation` a share")
        return {"part": part, **ranking_report(Ranker(model), data, held), "units": "", "note": data.note}

    def report(self, model, data, history):
        held, part = self.judged_by(data)
        figures = {} if held is None else ranking_report(Ranker(model), data, held)
        return {"part": part, **figures, "units": "", "note": data.note}, pictures(figures, history)

    def describe(self, data):
        yield "data", f"{data.name}: {data.n_train} users, {data.event_shape[0]} items, {data.x_train.nnz} interactions"
        yield "", f"{data.n_validation} users say which epoch is the best, {data.n_test} are for the test"
        if data.note:
            yield "", data.note
        yield "model", self.describe_model(data)

    def describe_model(self, data):
        settings = self.settings_
        widths = "-".join(map(str, [*settings["hidden_units"], settings["latent_dim"]]))
        parts = f"{settings['encoder']} encoder, {settings['decoder']} decoder, {settings['start']} start"
        return f"{settings['model']}, {widths}, {parts}, beta {settings['beta']:g}"

    def endpoints(self, model):
        return {"recommend": recommend_endpoint(model, self.items_)}
