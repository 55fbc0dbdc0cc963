"""The best test log-likelihood on dynamically binarised MNIST within half an hour of two cores: a ladder VAE.

A dense `LadderVAE`, beta warmed up over the first epochs, Adam with a cosine to zero over the whole budget. What counts
is CPU time, 60 minutes of one core: other work on the machine does not change it. Judged like `mnist_nll.py`, 5,000
importance samples. All figures are nats per image.
"""

import functools
import json
import math
import pathlib
import sys
import time

from _common import format_table, make_parser, write_result

LATENT_DIMS, HIDDEN_UNITS = (40, 20), (512, 512)
BATCH_SIZE, LEARNING_RATE = 128, 1e-3
WARM_UP = 0.1
CPU_MINUTES = 60.0
PEERS = {
    "VAE, one layer (Burda et al. 2016)": 86.76,
    "ladder VAE, five layers (Sonderby et al. 2016)": 81.74,
}


def make_model(n_epochs, steps_per_epoch, seed):
    """The compiled ladder VAE."""
    import keras

    import keras_vae as kv

    model = kv.make_ladder_vae((784,), LATENT_DIMS, "dense", HIDDEN_UNITS, seed=seed)
    decay = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, n_epochs * steps_per_epoch)
    model.compile(kv.optimizers.Adam(decay))
    return model


def train(folder, images, n_epochs, seed):
    """Train to the last epoch, or go on with that.

    Returns:
        `(model, progress)`, with the CPU minutes of this machine in `progress`.
    """
    import keras
    from _resumable import train_resumable

    import keras_vae as kv
    from keras_vae.data.pipelines import batches

    steps_per_epoch = math.ceil(len(images) / BATCH_SIZE)
    warm_up = functools.partial(kv.schedules.linear, n_steps=max(1, int(WARM_UP * n_epochs * steps_per_epoch)))
    counted = folder / "cpu_minutes.json"
    before = json.loads(counted.read_text()) if counted.exists() else 0.0
    started = time.process_time()

    def count(epoch, logs):
        from keras_vae._files import write_text

        write_text(counted, json.dumps(before + (time.process_time() - started) / 60.0))

    model, progress = train_resumable(
        folder,
        lambda: make_model(n_epochs, steps_per_epoch, seed),
        lambda epoch: batches(images, batch_size=BATCH_SIZE, seed=seed, binarize=True, start_epoch=epoch, repeat=True),
        n_epochs,
        steps_per_epoch,
        callbacks=[kv.callbacks.BetaAnnealing(warm_up), keras.callbacks.LambdaCallback(on_epoch_end=count)],
    )
    return model, {**progress, "cpu_minutes": json.loads(counted.read_text())}


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--epochs", type=int, help="default: 420, quick: 1")
    parser.add_argument("--test-images", type=int, help="judge by so many, evenly spread, in place of all 10,000")
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
    from mnist_nll import N_SAMPLES, judge, load_data, some_of

    n_epochs = arguments.epochs or (1 if arguments.quick else 420)
    folder = arguments.work / f"epochs-{n_epochs}-seed-{arguments.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    data = load_data("dynamic", arguments.quick)
    model, progress = train(folder, data["train"], n_epochs, arguments.seed)
    figures = {
        **progress,
        **judge(model, some_of(data["test"], arguments.test_images), 20 if arguments.quick else N_SAMPLES),
    }
    rows = [["keras_vae", figures["cpu_minutes"], figures["negative_log_prob"], figures["negative_elbo"]]]
    rows += [[name, None, value, None] for name, value in PEERS.items()]
    print(format_table(["test set, nats per image", "CPU minutes", "-log p(x)", "-ELBO"], rows))
    settings = {
        "model": f"LadderVAE, latents {LATENT_DIMS}, widths {HIDDEN_UNITS}, dense",
        "optimizer": f"Adam {LEARNING_RATE}, cosine to zero",
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
