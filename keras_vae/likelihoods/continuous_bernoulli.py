"""Continuous Bernoulli likelihood of grey values."""

import keras

from keras_vae.likelihoods._support import unit_interval_hint
from keras_vae.likelihoods.base import Likelihood


@keras.saving.register_keras_serializable(package="keras_vae")
class ContinuousBernoulli(Likelihood):
    """Elements in [0, 1] with density proportional to `p^x (1 - p)^(1 - x)`; one logit of p per element.

    The log density is the Bernoulli log probability plus a log normaliser, which makes it a density on [0, 1]. The mean
    is not p.

    Examples:
        At logit 0 it is the uniform density on [0, 1]:

        >>> log_prob = kv.likelihoods.ContinuousBernoulli().log_prob(tf.constant([[0.3, 0.9]]), tf.zeros((1, 2)))
        >>> bool(np.isclose(log_prob[0], 0.0, atol=1e-5))
        True

    References:
        Loaiza-Ganem & Cunningham 2019, section 3. https://arxiv.org/abs/1907.06845
    """

    values = "unit_interval"
    support = "in [0, 1]"
    low = 0
    high = 1

    def hint(self, minimum, maximum):
        return unit_interval_hint(minimum, maximum)

    def _elements(self, x_params):
        from tensorflow_probability import distributions as tfd

        # tfp switches to a series near logit 0 and to log|logit| far out: tested there, value and gradient.
        return tfd.ContinuousBernoulli(logits=x_params)
