"""Runs of the version before: refused with the command that converts them, and the same numbers afterwards."""

import json
import os
import shutil
import zipfile

import numpy as np
import pytest
from runs.old_run import make_old, write_old_run
from runs.run_helpers import names, train_run, whole_state, write_images, write_table

from keras_vae.runs.config import read_json
from keras_vae.runs.format_1 import convert_run
from keras_vae.runs.run_folder import RunFolder
from keras_vae.runs.verbs import evaluate_run

# What the version before did where nothing was said.
OLD = {"network": "dense", "likelihood": "gaussian", "validation": 0.0}
DRAWN = {**OLD, "likelihood": "bernoulli", "batch_size": 200}


@pytest.fixture
def old_path(run_path):
    """A finished run as the version before wrote it."""
    make_old(RunFolder(run_path), epochs=3)
    return run_path


def test_an_old_run_is_refused_by_the_command_that_converts_it(old_path):
    with pytest.raises(ValueError, match=r"of format 1, .*: convert the run with `keras-vae convert .*run`"):
        RunFolder.open(old_path)


@pytest.mark.slow
def test_a_converted_run_gives_the_same_numbers(old_path, trained):
    with zipfile.ZipFile(old_path / "model.keras") as archive:
        assert "beta" in json.loads(archive.read("config.json"))["config"]
    convert_run(old_path)
    assert names(old_path) == names(trained / "run")
    converted, config = (read_json(path / "config.json") for path in (old_path, trained / "run"))
    assert config["learned"].pop("schema_")  # Old runs read by guesses alone.
    assert converted == config
    for file in ("model.keras", "checkpoints/epoch-00003.keras"):
        for x, y in zip(whole_state(old_path / file), whole_state(trained / "run" / file), strict=True):
            if x.shape != (2,) or x.dtype.kind != "f":  # The range of the data, which old runs do not know.
                np.testing.assert_array_equal(x, y)
    figures, present = (evaluate_run(path, n_samples=5) for path in (old_path, trained / "run"))
    assert {**figures, "run": ""} == {**present, "run": ""}


@pytest.mark.slow
def test_a_converted_run_goes_on_to_the_same_numbers(tmp_path):
    table = write_table(tmp_path / "table.csv")
    run = write_old_run(tmp_path / "old", table, epochs=2, beta=2.0, free_bits=0.1, **OLD)
    convert_run(run)
    train_run(run, table, resume=True, epochs=2, beta=2.0, free_bits=0.1)
    train_run(tmp_path / "whole", table, epochs=2, beta=2.0, free_bits=0.1, **OLD)
    assert (run / "history.csv").read_text() == (tmp_path / "whole" / "history.csv").read_text()
    assert (run / "metrics.json").read_text() == (tmp_path / "whole" / "metrics.json").read_text()


@pytest.mark.slow  # Three trainings; pictures without a preprocessing are converted below.
def test_a_run_on_drawn_pixels_has_no_preprocessing(tmp_path):
    run = write_old_run(tmp_path / "old", "digits", **DRAWN)
    convert_run(run)
    train_run(run, "digits", resume=True, epochs=2, batch_size=200)
    train_run(tmp_path / "whole", "digits", epochs=2, **DRAWN)
    for name in ("history.csv", "metrics.json"):
        assert (run / name).read_text() == (tmp_path / "whole" / name).read_text(), name
    for x, y in zip(whole_state(run / "model.keras"), whole_state(tmp_path / "whole" / "model.keras"), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.slow
@pytest.mark.parametrize("is_8_bit", [True, False])
def test_whether_values_were_divided_by_255_is_asked_of_the_data(tmp_path, is_8_bit):
    data = write_images(tmp_path / "x.npz")
    if not is_8_bit:
        np.savez(data, x=np.random.default_rng(0).uniform(size=(40, 7, 9, 1)).astype("float32"))
    run = write_old_run(tmp_path / "old", data, likelihood="gaussian")
    config = json.loads((run / "config.json").read_text())
    config["input"]["scale"] = True  # So it was for all images under a Gaussian.
    (run / "config.json").write_text(json.dumps(config))
    convert_run(run)
    layer = RunFolder(run).load_model().preprocessing
    assert (layer is not None) == is_8_bit
    if is_8_bit:
        assert (layer.location.numpy(), layer.scale.numpy()) == (0.0, 255.0)


def test_the_figures_say_so_where_the_data_are_gone(tmp_path):
    data = write_images(tmp_path / "x.npz")
    run = write_old_run(tmp_path / "old", data, likelihood="gaussian")
    data.unlink()
    with pytest.raises(FileNotFoundError, match="there is no data set"):
        convert_run(run)
    RunFolder(run).write_metrics({"units": "8-bit values divided by 255"})
    convert_run(run)
    assert RunFolder(run).load_model().preprocessing.nats_of == "8-bit values divided by 255"


def test_a_run_of_the_present_form_stays_as_it_is(run_path):
    before = {p: p.read_bytes() for p in run_path.rglob("*") if p.is_file()}
    convert_run(run_path)
    assert {p: p.read_bytes() for p in run_path.rglob("*") if p.is_file()} == before


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2])
def test_a_conversion_that_is_killed_can_be_done_again(old_path, trained, monkeypatch, n):
    replace, count = os.replace, iter(range(1, 10))

    def die(source, target):
        if next(count) > n:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        convert_run(old_path)
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(ValueError, match="of format 1"):
        RunFolder.open(old_path)
    convert_run(old_path)
    assert names(old_path) == names(trained / "run")
    assert evaluate_run(old_path, n_samples=2)["elbo"] == evaluate_run(trained / "run", n_samples=2)["elbo"]


def test_what_cannot_be_converted_is_named_and_stays(old_path, tmp_path):
    with pytest.raises(ValueError, match="is not a run folder"):
        convert_run(tmp_path / "nothing")
    broken = shutil.copytree(old_path, tmp_path / "broken")
    (broken / "model.keras").write_bytes(b"half")
    before = {p: p.read_bytes() for p in broken.rglob("*") if p.is_file()}
    with pytest.raises(ValueError, match=r"model\.keras cannot be read as a model of format 1"):
        convert_run(broken)
    assert {p: p.read_bytes() for p in broken.rglob("*") if p.is_file()} == before
    (broken / "config.json").write_text('{"format": 1}')
    with pytest.raises(ValueError, match=r"config\.json cannot be converted: it is no config of format 1"):
        convert_run(broken)
