"""Which tables have one unit for all of their columns."""

import numpy as np
import pytest

from keras_vae.data.columns import TableColumns
from keras_vae.tasks.tables.shared_unit import share_a_unit


def pixels():
    return np.random.default_rng(0).integers(0, 17, (100, 10)).astype(float)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda x: x, True, id="pixels"),
        pytest.param(lambda x: x[:, :7], False, id="few columns"),
        pytest.param(lambda x: x + 0.5, False, id="fractions"),
        pytest.param(lambda x: x - 3, False, id="below zero"),
        pytest.param(lambda x: x * 10.0 ** np.arange(10), False, id="other ranges"),
        pytest.param(lambda x: np.where(np.arange(10) < 3, 0, x), True, id="black corners"),
        pytest.param(lambda x: (x > 8).astype(float), False, id="yes and no"),
    ],
)
def test_a_unit_is_shared_by_whole_numbers_of_one_range(change, expected):
    x = change(pixels())
    assert share_a_unit(TableColumns.learn(x), x) is expected
