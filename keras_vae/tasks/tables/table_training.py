"""The model of a table, and its training: what every estimator of tables does before its own work begins."""

import functools

import keras
import numpy as np

from keras_vae.callbacks.keep_best import KeepBest
from keras_vae.data.pipelines import batches
from keras_vae.data.split_rows import split_rows
from keras_vae.layers.fill_holes import FillHoles
from keras_vae.layers.standardize import Standardize
from keras_vae.models.make_vae import initial_weights_from
from keras_vae.models.vae import VAE
from keras_vae.networks.registry import make_decoder, make_encoder
from keras_vae.optimizers import Adam
from keras_vae.tasks.factor_start import start_from_factors
from keras_vae.tasks.plan import learning_rate
from keras_vae.tasks.tables.hidden_cells import HiddenError, hide_cells, with_hidden_cells

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


def table_model(likelihood, names, x, settings, seed, objective=None, network="skip", over="columns"):
    """An untrained model of rows, with a layer that brings them to a scale.

    Args:
        likelihood: `Mixed`.
        names: list of str. Names of the columns, for warnings.
        x: array `(n, n_columns)`. Training rows.
        settings: dict with `latent_dim` and `hidden_units`.
        seed: int.
        objective: `Objective` or None for the ELBO.
        network: "skip", which can start as a factor analysis, or "dense".
        over: "columns" for one scale per column of numbers, "all" for one of all columns.

    Returns:
        `VAE`, not compiled.
    """
    n_latent, units, shape = settings["latent_dim"], settings["hidden_units"], (len(names),)
    columns = likelihood.standardized_columns
    with initial_weights_from(seed):
        entrance = likelihood.input_layers(shape)
        if likelihood.holes and network == "skip":
            places = [entrance[0].places[j] for j in likelihood.holes]
            entrance.append(FillHoles(places, min(n_latent, entrance[0].width)))
        encoder = make_encoder(shape, n_latent, network, units, input_layers=entrance)
        decoder = make_decoder(likelihood.params_shape(shape), n_latent, network, units)
    of = {"columns": columns} if over == "columns" else {}
    preprocessing = Standardize(over, in_data_units=True, **of) if columns else None
    model = VAE(encoder, decoder, likelihood, objective=objective, seed=seed, preprocessing=preprocessing)
    if preprocessing is not None:
        preprocessing.adapt(x, names, ~np.isnan(x))
    return model


def train_table_model(model, x, settings, seed, n_wanted_steps, verbose=0, start=True, hidden_share=0.0):
    """Train until what is held out is no longer modelled better, and keep the best weights.

    Args:
        model: as `table_model` gives it.
        x: array `(n, n_columns)`. Training rows, of which some are held out.
        settings: dict with `epochs`, `batch_size`, `learning_rate` and `validation`; None for what is chosen here.
        seed: int. Of the split and the order of the rows.
        n_wanted_steps: int. Steps where `epochs` is None.
        verbose: as in `keras.Model.fit`.
        start: bool. Whether to begin as factor analysis.
        hidden_share: float in [0, 1). Mean share of the cells of a row that a step hides from the encoder, which still
            has to model them. Above 0 cells are held out instead of rows: those of all rows.

    Returns:
        dict of lists by name: the terms at every look, of about a hundred steps.
    """
    divide = _cells_apart if hidden_share else _rows_apart
    train, held_out = divide(x, settings["validation"], seed)
    if start:
        of_rows = None if hidden_share or held_out is None else _behind(model.preprocessing, held_out)
        start_from_factors(model, _behind(model.preprocessing, x if hidden_share else train), of_rows, seed)
    batch_size = settings["batch_size"] or default_batch_size(len(train))
    n_steps = -(-len(train) // batch_size)
    n_wanted = settings["epochs"] * n_steps if settings["epochs"] else max(n_wanted_steps, n_steps)
    n_looks = max(1, round(n_wanted / STEPS_PER_LOOK))
    model.compile(Adam(settings["learning_rate"], clipnorm=CLIP_NORM))
    rate = functools.partial(learning_rate, "cosine", settings["learning_rate"])
    callbacks = [keras.callbacks.LearningRateScheduler(lambda look, _: rate(look, n_looks))]
    keeping = [] if held_out is None else _keeping(model, train, held_out, hidden_share > 0)
    data = batches(train, batch_size, seed, repeat=True, takes_holes=True)
    history = model.fit(
        with_hidden_cells(data, hidden_share, seed) if hidden_share else data,
        epochs=n_looks,
        steps_per_epoch=-(-n_wanted // n_looks),
        validation_data=None if hidden_share else held_out,
        callbacks=callbacks + keeping,
        verbose=verbose,
    )
    if keeping:
        keeping[-1].restore(model)
    return history.history


def _keeping(model, train, held_out, hides):
    """Callbacks, the last of which keeps the best weights: those of the start until there are better ones."""
    if hides:
        classes = [kind == "bernoulli" or isinstance(kind, int) for kind in model.likelihood.columns]
        error = HiddenError(train, held_out, np.array(classes))
        keeper = KeepBest(error.name, patience=PATIENCE)
        keeper.begin(model, error.begin(model))
        return [error, keeper]
    bound = "iw_bound" if "iw_bound" in model.term_names else "elbo"
    keeper = KeepBest(f"val_{bound}", patience=PATIENCE)
    keeper.begin(model, model.evaluate(held_out, verbose=0, return_dict=True)[bound])
    return [keeper]


def _cells_apart(x, share, seed):
    shown, hidden = hide_cells(x, share, seed)
    return (x, None) if np.isnan(hidden).all() else (shown, hidden)


def _rows_apart(x, share, seed):
    n = min(round(share * len(x)), MAX_HELD_OUT)
    if len(x) < MIN_HELD_OUT_OF or not n:
        return x, None
    train, held_out = split_rows(len(x), n / len(x), seed)
    return x[train], x[held_out]


def default_batch_size(n_rows):
    """About twenty batches per epoch, a power of two."""
    return int(
        2 ** np.clip(np.round(np.log2(max(1.0, n_rows / BATCHES_PER_EPOCH))), np.log2(MIN_BATCH), np.log2(MAX_BATCH))
    )


def _behind(preprocessing, x):
    return x if preprocessing is None else keras.ops.convert_to_numpy(preprocessing(x))
