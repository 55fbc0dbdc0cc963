"""Which likelihoods of the library have an exact form, and the way to it."""

from typing import TYPE_CHECKING, Any

from keras_vae.tasks.compression.exact.bernoulli_groups import ExactBernoulli
from keras_vae.tasks.compression.exact.categorical_groups import ExactCategorical
from keras_vae.tasks.compression.exact.group import ExactLikelihood
from keras_vae.tasks.compression.exact.logistic_groups import ExactDiscretizedLogistic
from keras_vae.tasks.compression.exact.negative_binomial_groups import ExactNegativeBinomial
from keras_vae.tasks.compression.exact.pixel_groups import ExactDiscretizedLogisticMixture

if TYPE_CHECKING:
    from keras_vae.likelihoods.base import Likelihood

# By the names under which Keras saves the classes. A new one is one file and one line here.
EXACT_LIKELIHOODS = {
    "keras_vae>Bernoulli": ExactBernoulli,
    "keras_vae>DiscretizedLogistic": ExactDiscretizedLogistic,
    "keras_vae>DiscretizedLogisticMixture": ExactDiscretizedLogisticMixture,
    "keras_vae>Categorical": ExactCategorical,
    "keras_vae>NegativeBinomial": ExactNegativeBinomial,
}


def likelihood_entry(likelihood: "Likelihood", params_shape: tuple[int, ...]) -> dict[str, Any]:
    """What JSON can hold of a likelihood, for `exact_likelihood`.

    Args:
        likelihood: `Likelihood`.
        params_shape: tuple of ints. Shape of the parameters of one example.

    Returns:
        dict with "name" and "config".

    Raises:
        ValueError: for a likelihood that has no exact form.
    """
    name = check_likelihood(likelihood)
    config = {key: value for key, value in likelihood.get_config().items() if isinstance(value, (int, float))}
    if name == "keras_vae>Categorical":
        config["n_classes"] = params_shape[-1]
    return {"name": name, "config": config}


def check_likelihood(likelihood: "Likelihood") -> str:
    """The name under which Keras saves a likelihood.

    Raises:
        ValueError: if it has no exact form.
    """
    import keras

    name = keras.saving.get_registered_name(type(likelihood))
    if name not in EXACT_LIKELIHOODS:
        known = ", ".join(known.removeprefix("keras_vae>") for known in EXACT_LIKELIHOODS)
        raise ValueError(f"`likelihood` must be one over whole numbers that can be coded: {known}. Received: {name}")
    return name


def exact_likelihood(entry: dict[str, Any], event_shape: tuple[int, ...]) -> ExactLikelihood:
    """The exact form of a likelihood.

    Args:
        entry: dict, as `likelihood_entry` gives it.
        event_shape: tuple of ints. Shape of one example.
    """
    return EXACT_LIKELIHOODS[entry["name"]](entry["config"], event_shape)
