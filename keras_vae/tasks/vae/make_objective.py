"""Objective and prior of a model from the settings of `keras-vae train`."""

from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.importance_weighted import ImportanceWeighted
from keras_vae.objectives.mmd import MMD
from keras_vae.objectives.total_correlation import TotalCorrelation
from keras_vae.priors.flow_prior import FlowPrior
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.vamp_prior import VampPrior

# Settings that an objective takes, and the argument that each of them is.
ARGUMENTS = {
    "elbo": (ELBO, {"beta": "beta", "free_bits": "free_bits", "capacity": "capacity"}),
    "importance_weighted": (ImportanceWeighted, {"n_draws": "n_samples"}),
    "total_correlation": (TotalCorrelation, {"beta": "beta"}),
    "mmd": (MMD, {"beta": "beta", "mmd_weight": "weight"}),
}
# Priors with a number of components or of pseudo-inputs.
WITH_COMPONENTS = ("mixture", "vamp")
_ALL = {name for _, arguments in ARGUMENTS.values() for name in arguments}


def make_objective(settings):
    """The objective that the settings name, with its arguments.

    Args:
        settings: dict, as `Task.settings_`.

    Returns:
        `keras_vae.objectives.Objective`.

    Raises:
        ValueError: for a setting that the objective does not take.
    """
    kind, arguments = ARGUMENTS[settings["objective"]]
    given = {name for name in _ALL if settings[name] is not None}
    for name in sorted(given - set(arguments)):
        raise ValueError(
            f"`{name}` must not be given for the objective {settings['objective']}, which takes "
            f"{', '.join(arguments)}. Received: {name}={settings[name]}"
        )
    return kind(**{argument: settings[name] for name, argument in arguments.items() if name in given})


def has_beta(settings):
    """Whether the objective has a beta that can rise during a warm-up."""
    return "beta" in ARGUMENTS[settings["objective"]][1]


def check_components(settings):
    """Check that a number of components was given only for a prior that has them.

    Raises:
        ValueError: if not.
    """
    if settings["n_components"] is not None and settings["prior"] not in WITH_COMPONENTS:
        raise ValueError(
            f"`n_components` must not be given for the prior {settings['prior']}: {' and '.join(WITH_COMPONENTS)} have "
            f"components. Received: n_components={settings['n_components']}"
        )


def make_prior(settings, inputs):
    """The prior that the settings name.

    Args:
        settings: dict, as `Task.settings_`.
        inputs: Callable from a number of rows to so many training rows, as the encoder takes them.

    Returns:
        `keras_vae.priors.Prior`, or None for the standard normal.

    Raises:
        ValueError: for a number of components that the prior does not take.
    """
    check_components(settings)
    kind, n, seed = settings["prior"], settings["n_components"], settings["seed"]
    if kind == "mixture":
        return MixtureOfGaussians(n or 10, seed=seed)
    if kind == "flow":
        return FlowPrior(seed=seed)
    if kind == "vamp":
        rows = inputs(n or 50)
        return VampPrior(len(rows), value_range=None, initial=rows, seed=seed)
    return None
