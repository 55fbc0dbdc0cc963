"""The health of a model on one page."""

import textwrap

import numpy as np

from keras_vae.evaluation.health.check_health import number_text, remedies_text
from keras_vae.evaluation.health.finding import FAULT, LITTLE, OK, UNKNOWN, WARNING
from keras_vae.evaluation.health.verdict import DOUBTFUL, HEALTHY, IN_PART
from keras_vae.evaluation.plots import BLUE, GREEN, GREY, ORANGE, new_figure

RED = "#D55E00"
COLOURS = {OK: GREEN, WARNING: ORANGE, FAULT: RED, UNKNOWN: GREY}
# Every other verdict is a fault.
VERDICT_COLOURS = {HEALTHY: GREEN, DOUBTFUL: ORANGE, IN_PART: GREY}
# Bars that can still be told apart, and points that do not melt into a blot.
MAX_BARS, MAX_POINTS = 64, 1000
# Inches from one line of text to the next.
LINE = 0.19


def plot_health(report):
    """A page: the verdict, KL per dimension, codes beside the prior, holes, the bound of both parts, every finding.

    Args:
        report: `HealthReport`, as `check_health` gives it.

    Returns:
        matplotlib Figure.

    Examples:
        >>> kv.evaluation.plot_health(report).savefig("health.png")
    """
    lines = _table_lines(report)
    # Inches: what is text takes its lines, the pictures have a fixed size.
    heights = [0.85 + LINE * (len(_head_lines(report)) + 1), 6.6, LINE * sum(len(line[-1]) for line in lines) + 0.3]
    figure = new_figure(9.2, sum(heights))
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.08)
    head, panels, table = figure.subfigures(3, 1, height_ratios=heights)
    _draw_head(head, report)
    axes = panels.subplots(2, 2)
    draw_kl = _draw_kl if report.measures.layer_kl is None else _draw_layers
    draw_kl(axes[0, 0], report.measures)
    _draw_codes(axes[0, 1], report.measures)
    _draw_holes(axes[1, 0], report.measures)
    _draw_bounds(axes[1, 1], report.measures)
    _draw_table(table, lines)
    return figure


def _head_lines(report):
    """What stands under the verdict: `(text, style)` of every line."""
    lines = [(text, {"fontsize": 11}) for text in textwrap.wrap(report.sentence, 100)]
    for k, remedy in enumerate(report.remedy):
        word = "or   " if k else "pass "
        for text in textwrap.wrap(f"{word} {remedies_text([remedy])}", 108, subsequent_indent=" " * 6):
            lines.append((text, {"fontsize": 8.5, "family": "monospace"}))
    return lines


def _draw_head(figure, report):
    ax = figure.subplots()
    ax.axis("off")
    lines = _head_lines(report)
    ax.set(xlim=(0.0, 1.0), ylim=(len(lines) + 2.6, 0.0))
    colour = VERDICT_COLOURS.get(report.verdict, RED)
    ax.text(0.0, 1.0, report.verdict, fontsize=22, weight="bold", color=colour, va="center")
    examples = f"{report.n_test} test" + (f" and {report.n_train} training" if report.n_train else "")
    ax.text(1.0, 1.0, f"{examples} examples", fontsize=9, color=GREY, va="center", ha="right")
    for row, (text, style) in enumerate(lines):
        ax.text(0.0, 2.8 + row, text, va="center", **style)


