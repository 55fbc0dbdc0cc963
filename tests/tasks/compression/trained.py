"""Small trained models of the library, each with data that it can code."""

import keras
import numpy as np
from sklearn.datasets import load_digits

import keras_vae as kv


def digits():
    """Digits in 17 grey levels, 0 to 16, int64 `(1797, 8, 8, 1)`."""
    return load_digits().images[..., np.newaxis].astype(np.int64)


def data_for(likelihood):
    """Whole numbers that a likelihood of that name knows, uint8 `(1797, 8, 8, 1)`."""
    x = digits()
    return (x > 7 if likelihood == "bernoulli" else x * 15 if "logistic" in likelihood else x).astype(np.uint8)


def trained(likelihood, graph="vae", epochs=2):
    """A model and its data: `trained("bernoulli", "ladder")`; without epochs the model is as it was made."""
    keras.utils.set_random_seed(0)
    x = data_for(likelihood)
    arguments = {"n_classes": 17} if likelihood == "categorical" else {}
    own = {"likelihood": kv.likelihoods.registry.get_likelihood(likelihood, **arguments), "seed": 0}
    if graph == "ladder":
        model = kv.make_ladder_vae((8, 8, 1), latent_dims=(4, 3), hidden_units=(32, 16), **own)
    else:
        model = kv.make_vae((8, 8, 1), latent_dim=4, network="dense", hidden_units=(32,), **own)
    if epochs:
        model.compile(keras.optimizers.Adam(3e-3))
        model.fit(x.astype(np.float32), epochs=epochs, batch_size=32, verbose=0)
    return model, x
