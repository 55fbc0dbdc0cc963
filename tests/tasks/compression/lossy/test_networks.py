import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from tasks.compression.lossy.small_model import images, small_model

from keras_vae.priors.hyperprior import Hyperprior
from keras_vae.tasks.compression.exact.exact_network import ExactNetwork
from keras_vae.tasks.compression.lossy.networks import make_networks, stages_of
from keras_vae.tasks.compression.lossy.prior_networks import small_map

SHAPES = [(16, 16, 1), (28, 28, 1), (27, 45, 3), (9, 8, 3), (64, 61, 1)]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("stddev", [2.0, 16.0])
def test_before_training_the_error_is_as_large_as_the_standard_deviation(shape, stddev):
    encoder, decoder, _ = make_networks(shape, seed=0)
    x = np.random.default_rng(0).integers(0, 256, size=(8, *shape)).astype("float32")
    log_stddev = np.full((8, 1), np.log(stddev), "float32")
    z = np.rint(encoder([x, log_stddev]).numpy())
    mean, log_var = np.split(decoder([z, log_stddev]).numpy(), 2, axis=-1)
    # Cosines of noise are rounded to steps of stddev * sqrt(12): an error of variance step^2 / 12.
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(mean - x))), stddev, rtol=0.05)
    np.testing.assert_allclose(np.exp(0.5 * log_var), stddev, rtol=1e-5)


def test_large_images_get_a_stage_more():
    assert [len(stages_of((side, 60, 1))) for side in (16, 55, 56, 200)] == [2, 2, 3, 3]


@pytest.mark.slow
def test_sizes_fit_together():
    for shape in SHAPES:
        encoder, decoder, networks = make_networks(shape, seed=0)
        prior = Hyperprior(networks)
        n_hyper, *parts = prior.part_dims
        assert encoder.output_shape == (None, n_hyper + sum(parts)) == decoder.input_shape[0]
        assert decoder.output_shape == (None, *shape[:2], 2 * shape[2])
        # No fewer latents than an image has values: it may come back exactly.
        assert sum(parts) >= np.prod(shape)
        # Averages of patches of 4 or 8 pixels a side.
        assert parts[0] == shape[2] * np.prod([-(-side // 2 ** len(stages_of(shape))) for side in shape[:2]])


def test_the_first_part_is_the_averages_of_patches():
    encoder, _, networks = make_networks((16, 12, 3), seed=0)
    x = images(2, (16, 12, 3)).astype("float32")
    parts = np.split(
        encoder([x, np.zeros((2, 1), "float32")]).numpy(), np.cumsum(Hyperprior(networks).part_dims), axis=1
    )
    brightness = parts[1].reshape(2, 4, 3, 3)[..., 0]
    means = (x / 127.5 - 1.0).reshape(2, 4, 4, 3, 4, 3).mean(axis=(2, 4, 5))
    # An orthonormal average of 4 x 4 x 3 values is sqrt(48) of the mean, in steps of sqrt(12) grey levels.
    np.testing.assert_allclose(brightness, means * np.sqrt(48.0) * 127.5 / np.sqrt(12.0), rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_every_weight_is_trained():
    model = small_model()
    x, log_stddev = images(4).astype("float32"), tf.constant(np.log([[2.0], [4.0], [8.0], [16.0]]), tf.float32)
    model.compile("adam")
    model.fit((x, log_stddev), epochs=3, batch_size=4, verbose=0)
    before = model.get_weights()
    model.fit((x, log_stddev), epochs=1, batch_size=4, verbose=0)
    names = [w.path for w, b in zip(model.weights, before, strict=True) if w.trainable and np.array_equal(w.numpy(), b)]
    assert not names


def flat(networks):
    encoder, decoder, of_prior = networks
    return [encoder, decoder, *of_prior]


@pytest.mark.slow
def test_weights_depend_on_the_seed_alone():
    keras.utils.set_random_seed(5)
    first = make_networks((16, 16, 1), seed=3)
    keras.utils.set_random_seed(6)
    for a, b, c in zip(*map(flat, (first, *(make_networks((16, 16, 1), seed=n) for n in (3, 4)))), strict=True):
        for one, same in zip(a.get_weights(), b.get_weights(), strict=True):
            np.testing.assert_array_equal(one, same)
        assert any(not np.array_equal(one, other) for one, other in zip(a.get_weights(), c.get_weights(), strict=True))


@pytest.mark.slow
def test_they_are_saved_and_the_scales_have_an_exact_form(rng):
    encoder, decoder, networks = make_networks((27, 18, 3), seed=0)
    for network in (encoder, decoder, *networks):
        json.dumps(network.get_config())
        again = keras.Model.from_config(network.get_config())
        assert again.output_shape == network.output_shape
    *_, network = make_networks((27, 18, 3), seed=0)[2]
    exact, inputs = ExactNetwork.of(network), [rng.integers(-9, 10, size=(3, *s[1:])) for s in network.input_shape]
    for found, wanted in zip(exact(inputs), network([x.astype("float32") for x in inputs]), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("size", "sizes"),
    [((4, 4), [(2, 2)]), ((7, 7), [(4, 4)]), ((8, 16), [(4, 8), (2, 4)]), ((2, 3), [(1, 2)])],
)
def test_maps_are_halved_until_they_are_small(size, sizes):
    assert small_map(size).sizes == sizes
