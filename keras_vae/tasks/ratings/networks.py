"""Encoders and decoders of recommenders: rows of clicks in, a logit for every item out."""

import keras
from keras import layers

from keras_vae.layers.sparse_dense import SparseDense
from keras_vae.layers.unit_rows import UnitRows
from keras_vae.tasks.ratings.item_scores import ItemScores

# Of the residual encoder: Shenbin et al. 2020, section 3.2, and the code published with it.
N_RESIDUAL = 5


def click_encoder(n_items, latent_dim, hidden_units, dropout, n_outputs=2, residual=False, gradient="dense", seed=None):
    """Rows of clicks, brought to length one and thinned out in training, to the latent heads.

    Args:
        n_items: int >= 1.
        latent_dim: int >= 1.
        hidden_units: list of int. Widths of the hidden layers; of a residual encoder the first one counts.
        dropout: float in [0, 1). Share of the clicks left out in a step.
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for `z`.
        residual: bool. Five layers of swish and layer normalisation, each of which sees the sum of all before, instead
            of layers of tanh.
        gradient: "dense" or "rows", as in `SparseDense`.
        seed: int or None. Of the dropout.

    Returns:
        `keras.Model`, sparse `(batch, n_items)` -> `(batch, latent_dim)`, twice or once.

    References:
        Liang et al. 2018, section 2. https://arxiv.org/abs/1802.05814
        Shenbin et al. 2020, section 3.2 (residual). https://arxiv.org/abs/1912.11160
    """
    x = keras.Input((n_items,), sparse=True, name="x")
    h = UnitRows(dropout, seed, name="unit_rows")(x)
    if residual:
        h = _residual(h, hidden_units[0], gradient)
    else:
        first, *others = hidden_units
        h = SparseDense(first, "tanh", gradient=gradient, name="hidden_1")(h)
        for i, width in enumerate(others, 2):
            h = layers.Dense(width, activation="tanh", name=f"hidden_{i}")(h)
    names = ("z_mean", "z_log_var") if n_outputs == 2 else ("z",)
    heads = [layers.Dense(latent_dim, name=name)(h) for name in names]
    return keras.Model(x, heads if n_outputs == 2 else heads[0], name="encoder")


def _residual(h, width, gradient):
    total = None
    for i in range(1, N_RESIDUAL + 1):
        h = (
            SparseDense(width, gradient=gradient, name="hidden_1")(h)
            if i == 1
            else layers.Dense(width, name=f"hidden_{i}")(h)
        )
        h = h if total is None else layers.Add(name=f"sum_{i}")([h, total])
        h = layers.LayerNormalization(epsilon=0.1, name=f"norm_{i}")(layers.Activation("swish", name=f"swish_{i}")(h))
        total = h if total is None else layers.Add(name=f"total_{i}")([total, h])
    return h


def click_decoder(n_items, latent_dim, hidden_units=()):
    """Codes to a logit for every item.

    Args:
        n_items: int >= 1.
        latent_dim: int >= 1.
        hidden_units: list of int. Widths of hidden layers of tanh; empty for a decoder without any.

    Returns:
        `keras.Model`, `(batch, latent_dim)` -> `(batch, n_items)`, no activation.
    """
    z = h = keras.Input((latent_dim,), name="z")
    for i, width in enumerate(hidden_units, 1):
        h = layers.Dense(width, activation="tanh", name=f"hidden_{i}")(h)
    return keras.Model(z, ItemScores(n_items, name="x_params")(h), name="decoder")
