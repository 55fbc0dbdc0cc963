import json

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
