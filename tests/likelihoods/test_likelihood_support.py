"""Data the likelihoods refuse, with what they say about it."""

import warnings

import numpy as np
import pytest

from keras_vae.likelihoods import (
    Bernoulli,
    Categorical,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    GaussianFixed,
    GaussianShared,
    Multinomial,
    NegativeBinomial,
)
from keras_vae.likelihoods._support import CHUNK, find_first

ALL = [
    Bernoulli(),
    ContinuousBernoulli(),
    Gaussian(),
    GaussianFixed(),
    GaussianShared(),
    DiscretizedLogistic(),
    Categorical(),
    Multinomial(),
    NegativeBinomial(),
]
of_all = pytest.mark.parametrize("likelihood", ALL, ids=lambda likelihood: type(likelihood).__name__)


@of_all
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused_with_their_place(likelihood, value):
    x = np.ones((4, 3), "float32")
    x[2, 1] = value
    with pytest.raises(ValueError, match=rf"`clean` does not fit the likelihood .*clean\[2, 1\]={value}"):
        likelihood.check_support(x, name="clean")


@of_all
def test_empty_data_are_refused(likelihood):
    with pytest.raises(ValueError, match=r"`x` must hold at least one value. Received: x of shape \(0, 3\)"):
        likelihood.check_support(np.zeros((0, 3)))


@of_all
@pytest.mark.parametrize(
    "x", [np.array([["a"]]), np.array([[1j]]), np.array([[None]])], ids=["str", "complex", "object"]
)
def test_what_is_not_a_real_number_is_refused(likelihood, x):
    with pytest.raises(ValueError, match=r"`x` must be an array of real numbers\. Received: x of dtype"):
        likelihood.check_support(x)


