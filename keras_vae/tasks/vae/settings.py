"""The settings of `keras-vae train`: one more of them is one more line here."""

from keras_vae.likelihoods.registry import LIKELIHOODS
from keras_vae.networks.registry import NETWORKS
from keras_vae.tasks.reading_settings import READING
from keras_vae.tasks.setting import (
    COMMON,
    Setting,
    check_flag,
    check_widths,
    choice,
    listed,
    number,
    parse_widths,
    whole,
)

GRAPHS = ("vae", "ladder")
CONDITIONS = ("label",)
PRIORS = ("standard_normal", "mixture", "vamp", "flow")
OBJECTIVES = ("elbo", "importance_weighted", "total_correlation", "mmd")
SAMPLERS = ("gmm", "maf", "two_stage")
BY_DATA = "by kind and number of the data"

MODEL = {
    "graph": Setting(
        default=None,
        help=f"One layer of latents or several: {listed(GRAPHS)}",
        default_text=BY_DATA,
        names_run=True,
        before="vae",
        **choice(GRAPHS),
    ),
    "network": Setting(default=None, help=listed(NETWORKS), default_text=BY_DATA, names_run=True, **choice(NETWORKS)),
    "likelihood": Setting(default=None, help=listed(LIKELIHOODS), default_text=BY_DATA, **choice(LIKELIHOODS)),
    "latent_dim": Setting(
        check_widths,
        None,
        "Latent dimensions; of a ladder one number per layer, the one next to the data first, as 8,16,32.",
        BY_DATA,
        parse=parse_widths,
    ),
    "hidden_units": Setting(
        check_widths, None, "Widths of layers or channels of stages, as 512,256.", BY_DATA, parse=parse_widths
    ),
    "prior": Setting(
        default="standard_normal",
        help=f"p(z) of a graph with one layer: {listed(PRIORS)}",
        before="standard_normal",
        **choice(PRIORS),
    ),
    "n_components": Setting(whole(1), None, "Components of a mixture, pseudo-inputs of vamp.", "10, 50", kind=int),
    "sampler": Setting(
        default=None,
        help=f"Fit this to the codes after training and draw samples from it: {listed(SAMPLERS)}",
        default_text="none, the prior",
        **choice(SAMPLERS),
    ),
    "condition": Setting(
        default=None,
        help="What the model is told beside each row: label, for its class. New examples are then drawn by class.",
        default_text="none",
        **choice(CONDITIONS),
    ),
    "mixed_precision": Setting(check_flag, False, "Compute networks in bfloat16; densities stay float32."),
}
_OBJECTIVE = {
    "objective": Setting(default="elbo", help=f"What a step minimises: {listed(OBJECTIVES)}", **choice(OBJECTIVES)),
    "beta": Setting(number(0.0), None, "Weight of the KL, or of the total correlation.", "1; 6, 0 of mmd", kind=float),
    "free_bits": Setting(
        number(0.0), None, "Nats per latent dimension, or per layer of a ladder, that cost nothing.", "none", kind=float
    ),
    "capacity": Setting(number(0.0), None, "Nats that the KL is drawn to, with the weight beta.", "none", kind=float),
    "n_draws": Setting(whole(1), None, "Draws per example of importance_weighted.", "5", kind=int),
    "mmd_weight": Setting(number(0.0), None, "Weight of the discrepancy of mmd.", "1000", kind=float),
    "warm_up": Setting(whole(0), None, "Steps over which beta rises from 0; 0 for none.", BY_DATA, kind=int, before=0),
}
OBJECTIVE = {name: setting.under("Objective") for name, setting in _OBJECTIVE.items()}

SETTINGS = {**MODEL, **OBJECTIVE, **COMMON, **READING}

# The words of `keras-vae train --help`, and what is trained on where nothing is said.
SOURCES = (
    "digits, mnist, fashion_mnist, cifar10, a table (.csv, .tsv, .parquet, .jsonl, .xlsx), arrays (.npy, .npz), a text "
    "(.txt, one sentence a line: as by train-text) or a folder of images."
)
DEFAULT_DATA = "digits"
HELP = """Train a VAE into a run folder: model, history, figures, an honest likelihood.

What is not given is chosen by the data, and printed before training begins. Training lasts about five minutes at most,
ends when the bound on examples held out no longer rises, and keeps the weights that were best. A run that was
interrupted goes on with the same command and --resume, and ends with the same numbers. With --resume and more --epochs
a finished run is trained further.

\b
Examples:
  keras-vae train
  keras-vae train --data photos/ --size 64 --minutes 20
  keras-vae train --data houses.csv --drop url --label price --out runs/houses
  keras-vae train --data fashion_mnist --condition label --out runs/clothes
  keras-vae train --data mnist --graph ladder --objective importance_weighted --n-draws 10
  keras-vae train --out runs/houses --resume
"""
