"""`train-text`, `interpolate`, and the verbs of every run at a run of texts."""

import json
import re

import numpy as np
import pandas
import pytest
from runs.run_helpers import train_run, write_table
from tasks.text.text_helpers import write_sentences

from keras_vae.cli.summary import print_summary
from keras_vae.runs.open_run import open_run
from keras_vae.runs.run_folder import RunFolder
from keras_vae.runs.training import train
from keras_vae.tasks.text.settings import FIGURE_UNITS

SMALL = {"state_units": 8, "epochs": 1, "batch_size": 32}
A, B = "the cat saw a bird", "a judge sold the house"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run; not to be written to."""
    folder = tmp_path_factory.mktemp("text")
    write_sentences(folder / "a")
    settings = {**SMALL, "latent_dim": 2, "twin": False, "max_length": 10}
    opened, config, task, data = open_run(folder / "run", task="text", data=str(folder / "a.txt"), **settings)
    train(opened, config, task, data, verbose=0)
    return folder / "run"


@pytest.fixture(scope="module")
def language_run(tmp_path_factory):
    """A finished run of a language model."""
    folder = tmp_path_factory.mktemp("language")
    write_sentences(folder / "a")
    train(*open_run(folder / "run", task="language", data=str(folder / "a.txt"), **SMALL), verbose=0)
    return folder / "run"


def test_a_run_has_its_pictures_and_figures(run):
    pictures = {"loss_curves.png", "samples.png", "reconstructions.png", "interpolation.png", "use_of_the_code.png"}
    assert {path.name for path in (run / "figures").iterdir()} == pictures
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["negative_elbo"] > 0.0
    assert metrics["twin_negative_log_prob"] is None


def test_samples_are_printed_and_repeat_by_seed(shell, run):
    code, out, err = shell("sample", run, "-n", "5", "--seed", "0")
    assert (code, err, out.count("\n")) == (0, "", 5)
    assert shell("sample", run, "-n", "5", "--seed", "0")[1] == out
    assert shell("sample", run, "-n", "5")[1] != shell("sample", run, "-n", "5")[1]
    likeliest = shell("sample", run, "-n", "2", "--mean", "--temperature", "0")[1].splitlines()
    assert likeliest[0] == likeliest[1]


@pytest.mark.slow
def test_samples_are_written_by_the_ending(shell, run, tmp_path):
    texts = shell("sample", run, "-n", "5", "--seed", "0")[1].splitlines()
    for name in ("s.txt", "s.csv", "s.npz", "s.png"):
        told = f"5 samples in {name}, by the weights of epoch 1\n"
        assert shell("sample", run, "-n", "5", "--seed", "0", "--out", name) == (0, told, "")
    assert (tmp_path / "s.txt").read_text(encoding="utf-8").splitlines() == texts
    table = pandas.read_csv(tmp_path / "s.csv", keep_default_na=False)
    assert (list(table.columns), table["text"].tolist()) == (["text"], texts)
    with np.load(tmp_path / "s.npz") as arrays:
        assert arrays["x"].tolist() == texts
    assert (tmp_path / "s.png").stat().st_size > 1000


@pytest.mark.slow
def test_ways_between_texts_are_printed(shell, run):
    code, out, err = shell("interpolate", run, A, B, "--steps", "4")
    assert (code, err, out.count("\n")) == (0, "", 4)
    answer = json.loads(shell("interpolate", run, A, B, "--steps", "4", "--json")[1])
    assert answer == {"texts": out.splitlines()}
    ends = RunFolder(run).load_model().reconstruct([A, B], strategy="beam")
    way = json.loads(shell("interpolate", run, A, B, "--path", "spherical", "--json")[1])["texts"]
    assert (len(way), [way[0], way[-1]]) == (8, ends)


def test_every_row_of_other_texts_is_answered(shell, run, tmp_path):
    long = "the cat saw " + "a bird " * 9
    (tmp_path / "b.txt").write_text("\n".join([A, long, "zebra \U0001f993", B]) + "\n", encoding="utf-8")
    for command, out in (("reconstruct", "r.txt"), ("encode", "z.csv"), ("score", "s.csv")):
        code, told, err = shell(command, run, "--data", "b.txt", "--out", out)
        assert (code, told.split()[0]) == (0, "3")
        # One process tells the same once from one place.
        assert "left out: 1 of 4 sentences have more than max_length=10 tokens" in err or command != "reconstruct"
    model = RunFolder(run).load_model()
    texts = [A, "zebra \U0001f993", B]
    assert (tmp_path / "r.txt").read_text(encoding="utf-8").splitlines() == model.reconstruct(texts)
    codes, scores = (pandas.read_csv(tmp_path / name) for name in ("z.csv", "s.csv"))
    # Rows keep the numbers that they have in the file.
    assert codes["row"].tolist() == scores["row"].tolist() == [0, 2, 3]
    np.testing.assert_allclose(codes[["z_mean_0", "z_mean_1"]], model.encode(texts)[0], rtol=1e-4, atol=1e-5)
    assert (scores["log_prob"] < 0.0).all()
    np.testing.assert_allclose(scores["elbo"], -scores["reconstruction_loss"] - scores["kl"], rtol=1e-4)


def test_rows_of_its_own_data_name_their_parts(shell, run, tmp_path):
    code, _, err = shell("encode", run, "--data", run.parent / "a.txt", "--out", "z.csv")
    assert (code, err) == (0, "")
    codes = pandas.read_csv(tmp_path / "z.csv")
    assert codes["part"].value_counts().to_dict() == {"train": 49, "validation": 5, "test": 6}


@pytest.mark.slow
def test_a_run_is_looked_at(shell, run):
    code, out, _ = shell("evaluate", run, "--n-samples", "5", "--json")
    figures = json.loads(out)
    assert (code, figures["part"], figures["n_texts"]) == (0, "test", 6)
    assert figures["negative_log_prob_n_samples"] == 5
    out = shell("evaluate", run, "--n-samples", "5")[1]
    assert re.search(r"^  -ELBO +\d+\.\d\d  nats per text$", out, re.MULTILINE)
    assert out.endswith("\n  nats of texts, the end of each counted\n")
    assert "epoch       1 of 1, finished" in shell("curves", run, "--out", "c.png")[1]


FIGURES = {
    "part": "test",
    "negative_elbo": 58.314,
    "kl": 6.2,
    "mutual_information": 4.9,
    "active_units": 3,
    "latent_dim": 32,
    "nats_lost_when_shuffled": 5.25,
    "perplexity": 48.04,
    "perplexity_words_only": 60.51,
    "mutual_information_at_most": 8.9,
    "marginal_kl": 1.3,
    "negative_log_prob": 56.1,
    "negative_log_prob_standard_error": 0.44,
    "twin_negative_log_prob": 57.0,
    "n_texts": 7325,
    "negative_log_prob_n_rows": 200,
    "negative_log_prob_n_samples": 50,
    "units": "texts, the end of each counted",
    "note": "",
}


def printed(capsys, **figures):
    """Lines of the summary, blanks together."""
    print_summary(figures, FIGURE_UNITS)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line]


def test_figures_of_texts_have_their_units(capsys):
    assert printed(capsys, **FIGURES) == [
        "test part",
        "-ELBO 58.31 nats per text",
        "KL 6.20 nats per text",
        "information 4.90 nats that the codes carry about x",
        "marginal KL 1.30 nats between all codes together and the prior",
        "-log p(x) 56.10 +- 0.44 nats per text, 50 importance samples, 200 texts",
        "active units 3 of 32",
        "nats lost when shuffled 5.25 nats per text, when each gets the code of another",
        "perplexity 48.04 per token, the ends counted",
        "perplexity words only 60.51 per token, the ends not counted as tokens",
        "twin negative log prob 57.00 nats per text, of the same decoder without a code",
        "n texts 7325",
        "nats of texts, the end of each counted",
    ]
    exact = {name: FIGURES[name] for name in ("part", "negative_log_prob", "perplexity", "units")}
    lines = ["-log p(x) 56.10 nats per text", "perplexity 48.04 per token, the ends counted"]
    assert printed(capsys, **exact)[1:3] == lines


def test_texts_without_an_estimate_of_the_information_are_printed_without_it(capsys):
    unknown = {name: FIGURES[name] for name in FIGURES if name not in ("mutual_information_at_most", "marginal_kl")}
    lines = printed(capsys, **unknown | {"mutual_information": None, "nats_lost_when_shuffled": None})
    assert lines[1:3] == ["-ELBO 58.31 nats per text", "KL 6.20 nats per text"]
    assert not any("information" in line or "marginal" in line or "shuffled" in line for line in lines)
    # NaN in a file of figures, and a run whose figures say no limit.
    assert not any("information" in line for line in printed(capsys, **FIGURES | {"mutual_information": None}))
    assert "information 4.90 nats that the codes carry about x" in printed(capsys, **unknown)


@pytest.mark.slow
def test_the_doctor_and_the_export_take_texts(shell, run, tmp_path):
    assert shell("doctor", run)[0] == 0
    assert shell("export", run, "served")[0] == 0
    import keras_vae as kv

    served = kv.load_saved_model(tmp_path / "served")
    assert served.reconstruct([A])[0].decode() == RunFolder(run).load_model().reconstruct([A])[0]


@pytest.mark.slow
def test_a_language_model_does_what_it_can_and_says_what_it_cannot(shell, refused, language_run, tmp_path):
    assert shell("sample", language_run, "-n", "3")[1].count("\n") == 3
    write_sentences(tmp_path / "a")
    assert shell("score", language_run, "--data", "a.txt", "--out", "s.csv")[0] == 0
    assert list(pandas.read_csv(tmp_path / "s.csv").columns) == ["row", "log_prob"]
    assert json.loads(shell("evaluate", language_run, "--json")[1])["perplexity"] > 1.0
    assert shell("curves", language_run, "--out", "c.png")[0] == 0
    assert shell("export", language_run, "served")[0] == 0
    for command in ("encode", "reconstruct"):
        refused(command, language_run, "--data", "a.txt", match="a model with a code. Received: LanguageModel, which")
    refused("interpolate", language_run, A, B, match="must be the run of a VAE of texts .* one of .language.")
    refused("doctor", language_run, match="a model with a code")


@pytest.mark.slow
def test_a_run_that_was_interrupted_goes_on_to_the_same_end(shell, tmp_path, monkeypatch):
    write_sentences(tmp_path / "a")
    small = ["--latent-dim", "2", "--state-units", "4", "--epochs", "2", "--batch-size", "32", "--no-twin"]
    assert shell("train-text", "--data", "a.txt", *small, "--out", "whole")[0] == 0
    real = RunFolder.save_checkpoint

    def interrupted(self, model, epoch, *rest, **more):
        real(self, model, epoch, *rest, **more)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunFolder, "save_checkpoint", interrupted)
    code, _, err = shell("train-text", "--data", "a.txt", *small, "--out", "parts")
    assert code == 130
    assert "go on with: keras-vae train-text --out parts --resume" in err
    monkeypatch.setattr(RunFolder, "save_checkpoint", real)
    assert shell("train-text", "--out", "parts", "--resume")[0] == 0
    whole, parts = (json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("whole", "parts"))
    assert parts == whole


def test_train_hands_sentences_over_unless_an_option_says_otherwise(shell, refused, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr("keras_vae.cli.train_commands._train", lambda request, *rest: seen.append(request))
    write_sentences(tmp_path / "a")
    code, out, err = shell("train", "--data", "a.txt", "--epochs", "3", "--latent-dim", "4")
    told = "a.txt holds sentences: trained as by `keras-vae train-text`; --kind sequence takes its characters\n\n"
    assert (code, out, err) == (0, told, "")
    assert (seen[-1].task, seen[-1].settings["epochs"], seen[-1].settings["latent_dim"]) == ("text", 3, 4)
    for option in (["--kind", "sequence"], ["--hidden-units", "8"], ["--network", "recurrent"]):
        assert shell("train", "--data", "a.txt", *option) == (0, "", "")
        assert seen[-1].task == "vae"
    (tmp_path / "numbers.txt").write_text("1 2 3\n4 5 6\n" * 9)
    write_table(tmp_path / "t.csv")
    for name in ("numbers.txt", "t.csv", "digits"):
        assert shell("train", "--data", name) == (0, "", "")
        assert seen[-1].task == "vae"
    assert shell("train", "--data", "ptb")[1] == "ptb holds sentences: trained as by `keras-vae train-text`\n\n"
    assert seen[-1].task == "text"
    refused(
        "train", "--data", "ptb", "--hidden-units", "8", match="use `keras-vae train-text`, which has other options"
    )


@pytest.mark.slow
def test_a_run_on_characters_goes_on_as_it_began(shell, tmp_path):
    write_sentences(tmp_path / "a")
    train_run(tmp_path / "run", tmp_path / "a.txt", kind="sequence", network="recurrent", epochs=1)
    code, out, err = shell("train", "--data", "a.txt", "--out", "run", "--resume")
    assert (code, err) == (0, "")
    assert "is trained already: 1 epochs" in out


def test_mistakes_end_in_one_line(refused, run, tmp_path):
    refused("sample", run, "--out", "folder", match="`out` must have an ending")
    refused("sample", run, "--out", "s.gif", match="`out` must end in .* or .txt or .png")
    refused("sample", run, "--label", "x", match="`label` must be None for a model that is told no class")
    refused("interpolate", run, A, B, "--steps", "1", match="`steps` must be a whole number >= 2")
    refused("interpolate", run, A, B, "--path", "round", match="`path` must be one of")
    refused("interpolate", run, A, "the cat " * 9, match="max_length=10")
    refused("interpolate", tmp_path, A, B, match="is not a run folder")
    np.savez(tmp_path / "t.npz", x=np.zeros((5, 2)))
    refused("encode", run, "--data", "t.npz", "--out", "z.csv", match="files of sentences must end in")
    (tmp_path / "empty.txt").write_text("")
    refused("train-text", "--data", "empty.txt", match="empty.txt is empty")
    (tmp_path / "blank.txt").write_text("\n \n")
    refused("train-text", "--data", "blank.txt", match="blank.txt")
    (tmp_path / "nul.txt").write_bytes(b"a cat\nthe\x00dog\n")
    refused("train-text", "--data", "nul.txt", match="nul.txt")
    refused("train-text", match="`data` must be given|neither")


@pytest.mark.slow
def test_a_run_of_numbers_writes_no_texts(refused, tmp_path):
    train_run(tmp_path / "run", write_table(tmp_path / "t.csv"), epochs=1)
    refused("sample", tmp_path / "run", "--out", "s.txt", match="`out` must not end in .txt for data that are no texts")
    refused("interpolate", tmp_path / "run", A, B, match="must be the run of a VAE of texts .* Received: one of 'vae'")
