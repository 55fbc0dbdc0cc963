"""The settings of `keras-vae train-enlarger`."""

import functools

from keras_vae._checks import check_int
from keras_vae.tasks.images.restoration.settings import EXAMPLES, FIGURE_UNITS, RESTORING, SOURCES
from keras_vae.tasks.setting import Setting

SETTINGS = {
    "factor": Setting(
        functools.partial(check_int, minimum=2), 2, "How many times longer the sides become.", names_run=True
    ),
    **RESTORING,
}
__all__ = ["SETTINGS", "SOURCES", "FIGURE_UNITS", "HELP"]
HELP = f"""Train an enlarger on images of the size that is wanted, into a run folder: model, figures, PSNR and SSIM.
{EXAMPLES}
\b
Examples:
  keras-vae train-enlarger --data photos/ --factor 2
  keras-vae enlarge runs/photos-train-enlarger small/ large/
"""
