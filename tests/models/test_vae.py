import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import (
    POINT,
    UnbuiltEncoder,
    all_but_copies,
    assert_mean_close,
    dense_weights,
    elbo_terms_of,
    linear_decoder,
    linear_encoder,
    small_vae,
    squared_error_nats,
    terms_of,
)
from scipy.special import logsumexp
from scipy.stats import multivariate_normal
from tensorflow_probability import distributions as tfd

from keras_vae.divergences import gaussian_kl
from keras_vae.models.vae import VAE
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.vamp_prior import VampPrior

SEED = (1, 2)


@pytest.fixture
def x(rng):
    return rng.normal(size=(5, 6)).astype("float32")


@pytest.fixture(scope="module")
def vae():
    """Not trained, and not to be changed: only looked at."""
    return small_vae(beta=4.0)


def posterior_by_hand(vae, x):
    (w_mean, b_mean), (w_log_var, b_log_var) = (dense_weights(vae.encoder, n) for n in ("z_mean", "z_log_var"))
    return x @ w_mean + b_mean, x @ w_log_var + b_log_var


def log_normal(z, mean, log_var):
    return -0.5 * np.sum((z - mean) ** 2 / np.exp(log_var) + log_var + np.log(2 * np.pi), axis=-1)


# The bound.


@pytest.mark.parametrize("z", ["sample", "mean"])
@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_loss_is_reconstruction_plus_beta_kl_and_the_elbo_has_no_beta(x, z, beta):
    # At the mean there is a bound, and no loss: nothing is trained there.
    terms = elbo_terms_of(small_vae(beta=beta), x, z=z) if z == "mean" else terms_of(small_vae(beta=beta), x)
    terms = {k: v.numpy() for k, v in terms.items()}
    assert set(terms) == {"reconstruction_loss", "kl_loss", "elbo", *(["loss"] if z == "sample" else [])}
    assert all(v.shape == (5,) and v.dtype == np.float32 for v in terms.values())
    # One float32 rounding.
    if z == "sample":
        np.testing.assert_allclose(terms["loss"], terms["reconstruction_loss"] + beta * terms["kl_loss"], rtol=1e-6)
    np.testing.assert_allclose(terms["elbo"], -(terms["reconstruction_loss"] + terms["kl_loss"]), rtol=1e-6)


def test_the_terms_at_the_mean_are_those_by_hand(vae, x):
    z_mean, z_log_var = posterior_by_hand(vae, x)
    kernel, bias = dense_weights(vae.decoder, "x_params")
    terms = elbo_terms_of(vae, x, z="mean")
    np.testing.assert_allclose(terms["reconstruction_loss"], squared_error_nats(x, z_mean @ kernel + bias), rtol=1e-5)
    kl = 0.5 * np.sum(z_mean**2 + np.exp(z_log_var) - 1.0 - z_log_var, axis=-1)
    np.testing.assert_allclose(terms["kl_loss"], kl, rtol=1e-5)


def test_the_target_is_what_is_reconstructed(vae, x):
    target = x[::-1].copy()
    terms = elbo_terms_of(vae, x, target, z="mean")
    expected = squared_error_nats(target, vae.predict(x, verbose=0))
    np.testing.assert_allclose(terms["reconstruction_loss"], expected, rtol=1e-5)


def test_terms_in_training_mode_draw_from_the_posterior(vae):
    n = 20_000
    row = np.full((1, 6), 0.5, "float32")
    z_mean, z_log_var = posterior_by_hand(vae, row)
    kernel, bias = dense_weights(vae.decoder, "x_params")
    # E|x - zW - b|^2 = |x - mW - b|^2 + sum_j s_j^2 |W_j|^2 for a linear decoder.
    spread = 0.5 * np.sum(np.exp(z_log_var) * np.sum(kernel**2, axis=1))
    expected = squared_error_nats(row, z_mean @ kernel + bias) + spread
    terms = terms_of(small_vae(), tf.repeat(row, n, axis=0), training=True)
    assert_mean_close(terms["reconstruction_loss"], expected, resolution=0.1)


# Priors.


class OnlyKL:
    """A prior of one's own, without TFP: N(1, I), known by its KL alone."""

    def kl(self, z_mean, z_log_var):
        return gaussian_kl(z_mean - 1.0, z_log_var)


class OnlyDensity:
    """The same prior, known by samples and a density."""

    def sample(self, n, seed=None):
        return 1.0 + tf.random.stateless_normal((n, 2), seed)

    def log_prob(self, z):
        return -0.5 * tf.reduce_sum(tf.square(z - 1.0) + np.float32(np.log(2 * np.pi)), axis=-1)


