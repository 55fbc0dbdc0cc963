"""Likelihoods by name, without TensorFlow until one is made."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_vae.likelihoods.base import Likelihood

# A new likelihood is one file, one line in `__init__.py` and one line here.
LIKELIHOODS = {
    "bernoulli": "Bernoulli",
    "continuous_bernoulli": "ContinuousBernoulli",
    "gaussian": "Gaussian",
    "gaussian_fixed": "GaussianFixed",
    "gaussian_shared": "GaussianShared",
    "student_t": "StudentT",
    "discretized_logistic": "DiscretizedLogistic",
    "discretized_logistic_mixture": "DiscretizedLogisticMixture",
    "categorical": "Categorical",
    "multinomial": "Multinomial",
    "negative_binomial": "NegativeBinomial",
    "mixed": "Mixed",
}


def get_likelihood(identifier: "str | Likelihood", **kwargs: Any) -> "Likelihood":
    """The likelihood of a given name; an object comes back as it is.

    Args:
        identifier: str, one of the names in `LIKELIHOODS`, or a `Likelihood`.
        **kwargs: Arguments of the likelihood, such as `n_classes=10`; only with a name.

    Returns:
        likelihood: `Likelihood`, new if a name was given.

    Raises:
        ValueError: if no likelihood has that name, or arguments come with an object.
        TypeError: if `identifier` is neither a name nor a `Likelihood`.
    """
    # Not at the top of the file, so that the shell gets the names without waiting for TensorFlow.
    likelihoods = importlib.import_module("keras_vae.likelihoods")
    wanted = f"`likelihood` must be one of {', '.join(map(repr, LIKELIHOODS))}, or a Likelihood object."
    if isinstance(identifier, likelihoods.Likelihood):
        if kwargs:
            raise ValueError(
                "`likelihood` must be a name when arguments come with it: an object has its own. "
                f"Received: likelihood={identifier!r} and {', '.join(kwargs)}"
            )
        return identifier
    if not isinstance(identifier, str):
        raise TypeError(f"{wanted} Received: {identifier!r}")
    if identifier not in LIKELIHOODS:
        raise ValueError(f"{wanted} Received: {identifier!r}")
    return getattr(likelihoods, LIKELIHOODS[identifier])(**kwargs)
