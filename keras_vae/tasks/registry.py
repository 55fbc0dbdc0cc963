"""The uses of a VAE by name: the command that trains each, where its settings are, and where its class is."""

import importlib
from types import ModuleType
from typing import NamedTuple


class Entry(NamedTuple):
    """One use.

    Attributes:
        command: str. The command of the shell that trains it.
        settings: str. A module that imports nothing heavy, with `SETTINGS`, the table, and `HELP`, the words of
            `--help`. It may have `SOURCES`, what `--data` can be, `DEFAULT_DATA`, without which a new run must be
            given `--data`, and `FIGURE_UNITS`, what stands behind its figures where they are printed.
        task: str. "module:name" of the class, a `Task`.
    """

    command: str
    settings: str
    task: str


_RESTORATION = "keras_vae.tasks.images.restoration"
# A new use is one line here.
TASKS = {
    "vae": Entry("train", "keras_vae.tasks.vae.settings", "keras_vae.tasks.vae.vae_task:VAETask"),
    "ratings": Entry(
        "train-recommender", "keras_vae.tasks.ratings.settings", "keras_vae.tasks.ratings.recommender:Recommender"
    ),
    "text": Entry("train-text", "keras_vae.tasks.text.settings", "keras_vae.tasks.text.sentence_vae:SentenceVAE"),
    "language": Entry(
        "train-language-model",
        "keras_vae.tasks.text.language_settings",
        "keras_vae.tasks.text.language_model:LanguageModel",
    ),
    "denoising": Entry("train-denoiser", f"{_RESTORATION}.denoiser_settings", f"{_RESTORATION}.denoiser:Denoiser"),
    "enlarging": Entry(
        "train-enlarger", f"{_RESTORATION}.super_resolver_settings", f"{_RESTORATION}.super_resolver:SuperResolver"
    ),
    "inpainting": Entry("train-inpainter", f"{_RESTORATION}.inpainter_settings", f"{_RESTORATION}.inpainter:Inpainter"),
}


def entry_of(name: str) -> Entry:
    """The use of that name.

    Raises:
        ValueError: if there is none.
    """
    if name not in TASKS:
        raise ValueError(f"`task` must be one of {', '.join(map(repr, TASKS))}. Received: task={name!r}")
    return TASKS[name]


def settings_of(name: str) -> ModuleType:
    """The module with the settings of a use, without anything heavy.

    Raises:
        ValueError: if there is no such use.
    """
    return importlib.import_module(entry_of(name).settings)


def units_of(name: str) -> dict[str, str]:
    """Units of the figures that a use has beyond those of every model, by their names; {} where they have none.

    A name stands for the figures that end with it, too: "psnr" for "median_psnr".

    Raises:
        ValueError: if there is no such use.
    """
    return getattr(settings_of(name), "FIGURE_UNITS", {})


def task_class(name: str) -> type:
    """The class of a use, a `Task`.

    Raises:
        ValueError: if there is no such use.
    """
    module, _, attribute = entry_of(name).task.partition(":")
    return getattr(importlib.import_module(module), attribute)