def _draw_kl(ax, m):
    """Bars of every dimension, largest first: what it says about x, and what is mere distance from the prior."""
    information = np.maximum(m.split.dimension_information, 0.0)
    total = information if m.kl_per_dim is None else np.maximum(m.kl_per_dim, 0.0)
    order = np.argsort(-total)[:MAX_BARS]
    places = np.arange(len(order))
    if m.kl_per_dim is not None:
        ax.bar(places, total[order], color=ORANGE, label="KL of the marginal from the prior")
    for kind, colour, label in (
        (m.active, BLUE, "information about x"),
        (~m.active, GREY, "information of inactive ones"),
    ):
        if kind.any():
            ax.bar(places, np.where(kind, np.minimum(information, total), 0.0)[order], color=colour, label=label)
    title = f"{m.split.kl:.1f} nats of KL, {int(m.active.sum())} of {len(total)} dimensions active"
    ax.set(title=title, xlabel="latent dimension, largest first", ylabel="nats")
    step = max(1, len(order) // 16)
    ax.set_xticks(places[::step], [str(k) for k in order[::step]], fontsize=7)
    # Dimensions that all hold nothing are not to look tall.
    ax.set_ylim(0.0, max(1.08 * float(total.max()), 0.2))
    _legend(ax, "upper right")
    _finish(ax)


def _draw_layers(ax, m):
    """Bars of the layers of a ladder, the top first."""
    kls = m.layer_kl.mean(axis=0)
    places = np.arange(len(kls))
    ax.bar(places, kls, color=[BLUE if kl >= LITTLE else GREY for kl in kls], width=0.6)
    for place, kl in zip(places, kls, strict=True):
        ax.annotate(f"{kl:.2f}", (place, kl), ha="center", va="bottom", fontsize=8)
    labels = [f"{layer + 1}" for layer in places]
    labels[0], labels[-1] = "1, the top", f"{len(kls)}, next to x"
    ax.set_xticks(places, labels)
    ax.set(title=f"{m.kl:.1f} nats of KL in {len(kls)} layers", xlabel="layer", ylabel="nats")
    ax.set_ylim(0.0, max(1.12 * float(kls.max()), 0.2))
    _finish(ax)


def _draw_codes(ax, m):
    """Draws of the aggregate posterior and of the prior over the two dimensions that say most."""
    order = np.argsort(-m.split.dimension_information)
    i, j = order[0], order[min(1, len(order) - 1)]
    style = {"s": 6, "alpha": 0.6, "linewidths": 0}
    # As many of one kind as of the other.
    codes = m.codes[:MAX_POINTS]
    if m.z_prior is not None:
        prior = m.z_prior[: len(codes)]
        ax.scatter(prior[:, i], prior[:, j], color=GREY, label="samples of the prior", **style)
    ax.scatter(codes[:, i], codes[:, j], color=BLUE, label="codes of test examples", **style)
    ax.set(title="codes beside the prior", xlabel=f"z[{i}]", ylabel=f"z[{j}]")
    _legend(ax, "upper left", markerscale=2.0)
    _finish(ax)


def _draw_holes(ax, m):
    """Log density under all codes together: of other codes, and of samples of the prior."""
    if m.holes is None:
        _draw_nothing(ax, "holes", "the prior cannot be sampled")
        return
    codes, samples = m.holes.others, m.holes.points
    limit = np.quantile(codes, m.holes.tail)
    # What lies further out is counted in the first bin.
    low = max(min(np.quantile(codes, 0.005), np.quantile(samples, 0.02)), limit - 6.0 * (np.ptp(codes) + 1e-6))
    bins = np.linspace(low, max(codes.max(), samples.max()), 40)
    for values, colour, label in ((codes, BLUE, "codes"), (samples, GREY, "samples of the prior")):
        weights = np.full(len(values), 1.0 / len(values))
        ax.hist(np.maximum(values, low), bins, weights=weights, color=colour, alpha=0.6, label=label)
    ax.axvline(limit, color=RED, linewidth=1.2, label=f"{m.holes.tail:.0%} of codes are left of this")
    title = f"holes: {m.holes.share:.0%} of the prior's samples lie where codes do not"
    ax.set(title=title, xlabel="log density of all codes together, nats", ylabel="share")
    _legend(ax, "upper left")
    _finish(ax)


def _draw_bounds(ax, m):
    """Bounds of training and test examples."""
    parts = [("test", m.elbo_test, ORANGE)]
    if m.elbo_train is not None:
        parts.insert(0, ("training", m.elbo_train, BLUE))
    values = np.concatenate([part for _, part, _ in parts])
    low, high = np.quantile(values, [0.005, 0.995])
    bins = np.linspace(low, high if high > low else low + 1.0, 40)
    for name, part, colour in parts:
        weights = np.full(len(part), 1.0 / len(part))
        ax.hist(np.clip(part, bins[0], bins[-1]), bins, weights=weights, color=colour, alpha=0.5)
        ax.axvline(part.mean(), color=colour, linewidth=1.6, label=f"{name}, mean {part.mean():.2f}")
    gap = m.gap
    title = (
        "bound of test examples" if gap is None else f"train-test gap {gap.mean:.2f} +- {gap.standard_error:.2f} nats"
    )
    ax.set(title=title, xlabel="ELBO, nats per example", ylabel="share")
    _legend(ax, "upper left")
    _finish(ax)


def _legend(ax, place, **kwargs):
    ax.legend(fontsize=8, loc=place, framealpha=0.85, edgecolor="none", **kwargs)


def _draw_nothing(ax, title, reason):
    ax.set_title(title, fontsize=10)
    ax.text(0.5, 0.5, reason, ha="center", va="center", transform=ax.transAxes, color=GREY)
    ax.set_xticks([])
    ax.set_yticks([])


def _finish(ax):
    ax.title.set_fontsize(10)
    ax.xaxis.label.set_fontsize(9)
    ax.yaxis.label.set_fontsize(9)
    ax.tick_params(labelsize=8)
    ax.set_axisbelow(True)
    ax.grid(alpha=0.3)


def _table_lines(report):
    return [(f.status, f.name, number_text(f), textwrap.wrap(f.sentence, 92)) for f in report.findings]


def _draw_table(figure, lines):
    ax = figure.subplots()
    ax.axis("off")
    n_lines = sum(len(line[-1]) for line in lines) + 1
    ax.set(xlim=(0.0, 1.0), ylim=(n_lines, 0.0))
    row = 0.5
    for status, name, value, sentence in lines:
        ax.plot(0.01, row, marker="o", markersize=6, color=COLOURS[status])
        ax.text(0.03, row, name, fontsize=8.5, va="center", weight="normal" if status == OK else "bold")
        ax.text(0.29, row, value, fontsize=8.5, va="center", ha="right")
        ax.text(0.31, row, sentence[0], fontsize=8.5, va="center")
        for k, rest in enumerate(sentence[1:], 1):
            ax.text(0.31, row + k, rest, fontsize=8.5, va="center")
        row += len(sentence)
