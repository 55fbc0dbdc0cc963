"""The benchmark scripts start, and their result file is whole; their long runs are no tests."""

import importlib
import json
import pathlib
import re
import shlex
import sys
import time

import keras
import numpy as np
import pytest

import keras_vae as kv

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
PAGES = (FOLDER / "README.md", FOLDER.parent / "docs" / "figures.md")
N_EPOCHS = 4


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


def commands_of(page):
    """Every `NAME.py ARGUMENTS` of a page, as a pair of the name and a list."""
    found = re.findall(r"`(?:python )?(?:benchmarks/)?(\w+)\.py([^`]*)`", page.read_text())
    return [(name, shlex.split(arguments)) for name, arguments in found if name in SCRIPTS]


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_command_of_a_page_is_understood(load, page):
    commands = commands_of(page)
    assert len(commands) >= len(SCRIPTS)
    for script, arguments in commands:
        load(script).parse_arguments(arguments)


@pytest.mark.slow
@pytest.mark.parametrize("remedy", ["beta 0.5", "capacity", "InfoVAE", "IWAE, 5 samples", "VampPrior", "ladder"])
def test_remedies_for_collapse_make_models_that_train(load, rng, remedy):
    images = rng.integers(0, 256, (128, 12), dtype=np.uint8)
    model, callbacks = load("collapse").make(remedy, images, n_steps=8, seed=0)
    logs = model.fit(kv.data.binarized(images), epochs=1, verbose=0, callbacks=callbacks).history
    assert np.isfinite(logs["loss"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["vae", "iwae-5", "vamp"])
def test_models_of_the_likelihood_benchmark_train_and_are_judged(load, rng, method):
    script = load("mnist_nll")
    x = rng.integers(0, 2, (128, script.N_PIXELS)).astype("float32")
    data = {"train": x, "train_mean": x.mean(axis=0), "binarize": False}
    model = script.make_model(method, "static", data, n_epochs=1, first_stage=None, seed=0)
    model.fit(x, batch_size=128, epochs=1, verbose=0)
    figures = script.judge(model, x[:20], n_samples=5)
    np.testing.assert_allclose(figures["negative_log_prob"], -model.log_prob(x[:20], n_samples=5).mean(), rtol=1e-5)
    assert figures["negative_log_prob"] < figures["negative_elbo"]


class Broken(Exception):
    """Stands for a kill."""


def break_off_in(epoch):
    """Callback that ends the training by an exception in an epoch, counted from 1."""

    def end(batch, logs):
        if callback.epoch == epoch - 1:
            raise Broken

    callback = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda number, logs: setattr(callback, "epoch", number), on_train_batch_end=end
    )
    return callback


@pytest.fixture
def train(load, rng):
    """Train a small model in a folder, as the long benchmarks do."""
    images = rng.integers(0, 256, (64, 6), dtype=np.uint8)
    train_in_folder = load("_train_in_folder").train_in_folder

    def make_model():
        vae = kv.make_vae((6,), 2, hidden_units=(8,), seed=0)
        vae.compile("adam")
        return vae

    def batches_from(epoch):
        return kv.data.batches(images, batch_size=32, seed=0, binarize=True, start_epoch=epoch, repeat=True)

    def train_into(folder, callbacks=(), learning_rate=1e-3, n_epochs=N_EPOCHS):
        settings = {"learning_rate": learning_rate, "widths": (8,)}
        return train_in_folder(folder, settings, make_model, batches_from, n_epochs, 2, callbacks)

    return train_into


def read_history(folder):
    return np.genfromtxt(folder / "history.csv", delimiter=",", names=True)


@pytest.mark.slow
def test_long_training_that_was_broken_off_ends_as_if_it_had_not_been(train, tmp_path):
    whole, _ = train(tmp_path / "whole")
    with pytest.raises(Broken):
        train(tmp_path / "broken", [break_off_in(epoch=3)])
    resumed, progress = train(tmp_path / "broken")
    assert progress["epochs"] == N_EPOCHS
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    histories = [
        np.genfromtxt(tmp_path / name / "history.csv", delimiter=",", names=True) for name in ("whole", "broken")
    ]
    np.testing.assert_array_equal(*(history["loss"] for history in histories))
    assert np.all(np.diff(histories[1]["minutes"]) > 0)
    assert np.all(np.diff(histories[1]["cpu_minutes"]) > 0)


