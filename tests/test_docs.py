"""The pages for users: their links lead somewhere, their commands exist, their Python runs, and nothing is left out."""

import ast
import functools
import importlib.util
import pathlib
import re

import keras
import pytest
from typer.main import get_command

import keras_vae as kv
from keras_vae.cli.app import app
from keras_vae.evaluation.health import finding, verdict

ROOT = pathlib.Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
AROUND = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SERVING.md")]
PAGES = [*AROUND, *sorted(DOCS.rglob("*.md"))]
# The Python of the other pages is not for one process: workers, servers.
RUNNABLE = [ROOT / "README.md", *(DOCS / f"{name}.md" for name in ("guide", "choosing", "coming_from"))]
# Pages of the site that are written elsewhere; a page's file to its place there.
FROM_ELSEWHERE = {"SERVING.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md"}

each_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def load(name):
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@each_page
def test_links_within_the_repository_lead_to_files(page):
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#]+)", prose):
        assert target.startswith("https://") or (page.parent / target).exists(), f"{target} in {page.name}"


@each_page
def test_commands_of_the_shell_exist_with_their_options(page):
    commands = get_command(app).commands
    for line in re.findall(r"keras-vae ([a-z]+ .*)", "".join(blocks(page, "sh"))):
        name, *words = line.split("  ")[0].split()
        options = {option for parameter in commands[name].params for option in parameter.opts}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= options, line


@pytest.mark.notebook
@pytest.mark.parametrize("page", RUNNABLE, ids=[page.name for page in RUNNABLE])
def test_python_of_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    fit = keras.Model.fit

    @functools.wraps(fit)  # The models ask for its arguments.
    def fit_for_seconds(self, *args, **kwargs):
        return fit(self, *args, **{**kwargs, "epochs": 1, "steps_per_epoch": 2})

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keras.Model, "fit", fit_for_seconds)
    names = {}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), names)
    if page.name in ("README.md", "guide.md"):
        assert list(tmp_path.iterdir())  # Models were saved.


# ---- the site ----


def in_navigation():
    return re.findall(r"([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)


def test_every_page_is_in_the_navigation_and_the_navigation_has_no_other():
    notebooks = {f"notebooks/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb")}
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")} | FROM_ELSEWHERE | notebooks
    assert sorted(in_navigation()) == sorted(pages)


def test_the_reference_is_as_its_script_writes_it():
    """Every public name stands in it: after a change run `python docs/make_reference.py`."""
    written = {path.name: path.read_text() for path in (DOCS / "reference").glob("*.md")}
    assert written == load("make_reference").pages()


@pytest.mark.parametrize("place", [kv, *(getattr(kv, n) for n in kv.__all__ if hasattr(getattr(kv, n), "__all__"))])
def test_every_public_name_stands_in_the_reference(place):
    headings = set(re.findall(r"^::: [\w.]+\.(\w+)$", "".join(p.read_text() for p in DOCS.rglob("*.md")), re.MULTILINE))
    modules = {
        name for name in place.__all__ if place is kv and name.islower() and hasattr(getattr(kv, name), "__all__")
    }
    assert set(place.__all__) - modules <= headings


def test_the_gallery_shows_the_code_that_draws_each_picture():
    source = (DOCS / "make_pictures.py").read_text()
    functions = {n.name: ast.get_source_segment(source, n) for n in ast.parse(source).body if hasattr(n, "name")}
    shown = re.findall(r"\(pictures/(\w+)\.png\)\n\n```py\n(.*?)\n```", (DOCS / "gallery.md").read_text(), re.DOTALL)
    assert shown == [(name, functions[name]) for name, _ in shown]
    assert sorted(name for name, _ in shown) == sorted(path.stem for path in (DOCS / "pictures").iterdir())


def test_pictures_are_small():
    sizes = [path.stat().st_size for path in (DOCS / "pictures").iterdir()]
    assert max(sizes) < 100_000
    assert sum(sizes) < 1_000_000


