import keras
import numpy as np
import pytest
from helpers import linear_decoder, linear_encoder

from keras_vae.callbacks.picture_grid import PictureGrid
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE


def test_a_picture_is_written_after_every_epoch_and_training_goes_on_as_without(vae, x, tmp_path):
    pictures = PictureGrid(x, tmp_path / "figures", n_cols=3)
    vae.fit(x, epochs=2, callbacks=[pictures], verbose=0)
    files = sorted((tmp_path / "figures").iterdir())
    assert [p.name for p in files] == ["epoch-0001.png", "epoch-0002.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in files)

    alone = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    alone.compile("sgd", run_eagerly=True)
    keras.utils.set_random_seed(0)
    alone.fit(x, epochs=2, verbose=0, shuffle=False)
    with_pictures = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    with_pictures.compile("sgd", run_eagerly=True)
    with_pictures.fit(x, epochs=2, callbacks=[PictureGrid(x, tmp_path)], verbose=0, shuffle=False)
    for a, b in zip(alone.get_weights(), with_pictures.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_plain_autoencoder_has_a_picture_without_samples(x, tmp_path):
    model = Autoencoder(keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)]), linear_decoder())
    model.compile("sgd", run_eagerly=True)
    model.fit(x, epochs=1, callbacks=[PictureGrid(x, tmp_path)], verbose=0)
    assert [p.name for p in tmp_path.iterdir()] == ["epoch-0001.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_cols": 0}, "`n_cols` must be a whole number >= 1"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
    ],
)
def test_the_picture_grid_refuses_arguments_out_of_bounds(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        PictureGrid(np.zeros((4, 6)), tmp_path, **arguments)


def test_a_conditional_model_samples_under_the_conditions_of_the_examples(conditional_vae, tmp_path, monkeypatch):
    model, x, condition = conditional_vae
    seen = {}
    for verb in ("sample", "reconstruct"):
        monkeypatch.setattr(model, verb, lambda *args, verb=verb, **kw: seen.update({verb: kw["condition"]}) or x[:3])
    pictures = PictureGrid((x, condition), tmp_path, n_cols=3)
    pictures.set_model(model)
    pictures.on_epoch_end(0)
    for verb in ("sample", "reconstruct"):
        np.testing.assert_array_equal(seen[verb], condition[:3])
    assert (tmp_path / "epoch-0001.png").exists()


def test_a_conditional_model_has_a_picture(conditional_vae, tmp_path):
    model, x, condition = conditional_vae
    pictures = PictureGrid({"x": x, "condition": condition}, tmp_path, n_cols=3)
    model.fit((x, condition), callbacks=[pictures], verbose=0)
    assert [p.name for p in tmp_path.iterdir()] == ["epoch-0001.png"]
