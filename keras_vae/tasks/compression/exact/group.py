"""Values of the data that are coded together: the interface between exact likelihoods and a coder."""

import abc
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Known = Sequence[np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]


def flat(x: np.ndarray) -> np.ndarray:
    """`(n, *shape)` as `(n, m)`, also for no rows."""
    return x.reshape(len(x), math.prod(x.shape[1:]))


class Group:
    """Values of n rows that are independent of each other, given the parameters and the groups before: one coding step.

    A coder of an array x `(n, *event_shape)` does for every group in order, and a decoder the same in reverse roles:

        known = []
        for group in likelihood.groups(x_params):
            values = group.take(x)                  # a decoder finds them by group.given(known)
            below = group.given(known)
            low, high = below(values), below(values + 1)
            group.place(values, x)                  # where a decoder writes them
            known.append(values)

    With a last-in-first-out coder the encoder pushes the groups in reverse order: it has all values, so that `known`
    can be made of them at once.

    Attributes:
        shape: `(n, m)`.
        levels: int, the number of values 0 to levels - 1; None for counts without an upper bound.
        places: integer array `(m,)`. Where the m values stand in a row of x that is made flat.

    Args:
        n: int. Number of rows.
        places: integer array `(m,)`, as the attribute.
        levels: int or None, as the attribute.
        inside: function from `known` to a function from k, int64 `(n, m)`, to P(value < k); what it says for a k that
            is not between 0 and `levels` is ignored.
    """

    def __init__(self, n: int, places: np.ndarray, levels: int | None, inside: Callable[[Known], Function]):
        self.shape, self.places, self.levels = (n, len(places)), places, levels
        self._inside = inside

    def given(self, known: Known = ()) -> Function:
        """The cdf given the values of all groups before: what depends on them is computed once, here.

        Args:
            known: list of integer arrays, the values of the groups before this one, in order.

        Returns:
            Function from an integer array k `(n, m)`, 0 to `levels`, to P(value < k), float64 `(n, m)`. It is 0 at 0, 1
            at `levels`, does not fall when k grows (for counts: by no more than 2^-53), and has the same bits for a row
            in any batch on any machine.
        """
        inside = self._inside(known)

        def cdf(k):
            k = np.asarray(k, np.int64)
            found = np.where(k <= 0, 0.0, inside(k))
            return found if self.levels is None else np.where(k >= self.levels, 1.0, found)

        return cdf

    def cdf(self, k: np.ndarray, known: Known = ()) -> np.ndarray:
        """P(value < k) given the groups before, float64 `(n, m)`: `given(known)(k)`."""
        return self.given(known)(k)

    def take(self, x: np.ndarray) -> np.ndarray:
        """The values of this group in data `(n, *event_shape)`: int64 `(n, m)`."""
        return flat(x)[:, self.places].astype(np.int64)

    def place(self, values: np.ndarray, x: np.ndarray) -> None:
        """Write values `(n, m)` where they belong in x, an array `(n, *event_shape)` of any integer type."""
        x[(slice(None), *np.unravel_index(self.places, x.shape[1:]))] = values


class ExactLikelihood(abc.ABC):
    """A likelihood over whole numbers whose distribution functions have the same bits everywhere.

    Attributes:
        levels: int or None, as in `Group`.

    Args:
        config: dict. Arguments of the likelihood of the library, as its `get_config` gives them.
        event_shape: tuple of ints. Shape of one example.
    """

    levels: int | None = None

    def __init__(self, config: dict[str, Any], event_shape: tuple[int, ...]):
        self.config, self.event_shape = config, tuple(event_shape)

    @abc.abstractmethod
    def groups(self, x_params: np.ndarray) -> list[Group]:
        """The groups of n rows, in the order of coding: one, or for a mixture of pixels one per channel.

        Args:
            x_params: float64 array `(n, *params_shape)`, as an exact decoder gives it.
        """
