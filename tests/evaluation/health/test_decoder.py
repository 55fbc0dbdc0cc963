import math

import numpy as np
import pytest
import tensorflow as tf
from health_cases import FACTORS, NOISE, D, eigenvalues_of, examples, linear_vae
from helpers import dense_weights, small_vae, squared_error_nats

from keras_vae.evaluation.health.decoder import code_use, exchange_rate, of_codes, reconstruction_loss_of
from keras_vae.layers.standardize import Standardize
from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.models.make_vae import make_vae
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians


def exact_rate(beta, step):
    """Of the linear model: narrowing all posteriors by exp(-step / 2), widening them by exp(step / 2)."""
    t2 = beta * NOISE
    variances = t2 / FACTORS
    saved = np.sum((FACTORS - t2) / NOISE * variances) * math.sinh(step / 2)
    return saved / np.sum(step / 2 - variances * math.sinh(step / 2))


def test_the_reconstruction_loss_is_that_of_the_likelihood(rng):
    vae = linear_vae()
    z, y = rng.normal(size=(300, 4)).astype("float32"), examples(300)
    kernel, bias = dense_weights(vae.decoder, "x_params")
    # In units of the noise the loss is that of unit variance plus the log of the unit.
    expected = squared_error_nats(y / NOISE**0.5, (z @ kernel + bias) / NOISE**0.5) + 0.5 * D * math.log(NOISE)
    np.testing.assert_allclose(reconstruction_loss_of(vae, batch_size=128)(z, y), expected, rtol=1e-5)


def test_the_use_of_the_code_is_known_for_the_linear_model():
    # With a code of another example the error along a used element has the variance of a difference of two: E of
    # (x - w z')^2 less that of (x - w z) is 2 w E[x z] = 2 w (w v / t2) l, so (l - t2) / s2 nats.
    x = examples(4000)
    vae = linear_vae()
    use = code_use(vae, *vae.encode(x), x)
    assert 5.0 * use.standard_error < 10.0
    assert use.mean == pytest.approx(np.sum((FACTORS - NOISE) / NOISE), abs=5.0 * use.standard_error)


def test_a_decoder_without_z_makes_no_use_of_the_code():
    x = examples(100)
    vae = linear_vae()
    vae.decoder.get_layer("x_params").set_weights([np.zeros((4, D)), np.zeros(D)])
    use = code_use(vae, *vae.encode(x), x)
    assert (use.mean, use.standard_error) == (0.0, 0.0)


def test_everybody_gets_the_code_of_another(monkeypatch):
    x = examples(50)
    vae = linear_vae(beta=1e-8)
    z_mean, z_log_var = vae.encode(x)
    seen = []
    monkeypatch.setattr(
        "keras_vae.evaluation.health.decoder.reconstruction_loss_of",
        lambda vae: lambda z, y, condition: seen.append(z) or np.zeros(50),
    )
    for seed in range(5):
        seen.clear()
        code_use(vae, z_mean, z_log_var, x, seed=seed)
        exchanged, own = seen
        np.testing.assert_array_equal(np.sort(exchanged, axis=0), np.sort(own, axis=0))
        assert not np.any(np.all(exchanged == own, axis=1))


@pytest.mark.parametrize("beta", [0.01, 0.3, 1.0, 4.0])
def test_the_price_of_a_nat_is_the_beta_that_a_model_is_best_for(beta):
    x = examples(500)
    vae = linear_vae(beta=beta)
    rate = exchange_rate(vae, *vae.encode(x), x, n_samples=20)
    assert 5.0 * rate.standard_error < 0.1 * beta
    assert rate.mean == pytest.approx(exact_rate(beta, 0.2), abs=5.0 * rate.standard_error + 1e-4)
    # The finite step itself changes little.
    assert exact_rate(beta, 0.2) == pytest.approx(beta, rel=0.1)


def test_idle_dimensions_do_not_change_the_price():
    x = examples(500)
    vae = linear_vae(latent_dim=12)
    rate = exchange_rate(vae, *vae.encode(x), x, n_samples=10)
    assert rate.mean == pytest.approx(1.0, abs=5.0 * rate.standard_error + 0.01)


def test_the_price_under_a_prior_without_a_closed_form():
    # One component at the centre is the standard normal, known by its density alone.
    prior = MixtureOfGaussians(1, initial_stddev=1e-6)
    x = examples(500)
    vae = linear_vae(beta=2.0, prior=prior)
    rate = exchange_rate(vae, *vae.encode(x), x, n_samples=20)
    assert rate.mean == pytest.approx(exact_rate(2.0, 0.2), abs=5.0 * rate.standard_error)
    assert 5.0 * rate.standard_error < 0.2


