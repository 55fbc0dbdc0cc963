"""Surprise against the empirical tail of the values that it is learned from."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.tasks.tables.anomaly.surprise import BEYOND, MAX_VALUES, Surprise


def of(surprise, values):
    return surprise(tf.constant(values, tf.float32)).numpy()


@pytest.mark.parametrize("decimals", [6, 1], ids=["different", "with-ties"])
def test_it_is_minus_the_log_of_the_share_of_values_as_large(decimals, rng):
    values = rng.normal(size=400).round(decimals)
    as_large = np.array([(values >= v).sum() for v in values])
    found = of(Surprise.learn(values, rng), values)
    np.testing.assert_allclose(found, -np.log((as_large + 0.5) / 401.0), rtol=1e-4, atol=1e-5)


def test_values_of_the_same_distribution_have_a_mean_of_one_nat(rng):
    surprise = Surprise.learn(rng.normal(size=2000), rng)
    nats = of(surprise, rng.normal(size=20_000))
    # The shares are uniform, their -log is exponential; the learned quantiles add an error of 1 / sqrt(2000).
    assert abs(nats.mean() - 1.0) < 5.0 * np.sqrt(1.0 / 2000 + 1.0 / 20_000)


def test_between_two_values_it_is_interpolated(rng):
    surprise = Surprise.learn(np.array([0.0, 1.0, 3.0]), rng)
    low, high = of(surprise, [1.0, 3.0])
    np.testing.assert_allclose(of(surprise, [1.5]), low + 0.25 * (high - low), rtol=1e-5)


def test_below_all_values_it_is_that_of_the_smallest(rng):
    surprise = Surprise.learn(np.array([0.0, 1.0, 3.0]), rng)
    np.testing.assert_array_equal(of(surprise, [-50.0]), of(surprise, [0.0]))


def test_beyond_all_values_it_grows_with_the_logarithm(rng):
    values = np.arange(100.0)
    surprise = Surprise.learn(values, rng)
    unit = np.mean(values[90:] - 90.0)
    beyond = of(surprise, [99.0 + unit, 99.0 + 1e6 * unit]) - of(surprise, [99.0])
    np.testing.assert_allclose(beyond, BEYOND * np.log1p([1.0, 1e6]), rtol=1e-4)


def test_it_never_falls(rng):
    nats = of(Surprise.learn(rng.normal(size=300), rng), np.linspace(-5.0, 9.0, 2000))
    assert np.all(np.diff(nats) >= 0.0)


@pytest.mark.parametrize("values", [np.ones(30), np.array([2.0])], ids=["equal", "one"])
def test_values_that_never_differ_tell_nothing(values, rng):
    surprise = Surprise.learn(values, rng)
    assert np.isfinite(of(surprise, [0.0, 1.0, 2.0, 100.0])).all()
    assert of(surprise, values[:1])[0] < 0.5


def test_of_many_values_some_are_kept(rng):
    surprise = Surprise.learn(rng.normal(size=4 * MAX_VALUES), rng)
    assert len(surprise.values) == MAX_VALUES
    # Standard error of a share of 5 %, in nats: sqrt(0.95 / 0.05 / 2500).
    assert abs(of(surprise, [1.6449])[0] - np.log(20.0)) < 5.0 * np.sqrt(19.0 / MAX_VALUES)
