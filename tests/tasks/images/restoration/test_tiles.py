"""Tiles: any two tilings give the same image, and one large tile too; draws have no seams."""

import numpy as np
import pytest
from tasks.images.restoration.restoration_helpers import SMALL

from keras_vae.tasks.images.restoration.build_model import build_model, margin_of, stride_of
from keras_vae.tasks.images.restoration.degradations import Hide, Noise, Shrink
from keras_vae.tasks.images.restoration.tiles import TiledNetworks, mirrored

CASES = [
    pytest.param(Noise("gaussian", (0.1, 0.1)), [8, 8], 1, id="noise"),
    pytest.param(Noise("gaussian", (0.1, 0.1)), [6, 6, 6, 6], 3, id="four-levels-colours", marks=pytest.mark.slow),
    pytest.param(Shrink(2), [8, 8], 1, id="shrink", marks=pytest.mark.slow),
    pytest.param(Shrink(3), [8, 8], 1, id="shrink-by-three", marks=pytest.mark.slow),
    pytest.param(Hide("random", (0.5, 0.5)), [8, 8], 1, id="hide", marks=pytest.mark.slow),
]


def networks(degradation, hidden_units, channels, tile):
    settings = {**SMALL, "hidden_units": hidden_units, "learning_rate": 1e-3}
    side = 12 if degradation.factor == 3 else 8
    model = build_model(settings, (side, side, channels), degradation, "image")
    rng = np.random.default_rng(0)
    for part in (model.condition_network, model.decoder):
        # Every kernel takes part: at the start some are zero.
        part.set_weights([_random(rng, weight) for weight in part.get_weights()])
    return TiledNetworks(model, settings, degradation, tile)


def _random(rng, weight):
    """A kernel of unit gain; what is no kernel stays as it is."""
    return rng.normal(0.0, 1.2 / np.sqrt(weight[..., 0].size), weight.shape) if weight.ndim > 1 else weight


@pytest.mark.slow
@pytest.mark.parametrize(("degradation", "hidden_units", "channels"), CASES)
def test_two_tilings_and_one_large_tile_agree(degradation, hidden_units, channels, rng):
    arguments = degradation, hidden_units, channels
    shape = degradation.condition_shape((138, 75, channels))
    told = rng.random((2, *shape), np.float32)
    small, large, one = (networks(*arguments, tile) for tile in (32, 96, 512))
    wanted = one.estimate(told)
    assert wanted.shape[1:3] == one.size_of(told)
    scale = np.abs(wanted).max()
    for other in (small, large):
        np.testing.assert_allclose(other.estimate(told), wanted, rtol=0, atol=2e-5 * scale)
    drawn = [n.draws(told, 1, np.random.default_rng(3), 1.0)[:, 0] for n in (small, large, one)]
    assert np.abs(drawn[2] - wanted).max() > 0.01 * scale
    for other in drawn[:2]:
        np.testing.assert_allclose(other, drawn[2], rtol=0, atol=5e-5 * np.abs(drawn[2]).max())


def test_an_image_of_the_size_of_the_training_goes_through_the_model_itself(rng):
    tiled = networks(Noise("gaussian", (0.1, 0.1)), [8, 8], 1, 512)
    told = rng.random((3, 8, 8, 1), np.float32)
    wanted = tiled.model.condition_network(told)["mean"]
    np.testing.assert_allclose(tiled.estimate(told), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (3, 50), (40, 5)])
def test_images_smaller_than_a_stride_or_a_margin_come_out_in_their_size(size, rng):
    tiled = networks(Noise("gaussian", (0.1, 0.1)), [8, 8], 1, 512)
    told = rng.random((1, *size, 1), np.float32)
    assert np.isfinite(tiled.estimate(told)).all()
    assert tiled.draws(told, 2, rng, 1.0).shape == (1, 2, *size, 1)


def test_the_spread_scales_the_distance_from_the_estimate(rng):
    tiled = networks(Noise("gaussian", (0.1, 0.1)), [8, 8], 1, 512)
    told = rng.random((2, 8, 8, 1), np.float32)
    estimate = tiled.estimate(told)
    one, two = (tiled.draws(told, 1, np.random.default_rng(0), spread)[:, 0] - estimate for spread in (1.0, 2.0))
    np.testing.assert_allclose(2.0 * one, two, rtol=1e-4, atol=1e-5)


def test_an_image_goes_on_as_its_mirror_image():
    np.testing.assert_array_equal(mirrored(np.arange(-4, 7), 3), np.pad(np.arange(3), 4, "symmetric"))


def test_margins_and_strides_are_multiples_of_what_they_must_be():
    settings = {"hidden_units": [8, 8, 8, 8]}
    assert stride_of(settings, Shrink(3)) == 24
    assert margin_of(settings, Shrink(3)) % 24 == 0
