"""Functions such as exp, log, sigmoid and the normal cdf that give the same bits on every machine.

NumPy's own exp or tanh are other programs on other processors, and differ in the last digits. The functions here are
made of additions, multiplications, divisions, square roots, rounding and comparisons in float64, one NumPy operation
at a time, and of integer operations: IEEE 754 leaves no choice in the result of any of them, however many of them a
processor does at once.

All take arrays of finite numbers, or what becomes one, and return float64 arrays of the same shape. `exp` ends long
before the numbers below 2^-1022, which some programs round to 0 for their whole process.
"""

import functools
import math

import numpy as np

__all__ = ["exp", "expm1", "gelu", "log", "log1p", "ndtr", "ndtri", "sigmoid", "softplus", "swish", "tanh"]

# Elements at a time: what a function keeps in between stays in the cache of a core.
BLOCK = 8192
# exp is constant outside of [-LIMIT, LIMIT].
LIMIT = 600.0
N_POWERS = 256
# log(2) / N_POWERS in two parts. The first has 28 bits, so that its product with a whole number up to 2^25 is exact.
STEP_HIGH = float.fromhex("0x1.62e42ff000000p-9")
STEP_LOW = float.fromhex("-0x1.718432a1b0e26p-43")
STEPS_PER_UNIT = float.fromhex("0x1.71547652b82fep+8")
# log(2) in two parts, the first again of 28 bits.
LOG_2_HIGH, LOG_2_LOW = STEP_HIGH * N_POWERS, STEP_LOW * N_POWERS
SQRT_HALF = float.fromhex("0x1.6a09e667f3bcdp-1")
SQRT_2_PI = float.fromhex("0x1.40d931ff62706p+1")
# The normal tail is constant beyond: there it is 4e-254.
MAX_DEVIATION = 34.0
# P(Z > x) exp(x^2 / 2) (1 + x / 4) for x >= 0 as a polynomial of (x - 4) / (x + 4), the constant first: the Chebyshev
# series of degree 24, computed with 60 digits.
TAIL = (
    0.18882128260393788,
    -0.15197416049297308,
    0.09678435018555373,
    -0.04663046448990915,
    0.015099143722729469,
    -0.001885047241846578,
    -0.0008699230917619934,
    0.00040770461685247714,
    3.333607735295814e-05,
    -5.7773754340693565e-05,
    -4.770615878536427e-07,
    8.786277975709413e-06,
    1.7916469102987802e-07,
    -1.4804027614809944e-06,
    -1.5745918346230922e-07,
    2.5619627541381934e-07,
    6.811574237786468e-08,
    -3.994349035559805e-08,
    -2.1716617539994733e-08,
    4.461231943245354e-09,
    5.356900960863089e-09,
    -1.4684066912467977e-10,
    -9.326612704670926e-10,
    -2.999445507813274e-11,
    8.508280771623737e-11,
)


def _powers_of_two():
    """2^(i / N_POWERS) for i below N_POWERS, each rounded once: by whole numbers of Python, which are exact."""
    bits = 200
    root = 2 << bits
    for _ in range(N_POWERS.bit_length() - 1):
        root = math.isqrt(root << bits)
    found, power = [], 1 << bits
    for _ in range(N_POWERS):
        found.append(power / (1 << bits))
        power = power * root >> bits
    return np.array(found)


POWERS = _powers_of_two()


def elementwise(kernel):
    """A function of arrays of any shape from one of short vectors, which stays there as its `kernel`."""

    @functools.wraps(kernel)
    def function(x):
        x = np.asarray(x, np.float64)
        flat, out = x.reshape(-1), np.empty(x.size)
        for start in range(0, x.size, BLOCK):
            out[start : start + BLOCK] = kernel(flat[start : start + BLOCK])
        return out.reshape(x.shape)

    function.kernel = kernel
    return function


@elementwise
def exp(x: np.ndarray) -> np.ndarray:
    """e^x, within 4e-16 of it relatively; constant below -600 and above 600."""
    # No element can be equal to a limit of another sign: minimum and maximum have one answer.
    x = np.minimum(np.maximum(x, -LIMIT), LIMIT)
    n = np.rint(x * STEPS_PER_UNIT)
    r = x - n * STEP_HIGH
    r -= n * STEP_LOW
    # |r| <= 0.00136: the next term of the series is 4e-17.
    series = r * (1.0 / 24.0)
    for coefficient in (1.0 / 6.0, 0.5, 1.0):
        series += coefficient
        series *= r
    n = n.astype(np.int64)
    power = POWERS.take(n & (N_POWERS - 1))
    series *= power
    series += power
    # The exponent of two as the bits of a float64.
    n >>= N_POWERS.bit_length() - 1
    n += 1023
    n <<= 52
    series *= n.view(np.float64)
    return series


