"""What a restorer is trained on: the bound on log p(image | degraded image), and a regression of the estimate."""

import math

import keras
import tensorflow as tf

from keras_vae._checks import check_choice, check_number
from keras_vae.objectives.elbo import ELBO

# Mean squared error of an estimate that could not be told from the image: 60 dB.
FLOOR = 1e-6
OVER = ("image", "batch")


@keras.saving.register_keras_serializable(package="keras_vae")
class EstimateAndBound(ELBO):
    """`loss = minus ELBO + regression`, where the bound does not change what the best estimate is made by.

    The condition network gives `mean`, the best estimate, and `features`. The regression is `-log p(x)` of a Gaussian
    around the estimate, whose one unknown variance is the mean squared error itself, up to a constant:
    `0.5 * D * log(mse)`. With a variance for every image it minimises the mean of the PSNR over images. The bound takes
    both outputs as they are, so encoder and decoder learn the spread around an estimate as good as a regression alone.

    The term `psnr` is that of the estimate, in dB.

    Args:
        over: "image" or "batch". What has a variance: every image; or a batch, for patches of larger images, among
            which those without structure would else count for most.
        **kwargs: as in `ELBO`.

    Raises:
        ValueError: for another `over`, or as `ELBO`.

    References:
        Sohn et al. 2015, section 4 (conditional VAE). https://papers.nips.cc/paper/5775
        Rybkin et al. 2021, eq. 6 (the variance that is best). https://arxiv.org/abs/2006.13202
    """

    term_names = ("regression", "psnr")
    hint = "plus `beta` times the KL of the posterior from the prior, plus the regression of the best estimate"

    def __init__(self, over: str = "image", **kwargs):
        self.over = check_choice("over", over, OVER)
        super().__init__(**kwargs)

    def build(self, input_shape=None):
        if not self.built:
            self._spread = self._scalar("spread", 1.0)
        super().build(input_shape)

    @property
    def spread(self):
        """What deviations of draws from the best estimate are multiplied by; a trained restorer has it calibrated."""
        return float(self._spread.numpy())

    @spread.setter
    def spread(self, value):
        self._spread.assign(check_number("spread", value, minimum=0.0, exclusive=True))

    def check(self, model):
        super().check(model)
        made = getattr(getattr(model, "condition_network", None), "output", None)
        if not isinstance(made, dict) or "mean" not in made:
            raise ValueError(
                "`objective` must have a model whose `condition_network` puts out a dict with 'mean', the best "
                f"estimate. Received: {made!r}"
            )

    def terms(self, model, batch, training=False):
        error = tf.square(batch.target - batch.condition["mean"])
        size = math.prod(error.shape[1:])
        error = tf.reduce_mean(error, axis=tuple(range(1, error.shape.rank)))
        of_variance = error if self.over == "image" else tf.fill(tf.shape(error), tf.reduce_mean(error))
        regression = 0.5 * size * tf.math.log(of_variance + FLOOR)
        psnr = -10.0 / math.log(10.0) * tf.math.log(tf.maximum(error, FLOOR))
        stopped = batch._replace(condition=tf.nest.map_structure(tf.stop_gradient, batch.condition))
        terms = super().terms(model, stopped, training)
        return {**terms, "loss": terms["loss"] + regression, "regression": regression, "psnr": psnr}

    def get_config(self):
        return {**super().get_config(), "over": self.over}