def test_a_collapsed_model_has_no_price():
    x = examples(100)
    vae = linear_vae(n_used=0)
    rate = exchange_rate(vae, *vae.encode(x), x)
    assert math.isnan(rate.mean)
    assert rate.standard_error == math.inf


def test_the_same_seed_gives_the_same_numbers():
    x = examples(60)
    vae = linear_vae()
    codes = vae.encode(x)
    for function in (code_use, exchange_rate):
        assert function(vae, *codes, x, seed=1) == function(vae, *codes, x, seed=1)
        assert function(vae, *codes, x, seed=1) != function(vae, *codes, x, seed=2)


def test_a_single_example_has_no_price_and_no_error():
    vae = linear_vae()
    rate = exchange_rate(vae, *vae.encode(examples(1)), examples(1))
    assert math.isnan(rate.mean)


def test_an_example_keeps_its_condition_when_it_gets_the_code_of_another(conditional_vae):
    # A decoder that hears the condition and not z makes no use of the code, although the reconstructions differ.
    model, x, condition = conditional_vae
    model.decoder.get_layer("x_params").kernel.assign(np.zeros((2, 6)))
    codes = model.encode(x, condition=condition)
    use = code_use(model, *codes, x, condition=condition)
    assert (use.mean, use.standard_error) == (0.0, 0.0)
    with pytest.raises(ValueError, match="`condition` must be given"):
        code_use(model, *codes, x)


def test_the_price_of_a_conditional_model(conditional_vae):
    # Its posterior variances are larger than is right, so that another nat of KL would save more than one.
    model, x, condition = conditional_vae
    rate = exchange_rate(model, *model.encode(x, condition=condition), x, condition=condition, n_samples=20)
    kernel = model.decoder.get_layer("x_params").kernel.numpy()
    variance = np.exp(-1.0)
    saved = 0.5 * variance * np.sum(kernel**2) * 2.0 * math.sinh(0.1)
    paid = 0.2 - 2.0 * variance * math.sinh(0.1)
    assert rate.mean == pytest.approx(saved / paid, abs=5.0 * rate.standard_error)
    assert 5.0 * rate.standard_error < 0.2 * rate.mean


def test_targets_are_in_the_units_of_the_data(rng):
    scale = Standardize("columns")
    scale.adapt(examples(200) * 1000.0 + 5.0)
    vae = small_vae(event_shape=(D,), preprocessing=scale)
    z, y = rng.normal(size=(10, 2)).astype("float32"), examples(10) * 1000.0 + 5.0
    kernel, bias = dense_weights(vae.decoder, "x_params")
    expected = squared_error_nats(scale(y).numpy(), z @ kernel + bias)
    np.testing.assert_allclose(reconstruction_loss_of(vae)(z, y), expected, rtol=1e-5)


def test_a_function_of_codes_gets_further_tensors_for_every_batch(rng):
    numbers = iter(range(100))
    function = of_codes(linear_vae(), lambda z, batch, n: z[:, 0] + tf.cast(n, tf.float32), batch_size=4)
    z = np.zeros((10, 4), "float32")
    np.testing.assert_array_equal(
        function(z, examples(10), tensors=lambda n_rows: (next(numbers),)), [0] * 4 + [1] * 4 + [2] * 2
    )


@pytest.mark.slow
@pytest.mark.parametrize("beta", [0.1, 1.0, 3.0])
def test_training_leads_to_the_price_beta(beta):
    x = examples(4000)
    vae = make_vae((D,), 4, hidden_units=(32,), likelihood=GaussianFixed(stddev=NOISE**0.5), beta=beta, seed=0)
    vae.compile("adam")
    vae.fit(x, epochs=60, batch_size=50, verbose=0)
    rate = exchange_rate(vae, *vae.encode(x), x)
    assert len(eigenvalues_of()) == D
    # The last steps of Adam leave a few percent.
    assert rate.mean == pytest.approx(beta, rel=0.15)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (code_use, {"n": 1}, "`z_mean` must have at least two rows"),
        (code_use, {"seed": -1}, "`seed` must be a whole number >= 0"),
        (exchange_rate, {"step": 0.0}, "`step` must be a finite number > 0"),
        (exchange_rate, {"n_samples": 0}, "`n_samples` must be a whole number >= 1"),
        (exchange_rate, {"seed": 0.5}, "`seed` must be a whole number >= 0"),
    ],
)
def test_wrong_arguments_are_refused(function, arguments, message):
    x = examples(arguments.pop("n", 3))
    vae = linear_vae()
    with pytest.raises(ValueError, match=message):
        function(vae, *vae.encode(x), x, **arguments)
