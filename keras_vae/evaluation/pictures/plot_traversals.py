"""What each latent dimension does."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from keras_vae.evaluation.latent import active_units, kl_per_dim
from keras_vae.evaluation.pictures.column_panels import codes, columns_shown, has_words, is_category
from keras_vae.evaluation.pictures.figure import names_of_columns, new_figure, shortened
from keras_vae.evaluation.pictures.plot_grid import plot_grid

_MAX_COLUMNS = 20
# Under a word that becomes another one; no colour of a change of numbers.
_OTHER_WORD = "#d5ecd8"


def plot_traversals(
    decode: Callable,
    z_mean: ArrayLike,
    z_log_var: ArrayLike,
    steps: int = 9,
    limit: float = 2.5,
    max_dims: int = 12,
    feature_names=None,
    scale=None,
    n_candidates: int | None = None,
    columns=None,
):
    """What each active latent dimension does: it runs from -limit to +limit while the others stay at a typical code.

    Of a table colours show how columns change, and words what they become; beyond 20 columns those that change most.

    Args:
        decode: Callable. `(n, latent_dim)` codes to `(n, *event_shape)`, such as `vae.decode`.
        z_mean: array `(n, latent_dim)`.
        z_log_var: array, same shape.
        steps: int >= 2. Pictures per dimension.
        limit: float. End of the run, in standard deviations of the prior.
        max_dims: int. How many dimensions are shown at most: those of largest KL.
        feature_names: sequence of str or None. Names of the columns of a table.
        scale: array `(n_columns,)` or None. Standard deviations of the columns; None takes those of the decoded codes.
        n_candidates: int or None. So many dimensions are looked at: of a ladder those of the top layer; None for all.
        columns: sequence or None. What each column of a table holds, as in `plot_reconstructions`.

    Returns:
        matplotlib Figure.

    Raises:
        ValueError: if there are not as many names, or entries of `columns`, as columns.
    """
    z_mean = np.asarray(z_mean, np.float32)
    kl = kl_per_dim(z_mean, z_log_var)[:n_candidates]
    active = active_dims(z_mean, kl)
    chosen = active[:max_dims] or [int(np.argmax(kl))]
    decoded = np.asarray(decode(runs_along(z_mean, chosen, np.linspace(-limit, limit, steps, dtype=np.float32))))
    labels = [f"z[{k}], {kl[k]:.2g} nats" for k in chosen]
    title = f"{_which(active, chosen)} from -{limit:g} to +{limit:g}"
    if decoded.ndim == 2:
        scale = np.asarray(decode(z_mean[:1000])).std(axis=0) if scale is None else np.asarray(scale)
        return _changes(decoded.reshape(len(chosen), steps, -1), scale, labels, title, feature_names, columns)
    return plot_grid(decoded, steps, title=title, row_labels=labels)


def active_dims(z_mean, kl):
    """The active dimensions, those of largest KL first."""
    is_active = active_units(z_mean)
    return [int(k) for k in np.argsort(-kl) if is_active[k]]


def _which(active, chosen):
    if len(active) > len(chosen):
        return f"the {len(chosen)} of {len(active)} active dimensions of largest KL"
    return "each active dimension" if active else f"no dimension is active; z[{chosen[0]}]"


def runs_along(z_mean, chosen, values):
    """Codes `(len(chosen) * len(values), latent_dim)` in which one dimension after the other takes the values."""
    steps = len(values)
    # The code nearest to the mean of all codes: a real example, which the mean itself need not be.
    base = z_mean[np.argmin(np.square(z_mean - z_mean.mean(axis=0)).sum(axis=1))]
    codes = np.repeat(base[None], len(chosen) * steps, axis=0)
    for row, k in enumerate(chosen):
        codes[row * steps : (row + 1) * steps, k] = values
    return codes


def _changes(decoded, scale, labels, title, feature_names, columns):
    """Heat map of a row per dimension and a column per column of the table."""
    names = names_of_columns(feature_names, decoded.shape[2])
    columns = columns_shown(columns, len(names))
    first, last = decoded[:, 0], decoded[:, -1]
    change = (last - first) / np.where(scale > 0, scale, 1.0)
    words = {k: [codes(x[:, k], columns[k]).astype(int) for x in (first, last)] for k in _categories(columns)}
    # The codes of words have no order; beside numbers another word counts as one standard deviation.
    size = np.abs(change)
    for k, (before, after) in words.items():
        change[:, k], size[:, k] = 0.0, before != after
    shown = np.arange(len(names))
    if len(names) > _MAX_COLUMNS:
        shown = np.sort(np.argsort(-size.max(axis=0), kind="stable")[:_MAX_COLUMNS])
        title += f"\nthe {_MAX_COLUMNS} of {len(names)} columns that change most"
    names = [_with_outcome(names[k], columns[k]) for k in shown]
    figure = new_figure((0.55 if words else 0.42) * len(shown) + 3.2, 0.34 * len(labels) + 2.2)
    ax = figure.subplots()
    image = _numbers(ax, change[:, shown], [j for j, k in enumerate(shown) if k not in words])
    for j, k in enumerate(shown):
        if k in words:
            _words(ax, j, *words[k], columns[k])
    ax.set_xticks(range(len(shown)), names, rotation=45, ha="right", fontsize=8)
    ax.set_yticks(range(len(labels)), labels, fontsize=8)
    figure.colorbar(image, ax=ax, label="change, standard deviations", shrink=0.9)
    # Titles of a narrow heat map are wider than it.
    figure.suptitle(title.replace(" from ", "\nfrom ") if len(shown) < 8 else title, fontsize=10)
    return figure


def _categories(columns):
    return [k for k, column in enumerate(columns) if is_category(column)]


def _with_outcome(name, column):
    """Of two words the name says which one is more likely where the number rises."""
    return f"{name} = {shortened(str(column[1]), 10)}" if has_words(column) and not is_category(column) else name


def _numbers(ax, change, places):
    """Changes as colours, and as numbers in the columns `places`."""
    limit = max(float(np.abs(change).max()), 1e-12)
    image = ax.imshow(change, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto")
    style = {"ha": "center", "va": "center", "fontsize": 6.5}
    for i in range(len(change)):
        for j in places:
            # White on the dark ends of the colours.
            colour = "white" if abs(change[i, j]) > 0.6 * limit else "black"
            ax.text(j, i, f"{round(float(change[i, j]), 1) + 0.0:.1f}", color=colour, **style)
    return image


def _words(ax, j, before, after, column):
    """Words at both ends of the run, in column `j`; a word that stays stands once, in grey."""
    style = {"ha": "center", "va": "center", "fontsize": 5.5}
    for i, (a, b) in enumerate(zip(before, after, strict=True)):
        first, last = (shortened(str(column[code]), 9) for code in (a, b))
        ax.fill_between([j - 0.5, j + 0.5], i - 0.5, i + 0.5, color="white" if a == b else _OTHER_WORD, linewidth=0)
        text, colour = (first, "#777777") if a == b else (f"{first}\n→ {last}", "black")
        ax.text(j, i, text, color=colour, **style)