def test_the_page_of_the_doctor_has_every_row_headline_and_status():
    text = (DOCS / "doctor.md").read_text()
    rows = {value for name, value in vars(finding).items() if name in NAMES_OF_ROWS}
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) == rows
    assert re.findall(r"^\| `([\w -]+)` \|", text, re.MULTILINE) == [
        *(finding.OK, finding.WARNING, finding.FAULT, finding.UNKNOWN),
        *verdict.VERDICTS,
    ]


NAMES_OF_ROWS = (
    *("ACTIVE_UNITS", "INFORMATION", "CODE_USE", "LEFT", "RATE", "MARGINAL", "HOLES", "UNCOVERED"),
    *("VARIANCE", "GAP", "TRAINING_ON", "LAYERS"),
)


@pytest.mark.parametrize(
    ("row", "limits"),
    [
        (finding.RATE, [*finding.HIGH_RATE, *finding.LOW_RATE]),
        (finding.HOLES, [f"{100 * share:g} %" for share in finding.MISMATCH]),
        (finding.GAP, [f"{100 * share:g} %" for share in finding.RECOGNITION]),
        (finding.LEFT, [f"{100 * share:g} %" for share in finding.GAIN_SHARES] + [finding.LITTLE]),
        (finding.TRAINING_ON, [f"{100 * share:g} %" for share in finding.GAIN_SHARES] + [finding.LITTLE]),
        (finding.INFORMATION, [finding.LITTLE]),
        (finding.LAYERS, [finding.LITTLE]),
        (finding.CODE_USE, [finding.LITTLE]),
        (finding.MARGINAL, [f"{finding.MARGINAL_KL:g} nat", f"{100 * finding.MARGINAL_SHARE:g} %"]),
        (finding.VARIANCE, [finding.POINT_VARIANCE, finding.PRIOR_VARIANCE, f"{100 * finding.CLIPPED_SHARE:g} %"]),
    ],
)
def test_the_page_of_the_doctor_names_the_limits_of_the_code(row, limits):
    section = re.search(rf"^### {row}\n(.*?)(?=^#|\Z)", (DOCS / "doctor.md").read_text(), re.DOTALL | re.MULTILINE)[1]
    for limit in limits:
        assert re.search(rf"(?<![\d.]){re.escape(str(limit))}(?![\d])", section), f"{limit} in {row}"


# ---- what setup.cfg says ----


def metadata():
    import configparser

    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def extras_of(text):
    """Extras that a text tells its reader to install."""
    return set(re.findall(r"keras_vae\[(\w+)\]", text)) | set(re.findall(r"pip install[^\n]*\"\.\[(\w+)\]", text))


@pytest.mark.parametrize("path", [*sorted((ROOT / "keras_vae").rglob("*.py")), *PAGES], ids=lambda p: p.stem)
def test_extras_that_are_named_exist(path):
    assert extras_of(path.read_text()) <= set(metadata()["options.extras_require"])


def test_an_extra_that_does_not_exist_would_be_found():
    assert extras_of('pip install "keras_vae[wrong]" or pip install -e ".[other]"') == {"wrong", "other"}
    assert "serving" in extras_of((ROOT / "keras_vae/serving/client/transport.py").read_text())


def test_what_is_cited_is_this_version():
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {kv.__version__}\n" in citation
    assert citation.startswith("cff-version: 1.2.0\n")
    assert metadata()["metadata"]["author"] in citation


def test_the_wheel_holds_the_package_and_the_marker_of_its_types_and_nothing_else():
    setuptools = pytest.importorskip("setuptools")
    found = setuptools.find_packages(str(ROOT), include=[metadata()["options.packages.find"]["include"]])
    assert {name.split(".")[0] for name in found} == {"keras_vae"}
    files = metadata()["options.package_data"]["keras_vae"].split()
    assert files == ["py.typed"]
    assert (ROOT / "keras_vae" / "py.typed").exists()
