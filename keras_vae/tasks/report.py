"""Final figures and pictures of a run."""

import math

import numpy as np
import tensorflow as tf

from keras_vae._files import atomic_path
from keras_vae.evaluation import plots
from keras_vae.evaluation.bounds import annealed_log_prob, bits_per_dim
from keras_vae.evaluation.kl_split import kl_split
from keras_vae.evaluation.latent import active_units
from keras_vae.tasks.model_input import before_drawing, held_out, units

# Enough rows for every picture and for the latent figures.
N_ROWS = 2000
N_SAMPLES = 100
# Enough for the models that the shell makes; the more complicated the posterior, the more temperatures it takes.
ANNEALED_CHAINS, ANNEALED_STEPS = 16, 500


def score(model, x, n_samples, n_rows=None):
    """Honest figures of a model on held-out data.

    Args:
        model: `VAE`.
        x: array or `tf.data.Dataset`, as the model sees it.
        n_samples: int >= 1. Importance samples per example for `log_prob`.
        n_rows: int or None. Rows used for `log_prob`, the costly one; None for all.

    Returns:
        dict: `elbo`, `reconstruction_loss`, `kl_loss`, `loss` (means, nats per example), `log_prob` with
        `log_prob_standard_error`, `log_prob_n_samples` and `log_prob_n_rows`, `bits_per_dim` for 8-bit images,
        `active_units`, `latent_dim`.
    """
    terms = model.evaluate(x, verbose=0, return_dict=True)
    rows = x if n_rows is None else _head(x, n_rows)
    log_probs = model.log_prob(rows, n_samples=n_samples).astype(np.float64)
    z_mean, _ = model.encode(x)
    n = len(log_probs)
    figures = {
        **{name: terms[name] for name in ("elbo", "reconstruction_loss", "kl_loss", "loss")},
        "log_prob": float(log_probs.mean()),
        "log_prob_standard_error": float(log_probs.std(ddof=1) / math.sqrt(n)) if n > 1 else None,
        "log_prob_n_samples": n_samples,
        "log_prob_n_rows": n,
        "active_units": int(active_units(z_mean).sum()),
        "latent_dim": model.latent_dim,
    }
    if type(model.likelihood).__name__ == "DiscretizedLogistic":
        figures["bits_per_dim"] = bits_per_dim(figures["log_prob"], model.target_shape)
    return figures


def split_kl(model, x):
    """What the KL of held-out data is made of, on the first 2,000 rows.

    Returns:
        dict: `mutual_information` and `marginal_kl`, nats; their sum is the mean KL of these rows. So many rows show no
        more information than `mutual_information_at_most`: near that, the rest of it is in the `marginal_kl`. Empty for
        a model whose q(z|x) is not the Gaussian of its encoder.
    """
    if not model.has_gaussian_posterior:
        return {}
    split = kl_split(*model.encode(_head(x, N_ROWS)), prior=model.prior)
    return {
        "mutual_information": split.mutual_information,
        "mutual_information_at_most": math.log(split.n),
        "marginal_kl": split.marginal_kl,
    }


def annealed(model, x, n_rows, n_samples):
    """log p(x) of the first rows by annealed importance sampling, beside the importance-weighted bound of the same.

    Returns:
        dict: `annealed_log_prob` and `annealed_log_prob_bound` (means, nats), the standard error over rows of their
        difference, and the number of rows and of temperatures.
    """
    rows = _head(x, n_rows)
    estimate = annealed_log_prob(model, rows, n_chains=ANNEALED_CHAINS, n_steps=ANNEALED_STEPS)
    bound = model.log_prob(rows, n_samples=n_samples).astype(np.float64)
    n = len(bound)
    error = float(np.std(estimate.values - bound, ddof=1) / math.sqrt(n)) if n > 1 else None
    return {
        "annealed_log_prob": estimate.mean,
        "annealed_log_prob_bound": float(bound.mean()),
        "annealed_difference_standard_error": error,
        "annealed_n_rows": n,
        "annealed_n_steps": ANNEALED_STEPS,
    }


def write_report(run, model, dataset, config, history):
    """Write the pictures of a run and return its final figures.

    Args:
        run: `RunFolder`.
        model: trained `VAE`.
        dataset: `Dataset`.
        config: dict.
        history: dict of lists by name.

    Returns:
        dict, as `score` gives it, with the epochs trained, the part of the data it was measured on, in what units, and
        what to know about the data.
    """
    x, labels, part = held_out(dataset, config)
    # A picture of drawn pixels shows the noise of the draw; the grey values say what the model makes of the image.
    grey = _first_rows(held_out(dataset, before_drawing(config))[0]) if config["input"]["binarize"] else None
    for name, figure in _figures(model, _first_rows(x), _named(labels, dataset), config, history, grey):
        with atomic_path(run.figures / f"{name}.png") as path:
            figure.savefig(path)
    return {
        "part": part,
        "epochs": config["epochs"],
        **score(model, x, N_SAMPLES, n_rows=N_ROWS),
        "units": units(dataset, config),
        "note": dataset.note,
    }


def _figures(model, x, labels, config, history, grey=None):
    """Pairs of names and pictures of a model, on some rows of held-out data and their grey values, where x is drawn."""
    yield "loss_curves", plots.plot_history(history)
    pictures = (x if grey is None else grey)[:10]
    shown = as_decoded(pictures, config)
    yield "reconstructions", plots.plot_reconstructions(shown, model.reconstruct(pictures))
    yield "samples", sample_figure(model, 60, seed=config["seed"], like=shown)
    z_mean, z_log_var = model.encode(x)
    if z_mean.shape[1] > 1:
        yield "latent_map", plots.plot_latent_map(z_mean, None if labels is None else labels[: len(x)], z_log_var)
    yield "kl_per_dim", plots.plot_kl_per_dim(z_mean, z_log_var)
    yield "traversals", plots.plot_traversals(model.decode, z_mean, z_log_var)


def as_decoded(x, config):
    """Rows on the scale of what the decoder gives back: shares of the total for a multinomial, else as they are."""
    if config["likelihood"] != "multinomial":
        return x
    return x / np.maximum(x.sum(axis=-1, keepdims=True), 1.0)


def _named(labels, dataset):
    """Labels by the names of the classes, where the data have names."""
    return labels if labels is None or dataset.class_names is None else np.asarray(dataset.class_names)[labels]


def sample_figure(model, n, seed=None, temperature=1.0, like=None):
    """Picture of `n` samples of the prior, on the grey scale of the examples `like` if these are given."""
    samples = model.sample(n, seed=seed, temperature=temperature)
    n_cols = min(10, n) if n > 25 else max(1, math.ceil(math.sqrt(n)))
    return plots.plot_grid(samples, n_cols, value_range=plots.value_range_of(samples if like is None else like))


def _head(x, n):
    """The first rows, of an array or a stream."""
    if not isinstance(x, tf.data.Dataset):
        return x[:n]
    return x.unbatch().take(n).batch(256)


def _first_rows(x):
    rows = _head(x, N_ROWS)
    return np.concatenate([batch.numpy() for batch in rows]) if isinstance(x, tf.data.Dataset) else rows
