"""Bounds on a model whose exact likelihood is known: probabilistic PCA with the decoder's weights."""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf
from helpers import small_vae

from keras_vae.evaluation.likelihood import bits_per_dim, estimate_bounds
from keras_vae.layers.standardize import Standardize
from keras_vae.models.make_vae import make_autoencoder


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


def test_streams_and_arrays_and_seeds(vae, x):
    stream = tf.data.Dataset.from_tensor_slices(x).batch(16)
    one, two = estimate_bounds(vae, stream, 5), estimate_bounds(vae, x, 5, batch_size=16)
    np.testing.assert_array_equal(one.log_prob.values, two.log_prob.values)
    assert estimate_bounds(vae, x, 5, seed=1).log_prob.mean != two.log_prob.mean


def test_the_standard_error_is_that_of_the_mean_over_rows(vae, x):
    bounds = estimate_bounds(vae, x, 7)
    np.testing.assert_array_equal(bounds.elbo.values, vae.elbo(x, 7).astype("float64"))
    assert bounds.log_prob.standard_error == pytest.approx(bounds.log_prob.values.std(ddof=1) / math.sqrt(40))
    assert math.isnan(estimate_bounds(vae, x[:1], 2).elbo.standard_error)


def test_elements_that_are_masked_are_marginalised_out(vae, x, mask, exact_of_seen):
    bounds = estimate_bounds(vae, x, n_samples=10_000, mask=mask)
    assert bounds.log_prob.mean == pytest.approx(exact_of_seen.mean(), abs=0.1)
    assert bounds.bits_per_dim == pytest.approx(-bounds.log_prob.mean / (mask.sum(axis=1).mean() * math.log(2.0)))
    # What is hidden says nothing.
    other = np.where(mask > 0, x, 50.0).astype("float32")
    np.testing.assert_allclose(vae.log_prob(other, 5, mask=mask), vae.log_prob(x, 5, mask=mask), rtol=1e-5)


@pytest.mark.slow
def test_the_mask_of_a_stream_is_that_of_the_array(vae, x, mask):
    stream = tf.data.Dataset.from_tensor_slices((x, x, mask)).batch(16)
    # In a stream x stands beside its target, and the encoder sees all of it.
    np.testing.assert_array_equal(vae.elbo(stream, 3), vae.elbo(x, 3, y=x, batch_size=16, mask=mask))
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
    assert "(1 samples each, 40 examples)" in str(estimate_bounds(vae, x, 1))


def test_the_condition_is_beside_x_or_an_argument(conditional_vae):
    model, x, condition = conditional_vae
    bounds = estimate_bounds(model, x, 5, condition=condition)
    np.testing.assert_array_equal(bounds.elbo.values, model.elbo(x, 5, condition=condition).astype("float64"))
    np.testing.assert_array_equal(estimate_bounds(model, (x, condition), 5).elbo.values, bounds.elbo.values)
    assert estimate_bounds(model, x, 5, condition=condition[::-1]).elbo.mean != bounds.elbo.mean
    with pytest.raises(ValueError, match="`condition` must be given"):
        estimate_bounds(model, x, 5)


@pytest.mark.slow
def test_nats_are_those_of_the_preprocessed_values(x):
    scale = Standardize("columns")
    scale.adapt(1000.0 * x)
    standardised = scale(1000.0 * x).numpy()
    raw, plain = (small_vae(preprocessing=layer) for layer in (scale, None))
    np.testing.assert_allclose(
        estimate_bounds(raw, 1000.0 * x, 5).log_prob.values,
        estimate_bounds(plain, standardised, 5).log_prob.values,
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v, x: estimate_bounds(v, x[:, :3]), "`x` must have the shape"),
        (lambda v, x: estimate_bounds(v, x, n_samples=0), "`n_samples` must be a whole number >= 1"),
        (lambda v, x: estimate_bounds(v, x, seed=-1), "`seed` must be a whole number >= 0"),
        (
            lambda v, x: estimate_bounds(make_autoencoder((6,), 2, hidden_units=(4,)), x),
            r"`model` must have a bound on log p\(x\), as a VAE has. Received: Autoencoder",
        ),
    ],
    ids=["shape", "draws", "seed", "autoencoder"],
)
def test_bad_arguments_are_refused(vae, x, call, message):
    with pytest.raises(ValueError, match=message):
        call(vae, x)


def test_a_prior_without_a_density_is_refused(x, only_kl):
    with pytest.raises(ValueError, match="`prior` must have `log_prob` for a likelihood"):
        estimate_bounds(small_vae(prior=only_kl), x)
