"""`keras-vae detect` and `keras-vae impute` as their users meet them."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from runs.run_helpers import train_run
from sklearn.utils.validation import check_is_fitted

from keras_vae.runs import finished_run
from keras_vae.tasks.tables import VAEOutlierDetector

SMALL = {"latent_dim": 2, "hidden_units": [4], "epochs": 1}


def write_clients(path, n=120, seed=0, holes=True):
    """A .csv file with an id, numbers, words, holes, and a column of notes; returns its path."""
    rng = np.random.default_rng(seed)
    size = rng.normal(170.0, 10.0, n)
    lines = ["client,size,weight,city,notes"]
    for i in range(n):
        weight = f"{size[i] - 100.0 + 4.0 * rng.normal():.2f}"
        city = rng.choice(["Rome", "Paris", "Oslo"])
        if holes and i % 5 == 1:
            weight = ""
        if holes and i % 7 == 3:
            city = ""
        lines.append(f"{i:05},{size[i]:.2f},{weight},{city},NA {i}.50 seen {rng.integers(10**9)}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a finished run on clients.csv; not to be written to."""
    folder = tmp_path_factory.mktemp("clients")
    train_run(folder / "run", write_clients(folder / "clients.csv"), **SMALL, label="none", id="client")
    return folder


@pytest.fixture
def run(made, tmp_path):
    """A run and new clients in the folder of the test: the name of the run."""
    shutil.copytree(made / "run", tmp_path / "run")
    write_clients(tmp_path / "new.csv", 60, seed=1)
    return "run"


def test_detect_writes_scores_with_their_reasons_and_a_picture(shell, run, tmp_path):
    table = pd.read_csv("new.csv", dtype=str, keep_default_na=False)
    table.loc[7, "weight"] = "-400"
    table.to_csv("new.csv", index=False)
    before = (tmp_path / "new.csv").read_bytes()
    code, out, err = shell("detect", run, "new.csv")
    assert (code, err) == (0, "")
    scored = pd.read_csv("scored.csv", dtype={"id": str, "client": str})
    assert {"score", "is_outlier", "because"} <= set(scored.columns)
    assert len(scored) == 60
    assert scored["score"].argmax() == 7
    assert scored["is_outlier"][7] == 1
    assert scored["because"][7].startswith("weight ")
    assert out.splitlines()[0].startswith(f"{scored['is_outlier'].sum()} of 60 rows are outliers: score above ")
    assert (tmp_path / "scored.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "new.csv").read_bytes() == before


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.slow)], ids=["folder", "saved-model"])
def exports(request, monkeypatch):
    """Exports a folder alone where it is not slow: `test_detect_endpoint.py` looks at the whole."""

    def export(self, path):
        check_is_fitted(self)
        version = Path(path) / "1"
        version.mkdir(parents=True)
        (version / "saved_model.pb").touch()
        return version

    if not request.param:
        monkeypatch.setattr(VAEOutlierDetector, "export", export)


@pytest.mark.slow
def test_json_is_one_object_with_the_drift_picture_and_the_saved_model(shell, run, tmp_path, exports):
    arguments = ["--drift", "drift.png", "--export", "served", "--figure", "why.svg", "--out", "scored.jsonl"]
    code, out, err = shell("detect", run, "new.csv", *arguments, "--json", "--threshold", "quantile")
    told = json.loads(out)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert told["rows"] == 60
    assert (told["out"], told["figure"]) == ("scored.jsonl", "why.svg")
    assert (tmp_path / told["exported"] / "saved_model.pb").exists()
    assert {"scored.jsonl", "drift.png", "why.svg"} <= {path.name for path in tmp_path.iterdir()}
    scored = pd.read_json("scored.jsonl", lines=True)
    assert told["outliers"] == scored["is_outlier"].sum() == (scored["score"] > told["threshold"]).sum()