def test_a_prior_with_a_kl_is_asked_for_it(x):
    model = small_vae(prior=OnlyKL())
    z_mean, z_log_var = model.encode(x)
    np.testing.assert_allclose(terms_of(model, x)["kl_loss"], gaussian_kl(z_mean - 1.0, z_log_var), rtol=1e-6)
    assert model.elbo(x).shape == (5,)


@pytest.mark.parametrize(
    "prior",
    [
        pytest.param(OnlyDensity(), id="own-object"),
        pytest.param(tfd.MultivariateNormalDiag(tf.ones(2), tf.ones(2)), id="tfp"),
        pytest.param(tfd.Independent(tfd.Normal(tf.ones(2), 1.0), 1), id="tfp-independent"),
    ],
)
def test_a_prior_with_a_density_has_its_kl_estimated_without_bias(prior):
    row = np.full((1, 6), 0.5, "float32")
    model = small_vae(prior=prior)
    z_mean, z_log_var = model.encode(row)
    estimates = terms_of(model, all_but_copies(row, 20_000))["kl_loss"]
    assert_mean_close(estimates, gaussian_kl(z_mean - 1.0, z_log_var).numpy(), resolution=0.1)
    # Samples come from it: N(1, I) through the decoder.
    kernel, bias = dense_weights(model.decoder, "x_params")
    assert_mean_close(model.sample(5_000, seed=0), np.ones(2) @ kernel + bias, resolution=0.2)


def test_at_the_mean_the_kl_without_closed_form_is_minus_entropy_minus_log_prior(x):
    model = small_vae(prior=OnlyDensity())
    z_mean, z_log_var = (t.astype("float64") for t in model.encode(x))
    entropy = 0.5 * np.sum(1.0 + np.log(2 * np.pi) + z_log_var, axis=-1)
    expected = -entropy - log_normal(z_mean, 1.0, np.zeros(2))
    np.testing.assert_allclose(elbo_terms_of(model, x, z="mean")["kl_loss"], expected, rtol=1e-5)


def test_a_prior_without_a_density_has_no_importance_weights(x):
    with pytest.raises(ValueError, match="`prior` must have `log_prob` for importance weights"):
        small_vae(prior=OnlyKL()).log_prob(x)


def test_a_prior_without_samples_has_no_samples():
    with pytest.raises(ValueError, match="`prior` must have `sample` to draw from the model"):
        small_vae(prior=OnlyKL()).sample(3)


def test_a_prior_from_elsewhere_has_no_temperature():
    with pytest.raises(ValueError, match=r"`temperature` must be 1\.0 for a prior that is not .*temperature=0\.5"):
        small_vae(prior=OnlyDensity()).sample(3, temperature=0.5)


def test_an_object_that_is_no_prior_is_refused():
    with pytest.raises(ValueError, match="`prior` must have `sample` and `log_prob`, or `kl`"):
        small_vae(prior=object())


def test_a_vamp_prior_gets_the_models_own_encoder_once(x):
    model = small_vae(prior=VampPrior(3))
    assert len(model.trainable_weights) == 4 + 2 + 1  # Encoder, decoder, pseudo-inputs.
    assert np.isfinite(model.elbo(x)).all()


def test_a_vamp_prior_works_with_an_encoder_that_is_built_by_the_data(x):
    model = small_vae(encoder=UnbuiltEncoder(), decoder=keras.layers.Dense(6), prior=VampPrior(3))
    model.build((None, 6))
    assert model.prior.pseudo_inputs.shape == (3, 6)
    assert model.sample(2, seed=0).shape == (2, 6)


# The verbs.


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_encode_gives_the_posterior_in_batches_of_any_size(vae, x, batch_size):
    z_mean, z_log_var = vae.encode(x, batch_size=batch_size)
    assert isinstance(z_mean, np.ndarray)
    for result, expected in zip((z_mean, z_log_var), posterior_by_hand(vae, x), strict=True):
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


def test_decode_gives_the_mean_of_the_likelihood(rng):
    model = small_vae("bernoulli")
    z = rng.normal(size=(3, 2)).astype("float32")
    kernel, bias = dense_weights(model.decoder, "x_params")
    np.testing.assert_allclose(model.decode(z), 1.0 / (1.0 + np.exp(-(z @ kernel + bias))), rtol=1e-5)


