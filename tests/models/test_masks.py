"""Missing elements: masked arrays, weights of 0, fill values and NaN are one and the same to a model."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import slow_after, small_vae

from keras_vae.models.make_vae import make_vae
from keras_vae.objectives.mmd import MMD
from keras_vae.objectives.total_correlation import TotalCorrelation


@pytest.fixture
def x(rng):
    return (rng.random((24, 6)) > 0.5).astype("float32")


@pytest.fixture
def hidden(x):
    return np.random.default_rng(1).random(x.shape) < 0.4


def vae_of(x):
    vae = small_vae(likelihood="bernoulli")
    vae.compile("sgd", run_eagerly=True)
    return vae


@pytest.mark.slow
@pytest.mark.parametrize("fill", slow_after(3, [0.0, 1e20, np.nan, 1.0, 9.97e36, np.inf]))
def test_every_way_to_hide_an_element_gives_one_score(x, hidden, fill):
    vae = vae_of(x)
    expected = vae.elbo(x, mask=1.0 - hidden)
    filled = np.where(hidden, fill, x)
    np.testing.assert_array_equal(vae.elbo(filled, mask=1.0 - hidden), expected)
    np.testing.assert_array_equal(vae.elbo(np.ma.masked_array(filled, hidden)), expected)
    assert np.abs(vae.elbo(x) - expected).max() > 0.1


@pytest.mark.parametrize("fill", slow_after(2, [1e20, np.nan, 9.97e36, -np.inf]))
def test_training_does_not_see_what_is_hidden(x, hidden, fill):
    histories, weights = [], []
    for data, kwargs in (
        (np.where(hidden, 0.0, x), {"sample_weight": 1.0 - hidden}),
        (np.where(hidden, fill, x), {"sample_weight": 1.0 - hidden}),
        (np.ma.masked_array(np.where(hidden, fill, x), hidden), {}),
    ):
        vae = vae_of(x)
        histories.append(vae.fit(data, epochs=2, shuffle=False, verbose=0, **kwargs).history["loss"])
        weights.append(vae.get_weights())
    assert histories[0] == histories[1] == histories[2]
    for others in weights[1:]:
        for one, other in zip(weights[0], others, strict=True):
            np.testing.assert_array_equal(one, other)


def test_targets_may_be_masked_by_themselves(x, hidden):
    vae = vae_of(x)
    by_weight = vae.evaluate(x, x, sample_weight=1.0 - hidden, verbose=0)
    by_mask = vae.evaluate(x, np.ma.masked_array(np.where(hidden, np.nan, x), hidden), verbose=0)
    assert by_mask == by_weight
    # Here the encoder sees all of x.
    assert by_weight != vae.evaluate(x, sample_weight=1.0 - hidden, verbose=0)


@pytest.mark.parametrize("verb", ["encode", "reconstruct", "predict", "draw"])
def test_verbs_without_a_target_do_not_see_it_either(x, hidden, verb):
    vae = vae_of(x)
    arguments = {"seed": 0} if verb == "draw" else {}
    one = getattr(vae, verb)(np.ma.masked_array(np.where(hidden, 1e30, x), hidden), **arguments)
    other = getattr(vae, verb)(np.where(hidden, 0.0, x), **arguments)
    for a, b in zip(np.atleast_2d(one), np.atleast_2d(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_a_hidden_element_is_the_mean_to_a_model_that_standardises(rng):
    x = rng.normal(size=(64, 3)) * 10.0 + 100.0
    vae = make_vae((3,), 2, hidden_units=(8,), likelihood="gaussian", seed=0)
    vae.compile()
    vae.fit(x, verbose=0)
    hidden = np.zeros(x.shape, bool)
    hidden[:, 1] = True
    mean = x.copy()
    mean[:, 1] = vae.preprocessing.location.numpy()[1]
    np.testing.assert_allclose(vae.encode(np.ma.masked_array(x, hidden))[0], vae.encode(mean)[0], atol=1e-4)


def test_weights_of_elements_and_a_mask_are_multiplied(x, hidden):
    vae = vae_of(x)
    weight = np.full(x.shape, 0.5)
    both = vae.evaluate(np.ma.masked_array(x, hidden), sample_weight=weight, verbose=0)
    np.testing.assert_allclose(both, vae.evaluate(x, sample_weight=0.5 * (1.0 - hidden), verbose=0), rtol=1e-6)
    np.testing.assert_allclose(
        vae.elbo(np.ma.masked_array(x, hidden), mask=weight), vae.elbo(x, mask=0.5 * (1.0 - hidden)), rtol=1e-6
    )
    with pytest.raises(ValueError, match="`sample_weight` must weigh elements beside a masked array"):
        vae.fit(np.ma.masked_array(x, hidden), sample_weight=np.ones(len(x)), verbose=0)


@pytest.mark.slow
def test_weights_of_another_shape_may_follow_each_other(x):
    vae = small_vae(likelihood="bernoulli")
    vae.compile("sgd")
    by_row, by_element = np.ones(len(x)), np.ones(x.shape)
    for weight in (by_row, by_element, by_row[:, None], by_element):
        assert np.isfinite(vae.fit(x, sample_weight=weight, verbose=0).history["loss"][0])
        assert np.isfinite(vae.evaluate(x, sample_weight=weight, verbose=0)[0])
    for weight in (by_row, by_element):
        stream = tf.data.Dataset.from_tensor_slices((x, x, weight)).batch(8)
        assert np.isfinite(vae.fit(stream, verbose=0).history["loss"][0])


@pytest.mark.parametrize("objective", [lambda: TotalCorrelation(6.0), lambda: MMD(1000.0)])
def test_examples_of_weight_0_count_nowhere(x, objective):
    """Neither in the mean nor among the codes that an objective compares the others with."""
    outlier = np.concatenate([x, np.full((8, 6), 40.0, "float32")])
    weight = np.r_[np.ones(24), np.zeros(8)].astype("float32")
    losses = []
    for data, sample_weight in ((x, np.ones(24, "float32")), (outlier, weight)):
        vae = small_vae(objective=objective())
        vae.compile("sgd", run_eagerly=True)
        losses.append(vae.evaluate(data, sample_weight=sample_weight, batch_size=32, verbose=0))
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
