"""Models with an exact form, of every likelihood and network that has one, with weights that are no initial ones."""

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
    """Draws of the model, int64 `(n, *event_shape)`."""
    return np.asarray(model.sample(n, seed=0)).astype(np.int64)


def one_way(exact, x):
    """A way down along the posterior means: `(way, gaussians)`, of which the latter are all means and scales met."""
    way, gaussians = exact.way(len(x), exact.evidence(x)), []
    for layer in range(len(exact.latent_dims)):
        gaussians += [*way.prior(layer), *way.posterior(layer)]
        way.take(layer, gaussians[-2])
    return way, gaussians