@pytest.mark.slow
def test_a_word_that_was_never_seen_is_told(shell, run, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text(path.read_text().replace("Rome", "Atlantis"))
    code, _, err = shell("detect", run, "new.csv", "--json")
    assert code == 0
    n = path.read_text().count("Atlantis")
    assert err == f"keras-vae: warning: words that the run does not know, or hardly: `city` in {n} rows\n"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--threshold", "mean"], "`threshold` must be one of"),
        (["--score-by", "loss"], "`score_by` must be one of"),
        (["--contamination", "0.9"], r"`contamination` must be in \[0, 0.5\]"),
        (["--trim", "-1"], r"`trim` must be in \[0, 0.5\]"),
        (["--out", "new.csv"], "`out` must be another file than the one that is read"),
        (["--out", "scored.txt"], "`out` must end in"),
        (["--figure", "scored.txt"], "`figure` must end in .png"),
        (["--drift", "drift.csv"], "`drift` must end in .png"),
        (["--drift", "scored.png"], "`drift` must be another file than the figure. Received: drift='scored.png'"),
    ],
)
def test_detect_answers_a_mistake_before_anything_is_loaded(refused, tmp_path, arguments, match):
    (tmp_path / "new.csv").write_text("a,b\n1,2\n")
    # There is no such run, which would be told if it were opened first.
    refused("detect", "none", "new.csv", *arguments, match=match)


def test_a_table_that_is_not_there_or_lacks_a_column_is_told_in_one_line(refused, run, tmp_path):
    refused("detect", run, "none.csv", match="none.csv")
    table = pd.read_csv("new.csv", dtype=str).drop(columns="weight")
    table.to_csv("less.csv", index=False)
    refused("detect", run, "less.csv", match="weight")
    assert not (tmp_path / "scored.csv").exists()


def test_a_drift_of_few_rows_is_refused_before_anything_is_written(refused, run, tmp_path):
    write_clients(tmp_path / "few.csv", 10, seed=2)
    refused(
        "detect", run, "few.csv", "--drift", "drift.png", match=r"`table` must be of at least 20 rows\. Received: 10"
    )
    assert not (tmp_path / "scored.csv").exists()


def as_spreadsheets_write_it(path):
    """Write a table of plain text with semicolons, decimal commas and in Latin-1; returns the path of the new file."""
    lines = [line.split(",") for line in path.read_text().splitlines()]
    # Not the notes, which are text with points.
    lines = [";".join(cell if "seen" in cell else cell.replace(".", ",") for cell in line) for line in lines]
    new = path.with_name("spreadsheet.csv")
    new.write_bytes("\r\n".join([*lines, ""]).encode("latin-1"))
    return new


@pytest.mark.slow
def test_the_form_of_a_file_does_not_change_its_scores(shell, run, tmp_path):
    table, marked = tmp_path / "new.csv", tmp_path / "marked.csv"
    # A letter that the encodings write in different ways, in a column that is no feature.
    table.write_text(table.read_text().replace("seen", "seen à"))
    marked.write_text(table.read_text(), encoding="utf-8-sig")
    scored = []
    for source in (table, marked, as_spreadsheets_write_it(table)):
        before = source.read_bytes()
        code, _, err = shell("detect", run, source)
        assert (code, err) == (0, "")
        assert source.read_bytes() == before
        scored.append((tmp_path / "scored.csv").read_text())
    assert scored[0] == scored[1] == scored[2]


def test_ragged_lines_are_refused_with_their_number(refused, run, tmp_path):
    lines = (tmp_path / "new.csv").read_text().splitlines()
    lines[4] += ",more"
    lines[6] = lines[6].rsplit(",", 2)[0]
    (tmp_path / "ragged.csv").write_text("\n".join(lines) + "\n")
    refused(
        "detect", run, "ragged.csv", match=r"must have 5 columns, as most have\. Received: 6 in line 5, 3 in line 7$"
    )
    assert not (tmp_path / "scored.csv").exists()


def test_an_infinite_cell_is_refused_with_its_column_and_line(refused, run, tmp_path):
    lines = (tmp_path / "new.csv").read_text().splitlines()
    client, _, *others = lines[4].split(",")
    lines[4] = ",".join([client, "inf", *others])
    (tmp_path / "infinite.csv").write_text("\n".join(lines) + "\n")
    refused("detect", run, "infinite.csv", match=r"column `size` must hold finite .* Received: inf in line 5$")


