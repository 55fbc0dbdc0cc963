"""A recommender that begins as correspondence analysis, which is known in closed form, instead of by chance."""

import numpy as np
from scipy import sparse

# Users by whom the strength of the factors is chosen, and the strengths that are tried.
N_USERS = 400
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 5.0)
# Items of a share far below so many times the mean one count as if they had it: their factors would be noise.
DAMPING = 30.0
# The first layer in the nearly straight part of its tanh, and its inverse behind it.
SLOPE = 0.5
# Log variance of the codes where the factors begin, and how much is left of the weights made by chance beside them.
LOG_VAR, REST = -1.0, 0.1


def can_start(settings):
    """Whether the layers of a model can hold the analysis: a wide layer of tanh, and a linear decoder."""
    is_plain = settings["encoder"] == "plain" and settings["decoder"] == "linear"
    return is_plain and len(settings["hidden_units"]) == 1 and settings["hidden_units"][0] >= settings["latent_dim"]


def start_from_correspondence(model, x, seed=0):
    """Set the weights of a model to those of a correspondence analysis of its rows.

    The analysis is the singular value decomposition of `P_ui / sqrt(p_u p_i)`, without its first, trivial factor; its
    factors are those of the multinomial logits to first order: `log p(i|u) = log p_i + sum_k f_uk g_ik`, with the
    standard coordinates g of the items, and f the mean of g over the items of the user. How strong the factors are is
    chosen by the likelihood of some users.

    Args:
        model: as `build_model` makes it, for settings that `can_start` holds for.
        x: SciPy matrix by rows, `(n_users, n_items)`. Training rows.
        seed: int.

    References:
        Greenacre 2017, Correspondence Analysis in Practice, appendix A (computation and reconstitution formula).
    """
    n_latent = model.latent_dim
    coordinates, shares = item_coordinates(x, n_latent, seed)
    n_found = coordinates.shape[1]
    n_of_user = np.maximum(np.asarray(x.sum(axis=1)).ravel(), 1.0)
    # As `UnitRows` gives a row of ones to the first layer.
    factors = np.asarray((sparse.diags(n_of_user**-0.5) @ x) @ coordinates)
    mean, stddev = factors.mean(axis=0), np.maximum(factors.std(axis=0), 1e-6)
    codes = (factors - mean) / stddev
    hidden, heads = model.encoder.get_layer("hidden_1"), [n for n in ("z_mean", "z") if _has(model.encoder, n)]
    kernel, bias = hidden.get_weights()
    kernel[:, :n_found], bias[:n_found] = SLOPE * coordinates / stddev, -SLOPE * mean / stddev
    hidden.set_weights([kernel, bias])
    kernel, bias = model.encoder.get_layer(heads[0]).get_weights()
    kernel *= REST
    kernel[:n_found, :n_found] = np.eye(n_found) / SLOPE
    model.encoder.get_layer(heads[0]).set_weights([kernel, bias])
    if _has(model.encoder, "z_log_var"):
        kernel, bias = model.encoder.get_layer("z_log_var").get_weights()
        model.encoder.get_layer("z_log_var").set_weights([REST * kernel, bias + LOG_VAR])
    vectors = np.zeros((x.shape[1], n_latent), np.float32)
    vectors[:, :n_found] = coordinates * stddev
    output = model.decoder.get_layer("x_params")
    some = np.sort(np.random.default_rng(seed).permutation(x.shape[0])[:N_USERS])
    seen = np.tanh(SLOPE * codes[some]) / SLOPE
    output.vectors.assign(strength(x[some], seen @ vectors[:, :n_found].T, np.log(shares)) * vectors)


def item_coordinates(x, n_factors, seed=0):
    """Damped standard coordinates of the items, and their shares.

    Args:
        x: SciPy matrix by rows.
        n_factors: int >= 1; fewer are found where the matrix has fewer.
        seed: int.

    Returns:
        `(coordinates, shares)`: float32 array `(n_items, n_found)`, and array `(n_items,)` with the sum 1.
    """
    from sklearn.utils.extmath import randomized_svd

    of_user, of_item = (np.maximum(np.asarray(x.sum(axis=axis)).ravel(), 1.0) for axis in (1, 0))
    scaled = sparse.diags(of_user**-0.5) @ x @ sparse.diags(of_item**-0.5)
    n_found = min(n_factors, min(x.shape) - 1)
    *_, axes = randomized_svd(scaled.tocsr(), n_found + 1, n_oversamples=20, n_iter=3, random_state=seed)
    counts = np.maximum(np.asarray(x.sum(axis=0)).ravel(), 1 / 3)
    shares = counts / counts.sum()
    coordinates = axes[1:].T / np.sqrt(shares + DAMPING * shares.mean())[:, None]
    return coordinates.astype(np.float32), shares


def strength(x, logits, log_shares):
    """The factor on logits by which rows are most likely, of `STRENGTHS`."""
    total = np.asarray(x.sum(axis=1)).ravel()

    def log_prob(factor):
        scaled = factor * logits + log_shares
        largest = scaled.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(scaled - largest).sum(axis=1)) + largest[:, 0]
        return float(x.multiply(scaled).sum() - total @ log_sums)

    return max(STRENGTHS, key=log_prob)


def _has(encoder, name):
    return any(layer.name == name for layer in encoder.layers)
