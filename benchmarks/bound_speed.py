"""Speed of evaluation: `vae.log_prob` with 5,000 draws per image against pythae's `get_nll` and PyTorch by hand.

All contenders hold the same trained weights of a dense 784-512-20 VAE and estimate log p(x) of the same binarised MNIST
test images; the estimates have to agree within their standard error. Every contender lives in a process of its own;
they take turns, so that thread pools never compete and a busy machine slows all of them. A ratio is images per second
of `log_prob` over those of the peer in the same turn: above 1 `log_prob` is the faster one.

"products" gives no estimates: the two matrix products of the decoder alone, so its ratio is the share of `log_prob`
that is matrix products. The peers may choose by trial how many draws they make at once; "pythae" alone is `get_nll` as
it comes. As in `throughput.py`, `--one-core` counts CPU seconds on one core, for a machine that does other work, and
glibc is told to keep freed memory.
"""

import importlib.util
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time

import numpy as np
from _bound_contenders import CONTENDERS, HIDDEN_UNITS, LATENT_DIM, train_weights, work
from _common import format_table, make_parser, some_rows, write_result
from throughput import KEEP_MEMORY, progress

HEADER = ["peer", "draws at once", "keras_vae images/s", "peer images/s", "ratio", "quartiles", "wanted", "nats apart"]
TARGETS = {"torch": 1.0, "pythae": 10.0}
# pythae takes its time: a tenth of the images is enough to know its speed.
SHARES = {"keras_vae": 1.0, "products": 1.0, "torch": 1.0, "pythae": 0.1, "pythae, tuned": 0.1}


def measure(names, weights_path, x_path, n_rows, n_turns, one_core, n_samples, seed):
    """Images per second and estimates of every contender, in turns.

    Args:
        names: list of str. Contenders.
        weights_path: path of the `.npz` file of `train_weights`.
        x_path: path of an `.npy` file with binary images, float32 `(n_turns * n_rows, 784)`.
        n_rows: int. Images per turn.
        n_turns: int.
        one_core: bool. Count CPU seconds on one core instead of the seconds of the clock.
        n_samples: int. Draws per image.
        seed: int.

    Returns:
        `(speeds, values, sizes)`, each a dict by name: a list of images per second, a list of arrays with the
        estimates of the first images of every turn, the draws at once that were chosen.
    """
    os.environ.update(KEEP_MEMORY)
    spawn = multiprocessing.get_context("spawn")
    workers, sizes = {}, {}
    speeds, values = ({name: [] for name in names} for _ in range(2))
    try:
        for name in names:
            ours, theirs = spawn.Pipe()
            arguments = (name, theirs, weights_path, x_path, one_core, n_samples, seed)
            worker = spawn.Process(target=work, args=arguments, daemon=True)
            worker.start()
            theirs.close()
            workers[name] = worker, ours
            progress(f"{name}: trial")
            sizes[name] = ask(ours, name, 0, 3)
        for turn in range(n_turns):
            # Another one begins every time: nobody always follows the same neighbour.
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:
                n = max(1, round(n_rows * SHARES[name]))
                progress(f"{name}: turn {turn + 1} of {n_turns}")
                seconds, estimates = ask(workers[name][1], name, turn * n_rows, n)
                speeds[name].append(n / seconds)
                values[name].append(estimates)
    finally:
        for worker, pipe in workers.values():
            pipe.close()
            worker.terminate()
            worker.join()
    return speeds, values, sizes


def ask(pipe, name, first, n_rows):
    pipe.send((first, n_rows))
    answer = pipe.recv()
    if isinstance(answer, str):
        raise RuntimeError(f"{name} failed:\n{answer}")
    return answer


