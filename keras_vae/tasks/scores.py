"""Honest figures of a trained model on held-out data, whatever it is used for."""

import math
import warnings

import numpy as np

from keras_vae.evaluation.annealed_log_prob import annealed_log_prob
from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.kl_split import kl_split
from keras_vae.evaluation.latent import active_units
from keras_vae.evaluation.likelihood import estimate_bounds
from keras_vae.tasks.effort import random_rows
from keras_vae.training.rows import head

# Enough rows for the figures of the latent space, and for every picture.
N_ROWS = 2000
# A row counts as an outlier where its log p(x) is below the median by so many times the distance of the quartiles.
FAR_FROM_MEDIAN = 20.0
# Enough for the models that the shell makes; the more complicated the posterior, the more temperatures it takes.
ANNEALED_CHAINS, ANNEALED_STEPS = 16, 500


def score(model, x, n_samples, n_rows=None):
    """Honest figures of a model on held-out data.

    Args:
        model: `VAE` or `LadderVAE`.
        x: array or `tf.data.Dataset`, in the units of the data.
        n_samples: int >= 1. Importance samples per example for `log_prob`.
        n_rows: int or None. Rows used for `log_prob`, the costly one, random ones of an array; None for all. The ELBO
            of the others makes the mean one of all rows.

    Returns:
        dict: `elbo`, `reconstruction_loss`, `kl_loss`, `loss` (means, nats per example), `log_prob` with
        `log_prob_standard_error`, `log_prob_n_samples` and `log_prob_n_rows`, `bits_per_dim` for 8-bit images,
        `active_units`, `latent_dim`.

    Raises:
        ValueError: for data that do not fit the model, or a prior without `log_prob`.
    """
    terms = model.evaluate(x, verbose=0, return_dict=True)
    bounds = estimate_bounds(model, x if n_rows is None else random_rows(x, n_rows), n_samples=n_samples)
    log_prob = bounds.log_prob if n_rows is None else _of_all_rows(model, x, bounds)
    _warn_of_few_rows(bounds.log_prob.values)
    z_mean, _ = model.encode(x)
    figures = {
        **{name: terms[name] for name in ("elbo", "reconstruction_loss", "kl_loss", "loss")},
        "log_prob": log_prob.mean,
        "log_prob_standard_error": number_or_none(log_prob.standard_error),
        "log_prob_n_samples": n_samples,
        "log_prob_n_rows": log_prob.n_rows,
        "active_units": int(active_units(z_mean).sum()),
        "latent_dim": model.latent_dim,
    }
    if model.likelihood.values == "grey_levels":
        figures["bits_per_dim"] = bounds.bits_per_dim * log_prob.mean / bounds.log_prob.mean
    return figures


def _of_all_rows(model, x, bounds):
    """The mean log p(x) of all rows, from that of some and the ELBO of all: by how much the two differ varies little.

    Args:
        model: as in `score`.
        x: all rows.
        bounds: `Bounds` of a random part of them.
    """
    elbo, log_prob = model.elbo(x), bounds.log_prob
    if log_prob.n_rows == len(elbo) or not np.isfinite(elbo).all():
        return log_prob
    of_all = Estimate.of_some_rows(log_prob.values, bounds.elbo.values, elbo, log_prob.n_samples, log_prob.kind)
    # Where a few rows far out have made the ELBO what it is, it says little of log p(x).
    return min(of_all, log_prob, key=lambda estimate: estimate.standard_error)


def _warn_of_few_rows(log_prob):
    """Warn of a mean that a few rows have made: it says next to nothing about the others."""
    lower, median, upper = np.percentile(log_prob, [25, 50, 75])
    far = median - FAR_FROM_MEDIAN * max(upper - lower, 1.0)
    if log_prob.mean() >= median - max(upper - lower, 1.0) or not np.any(log_prob < far):
        return
    warnings.warn(
        f"{int(np.sum(log_prob < far))} of {len(log_prob)} rows make the mean of {log_prob.mean():.4g} nats what it "
        f"is: half of the rows have more than {median:.4g}, the lowest {log_prob.min():.3g} (row "
        f"{np.argmin(log_prob)}). Such rows hold values that the training data do not: look at columns that hardly "
        "ever vary.",
        stacklevel=3,
    )


def split_kl(model, x):
    """What the KL of held-out data is made of, on the first 2,000 rows.

    Args:
        model: `VAE` or `LadderVAE`.
        x: array or `tf.data.Dataset`.

    Returns:
        dict: `mutual_information` and `marginal_kl`, nats; their sum is the mean KL of these rows. So many rows show no
        more information than `mutual_information_at_most`: near that, the rest of it is in the `marginal_kl`. Empty for
        a model whose q(z|x) is not the Gaussian of its encoder.
    """
    if not model.has_gaussian_posterior:
        return {}
    split = kl_split(*model.encode(head(x, N_ROWS)), prior=model.prior)
    return {
        "mutual_information": split.mutual_information,
        "mutual_information_at_most": math.log(split.n),
        "marginal_kl": split.marginal_kl,
    }


def annealed(model, x, n_rows, n_samples):
    """log p(x) of the first rows by annealed importance sampling, beside their importance-weighted bound.

    Args:
        model: `VAE` or `LadderVAE`.
        x: array or `tf.data.Dataset`.
        n_rows: int >= 1. Rows, the first ones.
        n_samples: int >= 1. Importance samples per example for the bound.

    Returns:
        dict: `annealed_log_prob` and `annealed_log_prob_bound` (means, nats), the standard error over rows of their
        difference, and the number of rows and of temperatures.
    """
    rows = head(x, n_rows)
    estimate = annealed_log_prob(model, rows, n_chains=ANNEALED_CHAINS, n_steps=ANNEALED_STEPS)
    bound = estimate_bounds(model, rows, n_samples=n_samples).log_prob
    difference = Estimate.of_rows(np.subtract(estimate.values, bound.values))
    return {
        "annealed_log_prob": estimate.mean,
        "annealed_log_prob_bound": bound.mean,
        "annealed_difference_standard_error": number_or_none(difference.standard_error),
        "annealed_n_rows": bound.n_rows,
        "annealed_n_steps": ANNEALED_STEPS,
    }


def number_or_none(value):
    """The number, or None where it is not finite: what JSON can hold."""
    return value if math.isfinite(value) else None
