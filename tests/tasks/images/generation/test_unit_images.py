"""Images of any type as values from 0 to 1."""

import numpy as np
import pytest

from keras_vae.tasks.images.generation.unit_images import unit_images


def test_levels_of_8_bits_are_divided():
    found = unit_images("x", np.array([[[0, 255], [51, 0]]], "uint8"))
    np.testing.assert_allclose(found[0, ..., 0], [[0.0, 1.0], [0.2, 0.0]])


def test_two_values_of_8_bits_are_no_levels():
    with pytest.raises(ValueError, match=r"`x` of whole numbers must be levels .* Received: only 0 and 1"):
        unit_images("x", np.eye(8, dtype="uint8")[None])
