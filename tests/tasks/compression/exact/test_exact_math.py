import decimal

import numpy as np
import pytest
import scipy.special

from keras_vae.tasks.compression.exact import exact_math


def reference(function, x):
    """A function of decimals at float64 numbers; 300 digits are enough for 1 + e^-590 to be told from 1."""
    with decimal.localcontext(decimal.Context(prec=300)):
        return np.array([float(function(decimal.Decimal(float(v)))) for v in x])


def exact_sigmoid(d):
    return 1 / (1 + (-d).exp())


def exact_tanh(d):
    return ((2 * d).exp() - 1) / ((2 * d).exp() + 1)


REAL = np.concatenate([np.linspace(-590.0, 590.0, 201), np.linspace(-3.0, 3.0, 200), [1e-9, -1e-9, 0.25, -0.25]])
POSITIVE = np.concatenate([np.logspace(-300, 300, 301), np.linspace(0.4, 2.5, 400), 1.0 + np.array([1e-15, -1e-15])])


@pytest.mark.parametrize(
    ("function", "wanted", "x", "tolerance"),
    [
        pytest.param(exact_math.exp, lambda d: d.exp(), REAL, 4e-16, id="exp"),
        pytest.param(exact_math.log, lambda d: d.ln(), POSITIVE, 4e-16, id="log"),
        pytest.param(exact_math.log1p, lambda d: (1 + d).ln(), POSITIVE - 0.39, 1e-15, id="log1p"),
        pytest.param(exact_math.expm1, lambda d: d.exp() - 1, REAL, 2e-15, id="expm1"),
        pytest.param(exact_math.sigmoid, exact_sigmoid, REAL, 1e-15, id="sigmoid"),
        pytest.param(exact_math.softplus, lambda d: (1 + d.exp()).ln(), REAL, 1e-15, id="softplus"),
        pytest.param(exact_math.swish, lambda d: d * exact_sigmoid(d), REAL, 1e-15, id="swish"),
        pytest.param(exact_math.tanh, exact_tanh, REAL, 3e-15, id="tanh"),
    ],
)
def test_functions_are_within_their_error_of_decimals(function, wanted, x, tolerance):
    np.testing.assert_allclose(function(x), reference(wanted, x), rtol=tolerance, atol=0.0)


def test_the_normal_cdf_is_that_of_scipy():
    x = np.linspace(-33.9, 33.9, 4001)
    # In the far tail the error is that of scipy: against 40 digits of mpmath ours was 6e-14 at most.
    np.testing.assert_allclose(exact_math.ndtr(x), scipy.special.ndtr(x), rtol=5e-13)
    np.testing.assert_allclose(exact_math.gelu(x), x * scipy.special.ndtr(x), rtol=5e-13)


def test_the_inverse_normal_cdf_is_that_of_scipy_and_inverts():
    p = np.concatenate([np.logspace(-250, -1, 500), np.linspace(0.01, 0.99, 99), 1.0 - np.logspace(-15, -1, 100)])
    np.testing.assert_allclose(exact_math.ndtri(p), scipy.special.ndtri(p), atol=1e-13)
    # To the left of it, where the digits of p are those of the result.
    left = p[p < 0.5]
    np.testing.assert_allclose(exact_math.ndtr(exact_math.ndtri(left)), left, rtol=1e-12)
    assert exact_math.ndtri(np.array([0.5])) == 0.0


@pytest.mark.parametrize(("function", "end"), [(exact_math.sigmoid, 650.0), (exact_math.ndtr, 35.0)])
@pytest.mark.parametrize("step", [1e-3, 1e-10])
def test_cdfs_never_fall(function, end, step):
    n = 100_000
    starts = [-end] if step * n > end else [-30.0, -5.0, -step * n / 2, 2.0]
    for start in starts:
        x = start + step * np.arange(min(n, int(2 * end / step)))
        assert np.all(np.diff(function(x)) >= 0.0)
    assert function(np.array([-1e300, 1e300])).tolist() == [function(np.array([-end]))[0], 1.0]


@pytest.mark.parametrize("name", exact_math.__all__)
def test_a_function_takes_arrays_of_any_shape_and_extreme_numbers(name, rng):
    function = getattr(exact_math, name)
    x = rng.uniform(0.01, 0.99, (3, 7, 1000))
    out = function(x)
    assert out.shape == x.shape
    # Each element as if it were alone: where the vector units of a processor begin and end plays no part.
    assert np.array_equal(out[1, 2, 3:4], function(x[1, 2, 3:4]))
    assert np.array_equal(out[:, :, 1::2], function(x[:, :, 1::2]))
    assert function(np.zeros((0, 3))).shape == (0, 3)
    extremes = [1e300, 1e-300, 1.0] if name in ("log", "log1p") else [-1e300, 0.0, -0.0, 1e-300, 1e300]
    if name != "ndtri":
        assert np.all(np.isfinite(function(np.array(extremes))))
