import json

import pytest
import yaml

from keras_vae.runs.settings_file import read_settings, settings_as_yaml
from keras_vae.tasks.setting import check_values
from keras_vae.tasks.vae.settings import SETTINGS


@pytest.fixture
def read(tmp_path):
    def of(text, name="config.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_settings(path, SETTINGS)

    return of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("epochs: 7\nbeta: 2", {"epochs": 7, "beta": 2.0}),
        ("batch-size: 32\nlatent_dim: 3", {"batch_size": 32, "latent_dim": [3]}),
        ("latent_dim: [4, 8]", {"latent_dim": [4, 8]}),
        # As at the shell.
        ('latent_dim: "4,8"\nsize: 48x64', {"latent_dim": [4, 8], "size": [48, 64]}),
        ("columns: age, height", {"columns": ["age", "height"]}),
        # The name of the option and the name in Python.
        ("fit: crop", {"image_fit": "crop"}),
        ("image_fit: crop", {"image_fit": "crop"}),
        ("epochs:\nseed: 1", {"seed": 1}),
        ('{"epochs": 7}', {"epochs": 7}),
        ("data: a.csv\nout: runs/a", {"data": "a.csv", "out": "runs/a"}),
        ("header: no\ngrey: true", {"header": False, "grey": True}),
        # What YAML does not take for a number, though people and JSON write it so.
        ("learning_rate: 1e-3", {"learning_rate": 0.001}),
        ("learning_rate: 1e-05\nepochs: '3'", {"learning_rate": 1e-05, "epochs": 3}),
        ("{}", {}),
    ],
)
def test_settings_are_read_as_the_shell_reads_them(read, text, expected):
    assert read(text) == expected


def test_the_config_of_a_run_is_a_file_of_settings(read):
    config = {"version": 9, "data": "a.csv", "settings": {"epochs": 3, "beta": None, "latent_dim": [2]}}
    assert read(json.dumps(config), "config.json") == {"data": "a.csv", "epochs": 3, "latent_dim": [2]}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"learning_rate": 1e-05, "beta": 1e-7, "minutes": 0.5, "capacity": 1e22},
        {"latent_dim": [2, 3], "hidden_units": [8], "columns": ["a, b", 'c"d', "größe", "#5"]},
        {"label": "none", "header": False, "image_fit": "pad", "mixed_precision": True, "seed": 2**63 - 1},
    ],
    ids=["defaults", "small-numbers", "lists", "words"],
)
def test_what_is_printed_is_read_back(read, given):
    settings = check_values(SETTINGS, given)
    text = settings_as_yaml('my "data"/größe.csv', settings, SETTINGS)
    found = read(text)
    assert found.pop("data") == 'my "data"/größe.csv'
    assert found == {name: value for name, value in settings.items() if value is not None}
    # Every value has its help beside it.
    assert all("  # " in line for line in text.splitlines()[1:])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 7", r"must hold settings that `--help` names. Received: epoch; did you mean epochs\?"),
        ("qqqq: 7", r"must hold settings that `--help` names. Received: qqqq$"),
        ("[1, 2]", "must hold names of settings and their values. Received: list"),
        ("", "must hold names of settings and their values. Received: NoneType"),
        ("epochs: [", "cannot be read as YAML: "),
        (b"\xff\xfe\x00", "cannot be read as YAML: "),
        ("epochs: 0", "`epochs` must be a whole number >= 1. Received: epochs=0"),
        ("epochs: seven", "`epochs` must be a whole number >= 1. Received: epochs='seven'"),
        ("latent_dim: a,b", "`latent_dim` must be whole numbers with commas"),
        ("network: densse", "`network` must be one of"),
        ("data: 5", "`data` must be text. Received: data=5"),
        ("out: [a]", "`out` must be text"),
        ("data: !!python/object/apply:os.getcwd []", "cannot be read as YAML: "),
    ],
)
def test_bad_files_are_refused(read, text, message):
    with pytest.raises(ValueError, match=message):
        read(text)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere\.yaml cannot be read: No such file"):
        read_settings(tmp_path / "nowhere.yaml", SETTINGS)
    with pytest.raises(ValueError, match="cannot be read: Is a directory"):
        read_settings(tmp_path, SETTINGS)


def test_what_is_printed_is_plain_yaml():
    text = settings_as_yaml("a.csv", {"epochs": 3, "beta": None}, SETTINGS)
    assert yaml.safe_load(text) == {"data": "a.csv", "epochs": 3}
