import re

import numpy as np
import pytest

from keras_vae.tasks.compression.whole_numbers import CHUNK, as_array, check_array, check_whole_numbers, fits


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", ">f4", "float64"])
def test_arrays_of_whole_numbers_pass_as_they_are(dtype):
    x = np.array([[0, 1], [1, 0]], dtype)
    assert check_array(x, (2,)) is x
    check_whole_numbers(x, 2)


@pytest.mark.parametrize("x", [np.array([["a"]]), np.array([[1j]]), np.zeros((2, 1), "M8[s]"), np.zeros((2, 1), "g")])
def test_other_types_are_refused(x):
    with pytest.raises(
        ValueError, match=rf"`x` must be an array of booleans, .* Received: x of dtype {re.escape(str(x.dtype))}"
    ):
        check_array(x, (1,))


@pytest.mark.parametrize("shape", [(), (3,), (2, 4), (2, 3, 2), (2, 1, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"`x` must have the shape \(n, 3, 1\).* Received: x of shape"):
        check_array(np.zeros(shape), (3, 1))


@pytest.mark.parametrize(
    ("shape", "event_shape"), [((3,), (3,)), ((3, 1), (3,)), ((3,), (3, 1)), ((1,), (1,)), ((5, 4), (5, 4, 1))]
)
def test_a_last_axis_of_one_may_come_or_go(shape, event_shape):
    assert fits(shape, event_shape)


@pytest.mark.parametrize("value", [-1, 256, 0.5, np.nan, np.inf, -np.inf, -0.0])
def test_the_first_value_that_cannot_be_coded_is_named(value):
    x = np.zeros((CHUNK + 10, 1, 3), np.float32)
    x[CHUNK + 7, 0, 2] = value
    message = rf"whole numbers from 0 to 255, .* Received: x\[{CHUNK + 7}, 0, 2\] = {value}"
    with pytest.raises(ValueError, match=message):
        check_whole_numbers(x, 256)


def test_counts_end_at_2_to_the_31():
    check_whole_numbers(np.array([[2**31 - 1]]), None)
    with pytest.raises(ValueError, match="whole numbers from 0 to 2147483647"):
        check_whole_numbers(np.array([[2**31]]), None)


def test_nothing_passes():
    check_whole_numbers(np.zeros((0, 3)), 2)
    assert check_array(np.zeros((0, 3)), (3,)).shape == (0, 3)


def test_what_would_be_lost_of_a_frame_or_a_mask_is_refused():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match=r"`x` must be an array: the names .* `x\.to_numpy\(\)`. Received: DataFrame"):
        check_array(pandas.DataFrame({"a": [1]}), (1,))
    masked = np.ma.masked_array([[1, 2]], mask=[[True, False]])
    with pytest.raises(ValueError, match="`x` must be an array without masked values"):
        check_array(masked, (2,))
    assert type(as_array(np.ma.masked_array([[1, 2]]))) is np.ndarray
    assert as_array([[1, 2]]).shape == (1, 2)
