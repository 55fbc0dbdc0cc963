import keras
import numpy as np
import pytest
from likelihood_helpers import tile
from scipy import special

from keras_vae.likelihoods import DiscretizedLogistic, DiscretizedLogisticMixture

# Far below the smooth floor of the log scale: all mass of a component is within a level.
SPIKE = -1000.0


def colour(logits, locations, raw, coefficients):
    """Parameters of one pixel: components last in every part."""
    return np.concatenate([np.ravel(part) for part in (logits, locations, raw, coefficients)]).astype("float32")


@pytest.mark.parametrize("channels", [1, 3])
def test_log_prob_by_hand_of_two_spikes(channels):
    likelihood = DiscretizedLogisticMixture(2, min_log_scale=-12.0)
    # A black and a white component, weights 3/4 and 1/4; no coefficients.
    params = colour([np.log(3), 0], [[-1, 1]] * channels, [[SPIKE] * 2] * channels, [[0, 0]] * (channels == 3) * 3)
    black, white = (np.full((1, 1, channels), value, "float32") for value in (0.0, 255.0))
    for x, expected in ((black, 0.75), (white, 0.25)):
        value = float(likelihood.log_prob(x, params[None, None])[0])
        assert value == pytest.approx(np.log(expected), rel=1e-5)
    np.testing.assert_allclose(likelihood.mean(params[None, None]), np.full((1, 1, channels), 0.25 * 255), rtol=1e-5)


def test_the_channels_of_a_pixel_share_their_component():
    likelihood = DiscretizedLogisticMixture(2, min_log_scale=-12.0)
    params = colour([0, 0], [[-1, 1]] * 3, [[SPIKE] * 2] * 3, [[0, 0]] * 3)
    draws = likelihood.sample(tile(params[None], 200), seed=1).numpy().reshape(-1, 3)
    # All black or all white; channels on their own would differ in three of four draws.
    assert (draws == draws[:, :1]).all()
    assert 0.3 < draws.mean() / 255 < 0.7
    assert float(likelihood.log_prob([[[0.0, 255.0, 0.0]]], params[None, None])[0]) < -100


def test_the_coefficients_come_in_the_order_of_the_paper():
    likelihood = DiscretizedLogisticMixture(1, min_log_scale=-12.0)
    # Red is white, v = 1. Green is tanh(0.5) * 1. Blue is 0.1 + tanh(-0.3) * 1 + tanh(2) * v_green.
    params = colour([0], [1.0, 0.0, 0.1], [SPIKE] * 3, [0.5, -0.3, 2.0])
    red, green, blue = likelihood.mean(params[None, None]).numpy()[0, 0]
    v_green = np.tanh(0.5)
    # A scale of 0.0008 levels is left.
    assert red == pytest.approx(255, abs=1e-3)
    assert green == pytest.approx(127.5 * (1 + v_green), rel=1e-5)
    assert blue == pytest.approx(127.5 * (1.1 + np.tanh(-0.3) + np.tanh(2) * v_green), rel=1e-5)


def test_one_component_of_a_grey_pixel_is_a_discretized_logistic(rng):
    x = rng.integers(0, 256, (5, 4, 1)).astype("float32")
    x_params = rng.normal(size=(5, 4, 2)).astype("float32")
    one = np.concatenate([rng.normal(size=(5, 4, 1)), x_params], axis=-1)
    mixture, single = DiscretizedLogisticMixture(1), DiscretizedLogistic()
    np.testing.assert_allclose(mixture.log_prob(x, one), single.log_prob(x, x_params), rtol=1e-5)
    np.testing.assert_allclose(mixture.mean(one), single.mean(x_params), rtol=1e-5)


@pytest.mark.parametrize("m", [1, 3, 10])
def test_shapes_go_there_and_back(m):
    likelihood = DiscretizedLogisticMixture(m)
    for event_shape, n_params in (((5, 7, 1), 3 * m), ((5, 7, 3), 10 * m), ((3,), 10 * m), ((None, None, 1), 3 * m)):
        params_shape = likelihood.params_shape(event_shape)
        assert params_shape == (*event_shape[:-1], n_params)
        assert likelihood.event_shape(params_shape) == event_shape


def test_unlike_channels_of_equal_density_are_told_apart_by_their_components(rng):
    """The mixture knows that channels belong together; one logistic per channel does not."""
    likelihood = DiscretizedLogisticMixture(2)
    params = colour([0, 0], [[-0.5, 0.5]] * 3, [[-3, -3]] * 3, [[0, 0]] * 3)
    alike, unlike = np.float32([[[64, 64, 64]], [[64, 191, 64]]])
    log_probs = likelihood.log_prob(np.stack([alike, unlike]), tile(params[None], 2)).numpy()
    assert log_probs[0] - log_probs[1] > 10