def summarize(speeds, values, sizes):
    """Figures of every peer: median speeds, ratios turn by turn, and how far its estimates lie from ours."""
    own = "keras_vae"
    figures = {
        "images_per_second": {name: float(np.median(s)) for name, s in speeds.items()},
        "log_prob": float(np.concatenate(values[own]).mean()),
    }
    for name in speeds:
        if name == own:
            continue
        low, median, high = np.percentile(np.array(speeds[own]) / np.array(speeds[name]), [25, 50, 75])
        figures[name] = {"ratio": {"median": median, "quartiles": [low, high]}}
        if not any(map(len, values[name])):
            continue
        apart = np.concatenate([b - a[: len(b)] for a, b in zip(values[own], values[name], strict=True)])
        error = float(apart.std(ddof=1) / np.sqrt(len(apart)))
        figures[name] |= {
            "draws_at_once": sizes[name] or 100,
            "difference": {"mean": float(apart.mean()), "standard_error": error, "n_images": len(apart)},
            "agrees": bool(abs(apart.mean()) < 5.0 * error),
        }
    return figures


def rows_of(figures):
    """Table rows, one per peer."""
    rows = []
    speed = figures["images_per_second"]
    for name in list(speed)[1:]:
        figure = figures[name]
        ratio, (low, high) = float(figure["ratio"]["median"]), figure["ratio"]["quartiles"]
        difference = figure.get("difference")
        apart = f"{difference['mean']:+.4f} +- {difference['standard_error']:.4f}" if difference else "-"
        wanted = TARGETS.get(name)
        speeds = [speed["keras_vae"], speed[name]]
        rows.append([name, figure.get("draws_at_once"), *speeds, ratio, f"{low:.2f} to {high:.2f}", wanted, apart])
    return rows


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--turns", type=int, help="how many (default: 4; quick: 2)")
    parser.add_argument("--images", type=int, help="images per turn (default: 250; quick: 10)")
    parser.add_argument("--peers", nargs="+", choices=list(CONTENDERS)[1:], help="default: all that are installed")
    parser.add_argument("--one-core", action="store_true", help="CPU seconds on one core; result: bound_speed_one_core")
    return parser.parse_args(argv)


def main(argv=None):
    arguments = parse_arguments(argv)
    started = time.perf_counter()
    quick = arguments.quick
    n_turns, n_rows = arguments.turns or (2 if quick else 4), arguments.images or (10 if quick else 250)
    n_samples = 500 if quick else 5000
    n_epochs, n_train = (1, 6400) if quick else (3, 60000)
    wanted = {n: pair for n, pair in CONTENDERS.items() if n in ("keras_vae", *(arguments.peers or CONTENDERS))}
    names = [n for n, (_, package) in wanted.items() if package is None or importlib.util.find_spec(package)]
    for name in sorted(set(wanted) - set(names)):
        print(f"{name} is not installed and left out: pip install 'keras_vae[peers]'", file=sys.stderr)
    from keras_vae.data.named import load_named
    from keras_vae.data.pipelines import binarize_once

    mnist = load_named("mnist")
    train = some_rows(mnist.x_train, n_train, arguments.seed).reshape(-1, 784)
    test = some_rows(mnist.x_test, n_turns * n_rows, arguments.seed).reshape(-1, 784)
    with tempfile.TemporaryDirectory() as folder:
        weights_path, x_path = (pathlib.Path(folder) / name for name in ("weights.npz", "x.npy"))
        progress("training")
        train_weights(train, n_epochs, arguments.seed, weights_path)
        np.save(x_path, binarize_once(test, seed=0))
        found = measure(names, weights_path, x_path, n_rows, n_turns, arguments.one_core, n_samples, arguments.seed)
    figures = summarize(*found)
    progress("")
    print("\r" + format_table(HEADER, rows_of(figures)))
    settings = {
        "clock": "CPU seconds on one core" if arguments.one_core else "wall clock, all cores",
        "environment": KEEP_MEMORY,
        "network": f"dense 784-{HIDDEN_UNITS[0]}-{LATENT_DIM}, trained {n_epochs} epochs on {n_train} images",
        "data": "MNIST's test images binarised once with seed 0",
        "draws_per_image": n_samples,
        "images_per_turn": {name: max(1, round(n_rows * SHARES[name])) for name in names},
        "turns": n_turns,
        "wanted": TARGETS,
    }
    name = "bound_speed_one_core" if arguments.one_core else "bound_speed"
    print(write_result(name, figures, settings, arguments, time.perf_counter() - started, ("torch", "pythae")))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; nothing was written")