@of_all
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float64"])
def test_zeros_and_ones_fit_everywhere(likelihood, dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        likelihood.check_support(np.array([[0, 1], [1, 0]], dtype))


@pytest.mark.parametrize(
    ("likelihood", "values", "message"),
    [
        pytest.param(
            Bernoulli(), [0, 7, 255], r"divide by 255.*kv\.data\.binarized.*x\[0, 1\]=7", id="bernoulli-0-255"
        ),
        pytest.param(Bernoulli(), [0.0, 256.0], r"must be 0 or 1 .*\. Received.*max=256", id="bernoulli-above-255"),
        pytest.param(Bernoulli(), [-1.0, 1.0], r"must be 0 or 1 .*\. Received.*min=-1", id="bernoulli-negative"),
        pytest.param(ContinuousBernoulli(), [0, 255], r"in \[0, 1\].*divide by 255", id="continuous-0-255"),
        pytest.param(
            ContinuousBernoulli(), [-0.5, 0.5], r"in \[0, 1\]\. Scale them.*x\[0, 0\]=-0.5", id="continuous-neg"
        ),
        pytest.param(DiscretizedLogistic(), [0, 0.5, 1], "multiply by 255.*uint8", id="discretized-0-1"),
        pytest.param(DiscretizedLogistic(), [-1, 0.5, 1], r"127\.5 \* \(x \+ 1\)", id="discretized-minus-1-1"),
        pytest.param(DiscretizedLogistic(), [0, 99.5], r"Round them.*x\[0, 1\]=99.5", id="discretized-fraction"),
        pytest.param(DiscretizedLogistic(), [0, 256], r"from 0 to 255\. Received.*max=256", id="discretized-high"),
        pytest.param(Categorical(), [0, -1], r"from 0 to n_classes - 1.*x\[0, 1\]=-1", id="categorical-negative"),
        pytest.param(Categorical(3), [0, 3], r"from 0 to 2\. .*x\[0, 1\]=3", id="categorical-out-of-range"),
        pytest.param(Categorical(3), [0, 0.5], r"whole numbers.*x\[0, 1\]=0.5", id="categorical-fraction"),
        pytest.param(Multinomial(), [0, -1], r"whole numbers >= 0.*x\[0, 1\]=-1", id="multinomial-negative"),
        pytest.param(Multinomial(), [0, 0.5], r"whole numbers >= 0.*x\[0, 1\]=0.5", id="multinomial-fraction"),
        pytest.param(NegativeBinomial(), [0, -1], r"whole numbers >= 0.*x\[0, 1\]=-1", id="counts-negative"),
        pytest.param(NegativeBinomial(), [0, 0.5], r"whole numbers >= 0.*x\[0, 1\]=0.5", id="counts-fraction"),
    ],
)
def test_values_outside_the_support_are_refused(likelihood, values, message):
    with pytest.raises(ValueError, match=message):
        likelihood.check_support(np.array([values]))


ROUNDED = [
    (Bernoulli(), [0.0, 1.0000000000000002, -1e-17]),
    (ContinuousBernoulli(), [0.0, 1.0000000000000002, -5.551115123125783e-17]),
    (ContinuousBernoulli(), np.float32([0.0, np.nextafter(np.float32(1), np.float32(2))])),
    (DiscretizedLogistic(), [0.0, 254.99999999999997, 255.00000000000003, -1e-15]),
    (Categorical(4), [2.9999999999999996, -1e-17]),
    (Multinomial(), [0.0, 2.9999999999999996]),
    (NegativeBinomial(), [-1e-17, 1e6 + 1e-9]),
]


@pytest.mark.filterwarnings("ignore:.* holds grey values")
@pytest.mark.parametrize(("likelihood", "values"), ROUNDED)
def test_the_rounding_of_a_scaler_is_no_value_outside(likelihood, values):
    likelihood.check_support(np.array([values]))


@pytest.mark.parametrize(
    ("likelihood", "values", "message"),
    [
        (Bernoulli(), [0.0, 1.00001], "Scale them to"),
        (ContinuousBernoulli(), [0.0, 1.5], "Scale them to"),
        (ContinuousBernoulli(), [-1.0, 1.0], "Scale them to"),
        (DiscretizedLogistic(), [0.0, 254.999], "Round them"),
        (Categorical(3), [0.0, 1.001], "whole numbers"),
    ],
)
def test_more_than_rounding_is_refused_with_advice_that_fits(likelihood, values, message):
    with pytest.raises(ValueError, match=message) as raised:
        likelihood.check_support(np.array([values]))
    assert "divide by 255" not in str(raised.value)


def test_multinomial_wants_rows():
    with pytest.raises(ValueError, match=r"`x` must have shape \(n, n_items\). Received: x of shape \(2, 3, 1\)"):
        Multinomial().check_support(np.zeros((2, 3, 1)))


def test_grey_images_warn_bernoulli_users_once_per_object():
    likelihood = Bernoulli()
    with pytest.warns(UserWarning, match=r"cross-entropy, not a likelihood.*kv\.data\.binarized.*continuous_bernoulli"):
        likelihood.check_support(np.array([[0.0, 0.5]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        likelihood.check_support(np.array([[0.0, 0.5]]))
    with pytest.warns(UserWarning, match="such as 0.25"):
        Bernoulli().check_support(np.array([[1.0, 0.25]]))


def test_an_offender_in_a_later_chunk_is_found_at_its_place():
    x = np.zeros((3 * CHUNK // 4 + 5, 4), "float32")
    x[-2, 3] = 0.5
    assert find_first(x, lambda chunk: chunk != np.rint(chunk)) == ((len(x) - 2, 3), 0.5)
    assert find_first(x, lambda chunk: chunk < 0) is None
    assert find_first(np.array(2.0), lambda chunk: chunk > 1) == ((), 2.0)


def test_the_element_wise_test_stops_at_the_first_offender():
    seen = []

    def is_bad(chunk):
        seen.append(chunk.size)
        return chunk == 0

    find_first(np.zeros((8 * CHUNK // 4, 4), "uint8"), is_bad)
    assert seen == [CHUNK]
