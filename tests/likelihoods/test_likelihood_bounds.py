import numpy as np
import pytest
import tensorflow as tf
from likelihood_helpers import value_and_gradient

from keras_vae.likelihoods.bounds import soft_ceiling, soft_floor


@pytest.mark.parametrize(
    ("bound", "raw", "expected"),
    [
        pytest.param(lambda r: soft_floor(r, -10.0), -10.0, -10 + np.log(2), id="floor-at-the-bound"),
        pytest.param(lambda r: soft_floor(r, -10.0), -1e6, -10.0, id="floor-far-below"),
        pytest.param(lambda r: soft_floor(r, -10.0), 50.0, 50.0, id="floor-far-above"),
        pytest.param(lambda r: soft_ceiling(r, 20.0), 20.0, 20 - np.log(2), id="ceiling-at-the-bound"),
        pytest.param(lambda r: soft_ceiling(r, 20.0), 1e30, 20.0, id="ceiling-far-above"),
        pytest.param(lambda r: soft_ceiling(r, 50.0), 1e-6, 1e-6, id="ceiling-keeps-small-digits"),
    ],
)
def test_bound_by_hand(bound, raw, expected):
    assert bound(tf.constant(raw)).numpy() == pytest.approx(expected, rel=1e-6)


def test_gradients_are_those_of_the_plain_formulas():
    raw = np.linspace(-30, 30, 101, dtype="float32")  # holds no kink: 0.6 does not divide the bounds below
    _, floor_gradient = value_and_gradient(lambda r: soft_floor(r, -10.1), raw)
    _, ceiling_gradient = value_and_gradient(lambda r: soft_ceiling(r, 10.1), raw)
    np.testing.assert_allclose(floor_gradient, 1 / (1 + np.exp(-(raw.astype("f8") + 10.1))), rtol=1e-5)
    # Above the bound the two halves of the gradient, both near 0.5 to 1, cancel.
    np.testing.assert_allclose(ceiling_gradient, 1 / (1 + np.exp(raw.astype("f8") - 10.1)), rtol=1e-5, atol=1e-7)
