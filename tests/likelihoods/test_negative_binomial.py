import numpy as np
import pytest
from scipy import special, stats

from keras_vae.likelihoods import NegativeBinomial


@pytest.mark.parametrize("log_total_count", [-8.0, 0.0, 5.0, 9.0])
@pytest.mark.parametrize("log_mean", [-5.0, 0.0, 5.0, 10.0])
def test_log_prob_equals_scipy_from_sparse_to_nearly_poisson(log_mean, log_total_count):
    x = np.array([[0], [1], [10], [1000]], "float32")
    likelihood = NegativeBinomial()
    x_params = np.tile(np.array([log_mean, log_total_count], "float32"), (4, 1))
    # The smooth bounds move a log total count of 9 by 0.3: compare at the one the distribution has.
    total_count = likelihood.distribution(x_params).distribution.total_count.numpy().astype("float64")
    expected = stats.nbinom.logpmf(x, total_count, special.expit(np.log(total_count) - log_mean))[:, 0]
    # 1e-4: sums of terms up to a thousand nats that mostly cancel, in float32.
    np.testing.assert_allclose(likelihood.log_prob(x, x_params), expected, rtol=1e-4, atol=1e-4)


def test_bounds_hold_far_out():
    likelihood = NegativeBinomial(max_log_mean=3.0, min_log_total_count=-2.0, max_log_total_count=2.0)
    distribution = likelihood.distribution([[1e4, -1e4], [-1e4, 1e4]]).distribution
    np.testing.assert_allclose(np.log(distribution.total_count)[:, 0], [-2, 2], atol=0.02)
    np.testing.assert_allclose(likelihood.mean([[1e4, -1e4], [-1e4, 1e4]])[:, 0], [np.exp(3), 0], rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"max_log_mean": 90}, "`max_log_mean` must be a finite number .* <= 50", id="overflow"),
        pytest.param({"min_log_total_count": 10}, "`max_log_total_count` must be .* > 10", id="crossed"),
        pytest.param({"min_log_total_count": -90}, "`min_log_total_count` must be .* >= -50", id="too-low"),
    ],
)
def test_bad_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        NegativeBinomial(**arguments)


def test_input_layer_takes_logarithms():
    (layer,) = NegativeBinomial().input_layers((3,))
    np.testing.assert_allclose(layer(np.array([[0, 1, 99]])), [[0, np.log(2), np.log(100)]], rtol=1e-6)


@pytest.mark.usefixtures("mixed_float16")
def test_input_layer_keeps_large_counts_finite_under_mixed_precision():
    (layer,) = NegativeBinomial().input_layers((1,))
    assert float(layer(np.array([[1e5]], "float32"))[0, 0]) == pytest.approx(np.log(1e5 + 1), rel=1e-6)
