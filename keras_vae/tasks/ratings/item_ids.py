"""Items by the names that people give them, and by their columns in the matrix."""

import dataclasses
import difflib
import functools

import numpy as np

SHOWN = 5


@dataclasses.dataclass(frozen=True)
class ItemIds:
    """The items of a recommender.

    Attributes:
        items: tuple of str by column, or None for items that are known by their columns alone.
        n_items: int.
    """

    items: tuple | None
    n_items: int

    @functools.cached_property
    def column_of(self):
        """Column of every item by its name, dict of str to int."""
        names = map(str, range(self.n_items)) if self.items is None else self.items
        return {name: column for column, name in enumerate(names)}

    @functools.cached_property
    def _names(self):
        return np.array([*self.items, ""], dtype=object)

    def columns(self, ids):
        """Columns of items, int array.

        Args:
            ids: list of ids: str, or whole numbers.

        Raises:
            ValueError: for an id that is neither, or that is not known.
        """
        for one in ids:
            if isinstance(one, (bool, np.bool_)) or not isinstance(one, (str, int, np.integer)):
                raise ValueError(f"item ids must be str or whole numbers. Received: {one!r}")
        if self.items is None:
            return self._numbers(ids)
        unknown = [one for one in ids if str(one) not in self.column_of]
        if unknown:
            near = difflib.get_close_matches(str(unknown[0]), self.items, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"items must be among those of the training{hint} Received: {_some(unknown)}")
        return np.array([self.column_of[str(one)] for one in ids], np.int64)

    def _numbers(self, ids):
        outside = [one for one in ids if isinstance(one, str) or not 0 <= one < self.n_items]
        if outside:
            raise ValueError(
                f"items must be columns of the training matrix, 0 to {self.n_items - 1}. Received: {_some(outside)}"
            )
        return np.array(ids, np.int64).reshape(-1)

    def rows(self, lists):
        """Lists of ids, one for each user, as a SciPy matrix of 0 and 1; an id that comes twice counts once.

        Args:
            lists: list of lists of ids.

        Raises:
            ValueError: for something else, or as `columns`.
        """
        from scipy import sparse

        for row in lists:
            if not isinstance(row, (list, tuple, np.ndarray)):
                raise ValueError(f"`rows` must hold a list of item ids for each user. Received: {row!r:.80}")
        columns = self.columns([one for row in lists for one in row])
        begins = np.concatenate([[0], np.cumsum([len(row) for row in lists])]).astype(np.int64)
        x = sparse.csr_matrix((np.ones(len(columns), np.float32), columns, begins), shape=(len(lists), self.n_items))
        x.sum_duplicates()
        x.data[:] = 1.0
        return x

    def of_columns(self, columns):
        """Ids of columns, an array of their shape: the columns themselves, or str with "" for -1."""
        if self.items is None:
            return columns.astype(np.int64)
        return self._names[np.where(columns < 0, self.n_items, columns)]


def _some(ids):
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return f"{', '.join(map(repr, ids[:SHOWN]))}{more}"
