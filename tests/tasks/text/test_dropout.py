"""The dropout of a model is another one after it was set, in what it computes and in what it is saved with."""

import numpy as np
import pytest

import keras_vae as kv
from keras_vae.runs.open_run import open_run
from keras_vae.runs.training import train
from keras_vae.tasks.text.dropout import set_dropout

TEXTS = ["the cat sat down", "the dog ran", "a cat ran away", "a dog sat"]
TOKENIZER = kv.data.Tokenizer.learn(TEXTS)


def features(model, seed=0):
    rows = TOKENIZER.rows(TEXTS)
    z = np.zeros((len(rows), model.decoder.latent_dim), np.float32)
    return np.asarray(model.decoder([z, model.decoder.told_before(rows)], training=True))


@pytest.mark.parametrize("network", ["lstm", "transformer"])
def test_nothing_is_left_out_once_it_is_0_and_something_again_after(network):
    model = kv.make_sequence_vae(TOKENIZER, latent_dim=2, network=network, units=8, dropout=0.9, seed=0)
    assert np.abs(features(model) - features(model)).max() > 0.01
    set_dropout(model, 0.0)
    np.testing.assert_array_equal(features(model), features(model))
    set_dropout(model, 0.5)
    assert np.abs(features(model) - features(model)).max() > 0.01
    assert (model.encoder.get_config()["dropout"], model.decoder.get_config()["dropout"]) == (0.5, 0.5)


def test_a_model_that_was_built_without_noise_gets_none():
    model = kv.make_language_model(TOKENIZER, units=8, dropout=0.0, seed=0)
    set_dropout(model, 0.0)
    with pytest.raises(ValueError, match=r"`dropout` must stay 0 for a model that was built without any. .*=0.5"):
        set_dropout(model, 0.5)


@pytest.mark.slow
def test_a_run_goes_on_with_another_one(tmp_path):
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS * 10))
    given = {"data": str(tmp_path / "texts.txt"), "task": "text"}
    sizes = {"state_units": 8, "latent_dim": 2, "twin": False, "batch_size": 8}
    train(*open_run(tmp_path / "run", **given, **sizes, epochs=2, dropout=0.5), verbose=0)
    train(*open_run(tmp_path / "run", resume=True, **given, epochs=3, dropout=0.2), verbose=0)
    model = kv.load_run(tmp_path / "run").model
    assert model.decoder.drop_outputs.rate == model.encoder.drop_inputs.rate == 0.2
