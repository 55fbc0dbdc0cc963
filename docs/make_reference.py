"""Write the pages of docs/reference/: `python docs/make_reference.py` after a public name has come, gone or moved.

A page holds the public names of one package, in the order of its `__all__`. The site fills in the docstrings.
"""

import importlib
import inspect
import pathlib
import re

FOLDER = pathlib.Path(__file__).with_name("reference")
# Page: title, and the packages whose names stand on it, as a user writes them.
PAGES = {
    "models": ("Models", {"kv": "keras_vae", "kv.models": "keras_vae.models"}),
    "likelihoods": ("Likelihoods", {"kv.likelihoods": "keras_vae.likelihoods"}),
    "objectives": ("Objectives", {"kv.objectives": "keras_vae.objectives"}),
    "priors": ("Priors", {"kv.priors": "keras_vae.priors"}),
    "networks": ("Networks", {"kv.networks": "keras_vae.networks"}),
    "layers": ("Layers", {"kv.layers": "keras_vae.layers"}),
    "data": ("Data", {"kv.data": "keras_vae.data"}),
    "callbacks": ("Callbacks", {"kv.callbacks": "keras_vae.callbacks"}),
    "schedules": ("Schedules", {"kv.schedules": "keras_vae.schedules"}),
    "optimizers": ("Optimizers", {"kv.optimizers": "keras_vae.optimizers"}),
    "evaluation": (
        "Evaluation",
        {"kv.evaluation": "keras_vae.evaluation", "kv.evaluation.health": "keras_vae.evaluation.health"},
    ),
    "samplers": ("Samplers", {"kv.samplers": "keras_vae.samplers"}),
    "serving": ("Serving", {"kv.serving": "keras_vae.serving"}),
    "tables": ("Tables", {"keras_vae.tasks.tables": "keras_vae.tasks.tables"}),
    "runs": ("Runs", {"kv.runs": "keras_vae.runs"}),
    "tasks": (
        "Tasks",
        {
            "keras_vae.tasks.vae": "keras_vae.tasks.vae",
            "keras_vae.tasks.tables": "keras_vae.tasks.tables",
            "keras_vae.tasks.compression": "keras_vae.tasks.compression",
            "keras_vae.tasks.ratings": "keras_vae.tasks.ratings",
            "keras_vae.tasks.images": "keras_vae.tasks.images",
            "keras_vae.tasks.text": "keras_vae.tasks.text",
        },
    ),
    "training": ("Training", {"keras_vae.training": "keras_vae.training"}),
    "divergences": ("Divergences", {"kv.divergences": "keras_vae.divergences"}),
    "numerics": ("Numerics", {"kv.numerics": "keras_vae.numerics"}),
}
WITH_INHERITED = ("kv.VAE", "kv.SequenceVAE", "kv.LadderVAE", "kv.SemiSupervisedVAE", "kv.Autoencoder")
INDEX = """# Reference

Every public name, by package. `kv` stands for `keras_vae`: `import keras_vae as kv`. The names that the examples take
as given are listed [there](../examples.md).

| page | what is in it |
| --- | --- |
"""


def shown_names(packages):
    """Pairs of a name as a user writes it, and the dotted name of the module that defines it; each object once."""
    seen, found = set(), []
    for prefix, package in packages.items():
        module = importlib.import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.ismodule(value) or id(value) in seen:
                continue
            seen.add(id(value))
            home = getattr(value, "__module__", None) or home_of_constant(package, name)
            found.append((f"{prefix}.{name}", f"{home}.{name}"))
    return found


def home_of_constant(package, name):
    """The module of a package that sets a constant, which does not know it itself."""
    module = importlib.import_module(package)
    folder = pathlib.Path(module.__file__).parent
    if not hasattr(module, "__path__"):
        return package
    files = [path for path in sorted(folder.glob("*.py")) if re.search(rf"^{name} =", path.read_text(), re.MULTILINE)]
    return f"{package}.{files[0].stem}"


def entry(name, path, examples):
    """Heading and docstring of a name, its other names, and where its example is if not in the docstring."""
    short = f"kv.{path.rsplit('.', 1)[1]}"
    has_short = short != name and is_in_kv(path)
    lines = [f"Also `{short}`."] if has_short else []
    page_name = next((n for n in (name, short) if f"\n### {n}\n" in examples), None)
    lines += [f"[Example](../examples.md#{page_name.replace('.', '').lower()})"] if page_name else []
    # What a user calls on a model is defined in its bases.
    options = "    options:\n      inherited_members: true\n" if name in WITH_INHERITED else ""
    return f"\n## {name}\n\n" + "".join(f"{line}\n\n" for line in lines) + f"::: {path}\n{options}"


def is_in_kv(path):
    """Whether what a module defines can be had from `keras_vae` itself, where another may have the same name."""
    module, name = path.rsplit(".", 1)
    kv = importlib.import_module("keras_vae")
    return name in kv.__all__ and getattr(kv, name) is getattr(importlib.import_module(module), name)


def first_sentence(package):
    """What the docstring of a package says it is."""
    return inspect.getdoc(importlib.import_module(package)).split("\n\n")[0].replace("\n", " ")


def pages():
    """Text of every page by its file name."""
    texts, rows, own = {}, [], set()
    examples = FOLDER.with_name("examples.md").read_text(encoding="utf-8")
    for page, (title, packages) in PAGES.items():
        *_, last = packages.values()
        about = first_sentence(last if page == "models" else next(iter(packages.values())))
        names = [(name, path) for name, path in shown_names(packages) if path not in own]
        # A name that two packages show stands on the page of its own package, or on the first.
        names = [(name, path) for name, path in names if is_at_home(page, path)]
        own |= {path for _, path in names}
        entries = "".join(entry(name, path, examples) for name, path in names)
        texts[f"{page}.md"] = f"# {title}\n\n{about}\n{entries}"
        rows.append(f"| [{title}]({page}.md) | {about.replace('|', '&#124;')} |\n")
    texts["index.md"] = INDEX + "".join(rows)
    return texts


def is_at_home(page, path):
    """Whether a name belongs on this page: on the first one, `kv`, stand also names of other packages."""
    part = path.split(".")[1]
    return part == page or part not in PAGES


def main():
    """Write all pages, and remove those that are no longer made."""
    FOLDER.mkdir(exist_ok=True)
    texts = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
