import json
import math

import numpy as np
import pytest

from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health import findings, findings_of_fit
from keras_vae.evaluation.health.finding import FAULT, OK, UNKNOWN, WARNING
from keras_vae.evaluation.health.prior import TailShare
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
        pytest.param(4.0, 2.0, 4.0, UNKNOWN, (), id="open"),
        pytest.param(0.4, 0.01, 0.3, WARNING, (BETA_1,), id="low"),
        pytest.param(0.1, 0.01, 0.1, FAULT, (BETA_1,), id="very-low"),
    ],
)
def test_the_rate_is_judged_by_its_distance_from_one_less_its_error(rate, error, beta, status, remedy):
    finding = findings.judge_exchange_rate(Estimate(rate, error), beta)
    assert (finding.status, finding.remedy) == (status, remedy)


def test_structure_left_without_an_idle_dimension_asks_for_more_of_them():
    for gain, n, status, dims in ((0.4, 1, WARNING, 4), (1.0, 1, FAULT, 4), (1.0, 7, FAULT, 9)):
        finding = findings.judge_idle_dimensions(np.array([2.0, 3.0]), Estimate(gain, 0.01, n_samples=n), kl=5.0)
        assert (finding.status, finding.remedy) == (status, (latent_dim_of(dims), LONGER))
    open_gain = findings.judge_idle_dimensions(np.array([2.0, 3.0]), Estimate(1.0, 0.5), kl=5.0)
    assert (open_gain.status, open_gain.remedy) == (UNKNOWN, ())
    finding = findings.judge_idle_dimensions(np.array([2.0, 0.0]), Estimate(1.0, 0.01), kl=5.0)
    assert finding.status == FAULT
    assert FREE_BITS in finding.remedy


def test_what_is_left_is_not_judged_without_residuals_and_says_of_what():
    finding = findings.judge_idle_dimensions(np.array([2.0, 0.0]), None, kl=5.0)
    assert (finding.status, finding.remedy) == (UNKNOWN, ())
    assert "no residuals are measured of columns of several kinds" in finding.sentence


@pytest.mark.parametrize(
    ("values", "status"),
    [
        # Most examples lose two nats, one in twenty a hundred thousand: the mean is no three errors from zero.
        pytest.param(np.r_[np.full(19, 2.0), 1e5, np.full(19, 2.5), -3e4], OK, id="heavy-tail"),
        pytest.param(np.r_[np.zeros(39), 1e5], FAULT, id="one-alone"),
        pytest.param(np.linspace(-0.01, 0.02, 40), FAULT, id="nothing"),
        pytest.param(np.linspace(-30.0, 33.0, 20), UNKNOWN, id="open"),
    ],
)
def test_the_use_of_the_code_is_judged_by_most_examples(values, status):
    finding = findings.judge_code_use(Estimate.of_rows(values), 1.0)
    assert finding.status == status
    assert finding.value == pytest.approx(values.mean())


def test_the_trimmed_mean_is_that_of_scipy():
    from scipy.stats import trim_mean

    values = np.random.default_rng(0).standard_t(2, size=137)
    found = findings.trimmed(values)
    assert found.mean == pytest.approx(trim_mean(values, 0.1))
    # Its error by another route: the spread over many samples of the same kind.
    many = [findings.trimmed(np.random.default_rng(k).standard_t(2, size=137)) for k in range(2000)]
    spread = np.std([one.mean for one in many])
    assert np.mean([one.standard_error for one in many]) == pytest.approx(spread, rel=0.1)


@pytest.mark.parametrize(
    ("share", "error", "status"),
    [(0.05, 0.01, OK), (0.4, 0.02, WARNING), (0.9, 0.02, FAULT), (0.3, 0.16, UNKNOWN), (0.7, 0.2, UNKNOWN)],
)
def test_a_share_with_too_large_an_error_is_not_judged(share, error, status):
    tail = TailShare(share, error, 0.05, np.zeros(3), np.zeros(3))
    for judge in (findings_of_fit.judge_holes, findings_of_fit.judge_uncovered):
        assert judge(tail).status == status
        assert judge(None).status == UNKNOWN


@pytest.mark.parametrize(
    ("gap", "error", "recognition", "n_rows", "status"),
    [
        pytest.param(23.0, 12.0, 0.73, (142, 36), FAULT, id="few-rows-with-outliers"),
        pytest.param(0.2, 1.0, 0.55, (142, 36), OK, id="none"),
        pytest.param(0.2, 1.0, 0.55, (100, 20), UNKNOWN, id="too-few-to-tell"),
        pytest.param(3.0, 0.5, 0.65, (2000, 2000), WARNING, id="some"),
        pytest.param(3.0, 0.5, 0.52, (2000, 2000), OK, id="small"),
    ],
)
def test_the_gap_is_judged_by_ranks_as_well(gap, error, recognition, n_rows, status):
    finding = findings_of_fit.judge_gap(Estimate(gap, error), recognition, 4, n_rows=n_rows)
    assert finding.status == status


@pytest.mark.slow
def test_the_error_of_the_recognition_is_that_of_ranks():
    from scipy.stats import mannwhitneyu

    rng = np.random.default_rng(0)
    shares = [mannwhitneyu(rng.normal(size=60), rng.normal(size=25)).statistic / 1500 for _ in range(4000)]
    assert findings_of_fit.recognition_error(60, 25) == pytest.approx(np.std(shares), rel=0.05)


@pytest.mark.parametrize(
    ("gain", "error", "status"),
    [(0.05, 0.01, OK), (0.6, 0.05, WARNING), (1.5, 0.1, FAULT), (1.5, 1.0, UNKNOWN), (-3.0, 0.1, OK)],
)
def test_training_on_is_judged_by_its_share_of_the_kl(gain, error, status):
    for from_history in (True, False):
        finding = findings_of_fit.judge_training_on(Estimate(gain, error), 10.0, from_history)
        assert finding.status == status
        assert finding.remedy == ((LONGER,) if status in (WARNING, FAULT) else ())
    assert findings_of_fit.judge_training_on(None, 10.0, False).status == UNKNOWN