# Masks.


def test_a_mask_hides_pixels_whatever_stands_there(rng):
    likelihood = DiscretizedLogisticMixture()
    x = rng.integers(0, 256, (2, 4, 3)).astype("float32")
    x_params = rng.normal(size=(2, 4, 30)).astype("float32")
    mask = np.array([[1, 0, 1, 1], [0, 0, 0, 1]], "float32")
    filled = np.where(mask[..., None] > 0, x, np.nan)
    expected = [
        sum(float(likelihood.log_prob(x[i, j][None, None], x_params[i, j][None, None])[0]) for j in range(4) if seen[j])
        for i, seen in enumerate(mask)
    ]
    for one in (mask, mask.astype(bool)):
        np.testing.assert_allclose(likelihood.log_prob(filled, x_params, mask=one), expected, rtol=1e-5)


def test_a_mask_of_channels_is_refused_in_colour_and_taken_in_grey(rng):
    likelihood = DiscretizedLogisticMixture()
    x = rng.integers(0, 256, (2, 4, 3)).astype("float32")
    message = r"`mask` must hide whole pixels under the likelihood DiscretizedLogisticMixture.*shape \(2, 4\)"
    with pytest.raises(ValueError, match=message):
        likelihood.log_prob(x, np.zeros((2, 4, 30), "float32"), mask=np.ones_like(x))
    grey = x[..., :1]
    whole = likelihood.log_prob(grey, np.zeros((2, 4, 9), "float32"))
    np.testing.assert_array_equal(
        likelihood.log_prob(grey, np.zeros((2, 4, 9), "float32"), mask=np.ones_like(grey)), whole
    )


# What is inherited, and what is refused.


def test_an_encoder_sees_values_from_minus_one_to_one():
    (layer,) = DiscretizedLogisticMixture().input_layers((2, 2, 3))
    np.testing.assert_allclose(layer(np.array([[0.0, 127.5, 255.0]])), [[-1, 0, 1]], atol=1e-6)


def test_grey_values_from_0_to_1_are_refused_with_advice():
    with pytest.raises(ValueError, match=r"DiscretizedLogisticMixture, whose values .* multiply by 255 and round"):
        DiscretizedLogisticMixture().check_support(np.array([[0.0, 0.5]]))


def test_its_arguments_are_kept(rng):
    likelihood = DiscretizedLogisticMixture(5, min_log_scale=-4.0, max_log_scale=2.0)
    config = keras.saving.serialize_keras_object(likelihood)["config"]
    assert (config["n_components"], config["min_log_scale"], config["max_log_scale"]) == (5, -4.0, 2.0)
    # Nothing is narrower than the floor: the mass of the middle of the widest bin of a logistic.
    params = np.concatenate([np.zeros(5), np.full(5, 1.0 / 255), np.full(5, SPIKE)]).astype("float32")
    mass = np.exp(float(likelihood.log_prob([[[128.0]]], params[None, None])[0]))
    scale = 127.5 * np.exp(2 - np.logaddexp(0, 2 + 4))
    assert mass == pytest.approx(2 * special.expit(0.5 / scale) - 1, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"n_components": 0}, "`n_components` must be .*>= 1", id="no-component"),
        pytest.param({"n_components": 2.5}, "`n_components` must be a whole number|int", id="half-a-component"),
        pytest.param({"min_log_scale": -100}, "`min_log_scale` must be a finite number >= -50", id="too-low"),
        pytest.param({"max_log_scale": 60}, "`max_log_scale` must be a finite number .*50", id="too-high"),
        pytest.param({"min_log_scale": 1, "max_log_scale": 1}, "`max_log_scale` must be .* > 1", id="crossed"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        DiscretizedLogisticMixture(**arguments)


@pytest.mark.parametrize("event_shape", [(4, 4, 2), (4, 4, 4), (4, 4, None), (0,)])
def test_images_of_other_channels_are_refused(event_shape):
    with pytest.raises(ValueError, match=r"`event_shape` must end in 1 or 3 channels for the likelihood Discretized"):
        DiscretizedLogisticMixture().params_shape(event_shape)


@pytest.mark.parametrize("last", [10, 29, None])
def test_decoders_of_another_size_are_refused(last):
    message = r"does not fit the likelihood DiscretizedLogisticMixture: .* 9 for 1 or 30 for 3 channels"
    with pytest.raises(ValueError, match=message):
        DiscretizedLogisticMixture().event_shape((4, 4, last))
