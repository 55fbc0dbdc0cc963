import keras
import numpy as np
import pytest

from keras_vae.networks import make_decoder, make_encoder
from keras_vae.networks.feature_maps import map_sizes, step_up


@pytest.mark.parametrize("event_shape", [(784,), (28, 28, 1)])
def test_dense_pair_is_784_512_20_512_784(event_shape):
    encoder = make_encoder(event_shape, 20, "dense", (512,))
    decoder = make_decoder(event_shape, 20, "dense", (512,))
    assert encoder.count_params() == 784 * 512 + 512 + 2 * (512 * 20 + 20)
    assert decoder.count_params() == 20 * 512 + 512 + 512 * 784 + 784
    assert encoder.count_params() + decoder.count_params() == 835_384


def test_dense_decoder_mirrors_the_encoder():
    decoder = make_decoder((9,), 2, "dense", (7, 5, 3))
    assert [layer.units for layer in decoder.layers if hasattr(layer, "units")] == [3, 5, 7, 9]


def test_conv_pair_for_28x28_is_the_standard_one():
    encoder, decoder = make_encoder((28, 28, 1), 20, "conv"), make_decoder((28, 28, 1), 20, "conv")
    flat = 7 * 7 * 64
    assert encoder.count_params() == (9 * 32 + 32) + (9 * 32 * 64 + 64) + 2 * (flat * 20 + 20)
    assert decoder.count_params() == (20 * flat + flat) + (9 * 64 * 32 + 32) + (9 * 32 + 1)
    assert decoder.get_layer("from_z_shaped").output.shape == (None, 7, 7, 64)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["conv", "resnet"])
@pytest.mark.parametrize(
    "shape",
    [(7, 9, 1), (28, 20, 1), (8, 8, 1), (32, 32, 3), (28, 28, 1), (5, 5, 1), (1, 1, 1), (1, 17, 2), (2, 3, 1)],
    ids=str,
)
def test_decoder_comes_back_to_any_size(network, shape):
    hidden_units = (4, 4, 4)
    assert make_decoder(shape, 2, network, hidden_units).output_shape == (None, *shape)
    encoder = make_encoder(shape, 2, network, hidden_units)
    assert encoder.get_layer("flat").input.shape[1:3] == map_sizes(*shape[:2], 3)[-1]


@pytest.mark.parametrize(
    ("size", "n_stages", "expected"),
    [
        pytest.param((28, 28), 2, [(28, 28), (14, 14), (7, 7)], id="mnist"),
        pytest.param((7, 9), 2, [(7, 9), (4, 5), (2, 3)], id="odd"),
        pytest.param((8, 1), 4, [(8, 1), (4, 1), (2, 1), (1, 1), (1, 1)], id="stops-at-one"),
        pytest.param((3, 2), 1, [(3, 2), (2, 1)], id="small"),
    ],
)
def test_map_sizes_halve_until_one(size, n_stages, expected):
    assert map_sizes(*size, n_stages) == expected


@pytest.mark.parametrize("size", [(28, 28), (27, 28)], ids=str)
def test_step_up_keeps_the_second_moment_through_relu(size):
    keras.utils.set_random_seed(0)
    small = map_sizes(*size, 1)[-1]
    z = keras.Input((*small, 64))
    layer = keras.Model(z, step_up(z, size, 64, "up"))
    rng = np.random.default_rng(0)
    h = np.maximum(rng.normal(size=(64, *small, 64)), 0).astype("float32")
    # relu halves the second moment, the weights double it again. Away from the border, where taps are missing; the
    # weights are one draw of 9 * 64 * 64, and their sum weighs the mean of h, hence a tenth.
    inner = np.asarray(layer(h))[:, 2:-2, 2:-2]
    assert abs(np.mean(np.square(inner)) - 1.0) < 0.1
