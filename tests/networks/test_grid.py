import keras
import numpy as np
import pytest

from keras_vae.networks.grid import grid_decoder, grid_encoder


@pytest.mark.parametrize("event_shape", [(28, 28, 1), (9, 7, 3), (1, 5, 2)], ids=str)
def test_encoder_and_decoder_have_one_grid_and_the_decoder_the_size_of_the_image(event_shape):
    encoder, decoder = grid_encoder(event_shape, 3, (4, 6)), grid_decoder(event_shape, 3, (4, 6))
    assert encoder.output_shape == decoder.input_shape
    assert encoder.output_shape[1:] == (*(-(-n // 4) for n in event_shape[:2]), 3)
    assert decoder.output_shape == (None, *event_shape)


def test_a_code_has_its_place_in_the_image(rng):
    decoder = grid_decoder((16, 16, 1), 3, (4, 6))
    entries = rng.normal(size=(1, 4, 4, 3)).astype("float32")
    changed = entries.copy()
    changed[0, 0, 0] += 1.0
    differs = np.abs(decoder(changed) - decoder(entries))[0, ..., 0] > 0.0
    assert differs[:4, :4].any()
    assert not differs[12:].any()


def test_outputs_are_single_precision_under_mixed_precision(mixed_float16):
    assert grid_encoder((8, 8, 1), 3)(np.zeros((2, 8, 8, 1))).dtype == "float32"
    assert grid_decoder((8, 8, 1), 3)(np.zeros((2, 2, 2, 3))).dtype == "float32"


def test_input_layers_come_first():
    encoder = grid_encoder((8, 8, 1), 3, (4,), [keras.layers.Rescaling(0.0)])
    assert np.ptp(encoder(np.random.default_rng(0).normal(size=(5, 8, 8, 1))).numpy(), axis=0).max() == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(lambda: grid_encoder((8, 8), 3), "must be", id="encoder-shape"),
        pytest.param(lambda: grid_encoder((8, 8, 1), 0), "`code_dim` must be a whole number >= 1", id="encoder-dim"),
        pytest.param(
            lambda: grid_decoder((8,), 3), r"`params_shape` must be \(height, width, channels\)", id="decoder"
        ),
        pytest.param(lambda: grid_decoder((8, 8, 1), 0), "`code_dim` must be a whole number >= 1", id="decoder-dim"),
        pytest.param(
            lambda: grid_decoder((8, 8, 1), 3, ()), "`hidden_units` must be a tuple of one or more", id="none"
        ),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
