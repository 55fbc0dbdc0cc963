"""The start of a training from factor analysis: the best linear model of a table, from which the network goes on."""

import warnings

import numpy as np

from keras_vae.layers.fill_holes import FillHoles
from keras_vae.tasks.hole_factors import Factors, fit_factors, posterior
from keras_vae.tasks.linear_columns import linear_columns

# Numbers of factors that are tried, beside as many as there are latents; rows that they are fitted to.
N_FACTORS = (0, 1, 2, 3, 5, 8, 12, 16, 20)
MAX_ROWS, MAX_ITERATIONS = 20_000, 300
# A table this wide has its factors fitted for minutes: it starts from fewer.
WIDE, MAX_FACTORS_OF_WIDE = 500, 5
# Scale of the weights of latents that no factor uses: they must be able to leave the saddle at zero.
UNUSED_STDDEV = 1e-2
# Of a table with holes every row has its own inverse matrix: fewer rows.
MAX_ROWS_WITH_HOLES = 3_000


def start_from_factors(model, x_train, x_validation, seed):
    """Set the linear maps and biases of a model of `network="skip"` to the factor analysis of its data.

    The number of factors is the one with the highest density of the validation part. The factors are turned so that
    their posterior has a diagonal covariance: then the encoder holds the exact posterior, and the ELBO of the model is
    the log density of the factor analysis.

    Under a `Mixed` likelihood the factors are those of all columns as the encoder sees them. Where there are holes they
    are fitted to what was seen, as many as there are latents, and a `FillHoles` layer of the encoder gets them as well;
    numbers of real columns are decoded as in factor analysis, the others to first order around their shares and means.

    Args:
        model: `VAE` of networks "skip" with a likelihood `Gaussian`, `StudentT` or `Mixed`.
        x_train: array `(n, columns)`, as the encoder takes it (after the preprocessing).
        x_validation: the same of the validation part, or None: then the training part decides.
        seed: int.

    References:
        Bartholomew et al. 2011, section 3.3 (the posterior of the factors).
        Lucas et al. 2019, section 4 (tight for the right rotation). https://arxiv.org/abs/1911.02469
    """
    if len(x_train) > MAX_ROWS:
        x_train = x_train[np.random.default_rng(seed).choice(len(x_train), MAX_ROWS, replace=False)]
    linear = linear_columns(model.likelihood)
    x_train, x_validation = (None if x is None else linear.encoded(x) for x in (x_train, x_validation))
    seen = ~np.isnan(x_train)
    centre = np.nanmean(np.where(seen.any(axis=0), x_train, 0.0), axis=0)
    varies = np.nanstd(np.where(seen.any(axis=0), x_train, 0.0), axis=0) > 0
    if seen.all():
        held_out = x_train if x_validation is None else np.where(np.isnan(x_validation), centre, x_validation)
        found = best_factors(x_train[:, varies], held_out[:, varies], model.latent_dim, linear.floor, seed)
    else:
        # As many as there are: the prior of their loadings keeps those from harm that are not needed.
        n_factors = min(model.latent_dim, int(varies.sum()) - 1, len(x_train) - 1)
        found = fit_factors(x_train[:MAX_ROWS_WITH_HOLES, varies], max(n_factors, 0), linear.floor)
    mean, loadings, noise = centre, np.zeros((len(varies), model.latent_dim)), np.ones(len(varies))
    mean[varies], loadings[varies, : found[1].shape[1]], noise[varies] = found
    # Holes are filled by the factors as they are; the decoder knows a class, or yes and no, to first order only.
    filling = Factors(mean, loadings, noise)
    noise = np.maximum(noise, linear.least_noise(np.where(seen, x_train, centre)))
    _assign(model, linear, Factors(mean, turned(loadings, noise), noise), filling, x_train, seed)


