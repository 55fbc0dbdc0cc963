import numpy as np
import pytest

from keras_vae.evaluation.disentanglement.factor_checks import (
    check_categorical,
    check_codes_and_factors,
    check_repeated,
    value_numbers,
)


def test_codes_and_factors_come_back_in_double_precision():
    z_mean, factors = check_codes_and_factors(np.ones((3, 2), "float32"), [[0, 5], [1, 5], [2, 6]])
    assert z_mean.dtype == factors.dtype == np.float64
    np.testing.assert_array_equal(factors[:, 1], [5.0, 5.0, 6.0])


def test_distinct_values_are_numbered_in_ascending_order():
    np.testing.assert_array_equal(value_numbers([[2.5, -1.0], [0.5, 3.0], [2.5, 3.0]]), [[1, 0], [0, 1], [1, 1]])


def test_values_may_come_twice_on_average():
    check_repeated(np.array([[0.0], [0.0], [1.0], [1.0]]))
    with pytest.raises(ValueError, match="every value of a factor must come twice on average"):
        check_repeated(np.array([[0.0], [0.0], [1.0], [2.0]]))


def test_columns_without_an_order_are_a_set_of_numbers():
    assert check_categorical((), 3) == set()
    assert check_categorical([2, 0, 2], 3) == {0, 2}


@pytest.mark.parametrize("categorical", [[3], [-1], [0.5], [[0]], "shape"])
def test_what_is_no_column_is_refused(categorical):
    with pytest.raises(ValueError, match="`categorical` must hold column numbers of `factors`, 0 to 2"):
        check_categorical(categorical, 3)


@pytest.mark.parametrize(
    ("z_mean", "factors", "message"),
    [
        (np.zeros((4, 1)), np.arange(4)[:, None], "`z_mean` must be numbers of shape .* latent_dim >= 2"),
        (np.zeros((4, 2)), np.arange(4), "`factors` must be numbers of shape"),
        (np.full((4, 2), np.nan), np.arange(4)[:, None], "`z_mean` must be finite"),
        (np.zeros((4, 2)), np.arange(5)[:, None], "same number of rows. Received: 4 and 5"),
        (np.zeros((4, 2)), np.ones((4, 1)), r"every factor must vary. Received: factors\[:, 0\] is 1.0 in all rows"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(z_mean, factors, message):
    with pytest.raises(ValueError, match=message):
        check_codes_and_factors(z_mean, factors)
