"""The classes that a saved model may hold, made known to Keras."""

import importlib

# Packages of classes that Keras finds by name in a file; the others come with the models.
FAMILIES = ("layers", "likelihoods", "networks", "objectives", "priors", "models")


def register_classes():
    """Import every class that a `.keras` file of this library may hold, so that Keras can make it.

    Keras knows a class from the moment at which its module is imported.
    """
    importlib.import_module("keras_vae.optimizers")
    for family in FAMILIES:
        package = importlib.import_module(f"keras_vae.{family}")
        for name in package.__all__:
            getattr(package, name)
