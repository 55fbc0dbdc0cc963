"""Matrix products that give the same bits on every machine: those of whole numbers, held in float64.

A product of float64 matrices is rounded in the order in which a library adds, and that depends on the processor, the
number of threads and the size of the matrices. As long as all partial sums are whole numbers below 2^53 nothing is
rounded, whatever the order, with or without fused multiplications. So weights and inputs are rounded beforehand, to
whole multiples of a power of two:

- a weight to a step of its output unit, chosen by `whole_weights` such that the magnitudes of the whole numbers of one
  unit add up to at most 2^29;
- an input to a step of its example, chosen by `whole_inputs` such that its whole numbers are at most 2^23.

No partial sum of a product of the two passes 2^52, half of what would be exact. The steps belong to one unit and to one
example alone, so that a row gets the same numbers in any batch. The errors are about those of float32: of the ways to
divide 52 bits, this one had the smallest for a dense network of 300 and 200 units, 1.7 times that of Keras.
"""

import numpy as np

WEIGHT_BITS, INPUT_BITS = 29, 23
# Below, a float32 number is not normal, and counts as 0 in programs that round those to 0.
SMALLEST_WEIGHT = 2.0**-126
# Exponents of two of the largest input of an example: smaller ones are 0 in sums with a bias.
MIN_EXPONENT, MAX_EXPONENT = -100, 400


def whole_weights(weights: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers and steps whose products come near the weights.

    Args:
        weights: array of numbers of float32, shape `(n_inputs, n_units)`.
        name: str. Name of the layer, for the message.

    Returns:
        `(whole, steps)`: float64 arrays `(n_inputs, n_units)` of whole numbers, and `(n_units,)` of powers of two. The
        magnitudes of a column of `whole` add up to at most 2^29.

    Raises:
        ValueError: if a weight is not finite.
    """
    weights = np.asarray(weights, np.float64)
    check_finite(weights, f"the weights of the layer {name!r}")
    magnitudes = np.abs(weights)
    magnitudes = np.where(magnitudes < SMALLEST_WEIGHT, 0.0, magnitudes)
    # The largest weight of a unit is below 2^exponent: a first step for which each fits.
    _, exponents = np.frexp(np.max(magnitudes, axis=0, initial=0.0))
    shifts = WEIGHT_BITS - exponents
    while True:
        # Sums of fewer than 2^24 whole numbers up to 2^29, which are exact: they decide the same on every machine.
        too_large = np.rint(_shifted(magnitudes, shifts)).sum(axis=0) > 2.0**WEIGHT_BITS
        if not np.any(too_large):
            break
        shifts = shifts - too_large
    whole = np.where(magnitudes == 0.0, 0.0, np.rint(_shifted(weights, shifts))) + 0.0
    return np.ascontiguousarray(whole), np.ldexp(1.0, -shifts)


def whole_inputs(values: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers and steps whose products come near the inputs.

    Args:
        values: float64 array `(n, ...)`.
        name: str. Name of the layer, for the message.

    Returns:
        `(whole, steps)`: float64 arrays, whole numbers up to 2^23 in the shape of `values`, and powers of two, one for
        each of the n examples, in a shape that broadcasts.

    Raises:
        ValueError: if a value is not finite, or above 2^400.
    """
    largest = np.max(np.abs(values), axis=tuple(range(1, values.ndim)), keepdims=True, initial=0.0)
    if not np.all(largest < 2.0**MAX_EXPONENT):
        raise ValueError(
            f"`inputs` must stay finite in the layer {name!r}. Received: inputs that become {np.max(largest)} there"
        )
    _, exponents = np.frexp(largest)
    exponents = np.maximum(exponents, MIN_EXPONENT)
    whole = values * np.ldexp(1.0, INPUT_BITS - exponents)
    np.rint(whole, out=whole)
    return whole, np.ldexp(1.0, exponents - INPUT_BITS)


def scaled_back(product: np.ndarray, input_steps: np.ndarray, unit_steps: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A product of whole numbers in the scale of inputs times weights, plus the bias: `product` itself, changed.

    Args:
        product: float64 array `(n, ..., n_units)` of whole numbers.
        input_steps: array of powers of two, one per example, which broadcasts.
        unit_steps: array `(n_units,)` of powers of two.
        bias: float64 array `(n_units,)`.
    """
    # Powers of two change the exponent alone; the bias is one rounded addition per element.
    product *= input_steps
    product *= unit_steps
    product += bias
    return product


def check_finite(values: np.ndarray, what: str) -> None:
    """Refuse numbers that a model must not hold.

    Raises:
        ValueError: if one is not finite.
    """
    if not np.all(np.isfinite(values)):
        raise ValueError(f"`model` must have finite numbers. Received: NaN or infinity in {what}")


def _shifted(values, shifts):
    return values * np.ldexp(1.0, shifts)
