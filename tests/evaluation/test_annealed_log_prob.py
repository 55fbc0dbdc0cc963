"""Annealed importance sampling on a model whose exact likelihood is known."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
from helpers import UnbuiltEncoder, dense_weights, linear_decoder, small_vae
from scipy.stats import multivariate_normal

from keras_vae.evaluation.annealed_log_prob import annealed_log_prob
from keras_vae.evaluation.likelihood import estimate_bounds
from keras_vae.models.make_vae import make_ladder_vae
from keras_vae.models.vae import VAE
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians


def test_annealing_agrees_with_the_exact_likelihood_and_the_bound(vae, x, exact):
    annealed = annealed_log_prob(vae, x[:16], n_chains=32, n_steps=300, n_leapfrog=10)
    assert annealed.mean == pytest.approx(exact[:16].mean(), abs=0.1)
    assert estimate_bounds(vae, x[:16], n_samples=5_000).log_prob.mean == pytest.approx(annealed.mean, abs=0.15)


@pytest.mark.slow
def test_annealing_is_right_where_the_encoder_is_wrong(x, exact, wide):
    """An encoder that is sure of nonsense: the importance-weighted bound is far below, the annealed one is not."""
    wrong = wide(small_vae(), z_log_var=-4.0)
    wrong.encoder.get_layer("z_mean").bias.assign([3.0, 3.0])
    assert estimate_bounds(wrong, x[:8], n_samples=200).log_prob.mean < exact[:8].mean() - 1.0
    annealed = annealed_log_prob(wrong, x[:8], n_chains=16, n_steps=400, n_leapfrog=10)
    assert annealed.mean == pytest.approx(exact[:8].mean(), abs=0.2)


@pytest.mark.slow
def test_annealing_works_for_a_mixture_and_a_ladder(x, wide):
    for model in (
        wide(small_vae(prior=MixtureOfGaussians(3, seed=0))),
        wide(make_ladder_vae((6,), (2, 2), hidden_units=(8, 8), likelihood="gaussian_fixed", seed=0)),
    ):
        rows = x[:8]
        annealed = annealed_log_prob(model, rows, n_chains=32, n_steps=300, n_leapfrog=10)
        weighted = estimate_bounds(model, rows, n_samples=10_000).log_prob
        assert annealed.mean == pytest.approx(weighted.mean, abs=0.15)


@pytest.fixture
def sharp():
    """`(model, rows, exact log p)`: a linear decoder 100 times as steep, with its exact posterior as the encoder."""
    model = small_vae()
    model.build((None, 6))
    layer = model.decoder.get_layer("x_params")
    layer.kernel.assign(100.0 * layer.kernel)
    weights, bias = dense_weights(model.decoder, "x_params")
    covariance = np.linalg.inv(weights @ weights.T + np.eye(2))
    model.encoder.get_layer("z_mean").set_weights([weights.T @ covariance, -bias @ weights.T @ covariance])
    model.encoder.get_layer("z_log_var").set_weights([np.zeros((6, 2)), np.log(np.diag(covariance))])
    rng = np.random.default_rng(1)
    rows = (rng.normal(size=(16, 2)) @ weights + bias + rng.normal(size=(16, 6))).astype("float32")
    return model, rows, multivariate_normal.logpdf(rows, bias, weights.T @ weights + np.eye(6))


@pytest.mark.slow
def test_the_defaults_hold_for_a_sharp_likelihood(sharp):
    """Equal steps in temperature and a step size of 0.4 gave -1,736 nats where -17.6 are right."""
    model, rows, exact = sharp
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        annealed = annealed_log_prob(model, rows)
    assert annealed.mean == pytest.approx(exact.mean(), abs=0.25)


@pytest.mark.slow
def test_too_few_temperatures_are_warned_of_with_the_numbers(sharp):
    model, rows, _ = sharp
    with pytest.warns(UserWarning, match=r"log weights of the chains of an example have a variance of \d+.*n_steps=3"):
        annealed_log_prob(model, rows, n_steps=3)


@pytest.mark.slow
def test_an_estimate_below_the_importance_weighted_bound_is_warned_of(sharp):
    """A single chain has no variance to look at."""
    model, rows, exact = sharp
    with pytest.warns(UserWarning, match=r"lies [\d.e+]+ nats below the importance-weighted bound of 100 dr") as found:
        annealed_log_prob(model, rows, n_chains=1, n_steps=2)
    message = str(found[0].message)
    assert "variance" not in message
    assert float(message.split("100 draws, ")[1].split(",")[0]) == pytest.approx(exact.mean(), abs=0.1)


@pytest.mark.slow
def test_moves_that_are_refused_are_warned_of(vae, x):
    with pytest.warns(UserWarning, match="0 % of the moves were accepted, where 60 to 80 % are good"):
        annealed_log_prob(vae, x[:8], step_size=100.0, n_steps=200)


@pytest.mark.slow
def test_a_good_estimate_of_one_row_has_no_warning(vae, x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        annealed_log_prob(vae, x[:1], n_steps=200)


@pytest.mark.slow
def test_a_chain_that_is_left_behind_is_no_reason_for_a_warning(wide):
    """A region from which no move leads out, in one of fifty draws of the prior."""
    model = wide(small_vae())
    rows = np.zeros((8, 6), "float32")
    exact = annealed_log_prob(model, rows).mean
    loss = model.reconstruction_loss
    model.reconstruction_loss = lambda z, batch, training=False: loss(z, batch) + tf.where(z[:, 0] > 2.0, 1e6, 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert annealed_log_prob(model, rows).mean == pytest.approx(exact, abs=0.2)


@pytest.mark.slow
def test_streams_and_arrays_and_seeds(vae, x):
    stream = tf.data.Dataset.from_tensor_slices(x).batch(16)
    annealed = [annealed_log_prob(vae, data, 2, 3, batch_size=16) for data in (stream, x)]
    np.testing.assert_array_equal(annealed[0].values, annealed[1].values)
    assert annealed_log_prob(vae, x, 2, 3, batch_size=16, seed=1).mean != annealed[0].mean


@pytest.mark.slow
def test_elements_that_are_masked_are_marginalised_out(vae, x, mask, exact_of_seen):
    annealed = annealed_log_prob(vae, x[:16], n_chains=32, n_steps=300, mask=mask[:16])
    assert annealed.mean == pytest.approx(exact_of_seen[:16].mean(), abs=0.1)


@pytest.mark.slow
def test_the_mask_of_a_stream_is_that_of_the_array(vae, x, mask):
    stream = tf.data.Dataset.from_tensor_slices((x, x, mask)).batch(16)
    of_stream = annealed_log_prob(vae, stream, 2, 3, batch_size=16)
    np.testing.assert_array_equal(of_stream.values, annealed_log_prob(vae, x, 2, 3, batch_size=16, mask=mask).values)


@pytest.mark.slow
def test_a_condition_takes_part(conditional_vae):
    model, x, condition = conditional_vae
    kernel, shifts = (model.decoder.get_layer(name).kernel.numpy() for name in ("x_params", "shift"))
    exact = multivariate_normal.logpdf(x - condition @ shifts, np.zeros(6), kernel.T @ kernel + np.eye(6))
    annealed = annealed_log_prob(model, x[:30], n_chains=32, n_steps=200, condition=condition[:30])
    assert annealed.mean == pytest.approx(exact[:30].mean(), abs=0.15)
    bound = estimate_bounds(model, x, n_samples=10_000, condition=condition).log_prob
    assert bound.mean == pytest.approx(exact.mean(), abs=0.05)
    # Under the conditions of others the data are unlikely.
    others = estimate_bounds(model, x, n_samples=100, condition=np.roll(condition, 1, axis=0)).log_prob
    assert others.mean < bound.mean - 1.0


@pytest.mark.slow
def test_the_estimate_says_how_it_came_about(vae, x):
    annealed = annealed_log_prob(vae, x[:3], 2, 100, 1)
    assert (annealed.n_rows, annealed.n_samples) == (3, 2)
    assert "100 temperatures" in str(annealed)


class OnlyDensity:
    def sample(self, n, seed=None):
        return tf.random.stateless_normal((n, 2), seed)

    def log_prob(self, z):
        return -0.5 * tf.reduce_sum(tf.square(z), axis=-1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_chains": 0}, "`n_chains` must be a whole number >= 1"),
        ({"n_steps": 0}, "`n_steps` must be a whole number >= 1"),
        ({"n_leapfrog": 0}, "`n_leapfrog` must be a whole number >= 1"),
        ({"step_size": 0.0}, "`step_size` must be a finite number > 0.0"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"mask": np.ones((40, 5))}, r"`mask` must have the shape \(batch, \*leading event axes\)"),
        ({"mask": -np.ones((40, 6))}, "`mask` must be finite and >= 0"),
    ],
)
def test_bad_arguments_are_refused(vae, x, arguments, message):
    with pytest.raises(ValueError, match=message):
        annealed_log_prob(vae, x, **{"n_chains": 2, "n_steps": 3, **arguments})


def test_models_that_cannot_start_chains_are_refused(x, only_kl):
    with pytest.raises(ValueError, match="`prior` must have `log_prob`"):
        annealed_log_prob(small_vae(prior=only_kl), x)
    with pytest.raises(ValueError, match=r"`prior` must be a `keras_vae\.priors\.Prior`"):
        annealed_log_prob(small_vae(prior=OnlyDensity()), x)
    with pytest.raises(ValueError, match="`model` must be built"):
        annealed_log_prob(VAE(UnbuiltEncoder(), linear_decoder(), "gaussian_fixed"), x)
