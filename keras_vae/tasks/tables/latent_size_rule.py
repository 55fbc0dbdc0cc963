"""`LatentSizes`: held-out bounds of several latent sizes, and the smallest size that is as good as the best."""

from typing import Any, NamedTuple

import numpy as np

from keras_vae.evaluation.estimate import Estimate
from keras_vae.tasks.tables.latent_size_picture import plot_latent_sizes

# Dimensions without a factor to hold, and other seeds, move a bound by about so much: less is no difference.
LEAST_DIFFERENCE = 0.05


class LatentSizes(NamedTuple):
    """What `choose_latent_dim` has found: one entry per size, the smallest size first.

    Attributes:
        sizes: tuple of int. Latent dimensions.
        bounds: tuple of float. Mean importance-weighted log p(x) of the held-out rows, nats per row.
        standard_errors: tuple of float. Of these means over the rows.
        differences: tuple of float <= 0. Bound less that of the best size, nats per row.
        difference_errors: tuple of float. Standard errors of these differences, from the differences of single rows; 0
            for the best size.
        best: int. The size with the highest bound.
        chosen: int. The smallest size within one standard error of the best.
        n_rows: int. Held-out rows.
        n_samples: int. Importance samples per row.
        units: str. What the nats are measured on where it is not the data as they came, else "".
    """

    sizes: tuple[int, ...]
    bounds: tuple[float, ...]
    standard_errors: tuple[float, ...]
    differences: tuple[float, ...]
    difference_errors: tuple[float, ...]
    best: int
    chosen: int
    n_rows: int
    n_samples: int
    units: str = ""

    def plot(self):
        """The picture of `plot_latent_sizes`, a matplotlib Figure."""
        return plot_latent_sizes(self)

    def as_dict(self) -> dict[str, Any]:
        """All of it as a dict that JSON can hold."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in self._asdict().items()}

    def __str__(self):
        lines = ["size      bound   error  to the best   error"]
        for size, *numbers in zip(*self[:5], strict=True):
            mark = "  best" * (size == self.best) + "  chosen" * (size == self.chosen)
            bound, error, difference, difference_error = numbers
            lines.append(f"{size:>4} {bound:>10.3f} {error:>7.3f} {difference:>12.3f} {difference_error:>7.3f}{mark}")
        of = f" of {self.units}" if self.units else ""
        lines.append(f"nats per row{of}, {self.n_rows} held-out rows, {self.n_samples} importance samples each")
        return "\n".join(lines)


def by_one_standard_error(values, n_samples, units=""):
    """The smallest size whose mean bound is within one standard error of the best one.

    All sizes are judged by the same rows, and most of what makes a row likely or not is the same for all of them. What
    counts is therefore the standard error of the paired difference to the best size, not that of a mean: the latter is
    many times larger, and would take sizes for equal that are not. A difference of less than 0.05 nats counts as none
    whatever its error: a model with one idle dimension more differs so little from row to row that the error over rows
    is next to nothing, but another seed moves both.

    Args:
        values: dict from sizes to arrays `(n,)`, n >= 2. The bound of every held-out row, nats, the same rows for all.
        n_samples: int. Importance samples behind each.
        units: str. What the nats are measured on.

    Returns:
        `LatentSizes`.

    Raises:
        ValueError: without a size, with fewer than two rows or other rows for each, or where no bound is finite.

    References:
        Breiman et al. 1984, Classification and Regression Trees, section 3.4.3 (the rule).
        Hastie et al. 2009, The Elements of Statistical Learning, section 7.10. https://hastie.su.domains/ElemStatLearn
    """
    lengths = {len(rows) for rows in values.values()}
    if len(lengths) != 1 or min(lengths) < 2:
        raise ValueError(f"`values` must hold the same two or more rows for every size. Received: {sorted(lengths)}")
    values = {size: np.asarray(values[size], np.float64) for size in sorted(values)}
    finite = {size: rows for size, rows in values.items() if np.isfinite(rows).all()}
    if not finite:
        raise ValueError(f"`values` must be finite for one size at least. Received: none of {list(values)}")
    best = max(finite, key=lambda size: (finite[size].mean(), -size))
    bounds = {size: Estimate.of_rows(rows) for size, rows in finite.items()}
    differences = {size: Estimate.of_rows(rows - finite[best]) for size, rows in finite.items()}
    chosen = min(size for size in finite if is_as_good(differences[size]))
    nothing = Estimate(float("nan"), float("nan"))
    estimates = [(bounds.get(size, nothing), differences.get(size, nothing)) for size in values]
    columns = zip(*((b.mean, b.standard_error, d.mean, d.standard_error) for b, d in estimates), strict=True)
    return LatentSizes(tuple(values), *columns, best, chosen, lengths.pop(), n_samples, units)


def is_as_good(difference):
    """Whether a size is as good as a reference.

    Args:
        difference: `Estimate` of the paired difference, size less reference.
    """
    return difference.mean >= -max(difference.standard_error, LEAST_DIFFERENCE)


def is_worse(rows, reference):
    """Whether the bounds of one size are clearly below those of another, arrays `(n,)` of the same rows."""
    return not np.isfinite(rows).all() or not is_as_good(Estimate.of_rows(rows - reference))
