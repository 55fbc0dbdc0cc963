"""A learned mixture of diagonal Gaussians as prior."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae.priors.mixture_prior import MixturePrior


@keras.saving.register_keras_serializable(package="keras_vae")
class MixtureOfGaussians(MixturePrior):
    """p(z) = sum_k w_k N(m_k, diag(s_k^2)) with learned weights, means and variances.

    The KL has no closed form; the models estimate it as log q(z|x) - log p(z) at their draw of z.

    Args:
        n_components: int >= 1.
        initial_stddev: float > 0. Spread of the component means at the start, in units of the latent space.
        seed: int or None. Seed of the initial means.

    Raises:
        ValueError: if an argument is out of bounds.

    Examples:
        >>> prior = kv.priors.MixtureOfGaussians(n_components=20, seed=0)
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, prior=prior, seed=0)
        >>> model.prior.log_prob(tf.zeros((3, 4))).shape
        TensorShape([3])

    References:
        Dilokthanakul et al. 2016, section 3 (the prior alone). https://arxiv.org/abs/1611.02648
    """

    def __init__(self, n_components: int = 10, initial_stddev: float = 1.0, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.n_components = check_int("n_components", n_components, 1)
        self.initial_stddev = check_number("initial_stddev", initial_stddev, minimum=0.0, exclusive=True)
        self.seed = seed

    def build(self, input_shape):
        latent_dim = int(input_shape[-1])
        # Means that start at the same place get the same gradient, and would stay one component.
        spread = keras.initializers.RandomNormal(stddev=self.initial_stddev, seed=self.seed)
        self.logits = self.add_weight(name="logits", shape=(self.n_components,), initializer="zeros")
        self.means = self.add_weight(name="means", shape=(self.n_components, latent_dim), initializer=spread)
        self.log_vars = self.add_weight(name="log_vars", shape=(self.n_components, latent_dim), initializer="zeros")
        self.built = True

    def components(self):
        return tuple(tf.convert_to_tensor(w) for w in (self.logits, self.means, self.log_vars))

    def get_config(self):
        return {
            **super().get_config(),
            "n_components": self.n_components,
            "initial_stddev": self.initial_stddev,
            "seed": self.seed,
        }
