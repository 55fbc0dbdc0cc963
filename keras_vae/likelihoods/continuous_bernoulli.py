"""Continuous Bernoulli likelihood of grey values."""

import keras

from keras_vae.likelihoods._support import check_values
from keras_vae.likelihoods.base import Likelihood


@keras.saving.register_keras_serializable(package="keras_vae")
class ContinuousBernoulli(Likelihood):
    """Elements in [0, 1] with density proportional to `p^x (1 - p)^(1 - x)`; one logit of p per element.

    The Bernoulli cross-entropy plus the log normaliser that makes it a density on [0, 1]. Note that the mean is not p.

    References:
        Loaiza-Ganem & Cunningham 2019, section 3. https://arxiv.org/abs/1907.06845
    """

    support = "in [0, 1]"

    def check_support(self, x, name="x"):
        """Refuse values outside [0, 1].

        Args:
            x: NumPy array, shape `(n, *event)`.
            name: str. Name of the argument, for the message.

        Raises:
            ValueError: if `x` is not numeric, is empty, or holds NaN, infinity or a value outside [0, 1].
        """
        check_values(x, name, "ContinuousBernoulli", self.support, low=0, high=1, hint=_hint)

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        # tfp switches to a series near logit 0 and to log|logit| far out; the tests hold value and gradient there.
        return tfd.ContinuousBernoulli(logits=x_params)


def _hint(minimum, maximum):
    return "These look like grey values from 0 to 255: divide by 255." if minimum >= 0 and maximum <= 255 else ""
