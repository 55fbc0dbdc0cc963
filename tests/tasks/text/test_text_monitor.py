import pytest

import keras_vae as kv
from keras_vae.tasks.text import TextMonitor, model_quality

TEXTS = ["the cat sat", "the dog sat down", "a cat ran", "a dog ran"] * 3


@pytest.mark.slow
def test_the_logs_are_what_is_measured_of_the_model(capsys):
    model = kv.make_sequence_vae(kv.data.Tokenizer.learn(TEXTS), latent_dim=3, units=8, seed=0)
    model.compile("adam")
    history = model.fit(TEXTS, epochs=2, callbacks=[TextMonitor(TEXTS, every=2)], verbose=0).history
    found = model_quality(model, TEXTS)
    assert history["text_nats"] == [pytest.approx(found.negative_elbo.mean)]
    assert history["text_kl"] == [pytest.approx(found.kl.mean)]
    assert history["text_information"] == [pytest.approx(found.mutual_information)]
    assert history["text_lost_when_shuffled"] == [pytest.approx(found.nats_lost_when_shuffled.mean)]
    assert history["text_perplexity"] == [pytest.approx(found.bound_perplexity.with_end)]
    printed = capsys.readouterr().out
    assert "epoch 2: nats" in printed
    assert "epoch 1:" not in printed
    assert all(f"  {text}\n" in printed for text in model.sample(2, seed=0))


@pytest.mark.parametrize(
    ("options", "message"), [({"every": 0}, r"`every` must"), ({"n_shown": -1}, r"`n_shown` must")]
)
def test_numbers_out_of_bounds_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        TextMonitor(TEXTS, **options)
