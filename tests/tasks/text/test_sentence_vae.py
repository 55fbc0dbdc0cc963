import math

import numpy as np
import pytest
from tasks.text.text_helpers import sentences, write_sentences

import keras_vae as kv
from keras_vae.tasks.text import SentenceVAE

TEXTS = sentences()
SMALL = {"latent_dim": 3, "state_units": 12, "batch_size": 16, "seed": 0}


@pytest.fixture(scope="module")
def task():
    """Trained in three epochs, the first as an autoencoder, with a twin."""
    return SentenceVAE(**SMALL, epochs=3).fit(TEXTS, verbose=0)


def prepared(texts=TEXTS, **settings):
    task = SentenceVAE(**{**SMALL, "epochs": 2, **settings})
    data = task.load(texts)
    return task.prepare(data), data


def test_a_fitted_task_has_a_model_a_twin_and_a_history(task):
    assert isinstance(task.model_, kv.models.SequenceVAE)
    assert isinstance(task.model_.twin, kv.models.LanguageModel)
    assert not task.model_.twin.trainable
    assert task.settings_["autoencoder_first"] == 1
    assert task.history_["beta"][0] == 0.0
    assert task.history_["beta"][-1] == 1.0
    assert len(task.history_["val_elbo"]) == 3
    assert task.tokenizer is not None
    assert task.tokenizer == task.model_.tokenizer


def test_samples_are_texts_that_repeat_by_seed(task):
    found = task.sample(20, seed=0)
    assert len(found) == 20
    assert all(isinstance(text, str) for text in found)
    assert found == task.sample(20, seed=0)
    assert found != task.sample(20, seed=1)
    assert found != task.sample(20)
    words = {word for text in TEXTS for word in text.split()}
    assert {word for text in found for word in text.split()} <= words | {"<unk>"}


@pytest.mark.slow
def test_ways_between_texts_have_their_reconstructions_at_the_ends(task):
    way = task.interpolate(TEXTS[0], TEXTS[1])
    assert len(way) == 8
    assert [way[0], way[-1]] == task.reconstruct(TEXTS[:2], strategy="beam")
    arc = task.interpolate(TEXTS[0], TEXTS[1], steps=3, path="spherical")
    assert [arc[0], arc[-1]] == [way[0], way[-1]]
    assert len(task.reconstruct(TEXTS[:5])) == 5


def test_the_score_is_the_mean_importance_weighted_log_prob(task):
    assert task.score(TEXTS[:6], n_samples=20) == pytest.approx(task.model_.log_prob(TEXTS[:6], 20).mean(), rel=1e-5)
    assert task.score(TEXTS[:6]) > task.model_.elbo(TEXTS[:6], n_samples=50).mean()


def test_the_report_says_whether_the_code_is_used(task):
    found = task.report(TEXTS)
    asked = "negative_elbo kl mutual_information active_units perplexity nats_lost_when_shuffled twin_negative_log_prob"
    assert set(asked.split()) <= set(found)
    n_tokens = sum(len(text.split()) + 1 for text in TEXTS)
    assert (found["n_texts"], found["n_tokens"], found["latent_dim"]) == (80, n_tokens, 3)
    assert 0.0 <= found["mutual_information"] <= min(found["kl"], math.log(80)) + 0.1
    assert found["marginal_kl"] == pytest.approx(found["kl"] - found["mutual_information"])
    assert found["twin_negative_log_prob"] == pytest.approx(-task.model_.twin.log_prob(TEXTS).mean(), rel=1e-5)
    assert found["perplexity"] == pytest.approx(math.exp(found["negative_elbo"] * 80 / n_tokens), rel=1e-5)
    assert found["perplexity_words_only"] == pytest.approx(math.exp(found["negative_elbo"] * 80 / (n_tokens - 80)))


def test_an_evaluation_adds_the_importance_weighted_bound(task):
    found = task.evaluate(task.model_, task.load(TEXTS, all_rows=True), n_samples=20, n_rows=30)
    assert found["part"] == "train"
    assert (found["negative_log_prob_n_rows"], found["negative_log_prob_n_samples"]) == (30, 20)
    assert found["negative_log_prob_standard_error"] > 0.0
    assert abs(found["negative_log_prob"] - found["negative_elbo"]) < 5.0
    with pytest.raises(ValueError, match="`n_annealed` must be 0 for a model of texts"):
        task.evaluate(task.model_, task.load(TEXTS), n_annealed=3)


def test_a_saved_task_is_the_same(task, tmp_path):
    task.save(tmp_path / "saved")
    loaded = SentenceVAE.load_fitted(tmp_path / "saved")
    assert loaded.sample(5, seed=2) == task.sample(5, seed=2)
    assert loaded.score(TEXTS[:4], 10) == task.score(TEXTS[:4], 10)
    np.testing.assert_array_equal(loaded.model_.twin.log_prob(TEXTS[:4]), task.model_.twin.log_prob(TEXTS[:4]))
    assert loaded.tokenizer == task.tokenizer
    assert loaded.settings_ == task.settings_


def test_the_decoder_that_begins_again_is_that_of_a_new_model():
    task, _ = prepared()
    first, again = (task.build_model().decoder.get_weights() for _ in range(2))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_a_task_without_a_twin_or_an_autoencoder_says_none():
    task = SentenceVAE(**SMALL, epochs=1, twin=False, network="gru", both_ways=True).fit(TEXTS, verbose=0)
    assert task.settings_["autoencoder_first"] == 0
    assert task.model_.twin is None
    assert task.report(TEXTS)["twin_negative_log_prob"] is None
    with pytest.raises(ValueError, match=r"`twin` must be a `models.LanguageModel` of the same tokenizer"):
        task.model_.twin = kv.make_language_model(kv.data.Tokenizer.learn(["other words"]), units=4)