@elementwise
def log(x: np.ndarray) -> np.ndarray:
    """Natural logarithm of x > 0, within 4e-16 of it relatively; of less than 2^-1022 that of 2^-1022."""
    mantissa, exponent = np.frexp(np.maximum(x, 2.0**-1022))
    is_low = mantissa < SQRT_HALF
    mantissa = np.where(is_low, 2.0 * mantissa, mantissa)
    exponent = (exponent - is_low).astype(np.float64)
    # log(m) = 2 artanh(f) with f = (m - 1) / (m + 1), |f| <= 0.172.
    f = (mantissa - 1.0) / (mantissa + 1.0)
    square = f * f
    series = np.full_like(f, 1.0 / 23.0)
    for k in range(21, 1, -2):
        series *= square
        series += 1.0 / k
    series *= square
    series *= f
    series += f
    return exponent * LOG_2_HIGH + (2.0 * series + exponent * LOG_2_LOW)


@elementwise
def log1p(x: np.ndarray) -> np.ndarray:
    """log(1 + x) for x > -1, within 1e-15 of it relatively."""
    y = 1.0 + x
    # The second term is what was lost in rounding y.
    return log.kernel(y) + (x - (y - 1.0)) / y


@elementwise
def expm1(x: np.ndarray) -> np.ndarray:
    """e^x - 1, within 2e-15 of it relatively."""
    near = np.minimum(np.maximum(x, -0.25), 0.25)
    series = np.full_like(x, 1.0 / 13.0)
    for k in range(12, 0, -1):
        series *= near
        series += 1.0
        series *= 1.0 / k if k > 1 else 1.0
    series *= near
    return np.where(near == x, series, exp.kernel(x) - 1.0)


@elementwise
def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), within 1e-15 of it relatively.

    It never falls from one x to another that is larger by more than 2^-48: the relative error of `exp` is less than the
    step, and the addition and the division round in one direction.
    """
    return 1.0 / (1.0 + exp.kernel(-x))


@elementwise
def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + e^x), within 1e-15 of it relatively."""
    return np.maximum(x, 0.0) + log1p.kernel(exp.kernel(-np.abs(x)))


@elementwise
def swish(x: np.ndarray) -> np.ndarray:
    """x sigmoid(x), within 1e-15 of it relatively."""
    return x / (1.0 + exp.kernel(-x))


@elementwise
def tanh(x: np.ndarray) -> np.ndarray:
    """Hyperbolic tangent, within 3e-15 of it relatively."""
    e = expm1.kernel(-2.0 * np.abs(x))
    t = e / (e + 2.0)
    return np.where(x < 0.0, t, -t)


def _tail(x):
    """P(Z > x) of a standard normal Z, for x >= 0."""
    x = np.minimum(x, MAX_DEVIATION)
    t = (x - 4.0) / (x + 4.0)
    series = np.full_like(x, TAIL[-1])
    for coefficient in TAIL[-2::-1]:
        series *= t
        series += coefficient
    return series * exp.kernel(-0.5 * x * x) / (1.0 + 0.25 * x)


@elementwise
def ndtr(x: np.ndarray) -> np.ndarray:
    """P(Z < x) of a standard normal Z, within 2e-13 of it relatively; 4e-254 below -34.

    It never falls from one x in [-34, 34] to another that is larger by more than 1e-11.
    """
    tail = _tail(np.abs(x))
    return np.where(x < 0.0, tail, 1.0 - tail)


@elementwise
def ndtri(p: np.ndarray) -> np.ndarray:
    """The x with P(Z < x) = p of a standard normal Z, for p between 1e-250 and 1 - 1e-16; within 1e-13 of it."""
    q = np.where(p < 0.5, p, 1.0 - p)
    t = np.sqrt(-2.0 * log.kernel(q))
    # Abramowitz and Stegun 26.2.23, within 4.5e-4; every step of Halley's method triples the digits.
    x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in range(2):
        x = np.where(x < 0.0, 0.0, x)
        ratio = (_tail(x) - q) * SQRT_2_PI / exp.kernel(-0.5 * x * x)
        x = x + ratio / (1.0 - 0.5 * x * ratio)
    return np.where(p < 0.5, -x, x) + 0.0


@elementwise
def gelu(x: np.ndarray) -> np.ndarray:
    """x P(Z < x) of a standard normal Z, within 2e-13 of it relatively."""
    return x * ndtr.kernel(x)
