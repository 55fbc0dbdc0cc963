"""Bounds on a model whose exact likelihood is known: probabilistic PCA with the decoder's weights."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from helpers import dense_weights, small_vae
from scipy.stats import multivariate_normal

from keras_vae.evaluation.bounds import annealed_log_prob, bits_per_dim, estimate_bounds
from keras_vae.layers.mixture_prior import MixtureOfGaussians
from keras_vae.models.ladder_vae import make_ladder_vae


def wide(model, heads=("z_mean", "z_log_var"), z_log_var=0.7):
    """The model with an encoder that says the same of every x, and covers every posterior: the weights do the work."""
    for name, bias in zip(heads, (0.0, z_log_var), strict=True):
        for layer in model.encoder.layers:
            if layer.name.startswith(name) and layer.weights:
                layer.set_weights([0.0 * layer.kernel.numpy(), np.full(layer.bias.shape, bias)])
    return model


@pytest.fixture
def vae():
    return wide(small_vae())


@pytest.fixture
def x(vae):
    """Draws of the model itself."""
    mean = vae.sample(40, seed=1)
    return mean + np.random.default_rng(2).normal(size=mean.shape).astype("float32")


@pytest.fixture
def exact(vae, x):
    kernel, bias = dense_weights(vae.decoder, "x_params")
    return multivariate_normal.logpdf(x, bias, kernel.T @ kernel + np.eye(6))


def test_the_importance_weighted_bound_comes_close_to_the_exact_likelihood(vae, x, exact):
    # With a trained encoder 1,000 draws leave 0.02 nats, see tests/models/test_bounds_on_linear_model.py.
    bounds = estimate_bounds(vae, x, n_samples=10_000)
    assert bounds.log_prob.mean == pytest.approx(exact.mean(), abs=0.1)
    assert bounds.elbo.mean < exact.mean() - 0.5


def test_the_bound_grows_with_the_samples_within_its_standard_error(vae, x):
    gaps = []
    ks = (1, 10, 100, 1000)
    bounds = [estimate_bounds(vae, x, n_samples=k, seed=k).log_prob for k in ks]
    for fewer, more in itertools.pairwise(bounds):
        difference = more.values - fewer.values
        gaps.append(difference.mean())
        assert difference.mean() > -3 * difference.std(ddof=1) / math.sqrt(len(difference))
    assert gaps[0] > 0.05  # And it does grow: this model's q is not the posterior.


def test_annealing_agrees_with_the_exact_likelihood_and_the_bound(vae, x, exact):
    annealed = annealed_log_prob(vae, x[:16], n_chains=32, n_steps=300, n_leapfrog=10)
    assert annealed.mean == pytest.approx(exact[:16].mean(), abs=0.1)
    assert estimate_bounds(vae, x[:16], n_samples=5_000).log_prob.mean == pytest.approx(annealed.mean, abs=0.15)


def test_annealing_is_right_where_the_encoder_is_wrong(x, exact):
    """An encoder that is sure of nonsense: the importance-weighted bound is far below, the annealed one is not."""
    wrong = wide(small_vae(), z_log_var=-4.0)
    wrong.encoder.get_layer("z_mean").bias.assign([3.0, 3.0])
    assert estimate_bounds(wrong, x[:8], n_samples=200).log_prob.mean < exact[:8].mean() - 1.0
    annealed = annealed_log_prob(wrong, x[:8], n_chains=16, n_steps=400, n_leapfrog=10)
    assert annealed.mean == pytest.approx(exact[:8].mean(), abs=0.2)


def test_annealing_works_for_a_mixture_and_a_ladder(x):
    for model in (
        wide(small_vae(prior=MixtureOfGaussians(3, seed=0))),
        wide(make_ladder_vae((6,), (2, 2), hidden_units=(8, 8), likelihood="gaussian_fixed", seed=0)),
    ):
        rows = x[:8]
        annealed = annealed_log_prob(model, rows, n_chains=32, n_steps=300, n_leapfrog=10)
        weighted = estimate_bounds(model, rows, n_samples=10_000).log_prob
        assert annealed.mean == pytest.approx(weighted.mean, abs=0.15)


def test_streams_and_arrays_and_seeds(vae, x):
    stream = tf.data.Dataset.from_tensor_slices(x).batch(16)
    one, two = estimate_bounds(vae, stream, 5), estimate_bounds(vae, x, 5, batch_size=16)
    np.testing.assert_array_equal(one.log_prob.values, two.log_prob.values)
    assert estimate_bounds(vae, x, 5, seed=1).log_prob.mean != two.log_prob.mean
    annealed = [annealed_log_prob(vae, data, 2, 3, batch_size=16) for data in (stream, x, x)]
    np.testing.assert_array_equal(annealed[0].values, annealed[1].values)
    np.testing.assert_array_equal(annealed[1].values, annealed[2].values)
    assert annealed_log_prob(vae, x, 2, 3, batch_size=16, seed=1).mean != annealed[0].mean


def test_the_standard_error_is_that_of_the_mean_over_rows(vae, x):
    bounds = estimate_bounds(vae, x, 7)
    np.testing.assert_array_equal(bounds.elbo.values, vae.elbo(x, 7).astype("float64"))
    assert bounds.log_prob.standard_error == pytest.approx(bounds.log_prob.values.std(ddof=1) / math.sqrt(40))
    assert math.isnan(estimate_bounds(vae, x[:1], 2).elbo.standard_error)


@pytest.fixture
def mask():
    """Other elements hidden in every example."""
    return (np.random.default_rng(4).random((40, 6)) > 0.3).astype("float32")


def test_elements_that_are_masked_are_marginalised_out(vae, x, mask):
    kernel, bias = dense_weights(vae.decoder, "x_params")
    covariance = kernel.T @ kernel + np.eye(6)
    exact = [
        multivariate_normal.logpdf(row[seen], bias[seen], covariance[np.ix_(seen, seen)])
        for row, seen in zip(x, mask > 0, strict=True)
    ]
    bounds = estimate_bounds(vae, x, n_samples=10_000, mask=mask)
    assert bounds.log_prob.mean == pytest.approx(np.mean(exact), abs=0.1)
    assert bounds.bits_per_dim == pytest.approx(-bounds.log_prob.mean / (mask.sum(axis=1).mean() * math.log(2.0)))
    annealed = annealed_log_prob(vae, x[:16], n_chains=32, n_steps=300, mask=mask[:16])
    assert annealed.mean == pytest.approx(np.mean(exact[:16]), abs=0.1)
    # What is hidden says nothing.
    other = np.where(mask > 0, x, 50.0).astype("float32")
    np.testing.assert_allclose(vae.log_prob(other, 5, mask=mask), vae.log_prob(x, 5, mask=mask), rtol=1e-5)


def test_the_mask_of_a_stream_is_that_of_the_array(vae, x, mask):
    stream = tf.data.Dataset.from_tensor_slices((x, x, mask)).batch(16)
    np.testing.assert_array_equal(vae.elbo(stream, 3), vae.elbo(x, 3, batch_size=16, mask=mask))
    annealed = [
        annealed_log_prob(vae, *data, 2, 3, batch_size=16, **m) for data, m in (((stream,), {}), ((x,), {"mask": mask}))
    ]
    np.testing.assert_array_equal(annealed[0].values, annealed[1].values)
    # The number that `evaluate` gives for the same stream, whose noise is its own.
    vae.compile()
    by_evaluate = vae.evaluate(stream, verbose=0, return_dict=True)["elbo"]
    assert vae.elbo(stream, 200).mean() == pytest.approx(by_evaluate, abs=1.0)
    assert vae.elbo(x, 200).mean() < by_evaluate - 1.5
    # Weights of examples weigh a mean: what an example is worth, they leave alone.
    weighted = tf.data.Dataset.from_tensor_slices((x, x, mask[:, 0])).batch(16)
    np.testing.assert_array_equal(vae.elbo(weighted, 3), vae.elbo(x, 3, batch_size=16))


def test_where_all_is_hidden_there_are_no_bits(vae, x):
    assert math.isnan(estimate_bounds(vae, x[:4], 2, mask=np.zeros((4, 6))).bits_per_dim)


def test_a_mask_of_leading_axes_weighs_all_elements_below():
    vae = small_vae(event_shape=(2, 3))
    x = np.random.default_rng(0).normal(size=(5, 2, 3)).astype("float32")
    steps = np.array([[1.0, 0.0]] * 5, "float32")
    elements = np.repeat(steps[..., None], 3, axis=-1)
    np.testing.assert_allclose(vae.elbo(x, 3, mask=steps), vae.elbo(x, 3, mask=elements), rtol=1e-6)
    np.testing.assert_allclose(
        estimate_bounds(vae, x, 3, mask=steps).bits_per_dim, estimate_bounds(vae, x, 3, mask=elements).bits_per_dim
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mask": np.ones((40, 5))}, r"`mask` must have the shape \(batch, \*leading event axes\)"),
        ({"mask": np.ones(40)}, r"`mask` must have the shape \(batch, \*leading event axes\)"),
        ({"mask": np.ones((39, 6))}, "`x` and `mask` must have the same number of rows. Received: 40 and 39"),
        ({"mask": -np.ones((40, 6))}, "`mask` must be finite and >= 0"),
        ({"stream": True, "mask": np.ones((40, 6))}, "`mask` must be part of the dataset when `x` is one"),
        ({"stream": True, "y": np.ones((40, 6))}, "`y` must be part of the dataset when `x` is one"),
    ],
)
def test_masks_and_targets_that_do_not_fit_are_refused(vae, x, arguments, message):
    arguments = dict(arguments)
    data = tf.data.Dataset.from_tensor_slices(x).batch(16) if arguments.pop("stream", False) else x
    for score in (vae.elbo, vae.log_prob, lambda *a, **k: estimate_bounds(vae, *a, **k)):
        with pytest.raises(ValueError, match=message):
            score(data, 2, **arguments)
    with pytest.raises(ValueError, match=message):
        annealed_log_prob(vae, data, 2, 3, **arguments)


def test_bits_per_dim_by_hand():
    # Uniform over 256 values: log p = -D log 256, 8 bits for each element.
    assert bits_per_dim(-12 * math.log(256.0), (2, 2, 3)) == pytest.approx(8.0)
    np.testing.assert_allclose(bits_per_dim(np.array([0.0, -math.log(2.0)]), (1,)), [0.0, 1.0])
    with pytest.raises(ValueError, match="`event_shape` must be"):
        bits_per_dim(-1.0, (0,))


def test_a_likelihood_is_not_quoted_without_its_number_of_samples(vae, x):
    text = str(estimate_bounds(vae, x, 1000))
    assert text.count("(1,000 samples each, 40 examples)") == 2
    assert "importance-weighted log p(x)" in text
    assert "bits per dimension" in text
    assert "100 temperatures" in str(annealed_log_prob(vae, x[:2], 2, 100, 1))


class OnlyKL:
    def kl(self, z_mean, z_log_var):
        return tf.reduce_sum(tf.square(z_mean), axis=-1)


class OnlyDensity:
    def sample(self, n, seed=None):
        return tf.random.stateless_normal((n, 2), seed)

    def log_prob(self, z):
        return -0.5 * tf.reduce_sum(tf.square(z), axis=-1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v, x: estimate_bounds(small_vae(prior=OnlyKL()), x), "`prior` must have `log_prob` for a likelihood"),
        (lambda v, x: annealed_log_prob(small_vae(prior=OnlyKL()), x), "`prior` must have `log_prob`"),
        (
            lambda v, x: annealed_log_prob(small_vae(prior=OnlyDensity()), x),
            "`prior` must be a `keras_vae.layers.Prior`",
        ),
        (lambda v, x: annealed_log_prob(v, x, n_chains=0), "`n_chains` must be a whole number >= 1"),
        (lambda v, x: annealed_log_prob(v, x, n_steps=0), "`n_steps` must be a whole number >= 1"),
        (lambda v, x: annealed_log_prob(v, x, n_leapfrog=0), "`n_leapfrog` must be a whole number >= 1"),
        (lambda v, x: annealed_log_prob(v, x, step_size=0.0), "`step_size` must be a finite number > 0.0"),
        (lambda v, x: estimate_bounds(v, x[:, :3]), "`x` must have the shape|`x`"),
    ],
)
def test_bad_arguments_are_refused(vae, x, call, message):
    with pytest.raises(ValueError, match=message):
        call(vae, x)
