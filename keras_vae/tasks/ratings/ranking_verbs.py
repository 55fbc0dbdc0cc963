"""What a fitted recommender is asked: ranked items, scores, items that are alike, reasons."""

import warnings

import numpy as np

from keras_vae._checks import check_int
from keras_vae.tasks.ratings.explain import explain, similar_items
from keras_vae.tasks.ratings.interactions import as_interactions
from keras_vae.tasks.ratings.item_ids import ItemIds
from keras_vae.tasks.ratings.ranking import Ranker
from keras_vae.tasks.ratings.settings import READING
from keras_vae.tasks.ratings.user_items import read_user_items


class RankingVerbs:
    """The verbs of `Recommender`, which has `model_`, `items_`, `event_shape_` and `settings_` once it is fitted."""

    def recommend(self, rows, k=20, exclude_seen=True):
        """The items that each user is most likely to choose next.

        Args:
            rows: what the users have chosen: SciPy matrix or array `(n, n_items)`, or a list with a list of item ids
                for each user.
            k: int >= 1, at most the number of items.
            exclude_seen: bool. Whether what a user has chosen is left out.

        Returns:
            `(ids, scores)`, each `(n, k)`, best first: int columns, or ids as they were given in training, and
            log p(item | user) in nats. Where nothing is left to recommend the column is -1, the id "", and the score
            minus infinity.

        Raises:
            ValueError: for a recommender that is not fitted, rows that do not fit it, an item that it does not know, or
                a k out of bounds.
        """
        x = self._rows(rows)
        n_items = self.event_shape_[0]
        if check_int("k", k, 1) > n_items:
            raise ValueError(f"`k` must be at most the number of items, {n_items}. Received: k={k}")
        columns, scores = self._ranker().best(x, k, exclude_seen)
        return self._ids().of_columns(columns), scores

    def score(self, rows, items=None):
        """log p(item | user) of items for every user.

        Args:
            rows: as in `recommend`.
            items: list of item ids, or None for all.

        Returns:
            Array `(n, n_items)`, nats; with `items` its columns in their order.

        Raises:
            ValueError: as `recommend`.
        """
        log_probs = self._ranker().log_probs(self._rows(rows))
        return log_probs if items is None else log_probs[:, self._ids().columns(items)]

    def similar_items(self, items, k=10):
        """The items that the decoder knows as most like others: by the cosine of their vectors.

        Args:
            items: list of item ids.
            k: int >= 1, at most the number of other items.

        Returns:
            `(ids, cosines)`, each `(len(items), k)`, most alike first, the item itself left out.

        Raises:
            ValueError: as `recommend`.
        """
        columns, cosines = similar_items(self._fitted(), self._ids().columns(items), k)
        return self._ids().of_columns(columns), cosines

    def explain(self, row, item, k=5):
        """Which chosen items speak for an answer: by how much log p(item | user) falls without each.

        Args:
            row: what one user has chosen: a row of a matrix, or a list of item ids.
            item: item id. The answer.
            k: int >= 1. Items told, at most.

        Returns:
            `(ids, nats)`, those that speak most for it first; negative nats speak against it.

        Raises:
            ValueError: as `recommend`, or for another number of users than one.
        """
        x = self._rows([row] if isinstance(row, (list, tuple)) else row)
        columns, nats = explain(self._ranker(), x, int(self._ids().columns([item])[0]), check_int("k", k, 1))
        return self._ids().of_columns(columns), nats

    def user_items(self, source):
        """What users have chosen, out of a log, as rows that `recommend` takes: `UserItems`.

        Args:
            source: frame, name or path, read as the data of the training were.

        Raises:
            ValueError, FileNotFoundError: for what cannot be read.
        """
        self._fitted()
        return read_user_items(source, {name: self.settings_[name] for name in READING}, self._ids())

    def _fitted(self):
        if not hasattr(self, "model_"):
            raise ValueError("Recommender must be fitted first: call `fit`")
        return self.model_

    def _ranker(self):
        model = self._fitted()
        if getattr(self, "_ranker_of", (None, None))[0] is not model:
            self._ranker_of = model, Ranker(model)
        return self._ranker_of[1]

    def _ids(self):
        # Kept: of a million items the tables take a second to make.
        if getattr(self, "_ids_of", (None, None))[0] is not self.event_shape_:
            self._ids_of = self.event_shape_, ItemIds(self.items_, self.event_shape_[0])
        return self._ids_of[1]

    def _rows(self, rows):
        self._fitted()
        if isinstance(rows, (list, tuple)):
            x = self._ids().rows(rows)
        else:
            x = as_interactions("rows", rows)
        if x.shape[1] != self.event_shape_[0]:
            raise ValueError(
                f"`rows` must have a column for each of {self.event_shape_[0]} items. Received: rows.shape={x.shape}"
            )
        n_empty = int(np.count_nonzero(np.diff(x.indptr) == 0))
        if n_empty:
            warnings.warn(
                f"{n_empty} of {x.shape[0]} users have chosen nothing: they are answered with what is popular.",
                stacklevel=3,
            )
        return x
