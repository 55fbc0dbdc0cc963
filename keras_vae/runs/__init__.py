"""Runs: the folder of one training, whatever it is a training of."""

from keras_vae._lazy import lazy_names

# Lazy: tasks and scikit-learn are not imported before somebody asks for a run.
__getattr__, __dir__, __all__ = lazy_names(__name__, {"finished_run": ["load_run", "Run"]})
