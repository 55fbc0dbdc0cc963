"""Models whose health is known exactly: linear VAEs put together from the optimum of their loss, without training.

The data have independent elements of variances `eigenvalues`, all of them noise but the first few. With noise variance
s2 of the decoder and weight beta of the KL, the loss is -beta times the bound of a model with noise t2 = beta * s2, so
probabilistic PCA gives its optimum: decoder weights sqrt(l - t2) and posterior variances t2 / l along the elements
used, whose eigenvalue is l. The rest follows: KL = log(l / t2) / 2 each, all codes together are the prior, one more nat
of KL saves beta nats, and an element of eigenvalue l left out would gain (l / s2 - 1 - log(l / s2)) / 2.
"""

import numpy as np
from helpers import linear_decoder, linear_encoder

from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.models.vae import VAE

NOISE = 0.25
FACTORS = np.array([9.0, 6.0, 4.0, 3.0])
D = 12


def eigenvalues_of(factors=FACTORS, n_elements=D):
    """Variances of all elements: those of the factors, then noise."""
    return np.concatenate([factors, np.full(n_elements - len(factors), NOISE)])


def examples(n, seed=0, eigenvalues=None):
    """Rows of the data, `(n, 12)` float32."""
    eigenvalues = eigenvalues_of() if eigenvalues is None else eigenvalues
    return (np.random.default_rng(seed).normal(size=(n, len(eigenvalues))) * np.sqrt(eigenvalues)).astype("float32")


def linear_vae(n_used=4, latent_dim=4, beta=1.0, prior=None, directions=None, eigenvalues=None):
    """The VAE at the optimum of its loss that uses the first so many directions; the other dimensions are the prior's.

    Args:
        n_used: int. Dimensions in use.
        latent_dim: int >= n_used.
        beta: float > 0.
        prior: as `VAE` takes it.
        directions: array `(n_elements, n_elements)`, orthonormal columns, largest eigenvalue first; None for the
            elements themselves.
        eigenvalues: array `(n_elements,)` or None for those of `examples`.
    """
    eigenvalues = eigenvalues_of() if eigenvalues is None else eigenvalues
    n_elements = len(eigenvalues)
    directions = np.eye(n_elements) if directions is None else directions
    encoder, decoder = linear_encoder((n_elements,), latent_dim), linear_decoder((n_elements,), latent_dim)
    t2, used = beta * NOISE, eigenvalues[:n_used]
    weights, variances = np.sqrt(used - t2), t2 / used
    z_mean, decoded = np.zeros((n_elements, latent_dim)), np.zeros((latent_dim, n_elements))
    z_mean[:, :n_used] = directions[:, :n_used] * (weights * variances / t2)
    decoded[:n_used] = directions[:, :n_used].T * weights[:, None]
    z_log_var = np.zeros(latent_dim)
    z_log_var[:n_used] = np.log(variances)
    encoder.get_layer("z_mean").set_weights([z_mean, np.zeros(latent_dim)])
    encoder.get_layer("z_log_var").set_weights([np.zeros((n_elements, latent_dim)), z_log_var])
    decoder.get_layer("x_params").set_weights([decoded, np.zeros(n_elements)])
    return VAE(encoder, decoder, likelihood=GaussianFixed(stddev=NOISE**0.5), prior=prior, beta=beta, seed=0)


def memorising_vae(x_train):
    """The optimum for the covariance of some few rows, which other rows do not have."""
    eigenvalues, directions = np.linalg.eigh(np.cov(x_train.T, bias=True))
    n_used = int((eigenvalues > NOISE).sum())
    return linear_vae(n_used, n_used, directions=directions[:, ::-1], eigenvalues=eigenvalues[::-1])


def gain_of(eigenvalues):
    """What dimensions along elements of these eigenvalues would gain, nats."""
    ratio = np.asarray(eigenvalues) / NOISE
    return float(np.sum(0.5 * (ratio - 1.0 - np.log(ratio))))


def _same_data(vae):
    return vae, examples(1000), examples(600, seed=1)


def _overfitted(n_train=30, n_elements=40):
    eigenvalues = eigenvalues_of(n_elements=n_elements)
    x_train = examples(n_train, eigenvalues=eigenvalues)
    x_train -= x_train.mean(axis=0)
    return memorising_vae(x_train), x_train, examples(600, seed=1, eigenvalues=eigenvalues)


# Name of the case: its verdict, and what makes (model, training examples, test examples).
CASES = {
    "healthy": ("healthy", lambda: _same_data(linear_vae())),
    "too-many-dimensions": ("healthy", lambda: _same_data(linear_vae(latent_dim=10))),
    "collapsed": ("collapsed", lambda: _same_data(linear_vae(n_used=0))),
    "half-collapsed": ("half-collapsed", lambda: _same_data(linear_vae(n_used=2))),
    "over-regularised": ("over-regularised", lambda: _same_data(linear_vae(beta=8.0))),
    "autoencoder": ("autoencoder in disguise", lambda: _same_data(linear_vae(beta=0.01))),
    "overfitted": ("overfitted", _overfitted),
}
