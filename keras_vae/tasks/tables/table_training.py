"""The model of a table, and its training: what every estimator of tables does before its own work begins."""

import functools

import keras
import numpy as np

from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.data.pipelines import batches
from keras_vae.data.split_rows import split_rows
from keras_vae.models.make_vae import make_vae
from keras_vae.optimizers import Adam
from keras_vae.tasks.factor_start import start_from_factors
from keras_vae.tasks.plan import learning_rate

# Early steps may be far off: a table has columns of any scale.
CLIP_NORM = 200.0
# Rows below which none are held out: they would say less than they cost.
MIN_HELD_OUT_OF = 50
MAX_HELD_OUT = 5000
MIN_BATCH, MAX_BATCH, BATCHES_PER_EPOCH = 16, 256, 20
# Steps between two looks at the rows held out: an epoch of Keras, which costs as much as some of them by itself.
STEPS_PER_LOOK = 100
# Looks without a better bound after which a training is over.
PATIENCE = 6


def table_model(likelihood, names, x, settings, seed, objective=None):
    """An untrained model that begins as the factor analysis of its rows.

    Args:
        likelihood: `Mixed`.
        names: list of str. Names of the columns, for warnings.
        x: array `(n, n_columns)`. Training rows.
        settings: dict with `latent_dim` and `hidden_units`.
        seed: int.
        objective: `Objective` or None for the ELBO.

    Returns:
        `VAE`, not compiled.
    """
    model = make_vae(
        (len(names),),
        settings["latent_dim"],
        "skip",
        settings["hidden_units"],
        likelihood,
        objective=objective,
        seed=seed,
    )
    if model.preprocessing is not None:
        model.preprocessing.adapt(x, names, ~np.isnan(x))
    return model


def train_table_model(model, x, settings, seed, n_wanted_steps, verbose=0, start=True):
    """Train until the bound of the rows held out no longer rises, and keep the best weights.

    Args:
        model: as `table_model` gives it.
        x: array `(n, n_columns)`. Training rows, of which some are held out.
        settings: dict with `epochs`, `batch_size`, `learning_rate` and `validation`; None for what is chosen here.
        seed: int. Of the split and the order of the rows.
        n_wanted_steps: int. Steps where `epochs` is None.
        verbose: as in `keras.Model.fit`.
        start: bool. Whether to begin as factor analysis.

    Returns:
        dict of lists by name: the terms at every look, of about a hundred steps.
    """
    train, held_out = _parts(x, settings["validation"], seed)
    if start:
        behind = functools.partial(_behind, model.preprocessing)
        start_from_factors(model, behind(train), None if held_out is None else behind(held_out), seed)
    batch_size = settings["batch_size"] or _batch_size(len(train))
    n_steps = -(-len(train) // batch_size)
    n_wanted = settings["epochs"] * n_steps if settings["epochs"] else max(n_wanted_steps, n_steps)
    n_looks = max(1, round(n_wanted / STEPS_PER_LOOK))
    model.compile(Adam(settings["learning_rate"], clipnorm=CLIP_NORM))
    rate = functools.partial(learning_rate, "cosine", settings["learning_rate"])
    callbacks = [keras.callbacks.LearningRateScheduler(lambda look, _: rate(look, n_looks))]
    keeper = None
    if held_out is not None:
        bound = "val_iw_bound" if "iw_bound" in model.term_names else "val_elbo"
        began = model.evaluate(held_out, verbose=0, return_dict=True)[bound.removeprefix("val_")]
        keeper = KeepBest(bound, patience=PATIENCE)
        keeper.begin(model, began)
        callbacks.append(keeper)
    history = model.fit(
        batches(train, batch_size, seed, repeat=True, takes_holes=True),
        epochs=n_looks,
        steps_per_epoch=-(-n_wanted // n_looks),
        validation_data=held_out,
        callbacks=callbacks,
        verbose=verbose,
    )
    if keeper is not None:
        keeper.restore(model)
    return history.history


def _parts(x, share, seed):
    n = min(round(share * len(x)), MAX_HELD_OUT)
    if len(x) < MIN_HELD_OUT_OF or not n:
        return x, None
    train, held_out = split_rows(len(x), n / len(x), seed)
    return x[train], x[held_out]


def _batch_size(n_rows):
    """About twenty batches per epoch, a power of two."""
    return int(
        2 ** np.clip(np.round(np.log2(max(1.0, n_rows / BATCHES_PER_EPOCH))), np.log2(MIN_BATCH), np.log2(MAX_BATCH))
    )


def _behind(preprocessing, x):
    return x if preprocessing is None else keras.ops.convert_to_numpy(preprocessing(x))