@pytest.mark.slow
def test_long_training_that_is_done_is_not_repeated(train, tmp_path):
    model, progress = train(tmp_path)
    again, same = train(tmp_path, [break_off_in(epoch=N_EPOCHS)])
    assert same == progress
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    assert (
        kv.make_vae((6,), 2, hidden_units=(8,)).count_params()
        == keras.models.load_model(tmp_path / "model.keras").count_params()
    )


@pytest.mark.slow
def test_long_training_that_a_callback_has_ended_does_not_go_on(train, tmp_path):
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", epoch == 1)
    )
    _, progress = train(tmp_path, [stop])
    assert (progress["epochs"], progress["stopped"]) == (2, True)
    assert train(tmp_path)[1] == progress


@pytest.mark.slow
def test_folder_with_a_training_of_other_settings_is_refused(train, tmp_path):
    train(tmp_path, n_epochs=1)
    with pytest.raises(ValueError, match="a training of the same settings"):
        train(tmp_path, n_epochs=1, learning_rate=1e-2)


MACHINE_KEYS = ("cpu_count", "cpu", "instruction_sets", "platform", "python")
CPUINFO = "cpu family\t: 25\nmodel\t\t: 1\nmodel name\t: A name\nflags\t\t: fpu sse4_2 avx2 avx512f fma vme\n\n"


def test_result_names_commit_and_machine(load, tmp_path):
    result = json.loads(write(load("_common"), tmp_path).read_text())
    assert set(result["machine"]) == set(MACHINE_KEYS)
    assert result["machine"]["instruction_sets"]
    assert result["commit"] == load("_provenance").commit()


def test_processor_is_read_from_cpuinfo(load, tmp_path):
    (tmp_path / "cpuinfo").write_text(CPUINFO + CPUINFO.replace("A name", "The second core"))
    machine = load("_provenance").machine(tmp_path / "cpuinfo")
    assert machine["cpu"] == "A name (family 25, model 1)"
    assert machine["instruction_sets"] == ["avx2", "avx512f", "fma", "sse4_2"]


def test_instruction_sets_are_known_without_cpuinfo(load, tmp_path):
    machine = load("_provenance").machine(tmp_path / "absent")
    assert machine["instruction_sets"]
    assert machine["cpu"]


