import itertools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_vae as kv

TEXTS = ["the cat sat", "the dog sat down", "a cat ran", "a dog ran away from the cat"]


@pytest.fixture(scope="module")
def tiny():
    """Two words: all texts of up to two of them can be counted."""
    return kv.make_language_model(kv.data.Tokenizer.learn(["a b", "b", "a a", "a"]), units=4, max_length=6, seed=0)


@pytest.fixture(scope="module")
def model():
    return kv.make_language_model(kv.data.Tokenizer.learn(TEXTS), units=8, n_layers=2, max_length=9, seed=1)


def rows_of(texts):
    """Rows of ids, the end behind them."""
    rows = np.zeros((len(texts), 1 + max(map(len, texts))), np.int32)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text) + 1] = [*text, 3]
    return rows


def by_steps(model, row):
    """log p of every token of a row, one step of the decoder after the other."""
    z = tf.zeros([1, 0])
    state, before, found = model.decoder.initial_state(z), 1, []
    for token in row[: 1 + list(row).index(3)]:
        log_probs, state = model.decoder.step(tf.constant([before]), z, state)
        found.append(float(log_probs[0, token]))
        before = token
    return found


def test_probabilities_of_all_texts_sum_to_one(tiny):
    tokens = range(2, tiny.tokenizer.n_tokens)
    tokens = [token for token in tokens if token != 3]
    texts = [list(body) for n in range(3) for body in itertools.product(tokens, repeat=n)]
    of_texts = np.exp(tiny.log_prob(rows_of(texts))).sum()
    longer = 0.0
    for body in itertools.product(tokens, repeat=2):
        steps = by_steps(tiny, [*body, 3])
        longer += np.exp(sum(steps[:2])) * (1.0 - np.exp(steps[2]))
    assert of_texts + longer == pytest.approx(1.0, rel=1e-5)


def test_log_prob_is_the_sum_over_the_steps(model):
    rows = model.tokenizer.rows(TEXTS)
    by_hand = [sum(by_steps(model, row)) for row in rows]
    np.testing.assert_allclose(model.log_prob(TEXTS), by_hand, rtol=1e-5)
    np.testing.assert_allclose(model.log_prob(TEXTS[::-1], batch_size=1), by_hand[::-1], rtol=1e-5)
    np.testing.assert_allclose(model.log_prob(np.pad(rows, [(0, 0), (0, 20)])), by_hand, rtol=1e-5)
    assert model.log_prob(TEXTS).dtype == np.float32


def test_texts_come_as_often_as_they_are_probable(tiny):
    n = 4000
    found = tiny.sample(n, seed=0, batch_size=n)
    for text in ("", "a", "b", "a a"):
        p = np.exp(tiny.log_prob([text])[0]) if text else np.exp(tiny.log_prob(np.array([[3]]))[0])
        assert abs(found.count(text) / n - p) < 5.0 * np.sqrt(p * (1.0 - p) / n)


def test_samples_repeat_by_seed_whatever_the_batches(model):
    first = model.sample(7, seed=3)
    assert first == model.sample(7, seed=3, batch_size=2)
    assert first[:2] == model.sample(2, seed=3)
    assert first != model.sample(7, seed=4)
    assert model.sample(3) != model.sample(3)


def test_the_likeliest_words_are_the_limit_of_draws(model):
    greedy = model.sample(2, strategy="greedy")
    assert greedy[0] == greedy[1]
    assert model.sample(2, seed=0, temperature=0.0) == model.sample(2, seed=0, top_p=1e-6) == greedy
    assert len(model.sample(1, strategy="beam")) == 1


def test_a_saved_model_is_the_same(model, tmp_path):
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.log_prob(TEXTS), model.log_prob(TEXTS))
    assert loaded.sample(3, seed=0) == model.sample(3, seed=0)
    assert loaded.tokenizer == model.tokenizer
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())


@pytest.mark.slow
def test_training_lowers_the_loss_which_is_minus_log_prob():
    model = kv.make_language_model(kv.data.Tokenizer.learn(TEXTS), units=16, dropout=0.0, seed=0)
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(TEXTS * 8, epochs=10, batch_size=8, verbose=0, validation_data=TEXTS).history
    assert history["loss"][-1] < history["loss"][0]
    found = model.evaluate(TEXTS, verbose=0, return_dict=True)
    assert found["elbo"] == pytest.approx(-found["loss"], rel=1e-6)
    assert found["elbo"] == pytest.approx(model.log_prob(TEXTS).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ("one text", r"`x` must be a list of texts. Received: one text"),
        ([], "at least one"),
        (["fine", None], "None"),
        (np.array([[4, 5]]), r"the end \(3\) behind them"),
        (np.array([[4.5, 3.0]]), "whole numbers"),
        (np.array([[999, 3]]), "999"),
    ],
)
def test_what_is_no_text_is_refused(model, x, message):
    with pytest.raises(ValueError, match=message):
        model.log_prob(x)


def test_arguments_that_mean_nothing_are_refused(model):
    tokenizer = model.tokenizer
    for arguments, message in (
        ({"n": 0}, "`n` must be a whole number >= 1"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"temperature": -1.0}, "`temperature` must be"),
        ({"top_p": 0.0}, "`top_p` must be"),
        ({"strategy": "best"}, "`strategy` must be one of"),
    ):
        with pytest.raises(ValueError, match=message):
            model.sample(**{"n": 2, **arguments})
    with pytest.raises(ValueError, match=r"latent_dim=0: a language model has no code"):
        kv.models.LanguageModel(kv.networks.TextDecoder(tokenizer.n_tokens, 3, units=4, embedding_dim=4), tokenizer)
    with pytest.raises(ValueError, match=r"`tokenizer` must be a keras_vae\.data\.Tokenizer"):
        kv.models.LanguageModel(model.decoder, TEXTS)
    with pytest.raises(ValueError, match="`max_length` must be a whole number >= 1"):
        kv.models.LanguageModel(model.decoder, tokenizer, max_length=0)
    with pytest.raises(ValueError, match="must not be set"):
        model.tokenizer = kv.data.Tokenizer.learn(["other"])


@pytest.mark.parametrize("verb", ["predict", "predict_on_batch"])
def test_a_model_without_a_code_reconstructs_nothing(model, verb):
    with pytest.raises(ValueError, match=rf"no reconstruction: use `log_prob\(x\)`.*Received: a call of `{verb}`"):
        getattr(model, verb)(TEXTS)