def test_reconstruct_and_predict_go_through_the_mean_and_repeat(vae, x):
    expected = vae.decode(vae.encode(x)[0])
    for result in (vae.reconstruct(x), vae.reconstruct(x, batch_size=2), vae.predict(x, verbose=0), vae(x)):
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(vae.predict(x, verbose=0), vae.predict(x, verbose=0))


def test_reconstruct_can_draw_from_the_posterior(vae):
    n, row = 10_000, np.full((1, 6), 0.5, "float32")
    draws = vae.reconstruct(np.repeat(row, n, axis=0), sample=True, seed=0)
    assert_mean_close(draws, vae.reconstruct(row)[0], resolution=0.15)
    kernel, _ = dense_weights(vae.decoder, "x_params")
    variance = np.exp(posterior_by_hand(vae, row)[1][0]) @ kernel**2
    assert_mean_close((draws - vae.reconstruct(row)[0]) ** 2, variance, resolution=0.3)


def test_draws_repeat_with_a_seed_and_only_with_it(vae, x):
    for draw in (lambda s: vae.reconstruct(x, sample=True, seed=s), lambda s: vae.sample(4, seed=s)):
        np.testing.assert_array_equal(draw(1), draw(1))
        assert not np.array_equal(draw(1), draw(2))
        assert not np.array_equal(draw(None), draw(None))


def test_samples_do_not_depend_on_the_size_of_the_batches(vae):
    np.testing.assert_allclose(vae.sample(5, seed=1, batch_size=2), vae.sample(5, seed=1), rtol=1e-6, atol=1e-7)


def test_samples_are_decoded_draws_of_the_prior(vae):
    kernel, bias = dense_weights(vae.decoder, "x_params")
    samples = vae.sample(20_000, seed=0)
    assert samples.shape == (20_000, 6)
    assert_mean_close(samples, bias, resolution=0.1)
    assert_mean_close((samples - bias) ** 2, np.sum(kernel**2, axis=0), resolution=0.15)