def best_factors(x_train, x_held_out, most, floor, seed):
    """Factor analysis of the number of factors with the highest held-out density.

    Args:
        x_train, x_held_out: arrays `(n, columns)`.
        most: int. Largest number of factors.
        floor: float. Smallest variance of the noise: that of an exact linear relation would be 0.
        seed: int.

    Returns:
        `(mean, loadings, noise)`: arrays `(columns,)`, `(columns, n_factors)` and `(columns,)`, variances; the columns
        of the loadings are orthogonal where each row is divided by the noise.
    """
    from sklearn.decomposition import FactorAnalysis
    from sklearn.exceptions import ConvergenceWarning

    n_columns = x_train.shape[1]
    limit = min(most, n_columns - 1, len(x_train) - 1, MAX_FACTORS_OF_WIDE if n_columns > WIDE else most)
    mean, rows = x_train.mean(axis=0), _few_rows_of_same_covariance(x_train)
    best, best_score = (mean, np.zeros((n_columns, 0)), np.maximum(x_train.var(axis=0), floor)), None
    for n_factors in sorted({n for n in (*N_FACTORS, most) if n <= limit}):
        if n_factors:
            analysis = FactorAnalysis(n_factors, max_iter=MAX_ITERATIONS, random_state=seed)
            with warnings.catch_warnings():
                # It is a start, judged by the rows held out and trained on: it need not be the optimum.
                warnings.simplefilter("ignore", ConvergenceWarning)
                analysis.fit(rows)
            candidate = (mean, analysis.components_.T, np.maximum(analysis.noise_variance_, floor))
        else:
            candidate = best
        score = _log_density(x_held_out, *candidate)
        if best_score is None or score > best_score:
            best, best_score = candidate, score
    mean, loadings, noise = best
    return mean, turned(loadings, noise), noise


def _few_rows_of_same_covariance(x):
    """As many rows as say all that factor analysis learns from x: it looks at the covariance of its rows alone."""
    n_rows, n_columns = x.shape
    if n_rows <= 2 * n_columns:
        return x
    triangle = np.linalg.qr(x.astype(np.float64) - x.mean(axis=0), mode="r") * np.sqrt(n_columns / n_rows)
    return np.concatenate([triangle, -triangle])


def turned(loadings, noise):
    """Loadings `(columns, n_factors)` of the same covariance, turned so that the posterior of the factors is diagonal.

    Its precision is one plus `W' Psi^-1 W`.
    """
    _, directions = np.linalg.eigh(loadings.T @ (loadings / noise[:, None]))
    return loadings @ directions[:, ::-1]


def _log_density(x, mean, loadings, noise):
    """Mean log density of rows under `N(mean, loadings loadings' + diag(noise))`, by the matrix of the factors."""
    centred, scaled = x - mean, loadings / noise[:, None]
    inner = np.eye(loadings.shape[1]) + loadings.T @ scaled
    distance = np.sum(centred**2 / noise, axis=1) - np.sum(
        (centred @ scaled) * np.linalg.solve(inner, (centred @ scaled).T).T, axis=1
    )
    log_determinant = np.linalg.slogdet(inner)[1] + np.log(noise).sum()
    return float(np.mean(-0.5 * (distance + log_determinant + len(noise) * np.log(2 * np.pi))))


def _assign(model, linear, factors, filling, x, seed):
    mean, loadings, noise = factors
    precision = 1.0 + np.sum(loadings**2 / noise[:, None], axis=0)
    kernel = loadings / noise[:, None] / precision
    encoder = model.encoder.get_layer("z_mean_linear")
    # Behind the columns the encoder may be told of holes.
    untold = np.zeros((encoder.get_weights()[0].shape[0] - len(kernel), model.latent_dim))
    encoder.set_weights([np.concatenate([kernel, untold]), -mean @ kernel])
    log_var = model.encoder.get_layer("z_log_var")
    log_var.set_weights([log_var.get_weights()[0], _mean_log_var(factors, x, precision)])
    is_unused = ~np.any(loadings, axis=0)
    spread = np.random.default_rng(seed).normal(scale=UNUSED_STDDEV, size=loadings.shape)
    decoder = model.decoder.get_layer("x_params_linear")
    decoder.set_weights(linear.decoder_weights(mean, np.where(is_unused, spread, loadings), noise))
    for layer in model.encoder.layers:
        if isinstance(layer, FillHoles):
            layer.assign(filling.mean, filling.loadings[:, : layer.n_factors], filling.noise)


def _mean_log_var(factors, x, precision):
    """Log variance of the posterior, the mean over rows where holes make it another one for each."""
    if not np.isnan(x).any():
        return -np.log(precision)
    _, covariance, _ = posterior(factors, x[:MAX_ROWS_WITH_HOLES])
    return np.log(np.einsum("nii->ni", covariance)).mean(axis=0)
