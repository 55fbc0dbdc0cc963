"""Images of any type and form, there and back."""

import numpy as np
import pytest

from keras_vae.tasks.images.restoration.image_values import as_images, from_unit, to_unit
from keras_vae.tasks.images.restoration.restorer import as_list


@pytest.mark.parametrize(
    ("x", "unit"),
    [
        pytest.param(np.array([0, 51, 255], np.uint8), [0.0, 0.2, 1.0], id="uint8"),
        pytest.param(np.array([0, 13107, 65535], np.uint16), [0.0, 0.2, 1.0], id="uint16"),
        pytest.param(np.array([0, 51, 255], np.int64), [0.0, 0.2, 1.0], id="int64"),
        pytest.param(np.array([False, True]), [0.0, 1.0], id="bool"),
        pytest.param(np.array([0.0, 0.2, 1.0]), [0.0, 0.2, 1.0], id="float64"),
    ],
)
def test_values_become_0_to_1_and_come_back(x, unit):
    found = to_unit(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, unit, rtol=1e-6)
    np.testing.assert_allclose(from_unit(found, x.dtype), x, rtol=1e-6)


def test_what_is_outside_of_0_to_1_is_cut_on_the_way_back():
    np.testing.assert_array_equal(from_unit(np.array([-0.5, 1.5]), np.uint8), [0, 255])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array(["a"]), "`images` must be numbers. Received: dtype <U1"),
        (np.array([0.0, np.nan]), "finite numbers \\(missing pixels are for an Inpainter\\)"),
        (np.array([0.0, np.inf]), "finite numbers"),
        (np.array([0.0, 255.0]), "divide grey values of 0 to 255 by 255. Received: float64 from 0 to 255"),
        (np.array([0, 256]), "whole numbers must be uint8 or uint16. Received: int64 from 0 to 256"),
        (np.array([-1, 2]), "whole numbers must be uint8 or uint16"),
    ],
)
def test_other_values_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        to_unit(x)


def test_clean_images_lie_in_0_to_1_and_noisy_ones_nearly():
    assert to_unit(np.array([-0.9, 1.9])).max() == np.float32(1.9)
    with pytest.raises(ValueError, match=r"floats in 0..1"):
        to_unit(np.array([-0.9, 1.9]), takes_noise=False)


@pytest.mark.parametrize(
    ("shape", "channels"),
    [((5, 4, 3), 1), ((5, 4, 3, 1), 1), ((4, 3), 1), ((5, 4, 3, 3), 3), ((4, 5, 3), 3)],
)
def test_images_come_back_in_the_form_in_which_they_came(shape, channels, rng):
    x = rng.random(shape)
    images, form = as_images(x, channels)
    assert all(one.ndim == 3 and one.shape[-1] == channels for one in images)
    back = form.given(images)
    assert back.shape == shape
    np.testing.assert_allclose(back, x, rtol=1e-6)
    # Three draws of each.
    draws = form.given([np.stack([one] * 3) for one in images])
    assert draws.shape == (3, *shape)


def test_a_list_of_images_of_any_sizes_comes_back_as_a_list(rng):
    x = [rng.random((4, 3)), rng.random((2, 6))]
    images, form = as_images(x, 1)
    assert [one.shape for one in form.given(images)] == [(4, 3), (2, 6)]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "at least one image. Received: none"),
        (np.zeros(3), r"must have shape \(n, height, width, 1\). Received: \(3,\)"),
        (np.zeros((0, 4, 4)), "must have shape"),
        (np.zeros((2, 4, 4, 3)), r"must have 1 channel\(s\). Received: shape \(2, 4, 4, 3\)"),
        ([np.zeros((2, 4, 4))], "as a list must hold single images"),
    ],
)
def test_what_are_no_images_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        as_images(images, 1)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "uint16"])
def test_binary_images_of_whole_numbers_are_no_levels(dtype):
    images = np.eye(8, dtype=dtype)[None]
    with pytest.raises(ValueError, match=r"must be levels from 0 to 255, or to 65535. Received: only 0 and 1"):
        as_images(images, 1)
    with pytest.raises(ValueError, match=r"must be levels from 0 to 255, or to 65535. Received: only 0 and 1"):
        as_list(images)
    as_images(np.zeros_like(images), 1)  # A black image is one.