def test_the_temperature_scales_the_prior(vae):
    bias = dense_weights(vae.decoder, "x_params")[1]
    cold, half, warm = (vae.sample(4, seed=3, temperature=t) for t in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(cold, np.tile(bias, (4, 1)), atol=1e-6)
    np.testing.assert_allclose(half - cold, 0.5 * (warm - cold), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("prior", [lambda: MixtureOfGaussians(3), lambda: VampPrior(3)], ids=["mixture", "vamp"])
def test_samples_of_a_learned_prior_repeat_with_their_seed(prior):
    model = small_vae(prior=prior())
    np.testing.assert_array_equal(model.sample(4, seed=1), model.sample(4, seed=1))
    assert model.sample(4).shape == (4, 6)


def test_the_prior_can_be_drawn_from_in_a_graph(vae):
    graph = tf.function(lambda n, seed: vae.sample_prior(n, seed))
    assert graph(tf.constant(3), tf.constant(SEED)).shape == (3, 2)


def test_interpolation_starts_and_ends_at_the_reconstructions(vae, x):
    line = vae.interpolate(x[0], x[1], steps=5)
    assert line.shape == (5, 6)
    np.testing.assert_allclose(line[[0, -1]], vae.reconstruct(x[:2]), rtol=1e-5, atol=1e-6)
    # This decoder is linear: the middle of the codes is the middle of the pictures.
    np.testing.assert_allclose(line[2], line[[0, -1]].mean(axis=0), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_verbs_take_datasets_of_every_form(vae, x):
    weights = np.ones(5, "float32")
    expected = vae.encode(x)[0]
    for parts in (x, (x,), (x, x), (x, x, weights)):
        dataset = tf.data.Dataset.from_tensor_slices(parts).batch(2)
        np.testing.assert_allclose(vae.encode(dataset)[0], expected, rtol=1e-6)
        np.testing.assert_allclose(vae.reconstruct(dataset), vae.reconstruct(x), rtol=1e-5, atol=1e-6)
        assert vae.elbo(dataset).shape == (5,)


@pytest.mark.slow
def test_looking_at_a_model_does_not_change_how_its_training_goes_on(x):
    model = small_vae()
    model.compile("sgd", run_eagerly=True)
    state = model.sampling.seed_generator.state
    before = state.numpy()
    model.evaluate(x, verbose=0)
    model.predict(x, verbose=0)
    model.sample(2)
    model.reconstruct(x, sample=True)
    model.interpolate(x[0], x[1])
    model.elbo(x)
    model.log_prob(x)
    np.testing.assert_array_equal(state.numpy(), before)
    model.fit(x, verbose=0)
    assert not np.array_equal(state.numpy(), before)


# The bounds as estimates.


def exact_elbo(vae, row):
    z_mean, z_log_var = posterior_by_hand(vae, row)
    kernel, bias = dense_weights(vae.decoder, "x_params")
    spread = 0.5 * np.sum(np.exp(z_log_var) * np.sum(kernel**2, axis=1))
    kl = 0.5 * np.sum(z_mean**2 + np.exp(z_log_var) - 1.0 - z_log_var)
    return -squared_error_nats(row, z_mean @ kernel + bias)[0] - spread - kl


def exact_log_prob(vae, row):
    kernel, bias = dense_weights(vae.decoder, "x_params")
    return multivariate_normal.logpdf(row[0], bias, kernel.T @ kernel + np.eye(6))


def importance_bounds_by_hand(vae, row, n_samples, n_repeats):
    """The same formula in NumPy with noise of its own: `(n_repeats,)` estimates."""
    z_mean, z_log_var = posterior_by_hand(vae, row)
    kernel, bias = dense_weights(vae.decoder, "x_params")
    noise = np.random.default_rng(3).normal(size=(n_repeats * n_samples, 2))
    z = z_mean + np.exp(0.5 * z_log_var) * noise
    log_joint = log_normal(z, 0.0, np.zeros(2)) - squared_error_nats(row, z @ kernel + bias)
    log_weights = (log_joint - log_normal(z, z_mean, z_log_var)).reshape(n_repeats, n_samples)
    return logsumexp(log_weights, axis=1) - np.log(n_samples)


ROW = np.array([[0.5, -1.0, 0.3, 1.0, 0.0, -0.4]], "float32")


def copies(n):
    return all_but_copies(ROW, n)


@pytest.mark.parametrize("n_samples", [1, 7, 20])
def test_the_elbo_has_its_exact_mean_whatever_the_number_of_draws(vae, n_samples):
    # 256 rows a batch and 8 draws a chunk: 7 fit in one, 20 take two and a half.
    assert_mean_close(vae.elbo(copies(3000), n_samples), exact_elbo(vae, ROW), resolution=0.25)


def test_more_draws_make_the_elbo_less_noisy_and_not_larger(vae):
    one, many = vae.elbo(copies(2000), 1), vae.elbo(copies(2000), 25)
    # The variance of a mean of 25; the ratio of two estimated standard deviations is good to some percent.
    assert np.std(one) / np.std(many) == pytest.approx(5.0, rel=0.2)
    assert_mean_close(many, exact_elbo(vae, ROW), resolution=0.05)


@pytest.mark.parametrize("n_samples", [1, 3, 20])
def test_the_importance_weighted_bound_has_the_mean_of_the_formula_by_hand(vae, n_samples):
    ours = vae.log_prob(copies(2000), n_samples).astype("float64")
    by_hand = importance_bounds_by_hand(vae, ROW, n_samples, 20_000)
    # Two means with noise: the reference is ten times as good.
    bound = 5 * np.sqrt(ours.var() / len(ours) + by_hand.var() / len(by_hand))
    assert bound < 0.25
    assert abs(ours.mean() - by_hand.mean()) < bound


def test_the_importance_weighted_bound_grows_to_the_exact_value(vae):
    means = [vae.log_prob(copies(1000), n).mean() for n in (1, 5, 50)]
    exact = exact_log_prob(vae, ROW)
    assert exact_elbo(vae, ROW) < means[1] < means[2] < exact + 0.05
    assert means[0] < means[1]
    # 2000 weights of this mild posterior leave 0.01 nats; a wrong constant in any density would be off by more.
    assert vae.log_prob(copies(10), 2000).mean() == pytest.approx(exact, abs=0.05)


@pytest.mark.parametrize("batch_size", [32, 3000])
def test_the_bounds_have_the_same_mean_in_batches_of_any_size(vae, batch_size):
    assert_mean_close(vae.elbo(copies(3000), 2, batch_size=batch_size), exact_elbo(vae, ROW), resolution=0.2)


def test_the_bounds_repeat_with_their_seed_and_rows_and_batches_have_noise_of_their_own(vae):
    for bound in (vae.elbo, vae.log_prob):
        first = bound(copies(6), 2, batch_size=3)
        np.testing.assert_array_equal(bound(copies(6), 2, batch_size=3), first)
        assert len(np.unique(first)) == 6
        assert not np.array_equal(bound(copies(6), 2, batch_size=3, seed=1), first)


def test_the_bounds_have_no_beta(x):
    one, four = small_vae(beta=1.0), small_vae(beta=4.0)
    np.testing.assert_array_equal(one.elbo(x), four.elbo(x))
    np.testing.assert_array_equal(one.log_prob(x, 5), four.log_prob(x, 5))


def test_the_bounds_score_targets_of_their_own(x):
    model = small_vae(z_log_var=POINT)
    y = x[::-1].copy()
    np.testing.assert_allclose(model.elbo(x, y=y), elbo_terms_of(model, x, y, z="mean")["elbo"], rtol=1e-5)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(2)
    np.testing.assert_allclose(model.elbo(dataset), model.elbo(x, y=y), rtol=1e-5)


# Beta.


def test_beta_can_be_set_at_any_time():
    model = small_vae(beta=0.5)
    assert model.beta == 0.5
    model.beta = 2
    assert model.beta == 2.0
    assert model.objective.get_config()["beta"] == 0.5  # As given; the present value is a weight.


def test_beta_is_not_trained_and_not_an_optimizers_business():
    assert not any(w.name == "beta" for w in small_vae().trainable_weights)


# Refusals.


@pytest.mark.parametrize("beta", [-0.1, np.nan, "1", None])
def test_a_beta_that_is_no_weight_is_refused(beta):
    with pytest.raises(ValueError, match="`beta` must be a finite number >= 0"):
        small_vae(beta=beta)
    with pytest.raises(ValueError, match="`beta` must be a finite number >= 0"):
        small_vae().beta = beta


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(lambda v: v.sample(0), "`n` must be a whole number >= 1", id="sample-n"),
        pytest.param(lambda v: v.sample(1, temperature=-1), "`temperature` must be a finite number >= 0", id="cold"),
        pytest.param(lambda v: v.sample(1, seed=-1), "`seed` must be a whole number >= 0", id="sample-seed"),
        pytest.param(lambda v: v.sample(1, batch_size=0), "`batch_size` must be a whole number >= 1", id="sample-size"),
        pytest.param(lambda v: v.elbo(ROW, 0), "`n_samples` must be a whole number >= 1", id="elbo-n"),
        pytest.param(lambda v: v.elbo(ROW, seed="a"), "`seed` must be a whole number >= 0", id="elbo-seed"),
        pytest.param(lambda v: v.log_prob(ROW, 1.5), "`n_samples` must be a whole number >= 1", id="log-prob-n"),
        pytest.param(lambda v: v.log_prob(ROW, batch_size=0), "`batch_size` must be a whole number >= 1", id="size"),
        pytest.param(lambda v: v.encode(ROW, batch_size=0), "`batch_size` must be a whole number", id="encode-size"),
        pytest.param(lambda v: v.interpolate(ROW[0], ROW[0], 1), "`steps` must be a whole number >= 2", id="steps"),
        pytest.param(lambda v: v.interpolate(ROW, ROW[0]), r"`a` must have the shape \(batch, 6\)", id="a"),
        pytest.param(lambda v: v.interpolate(ROW[0], ROW[0, :5]), r"`b` must have the shape \(batch, 6\)", id="b"),
        pytest.param(lambda v: v.decode(np.zeros((3, 5))), r"`z` must have the shape \(batch, 2\)", id="decode"),
        pytest.param(lambda v: v.encode(ROW[0]), r"one example has no batch axis: x\[None\]", id="encode-one"),
        pytest.param(lambda v: v.reconstruct(ROW[:0]), "`x` must hold at least one example", id="reconstruct-none"),
        pytest.param(lambda v: v.predict(ROW * np.nan), "`x` must be finite", id="predict-nan"),
        pytest.param(lambda v: v.elbo(ROW, y=ROW[:, :5]), r"`y` must have the shape \(batch, 6\)", id="elbo-y"),
        pytest.param(lambda v: v.elbo(ROW, y=copies(2)), "must have the same number of rows", id="elbo-rows"),
    ],
)
def test_the_verbs_name_what_they_cannot_take(vae, call, message):
    with pytest.raises(ValueError, match=message):
        call(vae)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda v: v.predict(ROW), id="predict"),
        pytest.param(lambda v: v.encode(ROW), id="encode"),
        pytest.param(lambda v: v.reconstruct(ROW), id="reconstruct"),
        pytest.param(lambda v: v.decode(np.zeros((1, 2))), id="decode"),
        pytest.param(lambda v: v.sample(1), id="sample"),
        pytest.param(lambda v: v.interpolate(ROW[0], ROW[0]), id="interpolate"),
        pytest.param(lambda v: v.elbo(ROW), id="score"),
        pytest.param(lambda v: v.log_prob(ROW), id="score"),
    ],
)
def test_a_model_that_has_not_seen_its_data_says_so(call, request):
    verb = request.node.callspec.id.rstrip("01")
    model = VAE(UnbuiltEncoder(), keras.layers.Dense(6), likelihood="gaussian_fixed")
    with pytest.raises(ValueError, match=rf"VAE must be built before it can {verb}: call `fit`"):
        call(model)


