import numpy as np
import pytest

from keras_vae._checks import (
    check_choice,
    check_int,
    check_number,
    check_same_shape,
    check_shape,
    check_sizes,
    shapes_agree,
)


def test_a_choice_comes_back_as_it_is():
    assert check_choice("network", "conv", ("dense", "conv")) == "conv"


def test_an_unknown_choice_is_refused_with_all_choices():
    with pytest.raises(ValueError, match=r"`network` must be one of 'dense', 'conv'\. Received: network='cnov'"):
        check_choice("network", "cnov", ("dense", "conv"))


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)], ids=["int", "int64", "uint8"])
def test_whole_numbers_come_back_as_int(value):
    result = check_int("n", value, 3)
    assert result == 3
    assert type(result) is int


@pytest.mark.parametrize("value", [2, 3.0, True, "3", None, np.nan], ids=repr)
def test_what_is_not_a_whole_number_above_the_minimum_is_refused(value):
    with pytest.raises(ValueError, match=r"`n` must be a whole number >= 3\. Received: n="):
        check_int("n", value, 3)


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.5), 1], ids=["int", "float", "float32", "maximum"])
def test_numbers_within_the_bounds_come_back_as_float(value):
    result = check_number("rate", value, minimum=0.0, maximum=1.0)
    assert result == value
    assert type(result) is float


@pytest.mark.parametrize(
    ("value", "bounds", "wanted"),
    [
        pytest.param(float("nan"), {}, "a finite number", id="nan"),
        pytest.param(float("inf"), {}, "a finite number", id="infinity"),
        pytest.param(True, {}, "a finite number", id="bool"),
        pytest.param("1", {}, "a finite number", id="str"),
        pytest.param(None, {}, "a finite number", id="none"),
        pytest.param(-0.1, {"minimum": 0}, "a finite number >= 0", id="below"),
        pytest.param(0.0, {"minimum": 0, "exclusive": True}, "a finite number > 0", id="on-an-open-bound"),
        pytest.param(1.1, {"maximum": 1}, "a finite number <= 1", id="above"),
        pytest.param(2, {"minimum": 0, "maximum": 1}, "a finite number >= 0 and <= 1", id="outside-both"),
    ],
)
def test_a_number_out_of_bounds_is_refused_with_the_bounds(value, bounds, wanted):
    with pytest.raises(ValueError, match=rf"`rate` must be {wanted}\. Received: rate="):
        check_number("rate", value, **bounds)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        pytest.param((28, 28, 1), (28, 28, 1), id="tuple"),
        pytest.param([4], (4,), id="list"),
        pytest.param(784, (784,), id="int"),
        pytest.param(np.array([2, 3]), (2, 3), id="array"),
    ],
)
def test_an_event_shape_comes_back_as_a_tuple_of_ints(shape, expected):
    result = check_shape("event_shape", shape)
    assert result == expected
    assert all(type(n) is int for n in result)


@pytest.mark.parametrize("shape", [(), None, (None, 4), (0,), (2.5,), (True,), "ab", 0], ids=repr)
def test_what_is_not_an_event_shape_is_refused(shape):
    with pytest.raises(ValueError, match="`event_shape` must be a tuple of whole numbers >= 1 without the batch axis"):
        check_shape("event_shape", shape)


@pytest.mark.parametrize("sizes", [(512, 16), [512, 16], (np.int64(512), np.uint8(16))], ids=["tuple", "list", "numpy"])
@pytest.mark.parametrize("may_be_empty", [False, True])
def test_sizes_come_back_as_a_tuple_of_ints(sizes, may_be_empty):
    result = check_sizes("hidden_units", sizes, may_be_empty)
    assert result == (512, 16)
    assert all(type(n) is int for n in result)


@pytest.mark.parametrize("sizes", [(8, 0), (8.0,), (True,), 8, "8", None], ids=repr)
@pytest.mark.parametrize("may_be_empty", [False, True])
def test_what_are_no_sizes_is_refused(sizes, may_be_empty):
    with pytest.raises(ValueError, match=r"`hidden_units` must be a tuple of .*numbers >= 1.* Received: hidden_units="):
        check_sizes("hidden_units", sizes, may_be_empty)


def test_no_sizes_at_all_need_permission():
    assert check_sizes("hidden_units", (), may_be_empty=True) == ()
    assert check_sizes("hidden_units", [], may_be_empty=True) == ()
    with pytest.raises(ValueError, match=r"`hidden_units` must be a tuple of one or more .*: hidden_units=\(\)"):
        check_sizes("hidden_units", ())


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param((2, 3), (2, 3), True, id="equal"),
        pytest.param((None, 3), (2, 3), True, id="unknown-size"),
        pytest.param((2, 3), (2, 4), False, id="other-size"),
        pytest.param((2, 3), (2, 3, 1), False, id="other-rank"),
        pytest.param((), (), True, id="scalars"),
    ],
)
def test_shapes_agree_where_both_are_known(a, b, expected):
    assert shapes_agree(a, b) is expected
    assert shapes_agree(b, a) is expected


def test_tensors_of_one_shape_pass():
    check_same_shape(a=np.zeros((2, 3)), b=np.ones((2, 3)), c=np.ones((2, 3)))


def test_the_tensor_of_another_shape_is_named():
    with pytest.raises(
        ValueError, match=r"`a` and `c` must have the same shape\. Received: a\.shape=\(2, 3\), c\.shape=\(3, 2\)"
    ):
        check_same_shape(a=np.zeros((2, 3)), b=np.zeros((2, 3)), c=np.zeros((3, 2)))
