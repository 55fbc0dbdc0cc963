"""Likelihoods p(x | z): maps from decoder output to log probability, mean and samples."""

from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.bernoulli import Bernoulli
from keras_vae.likelihoods.categorical import Categorical
from keras_vae.likelihoods.continuous_bernoulli import ContinuousBernoulli
from keras_vae.likelihoods.discretized_logistic import DiscretizedLogistic
from keras_vae.likelihoods.gaussian import Gaussian
from keras_vae.likelihoods.gaussian_fixed import GaussianFixed
from keras_vae.likelihoods.gaussian_shared import GaussianShared
from keras_vae.likelihoods.multinomial import Multinomial
from keras_vae.likelihoods.negative_binomial import NegativeBinomial
from keras_vae.likelihoods.registry import LIKELIHOODS, get_likelihood

__all__ = [
    "Likelihood",
    "get_likelihood",
    "LIKELIHOODS",
    "Bernoulli",
    "ContinuousBernoulli",
    "Gaussian",
    "GaussianFixed",
    "GaussianShared",
    "DiscretizedLogistic",
    "Categorical",
    "Multinomial",
    "NegativeBinomial",
]
