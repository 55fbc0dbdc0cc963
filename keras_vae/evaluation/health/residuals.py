"""What the model has left in the data and more latent dimensions could hold."""

import math

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.evaluation.codes import draw_codes
from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health.decoder import of_codes
from keras_vae.models.draws import seed_of_batch

# Elements that the model hardly lets vary (always black pixels) count with a tenth of the mean variance.
MIN_VARIANCE_SHARE = 0.1
# Draws of the model at the same code, from which follows how much an element says about its parameter.
N_INFORMATION_DRAWS = 16
# Kinds of values whose decoder output has no natural unit: there a residual is measured in units of the noise.
WITHOUT_UNIT = ("real", "grey_levels")
# Of the typical information: less than this share counts as this share, where an element is all but certain.
MIN_INFORMATION_SHARE = 1e-3
# Standard errors that a direction must stand out of the model's own data to be counted.
N_SIGMA_OF_DIRECTION = 2.0


def residual_gain(vae, x, z_mean, z_log_var, n_dims: int | None = None, seed: int = 0, condition=None) -> Estimate:
    """Nats per example that further linear latent dimensions would gain, at least.

    If the model were right, its residuals would be noise, like those of data drawn by the model itself: from the codes
    of these very examples, through its own encoder and decoder. A direction in which real residuals vary `r` times as
    much as these holds structure, and a linear latent dimension along it gains `0.5 * (r - 1 - log r)` nats, exactly so
    for Gaussian noise of known variance; where the noise could shrink too, it gains more.

    A residual is the derivative of `log p(x|z)` by the decoder output, where another latent dimension would act: for
    every likelihood, tokens as well, and in counts on the scale of the log mean. Directions are found on one half of
    the examples, `r` on a quarter, the gain on the other quarter, so that chance gains nothing.

    Args:
        vae: `VAE`.
        x: array `(n, *event_shape)`, n >= 8, the target as well as the input.
        z_mean: array `(n, latent_dim)`, from `vae.encode(x)`.
        z_log_var: array, same shape.
        n_dims: int >= 1, or None. Dimensions that could be added; None for as many as stand out.
        seed: int >= 0. Decides the data drawn by the model, and the parts.
        condition: array or dict of arrays `(n, ...)`; None for a model without one.

    Returns:
        `Estimate`, nats per example; its `n_samples` is the number of directions that stood out.

    Raises:
        ValueError: for fewer than eight rows.

    References:
        Tipping & Bishop 1999, section 3.2: the likelihood that an eigenvalue of the covariance adds.
        Lucas et al. 2019, section 4: dimensions collapse where no eigenvalue stands out of the noise.
        https://arxiv.org/abs/1911.02469
    """
    if len(x) < 8:
        raise ValueError(f"`x` must have at least eight rows, to be quartered. Received: {len(x)}")
    rng = np.random.default_rng(check_int("seed", seed, 0))
    n_dims = None if n_dims is None else check_int("n_dims", n_dims, 1)
    drawn = _draw(vae, draw_codes(z_mean, z_log_var, rng), x, condition, rng)
    residuals = _residuals_of(vae, rng)
    real, own = residuals(x, z_mean, condition), residuals(drawn, vae.encode(drawn, condition=condition)[0], condition)
    variance = own.var(axis=0)
    scale = np.sqrt(np.maximum(variance, MIN_VARIANCE_SHARE * variance.mean()) + 1e-30)
    per_row, n_found = _cross_fitted(real / scale, own / scale, n_dims, rng)
    return Estimate.of_rows(per_row, n_found, kind="gain of further dimensions")


def _cross_fitted(real, own, n_dims, rng):
    """Gain of every row from directions and ratios of other rows, and the mean number of directions that stood out."""
    quarters = np.array_split(rng.permutation(len(real)), 4)
    per_row, n_found = np.zeros(len(real)), []
    for k, searched in ((0, (2, 3)), (2, (0, 1))):
        directions = _directions(real[np.concatenate([quarters[q] for q in searched])], n_dims)
        along, own_along = real @ directions, own @ directions
        for scaled, measured in ((k, k + 1), (k + 1, k)):
            gains, n = _gains(along[quarters[scaled]], along[quarters[measured]], own_along)
            per_row[quarters[measured]] = gains
            n_found.append(n)
    return per_row, round(float(np.mean(n_found)))


