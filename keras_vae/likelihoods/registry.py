"""Likelihoods by name."""

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

LIKELIHOODS = {
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "gaussian": Gaussian,
    "gaussian_fixed": GaussianFixed,
    "gaussian_shared": GaussianShared,
    "discretized_logistic": DiscretizedLogistic,
    "categorical": Categorical,
    "multinomial": Multinomial,
    "negative_binomial": NegativeBinomial,
}


def get_likelihood(identifier, **kwargs):
    """The likelihood of that name, or the object itself.

    Args:
        identifier: str, one of the names in `LIKELIHOODS`, or a `Likelihood`.
        **kwargs: Passed to the constructor; only with a name.

    Returns:
        likelihood: `Likelihood`, new if a name was given.

    Raises:
        ValueError: if no likelihood has that name, or arguments come with an object.
        TypeError: if `identifier` is neither a name nor a `Likelihood`.
    """
    names = ", ".join(map(repr, LIKELIHOODS))
    if isinstance(identifier, Likelihood):
        if kwargs:
            raise ValueError(
                "`likelihood` must be a name when arguments come with it: an object has its own. "
                f"Received: likelihood={identifier!r} and {', '.join(kwargs)}"
            )
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(f"`likelihood` must be one of {names}, or a Likelihood object. Received: {identifier!r}")
    if identifier not in LIKELIHOODS:
        raise ValueError(f"`likelihood` must be one of {names}, or a Likelihood object. Received: {identifier!r}")
    return LIKELIHOODS[identifier](**kwargs)
