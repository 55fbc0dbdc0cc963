import numpy as np
import pytest

from keras_vae.priors.flow_prior import FlowPrior
from keras_vae.samplers.flow import NegativeLogLikelihood, fit_flow


def test_a_dimension_without_any_spread_is_no_obstacle(rng):
    codes = rng.normal(size=(1, 60, 2)).astype("float32")
    codes[..., 1] = 3.0
    flow = fit_flow(codes, n_steps=1, hidden_units=(4,), max_steps=5)
    np.testing.assert_allclose(flow.location[1], 3.0, rtol=1e-6)
    assert flow.scale[1] == 1.0
    assert np.all(np.isfinite(flow.sample(5)))


def test_the_loss_is_minus_the_log_density(rng):
    prior = FlowPrior(1, (4,), seed=0)
    prior.build((None, 2))
    z = rng.normal(size=(5, 2)).astype("float32")
    np.testing.assert_allclose(NegativeLogLikelihood(prior)(z), -prior.log_prob(z).numpy()[:, None], rtol=1e-6)


def test_too_few_examples_to_hold_some_out_are_refused(rng):
    with pytest.raises(ValueError, match=r"`x` must hold at least 20 examples for this sampler. Received: 19"):
        fit_flow(rng.normal(size=(2, 19, 2)))
