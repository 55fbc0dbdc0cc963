"""The settings of `keras-vae train-language-model`, under the names that the registry asks for."""

from keras_vae.tasks.text import settings

SETTINGS = settings.LANGUAGE_SETTINGS
SOURCES = settings.SOURCES
FIGURE_UNITS = settings.FIGURE_UNITS
HELP = settings.LANGUAGE_HELP
