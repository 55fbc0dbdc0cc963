"""The settings of `keras-vae train`: one more of them is one more line here."""

from keras_vae.likelihoods.registry import LIKELIHOODS
from keras_vae.networks.registry import NETWORKS
from keras_vae.tasks.setting import COMMON, Setting, check_widths, choice, listed, number, parse_widths, whole

WIDTHS = "Widths of layers or channels of stages, as 512,256."

SETTINGS = {
    "network": Setting(
        default=None, help=listed(NETWORKS), default_text="by the kind of data", names_run=True, **choice(NETWORKS)
    ),
    "likelihood": Setting(
        default=None, help=listed(LIKELIHOODS), default_text="by the kind of data", **choice(LIKELIHOODS)
    ),
    "latent_dim": Setting(whole(1), 20, "Number of latent dimensions."),
    "hidden_units": Setting(check_widths, None, WIDTHS, "by the network", parse=parse_widths),
    "beta": Setting(number(0.0), 1.0, "Weight of the KL in the loss."),
    "free_bits": Setting(number(0.0), None, "Nats per latent dimension that cost nothing.", "none", kind=float),
    **COMMON,
}

# The words of `keras-vae train --help`, and what is trained on where nothing is said.
SOURCES = "digits, mnist, fashion_mnist, cifar10, FILE.npz, FILE.csv or a folder of images."
DEFAULT_DATA = "digits"
HELP = """Train a VAE into a run folder: model, history, figures, an honest likelihood.

A run that was interrupted goes on with the same command and --resume, and ends with the same numbers. With --resume
and more --epochs a finished run is trained further.

\b
Examples:
  keras-vae train
  keras-vae train --data photos/ --latent-dim 32 --epochs 50 --out runs/photos
  keras-vae train --out runs/photos --resume
"""
