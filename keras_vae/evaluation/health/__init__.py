"""Health of a model: whether its codes carry something, whether the prior fits them, and what to change."""

from keras_vae.evaluation.health.check_health import HealthReport, check_health
from keras_vae.evaluation.health.finding import Finding
from keras_vae.evaluation.health.plot_health import plot_health
from keras_vae.evaluation.health.remedies import Remedy

__all__ = [
    "HealthReport",
    "check_health",
    "Finding",
    "plot_health",
    "Remedy",
]


def __dir__():
    return __all__
