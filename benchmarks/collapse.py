"""Remedies for posterior collapse side by side: a deep dense VAE on dynamically binarised MNIST.

Five hidden layers of 256 relu units on each side and 50 latents, Adam 1e-3, the same number of epochs for every remedy.
The ladder is another network, three stochastic layers over hidden layers of 256, with as many latents in all; its row
says so, and every row says how many weights its model has.

A dimension is active when its posterior mean varies by more than 0.01 over the test images. Judged on one draw of 2,000
test images taken at random (both with seed 0): the bounds have no beta, capacity or free bits in them. All figures are
nats per image. Training goes on where it was broken off: every remedy has a run folder in --work.
"""

import math
import pathlib
import sys
import time

from _common import format_table, make_parser, some_rows, write_result

LATENT_DIM, HIDDEN_UNITS = 50, (256,) * 5
BATCH_SIZE, LEARNING_RATE = 128, 1e-3
REMEDIES = (
    "none",
    "beta 0.5",
    "linear warm-up",
    "cyclical annealing",
    "free bits",
    "capacity",
    "aggressive encoder",
    "InfoVAE",
    "IWAE, 5 samples",
    "VampPrior",
    "ladder",
)
FREE_BITS, CAPACITY, MMD_WEIGHT, N_PSEUDO_INPUTS = 0.25, 25.0, 300.0, 100
LADDER_LATENTS, LADDER_WIDTHS = (25, 15, 10), (256, 256, 256)
# What a row of the table is called where the remedy alone would let it pass for a like network.
LABELS = {"ladder": "ladder, warm-up (another network)"}
# The same for every seed of the training: which images are looked at must not change what is compared.
SUBSET_SEED = 0


