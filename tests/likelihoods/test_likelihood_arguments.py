"""Arguments the base class refuses, and the light import."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.likelihoods import Bernoulli, Gaussian, GaussianFixed, Multinomial


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(1.5, id="float"),
        pytest.param(True, id="bool"),
        pytest.param("0", id="str"),
        pytest.param([1, 2, 3], id="three"),
        pytest.param([0.5, 1.0], id="float-pair"),
        pytest.param(2**70, id="too-large"),
        pytest.param(tf.constant([1.0, 2.0]), id="float-tensor"),
    ],
)
def test_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="`seed` must be None, a 64-bit int or an integer tensor"):
        Bernoulli().sample(np.zeros((1, 2)), seed=seed)


def test_odd_last_axis_is_refused_for_two_parameters():
    with pytest.raises(ValueError, match=r"likelihood Gaussian.*2 parameters per element.*Received: .*\(28, 28, 3\)"):
        Gaussian().event_shape((28, 28, 3))


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((), id="scalar"),
        pytest.param((3,), id="other-batch"),
        pytest.param((2, 5), id="other-event"),
        pytest.param((2, 4, 3, 1), id="too-many-axes"),
    ],
)
def test_bad_mask_shape_is_refused(shape):
    with pytest.raises(ValueError, match="`mask` must have the shape of `x`, or of its leading axes"):
        GaussianFixed().log_prob(np.zeros((2, 4, 3)), np.zeros((2, 4, 3)), mask=np.ones(shape))


def test_masked_elements_may_have_no_finite_log_probability():
    x = np.array([[np.nan, 1.0]], dtype="float32")
    log_prob = GaussianFixed().log_prob(x, np.zeros((1, 2)), mask=[[0, 1]])
    np.testing.assert_allclose(log_prob, [-0.5 - 0.5 * np.log(2 * np.pi)], rtol=1e-6)


def test_unknown_rank_is_refused():
    traced = tf.function(Bernoulli().mean, input_signature=[tf.TensorSpec(None)], autograph=False)
    with pytest.raises(ValueError, match="`x_params` must have a known number of axes"):
        traced(np.zeros((1, 2), "float32"))


def test_multinomial_refuses_a_mask_and_other_ranks():
    with pytest.raises(ValueError, match="`mask` must be None for the likelihood Multinomial"):
        Multinomial().log_prob(np.ones((1, 2)), np.zeros((1, 2)), mask=np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"`event_shape` must be \(n_items,\)"):
        Multinomial().params_shape((2, 3))
    with pytest.raises(ValueError, match="one logit per item"):
        Multinomial().event_shape((2, 3))


def test_import_leaves_tensorflow_probability_out():
    # In a fresh process and past the package's own __init__, which other parts of the library share.
    code = (
        "import importlib.util, sys, types\n"
        "package = types.ModuleType('keras_vae')\n"
        "package.__path__ = list(importlib.util.find_spec('keras_vae').submodule_search_locations)\n"
        "sys.modules['keras_vae'] = package\n"
        "import keras_vae.likelihoods\n"
        "sys.exit('tensorflow_probability' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
