"""The start of a table of several kinds of columns: no worse than columns on their own, and with their shares."""

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.likelihoods import Mixed
from keras_vae.models.make_vae import make_vae
from keras_vae.tasks.factor_start import start_from_factors
from keras_vae.tasks.linear_columns import linear_columns

COLUMNS = ["gaussian", "negative_binomial", "bernoulli", 3]


@pytest.fixture(scope="module")
def rows():
    """One factor behind four columns, standardised where they are real, a tenth of them holes."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=1500)
    numbers = 0.9 * z + 0.4 * rng.normal(size=1500)
    counts = rng.poisson(np.exp(0.5 + 0.6 * z))
    yes = z + rng.logistic(size=1500) > 0.5
    classes = np.clip(np.round(z + 1 + 0.5 * rng.normal(size=1500)), 0, 2)
    x = np.stack([numbers / numbers.std(), counts, yes, classes], axis=1).astype("float32")
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def started(rows, latent_dim=2):
    vae = make_vae((4,), latent_dim, "skip", (8,), Mixed(COLUMNS), seed=0, preprocessing=None)
    start_from_factors(vae, rows[:1000], rows[1000:1200], seed=0)
    return vae


def test_a_start_is_above_columns_on_their_own(rows):
    vae = started(rows)
    # A decoder that knows the means and shares alone: codes of zeros.
    of_means = tf.repeat(vae.x_params(tf.zeros((1, 2))), 300, axis=0)
    alone = vae.likelihood.log_prob(rows[1200:], of_means).numpy().mean()
    assert vae.elbo(rows[1200:], n_samples=20).mean() > alone


def test_at_the_code_zero_stand_the_shares_and_means(rows):
    vae = started(rows)
    parts = {type(part).__name__: params for part, _, params in vae.likelihood.groups(vae.x_params(tf.zeros((1, 2))))}
    train = rows[:1000]
    assert float(tf.sigmoid(parts["Bernoulli"])[0, 0]) == pytest.approx(np.nanmean(train[:, 2]), abs=0.01)
    shares = [np.nanmean(train[:, 3] == k) / np.nanmean(~np.isnan(train[:, 3])) for k in range(3)]
    np.testing.assert_allclose(tf.nn.softmax(parts["Categorical"][0, 0]), shares, atol=0.01)
    # The mean of log(1 + x), undone.
    mean = np.expm1(np.nanmean(np.log1p(train[:, 1])))
    assert float(np.exp(parts["NegativeBinomial"][0, 0])) == pytest.approx(mean, rel=0.02)


def test_what_factors_know_of_words_is_never_exact(rows):
    linear = linear_columns(Mixed(COLUMNS))
    encoded = linear.encoded(rows)
    assert encoded.shape == (1500, 6)
    np.testing.assert_array_equal(np.isnan(encoded[:, 3]), np.isnan(rows[:, 3]))
    least = linear.least_noise(np.nan_to_num(encoded))
    assert least[0] == 0.0
    np.testing.assert_allclose(least[1:], np.nan_to_num(encoded)[:, 1:].var(axis=0))
