"""Speed of training: `vae.fit` against a hand-written TensorFlow step, a hand-written PyTorch loop and pythae.

All train the same network on the same images with the same loss, Adam and batch size. Every contender lives in a
process of its own; they take turns, one epoch each, so that thread pools never compete and a busy machine slows all of
them. The first epochs are not counted. A ratio is the peer's seconds over those of `fit` in the same turn: above 1
`fit` is the faster one.

"bare" makes as many steps per call of its `tf.function` as `fit` makes, 8. "products" is no training: the matrix
products of the dense network alone, forward and backward, so its ratio is the share of `fit` that is matrix products.
"fit_binarized" is `fit` on grey images that are drawn anew in every epoch.

Other work on the machine hurts some contenders more than others (threads that wait for each other by spinning). For
such a machine `--one-core` gives all of them the same single core and counts the CPU seconds they use there.

glibc is told to keep freed memory: otherwise a PyTorch loop, by luck of its heap, spends up to 40 % of its time on page
faults, which says nothing about the loop.
"""

import importlib.util
import multiprocessing
import os
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np
from _common import format_table, make_parser, some_rows, write_result
from _contenders import CONTENDERS, LATENT_DIM, LEARNING_RATE, NETWORKS, work

BATCH_SIZES = (128, 512)
HEADER = ["network", "batch", "peer", "fit images/s", "peer images/s", "fit/peer", "quartiles", "best/best", "wanted"]
# Read by glibc at the start of a process; without effect elsewhere.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}
TARGETS = {
    ("dense", 128): {"bare": 0.95, "torch": 1.1, "pythae": 1.1},
    ("dense", 512): {"bare": 0.95, "torch": 1.1, "pythae": 1.1, "products": 0.85},
    ("conv", 128): {"bare": 0.95, "torch": 1.3, "pythae": 1.3},
    ("conv", 512): {"bare": 0.95, "torch": 1.3, "pythae": 1.3},
}


def measure(names, path, network, batch_size, n_warm, n_turns, seed, one_core=False):
    """Seconds per epoch of every contender, `n_turns` of each, measured in turns.

    Args:
        names: list of str. Contenders.
        path: path of an `.npy` file with the images, uint8 `(n, 784)`.
        network: "dense" or "conv".
        batch_size: int.
        n_warm: int. Epochs of each before the first that counts.
        n_turns: int. Epochs of each that count.
        seed: int.
        one_core: bool. Count CPU seconds on one core instead of the seconds of the clock.

    Returns:
        dict from name to a list of seconds.
    """
    os.environ.update(KEEP_MEMORY)
    spawn = multiprocessing.get_context("spawn")
    workers = {}
    seconds = {name: [] for name in names}
    try:
        for name in names:
            ours, theirs = spawn.Pipe()
            setting = (network, batch_size, n_warm + n_turns, seed)
            worker = spawn.Process(target=work, args=(name, theirs, path, one_core, *setting), daemon=True)
            worker.start()
            theirs.close()
            workers[name] = worker, ours
        for turn in range(n_warm + n_turns):
            # Another one begins every time: nobody always follows the same neighbour.
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                _, pipe = workers[name]
                progress(f"{network}, batch {batch_size}: {name}, turn {turn + 1} of {n_warm + n_turns}")
                pipe.send("go")
                answer = pipe.recv()
                if isinstance(answer, str):
                    raise RuntimeError(f"{name} failed:\n{answer}")
                if turn >= n_warm:
                    seconds[name].append(answer)
    finally:
        for worker, pipe in workers.values():
            pipe.close()
            worker.terminate()
            worker.join()
    return seconds


def progress(text):
    print(f"\r{text:<60}", end="", file=sys.stderr, flush=True)


