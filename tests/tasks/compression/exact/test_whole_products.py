import numpy as np
import pytest

from keras_vae.tasks.compression.exact.whole_products import scaled_back, whole_inputs, whole_weights

EXACT = 2.0**53


def spread(rng, shape):
    """Numbers of float32 from the smallest to the largest normal ones, of both signs."""
    exponents = rng.uniform(-126, 127, shape)
    return (rng.choice([-1.0, 1.0], shape) * 2.0**exponents).astype(np.float32)


def weights(kind, rng):
    n, m = 3000, 7
    return {
        "usual": rng.standard_normal((n, m)) * 0.05,
        "equal": np.full((n, m), 1.0),
        "largest of float32": np.full((n, m), np.finfo(np.float32).max),
        "one large among small": np.where(np.arange(n)[:, None] == 5, 1e30, 1e-3) * np.ones((1, m)),
        "all magnitudes": spread(rng, (n, m)),
        "smallest": np.full((n, m), 2.0**-126),
        "zeros": np.zeros((n, m)),
    }[kind].astype(np.float32)


KINDS = ["usual", "equal", "largest of float32", "one large among small", "all magnitudes", "smallest", "zeros"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_partial_sum_can_pass_what_is_exact_however_large_the_weights(kind, rng):
    whole, steps = whole_weights(weights(kind, rng), "dense")
    inputs, input_steps = whole_inputs(spread(rng, (5, 3000)).astype(np.float64), "dense")
    for numbers in (whole, inputs):
        assert np.array_equal(numbers, np.rint(numbers))
    # In whole numbers of Python, which have no largest one.
    sums = [sum(abs(int(w)) for w in column) for column in whole.T]
    assert max(sums) * int(np.max(np.abs(inputs))) <= EXACT / 2
    for powers in (steps, input_steps):
        assert np.all(np.frexp(powers)[0] == 0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_product_is_that_of_python_whole_numbers(kind, rng):
    whole, _ = whole_weights(weights(kind, rng), "dense")
    inputs, _ = whole_inputs(rng.standard_normal((2, 3000)), "dense")
    wanted = [[sum(int(a) * int(w) for a, w in zip(row, column, strict=True)) for column in whole.T] for row in inputs]
    assert (inputs @ whole).astype(int).tolist() == wanted
    # In any order.
    order = rng.permutation(3000)
    assert np.array_equal(inputs[:, order] @ whole[order], inputs @ whole)


@pytest.mark.parametrize("kind", ["usual", "equal", "largest of float32", "smallest"])
def test_whole_weights_come_near_the_weights_of_every_unit(kind, rng):
    given = weights(kind, rng).astype(np.float64) * 2.0 ** np.arange(7)[::-1] / 128.0
    given = np.where(np.abs(given) < 2.0**-126, 0.0, given)
    whole, steps = whole_weights(given, "dense")
    # 29 bits for the sum of 3000 of them, at worst 28.
    assert np.all(np.abs(whole * steps - given) <= 2.0**-28 * np.abs(given).sum(axis=0))


def test_inputs_are_rounded_for_each_example_alone(rng):
    x = rng.standard_normal((4, 3, 5)) * np.array([1.0, 1e-20, 1e20, 0.0])[:, None, None]
    whole, steps = whole_inputs(x, "dense")
    assert np.all(np.abs(whole * steps - x) <= 2.0**-23 * np.abs(x).max(axis=(1, 2), keepdims=True))
    for i in range(4):
        alone, step = whole_inputs(x[i : i + 1], "dense")
        assert np.array_equal(alone, whole[i : i + 1])
        assert step[0] == steps[i]


def test_a_product_of_no_rows_has_no_rows():
    whole, steps = whole_inputs(np.zeros((0, 3)), "dense")
    assert scaled_back(whole @ np.ones((3, 2)), steps, np.ones(2), np.zeros(2)).shape == (0, 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match=r"`model` must have finite numbers.* in the weights of the layer 'dense'"):
        whole_weights(np.array([[1.0], [value]]), "dense")


@pytest.mark.parametrize("value", [np.nan, np.inf, 2.0**400])
def test_inputs_that_become_too_large_are_refused(value):
    with pytest.raises(ValueError, match=r"`inputs` must stay finite in the layer 'dense'\. Received"):
        whole_inputs(np.array([[1.0], [value]]), "dense")
