"""Data of every kind whose factors are known, and models trained on them with or without one typical mistake.

Two or three standard normal factors reach every element through a fixed matrix, as the natural parameter of the
likelihood: mean, logit, log mean. A model with as many dimensions, trained long enough, is healthy; each mistake has a
verdict of its own.
"""

import keras
import numpy as np

from keras_vae.likelihoods.categorical import Categorical
from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.models.make_vae import make_vae
from keras_vae.models.vae import VAE

N_FACTORS, N_CLASSES, TOTAL, NOISE = 2, 4, 60, 0.5


def _real(eta, rng):
    return eta + NOISE * rng.normal(size=eta.shape)


def _grey_levels(eta, rng):
    return np.clip(np.round(127.5 + 30.0 * eta + 8.0 * rng.logistic(size=eta.shape)), 0, 255)


def _unit_interval(eta, rng):
    # The inverse of the distribution function of the continuous Bernoulli with logit 3 eta.
    logit = np.where(np.abs(eta) < 1e-3, 1e-3, 3.0 * eta)
    return np.clip(np.log1p(rng.random(eta.shape) * np.expm1(logit)) / logit, 0.0, 1.0)


def _binary(eta, rng):
    return rng.random(eta.shape) < 1.0 / (1.0 + np.exp(-2.0 * eta))


def _tokens(eta, rng):
    gumbel = rng.gumbel(size=(*eta.shape[:-1], eta.shape[-1] // N_CLASSES, N_CLASSES))
    return np.argmax(2.0 * eta.reshape(gumbel.shape) + gumbel, axis=-1)


def _clicks(eta, rng):
    shares = np.exp(eta) / np.exp(eta).sum(axis=-1, keepdims=True)
    return rng.multinomial(TOTAL, shares)


def _counts(eta, rng):
    return rng.poisson(rng.gamma(5.0, np.exp(1.5 + 0.5 * eta) / 5.0))


# Likelihood, its kind of data, the shape of an example, the number of natural parameters, the draw, the network.
KINDS = {
    "gaussian table": ("gaussian", (12,), 12, _real, "dense"),
    "gaussian series": ("gaussian", (8, 3), 24, _real, "recurrent"),
    "gaussian_shared table": ("gaussian_shared", (12,), 12, _real, "dense"),
    "gaussian_fixed table": (GaussianFixed(NOISE), (12,), 12, _real, "dense"),
    "discretized_logistic photos": ("discretized_logistic", (5, 5, 1), 25, _grey_levels, "dense"),
    "continuous_bernoulli photos": ("continuous_bernoulli", (6, 6, 1), 36, _unit_interval, "dense"),
    "bernoulli images": ("bernoulli", (6, 6, 1), 36, _binary, "dense"),
    "categorical tokens": (Categorical(N_CLASSES), (16,), 16 * N_CLASSES, _tokens, "dense"),
    "multinomial clicks": ("multinomial", (20,), 20, _clicks, "dense"),
    "negative_binomial counts": ("negative_binomial", (12,), 12, _counts, "dense"),
}
# What is done wrong, and the verdict it must get.
MISTAKES = {
    "none": ("healthy", {}),
    "large beta": ("collapsed", {"beta": 200.0}),
    "one dimension": ("too small a code", {"latent_dim": 1}),
    "few steps": ("not finished", {"n_steps": 100}),
}
OTHERS = {
    ("gaussian table", "small beta"): ("autoencoder in disguise", {"beta": 1e-3}),
    ("gaussian_fixed table", "small beta"): ("autoencoder in disguise", {"beta": 1e-3}),
    ("bernoulli images", "small beta"): ("autoencoder in disguise", {"beta": 1e-2}),
    ("gaussian_fixed table", "beta 4"): ("over-regularised", {"beta": 4.0}),
    ("negative_binomial counts", "beta 3"): ("over-regularised", {"beta": 3.0}),
    ("multinomial clicks", "beta 4"): ("over-regularised", {"beta": 4.0}),
    ("gaussian_shared table", "few rows"): ("overfitted", {"n_train": 60, "hidden_units": (128, 128)}),
    ("negative_binomial counts", "few rows"): ("overfitted", {"n_train": 60, "hidden_units": (128, 128)}),
    ("bernoulli images", "few rows"): ("overfitted", {"n_train": 60, "hidden_units": (128, 128)}),
    ("gaussian_fixed table", "codes moved"): ("prior and codes apart", {"moved": 6.0}),
    ("bernoulli images", "codes moved"): ("prior and codes apart", {"moved": 6.0}),
    ("categorical tokens", "codes moved"): ("prior and codes apart", {"moved": 6.0}),
}
CASES = {(kind, name): case for kind in KINDS for name, case in MISTAKES.items()} | OTHERS


def rows(kind, n, seed):
    """Examples of a kind, float32."""
    _, shape, n_parameters, draw, _ = KINDS[kind]
    weights = np.random.default_rng(7).normal(size=(N_FACTORS, n_parameters))
    rng = np.random.default_rng(seed)
    x = draw(rng.normal(size=(n, N_FACTORS)) @ weights, rng)
    return x.reshape(n, *shape).astype("float32")


def train(kind, beta=1.0, latent_dim=N_FACTORS, n_steps=2500, n_train=2000, hidden_units=(32,), moved=0.0):
    """`(model, x_train, x_test)` of a training; `moved` shifts all codes afterwards, and the decoder with them."""
    likelihood, shape, _, _, network = KINDS[kind]
    x_train, x_test = rows(kind, n_train, 1), rows(kind, 1000, 2)
    vae = make_vae(shape, latent_dim, network, hidden_units, likelihood, beta=beta, seed=0)
    # The rate falls to zero: a model left at a large one gains by a smaller.
    vae.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, n_steps)))
    keras.utils.set_random_seed(0)  # The order of the rows.
    # Few rows come several times in an epoch.
    fed = np.concatenate([x_train] * max(1, 2000 // n_train))
    vae.fit(fed, epochs=max(1, n_steps * 50 // len(fed)), batch_size=50, verbose=0)
    return (_moved(vae, moved) if moved else vae), x_train, x_test


def _moved(vae, by):
    """The model with all codes away from the prior, and a decoder that takes them back first."""
    x, z = keras.Input(vae.event_shape), keras.Input((vae.latent_dim,))
    z_mean, z_log_var = vae.encoder(x)
    networks = keras.Model(x, [z_mean + by, z_log_var]), keras.Model(z, vae.decoder(z - by))
    model = VAE(*networks, likelihood=vae.likelihood, seed=0)
    # As it stands: training would bring the codes back.
    model.trainable = False
    return model
