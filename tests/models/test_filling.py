"""Holes filled by a model that never saw one, against models whose posterior is known."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import (
    assert_mean_close,
    conditional_vae,
    dense_weights,
    linear_decoder,
    linear_encoder,
    slow_after,
    small_vae,
)

import keras_vae as kv


@pytest.fixture
def x(rng):
    return rng.normal(size=(8, 6)).astype("float32")


@pytest.fixture
def is_hole():
    hidden = np.random.default_rng(1).random((8, 6)) < 0.4
    # Nothing, one and all but one; a row of nothing but holes has a test of its own.
    hidden[0], hidden[1], hidden[2] = False, np.arange(6) == 3, np.arange(6) > 0
    return hidden


def wide_vae(likelihood="gaussian_fixed", **kwargs):
    """A linear VAE whose decoder says much about the data, and whose encoder knows nothing of it."""
    decoder = linear_decoder()
    kernel, bias = decoder.get_weights()
    decoder.set_weights([3.0 * kernel, bias + 0.5])
    return small_vae(likelihood, decoder=decoder, **kwargs)


@pytest.fixture(scope="module")
def wide():
    """One for all tests: to fill changes nothing of it, and it is compiled once."""
    return wide_vae()


def exact(model, row, hidden, told=0.0):
    """Mean and covariance of what is hidden of a row given the rest: of the Gaussian `kernel' kernel + I`."""
    kernel, bias = dense_weights(model.decoder, "x_params")
    bias = bias + told
    kernel = kernel[:2]
    covariance, seen = kernel.T @ kernel + np.eye(6), ~hidden
    gain = covariance[np.ix_(hidden, seen)] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
    mean = bias[hidden] + gain @ (row[seen] - bias[seen])
    return mean, covariance[np.ix_(hidden, hidden)] - gain @ covariance[np.ix_(seen, hidden)]


def test_the_fill_is_the_conditional_mean(wide, x, is_hole):
    vae = wide
    filled = vae.fill(np.where(is_hole, np.nan, x), n_samples=4000)
    np.testing.assert_array_equal(filled[~is_hole], x[~is_hole])
    for row, original, hidden in zip(filled[1:], x[1:], is_hole[1:], strict=True):
        np.testing.assert_allclose(row[hidden], exact(vae, original, hidden)[0], atol=0.1)
    guess = vae.fill(np.where(is_hole, np.nan, x), n_steps=0, n_starts=1, n_samples=1)
    error = [np.abs(f[h] - exact(vae, o, h)[0]).mean() for f, o, h in zip(guess[1:], x[1:], is_hole[1:], strict=True)]
    assert np.mean(error) > 0.3


def test_the_search_finds_the_posterior(wide, x, is_hole):
    """In a linear model q of the diagonal of the exact precision, and its mean, have the largest bound."""
    from keras_vae.models.filling import searched
    from keras_vae.training.batch import Batch

    vae, seed = wide, tf.constant([0, 0], tf.int64)
    kernel, bias = dense_weights(vae.decoder, "x_params")
    seen = tf.constant(~is_hole, tf.float32)
    shown = tf.constant(np.where(is_hole, 0.0, x), tf.float32)
    batch = vae.prepare(Batch(shown, shown, seen))
    # In a graph, as `fill` has it: 400 steps one by one take long.
    search = tf.function(lambda: searched(vae, batch, tf.constant(400), tf.constant(3), seed), autograph=False)
    z_mean, z_log_var = search()
    assert z_mean.shape == (24, 2)
    ratios = []
    for k in range(24):
        known = ~is_hole[k % 8]
        precision = np.eye(2) + kernel[:, known] @ kernel[:, known].T
        mean = np.linalg.solve(precision, kernel[:, known] @ (x[k % 8] - bias)[known])
        # Standard deviations are about 0.3 and 0.6, and every step has seen one draw.
        np.testing.assert_allclose(z_mean[k], mean, atol=0.05)
        ratios.append(np.exp(z_log_var[k]) * np.diag(precision))
    assert 0.5 < np.min(ratios) < np.max(ratios) < 1.8
    np.testing.assert_allclose(np.mean(ratios), 1.0, atol=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("draw", [True, False])
def test_draws_have_the_conditional_distribution(wide, x, draw):
    vae, hidden = wide, np.arange(6) > 2
    mean, covariance = exact(vae, x[0], hidden)
    drawn = vae.draw_fills(np.where(hidden, np.nan, x[:1]), 4000, n_samples=8000, seed=1, draw=draw)
    assert drawn.shape == (4000, 1, 6)
    np.testing.assert_array_equal(drawn[:, 0, :3], np.tile(x[0, :3], (4000, 1)))
    assert_mean_close(drawn[:, 0, 3:], mean, resolution=0.2)
    # Without the noise of p(x|z), whose variance is one.
    covariance = covariance if draw else covariance - np.eye(3)
    difference = drawn[:, 0, 3:] - mean
    assert_mean_close(difference[:, :, None] * difference[:, None, :], covariance, resolution=0.5)


def test_a_row_of_nothing_but_holes_is_filled_from_the_prior(wide):
    vae = wide
    kernel, bias = dense_weights(vae.decoder, "x_params")
    lost = np.full((1, 6), np.nan, "float32")
    with pytest.warns(UserWarning, match="1 of 2 rows of `x` are nothing but holes: the prior fills them"):
        filled = vae.fill(np.concatenate([lost, np.zeros((1, 6))]), n_samples=20_000)
    np.testing.assert_allclose(filled[0], bias, atol=0.15)
    with pytest.warns(UserWarning, match="1 of 1 rows"):
        drawn = vae.draw_fills(lost, 4000, n_samples=8000, draw=True)[:, 0]
    np.testing.assert_allclose(np.cov(drawn.T), kernel.T @ kernel + np.eye(6), atol=0.5)


def test_starts_find_what_the_guess_does_not():
    """Two values of z explain what was seen, z = 2 and z = -2; only the sign of z says what the hole holds."""
    z = keras.Input((1,))
    square = keras.layers.Lambda(lambda t: keras.ops.concatenate([10.0 * t**2, 3.0 * t], -1), output_shape=(2,))(z)
    encoder = linear_encoder((2,), 1)
    encoder.get_layer("z_mean").set_weights([np.array([[0.1], [0.0]]), np.array([-3.0])])
    encoder.get_layer("z_log_var").set_weights([np.zeros((2, 1)), np.array([-2.0])])
    vae = small_vae(event_shape=(2,), encoder=encoder, decoder=keras.Model(z, square))
    x = np.array([[40.0, np.nan]], "float32")
    alone = vae.draw_fills(x, 200, n_starts=1)[:, 0, 1]
    several = vae.draw_fills(x, 200, n_starts=32, n_samples=1024)[:, 0, 1]
    assert len(np.unique(np.sign(alone))) == 1
    np.testing.assert_allclose(np.unique(np.round(several)), [-6.0, 6.0])


def test_a_row_is_filled_alike_whatever_stands_beside_it(wide, x, is_hole):
    vae, rows = wide, np.where(is_hole, np.nan, x)
    filled = vae.fill(rows, n_steps=20, seed=3)
    np.testing.assert_array_equal(vae.fill(rows, n_steps=20, seed=3), filled)
    assert np.any(vae.fill(rows, n_steps=20, seed=4) != filled)
    for alone in (vae.fill(rows[3:5], n_steps=20, seed=3), vae.fill(rows, n_steps=20, seed=3, batch_size=3)[3:5]):
        np.testing.assert_allclose(alone, filled[3:5], rtol=1e-4, atol=1e-4)
    twice = vae.draw_fills(np.repeat(rows[3:4], 4, axis=0), 1, n_steps=20, batch_size=2)
    assert len(np.unique(twice[0, :, is_hole[3]], axis=1)[0]) == 4


def test_masked_arrays_and_pairs_are_as_good_as_nan(wide, x, is_hole):
    vae = wide
    expected = vae.fill(np.where(is_hole, np.nan, x), n_steps=5)
    np.testing.assert_array_equal(vae.fill(np.ma.masked_array(x, is_hole), n_steps=5), expected)
    np.testing.assert_array_equal(vae.fill(np.where(is_hole, np.nan, x).tolist(), n_steps=5), expected)
    # Rows without a hole come back, of whatever type they were.
    np.testing.assert_array_equal(vae.fill(np.zeros((2, 6), int)), np.zeros((2, 6)))
    assert vae.draw_fills(x, 3).shape == (3, 8, 6)


def test_a_condition_is_told(x, is_hole):
    vae = conditional_vae((3,))
    condition = np.random.default_rng(2).normal(size=(8, 3)).astype("float32")
    rows = np.where(is_hole, np.nan, x)
    filled = vae.fill(rows, n_samples=4000, condition=condition)
    kernel, _ = dense_weights(vae.decoder, "x_params")
    for row, original, hidden, told in zip(filled[1:], x[1:], is_hole[1:], condition[1:] @ kernel[2:], strict=True):
        np.testing.assert_allclose(row[hidden], exact(vae, original, hidden, told)[0], atol=0.1)
    np.testing.assert_array_equal(vae.fill((rows, condition), n_samples=4000), filled)
    with pytest.raises(ValueError, match="`condition` must be given once"):
        vae.fill((rows, condition), condition=condition)
    with pytest.raises(ValueError, match="`condition` must have the same number of rows"):
        vae.fill(rows, condition=condition[:3])
    with pytest.raises(ValueError, match="`condition` must be given"):
        vae.fill(rows)


@pytest.mark.slow
def test_a_class_is_told(rng):
    vae = kv.make_vae((6,), 2, hidden_units=(8,), likelihood="gaussian", n_classes=3, prior="conditional", seed=0)
    x, labels = rng.normal(size=(60, 6)).astype("float32"), np.arange(60) % 3
    x[np.arange(60), labels] += 6.0
    vae.compile(keras.optimizers.Adam(1e-2))
    vae.fit((x, labels), epochs=40, verbose=0)
    holes = x.copy()
    holes[:, :3] = np.nan
    # What was seen says nothing about which of the three is large.
    filled = vae.fill(holes, n_steps=20, condition=labels)
    assert np.mean(filled[:, :3].argmax(axis=1) == labels) > 0.95
    with pytest.raises(ValueError, match="whole numbers from 0 to 2"):
        vae.fill(holes, condition=labels + 1)


def test_a_gradient_that_is_not_finite_leaves_a_row_where_it_was():
    """The square root has no gradient at 0, where this decoder always is."""
    z = keras.Input((2,))
    root = keras.layers.Lambda(lambda t: keras.ops.sqrt(keras.ops.abs(t) * 0.0), output_shape=(2,))(z)
    decoder = keras.Model(z, keras.layers.Dense(6)(root))
    filled = small_vae(decoder=decoder).fill(np.where(np.arange(6) > 3, np.nan, np.ones((2, 6))), n_steps=3)
    assert np.isfinite(filled).all()


LIKELIHOODS = ["bernoulli", "discretized_logistic", "gaussian", "continuous_bernoulli", "gaussian_shared", "student_t"]


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", slow_after(2, LIKELIHOODS))
def test_every_likelihood_of_elements_fills(likelihood, rng):
    vae = kv.make_vae((6,), 2, hidden_units=(8,), likelihood=likelihood, seed=0, preprocessing=None)
    x = rng.integers(0, 2, (5, 6)).astype("float32")
    x[:, :2] = np.nan
    for filled in (vae.fill(x, n_steps=3), *vae.draw_fills(x, 2, n_steps=3, draw=True)):
        assert np.isfinite(filled).all()
        np.testing.assert_array_equal(filled[:, 2:], x[:, 2:])
        assert not vae.likelihood.is_outside(tf.constant(filled)) or likelihood == "discretized_logistic"


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", slow_after(3, ["ladder", "standardized", "mixed", "images", "flow", "quantized", "tokens"])
)
def test_every_graph_fills(case, rng):
    x = rng.normal(size=(6, 6)).astype("float32") * 10.0 + 50.0
    make = {"hidden_units": (8,), "likelihood": "gaussian", "seed": 0}
    if case == "ladder":
        vae = kv.make_ladder_vae((6,), (3, 2), hidden_units=(8, 8), likelihood="gaussian", seed=0)
    elif case == "flow":
        flow = kv.layers.InverseAutoregressiveFlow(2, seed=0)
        vae = kv.make_vae((6,), 2, posterior_flow=flow, **make)
    elif case == "quantized":
        encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
        prior = kv.priors.MixtureOfGaussians(3, seed=0)
        vae = kv.models.QuantizedVAE(encoder, linear_decoder(), prior, "gaussian_fixed", seed=0)
    elif case == "mixed":
        vae = kv.make_vae((6,), 2, **{**make, "likelihood": kv.likelihoods.Mixed(["gaussian"] * 6)})
    elif case == "tokens":
        vae = kv.make_vae((6,), 2, **{**make, "likelihood": kv.likelihoods.Categorical(5)})
        x = rng.integers(0, 5, (6, 6)).astype("float32")
    elif case == "images":
        vae, x = kv.make_vae((8, 8, 1), 2, "conv", (4, 4), seed=0), rng.random((6, 8, 8, 1)).astype("float32")
    else:
        vae = kv.make_vae((6,), 2, **make)
    vae.compile("adam")
    vae.fit(x, verbose=0)
    holes = np.where(rng.random(x.shape) < 0.3, np.nan, x)
    holes[:, 0] = x[:, 0]
    filled = vae.fill(holes, n_steps=5)
    np.testing.assert_array_equal(filled[~np.isnan(holes)], x[~np.isnan(holes)])
    assert np.isfinite(filled).all()
    if case in ("ladder", "flow", "standardized", "mixed"):
        # In the units of the data.
        assert 20.0 < filled.min() < filled.max() < 80.0
    if case == "tokens":
        np.testing.assert_array_equal(filled, np.round(filled))


def test_steps_and_starts_are_compiled_once(x, is_hole):
    """Another number of steps, starts or draws is another tensor, and no other graph."""
    traces = []

    class Counted(keras.layers.Layer):
        def call(self, z):
            traces.append(1)
            return z

    z = keras.Input((2,))
    decoder = keras.Model(z, keras.layers.Dense(6, name="x_params")(Counted()(z)))
    vae, rows = small_vae(decoder=decoder), np.where(is_hole, np.nan, x)
    vae.fill(rows, n_steps=2)
    first = len(traces)
    vae.fill(rows, n_steps=3, n_starts=2, n_samples=10, seed=5)
    vae.fill(rows[:5], n_steps=3)
    assert len(traces) == first


def test_what_cannot_be_filled_is_refused(wide, x):
    vae, lost = wide, np.where(np.arange(6) > 3, np.nan, x)
    infinite = lost.copy()
    infinite[2, 1] = np.inf
    with pytest.raises(ValueError, match=r"`x` must be finite.*first x\[2, 1\]=inf"):
        vae.fill(infinite)
    with pytest.raises(ValueError, match=r"`x` must have the shape \(batch, 6\)"):
        vae.fill(lost[:, :5])
    with pytest.raises(ValueError, match="at least one example"):
        vae.fill(lost[:0])
    with pytest.raises(ValueError, match="must be an array of numbers"):
        vae.fill(tf.data.Dataset.from_tensor_slices(x).batch(4))
    for wrong, name in (({"n_steps": -1}, "n_steps"), ({"n_starts": 0}, "n_starts"), ({"n_samples": 0}, "n_samples")):
        with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
            vae.fill(lost, **wrong)
    with pytest.raises(ValueError, match="`n_starts` must be at most 256"):
        vae.fill(lost, n_starts=257)
    with pytest.raises(ValueError, match="`seed` must be a whole number"):
        vae.fill(lost, seed=-1)
    with pytest.raises(ValueError, match="`batch_size` must be a whole number"):
        vae.fill(lost, batch_size=0)
    with pytest.raises(ValueError, match="`n` must be a whole number >= 1"):
        vae.draw_fills(lost, 0)
    with pytest.raises(ValueError, match="`x` does not fit the likelihood Bernoulli"):
        small_vae("bernoulli").fill(np.where(np.isnan(lost), np.nan, 7.0))


def test_models_that_cannot_fill_are_refused(x):
    lost = np.where(np.arange(6) > 3, np.nan, np.abs(x))
    with pytest.raises(ValueError, match="`mask` must be None for the likelihood Multinomial"):
        kv.make_vae((6,), 2, likelihood="multinomial").fill(np.round(lost))
    other = small_vae(decoder=linear_decoder((4,)), target_shape=(4,))
    with pytest.raises(ValueError, match=r"`fill` needs a model whose targets are its inputs.*targets \(4,\)"):
        other.fill(lost)

    class OnlyKL:
        def kl(self, z_mean, z_log_var):
            return 0.0 * z_mean[:, 0]

    with pytest.raises(ValueError, match="`prior` must have `log_prob` for importance weights"):
        small_vae(prior=OnlyKL()).fill(lost)
