"""Log odds on a coarse grid, so that a float that is off by some units in the last place leads to the same number."""

import numpy as np

from keras_vae.tasks.compression.bisection import UNIT
from keras_vae.tasks.compression.exact.exact_math import sigmoid

# Steps of the log odds of an answer: wider ones cost more bits, narrower ones have more numbers near an edge, of which
# a note must be taken. A quarter costs 0.04 % of the bits of a text.
ODDS_STEPS = 4
# Beyond, the odds are cut off: the unlikely answer has a probability of 6e-6 or more.
MAX_ODDS = 12 * ODDS_STEPS
# The probability of a yes on each place of the grid: multiples of 2^-24, the same on every machine.
P_YES = np.rint(sigmoid(np.arange(-MAX_ODDS, MAX_ODDS + 1) / ODDS_STEPS) * UNIT) / UNIT
# So far floats may be off: log probabilities of one model by batches of 1 and 64 rows differ by 2e-6.
TOLERANCE = 2.0**-17


class Notes:
    """Rounds numbers, and takes a note of those that lie so near an edge that another machine may round them elsewhere.

    Who reads the notes gets the numbers that were written, if its own differ from them by less than the tolerance.

    Args:
        n: int. How many sentences there are.
        noted: int array `(k, 3)` in order, or None to write. Number of a sentence, which of its numbers it is, and
            whether that was rounded to an odd one.
    """

    def __init__(self, n, noted=None):
        self._writes, self._noted = noted is None, []
        self._at = np.zeros(n, np.int64)
        if noted is not None:
            self._noted = np.asarray(noted, np.int64).reshape(-1, 3)
            self._has = np.zeros(n, bool)
            self._has[self._noted[:, 0]] = True

    def rounded(self, values, steps, owners):
        """Whole numbers near `values * steps`, halves upward.

        Args:
            values: float64 array `(k, ...)`, finite.
            steps: int >= 1.
            owners: int array `(k,)`, no two the same. The sentences that the values are of.

        Returns:
            int64 array of the shape of the values.
        """
        scaled = values.reshape(len(values), -1) * steps + 0.5
        found = np.floor(scaled)
        above = scaled - found
        if self._writes:
            margin = TOLERANCE * steps
            rows, columns = np.nonzero((above < margin) | (above > 1.0 - margin))
            if len(rows):
                own = owners[rows]
                self._noted += zip(own, self._at[own] + columns, found[rows, columns] % 2.0, strict=True)
        elif self._has[owners].any():
            self._correct(found, above, owners)
        self._at[owners] += scaled.shape[1]
        return found.astype(np.int64).reshape(values.shape)

    def _correct(self, found, above, owners):
        row_of = np.full(len(self._at), -1)
        row_of[owners] = np.arange(len(owners))
        rows, columns = row_of[self._noted[:, 0]], self._noted[:, 1] - self._at[self._noted[:, 0]]
        own = (rows >= 0) & (columns >= 0) & (columns < found.shape[1])
        rows, columns, odd = rows[own], columns[own], self._noted[own, 2]
        wrong = found[rows, columns] % 2.0 != odd
        # The neighbour on the side where the number lies.
        found[rows, columns] += np.where(wrong, np.where(above[rows, columns] > 0.5, 1.0, -1.0), 0.0)

    @property
    def noted(self):
        """The notes, int64 array `(k, 3)` in order."""
        return np.array(sorted(self._noted), np.int64).reshape(-1, 3)


def p_yes(no, yes, notes, owners):
    """The probability of a yes from the masses of both answers.

    Args:
        no, yes: float arrays `(k,)`, > 0.
        notes, owners: `Notes`, and whose the questions are.

    Returns:
        float64 array, a multiple of 2^-24, not 0 and not 1.

    Raises:
        ValueError: if a mass is no positive number.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(yes.astype(np.float64)) - np.log(no.astype(np.float64))
    if np.isnan(odds).any():
        raise ValueError("`model` must give probabilities of words that are numbers. Received: NaN")
    limit = MAX_ODDS / ODDS_STEPS
    return P_YES[MAX_ODDS + notes.rounded(np.clip(odds, -limit, limit), ODDS_STEPS, owners)]
