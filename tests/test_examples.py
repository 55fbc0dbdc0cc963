"""The examples of the public names: every one is there, and prints what it says."""

import doctest
import importlib
import inspect
import os
import pathlib
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

import keras_vae as kv

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "examples.md"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PLACES = {
    "kv": "keras_vae",
    **{f"kv.{name}": f"keras_vae.{name}" for name in kv.__all__ if inspect.ismodule(getattr(kv, name))},
    "kv.evaluation.health": "keras_vae.evaluation.health",
    "kv.models": "keras_vae.models",
    # These do not come with `import keras_vae`.
    "keras_vae.training": "keras_vae.training",
    "keras_vae.tasks.vae": "keras_vae.tasks.vae",
    "keras_vae.tasks.tables": "keras_vae.tasks.tables",
    "keras_vae.tasks.compression": "keras_vae.tasks.compression",
    "keras_vae.tasks.ratings": "keras_vae.tasks.ratings",
    "keras_vae.tasks.images": "keras_vae.tasks.images",
    "keras_vae.tasks.text": "keras_vae.tasks.text",
    "kv.runs": "keras_vae.runs",
}
# What an example needs beyond the package itself.
NEEDS = {"kv.serving.export_onnx": "tf2onnx"}


def public_names():
    """Name as a user writes it to the object, for every public class and function, each once."""
    found = {}
    for prefix, place in PLACES.items():
        module = importlib.import_module(place)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                found.setdefault(value, f"{prefix}.{name}")
    return {name: value for value, name in found.items()}


def examples_of_page(text):
    """Name to the doctest text below its heading, for the names whose example stands in the page."""
    sections = re.findall(r"^### ([\w.]+)\n(.*?)(?=^#|\Z)", text, re.DOTALL | re.MULTILINE)
    return {
        name: "\n".join(re.findall(r"^```pycon\n(.*?)^```", body, re.DOTALL | re.MULTILINE)) for name, body in sections
    }


NAMES = public_names()
ON_PAGE = examples_of_page(PAGE.read_text(encoding="utf-8"))


def example_of(name):
    """The text with the example of a name: its docstring, or its section of the page; None without one."""
    written = inspect.getdoc(NAMES[name]) or ""
    return next((text for text in (written, ON_PAGE.get(name, "")) if ">>>" in text), None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def names_of_examples(folder):
    """What the page promises to be there: `data`, `x`, `x_train`, `vae`, `history`, `report` and an export."""
    keras.utils.set_random_seed(0)
    data = kv.data.load("digits")
    x_train, x = (kv.data.binarize_once(part, seed=0) for part in (data.x_train, data.x_test))
    vae = kv.make_vae((8, 8, 1), latent_dim=4, hidden_units=(32,), seed=0)
    vae.compile("adam")
    history = vae.fit(x_train, validation_data=x, epochs=5, verbose=0)
    kv.export_saved_model(vae, folder / "saved_models" / "digits")
    report = kv.evaluation.check_health(vae, x, history=history.history, n_rows=100)
    modules = {"kv": kv, "keras": keras, "np": np, "tf": tf, "tfp": tfp, "os": os}
    return {**modules, "data": data, "x": x, "x_train": x_train, "vae": vae, "history": history, "report": report}


def run_example(name, text, names):
    """What doctest has to say about the lines of an example; empty where all are right."""
    test = doctest.DocTestParser().get_doctest(text, dict(names), name, None, 0)
    said = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append)
    return "".join(said)


# These train for seconds, and tests of their own do as much.
LONG = {
    "keras_vae.tasks.compression.Compressor",
    "keras_vae.tasks.compression.LossyCompressor",
    "keras_vae.tasks.compression.TextCompressor",
    "keras_vae.tasks.compression.text_rate_curve",
    "keras_vae.tasks.images.Denoiser",
    "keras_vae.tasks.images.Inpainter",
    "keras_vae.tasks.images.SuperResolver",
    "keras_vae.tasks.ratings.Recommender",
    "keras_vae.tasks.tables.VAEImputer",
    "keras_vae.tasks.tables.VAEOutlierDetector",
    "keras_vae.tasks.tables.VAETransformer",
    "keras_vae.tasks.tables.choose_latent_dim",
    "keras_vae.tasks.text.LanguageModel",
    "keras_vae.tasks.text.SentenceVAE",
    "kv.LanguageModel",
    "kv.SemiSupervisedVAE",
    "kv.SequenceVAE",
    "kv.VAEGAN",
    "kv.VQVAE",
    "kv.callbacks.AggressiveEncoder",
    "kv.callbacks.AutoencoderFirst",
    "kv.callbacks.CapacityAnnealing",
    "kv.callbacks.CollapseMonitor",
    "kv.callbacks.PictureGrid",
    "kv.data.image_folder",
    "kv.evaluation.annealed_log_prob",
    "kv.evaluation.check_health",
    "kv.evaluation.plot_health",
    "kv.samplers.fit_decoder",
    "kv.samplers.fit_flow",
    "kv.serving.export_litert",
    "kv.serving.inspect_saved_model",
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] * (n in LONG)) for n in NAMES if example_of(n)],
)
def test_an_example_prints_what_it_says(name, names_of_examples, folder, monkeypatch):
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    monkeypatch.chdir(folder)
    assert run_example(name, example_of(name), names_of_examples) == ""


def test_every_public_class_and_function_has_an_example():
    assert [name for name in NAMES if not example_of(name)] == []


def test_no_example_of_the_page_stands_in_a_docstring_too_or_belongs_to_nothing():
    assert [name for name in ON_PAGE if name not in NAMES] == []
    assert [name for name in ON_PAGE if ">>>" in (inspect.getdoc(NAMES[name]) or "")] == []


def test_a_wrong_example_is_found_and_named():
    assert "kv.wrong" in run_example("kv.wrong", ">>> 1 + 1\n3\n", {})
    assert run_example("kv.right", ">>> 1 + 1\n2\n", {}) == ""


def test_a_section_of_the_page_is_read_up_to_the_next_heading():
    page = "# Page\n### kv.a\nText.\n```pycon\n>>> 1\n1\n```\n## Part\n```pycon\n>>> 2\n2\n```\n### kv.b\nNone.\n"
    assert examples_of_page(page) == {"kv.a": ">>> 1\n1\n", "kv.b": ""}