@pytest.mark.parametrize("command", ["detect", "impute"])
@pytest.mark.parametrize("out", ["new.csv", "./new.csv", "run/../new.csv", "link.csv"])
def test_the_table_is_not_written_over_by_whatever_name(refused, run, tmp_path, command, out):
    before = (tmp_path / "new.csv").read_bytes()
    (tmp_path / "link.csv").symlink_to("new.csv")
    refused(command, run, "new.csv", "--out", out, match="`out` must be another file than the one that is read")
    refused(command, run, out, "--out", tmp_path / "new.csv", match="another file than the one that is read")
    assert (tmp_path / "new.csv").read_bytes() == before
    assert (tmp_path / "link.csv").is_symlink()


@pytest.mark.parametrize("command", ["detect", "impute"])
def test_a_run_on_images_is_refused(refused, monkeypatch, tmp_path, command):
    images = SimpleNamespace(model=SimpleNamespace(event_shape=(8, 8, 1)))
    monkeypatch.setattr(finished_run, "load_run", lambda path: images)
    (tmp_path / "new.csv").write_text("a,b\n1,2\n")
    refused(command, "images", "new.csv", match=r"images must be a run on a table\. Received: .*shape \(8, 8, 1\)")


def test_impute_fills_the_holes_and_leaves_all_other_text_as_it_is(shell, run, tmp_path):
    before = (tmp_path / "new.csv").read_text().splitlines()
    code, out, err = shell("impute", run, "new.csv")
    assert (code, err) == (0, "")
    assert out.startswith("21 cells filled in filled.csv, by ")
    after = (tmp_path / "filled.csv").read_text().splitlines()
    assert len(after) == len(before)
    for line, filled in zip(before, after, strict=True):
        for cell, new in zip(line.split(","), filled.split(","), strict=True):
            assert new == cell if cell else new
    filled = pd.read_csv("filled.csv")
    assert set(filled["city"]) == {"Rome", "Paris", "Oslo"}
    assert filled["weight"].between(20.0, 130.0).all()
    assert (tmp_path / "new.csv").read_text().splitlines() == before


@pytest.mark.slow
def test_draws_are_several_tables_that_differ_where_the_holes_were(shell, run, tmp_path):
    code, out, _ = shell("impute", run, "new.csv", "--draws", 2, "--n-samples", 20, "--out", "drawn.tsv")
    assert code == 0
    assert "21 cells filled in drawn-1.tsv, drawn-2.tsv" in out
    first, second, source = (
        pd.read_csv(name, sep=None, engine="python", dtype=str, keep_default_na=False)
        for name in ("drawn-1.tsv", "drawn-2.tsv", "new.csv")
    )
    assert not (first == "").any(axis=None)
    holes = source == ""
    assert first.mask(holes).equals(second.mask(holes))
    assert (first["weight"] != second["weight"])[holes["weight"]].all()
    assert not (tmp_path / "drawn.tsv").exists()


def test_the_ending_says_what_kind_of_table_is_written(shell, run):
    code, *_ = shell("impute", run, "new.csv", "--out", "filled.jsonl")
    assert code == 0
    filled = pd.read_json("filled.jsonl", lines=True)
    assert filled[["weight", "city"]].notna().all(axis=None)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--out", "new.csv"], "`out` must be another file than the one that is read"),
        (["--out", "filled.npz"], "`out` must end in .csv, .tsv, .parquet, .jsonl"),
        (["--draws", "-1"], "`draws` must be a whole number >= 0"),
        (["--n-samples", "0"], "`n_samples` must be a whole number >= 1"),
        (["--seed", "-1"], "`seed` must be a whole number >= 0"),
    ],
)
def test_impute_answers_a_mistake_in_one_line(refused, run, arguments, match):
    refused("impute", run, "new.csv", *arguments, match=match)


def test_a_drawn_table_does_not_write_over_the_table_itself(refused, run, tmp_path):
    shutil.copy(tmp_path / "new.csv", tmp_path / "new-2.csv")
    refused(
        "impute", run, "new-2.csv", "--out", "new.csv", "--draws", 2, match="another file than the one that is read"
    )


def test_a_run_without_holes_is_refused_with_a_hint(refused, monkeypatch, tmp_path):
    numbers = SimpleNamespace(model=SimpleNamespace(event_shape=(2,)), task=SimpleNamespace(schema_={}))
    monkeypatch.setattr(finished_run, "load_run", lambda path: numbers)
    (tmp_path / "new.csv").write_text("a,b\n1,\n")
    refused("impute", "numbers", "new.csv", match="trained with `--likelihood mixed`, to fill holes")
