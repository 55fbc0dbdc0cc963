import math

import numpy as np
import pytest
from health_cases import FACTORS, NOISE, D, eigenvalues_of, examples, linear_vae
from helpers import dense_weights, squared_error_nats

from keras_vae.evaluation.health_decoder import Mean, code_use, exchange_rate, reconstruction_loss_of
from keras_vae.layers.mixture_prior import MixtureOfGaussians
from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.models.make_vae import make_vae


def exact_rate(beta, step):
    """Of the linear model: narrowing all posteriors by exp(-step / 2), widening them by exp(step / 2)."""
    t2 = beta * NOISE
    variances = t2 / FACTORS
    saved = np.sum((FACTORS - t2) / NOISE * variances) * math.sinh(step / 2)
    return saved / np.sum(step / 2 - variances * math.sinh(step / 2))


def test_a_mean_has_the_error_of_its_rows():
    mean = Mean.of([1.0, 2.0, 3.0, 6.0])
    assert (mean.value, mean.standard_error) == (3.0, pytest.approx(math.sqrt(14.0 / 3.0 / 4.0)))
    assert Mean.of([2.0]) == Mean(2.0, math.inf)


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
    assert use.value == pytest.approx(np.sum((FACTORS - NOISE) / NOISE), abs=5.0 * use.standard_error)


def test_a_decoder_without_z_makes_no_use_of_the_code():
    x = examples(100)
    vae = linear_vae()
    vae.decoder.get_layer("x_params").set_weights([np.zeros((4, D)), np.zeros(D)])
    assert code_use(vae, *vae.encode(x), x) == Mean(0.0, 0.0)


def test_everybody_gets_the_code_of_another(monkeypatch):
    x = examples(50)
    vae = linear_vae(beta=1e-8)
    z_mean, z_log_var = vae.encode(x)
    seen = []
    monkeypatch.setattr(
        "keras_vae.evaluation.health_decoder.reconstruction_loss_of",
        lambda vae: lambda z, y: seen.append(z) or np.zeros(50),
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
    assert rate.value == pytest.approx(exact_rate(beta, 0.2), abs=5.0 * rate.standard_error + 1e-4)
    # The finite step itself changes little.
    assert exact_rate(beta, 0.2) == pytest.approx(beta, rel=0.1)


def test_idle_dimensions_do_not_change_the_price():
    x = examples(500)
    vae = linear_vae(latent_dim=12)
    rate = exchange_rate(vae, *vae.encode(x), x, n_samples=10)
    assert rate.value == pytest.approx(1.0, abs=5.0 * rate.standard_error + 0.01)


def test_the_price_under_a_prior_without_a_closed_form():
    # One component at the centre is the standard normal, known by its density alone.
    prior = MixtureOfGaussians(1, initial_stddev=1e-6)
    x = examples(500)
    vae = linear_vae(beta=2.0, prior=prior)
    rate = exchange_rate(vae, *vae.encode(x), x, n_samples=20)
    assert rate.value == pytest.approx(exact_rate(2.0, 0.2), abs=5.0 * rate.standard_error)
    assert 5.0 * rate.standard_error < 0.2


def test_a_collapsed_model_has_no_price():
    x = examples(100)
    vae = linear_vae(n_used=0)
    rate = exchange_rate(vae, *vae.encode(x), x)
    assert math.isnan(rate.value)
    assert rate.standard_error == math.inf


def test_the_same_seed_gives_the_same_numbers():
    x = examples(60)
    vae = linear_vae()
    codes = vae.encode(x)
    for function in (code_use, exchange_rate):
        assert function(vae, *codes, x, seed=1) == function(vae, *codes, x, seed=1)
        assert function(vae, *codes, x, seed=1) != function(vae, *codes, x, seed=2)


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
    assert rate.value == pytest.approx(beta, rel=0.15)


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