def summarize(seconds, n_images):
    """Images per second, median and quartiles of the ratios turn by turn, and the ratio of the fastest epochs."""
    figures = {"images_per_second": {name: round(n_images / statistics.median(s)) for name, s in seconds.items()}}
    for name, times in seconds.items():
        if name != "fit":
            ratios = np.array(times) / np.array(seconds["fit"])
            low, median, high = np.percentile(ratios, [25, 50, 75])
            best = min(times) / min(seconds["fit"])
            figures[f"fit_over_{name}"] = {"median": median, "quartiles": [low, high], "best": best}
    return figures


def rows_of(results):
    """Table rows: one per setting and peer."""
    rows = []
    for (network, batch_size), figures in results.items():
        speed = figures["images_per_second"]
        for name in list(speed)[1:]:
            ratio = figures[f"fit_over_{name}"]
            spread = "{:.2f} to {:.2f}".format(*ratio["quartiles"])
            ratios = [
                float(ratio["median"]),
                spread,
                float(ratio["best"]),
                TARGETS.get((network, batch_size), {}).get(name),
            ]
            rows.append([network, batch_size, name, speed["fit"], speed[name], *ratios])
    return rows


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--batch-sizes", nargs="+", type=int, default=list(BATCH_SIZES))
    parser.add_argument("--turns", type=int, help="epochs counted per contender (default: 9, quick: 3)")
    parser.add_argument("--one-core", action="store_true", help="CPU seconds on one core; result: throughput_one_core")
    return parser.parse_args(argv)


def main(argv=None):
    arguments = parse_arguments(argv)
    started = time.perf_counter()
    n_images = (
        {"dense": 12800, "conv": 3200}
        if arguments.quick
        else {"dense": 25600, "conv": 6400 if arguments.one_core else 12800}
    )
    n_warm, n_turns = (1, arguments.turns or 3) if arguments.quick else (2, arguments.turns or 9)
    names = [n for n, (_, package) in CONTENDERS.items() if package is None or importlib.util.find_spec(package)]
    for name in sorted(set(CONTENDERS) - set(names)):
        print(f"{name} is not installed and left out: pip install 'keras_vae[peers]'", file=sys.stderr)
    images, source = load_images(arguments.seed)

    results = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "images.npy"
        for network in arguments.networks:
            np.save(path, some_rows(images, n_images[network], arguments.seed))
            own = [name for name in names if name != "products" or network == "dense"]
            for batch_size in arguments.batch_sizes:
                seconds = measure(own, path, network, batch_size, n_warm, n_turns, arguments.seed, arguments.one_core)
                results[network, batch_size] = summarize(seconds, n_images[network])
    progress("")
    print("\r" + format_table(HEADER, rows_of(results)))
    settings = settings_of(arguments, n_images, n_warm, n_turns) | {"data": source}
    figures = {f"{network}, batch {batch_size}": f for (network, batch_size), f in results.items()}
    peers = ("torch", "pythae")
    name = "throughput_one_core" if arguments.one_core else "throughput"
    print(write_result(name, figures, settings, arguments, time.perf_counter() - started, peers))


def settings_of(arguments, n_images, n_warm, n_turns):
    """What one needs to run it again, for the result file."""
    return {
        "clock": "CPU seconds on one core" if arguments.one_core else "wall clock, all cores",
        "environment": KEEP_MEMORY,
        "images_per_epoch": n_images,
        "warm_up_epochs": n_warm,
        "turns": n_turns,
        "latent_dim": LATENT_DIM,
        "networks": {name: {"event_shape": e, "hidden_units": h} for name, (e, h) in NETWORKS.items()},
        "optimizer": f"Adam {LEARNING_RATE}, torch and pythae with fused=True",
        "wanted": {f"{network}, batch {batch_size}": wanted for (network, batch_size), wanted in TARGETS.items()},
    }


def load_images(seed):
    """MNIST's training images, or random ones where it cannot be had; uint8 `(60000, 784)`."""
    from keras_vae.data.named import load_named

    try:
        return load_named("mnist").x_train.reshape(-1, 784), "mnist"
    except (ConnectionError, FileNotFoundError, ValueError):
        return np.random.default_rng(seed).integers(0, 256, (60000, 784), dtype=np.uint8), "random"


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; nothing was written")
