import numpy as np
import pytest
from likelihood_helpers import tile, value_and_gradient

from keras_vae.likelihoods import DiscretizedLogistic

GREY = np.arange(256, dtype="float32")[:, np.newaxis]
# On the [-1, 1] scale: inside, at and between grey levels, at the ends, far off.
LOCATIONS = [0.0, 0.1234, -1.0, 1.0, 1.0 / 255, -3.0, 3.0, -1000.0, 1000.0]
# From a spike of 0.12 grey levels (the floor) to a plain 1100 times as wide as the range.
LOG_SCALES = [-1000.0, -7.0, -5.0, -3.0, -1.0, 1.0, 7.0, 1000.0]
every_parameter = [
    pytest.param(location, log_scale, id=f"{location:.4g}-{log_scale:g}")
    for location in LOCATIONS
    for log_scale in LOG_SCALES
]


@pytest.mark.parametrize(("location", "log_scale"), every_parameter)
def test_256_probabilities_add_up_to_one(location, log_scale):
    log_prob = DiscretizedLogistic().log_prob(GREY, tile([location, log_scale], 256)).numpy().astype("float64")
    assert np.all(np.isfinite(log_prob))
    # A location in grey levels is good to 1e-7 relative, and the narrowest scale divides that by 0.12.
    assert np.exp(log_prob).sum() == pytest.approx(1, abs=3e-5)


@pytest.mark.parametrize(("location", "log_scale"), every_parameter)
def test_mean_is_within_half_a_level_of_the_exact_sum(location, log_scale):
    likelihood = DiscretizedLogistic()
    probability = np.exp(likelihood.log_prob(GREY, tile([location, log_scale], 256)).numpy().astype("float64"))
    exact = (probability * GREY[:, 0]).sum() / probability.sum()
    mean = float(likelihood.mean(tile([location, log_scale], 1))[0, 0])
    assert 0 <= mean <= 255
    # A spike between two levels is rounded to one of them: half a level. From a scale of a level on, nothing is left.
    tolerance = 0.501 if log_scale < -4.8 else 0.02
    assert mean == pytest.approx(exact, abs=tolerance)


@pytest.mark.parametrize("min_log_scale", [-7.0, -20.0])
@pytest.mark.parametrize("x", [0.0, 100.0, 255.0])
@pytest.mark.parametrize("location", [-1e4, -1.0, 1.0, 1e4])
def test_value_and_gradient_stay_finite_far_off_at_a_tiny_scale(location, x, min_log_scale):
    likelihood = DiscretizedLogistic(min_log_scale=min_log_scale)
    value, gradient = value_and_gradient(
        lambda p: likelihood.log_prob([[x]], p), np.array([[location, 2 * min_log_scale]], "float32")
    )
    assert np.isfinite(value).all()
    assert value <= 0
    assert np.isfinite(gradient).all()


def test_gradient_pulls_a_location_that_is_far_off():
    likelihood = DiscretizedLogistic()
    _, gradient = value_and_gradient(lambda p: likelihood.log_prob([[100.0]], p), np.array([[50.0, -7.0]], "float32"))
    # d log p / d location = -127.5 / (127.5 exp(log_scale)), the smooth floor at -7 adding log 2.
    assert gradient[0, 0] == pytest.approx(-np.exp(7 - np.log(2)), rel=1e-4)


def test_location_runs_from_black_to_white():
    x_params = tile([-1.0, 0.0, 1.0, -7.0, -7.0, -7.0], 1)
    np.testing.assert_allclose(DiscretizedLogistic().mean(x_params), [[0, 127.5, 255]], atol=0.2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"min_log_scale": -100}, "`min_log_scale` must be a finite number >= -50", id="too-low"),
        pytest.param({"min_log_scale": 1, "max_log_scale": 1}, "`max_log_scale` must be .* > 1", id="crossed"),
    ],
)
def test_bad_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        DiscretizedLogistic(**arguments)


def test_input_layer_maps_grey_values_to_the_unit_interval():
    (layer,) = DiscretizedLogistic().input_layers((3,))
    np.testing.assert_allclose(layer(np.array([[0.0, 127.5, 255.0]])), [[-1, 0, 1]], atol=1e-6)
