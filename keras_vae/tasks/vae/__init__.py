"""The use that `keras-vae train` trains: a VAE of vectors, sequences or images."""

from keras_vae._lazy import lazy_names

# The shell asks for the table of settings alone, and does not wait for scikit-learn.
__getattr__, __dir__, __all__ = lazy_names(__name__, {"vae_task": ["VAETask"]})
