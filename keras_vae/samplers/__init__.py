"""Samplers: fitted to the codes of a trained model, drawn from instead of its prior."""

from keras_vae.samplers.fit import fit
from keras_vae.samplers.flow import fit_flow
from keras_vae.samplers.mixture import fit_mixture
from keras_vae.samplers.two_stage import fit_decoder

__all__ = [
    "fit",
    "fit_decoder",
    "fit_flow",
    "fit_mixture",
]


def __dir__():
    return __all__
