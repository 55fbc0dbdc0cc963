"""The commands about tables as their users meet them."""

import json

import numpy as np
import pytest

from keras_vae.cli.tables import passed_settings
from keras_vae.tasks.tables import latent_size_search

SEARCH = ["choose-latent-dim", "--data", "table.csv"]


@pytest.fixture(autouse=True)
def table(tmp_path):
    """table.csv, 100 rows of 4 columns and a label."""
    x = np.random.default_rng(0).normal(size=(100, 4))
    lines = [",".join([*(f"{v:.4f}" for v in row), str(i % 2)]) for i, row in enumerate(x)]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,c,d,sold", *lines]) + "\n")


@pytest.fixture
def trained(monkeypatch):
    """Settings that trainings were asked for; their bounds are made up, and rise to 3 dimensions."""
    asked = []

    def train_sizes(jobs, n_jobs, task_name, data, settings, n_samples):
        asked.append({"jobs": n_jobs, "n_samples": n_samples, "columns": data.event_shape, **settings})
        for size, seed in jobs:
            rows = min(size, 3) + np.random.default_rng(0).normal(size=data.n_test)
            figures = {"latent_dim": size, "seed": seed, "log_prob": rows.mean(), "validation_elbo": 0.0}
            yield rows, {**figures, "epochs": 3, "is_cut": False, "seconds": 2.0, "units": "standardised values"}

    monkeypatch.setattr(latent_size_search, "train_sizes", train_sizes)
    return asked


def test_the_sizes_are_told_with_the_choice_the_picture_and_the_next_command(shell, trained, tmp_path):
    code, out, err = shell(*SEARCH, "--label", "sold", "--seed", 3)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert any(line.startswith("table.csv: ") and "to choose by" in line for line in lines)
    assert "chosen      3 latent dimensions, the best, and no smaller one is as good" in lines
    assert lines[-2].split() == ["figure", "runs/table-latent-dim/sizes.png"]
    assert lines[-1] == "next        keras-vae train --data table.csv --latent-dim 3 --label sold --seed 3"
    assert (tmp_path / "runs" / "table-latent-dim" / "sizes.png").exists()
    assert trained[0]["columns"] == (4,)


def test_a_smaller_size_than_the_best_is_explained(shell, trained):
    _, out, _ = shell(*SEARCH, "--label", "sold", "--sizes", "2,3,4", "--out", "there")
    assert "chosen      3" in out
    assert "there/sizes.png" in out


def test_options_reach_the_training(shell, trained):
    code, *_ = shell(
        *SEARCH,
        *("--drop", "a,sold", "--jobs", 1, "--minutes", 2, "--n-samples", 7),
        *("--likelihood", "gaussian", "--hidden-units", "8,4", "--sizes", "1,2"),
    )
    assert code == 0
    expected = {"minutes": 2.0, "likelihood": "gaussian", "hidden_units": [8, 4], "drop": ["a", "sold"]}
    assert trained[0] == {"jobs": 1, "n_samples": 7, "columns": (3,), **expected}


def test_json_is_one_object_and_nothing_else(shell, trained):
    code, out, err = shell(*SEARCH, "--json", "--sizes", "1,3")
    figures = json.loads(out)
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert (figures["chosen"], figures["sizes"]) == (3, [1, 3])
    assert figures["next"] == "keras-vae train --data table.csv --latent-dim 3"
    assert figures["figure"] == "runs/table-latent-dim/sizes.png"


def test_the_same_command_goes_on_and_other_settings_are_refused(shell, refused, trained):
    shell(*SEARCH, "--sizes", "1,2")
    code, out, _ = shell(*SEARCH, "--sizes", "1,2")
    assert code == 0
    assert "nats per row, 3 epochs" not in out
    refused(*SEARCH, "--sizes", "1,2", "--minutes", 3, match=r"give another folder.*minutes=3\.0, and 1\.0 there")


def test_ctrl_c_says_what_is_kept(shell, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(latent_size_search, "train_sizes", interrupt)
    code, _, err = shell(*SEARCH, "--json")
    assert code == 130
    assert err.strip().splitlines() == [
        "keras-vae: interrupted; what is finished is in runs/table-latent-dim, and the same command goes on"
    ]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["choose-latent-dim"], "Missing option '--data'"),
        (["choose-latent-dim", "--data", "none.csv"], "there is no data set 'none.csv'"),
        ([*SEARCH, "--sizes", "many"], "`sizes` must be whole numbers with commas, as 512,256"),
        ([*SEARCH, "--sizes", "0,1"], "`sizes` must be a tuple of one or more whole numbers >= 1"),
        ([*SEARCH, "--jobs", "0"], "`n_jobs` must be a whole number other than 0"),
        ([*SEARCH, "--n-samples", "0"], "`n_samples` must be a whole number >= 1"),
        ([*SEARCH, "--minutes", "-1"], "`minutes` must be a finite number > 0"),
        ([*SEARCH, "--out", "table.csv/x"], "table.csv is a file"),
        ([*SEARCH, "--likelihood", "normal"], "`likelihood` must be one of"),
    ],
)
def test_a_mistake_is_answered_in_one_line(refused, arguments, match):
    refused(*arguments, match=match)


def test_settings_of_images_are_not_offered():
    assert {"likelihood", "label", "drop", "columns"} <= set(passed_settings())
    assert not {"size", "image_fit", "grey"} & set(passed_settings())
