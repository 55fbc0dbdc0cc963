"""The notebooks are committed executed and run from top to bottom, with what they share in one file."""

import base64
import importlib.util
import io
import json
import os
import pathlib
import re
import shutil
import warnings

import numpy as np
import pytest
from PIL import Image

nbformat = pytest.importorskip("nbformat")

FOLDER = pathlib.Path(__file__).parents[1] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
MACHINE_PATH = re.compile(r"/home/|/root/|/work/|/tmp/|site-packages")
MAX_BYTES = 300_000

ON_REAL_DATA = ("06_photographs.ipynb", "07_a_table_with_a_story.ipynb")
each_notebook = pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def execute(path, folder):
    """Run a notebook with `folder`, made for it, as its working directory and return it with its outputs."""
    folder.mkdir()
    shutil.copy(FOLDER / "_setup.py", folder)
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    return client.execute()


def test_there_are_notebooks():
    assert len(PATHS) >= 3
    assert set(ON_REAL_DATA) <= {path.name for path in PATHS}


@pytest.fixture
def setup(monkeypatch):
    """The file that all notebooks share, as a notebook under the step limit sees it."""
    monkeypatch.setenv("KERAS_VAE_STEPS", "2")
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    spec = importlib.util.spec_from_file_location("_setup", FOLDER / "_setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_step_limit_makes_a_training_short(setup, monkeypatch):
    assert setup.budget(epochs=20) == {"epochs": 1, "steps_per_epoch": 2}
    monkeypatch.setattr(setup, "STEPS", 0)
    assert setup.budget(epochs=20) == {"epochs": 20}


def test_quiet_drops_stderr_of_c_code_and_gives_it_back(setup, capfd):
    with setup.quiet():
        os.write(2, b"a graphics card")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_attempt_prints_an_error_in_one_line(setup, capsys):
    def fail():
        raise ValueError("Exception encountered when calling a layer.\n\n\x1b[1mthe cause\x1b[0m\nmore")

    setup.attempt("this", fail)
    setup.attempt("that", lambda: None)
    assert capsys.readouterr().out == "this\n    ValueError: the cause\nthat: no error\n"


def test_a_line_of_the_shell_is_printed_with_its_answer_and_an_error_stops(setup, tmp_path, capsys):
    setup.shell("keras-vae --version", tmp_path)
    assert capsys.readouterr().out.startswith("$ keras-vae --version\nkeras-vae ")
    with pytest.raises(RuntimeError, match="keras-vae nonsense"):
        setup.shell("keras-vae nonsense", tmp_path)


@pytest.mark.parametrize(("name", "shape"), [("mnist", (28, 28, 1)), ("cifar10", (32, 32, 3))])
def test_data_that_are_not_here_have_a_stand_in(setup, monkeypatch, tmp_path, capsys, name, shape):
    monkeypatch.delenv("KERAS_VAE_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    x_train, x_test = setup.load_or_stand_in(name)
    assert x_train.shape[1:] == x_test.shape[1:] == shape
    assert x_train.dtype == x_test.dtype == np.uint8
    assert f"{name} is not on this machine" in capsys.readouterr().out


@each_notebook
def test_committed_notebook_is_valid_and_small(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size < MAX_BYTES


@each_notebook
def test_committed_notebook_is_executed_from_top_to_bottom_without_an_error(path):
    notebook = nbformat.read(path, as_version=4)
    assert [cell.execution_count for cell in code_cells(notebook)] == list(range(1, len(code_cells(notebook)) + 1))
    assert [output.evalue for output in outputs(notebook) if output.output_type == "error"] == []


@each_notebook
def test_committed_notebook_shows_pictures_and_no_noise_on_stderr(path):
    notebook = nbformat.read(path, as_version=4)
    assert any("image/png" in output.get("data", {}) for output in outputs(notebook))
    assert [output.text for output in outputs(notebook) if output.get("name") == "stderr"] == []


@each_notebook
def test_committed_notebook_names_no_path_of_a_machine(path):
    notebook = nbformat.read(path, as_version=4)
    for output in outputs(notebook):
        output.get("data", {}).pop("image/png", None)  # Random characters, in which anything may turn up.
    found = MACHINE_PATH.search(json.dumps(notebook))
    assert found is None, f"{found} in {path.name}"


@each_notebook
def test_notebook_begins_with_three_lines_of_plumbing_at_most(path):
    first = code_cells(nbformat.read(path, as_version=4))[0].source
    assert first.startswith("from _setup import ")
    assert len(first.splitlines()) <= 3


@each_notebook
def test_notebook_that_trains_keeps_to_the_step_limit(path):
    notebook = nbformat.read(path, as_version=4)
    trains = any(".fit(" in cell.source for cell in code_cells(notebook))
    assert ("budget" in code_cells(notebook)[0].source) == trains


@each_notebook
def test_committed_notebook_has_clean_metadata(path):
    notebook = nbformat.read(path, as_version=4)
    assert notebook.metadata.get("kernelspec", {}).get("name") == "python3"
    assert "widgets" not in notebook.metadata


@pytest.mark.notebook
@each_notebook
def test_notebook_runs_without_any_data_beside_it(path, tmp_path, monkeypatch):
    # An empty Keras folder and no $KERAS_VAE_DATA: what is not embedded has to be replaced, not downloaded.
    monkeypatch.setenv("KERAS_VAE_STEPS", "2")
    monkeypatch.delenv("KERAS_VAE_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = {p: p.stat().st_mtime_ns for p in FOLDER.iterdir()}
    # The exported model that stands beside the notebooks in the repository.
    shutil.copytree(FOLDER.parent / "saved_models" / "digits", tmp_path / "saved_models" / "digits")
    notebook = execute(path, tmp_path / "notebooks")
    assert any("image/png" in output.get("data", {}) for output in outputs(notebook))
    assert {p: p.stat().st_mtime_ns for p in FOLDER.iterdir()} == before


@pytest.mark.notebook
@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("KERAS_VAE_DATA"), reason="needs $KERAS_VAE_DATA")
def test_notebook_about_the_documents_runs_on_the_real_data(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_VAE_STEPS", "2")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = execute(FOLDER / "03_from_the_documents.ipynb", tmp_path / "notebooks")
    text = "".join(output.get("text", "") for output in outputs(notebook))
    assert "60,000 training" in text
    assert "stand in" not in text


@pytest.fixture
def module():
    """The program that executes the notebooks."""
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pictures_are_kept_in_few_colours_where_that_is_smaller(module):
    def png(array, **more):
        file = io.BytesIO()
        Image.fromarray(array).save(file, "PNG", **more)
        return base64.b64encode(file.getvalue()).decode()

    many = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype("uint8")
    output = module.smaller({"data": {"image/png": png(many), "text/plain": "x"}})
    assert len(output["data"]["image/png"]) < 0.7 * len(png(many))
    kept = np.asarray(Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))).convert("RGB"))
    assert np.abs(kept.astype(int) - many).mean() < 25
    grey = png(np.zeros((40, 40), "uint8"), optimize=True)
    assert len(module.smaller({"data": {"image/png": grey}})["data"]["image/png"]) <= len(grey)
    assert module.smaller({"text": "y"}) == {"text": "y"}


def test_what_a_bar_leaves_is_no_output_and_a_warning_is(module):
    bars = ["\r 50%|#####     | 1/2 [00:02<00:02]", "100%|##########| 2/2 [00:04<00:00]", " \n"]
    assert all(module.is_bar({"name": "stderr", "text": text}) for text in bars)
    assert not module.is_bar({"name": "stderr", "text": "UserWarning: half of it"})
    assert not module.is_bar({"name": "stdout", "text": "\r"})
    assert not module.is_bar({"data": {"image/png": ""}})
