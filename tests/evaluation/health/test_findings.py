import json
import math

import numpy as np
import pytest

from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health import findings
from keras_vae.evaluation.health.findings import FAULT, OK, WARNING
from keras_vae.evaluation.health.remedies import BETA_1, FREE_BITS, LONGER, latent_dim_of


def test_json_has_no_nan_and_no_objects():
    finding = findings.judge_exchange_rate(Estimate(math.nan, math.inf), 1.0)
    told = json.loads(json.dumps(finding.as_dict(), allow_nan=False))
    assert (told["value"], told["standard_error"], told["remedy"]) == (None, None, [])
    finding = findings.judge_exchange_rate(Estimate(0.1, 0.001), 4.0)
    assert json.loads(json.dumps(finding.as_dict()))["remedy"] == [{"beta": 1.0}]


@pytest.mark.parametrize(
    ("rate", "error", "beta", "status", "remedy"),
    [
        pytest.param(1.0, 0.01, 1.0, OK, (), id="right"),
        pytest.param(1.3, 0.001, 1.0, WARNING, (LONGER,), id="not-at-rest"),
        pytest.param(4.0, 0.01, 4.0, FAULT, (BETA_1,), id="beta-4"),
        pytest.param(4.0, 2.0, 4.0, OK, (), id="open"),
        pytest.param(0.4, 0.01, 0.3, WARNING, (BETA_1,), id="low"),
        pytest.param(0.1, 0.01, 0.1, FAULT, (BETA_1,), id="very-low"),
    ],
)
def test_the_rate_is_judged_by_its_distance_from_one_less_its_error(rate, error, beta, status, remedy):
    finding = findings.judge_exchange_rate(Estimate(rate, error), beta)
    assert (finding.status, finding.remedy) == (status, remedy)


def test_structure_left_without_an_idle_dimension_asks_for_more_of_them():
    finding = findings.judge_idle_dimensions(np.array([2.0, 3.0]), Estimate(1.0, 0.01), kl=5.0)
    assert (finding.status, finding.remedy) == (WARNING, (LONGER, latent_dim_of(4)))
    finding = findings.judge_idle_dimensions(np.array([2.0, 0.0]), Estimate(1.0, 0.01), kl=5.0)
    assert finding.status == FAULT
    assert FREE_BITS in finding.remedy
