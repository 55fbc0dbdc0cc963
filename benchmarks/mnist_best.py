"""The best test log-likelihood on dynamically binarised MNIST within half an hour of two cores: a ladder VAE.

A dense `LadderVAE`, beta warmed up over the first epochs, and from its weights a second one on the importance-weighted
bound, whose learning rate goes to zero by a cosine. What counts is CPU time, 60 minutes of one core for both: other
work on the machine does not change it. Judged like `mnist_nll.py`, 5,000 importance samples. All figures are nats per
image. Training goes on where it was broken off: each of the two has a run folder in --work.
"""

import functools
import math
import pathlib
import sys
import time

from _common import format_table, make_parser, some_rows, write_result

LATENT_DIMS, HIDDEN_UNITS = (40, 20), (300, 300)
BATCH_SIZE, LEARNING_RATE = 128, 1e-3
N_SAMPLES_IN_TRAINING = 10
EPOCHS = (240, 195)
WARM_UP = 0.1
CPU_MINUTES = 60.0
PEERS = {
    "VAE, one layer (Burda et al. 2016)": 86.76,
    "ladder VAE, five layers (Sonderby et al. 2016)": 81.74,
}


def make_ladder(seed):
    """The compiled ladder VAE of the first stage."""
    import keras_vae as kv

    model = kv.make_ladder_vae((784,), LATENT_DIMS, "dense", HIDDEN_UNITS, seed=seed)
    model.compile(kv.optimizers.Adam(LEARNING_RATE))
    return model


def make_weighted(ladder, n_steps, seed):
    """The compiled model of the second stage, with the weights of the first."""
    import keras

    import keras_vae as kv

    objective = kv.objectives.ImportanceWeighted(N_SAMPLES_IN_TRAINING, resampled=True)
    model = kv.make_ladder_vae((784,), LATENT_DIMS, "dense", HIDDEN_UNITS, objective=objective, seed=seed)
    model.encoder.set_weights(ladder.encoder.get_weights())
    model.decoder.set_weights(ladder.decoder.get_weights())
    model.compile(kv.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, n_steps)))
    return model


def train(folder, images, epochs, seed):
    """Train both stages to their last epoch, or go on with that.

    Returns:
        `(model, progress)`, with the CPU minutes of this machine in `progress`.
    """
    import keras_vae as kv

    steps_per_epoch = math.ceil(len(images) / BATCH_SIZE)
    warm_up = kv.schedules.linear(n_steps=max(1, int(WARM_UP * epochs[0] * steps_per_epoch)))
    run = functools.partial(_train_stage, images=images, steps_per_epoch=steps_per_epoch, seed=seed)
    ladder, first = run(
        folder / "ladder", lambda: make_ladder(seed), epochs[0], callbacks=[kv.callbacks.BetaAnnealing(warm_up)]
    )
    model, second = run(
        folder / "weighted", lambda: make_weighted(ladder, epochs[1] * steps_per_epoch, seed), epochs[1]
    )
    sums = {name: first[name] + second[name] for name in ("epochs", "minutes", "cpu_minutes")}
    return model, {**sums, "stages": {"ladder": first, "weighted": second}}


def _train_stage(folder, make_model, n_epochs, images, steps_per_epoch, seed, callbacks=()):
    from _train_in_folder import train_in_folder

    from keras_vae.data.pipelines import batches

    settings = {
        "latent_dims": LATENT_DIMS,
        "hidden_units": HIDDEN_UNITS,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "n_samples": N_SAMPLES_IN_TRAINING,
        "warm_up": WARM_UP,
        "n_images": len(images),
        "seed": seed,
    }
    return train_in_folder(
        folder,
        settings,
        make_model,
        lambda epoch: batches(images, batch_size=BATCH_SIZE, seed=seed, binarize=True, start_epoch=epoch, repeat=True),
        n_epochs,
        steps_per_epoch,
        callbacks,
    )


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--epochs", type=int, nargs=2, help=f"of the two stages (default: {EPOCHS}, quick: 1 1)")
    parser.add_argument("--test-images", type=int, help="judge by so many, taken at random, instead of all 10,000")
    parser.add_argument(
        "--work", type=pathlib.Path, help="folder of the training (default: benchmarks/work/mnist_best)"
    )
    arguments = parser.parse_args(argv)
    quick = "quick" if arguments.quick else ""
    arguments.work = (arguments.work or pathlib.Path(__file__).resolve().parent / "work" / "mnist_best") / quick
    return arguments


def main(argv=None):
    arguments = parse_arguments(argv)
    started = time.perf_counter()
    from mnist_nll import N_SAMPLES, TEST_SEED, judge, load_data

    epochs = tuple(arguments.epochs or ((1, 1) if arguments.quick else EPOCHS))
    folder = arguments.work / f"epochs-{epochs[0]}-{epochs[1]}-seed-{arguments.seed}"
    data = load_data("dynamic", arguments.quick)
    model, progress = train(folder, data["train"], epochs, arguments.seed)
    figures = {
        **progress,
        **judge(model, some_rows(data["test"], arguments.test_images, TEST_SEED), 20 if arguments.quick else N_SAMPLES),
    }
    rows = [["keras_vae", figures["cpu_minutes"], figures["negative_log_prob"], figures["negative_elbo"]]]
    rows += [[name, None, value, None] for name, value in PEERS.items()]
    print(format_table(["test set, nats per image", "CPU minutes", "-log p(x)", "-ELBO"], rows))
    settings = {
        "model": f"LadderVAE, then on ImportanceWeighted, latents {LATENT_DIMS}, widths {HIDDEN_UNITS}, dense",
        "optimizer": f"Adam {LEARNING_RATE}, with a cosine to zero in the second stage",
        "samples_in_training": [1, N_SAMPLES_IN_TRAINING],
        "batch_size": BATCH_SIZE,
        "warm_up_share": WARM_UP,
        "cpu_minutes_allowed": CPU_MINUTES,
        "published": PEERS,
    }
    print(write_result("mnist_best", figures, settings, arguments, time.perf_counter() - started))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; the same command goes on")
