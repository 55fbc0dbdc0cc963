import json
import os
import pathlib
import re
import shutil

import pytest

nbformat = pytest.importorskip("nbformat")

FOLDER = pathlib.Path(__file__).parents[1] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
MACHINE_PATH = re.compile(r"/home/|/root/|/work/|/tmp/|site-packages")
MAX_BYTES = 300_000

each_notebook = pytest.mark.parametrize("path", PATHS, ids=[path.name for path in PATHS])


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def execute(path, folder):
    """Run a notebook with `folder` as its working directory and return it with its outputs."""
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    return client.execute()


def test_there_are_notebooks():
    assert len(PATHS) >= 3


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
def test_committed_notebook_reads_the_step_limit_and_has_clean_metadata(path):
    notebook = nbformat.read(path, as_version=4)
    trains = any(".fit(" in cell.source for cell in code_cells(notebook))
    assert ("KERAS_VAE_STEPS" in code_cells(notebook)[0].source) == trains
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
    (tmp_path / "notebooks").mkdir()
    notebook = execute(path, tmp_path / "notebooks")
    assert any("image/png" in output.get("data", {}) for output in outputs(notebook))
    assert {p: p.stat().st_mtime_ns for p in FOLDER.iterdir()} == before


@pytest.mark.notebook
@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("KERAS_VAE_DATA"), reason="needs $KERAS_VAE_DATA")
def test_notebook_about_the_documents_runs_on_the_real_data(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_VAE_STEPS", "2")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    notebook = execute(FOLDER / "03_from_the_documents.ipynb", tmp_path)
    text = "".join(output.get("text", "") for output in outputs(notebook))
    assert "60,000 training" in text
    assert "stand in" not in text
