"""The settings of `keras-vae toy`."""

from keras_vae.tasks.setting import COMMON, Setting, whole

SETTINGS = {"width": Setting(whole(1), 8, "Width of the hidden layer."), **COMMON}
HELP = """Train a toy: two latent dimensions for the rows of a table.

\b
Example:
  keras-vae toy --data FILE.csv
"""
