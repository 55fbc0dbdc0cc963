"""The evidence lower bound plus the classification of the rows that have a label."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.kl_penalty import global_mean


@keras.saving.register_keras_serializable(package="keras_vae")
class LabelledELBO(ELBO):
    """`loss = reconstruction_loss + beta * kl_loss + alpha * classification_loss`, for a `SemiSupervisedVAE`.

    The classification loss is `-log q(y|x)`, the mean over those rows of a batch that have a label; a batch without
    such rows has none. So `alpha` means the same whatever share of a batch they are. In the paper's terms it is
    `alpha / N`, which is 0.1 there.

    The metrics `classification_loss` and `accuracy` are means over the rows with a label, NaN where there are none, and
    `labelled` is the share of these rows. No metric but `loss` contains alpha or beta.

    Args:
        alpha: float >= 0. Weight of the classification loss; `vae.objective.alpha = ...` changes it, also during
            training.
        beta, capacity, free_bits, free_bits_over: as in `ELBO`. The KL of the label is the last of the parts.

    Raises:
        ValueError: for a number out of bounds; when a model is made, for one without a classifier.

    Examples:
        >>> objective = kv.objectives.LabelledELBO(alpha=2.0)
        >>> model = kv.make_semi_supervised_vae((8, 8, 1), n_classes=10, latent_dim=4, objective=objective, seed=0)
        >>> model.term_names[-3:]
        ('classification_loss', 'accuracy', 'labelled')

    References:
        Kingma et al. 2014, eq. 9. https://arxiv.org/abs/1406.5298
    """

    term_names = ("classification_loss", "accuracy", "labelled")
    relative_terms = (("classification_loss", "labelled"), ("accuracy", "labelled"))
    hint = "plus `beta` times the KL of code and label, and `alpha` times the classification loss"

    def __init__(
        self,
        alpha: float = 1.0,
        beta: float = 1.0,
        capacity: float | None = None,
        free_bits: float | None = None,
        free_bits_over: str = "parts",
        **kwargs: Any,
    ):
        self._initial_alpha = check_number("alpha", alpha, minimum=0.0)
        super().__init__(beta, capacity, free_bits, free_bits_over, **kwargs)

    def build(self, input_shape=None):
        self._alpha = self._scalar("alpha", self._initial_alpha)
        super().build(input_shape)

    @property
    def alpha(self):
        """Weight of the classification loss at this moment."""
        return float(self._alpha.numpy())

    @alpha.setter
    def alpha(self, value):
        self._alpha.assign(check_number("alpha", value, minimum=0.0))

    def check(self, model):
        super().check(model)
        if not getattr(model, "has_classifier", False):
            raise ValueError(
                "`objective` must not be LabelledELBO for a model without a classifier: make a SemiSupervisedVAE. "
                f"Received: a LabelledELBO for a {type(model).__name__}"
            )

    def terms(self, model, batch, training=False):
        inferred = model.infer(batch, training)
        pieces = model.pieces(inferred, model.noise(batch, training), batch, training)
        labelled = tf.reduce_sum(batch.condition, axis=-1)
        classification_loss = -tf.reduce_sum(batch.condition * inferred.log_q_label, axis=-1)
        hits = tf.cast(tf.equal(tf.argmax(batch.condition, -1), tf.argmax(inferred.log_q_label, -1)), tf.float32)
        own_share = tf.math.divide_no_nan(classification_loss, global_mean(labelled, batch.weight))
        bound = pieces.reconstruction_loss + self._beta * self.kl_penalty(pieces, batch.weight)
        return {
            "loss": bound + self._alpha * own_share,
            **model.assemble(pieces),
            "classification_loss": classification_loss,
            "accuracy": hits * labelled,
            "labelled": labelled,
        }

    def get_config(self):
        """Arguments of the constructor; numbers as given, their present values are weights."""
        return {**super().get_config(), "alpha": self._initial_alpha}