@pytest.fixture
def repository(load, tmp_path):
    """A git repository with a package, and a function that runs git in it."""
    provenance = load("_provenance")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")

    def git(*arguments):
        return provenance.git(tmp_path, *identity, *arguments)

    if git("init", "--quiet") is None:
        pytest.skip("there is no git")
    (tmp_path / "keras_vae").mkdir()
    (tmp_path / "benchmarks" / "results").mkdir(parents=True)
    (tmp_path / "keras_vae" / "a.py").write_text("a = 1\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    return tmp_path, git


def test_commit_says_when_the_code_has_changes(load, repository):
    folder, git = repository
    commit = load("_provenance").commit
    assert commit(folder) == git("rev-parse", "HEAD")[:12]
    (folder / "benchmarks" / "results" / "toy.json").write_text("{}")
    (folder / "README.md").write_text("Words.\n")
    assert not commit(folder).endswith("+changes")
    (folder / "keras_vae" / "a.py").write_text("a = 2\n")
    assert commit(folder) == git("rev-parse", "HEAD")[:12] + "+changes"


def test_there_is_no_commit_outside_of_git(load, tmp_path):
    assert load("_provenance").commit(tmp_path / "absent") is None


def test_parts_that_changed_since_a_commit_are_named(load, repository, monkeypatch):
    folder, git = repository
    state = load("_state_of_results")
    monkeypatch.setattr(state, "ROOT", folder)
    first = git("rev-parse", "HEAD")
    assert state.changed_since(first) == "no"
    (folder / "keras_vae" / "layers").mkdir()
    (folder / "keras_vae" / "layers" / "b.py").write_text("b = 1\n")
    (folder / "keras_vae" / "a.py").write_text("a = 2\n")
    (folder / "README.md").write_text("Words.\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "second")
    assert state.changed_since(first) == "a, layers"
    assert state.changed_since("0" * 40) == "unknown"


def test_every_committed_result_names_what_it_was_measured_on_or_is_listed_as_older(load):
    state = load("_state_of_results")
    results = {path.stem: json.loads(path.read_text()) for path in state.RESULTS.glob("*.json")}
    unnamed = {name for name, result in results.items() if not state.names_what_it_was_measured_on(result)}
    assert unnamed == set(state.OLDER)


def test_a_result_without_commit_or_instruction_sets_does_not_name_what_it_was_measured_on(load, tmp_path):
    state = load("_state_of_results")
    result = json.loads(write(load("_common"), tmp_path).read_text()) | {"commit": "0123456789ab"}
    assert state.names_what_it_was_measured_on(result)
    assert not state.names_what_it_was_measured_on(result | {"commit": None})
    for key in ("cpu", "instruction_sets", "cpu_count"):
        machine = {name: value for name, value in result["machine"].items() if name != key}
        assert not state.names_what_it_was_measured_on(result | {"machine": machine})


def test_figures_page_lists_every_result_with_its_commit_and_processor(load):
    state = load("_state_of_results")
    table = state.PAGE.read_text().partition(state.BEGIN)[2].partition(state.END)[0]
    rows = {line.split("|")[1].strip(" `"): line for line in table.splitlines() if line.startswith("| `")}
    paths = list(state.RESULTS.glob("*.json"))
    assert set(rows) == {path.stem for path in paths}
    for path in paths:
        result = json.loads(path.read_text())
        assert (result.get("commit") or "before ") in rows[path.stem]
        assert result["machine"]["cpu"] in rows[path.stem]
        assert result["date"] in rows[path.stem]


def test_subset_is_at_random_and_the_same_for_a_seed(load):
    some_rows = load("_common").some_rows
    rows = np.arange(1000)
    chosen = some_rows(rows, 100, seed=0)
    assert len(set(chosen)) == 100
    np.testing.assert_array_equal(chosen, np.sort(chosen))
    np.testing.assert_array_equal(chosen, some_rows(rows, 100, seed=0))
    assert not np.array_equal(chosen, some_rows(rows, 100, seed=1))
    # The mean of 100 of 1000 numbers: a standard error of 27.4 about 499.5; the first rows have 49.5.
    assert abs(chosen.mean() - 499.5) < 5 * 27.4
    assert some_rows(rows, None, seed=0) is rows
    assert some_rows(rows, 2000, seed=0) is rows


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_no_benchmark_takes_the_first_rows_of_a_data_set(path):
    # Slices by number of what holds a data set; tensors of a batch and lists of names have other names.
    found = re.findall(r"\b(?:images|train|test|x_train|x_test|valid|data\[.\w+.\])\)?\[ ?:[^\]]*\]", path.read_text())
    assert not [text for text in found if "STEPS_PER_CALL" not in text], found


def test_the_bare_step_makes_as_many_steps_per_call_as_fit(load):
    from keras_vae.training.compiled_model import STEPS_PER_EXECUTION

    assert load("_contenders").STEPS_PER_CALL == STEPS_PER_EXECUTION


class Log:
    """A worker's side of the pipe that says "go" at once and keeps the answers."""

    def __init__(self):
        self.answers = []

    def recv(self):
        return "go"

    def send(self, answer):
        self.answers.append(answer)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bare", "products"])
def test_contenders_of_tensorflow_train_on_all_batches(load, rng, name):
    contenders = load("_contenders")
    log = Log()
    images = rng.integers(0, 256, (100, 784), dtype=np.uint8)
    # Ten batches: a call of eight steps and one of the rest.
    contenders.CONTENDERS[name][0](contenders.Turn(log, time.perf_counter), images, "dense", 10, 2, 0)
    assert len(log.answers) == 2
    assert min(log.answers) > 0.0


def test_contender_without_estimates_has_a_ratio_alone(load):
    script = load("bound_speed")
    speeds = {"keras_vae": [2.0, 2.0], "products": [4.0, 4.0]}
    values = {"keras_vae": [np.ones(3), np.ones(3)], "products": [np.zeros(0)] * 2}
    figures = script.summarize(speeds, values, {"keras_vae": None, "products": None})
    assert figures["products"]["ratio"]["median"] == 0.5
    assert "difference" not in figures["products"]
    assert script.rows_of(figures)[0][-1] == "-"
