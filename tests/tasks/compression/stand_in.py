"""Small exact models made by hand, whose numbers can be checked on paper."""

import numpy as np

from keras_vae.tasks.compression.exact.exact_math import exp, ndtr, sigmoid
from keras_vae.tasks.compression.exact.group import ExactLikelihood, Group


class Bernoulli(ExactLikelihood):
    levels = 2

    def groups(self, x_params):
        p = sigmoid(x_params.reshape(len(x_params), -1))
        return [one_group(p.shape, 2, lambda k: 1.0 - p)]


class Grey(ExactLikelihood):
    """Gaussians cut at whole numbers, 0 to 10: no power of two."""

    levels = 11

    def groups(self, x_params):
        mean = 5.0 + x_params.reshape(len(x_params), -1)
        return [one_group(mean.shape, 11, lambda k: ndtr((k - 0.5 - mean) / 1.5))]


class Counts(ExactLikelihood):
    """Geometric, without an upper bound."""

    def groups(self, x_params):
        rate = exp(-1.0 - np.minimum(np.abs(x_params.reshape(len(x_params), -1)), 0.5))
        return [one_group(rate.shape, None, lambda k: 1.0 - exp(-rate * k))]


class Halves(ExactLikelihood):
    """Two groups: the second half of a row is, but for one in ten, equal to the first."""

    levels = 2

    def groups(self, x_params):
        n, m = len(x_params), x_params[0].size // 2
        p = sigmoid(x_params.reshape(n, -1)[:, :m])
        first = one_group(p.shape, 2, lambda k: 1.0 - p)
        return [first, Group(n, np.arange(m, 2 * m), 2, lambda known: lambda k: np.where(known[0] == 1, 0.1, 0.9))]


def one_group(shape, levels, inside):
    return Group(shape[0], np.arange(shape[1]), levels, lambda known: inside)


class StandIn:
    """A model whose means are sums of one latent or two, with weights 1/4, over events of `(d,)`."""

    def __init__(self, likelihood=Bernoulli, latent_dims=(3,), event_shape=(8,)):
        self.latent_dims, self.event_shape = latent_dims, event_shape
        self.likelihood = likelihood({}, event_shape)
        self.levels, self.arrays = self.likelihood.levels, {"weights": np.arange(3.0)}

    def evidence(self, x):
        return x.reshape(len(x), -1).sum(axis=1, keepdims=True).astype(np.float64)

    def way(self, n, evidence=None):
        return _Way(self, n)


class _Way:
    def __init__(self, model, n):
        self.model, self.n, self.z = model, n, []

    def prior(self, layer):
        shape = (self.n, self.model.latent_dims[layer])
        return np.zeros(shape) + self._above(layer), np.full(shape, 1.0 if layer == 0 else 0.5)

    def _above(self, layer):
        return self.z[layer - 1].sum(axis=1, keepdims=True) * 0.25 if layer else np.zeros((self.n, 1))

    def posterior(self, layer, evidence):
        mean, scale = self.prior(layer)
        half = 0.5 * np.prod(self.model.event_shape)
        return mean + 0.1 * np.clip(evidence - half, -4.0, 4.0), scale * 0.5

    def take(self, layer, z):
        self.z.append(z)

    def x_params(self):
        d = int(np.prod(self.model.event_shape))
        signs = np.where(np.arange(d) % 2, 0.25, -0.5)
        return (self.z[-1].sum(axis=1, keepdims=True) * signs).reshape(self.n, *self.model.event_shape)


def coder_of(model, bits=8):
    """Its `RowCoder`."""
    from keras_vae.tasks.compression.latent_bins import LatentBins
    from keras_vae.tasks.compression.row_coder import RowCoder

    return RowCoder(model, [LatentBins(np.zeros(d), np.ones(d), bits) for d in model.latent_dims])


def draw(model, n, rng):
    """Rows by the model: of random latents and then by its distribution functions, int64 `(n, *event_shape)`."""
    way = model.way(n)
    for layer, dim in enumerate(model.latent_dims):
        mean, scale = way.prior(layer)
        way.take(layer, mean + scale * rng.normal(size=(n, dim)))
    x, known = np.zeros((n, *model.event_shape), np.int64), []
    for group in model.likelihood.groups(way.x_params()):
        u, below = rng.random(group.shape), group.given(known)
        known.append(sum((below(np.full(group.shape, k)) <= u).astype(np.int64) for k in range(1, group.levels or 80)))
        group.place(known[-1], x)
    return x