# Encoder and decoder that do not fit each other.


def encoder_of(outputs):
    x = keras.Input((6,))
    return keras.Model(x, outputs(x))


def dense(units):
    return keras.layers.Dense(units)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        pytest.param({"encoder": "dense"}, "`encoder` must be a Keras model. Received: encoder='dense'", id="no-model"),
        pytest.param({"decoder": lambda z: z}, "`decoder` must be a Keras model. Received: decoder=", id="a-function"),
        pytest.param(
            {"encoder": encoder_of(lambda x: dense(2)(x))},
            r"`encoder` must put out 2 tensor\(s\), z_mean, z_log_var.* 1 output\(s\) of shapes \[\(None, 2\)\]",
            id="one-output",
        ),
        pytest.param(
            {"encoder": encoder_of(lambda x: [dense(2)(x), dense(3)(x)])},
            r"of one latent size. Received: shapes \[\(None, 2\), \(None, 3\)\]",
            id="two-sizes",
        ),
        pytest.param(
            {"encoder": encoder_of(lambda x: [keras.layers.Reshape((3, 2))(x)] * 2)},
            r"each \(batch, latent_dim\). Received: shapes \[\(None, 3, 2\)",
            id="maps",
        ),
        pytest.param(
            {"encoder": encoder_of(lambda x: {"z_mean": dense(2)(x), "z_log_var": dense(2)(x)})},
            "as a list. Received: a dict of z_mean, z_log_var",
            id="dict",
        ),
        pytest.param(
            {"encoder": keras.Model((i := [keras.Input((6,)) for _ in range(3)]), [dense(2)(i[0]), dense(2)(i[1])])},
            r"`encoder` must take one input, x, or the two \[x, condition\].* Received: inputs of shapes",
            id="three-inputs",
        ),
        pytest.param(
            {"decoder": linear_decoder(latent_dim=3)},
            r"`decoder` must take z of shape \(batch, 2\), the latent size of the encoder.*\(None, 3\)",
            id="other-latent",
        ),
        pytest.param(
            {"decoder": keras.Model((z := keras.Input((2,))), [dense(6)(z), dense(6)(z)])},
            "`decoder` must put out one tensor, .* Received: 2 outputs",
            id="two-outputs",
        ),
        pytest.param(
            {"decoder": linear_decoder((7,))},
            r"`decoder` must put out \(None, 6\), the parameters of GaussianFixed .* Received: \(None, 7\)",
            id="other-data",
        ),
        pytest.param(
            {"likelihood": "gaussian"},
            r"`decoder` must put out \(None, 12\), the parameters of Gaussian for data of shape \(6,\)",
            id="too-few-parameters",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_at_construction(parts, message):
    with pytest.raises(ValueError, match=message):
        small_vae(**parts)


@pytest.mark.slow
def test_an_encoder_in_one_dtype_and_data_in_another_meet(x):
    model = small_vae()
    for data in (x.astype("float64"), (x > 0), (x > 0).astype("uint8"), tf.constant(x)):
        assert model.elbo(data).dtype == np.float32
        assert model.predict(data, verbose=0).dtype == np.float32


def test_terms_of_images_are_sums_and_not_means():
    # Twice as many pixels of the same error make twice the loss: nothing is averaged over pixels.
    small, large = (
        VAE(linear_encoder((n, 4, 1), z_log_var=POINT), linear_decoder((n, 4, 1)), likelihood="gaussian_fixed", seed=0)
        for n in (2, 4)
    )
    for model in (small, large):
        model.decoder.set_weights([np.zeros_like(w) for w in model.decoder.get_weights()])
    losses = [terms_of(m, tf.ones((1, *m.event_shape)))["reconstruction_loss"].numpy()[0] for m in (small, large)]
    assert losses[1] == pytest.approx(2.0 * losses[0], rel=1e-6)