def test_free_nats_are_a_twentieth_of_what_a_text_costs_word_by_word():
    task, data = prepared(validation=0.0)
    words = " ".join(data.x_train).split()
    ends = len(data.x_train)
    counts = np.array([words.count(word) for word in set(words)] + [ends])
    nats = -(counts * np.log(counts / counts.sum())).sum() / ends
    assert task.settings_["free_nats"] == pytest.approx(nats / 20, abs=0.006)
    assert prepared(free_nats=0.0)[0].settings_["free_nats"] == 0.0


def test_few_texts_are_learned_with_more_dropout_in_small_batches():
    settings = prepared(batch_size=None)[0].settings_
    assert (settings["dropout"], settings["batch_size"]) == (0.5, 8)
    assert prepared(dropout=0.1)[0].settings_["dropout"] == 0.1


def test_texts_come_as_lists_arrays_and_files(tmp_path):
    path = write_sentences(tmp_path / "a")
    of_file = SentenceVAE().load(str(path), all_rows=True)
    assert of_file.x_train.tolist() == sentences(60)
    for given in (sentences(60), tuple(sentences(60)), np.array(sentences(60))):
        assert SentenceVAE(validation=0.0).load(given).x_train.tolist() == sentences(60)
    (tmp_path / "a.tsv").write_text("text\tlabel\n" + "".join(f"{text}\t{i % 2}\n" for i, text in enumerate(TEXTS)))
    assert SentenceVAE().load(str(tmp_path / "a.tsv"), all_rows=True).x_train.tolist() == TEXTS


def test_blank_and_long_texts_are_left_out_and_counted():
    with pytest.warns(UserWarning, match="2 of 82 texts are blank: they are left out"):
        data = SentenceVAE(validation=0.0).load([*TEXTS, "", " \t"])
    assert data.n_train == 80
    long = [text for text in data.x_train if len(text.split()) > 6]
    with pytest.warns(UserWarning, match=rf"left out: {len(long)} of 80 sentences have more than max_length=7"):
        task, data = prepared(max_length=7, validation=0.0)
    rows = task.rows(data, "train")
    assert len(rows) == len(task.row_numbers(data)) == 80 - len(long)
    assert all(len(data.x_train[row].split()) <= 6 for row in task.row_numbers(data))
    with pytest.raises(ValueError, match=r"`max_length` must leave a text of the train part\. Received: max_length=2"):
        prepared(max_length=2)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "must hold"),
        (["", " "], "must hold a text that is more than blanks. Received: 2 blank ones"),
        (["fine", None], "None"),
        (["fine", float("nan")], "nan"),
        (["fine", 3], "3"),
        (np.zeros((4, 2)), "text"),
    ],
    ids=["none", "blank", "None", "nan", "number", "numbers"],
)
def test_what_is_no_list_of_texts_is_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        SentenceVAE(**SMALL).fit(texts, verbose=0)


def test_data_of_other_kinds_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="lost"):
        SentenceVAE().load(str(tmp_path / "lost.txt"))
    np.savez(tmp_path / "x.npz", x=np.zeros((9, 3)))
    with pytest.raises(ValueError, match=r"files of sentences must end in"):
        SentenceVAE().load(str(tmp_path / "x.npz"))
    table = kv.data.Dataset("table", np.zeros((9, 3)), None, None, None, event_shape=(3,), kind="table")
    with pytest.raises(ValueError, match=r"table must hold texts: .* Received: table data"):
        SentenceVAE().load(table)
    with pytest.raises(ValueError, match=r"table must hold texts\. Received: table data"):
        SentenceVAE().check_data(table)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": 1.0}, r"`dropout` must be in \[0, 1\)"),
        ({"dropout": -0.1}, "`dropout` must be"),
        ({"word_dropout": 1.5}, "`word_dropout` must be"),
        ({"network": "dense"}, "`network` must be one of"),
        ({"unit": "syllables"}, "`unit` must be one of"),
        ({"latent_dim": 0}, "`latent_dim` must be a whole number >= 1"),
        ({"free_nats": -1.0}, "`free_nats` must be"),
        ({"warm_up_share": 2.0}, "`warm_up_share` must be"),
        ({"max_tokens": 4}, "`max_tokens` must be a whole number >= 5"),
        ({"twin": "yes"}, "`twin` must be"),
    ],
    ids=str,
)
def test_settings_out_of_bounds_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        prepared(**settings)


def test_what_is_asked_before_fit_is_refused():
    for verb, arguments in (
        ("sample", [2]),
        ("reconstruct", [TEXTS]),
        ("interpolate", TEXTS[:2]),
        ("score", [TEXTS]),
        ("report", [TEXTS]),
    ):
        with pytest.raises(ValueError, match=f"SentenceVAE must be fitted before it can {verb}: call `fit`"):
            getattr(SentenceVAE(), verb)(*arguments)


def test_few_texts_are_judged_on_what_was_trained_on_and_one_is_refused_at_once():
    task = SentenceVAE(validation=0.0)
    data = task.load(["a b", "c d", "e"])
    assert task.prepare(data).held_out(data)[2] == "train"
    with pytest.raises(ValueError, match=r"texts must hold at least 2 texts to train on\. Received: 1"):
        SentenceVAE().fit(["one text"], verbose=0)
