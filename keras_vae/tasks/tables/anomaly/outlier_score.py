"""One score of a row from everything that a detector has learned, as a graph; and what each column adds to it."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_vae.models.bounds import bounds_of_batch
from keras_vae.tasks.tables.anomaly.row_terms import WEIGHTS, combined
from keras_vae.tasks.tables.anomaly.surprise import MAX_VALUES, Surprise
from keras_vae.training.batch import Batch

SEED = 0
DRAWS_AT_ONCE = 16


class OutlierScore(NamedTuple):
    """What a detector has learned beside its model; larger scores for rows that are less like those of the training.

    Attributes:
        terms: `RowTerms`.
        surprises: dict of `Surprise` by the names of the terms, "vae" among them.
        usual: dict of arrays `(n_columns,)`: what a column adds to a term in the mean of the training rows.
    """

    terms: object
    surprises: dict
    usual: dict

    def __repr__(self):
        return f"OutlierScore of {self.terms.scaler.n_columns} columns"

    @classmethod
    def learn(cls, model, terms, surprises, x, n_samples, seed):
        """Calibrate the model beside the terms.

        Args:
            model: trained `VAE` with a `Mixed` likelihood.
            terms, surprises: as `learn_robustly` gives them.
            x: array `(n, n_columns)`. All training rows, of which some are looked at.
            n_samples: int. Draws per row.
            seed: int.
        """
        rng = np.random.default_rng(seed)
        some = x if len(x) <= MAX_VALUES else x[np.sort(rng.choice(len(x), MAX_VALUES, replace=False))]
        some = tf.constant(some, tf.float32)
        values = of_model(model, some, n_samples)["log_prob"].numpy()
        score = cls(terms, {**surprises, "vae": Surprise.learn(values, rng)}, {})
        usual = {name: tf.reduce_mean(value, axis=0).numpy() for name, value in score.of_columns(model, some).items()}
        return score._replace(usual=usual)

    def __call__(self, model, x, n_samples, kind="combined"):
        """Scores, Tensor `(n,)`, of raw rows `(n, n_columns)`, float32."""
        if kind != "combined":
            return of_model(model, x, n_samples)[kind]
        return combined(self.surprises_of(model, x, n_samples))

    def surprises_of(self, model, x, n_samples):
        """Surprise of every term, dict of Tensors `(n,)`; nats."""
        values = {**self.terms.values(x), "vae": of_model(model, x, n_samples)["log_prob"]}
        return {name: self.surprises[name](value) for name, value in values.items()}

    def of_columns(self, model, x):
        """What every column adds to each term, dict of Tensors `(n, n_columns)`."""
        return {**self.terms.of_columns(x), "vae": _loss_of_columns(model, x)}

    def contributions(self, model, x, n_samples):
        """The combined score, split by the columns, Tensor `(n, n_columns)`: each row adds up to its score.

        The surprise of every term is shared out among the columns by how much more they add to it than usual.
        """
        total = sum(WEIGHTS.values())
        surprises, found = self.surprises_of(model, x, n_samples), 0.0
        for name, value in self.of_columns(model, x).items():
            more = tf.maximum(value - self.usual[name].astype(np.float32), 0.0)
            # Where no column adds more than usual all of them have the same share.
            more += 1e-6 * tf.reduce_max(tf.abs(self.usual[name]) + 1e-6)
            share = more / tf.reduce_sum(more, axis=1, keepdims=True)
            found += (WEIGHTS[name] / total) * surprises[name][:, None] * share
        return found


def of_model(model, x, n_samples):
    """Scores that come from the model alone, dict of Tensors `(n,)`; larger for less likely rows.

    Args:
        model: `VAE`.
        x: Tensor `(n, n_columns)`, raw.
        n_samples: int. Draws per row: of the noise of the row, so that its score is the same in every call.
    """
    batch = model.prepare(Batch(x))
    n, chunk = tf.constant(n_samples), tf.constant(min(n_samples, DRAWS_AT_ONCE))
    bounds = bounds_of_batch(model, batch, n, chunk, tf.constant([SEED, 0], tf.int64))
    z_mean, _ = model.posterior(batch)
    # What was seen of a row stands for all of it.
    as_seen = x.shape[1] / tf.maximum(tf.reduce_sum(tf.cast(~tf.math.is_nan(x), tf.float32), axis=1), 1.0)
    return {
        "log_prob": -bounds.log_prob * as_seen,
        "elbo": -bounds.elbo * as_seen,
        "reconstruction": -(bounds.elbo + bounds.kl) * as_seen,
        "kl": bounds.kl,
        "latent_distance": tf.reduce_sum(tf.square(z_mean), axis=1),
    }


def _loss_of_columns(model, x):
    """`-log p(x_j|z)` at the code of a row, `(n, n_columns)`; 0 for holes."""
    batch = model.prepare(Batch(x))
    z = model.code(model.infer(batch))
    return -model.likelihood.element_log_prob(batch.target, model.x_params(z, batch), batch.mask)
