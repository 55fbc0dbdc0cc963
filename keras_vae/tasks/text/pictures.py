"""The pictures of a training on texts: its curves, and texts that the model writes."""

import textwrap

import numpy as np

from keras_vae.evaluation.pictures.figure import BLUE, GREY, ORANGE, new_figure
from keras_vae.evaluation.pictures.plot_history import plot_history

N_SHOWN, N_STEPS, WIDTH = 8, 6, 92


def pictures(model, tokens, figures, history):
    """Iterator over pairs of a name and a matplotlib figure of a VAE of texts."""
    yield "loss_curves", plot_history(history, history.get("kept_epoch"))
    yield "samples", plot_texts("drawn from the prior, word by word", model.sample(N_SHOWN, seed=0))
    shown = model.tokenizer.texts(tokens[:N_SHOWN])
    written = model.reconstruct(tokens[:N_SHOWN], strategy="beam")
    pairs = [line for pair in zip(shown, written, strict=True) for line in pair]
    yield "reconstructions", plot_texts("texts (black) and what their codes decode to", pairs, every_second=True)
    if len(shown) > 1:
        way = model.interpolate(shown[0], shown[1], steps=N_STEPS)
        yield "interpolation", plot_texts("from one text to another", [shown[0], *way, shown[1]])
    if figures["mutual_information"] is not None:
        yield "use_of_the_code", plot_use(figures)


def language_pictures(model, history):
    """Iterator over pairs of a name and a matplotlib figure of a language model."""
    yield "loss_curves", plot_history(history, history.get("kept_epoch"))
    yield "samples", plot_texts("drawn word by word", model.sample(N_SHOWN, seed=0))


def plot_texts(title, texts, every_second=False):
    """Texts below each other; every second one in another colour, for pairs."""
    lines = []
    for i, text in enumerate(texts):
        wrapped = textwrap.wrap(text.replace("$", r"\$"), WIDTH) or ["(no word)"]
        lines += [(line, BLUE if every_second and i % 2 else "black") for line in wrapped]
        if not every_second or i % 2:
            lines.append(("", "black"))
    width = 0.4 + 0.084 * max(len(title), *(len(line) for line, _ in lines))
    figure = new_figure(max(4.0, width), 0.6 + 0.19 * len(lines))
    ax = figure.subplots()
    ax.set_axis_off()
    ax.set_title(title, loc="left", fontsize=10)
    ax.set(xlim=(0.0, 1.0), ylim=(len(lines), 0.0))
    for i, (line, colour) in enumerate(lines):
        ax.text(0.0, i + 0.5, line, color=colour, fontsize=9, family="monospace", va="center")
    return figure


def plot_use(figures):
    """Bars of what the KL is, and what of it is information that the decoder uses, in nats a text."""
    bars = {
        "KL": figures["kl"],
        "information": figures["mutual_information"],
        "lost when codes\nare shuffled": figures["nats_lost_when_shuffled"],
    }
    if figures["twin_negative_log_prob"] is not None:
        bars["bound above the\ntwin without a code"] = figures["twin_negative_log_prob"] - figures["negative_elbo"]
    figure = new_figure(5.4, 3.2)
    ax = figure.subplots()
    values = np.array(list(bars.values()), float)
    drawn = ax.bar(list(bars), values, color=[GREY, BLUE, ORANGE, GREY][: len(values)], width=0.6)
    ax.bar_label(drawn, fmt="%.2f", padding=2, fontsize=8)
    ax.axhline(0.0, color="black", linewidth=0.8)
    ax.margins(y=0.15)
    ax.tick_params(axis="x", labelsize=8)
    ax.set(ylabel="nats a text", title="is the code used?")
    return figure
