import dataclasses
import json
import shlex

import numpy as np
import pytest
from runs.run_helpers import names, train_run, write_image_files, write_images, write_table

from keras_vae.evaluation.health.check_health import best_epoch
from keras_vae.evaluation.health.finding import FAULT, GAP, LEFT, UNKNOWN, Finding
from keras_vae.evaluation.health.remedies import (
    ANNEALING,
    BETA_1,
    EARLY_STOPPING,
    ELBO_FIRST,
    FEWER_UNITS,
    FLEXIBLE_PRIOR,
    FREE_BITS,
    LONGER,
    epochs_of,
    latent_dim_of,
)
from keras_vae.runs import doctor
from keras_vae.runs.run_folder import RunFolder


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A folder with a table of 300 rows and a run on it; only `figures/health.png` is written to."""
    folder = tmp_path_factory.mktemp("doctor")
    train_run(folder / "run", write_table(folder / "table.csv", n=300), epochs=2)
    return folder


@dataclasses.dataclass
class Told:
    """A report of which only the remedy counts."""

    remedy: tuple


def test_a_run_is_judged_on_both_parts_of_its_data(large):
    before = set(names(large / "run"))
    report, context = doctor.doctor_run(large / "run")
    assert (report.n_test, report.n_train) == (30, 243)
    assert (context["run"], context["data"], context["part"]) == (str(large / "run"), "table.csv", "test")
    assert set(names(large / "run")) - before <= {"figures/health.png"}
    assert (large / "run" / "figures" / "health.png").read_bytes().startswith(b"\x89PNG")
    json.dumps(context, allow_nan=False)
    # The data of the run by their name are those of the run.
    config = RunFolder(large / "run").read_config()
    _, x_test, x_train, part = doctor.examples(config, str(large / "table.csv"))
    assert (len(x_test), len(x_train), part) == (30, 243, "test")


@pytest.mark.slow
def test_other_data_are_judged_in_all_their_rows(large, tmp_path):
    report, context = doctor.doctor_run(large / "run", str(write_table(tmp_path / "new.csv", n=50, seed=1)))
    assert (report.n_test, report.n_train) == (50, 0)
    assert (context["data"], context["part"]) == ("new.csv", "all")
    assert report.finding(GAP).status == UNKNOWN


def test_other_data_with_a_test_part_are_judged_on_it(large, tmp_path):
    np.savez(tmp_path / "new.npz", x_train=np.zeros((5, 4)), x_test=np.random.default_rng(0).normal(size=(40, 4)))
    config = RunFolder(large / "run").read_config()
    _, x_test, x_train, part = doctor.examples(config, str(tmp_path / "new.npz"))
    assert (len(x_test), x_train, part) == (40, None, "test")


def test_too_small_a_test_part_leaves_the_training_examples(run_path):
    _, x_test, x_train, part = doctor.examples(RunFolder(run_path).read_config())
    assert (len(x_test), x_train, part) == (49, None, "train")


@pytest.mark.slow
def test_a_folder_of_images_is_judged_as_a_stream(tmp_path):
    train_run(tmp_path / "run", write_image_files(tmp_path / "x", n=30, size=(6, 6)), epochs=1)
    report, context = doctor.doctor_run(tmp_path / "run")
    assert (report.n_test, context["part"]) == (27, "train")


def test_data_of_another_shape_are_refused(large, tmp_path):
    with pytest.raises(ValueError, match=r"the data must have examples of shape \(4,\)"):
        doctor.doctor_run(large / "run", str(write_images(tmp_path / "x.npz")))


def test_data_that_changed_since_the_training_are_refused(run_path, tmp_path):
    run = RunFolder(run_path)
    run.write_config({**run.read_config(), "data": str(write_table(tmp_path / "table.csv", n=61))})
    with pytest.raises(ValueError, match="must hold the data that the run began with"):
        doctor.doctor_run(run_path)


def test_too_few_rows_and_no_run_are_refused(large, tmp_path):
    with pytest.raises(ValueError, match="`x_test` must hold at least 20 examples"):
        doctor.doctor_run(large / "run", str(write_table(tmp_path / "new.csv", n=5)))
    with pytest.raises(ValueError, match="is not a run folder"):
        doctor.doctor_run(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no data set 'nothing\.csv'"):
        doctor.doctor_run(large / "run", "nothing.csv")


def test_a_failed_figure_leaves_the_old_one(run_path, monkeypatch):
    class Broken:
        def savefig(self, path):
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    (run_path / "figures" / "health.png").write_bytes(b"old")
    before = names(run_path)
    monkeypatch.setattr(doctor, "check_health", lambda *args, **kwargs: None)
    monkeypatch.setattr(doctor, "plot_health", lambda report: Broken())
    with pytest.raises(OSError, match="No space left"):
        doctor.doctor_run(run_path)
    assert (run_path / "figures" / "health.png").read_bytes() == b"old"
    assert names(run_path) == before


SETTINGS = {
    "network": "dense",
    "likelihood": "gaussian",
    "latent_dim": None,
    "hidden_units": [64, 32],
    "prior": "standard_normal",
    "n_components": None,
    "objective": "elbo",
    "beta": None,
    "free_bits": None,
    "warm_up": None,
    "learning_rate": None,
    "epochs": 40,
    "patience": None,
    "batch_size": 32,
    "seed": 0,
}


def config_of(**settings):
    return {"task": "vae", "data": "/there/my data.csv", "settings": {**SETTINGS, **settings}}


START = "keras-vae train --data '/there/my data.csv' --network dense --likelihood gaussian"


@pytest.mark.parametrize(
    ("remedy", "settings", "command"),
    [
        pytest.param(
            BETA_1,
            {"beta": 8.0, "seed": 3},
            f"{START} --hidden-units 64,32 --beta 1 --epochs 40 --batch-size 32 --seed 3 --out runs/x-beta",
            id="beta",
        ),
        pytest.param(
            LONGER,
            {},
            f"{START} --hidden-units 64,32 --epochs 80 --batch-size 32 --out runs/x-epochs",
            id="twice-the-epochs",
        ),
        pytest.param(
            epochs_of(12),
            {},
            f"{START} --hidden-units 64,32 --epochs 12 --batch-size 32 --out runs/x-epochs",
            id="the-best-epoch",
        ),
        pytest.param(
            latent_dim_of(10),
            {"hidden_units": None},
            f"{START} --latent-dim 10 --epochs 40 --batch-size 32 --out runs/x-latent-dim",
            id="latent-dim",
        ),
        pytest.param(
            FEWER_UNITS,
            {},
            f"{START} --hidden-units 32,16 --epochs 40 --batch-size 32 --out runs/x-hidden-units",
            id="half-the-units",
        ),
        pytest.param(FEWER_UNITS, {"hidden_units": None}, None, id="units-of-the-network"),
        pytest.param(
            FREE_BITS,
            {},
            f"{START} --hidden-units 64,32 --free-bits 0.25 --epochs 40 --batch-size 32 --out runs/x-free-bits",
            id="free-bits",
        ),
        pytest.param(BETA_1, {"beta": 1.0}, None, id="nothing-new"),
        pytest.param(
            ANNEALING,
            {},
            f"{START} --hidden-units 64,32 --warm-up 5000 --epochs 40 --batch-size 32 --out runs/x-warm-up",
            id="warm-up",
        ),
        pytest.param(ANNEALING, {"warm_up": 5000}, None, id="warm-up-there-already"),
        pytest.param(
            EARLY_STOPPING,
            {},
            f"{START} --hidden-units 64,32 --epochs 40 --patience 5 --batch-size 32 --out runs/x-patience",
            id="early-stopping",
        ),
        pytest.param(
            FLEXIBLE_PRIOR,
            {},
            f"{START} --hidden-units 64,32 --prior vamp --n-components 50 --epochs 40 --batch-size 32 "
            "--out runs/x-prior-n-components",
            id="prior",
        ),
        pytest.param(
            ELBO_FIRST,
            {"objective": "importance_weighted"},
            f"{START} --hidden-units 64,32 --objective elbo --free-bits 0.25 --epochs 40 --batch-size 32 "
            "--out runs/x-objective-free-bits",
            id="elbo-first",
        ),
    ],
)
def test_remedies_become_commands(remedy, settings, command):
    commands = doctor.train_commands(Told((remedy,)), config_of(**settings), "runs/x")
    assert commands == ([] if command is None else [command])


def test_the_commands_are_understood_by_the_shell():
    from typer.main import get_command

    from keras_vae.cli.app import app

    told = Told((BETA_1, LONGER, latent_dim_of(3), FEWER_UNITS))
    commands = doctor.train_commands(told, config_of(beta=2.5), "my runs/x/")
    assert len(commands) == 4
    for command in commands:
        program, verb, *arguments = shlex.split(command)
        assert (program, verb) == ("keras-vae", "train")
        parsed = get_command(app).commands["train"].make_context("train", arguments).params
        assert parsed["data"] == "/there/my data.csv"
        assert str(parsed["out"]).startswith("my runs/x-")


def test_epochs_without_a_look_at_the_examples_held_out_do_not_count():
    history = {
        "epoch": [1, 2, 3, 4],
        "loss": [4.0, 3.0, 2.0, 1.0],
        "val_elbo": [float("nan"), -2.0, float("nan"), -3.0],
    }
    assert doctor.looks(history) == {"epoch": [2, 4], "loss": [3.0, 1.0], "val_elbo": [-2.0, -3.0]}
    assert best_epoch(doctor.looks(history)) == 2
    assert doctor.looks({"epoch": [1], "loss": [1.0]}) == {"epoch": [1], "loss": [1.0]}
    assert doctor.looks({}) == {}


@pytest.mark.slow
def test_an_overfitted_run_is_told_its_best_epoch(large, monkeypatch):
    run = RunFolder(large / "run")
    history = run.read_history(2)
    assert set(history) >= {"epoch", "val_elbo"}
    monkeypatch.setattr(RunFolder, "read_history", lambda self, n: {**history, "val_elbo": [-1.0, -2.0]})
    found = Finding(GAP, 9.0, "nats", "", FAULT, "by heart", (epochs_of(1),))
    seen = {}

    def check(model, x_test, x_train, history, seed):
        seen.update(history)
        report = doctor_report(model, x_test, x_train, seed=seed)
        return dataclasses.replace(report, verdict="overfitted", findings=(*report.findings[:-1], found))

    doctor_report = doctor.check_health
    monkeypatch.setattr(doctor, "check_health", check)
    report, context = doctor.doctor_run(large / "run")
    assert seen["val_elbo"] == [-1.0, -2.0]
    assert report.finding(LEFT)
    assert context["commands"][0].endswith(f" --out {large / 'run'}-epochs")
    assert "--epochs 1 " in context["commands"][0]