def make(remedy, images, n_steps, seed):
    """The compiled model of a remedy and its callbacks."""
    import keras_vae as kv
    from keras_vae.data.pipelines import binarize_once

    ahead = binarize_once(some_rows(images, 10_000, SUBSET_SEED), seed=seed)
    pseudo_inputs = some_rows(images, N_PSEUDO_INPUTS, SUBSET_SEED) / 255.0
    objectives, schedules = kv.objectives, kv.schedules
    ramp = schedules.linear(n_steps=max(n_steps // 2, 8))
    cycles = schedules.cyclical(n_steps=n_steps)
    rise = schedules.capacity(n_steps=max(n_steps // 2, 8), max_capacity=CAPACITY)
    arguments = {
        "beta 0.5": {"beta": 0.5},
        "free bits": {"objective": objectives.ELBO(free_bits=FREE_BITS)},
        "capacity": {"objective": objectives.ELBO(beta=5.0, capacity=0.0)},
        "InfoVAE": {"objective": objectives.MMD(weight=MMD_WEIGHT, beta=0.5)},
        "IWAE, 5 samples": {"objective": objectives.ImportanceWeighted(5)},
        "VampPrior": {"prior": kv.priors.VampPrior(len(pseudo_inputs), initial=pseudo_inputs)},
    }
    callbacks = {
        "linear warm-up": [kv.callbacks.BetaAnnealing(ramp)],
        "ladder": [kv.callbacks.BetaAnnealing(ramp)],
        "cyclical annealing": [kv.callbacks.BetaAnnealing(cycles)],
        "capacity": [kv.callbacks.CapacityAnnealing(rise)],
        "aggressive encoder": [kv.callbacks.AggressiveEncoder(ahead, max_inner_steps=20)],
    }
    if remedy == "ladder":
        model = kv.make_ladder_vae(images.shape[1:], LADDER_LATENTS, "dense", LADDER_WIDTHS, seed=seed)
    else:
        chosen = arguments.get(remedy, {})
        model = kv.make_vae(images.shape[1:], LATENT_DIM, "dense", HIDDEN_UNITS, seed=seed, **chosen)
    # One step per call for all: the aggressive encoder works before every step.
    model.compile(kv.optimizers.Adam(LEARNING_RATE), steps_per_execution=1)
    return model, callbacks.get(remedy, [])


def judge(model, x, n_samples):
    """Test figures of a trained model."""
    from keras_vae.evaluation import active_units, estimate_bounds, kl_split

    bounds = estimate_bounds(model, x, n_samples)
    z_mean, z_log_var = model.encode(x)
    figures = {
        "negative_log_prob": -bounds.log_prob.mean,
        "standard_error": bounds.log_prob.standard_error,
        "negative_elbo": -bounds.elbo.mean,
        "kl": model.evaluate(x, verbose=0, return_dict=True)["kl_loss"],
        "active_units": int(active_units(z_mean).sum()),
        "latent_dim": model.latent_dim,
        "weights": model.count_params(),
        "importance_samples": n_samples,
        "test_images": len(x),
    }
    if model.has_gaussian_posterior:
        figures["mutual_information"] = kl_split(z_mean, z_log_var, prior=model.prior).mutual_information
    return figures


def run(remedy, data, n_epochs, arguments):
    """Train and judge one remedy; what is finished is read from its folder."""
    from _train_in_folder import train_in_folder

    from keras_vae.data.pipelines import batches
    from keras_vae.runs.run_folder import RunFolder

    name = f"{remedy.replace(',', '').replace(' ', '-')}-{n_epochs}-{arguments.seed}"
    own = RunFolder(arguments.work / name)
    if own.metrics_file.is_file():
        return own.read_metrics()
    images, x = data
    steps_per_epoch = math.ceil(len(images) / BATCH_SIZE)
    model, callbacks = make(remedy, images, n_epochs * steps_per_epoch, arguments.seed)

    def batches_from(epoch):
        order = {"batch_size": BATCH_SIZE, "seed": arguments.seed}
        return batches(images, **order, binarize=True, start_epoch=epoch, repeat=True)

    settings = {**settings_of_training(), "remedy": remedy, "n_images": len(images), "seed": arguments.seed}
    model, progress = train_in_folder(
        own.path, settings, lambda: model, batches_from, n_epochs, steps_per_epoch, callbacks
    )
    figures = {**progress, **judge(model, x, 20 if arguments.quick else 500)}
    # Last: a run is finished when its figures are there.
    own.write_metrics(figures)
    return figures


def settings_of_training():
    """What the trainings depend on, whatever the remedy."""
    return {
        "network": f"dense 784-{HIDDEN_UNITS}-{LATENT_DIM}, relu",
        "learning_rate": LEARNING_RATE,
        "batch_size": BATCH_SIZE,
        "free_bits_per_dimension": FREE_BITS,
        "capacity": CAPACITY,
        "mmd_weight": MMD_WEIGHT,
        "pseudo_inputs": N_PSEUDO_INPUTS,
        "ladder": f"another network: latents {LADDER_LATENTS}, widths {LADDER_WIDTHS}",
        "subsets": f"at random, seed {SUBSET_SEED}",
    }


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--epochs", type=int, help="default: 8, quick: 1")
    parser.add_argument(
        "--remedy", action="append", choices=REMEDIES, help="one of them, may be repeated (default: all)"
    )
    parser.add_argument("--work", type=pathlib.Path, help="folder of the trainings (default: benchmarks/work/collapse)")
    arguments = parser.parse_args(argv)
    quick = "quick" if arguments.quick else ""
    arguments.work = (arguments.work or pathlib.Path(__file__).resolve().parent / "work" / "collapse") / quick
    return arguments


def main(argv=None):
    arguments = parse_arguments(argv)
    started = time.perf_counter()
    from keras_vae.data.named import load_named
    from keras_vae.data.pipelines import binarize_once

    n_epochs = arguments.epochs or (1 if arguments.quick else 8)
    mnist = load_named("mnist")
    images = some_rows(mnist.x_train.reshape(-1, 784), 6400 if arguments.quick else None, SUBSET_SEED)
    x = binarize_once(mnist.x_test, seed=0).reshape(-1, 784)
    x = some_rows(x, 200 if arguments.quick else 2000, SUBSET_SEED)
    figures = {remedy: run(remedy, (images, x), n_epochs, arguments) for remedy in arguments.remedy or REMEDIES}
    names = (
        "negative_log_prob",
        "negative_elbo",
        "kl",
        "mutual_information",
        "active_units",
        "weights",
        "epochs",
        "minutes",
    )
    rows = [[LABELS.get(remedy, remedy), *(f.get(name) for name in names)] for remedy, f in figures.items()]
    header = ["remedy", "-log p(x)", "-ELBO", "KL", "I(x; z)", "active", "weights", "epochs", "minutes"]
    print(format_table(header, rows))
    settings = settings_of_training()
    settings["optimizer"] = f"Adam {settings.pop('learning_rate')}"
    print(write_result("collapse", figures, settings, arguments, time.perf_counter() - started))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; the same command goes on")
