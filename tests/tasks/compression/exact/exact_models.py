"""Models with an exact form, of every likelihood and network that has one, with weights that are no initial ones."""

import functools
import json

import numpy as np

import keras_vae as kv

# Likelihood, graph, network, and the shape of one example.
CASES = {
    "bernoulli-conv": ("bernoulli", "vae", "conv", (7, 8, 1)),
    "bernoulli-dense-ladder": ("bernoulli", "ladder", "dense", (7, 8, 1)),
    "logistic-resnet": ("discretized_logistic", "vae", "resnet", (5, 8, 3)),
    "mixture-dense": ("discretized_logistic_mixture", "vae", "dense", (4, 6, 1)),
    "mixture-resnet-ladder": ("discretized_logistic_mixture", "ladder", "resnet", (9, 8, 3)),
    "categorical-dense": ("categorical", "vae", "dense", (12,)),
    "counts-skip": ("negative_binomial", "vae", "skip", (9,)),
}


@functools.cache
def shared(case):
    """The model of a case, made once: not to be changed."""
    return make(case)


def make(case):
    """The model of a case: every weight has moved, also those that start at zero."""
    likelihood, graph, network, shape = CASES[case]
    if likelihood == "categorical":
        likelihood = kv.likelihoods.Categorical(n_classes=7)
    if graph == "ladder":
        model = kv.make_ladder_vae(shape, (4, 3, 2), network, (16, 12, 8), likelihood=likelihood, seed=0)
    else:
        model = kv.make_vae(shape, 4, network, likelihood=likelihood, seed=0)
    rng = np.random.default_rng(1)
    for part in (model.encoder, model.decoder):
        part.set_weights([w + 0.02 * rng.standard_normal(w.shape) for w in part.get_weights()])
    return model


def data(model, n):
    """Whole numbers that the likelihood allows, int64 `(n, *event_shape)`."""
    rng, high = np.random.default_rng(2), model.likelihood.high
    shape = (n, *model.event_shape)
    return rng.negative_binomial(1, 0.05, shape) if high is None else rng.integers(0, high + 1, shape)


def one_way(exact, x):
    """A way down along the posterior means: `(way, gaussians)`, of which the latter are all means and scales met."""
    way, gaussians = exact.way(len(x), exact.evidence(x)), []
    for layer in range(len(exact.latent_dims)):
        gaussians += [*way.prior(layer), *way.posterior(layer)]
        way.take(layer, gaussians[-2])
    return way, gaussians


def save(exact, x, path):
    """Write an exact model and data for it to `path` with the endings .json and .npz, without anything of Keras."""
    path.with_suffix(".json").write_text(json.dumps(exact.config))
    np.savez(path.with_suffix(".npz"), x=x, **exact.arrays)
