"""The shell as its users meet it: most of it in this process, what belongs to a process in processes of its own."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import types
import warnings

import numpy as np
import pytest
from runs.old_run import write_old_run
from runs.run_helpers import assert_same_run, names, train_run, write_table
from shell_helpers import without_progress

import keras_vae
from keras_vae.cli.summary import model_of, print_summary
from keras_vae.cli.train_commands import _print_unused, default_out
from keras_vae.runs import doctor
from keras_vae.runs.run_folder import RunFolder

SMALL = ["--latent-dim", "2", "--hidden-units", "8", "--batch-size", "16", "--schedule", "constant"]
LOOK, USE, TABLES, COMPRESS = (
    ["evaluate", "doctor", "curves"],
    ["sample", "encode", "reconstruct", "score"],
    ["choose-latent-dim"],
    ["compress", "decompress", "list", "verify"],
)
COMMANDS = ["train", *LOOK, *USE, *TABLES, *COMPRESS, "export", "inspect", "convert"]

# The program with a checkpoint after every epoch, so that a random moment often is one of writing.
SAVE_EVERY_EPOCH = """
import sys
sys.argv[0] = "keras-vae"
from keras_vae.runs import recorder
recorder.CHECKPOINT_SECONDS, recorder.CHECKPOINT_SHARE = 0.0, 1e9
from keras_vae.cli.app import main
main()
"""


# Help.


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=str)
def test_the_help_names_every_command(shell, arguments):
    code, out, err = shell(*arguments)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: keras-vae ")
    assert all(re.search(rf"^  {command} ", out, re.MULTILINE) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example_and_the_defaults(shell, command):
    code, out, err = shell(command, "--help")
    assert (code, err) == (0, "")
    assert re.search(rf"^    keras-vae {command}( |$)", out, re.MULTILINE)
    options = re.split(r"\n  -", out.partition("Options:")[2])[1:]
    silent = ("-resume", "-json", "-check", "-help")
    for option in options:
        assert option.startswith(silent) or re.search(r"default:|required", " ".join(option.split())), option


def test_the_help_has_its_commands_by_section(shell):
    _, out, _ = shell("--help")
    sections = re.findall(r"^(\S.*):\n  (\w+)[ -]", out, re.MULTILINE)
    assert ("Train", "train") in sections
    assert ("Look at a run", "evaluate") in sections
    assert ("Use a run", "sample") in sections
    assert ("Tables", "choose") in sections
    assert ("Compress", "compress") in sections
    assert ("Deploy", "export") in sections


def test_the_version_is_that_of_the_package(shell):
    assert shell("--version") == (0, f"keras-vae {keras_vae.__version__}\n", "")


def test_names_are_completed_from_the_registries():
    environment = {"_KERAS_VAE_COMPLETE": "complete_bash", "COMP_CWORD": "3"}
    process = program(variables={**environment, "COMP_WORDS": "keras-vae train --network re"})
    out, _ = process.communicate()
    assert out.split() == ["resnet", "recurrent"]


# Success.


def test_a_stranger_gets_from_data_to_a_model_that_can_be_served(shell, trained, tmp_path):
    shutil.copy(trained / "table.csv", tmp_path)
    code, out, err = shell("train", "--data", "table.csv", *SMALL, "--epochs", 2)
    assert (code, err) == (0, "")
    assert "table.csv: 49 training, 5 validation and 6 test examples of 4" in out
    assert re.search(r"^  ELBO +-\d+\.\d\d  nats per example$", out, re.MULTILINE)
    assert "nats of standardised values" in out
    next_step = re.search(r"^next +keras-vae (export runs/table saved_models/table)$", out, re.MULTILINE)
    weights = f"the weights of epoch {RunFolder('runs/table').kept_epoch}"
    assert shell("sample", "runs/table", "-n", 3) == (0, f"3 samples in samples.png, by {weights}\n", "")
    told = f"60 codes in z.npz, by {weights}\n"
    assert shell("encode", "runs/table", "--data", "table.csv") == (0, told, "")
    told = f"60 reconstructions in r.npz, by {weights}\n"
    assert shell("reconstruct", "runs/table", "--data", "table.csv") == (0, told, "")
    assert shell(*next_step[1].split()) == (0, "saved_models/table/1\n", f"exported {weights}\n")
    assert {"samples.png", "z.npz", "r.npz", "saved_models"} <= {p.name for p in tmp_path.iterdir()}
    code, out, _ = shell("train", "--data", "table.csv", "--resume")
    assert code == 0
    assert "runs/table is trained already: 2 epochs\n" in out
    assert "not used" not in out
    _, out, _ = shell("train", "--data", "table.csv", "--resume", "--minutes", 9, "--patience", 7)
    assert "\n            --minutes, --patience: not used; with more --epochs it goes on\n" in out


def test_a_run_that_ended_early_does_not_go_on_with_more_epochs(capsys):
    run = types.SimpleNamespace(read_config=lambda: {"settings": {"epochs": 9, "minutes": 1.0}})
    _print_unused(run, {"settings": {"epochs": 12, "minutes": 1.0}}, {"epochs": 9, "epochs_done": 4})
    assert capsys.readouterr().out == "            --epochs: not used\n"


def test_the_name_of_a_run_comes_from_data_and_network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(default_out("vae", "digits", {"network": None, "beta": 2.0})) == "runs/digits"
    assert str(default_out("vae", "some/photos.npz", {"network": "conv"})) == "runs/photos-conv"
    assert str(default_out("vae", ".", {})) == f"runs/{tmp_path.name}"


@pytest.mark.slow
def test_the_figures_are_one_json_object(shell, trained):
    code, out, err = shell("evaluate", trained / "run", "--n-samples", 2, "--json")
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    figures = json.loads(out, parse_constant=pytest.fail)
    assert {"elbo", "reconstruction_loss", "kl_loss", "log_prob", "part", "active_units"} <= set(figures)


def test_information_that_so_few_examples_cannot_show_is_said_to_be_at_its_limit(capsys):
    figures = {"elbo": -90.0, "reconstruction_loss": 60.0, "kl_loss": 30.0, "log_prob": -85.0, "active_units": 9}
    figures |= {"log_prob_standard_error": 0.1, "log_prob_n_samples": 10, "log_prob_n_rows": 360, "latent_dim": 20}
    figures |= {"part": "test", "units": "", "mutual_information_at_most": 5.886}
    for information, limit in ((5.88, "; as much as so many examples can show, 5.89: there may be more"), (3.0, "")):
        print_summary({**figures, "mutual_information": information, "marginal_kl": 30.0 - information})
        out = capsys.readouterr().out
        assert f"nats that the codes carry about x{limit}\n" in out
        assert ("with the information that does not show" in out) == bool(limit)


@pytest.mark.slow
def test_the_summary_says_what_the_kl_is_made_of_and_how_it_was_checked(shell, trained):
    code, out, err = shell("evaluate", trained / "run", "--n-samples", 2, "--annealed", 3)
    assert (code, err) == (0, "")
    assert re.search(r"^    information +-?\d+\.\d+  nats that the codes carry about x", out, re.MULTILINE)
    assert re.search(r"^    marginal KL +-?\d+\.\d+  nats between all codes together and the prior", out, re.MULTILINE)
    assert re.search(
        r"^    check +-?\d+\.\d+  nats by annealing, 3 examples; weighted, the same ones -?\d", out, re.MULTILINE
    )


@pytest.mark.slow
def test_the_doctor_says_what_is_wrong_and_what_to_type(shell, trained, tmp_path, monkeypatch):
    check, made = doctor.check_health, []

    def once(*args, **kwargs):
        """Both looks are at the same rows of one model, and a report takes seconds."""
        made.append(made[0] if made else check(*args, **kwargs))
        return made[0]

    monkeypatch.setattr(doctor, "check_health", once)
    run = shutil.copytree(trained / "run", tmp_path / "run")
    code, out, err = shell("doctor", run, "--json")
    assert (code, err) == (0, "")
    assert out.count("\n") == 1
    report = json.loads(out, parse_constant=pytest.fail)
    assert {"verdict", "sentence", "remedy", "findings", "kl_per_dim", "commands", "part"} <= set(report)
    assert (run / "figures" / "health.png").exists()
    code, out, err = shell("doctor", run, "--data", trained / "table.csv")
    assert (code, err) == (0, "")
    assert out.startswith(f"{report['verdict']}: ")
    assert re.search(r"^  (ok|warning|fault) +mutual information +\d+\.\d+ nats  ", out, re.MULTILINE)
    assert all(f"\n  {command}\n" in out for command in report["commands"])
    assert len(made) == 2
    assert out.endswith(f"model       the weights of epoch 1\nfigure      {run / 'figures' / 'health.png'}\n")


def test_figures_of_a_use_are_printed_by_their_names(capsys):
    figures = {"part": "all", "units": "", "note": "", "elbo": -1.0, "recall_at_20": 0.123456, "n_users": 7}
    print_summary({**figures, "psnr": 21.5, "median_psnr": 18.123}, {"psnr": "dB"})
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    own = ["recall at 20 0.1235", "n users 7", "psnr 21.50 dB", "median psnr 18.12 dB"]
    assert lines == ["", "all rows", "ELBO -1.00 nats per example", *own]


@pytest.mark.slow
def test_an_old_run_is_refused_with_the_command_that_converts_it(refused, shell, tmp_path):
    run = write_old_run(tmp_path / "old", write_table(tmp_path / "table.csv"))
    refused("evaluate", run, match="convert the run with `keras-vae convert .*old`")
    refused("train", "--out", run, "--resume", match="convert the run with `keras-vae convert .*old`")
    assert shell("convert", run) == (0, f"{run} is of the present form\n", "")
    code, out, _ = shell("train", "--out", run, "--resume")
    assert code == 0
    assert "batches of 16, 1 of 2 epochs done" in out


def test_figures_that_are_not_finite_are_said_to_be_so(shell, monkeypatch):
    figures = dict.fromkeys(("elbo", "reconstruction_loss", "kl_loss", "log_prob"), float("nan"))
    figures |= {"log_prob_standard_error": None, "log_prob_n_samples": 1, "log_prob_n_rows": 1, "active_units": 0}
    figures |= {"latent_dim": 2, "part": "test", "units": ""}
    monkeypatch.setattr("keras_vae.runs.verbs.evaluate_run", lambda *args: figures)
    code, out, _ = shell("evaluate", "run", "--json")
    assert code == 0
    assert json.loads(out, parse_constant=pytest.fail)["elbo"] is None


def test_a_warning_is_one_line_on_stderr(shell, monkeypatch):
    monkeypatch.setattr("keras_vae.runs.verbs.sample_run", lambda *args: warnings.warn("two\n  lines", stacklevel=2))
    told = "64 samples in samples.png, by the weights that the training began with\n"
    assert shell("sample", "run") == (0, told, "keras-vae: warning: two lines\n")


def test_weights_of_a_run_from_before_they_were_written_down_are_those_of_its_end():
    assert model_of(None) == "the weights at the end of the training"


def test_the_curves_of_a_run_are_drawn_and_told(shell, trained, tmp_path):
    run = RunFolder(trained / "run")
    code, out, err = shell("curves", trained / "run", "--out", tmp_path / "now.png")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"epoch       {run.epochs_done} of {run.read_config()['settings']['epochs']}, finished"
    assert re.fullmatch(r"ELBO        -\d+\.\d\d training, -\d+\.\d\d held out \(nats per example\)", lines[1])
    assert lines[2:] == [f"best        epoch {run.kept_epoch}", f"figure      {tmp_path / 'now.png'}"]
    code, out, err = shell("curves", trained / "run", "--out", tmp_path / "now.png", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out, parse_constant=pytest.fail)["last"]["epoch"] == run.epochs_done


# Mistakes.


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["bogus"], r"No such command 'bogus'.* \(see keras-vae --help\)"),
        (["train", "--bogus"], r"No such option: --bogus.* \(see keras-vae train --help\)"),
        (["train", "extra"], "unexpected extra argument"),
        (["train", "--epochs", "many"], "Invalid value for '--epochs'"),
        (["train", "--epochs"], "'?--epochs'? requires an argument"),
        (["evaluate"], "Missing argument"),
        (["encode", "run"], "Missing option '--data'"),
        (["train", "--hidden-units", "a,b"], "`hidden_units` must be whole numbers with commas, as 512,256"),
        (["train", "--hidden-units", ""], "`hidden_units` must be whole numbers with commas, as 512,256"),
        (["train", "--network", "lstm"], "`network` must be one of"),
        (["train", "--beta", "-1"], "`beta` must be a finite number >= 0"),
        (["train", "--data", "nothing.csv"], r"there is no data set 'nothing\.csv'"),
        (["train", "--data", "nan.csv"], r"column `b` must hold numbers"),
        (["train", "--data", "cut.npz"], r"cut\.npz is not a readable \.npz file"),
        (["train", "--data", "empty"], "empty holds no images"),
        (["train", "--out", "nan.csv"], r"nan\.csv exists and is not a run folder"),
        (["train", "--out", "empty/../.", "--epochs", "1"], "exists and is not a run folder"),
        (
            ["train", "--out", "nan.csv/run"],
            r"`out` must be in a folder\. Received: out='nan\.csv/run', and .*nan\.csv is a file",
        ),
        (["evaluate", "empty"], r"empty is not a run folder: it has no config\.json"),
        (["sample", "nothing"], "nothing is not a run folder"),
        (["doctor", "empty"], r"empty is not a run folder: it has no config\.json"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_answered_in_one_line(refused, tmp_path, arguments, match):
    (tmp_path / "empty").mkdir()
    (tmp_path / "nan.csv").write_text("a,b\n" + "1,2\n" * 9 + "3,red\n")
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 cut")
    before = names(tmp_path)
    refused(*arguments, match=match)
    assert names(tmp_path) == before


def test_a_task_without_data_of_its_own_asks_for_them(refused, monkeypatch):
    monkeypatch.delattr("keras_vae.tasks.vae.settings.DEFAULT_DATA")
    refused("train", match="`data` must be given, or `out` of a run that goes on")


@pytest.mark.slow
def test_an_export_is_checked_against_the_run_and_inspected(shell, trained, tmp_path):
    code, out, err = shell("export", trained / "run", tmp_path / "served", "--check")
    assert (code, err) == (0, "exported the weights of epoch 1\n")
    assert out.startswith(str(tmp_path / "served" / "1"))
    assert "answers   the same as the model" in out
    code, out, err = shell("inspect", tmp_path / "served", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["versions"] == [1]
    code, out, err = shell("inspect", tmp_path / "served" / "1")
    assert code == 0
    assert re.search(r"^encode +x \(n, 4\) ", out, re.MULTILINE)


@pytest.mark.slow
def test_a_version_that_answers_otherwise_is_not_to_be_shipped(shell, trained, tmp_path, monkeypatch):
    from keras_vae.serving import inspection

    report = inspection.inspect_saved_model
    monkeypatch.setattr(inspection, "inspect_saved_model", lambda *a: {**report(*a), "agrees": False})
    code, _, err = shell("export", trained / "run", tmp_path / "served", "--check")
    assert code == 2
    assert re.search("does not answer as the model of .* does: do not ship it", err)


def test_mistakes_about_a_run_lose_nothing(refused, trained, tmp_path):
    run = shutil.copytree(trained / "run", tmp_path / "run")
    (tmp_path / "file").write_text("precious")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    refused("train", "--out", run, match="run holds a run already: pass --resume to go on with it, or another --out")
    refused("train", "--out", run, "--resume", "--beta", 2, match="`beta` must stay what it was when the run began")
    refused("train", "--out", run, "--resume", "--epochs", 1, match="`epochs` must be at least the 3 done")
    refused("evaluate", run, "--data", "digits", match="the data must have examples of shape")
    refused("doctor", run, "--data", "digits", match="the data must have examples of shape")
    refused("sample", run, "-n", 5000, match="`n` must be at most 400 in a picture")
    refused("export", run, tmp_path / "file", match="`path` must be a folder")
    refused("export", run, tmp_path / "served", "--preprocess", "jpeg", match="`preprocess` must be one of")
    refused("inspect", run, match="`path` must be an exported model")
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("name", ["config.json", "model.keras"])
def test_a_file_cut_short_is_named(refused, trained, tmp_path, name):
    run = shutil.copytree(trained / "run", tmp_path / "run")
    (run / name).write_bytes((run / name).read_bytes()[:200])
    refused("sample", run, match=rf"{name} cannot be read")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (PermissionError(13, "Permission denied", "/there"), "/there: Permission denied"),
        (ConnectionError("no\nnetwork"), "no network"),
        (MemoryError(), "not enough memory"),
        (ValueError(), "ValueError"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_of_the_system_is_one_line_too(shell, monkeypatch, error, line):
    def fail(*args):
        raise error

    monkeypatch.setattr("keras_vae.runs.verbs.sample_run", fail)
    assert shell("sample", "run") == (2, "", f"keras-vae: {line}\n")


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("out of memory\n\nwhen allocating", "out of memory when allocating"),
        (
            "Graph execution error:\n\nAt node PyFunc\nIterator::Map: \nValueError: no image\nTraceback\n  line",
            "no image",
        ),
    ],
    ids=["its-own", "of-python-in-a-graph"],
)
def test_an_error_of_tensorflow_is_one_line_too(shell, monkeypatch, message, line):
    import tensorflow as tf

    def fail(*args):
        raise tf.errors.InvalidArgumentError(None, None, message)

    monkeypatch.setattr("keras_vae.runs.verbs.sample_run", fail)
    assert shell("sample", "run") == (2, "", f"keras-vae: {line}\n")


def test_a_bug_shows_its_traceback(shell, monkeypatch):
    monkeypatch.setattr("keras_vae.runs.verbs.sample_run", lambda *args: {}["bug"])
    with pytest.raises(KeyError, match="bug"):
        shell("sample", "run")


# Interruption.


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(shell, trained, tmp_path, monkeypatch):
    from keras_vae.runs import recorder

    def interrupt(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(recorder.Recorder, "on_epoch_begin", interrupt)
    arguments = ["train", "--data", trained / "table.csv", *SMALL, "--epochs", 3, "--out", "run"]
    code, _, err = shell(*arguments)
    assert (code, err) == (
        130,
        "keras-vae: interrupted, 1 epochs saved, of which epoch 1 is the best and can be used as it is; go on with: "
        "keras-vae train --out run --resume\n",
    )
    assert RunFolder(tmp_path / "run").epochs_done == 1


def test_ctrl_c_before_the_training_leaves_nothing(shell, tmp_path, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    for place in ("open_run.begin", "training.fit"):
        with monkeypatch.context() as patch:
            patch.setattr(f"keras_vae.runs.{place}", interrupt)
            code, _, err = shell("train", "--out", "run")
        assert (code, err) == (130, "keras-vae: interrupted\n")
        assert names(tmp_path) == []


# Processes of their own.


def program(*arguments, start=("-m", "keras_vae"), variables=None, **kwargs):
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    environment |= variables or {}
    return subprocess.Popen(
        [sys.executable, *start, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **kwargs,
    )


def wait_for(process, condition):
    """Wait until the condition holds; the process may be over before."""
    while process.poll() is None and not condition():
        time.sleep(0.002)


@pytest.mark.slow
def test_json_is_all_there_is_on_stdout_and_stderr_is_empty(trained):
    process = program("evaluate", trained / "run", "--n-samples", 2, "--json")
    out, err = process.communicate()
    assert (process.returncode, without_progress(err)) == (0, "")
    assert out.count("\n") == 1
    assert json.loads(out)["run"] == str(trained / "run")


def test_help_and_mistakes_do_not_wait_for_tensorflow():
    script = "import sys; sys.argv = ['keras-vae', *sys.argv[1:]]\n"
    script += "from keras_vae.cli.app import main\ntry: main()\nfinally: "
    script += "assert not {'tensorflow', 'keras', 'numpy', 'sklearn'} & set(sys.modules)"
    for arguments, code in ((["--help"], 0), (["train", "--help"], 0), (["compress", "--help"], 0), (["bogus"], 2)):
        process = program(*arguments, start=("-c", script))
        _, err = process.communicate()
        assert process.returncode == code
        assert len(err.splitlines()) == (code == 2), err


@pytest.mark.parametrize("option", ["-m", "-mkeras_vae"])
def test_an_option_m_of_another_program_does_not_make_it_the_shell(tmp_path, option, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["script.py"])
    monkeypatch.setattr(sys, "orig_argv", [sys.executable, "script.py", option, "keras_vae"])
    assert not keras_vae._shell.is_shell_program()


@pytest.mark.parametrize(
    ("argv", "orig_argv"),
    [
        (["/usr/bin/keras-vae", "train"], ["python", "/usr/bin/keras-vae", "train"]),
        (["C:\\Scripts\\keras-vae.exe".replace("\\", "/")], ["python"]),
        (["-m", "train"], ["python", "-m", "keras_vae", "train"]),
        (["-m"], ["python", "-X", "dev", "-mkeras_vae"]),
        (["-m"], ["python", "-m", "keras_vae.cli.app"]),
    ],
)
def test_the_shell_knows_itself(monkeypatch, argv, orig_argv):
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", orig_argv)
    assert keras_vae._shell.is_shell_program()


# Killed and resumed in the default tests as well: tests/tasks/test_toy.py.
@pytest.mark.slow
def test_a_run_killed_while_it_saves_ends_with_the_same_numbers(trained, tmp_path):
    arguments = ["train", "--data", trained / "table.csv", *SMALL, "--epochs", 40, "--out", tmp_path / "run"]
    run = RunFolder(tmp_path / "run")
    process = program(*arguments, start=("-c", SAVE_EVERY_EPOCH))
    wait_for(process, lambda: run.epochs_done > 1)
    wait_for(process, lambda: list(run.checkpoints.glob(".tmp-*")))
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert 1 < run.epochs_done < 40

    process = program("train", "--out", run.path, "--resume")
    out, err = process.communicate()
    assert (process.returncode, without_progress(err)) == (0, "")
    assert re.search(r"batches of 16, \d+ of 40 epochs done, into", out)
    train_run(tmp_path / "whole", trained / "table.csv", epochs=40)
    assert_same_run(tmp_path / "whole", run.path)


@pytest.mark.slow
def test_ctrl_c_in_the_midst_of_an_epoch_is_one_line(trained, tmp_path):
    run = RunFolder(tmp_path / "run")
    arguments = ["train", "--data", trained / "table.csv", *SMALL, "--epochs", 100_000, "--out", run.path]
    process = program(*arguments)
    wait_for(process, lambda: run.epochs_done)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    go_on = re.escape(f"go on with: keras-vae train --out {run.path} --resume")
    best = r"(, of which epoch \d+ is the best and can be used as it is)?"
    # On a busy machine the bar has written lines before.
    *bar, last = err.splitlines()
    assert re.fullmatch(rf"keras-vae: interrupted, \d+ epochs saved{best}; {go_on}", last)
    assert all(re.match(r"(training|epoch \d+ of \d+): ", line) for line in bar)


@pytest.mark.slow
@pytest.mark.parametrize("data", ["table", "digits"])
def test_a_run_killed_at_random_moments_ends_with_the_same_numbers(trained, tmp_path, data):
    arguments = ["train", *SMALL, "--epochs", 60, "--seed", 3, "--data"]
    arguments += (
        [trained / "table.csv", "--out"] if data == "table" else ["digits", "--likelihood", "bernoulli", "--out"]
    )
    draws, run = random.Random(0), RunFolder(tmp_path / "run")
    for _ in range(8):
        saved = run.epochs_done
        process = program(*arguments, run.path, "--resume", start=("-c", SAVE_EVERY_EPOCH))
        wait_for(process, lambda saved=saved: run.epochs_done > saved)
        time.sleep(draws.uniform(0.0, 0.3))
        process.kill()
        process.communicate()
    for path in (run.path, tmp_path / "whole"):
        process = program(*arguments, path, "--resume", start=("-c", SAVE_EVERY_EPOCH))
        process.communicate()
        assert process.returncode == 0
    assert_same_run(tmp_path / "whole", run.path)


def test_the_table_of_a_run_is_what_its_file_says(shell, trained):
    metrics = RunFolder(trained / "run").read_metrics()
    assert np.isfinite(metrics["log_prob"])
    code, out, _ = shell("train", "--out", trained / "run", "--resume")
    assert code == 0
    assert f"{metrics['elbo']:.2f}  nats per example" in out
    assert f"{metrics['active_units']} of 2" in out
