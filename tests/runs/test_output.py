import json
import math

import pytest

from keras_vae.runs.output import to_json


def test_json_has_no_nan():
    figures = {"a": float("nan"), "b": float("-inf"), "c": 0.5, "d": None, "e": "x"}
    assert json.loads(to_json(figures), parse_constant=pytest.fail) == {
        "a": None,
        "b": None,
        "c": 0.5,
        "d": None,
        "e": "x",
    }


def test_numbers_within_lists_and_dicts_are_finite_or_null():
    assert to_json({"a": [1.0, math.nan], "b": {"c": (math.inf, "x")}}) == '{"a": [1.0, null], "b": {"c": [null, "x"]}}'
