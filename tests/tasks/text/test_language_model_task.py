import math

import numpy as np
import pytest
from tasks.text.text_helpers import sentences

import keras_vae as kv
from keras_vae.tasks.text import LanguageModel

TEXTS = sentences()


@pytest.fixture(scope="module")
def task():
    return LanguageModel(state_units=12, batch_size=16, epochs=2, seed=0).fit(TEXTS, verbose=0)


def test_a_fitted_task_writes_texts_and_has_an_exact_likelihood(task):
    assert isinstance(task.model_, kv.models.LanguageModel)
    assert task.sample(4, seed=0) == task.sample(4, seed=0)
    assert all(isinstance(text, str) for text in task.sample(4))
    assert task.score(TEXTS) == pytest.approx(task.model_.log_prob(TEXTS).mean(), rel=1e-6)
    assert task.history_["val_elbo"][-1] > task.history_["val_elbo"][0]


def test_figures_are_nats_and_perplexities_of_both_conventions(task):
    found = task.evaluate(task.model_, task.load(TEXTS, all_rows=True))
    n_words = sum(len(text.split()) for text in TEXTS)
    nats = -task.score(TEXTS)
    assert found["negative_log_prob"] == pytest.approx(nats, rel=1e-5)
    assert found["perplexity"] == pytest.approx(math.exp(nats * 80 / (n_words + 80)), rel=1e-5)
    assert found["perplexity_words_only"] == pytest.approx(math.exp(nats * 80 / n_words), rel=1e-5)
    assert (found["part"], found["n_texts"]) == ("train", 80)


def test_a_saved_task_is_the_same(task, tmp_path):
    task.save(tmp_path / "saved")
    loaded = LanguageModel.load_fitted(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.model_.log_prob(TEXTS[:5]), task.model_.log_prob(TEXTS[:5]))
    assert loaded.sample(3, seed=1) == task.sample(3, seed=1)


def test_it_is_the_twin_of_the_same_settings(task):
    assert {"latent_dim", "beta", "free_nats", "twin"}.isdisjoint(LanguageModel.settings)
    assert task.settings_["dropout"] == 0.5


def test_what_is_asked_before_fit_is_refused():
    with pytest.raises(ValueError, match="LanguageModel must be fitted before it can sample: call `fit`"):
        LanguageModel().sample(2)
    with pytest.raises(ValueError, match="LanguageModel must be fitted before it can score: call `fit`"):
        LanguageModel().score(TEXTS)
