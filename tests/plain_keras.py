"""A plain Keras autoencoder that computes what a small VAE without noise computes: what Keras itself does with it."""

import keras
import numpy as np
from helpers import POINT, small_vae

ROWS, BATCH, STEPS, EPOCHS = 12, 4, 3, 3
# What the VAE adds to the loss of the plain model: log(2 pi) / 2 of 6 elements, and the rest of the KL of two latents.
CONSTANT = 3.0 * np.log(2.0 * np.pi) + 0.5 * 2 * (-1.0 - POINT)


def rows():
    return np.random.default_rng(0).normal(size=(ROWS, 6)).astype("float32")


def half_squared_error(y, x):
    return 0.5 * keras.ops.sum(keras.ops.square(keras.ops.cast(y, x.dtype) - x), axis=-1)


def plain_autoencoder(**compile_arguments):
    """Two dense layers with the initial weights of `point_vae`, and its loss but for a constant.

    Without noise the KL of a row is half the sum of the squares of the code, plus a constant: a penalty on an activity,
    which Keras averages over the batch.
    """
    x = keras.Input((6,))
    glorot = [keras.initializers.GlorotUniform(seed) for seed in (0, 1)]
    z = keras.layers.Dense(2, kernel_initializer=glorot[0], activity_regularizer=keras.regularizers.L2(0.5))(x)
    model = keras.Model(x, keras.layers.Dense(6, kernel_initializer=glorot[1])(z))
    # One eager step at a time: the plainest that Keras has, and without the time of a graph for each test.
    model.compile(**{"optimizer": "sgd", "loss": half_squared_error, "run_eagerly": True, **compile_arguments})
    return model


def point_vae(**compile_arguments):
    """A VAE without noise, compiled."""
    vae = small_vae(z_log_var=POINT)
    vae.compile(**{"optimizer": "sgd", **compile_arguments})
    return vae


def both(**compile_arguments):
    """The VAE and the plain model; the arguments are functions without arguments, as each needs objects of its own."""
    made = [{name: make() for name, make in compile_arguments.items()} for _ in range(2)]
    return point_vae(**made[0]), plain_autoencoder(**made[1])


def assert_same_training(vae, plain, rtol=2e-4, atol=2e-6):
    """Both made the same number of steps and have the same weights, as sums of float32 in another order give them."""
    assert int(vae.optimizer.iterations) == int(plain.optimizer.iterations)
    assert len(vae.trainable_weights) == len(plain.trainable_weights)
    for ours, theirs in zip(vae.trainable_weights, plain.trainable_weights, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=rtol, atol=atol)


def moved(model):
    """Whether a model is no longer what it was at first."""
    return not np.allclose(model.trainable_weights[0].numpy(), plain_autoencoder().trainable_weights[0].numpy())


def fit(model, callbacks, is_plain=False, **kwargs):
    """Train either model on the same rows, in the same order; a plain one needs the targets said."""
    x = rows()
    given = {"batch_size": BATCH, "epochs": EPOCHS, "shuffle": False, "verbose": 0, "validation_data": (x[:7], x[:7])}
    return model.fit(x, x if is_plain else None, **{**given, **kwargs}, callbacks=callbacks).history


def fit_both(make, folder=None, optimizer=lambda: keras.optimizers.SGD(0.02), **kwargs):
    """Both models and their histories after a training; `make` gives the callbacks for a folder."""
    models = both(optimizer=optimizer)
    folders = [None if folder is None else folder / name for name in ("ours", "theirs")]
    histories = []
    for model, place, is_plain in zip(models, folders, (False, True), strict=True):
        if place is not None:
            place.mkdir(exist_ok=True)
        histories.append(fit(model, make(place), is_plain, **kwargs))
    return *models, *histories


def assert_same_history(ours, theirs):
    """The same epochs, and a VAE logs all that a plain model logs, beside its own terms."""
    assert set(theirs) <= set(ours)
    assert {name for name in ours if name.startswith("val_")} == {
        f"val_{name}" for name in ours if not name.startswith("val_") and f"val_{name}" in ours
    }
    for name, values in theirs.items():
        values = np.array(values) + (CONSTANT if "loss" in name else 0.0)
        np.testing.assert_allclose(ours[name], values, rtol=1e-5, err_msg=name)
