"""The benchmark scripts start, and their result file is whole; their long runs are no tests."""

import importlib
import json
import pathlib
import sys

import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


@pytest.fixture
def load(monkeypatch):
    """Import a file of benchmarks/ as a script sees it."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for name in [n for n, m in sys.modules.items() if str(getattr(m, "__file__", None)).startswith(str(FOLDER))]:
        del sys.modules[name]


def write(common, folder, *flags, figures=None):
    arguments = common.make_parser("A script.").parse_args(["--results", str(folder), "--seed", "3", *flags])
    return common.write_result(
        "toy", figures or {"loss": 1.5}, {"epochs": 2}, arguments, 1.234, peers=("no-such-package",)
    )


def test_result_holds_what_one_needs_to_run_it_again(load, tmp_path):
    path = write(load("_common"), tmp_path)
    result = json.loads(path.read_text())
    assert path == tmp_path / "toy.json"
    assert result["figures"] == {"loss": 1.5}
    assert result["settings"] == {"quick": False, "epochs": 2}
    assert (result["seed"], result["seconds"]) == (3, 1.2)
    assert result["machine"]["cpu_count"] >= 1
    assert result["machine"]["cpu"]
    assert result["packages"]["keras"]
    assert result["packages"]["no-such-package"] is None


def test_quick_result_leaves_the_full_one_alone(load, tmp_path):
    common = load("_common")
    full = write(common, tmp_path)
    quick = write(common, tmp_path, "--quick", figures={"loss": 9.0})
    assert quick == tmp_path / "quick" / "toy.json"
    assert json.loads(full.read_text())["figures"] == {"loss": 1.5}


def test_numpy_values_are_written_as_numbers(load, tmp_path):
    path = write(load("_common"), tmp_path, figures={"a": np.float32(0.5), "b": np.arange(2)})
    assert json.loads(path.read_text())["figures"] == {"a": 0.5, "b": [0, 1]}


def test_result_that_is_no_plain_value_is_refused_and_nothing_is_left(load, tmp_path):
    with pytest.raises(TypeError, match="plain values"):
        write(load("_common"), tmp_path, figures={"a": object()})
    assert list(tmp_path.iterdir()) == []


def test_table_lines_up(load):
    text = load("_common").format_table(["name", "ratio"], [["a", 1.0], ["longer", None]])
    assert text.splitlines() == ["name    ratio", "------  -----", "a       1.000", "longer      -"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_takes_the_shared_arguments(load, script):
    arguments = load(script).parse_arguments(["--quick", "--seed", "7"])
    assert arguments.quick is True
    assert arguments.seed == 7


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_refuses_an_unknown_argument(load, script, capsys):
    with pytest.raises(SystemExit):
        load(script).parse_arguments(["--no-such-argument"])
    assert "--no-such-argument" in capsys.readouterr().err


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_stands_in_the_table_of_the_readme(script):
    assert f"| `{script}.py` |" in (FOLDER / "README.md").read_text()


def test_throughput_takes_ratios_turn_by_turn(load):
    figures = load("throughput").summarize({"fit": [1.0, 2.0, 4.0], "bare": [2.0, 4.0, 4.0]}, n_images=100)
    assert figures["images_per_second"] == {"fit": 50, "bare": 25}
    assert figures["fit_over_bare"]["median"] == 2.0