def _directions(residuals, n_dims):
    centred = residuals - residuals.mean(axis=0)
    return np.linalg.svd(centred, full_matrices=False)[2][:n_dims].T


def _gains(scaled, measured, own):
    """Gain of every row measured, and the number of directions that have more variance than the model's own data."""
    unit = np.maximum(own.var(axis=0), MIN_VARIANCE_SHARE)
    centre = scaled.mean(axis=0)
    squares = (scaled - centre) ** 2 / unit
    ratio = squares.mean(axis=0)
    # One row far out makes a large ratio, and as large an error.
    error = np.maximum(squares.std(axis=0), math.sqrt(2.0)) / math.sqrt(len(scaled))
    ratio = np.where(ratio > 1.0 + N_SIGMA_OF_DIRECTION * error, ratio, 1.0)
    # log N(u; 0, r) - log N(u; 0, 1) of residuals u in units of the model's own; its mean is (r - 1 - log r) / 2.
    squares = (measured - centre) ** 2 / unit
    return 0.5 * np.sum(squares * (1.0 - 1.0 / ratio) - np.log(ratio), axis=1), int((ratio > 1.0).sum())


def _draw(vae, z, x, condition, rng):
    """Data drawn by the model from codes, in the units of the data; of x only the shape and the totals count."""
    likelihood = vae.likelihood
    if likelihood.values == "counts" and not likelihood.mean_on_data_scale:
        # The mean is the share of every item, and a row keeps its total.
        shares = of_codes(vae, lambda z, batch: likelihood.mean(vae.x_params(z, batch)))(z, x, condition)
        shares = shares.astype(np.float64)
        totals = np.asarray(x).sum(axis=-1).astype(np.int64)
        return rng.multinomial(totals, shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32)
    seeds = seed_of_batch(tf.constant(rng.integers(2**31, size=2), tf.int64))

    def draw(z, batch, seed):
        drawn = likelihood.sample(vae.x_params(z, batch), seed=seed)
        return drawn if vae.preprocessing is None else vae.preprocessing.inverse(drawn)

    return of_codes(vae, draw)(z, x, condition, tensors=seeds)


def _residuals_of(vae, rng):
    """The function `(x, z_mean, condition)` to residuals, `(n, n_outputs)` float64: scores in units in which they are
    about as large in every row."""

    def score_and_information(z, batch, seed):
        x_params = vae.x_params(z, batch)
        score = _score(vae.likelihood, batch.target, x_params)

        def add_square(k, total):
            draw = vae.likelihood.sample(x_params, seed=tf.random.experimental.stateless_fold_in(seed, k))
            return k + 1, total + tf.square(_score(vae.likelihood, draw, x_params))

        start = tf.constant(0), tf.zeros_like(score)
        total = tf.while_loop(lambda k, total: k < N_INFORMATION_DRAWS, add_square, start)[1]
        return score, total / N_INFORMATION_DRAWS

    function = of_codes(vae, score_and_information)

    def residuals(x, z_mean, condition):
        seeds = seed_of_batch(tf.constant(rng.integers(2**31, size=2), tf.int64))
        parts = (part.astype(np.float64).reshape(len(x), -1) for part in function(z_mean, x, condition, tensors=seeds))
        score, information = parts
        if vae.likelihood.values == "counts" and not vae.likelihood.mean_on_data_scale:
            # The draws are single counts.
            information = information * np.asarray(x).reshape(len(x), -1).sum(axis=1, keepdims=True)
        # Where the decoder puts out logits or a log mean, a latent dimension changes them by about one.
        least = MIN_INFORMATION_SHARE * np.median(information) if vae.likelihood.values in WITHOUT_UNIT else 1.0
        return score / np.sqrt(information + least + 1e-30)

    return residuals


def _score(likelihood, value, x_params):
    """Derivative of log p by the decoder output: all of it, or of several parameters per element the first."""
    with tf.GradientTape() as tape:
        tape.watch(x_params)
        log_prob = likelihood.log_prob(value, x_params)
    score = tape.gradient(log_prob, x_params)
    return score[..., : value.shape[-1]] if likelihood.mean_on_data_scale else score
