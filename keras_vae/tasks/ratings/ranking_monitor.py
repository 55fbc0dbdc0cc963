"""Callback that ranks the items of held-out users while a recommender is trained."""

import time

import keras

from keras_vae._checks import check_int
from keras_vae.tasks.ratings.measures import measure_lists
from keras_vae.tasks.ratings.ranking import Ranker

LENGTH = 100
MONITORED = "val_ndcg_at_100"


class RankingMonitor(keras.callbacks.Callback):
    """Add `val_ndcg_at_100` and `val_recall_at_20` to the logs of an epoch.

    Lists are as long as there are items, where these are fewer.

    Args:
        held: `Held`.
        every: int >= 1. Epochs from one look to the next.
    """

    looks_at_batches = False

    def __init__(self, held, every=1):
        super().__init__()
        self.held = held
        self.every = check_int("every", every, 1)
        self._ranker = None

    def seconds(self, model):
        """Seconds that one look takes, once its graph is made."""
        self.look(model)
        begun = time.perf_counter()
        self.look(model)
        return time.perf_counter() - begun

    def look(self, model):
        """The measures of a model, dict."""
        if self._ranker is None:
            self._ranker = Ranker(model)
        n_items = self.held.seen.shape[1]
        ranked, _ = self._ranker.best(self.held.seen, min(LENGTH, n_items))
        return {
            MONITORED: float(measure_lists(ranked, self.held.hidden, min(LENGTH, n_items)).ndcg.mean()),
            "val_recall_at_20": float(measure_lists(ranked, self.held.hidden, min(20, n_items)).recall.mean()),
        }

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None and (epoch + 1) % self.every == 0:
            logs.update(self.look(self.model))
