"""Remedies for posterior collapse side by side: a deep dense VAE on dynamically binarised MNIST.

Five hidden layers of 256 relu units on each side and 50 latents, Adam 1e-3, the same number of epochs for every remedy.
A dimension is active when its posterior mean varies by more than 0.01 over the test images. Judged on one draw of the
test images (seed 0): the bounds have no beta, capacity or free bits in them. All figures are nats per image.
"""

import functools
import json
import math
import pathlib
import sys
import time

from _common import format_table, make_parser, write_result

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


def make(remedy, images, n_steps, seed):
    """The compiled model of a remedy and its callbacks."""
    import keras_vae as kv
    from keras_vae.data.pipelines import binarize_once

    schedules = kv.schedules
    ahead = binarize_once(images[:10_000], seed=seed)
    half = max(n_steps // 2, 8)
    models = {
        "beta 0.5": (kv.VAE, {"beta": 0.5}),
        "free bits": (kv.VAE, {"free_bits": FREE_BITS}),
        "capacity": (kv.VAE, {"capacity": 0.0, "beta": 5.0}),
        "InfoVAE": (kv.InfoVAE, {"beta": 0.5, "mmd_weight": MMD_WEIGHT}),
        "IWAE, 5 samples": (kv.IWAE, {"n_samples": 5}),
        "VampPrior": (
            kv.VAE,
            {"prior": kv.layers.VampPrior(N_PSEUDO_INPUTS, initial=images[:N_PSEUDO_INPUTS] / 255.0)},
        ),
    }
    callbacks = {
        "linear warm-up": [kv.callbacks.BetaAnnealing(functools.partial(schedules.linear, n_steps=half))],
        "ladder": [kv.callbacks.BetaAnnealing(functools.partial(schedules.linear, n_steps=half))],
        "cyclical annealing": [kv.callbacks.BetaAnnealing(functools.partial(schedules.cyclical, n_steps=n_steps))],
        "capacity": [
            kv.callbacks.CapacityAnnealing(functools.partial(schedules.capacity, n_steps=half, max_capacity=CAPACITY))
        ],
        "aggressive encoder": [kv.callbacks.AggressiveEncoder(ahead, max_inner_steps=20)],
    }
    if remedy == "ladder":
        model = kv.make_ladder_vae(images.shape[1:], LADDER_LATENTS, "dense", LADDER_WIDTHS, seed=seed)
    else:
        model, arguments = models.get(remedy, (kv.VAE, {}))
        arguments = {"hidden_units": HIDDEN_UNITS, "seed": seed, "model": model, **arguments}
        model = kv.make_vae(images.shape[1:], LATENT_DIM, "dense", **arguments)
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
        "importance_samples": n_samples,
        "test_images": len(x),
    }
    if model.has_gaussian_posterior:
        figures["mutual_information"] = kl_split(z_mean, z_log_var, prior=model.prior).mutual_information
    return figures


def run(remedy, data, n_epochs, arguments):
    """Train and judge one remedy; what is finished is read from its folder."""
    from _resumable import train_resumable

    from keras_vae.data.pipelines import batches

    folder = arguments.work / f"{remedy.replace(',', '').replace(' ', '-')}-{n_epochs}-{arguments.seed}"
    result_file = folder / "result.json"
    if result_file.exists():
        return json.loads(result_file.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    images, x = data
    steps_per_epoch = math.ceil(len(images) / BATCH_SIZE)
    model, callbacks = make(remedy, images, n_epochs * steps_per_epoch, arguments.seed)
    model, progress = train_resumable(
        folder,
        lambda: model,
        lambda epoch: batches(
            images, batch_size=BATCH_SIZE, seed=arguments.seed, binarize=True, start_epoch=epoch, repeat=True
        ),
        n_epochs,
        steps_per_epoch,
        callbacks=callbacks,
    )
    figures = {**progress, **judge(model, x, 20 if arguments.quick else 500)}
    result_file.write_text(json.dumps(figures))
    return figures


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
    images = mnist.x_train.reshape(-1, 784)[: 6400 if arguments.quick else None]
    x = binarize_once(mnist.x_test, seed=0).reshape(-1, 784)[: 200 if arguments.quick else 2000]
    figures = {remedy: run(remedy, (images, x), n_epochs, arguments) for remedy in arguments.remedy or REMEDIES}
    names = ("negative_log_prob", "negative_elbo", "kl", "mutual_information", "active_units", "epochs", "minutes")
    rows = [[remedy, *(f.get(name) for name in names)] for remedy, f in figures.items()]
    header = ["remedy", "-log p(x)", "-ELBO", "KL", "I(x; z)", "active", "epochs", "minutes"]
    print(format_table(header, rows))
    settings = {
        "network": f"dense 784-{HIDDEN_UNITS}-{LATENT_DIM}, relu",
        "optimizer": f"Adam {LEARNING_RATE}",
        "batch_size": BATCH_SIZE,
        "free_bits_per_dimension": FREE_BITS,
        "capacity": CAPACITY,
        "mmd_weight": MMD_WEIGHT,
        "pseudo_inputs": N_PSEUDO_INPUTS,
        "ladder": f"latents {LADDER_LATENTS}, widths {LADDER_WIDTHS}",
    }
    print(write_result("collapse", figures, settings, arguments, time.perf_counter() - started))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; the same command goes on")
