"""Figures of a VAE of texts: by the verbs of the model, and on a decoder whose use of the code is known."""

import numpy as np
import pytest

from keras_vae.data.tokenizer import Tokenizer
from keras_vae.evaluation import active_units, kl_split
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.models.make_sequence_vae import make_sequence_vae
from keras_vae.tasks.text.quality import model_quality

TEXTS = ["the cat sat", "the dog sat down", "a cat ran", "a cow", "the cow ran home", "a dog sat"]


@pytest.fixture(scope="module")
def model():
    model = make_sequence_vae(Tokenizer.learn(TEXTS), latent_dim=3, units=16, seed=0)
    model.compile("adam")
    return model


def test_figures_are_those_of_the_verbs_of_the_model(model):
    found = model_quality(model, TEXTS, n_samples=20)
    assert found.negative_elbo.mean == pytest.approx(-model.elbo(TEXTS, 20).mean(), rel=1e-5)
    assert found.negative_log_prob.mean == pytest.approx(-model.log_prob(TEXTS, 20).mean(), rel=1e-5)
    z_mean, z_log_var = model.encode(TEXTS)
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1.0 - z_log_var).sum(axis=1)
    assert found.kl.mean == pytest.approx(kl.mean(), rel=1e-4, abs=1e-6)
    assert found.mutual_information == pytest.approx(kl_split(z_mean, z_log_var).mutual_information, rel=1e-6)
    assert (found.active_units, found.latent_dim) == (active_units(z_mean).sum(), 3)
    # 18 words and 6 ends.
    assert found.bound_perplexity.with_end == pytest.approx(np.exp(6 * found.negative_elbo.mean / 25), rel=1e-6)
    assert found.perplexity.words_only == pytest.approx(np.exp(6 * found.negative_log_prob.mean / 19), rel=1e-6)
    assert model_quality(model, TEXTS).negative_log_prob is None


def test_rows_of_tokens_are_texts(model):
    assert model_quality(model, model.tokenizer.rows(TEXTS)) == model_quality(model, TEXTS)


def test_a_code_that_is_not_used_loses_nothing_when_shuffled():
    model = make_sequence_vae(Tokenizer.learn(TEXTS), latent_dim=3, units=16, seed=0)
    for weight in model.encoder.trainable_weights:
        weight.assign(np.zeros(weight.shape))
    found = model_quality(model, TEXTS)
    # All codes are drawn from one distribution: they say nothing, whatever their KL.
    assert found.mutual_information == pytest.approx(0.0, abs=1e-6)
    assert found.active_units == 0
    assert abs(found.nats_lost_when_shuffled.mean) < 5 * found.nats_lost_when_shuffled.standard_error + 1e-3


@pytest.mark.slow
def test_a_code_that_says_everything_is_found_to_do_so():
    # Four texts without a word in common: whoever gets another's code is wrong about every word.
    texts = 64 * ["a a a", "b b b", "c c c", "d d d"]
    model = make_sequence_vae(Tokenizer.learn(texts), latent_dim=2, units=16, seed=0, beta=0.3)
    model.compile("adam")
    model.optimizer.learning_rate = 0.02
    model.fit(texts, epochs=40, batch_size=32, verbose=0)
    found = model_quality(model, texts[:64])
    assert found.mutual_information == pytest.approx(np.log(4.0), abs=0.15)
    assert found.nats_lost_when_shuffled.mean > 3.0
    assert found.active_units >= 1


def test_behind_a_posterior_flow_the_information_is_not_told():
    flow = InverseAutoregressiveFlow(n_steps=1, hidden_units=(4,), seed=0)
    model = make_sequence_vae(Tokenizer.learn(TEXTS), latent_dim=3, units=8, posterior_flow=flow, seed=0)
    found = model_quality(model, TEXTS)
    assert found.mutual_information is found.mutual_information_error is found.nats_lost_when_shuffled is None
    assert np.isfinite(found.negative_elbo.mean)


def test_what_does_not_fit_is_refused(model):
    with pytest.raises(ValueError, match=r"`texts` must be at least two, to exchange their codes. Received: 1"):
        model_quality(model, TEXTS[:1])
    with pytest.raises(ValueError, match="`n_samples` must be a whole number >= 1"):
        model_quality(model, TEXTS, n_samples=0)
    with pytest.raises(ValueError, match=r"`texts` must be a list of texts. Received: one text"):
        model_quality(model, "the cat sat")
