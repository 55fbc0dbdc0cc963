"""The settings of `keras-vae train-denoiser`."""

from keras_vae.tasks.images.restoration.settings import EXAMPLES, FIGURE_UNITS, RESTORING, SOURCES, range_setting
from keras_vae.tasks.setting import Setting, choice, listed

NOISES = ("gaussian", "salt_and_pepper")

SETTINGS = {
    "noise": Setting(default="gaussian", help=f"Kind of noise: {listed(NOISES)}", names_run=True, **choice(NOISES)),
    "strength": range_setting(
        0.3,
        "Standard deviation of the noise for values 0 to 1, or share of the values that salt and pepper replace; two "
        "numbers for images whose noise may lie between them.",
        maximum=1.0,
    ),
    **RESTORING,
}
__all__ = ["SETTINGS", "SOURCES", "FIGURE_UNITS", "HELP"]
HELP = f"""Train a denoiser on clean images, into a run folder: model, history, figures, PSNR and SSIM.
{EXAMPLES}
\b
Examples:
  keras-vae train-denoiser --data photos/ --strength 0.02,0.2
  keras-vae train-denoiser --data fashion_mnist --noise salt_and_pepper --strength 0.2
  keras-vae denoise runs/photos-train-denoiser noisy/ restored/
"""
