import numpy as np
import pytest
from helpers import assert_mean_close
from likelihood_helpers import tile, value_and_gradient

from keras_vae.likelihoods import ContinuousBernoulli

LOGITS = [0.0, 1e-6, 1e-3, 0.26, 0.27, 5.0, 15.9, 16.0, 30.0, 80.0, 100.0]
every_logit = pytest.mark.parametrize("logit", [sign * logit for logit in LOGITS for sign in (1, -1)])


def exact(x, logit):
    """log of `l exp(l x) / (exp(l) - 1)` and its derivative, in float64; a series where that is 0/0."""
    if abs(logit) < 1e-2:
        return logit * (x - 0.5) - logit**2 / 24, x - 0.5 - logit / 12
    log_normaliser = np.log(abs(logit)) - max(logit, 0) - np.log(-np.expm1(-abs(logit)))
    return logit * x + log_normaliser, x + 1 / logit - 1 / -np.expm1(-logit)


@every_logit
@pytest.mark.parametrize("x", [0.0, 0.3, 1.0])
def test_value_and_gradient_are_exact_near_zero_and_far_out(x, logit):
    likelihood = ContinuousBernoulli()
    value, gradient = value_and_gradient(lambda p: likelihood.log_prob([[x]], p), [[logit]])
    log_prob, slope = exact(x, logit)
    assert value[0] == pytest.approx(log_prob, rel=1e-5, abs=1e-6)
    # 2e-5: at the ends of its series tfp's gradient misses the first dropped term.
    assert gradient[0, 0] == pytest.approx(slope, rel=1e-5, abs=2e-5)


@every_logit
def test_mean_equals_the_closed_form(logit):
    expected = 0.5 + logit / 12 if abs(logit) < 1e-2 else 1 / -np.expm1(-logit) - 1 / logit
    assert float(ContinuousBernoulli().mean([[logit]])[0, 0]) == pytest.approx(expected, rel=1e-5)


def test_samples_match_the_mean_at_difficult_logits():
    likelihood = ContinuousBernoulli()
    logits = np.array([0, 1e-6, 1e-3, -1e-3, 30, -30, 80, -80], "float32")
    assert_mean_close(likelihood.sample(tile(logits, 20_000), seed=1), likelihood.mean([logits])[0], resolution=0.02)
