"""Codes as whole numbers and as bytes."""

import numpy as np
import pytest

from keras_vae.tasks.compression.text.code_tables import CodeTables


def posteriors(rng, n=400):
    means = rng.normal(size=(n, 3)) * [1.0, 0.02, 3.0] + [0.0, 1.0, -2.0]
    return means, np.broadcast_to(np.log([0.25, 1.0, 0.5]), (n, 3))


@pytest.mark.parametrize("step", [0.5, 2.0, 20.0])
def test_codes_come_back_and_are_near(rng, step):
    means, log_vars = posteriors(rng)
    tables = CodeTables(means, log_vars, step)
    far = np.concatenate([means, [[100.0, -50.0, 1e4]]])
    rounded = tables.rounded(far)
    np.testing.assert_array_equal(tables.unpack(tables.pack(rounded), len(far)), rounded)
    near = np.abs(tables.codes(rounded) - far) <= 0.5001 * step * np.sqrt([0.25, 1.0, 0.5]) + 1e-3
    assert near.all()


def test_bits_are_those_of_the_entropy_and_constant_dimensions_are_free(rng):
    means, log_vars = posteriors(rng, 20_000)
    tables = CodeTables(means, log_vars, 1.0)
    rounded = tables.rounded(means)
    entropy = 0.0
    for column in rounded.T:
        p = np.unique(column, return_counts=True)[1] / len(column)
        entropy -= (p * np.log2(p)).sum()
    assert 8 * len(tables.pack(rounded)) / len(means) == pytest.approx(entropy, rel=0.01)
    constant = CodeTables(means[:, 1:2], log_vars[:, 1:2], 1.0)
    assert 8 * len(constant.pack(constant.rounded(means[:, 1:2]))) / len(means) < 0.01
