"""`train-recommender`, `recommend` and `similar-items` at the shell."""

import json

import pandas
import pytest
from runs.run_helpers import write_table
from shell_helpers import without_progress
from tasks.ratings.ratings_helpers import write_log

import keras_vae as kv
from keras_vae.runs.open_run import open_run
from keras_vae.runs.training import train

SMALL = ["--latent-dim", "2", "--hidden-units", "8", "--epochs", "2"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run; not to be written to."""
    folder = tmp_path_factory.mktemp("ratings")
    log = write_log(folder / "plays.csv")
    settings = {"latent_dim": 2, "hidden_units": [8], "epochs": 2}
    opened, config, task, data = open_run(folder / "run", task="ratings", data=str(log), **settings)
    train(opened, config, task, data, verbose=0)
    return folder / "run"


def test_a_log_is_trained_on_and_everything_is_told(shell, tmp_path):
    write_log(tmp_path / "plays.csv")
    code, out, err = shell("train-recommender", "--data", "plays.csv", "--split", "time", *SMALL)
    assert (code, without_progress(err)) == (0, "")
    for told in (
        "column `user`  [--user]",
        "seconds since 1970",
        "what is after 2011-",
        "users, 40 items",
        "ndcg at 20",
    ):
        assert told in out
    made = tmp_path / "runs/plays-train-recommender"
    assert {p.name for p in (made / "figures").iterdir()} == {"loss_curves.png", "ranking_by_epoch.png", "ranking.png"}
    metrics = json.loads((made / "metrics.json").read_text())
    assert 0.0 <= metrics["recall_at_20"] <= 1.0
    code, out, _ = shell("train-recommender", "--out", made, "--resume")
    assert "is trained already: 2 epochs" in out
    code, out, _ = shell("evaluate", made, "--json")
    assert json.loads(out)["ndcg_at_20"] == metrics["ndcg_at_20"]


def test_users_of_a_file_are_answered_and_items_that_are_new_told(shell, run, tmp_path):
    (tmp_path / "new.csv").write_text("user,item\nzoe,song 1\nzoe,song 2\nmax,never heard\nmax,song 30\n")
    code, out, err = shell("recommend", run, "--user-items", "new.csv", "-k", "3")
    assert (code, out) == (0, "6 recommendations for 2 users in recommended.csv\n")
    assert err == "keras-vae: warning: 1 items are not known to the run and passed over: never heard\n"
    found = pandas.read_csv(tmp_path / "recommended.csv")
    assert list(found.columns) == ["user", "rank", "item", "score"]
    assert list(found.user) == ["zoe"] * 3 + ["max"] * 3
    assert list(found["rank"]) == [1, 2, 3] * 2
    assert not set(found.item) & {"song 1", "song 2", "song 30"}
    code, out, _ = shell("recommend", run, "--user-items", "new.csv", "-k", "3", "--out", "r.jsonl", "--json")
    assert json.loads(out) == {"users": 2, "rows": 6, "out": "r.jsonl"}


def test_one_user_is_answered_on_the_terminal(shell, run):
    code, out, err = shell("recommend", run, "--items", "song 1,song 2", "-k", "4")
    assert (code, err, len(out.splitlines())) == (0, "", 4)
    answer = json.loads(shell("recommend", run, "--items", "song 1,song 2", "-k", "4", "--json")[1])
    assert [line.split(maxsplit=2)[2] for line in out.splitlines()] == answer["items"]
    code, out, _ = shell("similar-items", run, "song 1, song 2", "-k", "2")
    assert out.splitlines()[0] == "song 1"
    assert len(out.splitlines()) == 6
    assert set(json.loads(shell("similar-items", run, "song 1", "--json")[1])) == {"song 1"}


def test_the_export_of_a_run_recommends(shell, run, tmp_path):
    assert shell("export", run, "served")[0] == 0
    answer = json.loads(shell("recommend", run, "--items", "song 1", "-k", "3", "--json")[1])
    served = kv.load_saved_model(tmp_path / "served").call("recommend", item_ids=[[b"song 1"]], k=3)
    assert [item.decode() for item in served["ids"][0]] == answer["items"]


@pytest.mark.slow
def test_the_commands_of_every_run_know_the_rows_of_users(shell, run, tmp_path):
    write_log(tmp_path / "plays.csv")
    for command, name in (("encode", "z_mean_0"), ("score", "elbo"), ("reconstruct", "x_0")):
        code, out, _ = shell(command, run, "--data", "plays.csv", "--out", f"{command}.csv")
        assert (code, out.split()[0]) == (0, "60")
        table = pandas.read_csv(tmp_path / f"{command}.csv")
        assert table["id"][0] == "u0"
        assert name in table.columns
    code, out, _ = shell("doctor", run)
    assert code in (0, 1)
    assert "active units" in out.lower()


def test_mistakes_end_in_one_line(refused, run, tmp_path):
    refused("recommend", run, match="one of `user_items` and `items` must be given")
    refused("recommend", run, "--items", "song 1", "-k", "99", match="`k` must be at most the number of items, 40")
    refused("recommend", run, "--items", "sonk 1", match="did you mean 'song 1'?")
    refused("recommend", run, "--user-items", "lost.csv", match="lost.csv")
    refused("recommend", tmp_path, "--items", "song 1", match="is not a run folder")
    (tmp_path / "a.csv").write_text("user,item\nann,song 1\n")
    refused("recommend", run, "--user-items", "a.csv", "--out", "a.csv", match="must be another file than the one")
    refused("train-recommender", "--data", "a.csv", match="must hold a user with 5 items that count")
    refused("train-recommender", match="`data` must be given|neither")


@pytest.mark.slow
def test_a_run_of_something_else_is_refused(refused, tmp_path):
    settings = {"latent_dim": 2, "hidden_units": [4], "epochs": 1}
    opened, config, task, data = open_run(tmp_path / "t", data=str(write_table(tmp_path / "t.csv")), **settings)
    train(opened, config, task, data, verbose=0)
    refused("recommend", tmp_path / "t", "--items", "a", match="must be the run of a recommender")
