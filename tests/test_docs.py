"""The pages for users: their links lead somewhere, their commands exist, their Python runs."""

import pathlib
import re

import keras
import pytest
from typer.main import get_command

from keras_vae.cli.app import app

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# The Python of the other pages is not for one process: workers, servers.
RUNNABLE = [ROOT / "README.md", ROOT / "docs" / "guide.md"]

each_page = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


@each_page
def test_links_within_the_repository_lead_to_files(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
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

    def fit_for_seconds(self, *args, **kwargs):
        return fit(self, *args, **{**kwargs, "epochs": 1, "steps_per_epoch": 2})

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keras.Model, "fit", fit_for_seconds)
    names = {}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), names)
    assert list(tmp_path.iterdir())  # Models were saved.
