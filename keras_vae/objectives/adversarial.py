"""What a VAE with a discriminator minimises: likeness in the features of the discriminator, the KL, and its verdict."""

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.objectives.objective import WeightedObjective


@keras.saving.register_keras_serializable(package="keras_vae")
class Adversarial(WeightedObjective):
    """The objective of a `VAEGAN`: for encoder and decoder

    `loss = beta * kl_loss + feature_weight * feature_loss + adversarial_weight * generator_loss + pixel_weight *
    reconstruction_loss`, and `discriminator_loss` for the discriminator.

    `feature_loss` is half the squared distance of data and reconstruction in the features of the discriminator: minus
    the log density of a Gaussian of variance one there, but for a constant. `generator_loss` is the cross-entropy of
    draws of the prior being taken for data, so that no verdict reaches the encoder. `discriminator_loss` is the
    cross-entropy of telling data from reconstructions and draws, and `discriminator_accuracy` the share that it gets
    right, each half of it for data: near 1 it has won, near 0.5 it learns nothing. `reconstruction_loss`, `kl_loss` and
    `elbo` are those of the likelihood of the model, as for every other: the bound in pixels, which is not minimised.

    Args:
        feature_weight: float >= 0. The inverse of the variance of that Gaussian.
        adversarial_weight: float >= 0.
        pixel_weight: float >= 0. 0 in the paper.
        label_smoothing: float from 0 to 0.5. What is missing to 1 in the target for data (one-sided).
        beta: float >= 0. Weight of the KL.

    Raises:
        ValueError: for a number out of bounds.

    Examples:
        >>> "discriminator_accuracy" in kv.objectives.Adversarial(feature_weight=20.0).term_names
        True

    References:
        Larsen et al. 2016, eqs. 7 to 9 and algorithm 1. https://arxiv.org/abs/1512.09300
        Goodfellow et al. 2014, section 3 (the loss of the generator that does not saturate). https://arxiv.org/abs/1406.2661
        Salimans et al. 2016, section 3.4 (one-sided smoothing). https://arxiv.org/abs/1606.03498
    """

    settings = ("feature_weight", "adversarial_weight", "pixel_weight", "label_smoothing")
    term_names = ("feature_loss", "generator_loss", "discriminator_loss", "discriminator_accuracy")
    hint = "in the features of the discriminator, the KL and the verdict of the discriminator"

    def __init__(
        self,
        feature_weight: float = 20.0,
        adversarial_weight: float = 3.0,
        pixel_weight: float = 0.0,
        label_smoothing: float = 0.0,
        beta: float = 1.0,
        **kwargs,
    ):
        super().__init__(beta, **kwargs)
        self.feature_weight = feature_weight
        self.adversarial_weight = adversarial_weight
        self.pixel_weight = pixel_weight
        self.label_smoothing = label_smoothing
        self.build()

    def checked(self, name, value):
        return check_number(name, value, minimum=0.0, maximum=0.5 if name == "label_smoothing" else None)

    def check(self, model):
        if not hasattr(model, "judged"):
            raise ValueError(
                "`objective` must be another one for a model without a discriminator. "
                f"Received: {type(self).__name__} for a {type(model).__name__}"
            )

    def terms(self, model, batch, training=False):
        pieces, verdict = model.judged(batch, training)
        terms = {
            "feature_loss": 0.5 * tf.reduce_sum(tf.math.squared_difference(*verdict.features), axis=-1),
            "generator_loss": tf.nn.softplus(-verdict.of_draws),
            "discriminator_loss": self._of_discriminator(verdict),
            "discriminator_accuracy": _accuracy(verdict),
        }
        loss = self._beta * pieces.kl
        loss += self.feature_weight * terms["feature_loss"]
        loss += self.adversarial_weight * terms["generator_loss"]
        if self.pixel_weight:
            loss += self.pixel_weight * pieces.reconstruction_loss
        return {"loss": loss, **model.assemble(pieces), **terms}

    def _of_discriminator(self, verdict):
        # Cross-entropy with the target 1 - label_smoothing: softplus(l) - target * l.
        of_data = tf.nn.softplus(verdict.of_data) - (1.0 - self.label_smoothing) * verdict.of_data
        return of_data + 0.5 * (tf.nn.softplus(verdict.of_reconstructions) + tf.nn.softplus(verdict.of_draws))

    def get_config(self):
        return {**super().get_config(), **{name: getattr(self, name) for name in self.settings}}


def _accuracy(verdict):
    made = (verdict.of_reconstructions, verdict.of_draws)
    of_made = tf.add_n([tf.cast(logit < 0.0, tf.float32) for logit in made])
    return 0.5 * tf.cast(verdict.of_data > 0.0, tf.float32) + 0.25 * of_made
