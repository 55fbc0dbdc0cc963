"""`runs/` serves any task: it knows the settings that every task has, and none of a use."""

import ast
import pathlib

import keras_vae
from keras_vae.tasks.reading_settings import READING
from keras_vae.tasks.registry import TASKS, settings_of
from keras_vae.tasks.setting import COMMON

RUNS = pathlib.Path(keras_vae.__file__).parent / "runs"
# It brings runs from before there was a second task to the present form.
OF_ONE_TASK = {"format_1.py"}


def words(path):
    """Every string, attribute and argument of a file that is not prose."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword):
            yield node.arg


def test_no_setting_of_a_use_is_named():
    # What says how files are read is shared by the uses that read files, and has the names of everyday words.
    own = {name for task in TASKS for name in settings_of(task).SETTINGS} - set(COMMON) - set(READING)
    # Everyday words, which mean other things in a run: what is trained, how good it was before, text cut in two, what
    # any model may be told, the small letters of an ending.
    own -= {"model", "start", "split", "condition", "lower"}
    assert {"network", "latent_dim", "beta"} <= own
    for path in set(RUNS.glob("*.py")) - {RUNS / name for name in OF_ONE_TASK}:
        assert not own & set(words(path)), path.name
    assert own & set(words(RUNS / "format_1.py"))  # The test can fail.


def test_no_use_is_imported():
    for path in RUNS.glob("*.py"):
        assert "keras_vae.tasks.vae" not in path.read_text(), path.name
