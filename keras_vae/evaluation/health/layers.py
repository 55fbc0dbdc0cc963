"""What the layers of a ladder hold, and its top layer as the single layer that it is."""

import numpy as np
import tensorflow as tf

from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.training.batch import Batch
from keras_vae.training.rows import RowFunction, map_rows


def has_layers(model) -> bool:
    """Whether a model is a ladder of several layers: its q(z|x) is not one Gaussian, that of its top layer is."""
    return isinstance(model, LadderVAE) and not model.has_gaussian_posterior


def layer_kl(ladder: LadderVAE, rows: Batch) -> np.ndarray:
    """KL of every layer at one draw of the latents above it, `(n, n_layers)`, the top first. Nats."""

    def kls(batch):
        terms = ladder.elbo_terms(ladder.prepare(batch))
        return tf.stack([terms[name] for name in ladder.kl_part_names], axis=-1)

    graph = RowFunction(kls, ladder.row_spec)
    given = {"y": rows.target, "condition": rows.condition}
    return map_rows(graph, rows.x, ladder.row_spec, **given).astype(np.float64)


def top_codes(ladder: LadderVAE, rows: Batch) -> tuple[np.ndarray, np.ndarray]:
    """Mean and log variance of q(z|x) of the top layer, which depends on x alone; each `(n, latent_dims[0])`."""
    n_top = ladder.decoder.latent_dims[0]
    return tuple(part[:, :n_top] for part in ladder.encode(rows.x, condition=rows.condition))


def top_prior(ladder: LadderVAE) -> StandardNormal:
    """The prior of the top layer."""
    prior = StandardNormal()
    prior.build((None, ladder.decoder.latent_dims[0]))
    return prior
