"""What a VAE of texts is worth on texts: its bound, its information, and what its decoder makes of the codes."""

import dataclasses
from typing import Any

import numpy as np

from keras_vae._checks import check_int
from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health.decoder import code_use
from keras_vae.evaluation.kl_split import kl_split
from keras_vae.evaluation.latent import active_units
from keras_vae.models.text_rows import lengths_of
from keras_vae.tasks.text.perplexities import Perplexity, perplexity


@dataclasses.dataclass(frozen=True)
class ModelQuality:
    """Figures of a VAE of texts: a KL or active units alone do not show that a code is used.

    Args:
        negative_elbo: `Estimate`, nats per text, the end counted.
        kl: `Estimate`, nats per text.
        mutual_information: float, nats, over all the texts given: at most `log(n)`. None where q(z|x) has no density in
            closed form, behind a posterior flow.
        mutual_information_error: float or None. Standard error of the estimate, for these very texts.
        active_units: int. Dimensions whose mean varies over the texts. `latent_dim` says of how many.
        latent_dim: int.
        nats_lost_when_shuffled: `Estimate`, nats per text: what the reconstruction loses when every text gets the code
            of another. None as the information is.
        bound_perplexity: `Perplexity` of the ELBO, which is an upper bound on that of the model.
        negative_log_prob: `Estimate` by importance sampling, nats per text; None unless it was asked for.
        perplexity: `Perplexity` of that, or None.
    """

    negative_elbo: Estimate
    kl: Estimate
    mutual_information: float | None
    mutual_information_error: float | None
    active_units: int
    latent_dim: int
    nats_lost_when_shuffled: Estimate | None
    bound_perplexity: Perplexity
    negative_log_prob: Estimate | None = None
    perplexity: Perplexity | None = None


def model_quality(model: Any, texts: Any, n_samples: int = 1, seed: int = 0, batch_size: int = 256) -> ModelQuality:
    """Measure a VAE of texts, with all texts given at once where the figure is about them together.

    Args:
        model: built `models.SequenceVAE`.
        texts: list of at least two str, or rows of tokens.
        n_samples: int >= 1. Draws of the code per text; with more than one, the importance-weighted figures as well.
        seed: int >= 0. The same seed gives the same figures.
        batch_size: int. Texts per call.

    Returns:
        `ModelQuality`.

    Raises:
        ValueError: if there are fewer than two texts, texts do not fit the model, or a number is out of bounds.

    Examples:
        >>> from keras_vae.tasks.text import model_quality
        >>> texts = ["the cat sat", "the dog sat down", "a cat ran"]
        >>> model = kv.make_sequence_vae(kv.data.Tokenizer.learn(texts), latent_dim=4, units=8, seed=0)
        >>> found = model_quality(model, texts)
        >>> bool(found.mutual_information < np.log(3.0)), found.bound_perplexity.n_tokens
        (True, 13)

    References:
        Dieng et al. 2019, section 2 (KL, information and active units of collapsed models).
        https://arxiv.org/abs/1807.04863
    """
    check_int("n_samples", n_samples, 1)
    tokens = model.as_tokens(texts, "texts")
    if len(tokens) < 2:
        raise ValueError(f"`texts` must be at least two, to exchange their codes. Received: {len(tokens)}")
    bounds, _ = model.bound_rows(tokens, n_samples, seed=seed, batch_size=batch_size)
    lengths, weighted = lengths_of(tokens), n_samples > 1
    return ModelQuality(
        negative_elbo=_minus(bounds.elbo, n_samples, "-ELBO"),
        kl=Estimate.of_rows(bounds.kl, n_samples, "KL"),
        bound_perplexity=perplexity(bounds.elbo, lengths),
        negative_log_prob=_minus(bounds.log_prob, n_samples, "importance-weighted -log p(x)") if weighted else None,
        perplexity=perplexity(bounds.log_prob, lengths) if weighted else None,
        **_of_codes(model, tokens, seed, batch_size),
    )


def _of_codes(model, tokens, seed, batch_size):
    """The figures of all codes together, by name."""
    z_mean, z_log_var = model.encode(tokens, batch_size=batch_size)
    is_gaussian = model.has_gaussian_posterior
    split = kl_split(z_mean, z_log_var, model.prior, seed=seed) if is_gaussian else None
    return {
        "mutual_information": split and split.mutual_information,
        "mutual_information_error": split and float(split.standard_error["mutual_information"]),
        "active_units": int(np.count_nonzero(active_units(z_mean))),
        "latent_dim": z_mean.shape[1],
        "nats_lost_when_shuffled": code_use(model, z_mean, z_log_var, tokens, seed) if is_gaussian else None,
    }


def _minus(nats, n_samples, kind):
    return Estimate.of_rows(-np.asarray(nats, np.float64), n_samples, kind)
