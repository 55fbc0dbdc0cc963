"""The settings of `keras-vae train-inpainter`."""

from keras_vae.tasks.images.restoration.settings import EXAMPLES, FIGURE_UNITS, RESTORING, SOURCES, range_setting
from keras_vae.tasks.setting import Setting, choice, listed

MASKS = ("hole", "anywhere", "random")

SETTINGS = {
    "mask": Setting(
        default="hole",
        help="What is missing: a hole in the centre (hole), a hole at any place (anywhere), or single pixels "
        f"(random): {listed(MASKS)}",
        names_run=True,
        **choice(MASKS),
    ),
    "missing": range_setting(
        None,
        "Share of each side that a hole has, or share of the pixels; two numbers for anything between them.",
        "0.36 of a hole, 0.1 to 0.5 anywhere, 0.5 at random",
        maximum=0.99,
    ),
    **RESTORING,
}
# 10 of 28 pixels.
MISSING = {"hole": 0.36, "anywhere": [0.1, 0.5], "random": 0.5}
__all__ = ["SETTINGS", "SOURCES", "FIGURE_UNITS", "HELP", "MISSING"]
HELP = f"""Train an inpainter on whole images, into a run folder: model, history, figures, PSNR and SSIM.
{EXAMPLES}
\b
Examples:
  keras-vae train-inpainter --data photos/ --mask anywhere
  keras-vae inpaint runs/photos-train-inpainter holed.png filled.png --mask mask.png
"""
