"""How fast a recommender is trained and served: beside one in PyTorch, with large catalogues, as a SavedModel.

Training: 600-200-600 with tanh, batches of 500 users, on Gowalla, one thread, seconds per epoch from some steps; the
peer is written by hand with dense batches, as its users write it, and once with a sparse first layer. Every contender
runs in a process of its own, in turns; the peak memory is that above the process with its package loaded and no model.

Catalogues: seconds and memory of a step with 10^4, 10^5 and 10^6 items, 20 items of each of 256 users, with the softmax
over all items and over 1,000 sampled ones.

Serving: `recommend` for 1,000 users of Gowalla, the 20 best of 40,981 items, through the SavedModel.
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import make_parser, write_result

BATCH, HIDDEN, LATENT = 500, 600, 200
CONTENDERS = ("ours", "torch_dense", "torch_sparse")
SIZES = (10_000, 100_000, 1_000_000)
N_SAMPLED = 1000
# Path of the matrix, for the processes of the contenders.
CLICKS = "KERAS_VAE_BENCHMARK_CLICKS"


def clicks(quick):
    """Users and items of Gowalla's training part, SciPy matrix; random ones of a tenth of it for a quick run.

    From a file, if there is one: a process with PyTorch must not load TensorFlow too.
    """
    from scipy import sparse

    if CLICKS in os.environ:
        return sparse.load_npz(os.environ[CLICKS])
    if quick:
        return sparse.random(3000, 4000, 0.005, format="csr", dtype=np.float32, random_state=0)
    from keras_vae.tasks.ratings import Recommender

    return Recommender(validation=0.0).load("gowalla").x_train


def resident():
    """Peak resident memory of this process, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def timed(step, n_steps):
    """Median seconds of a step, after one that is not counted."""
    step()
    seconds = []
    for _ in range(n_steps):
        begun = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - begun)
    return float(np.median(seconds))


def ours(x, n_steps):
    """Seconds per step of ours, and the memory before there was a model."""
    import tensorflow as tf

    from keras_vae.data.pipelines import batches
    from keras_vae.tasks.ratings import Recommender

    tf.zeros(1)
    before = resident()
    settings = {"decoder": "mirrored", "latent_dim": LATENT, "hidden_units": [HIDDEN], "batch_size": BATCH}
    recommender = Recommender(**settings, seed=0, validation=0.0)
    recommender.prepare(recommender.load(x))
    model = recommender.build_model()
    rows = batches(x, BATCH, seed=0, repeat=True)
    # As `fit` runs: several steps in one call.
    model.fit(rows, steps_per_epoch=8, epochs=1, verbose=0)
    begun, done = time.perf_counter(), 0
    while done < n_steps:
        model.fit(rows, steps_per_epoch=8, epochs=1, verbose=0)
        done += 8
    return (time.perf_counter() - begun) / done, before


def torch_vae(x, n_steps, is_sparse):
    """The same of a Mult-VAE in PyTorch."""
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.manual_seed(0)
    before = resident()
    n_items = x.shape[1]
    first = torch.nn.EmbeddingBag(n_items, HIDDEN, mode="sum") if is_sparse else torch.nn.Linear(n_items, HIDDEN)
    heads = torch.nn.Linear(HIDDEN, 2 * LATENT)
    decoder = torch.nn.Sequential(torch.nn.Linear(LATENT, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, n_items))
    parts = torch.nn.ModuleList([first, heads, decoder])
    optimizer = torch.optim.Adam(parts.parameters(), lr=1e-3)
    rng = np.random.default_rng(0)

    def step():
        rows = x[rng.permutation(x.shape[0])[:BATCH]]
        dense = torch.from_numpy(rows.toarray())
        if is_sparse:
            items, begins = (
                torch.from_numpy(rows.indices.astype(np.int64)),
                torch.from_numpy(rows.indptr[:-1].astype(np.int64)),
            )
            counts = torch.from_numpy(np.diff(rows.indptr))
            weights = torch.nn.functional.dropout(
                torch.repeat_interleave(counts.float().clamp(min=1).rsqrt(), counts), 0.5
            )
            hidden = torch.tanh(first(items, begins, per_sample_weights=weights))
        else:
            hidden = torch.tanh(first(torch.nn.functional.dropout(torch.nn.functional.normalize(dense), 0.5)))
        mean, log_var = heads(hidden).chunk(2, dim=1)
        z = mean + torch.exp(0.5 * log_var) * torch.randn_like(mean)
        log_probs = torch.nn.functional.log_softmax(decoder(z), dim=1)
        kl = 0.5 * (mean**2 + log_var.exp() - 1.0 - log_var).sum(dim=1)
        loss = (-(log_probs * dense).sum(dim=1) + 0.2 * kl).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return timed(step, n_steps), before


def contend(name, quick):
    """One contender, in this process."""
    x = clicks(quick)
    n_steps = 8 if quick else 16
    seconds, before = ours(x, n_steps) if name == "ours" else torch_vae(x, n_steps, name == "torch_sparse")
    n_batches = -(-x.shape[0] // BATCH)
    return {
        "seconds_per_step": seconds,
        "seconds_per_epoch": seconds * n_batches,
        "peak_gib_above_package": resident() - before,
    }


def catalogue(n_items, n_sampled):
    """Seconds of a step with so many items, and the peak memory above the package; in this process."""
    import tensorflow as tf
    from scipy import sparse

    from keras_vae.data.pipelines import batches
    from keras_vae.tasks.ratings import Recommender

    tf.zeros(1)
    before, n_users = resident(), 2048
    items = np.random.default_rng(0).zipf(1.3, 20 * n_users) % n_items
    x = sparse.csr_matrix(
        (np.ones(20 * n_users, np.float32), items, np.arange(0, 20 * n_users + 1, 20)), shape=(n_users, n_items)
    )
    settings = {
        "latent_dim": 64,
        "hidden_units": [64],
        "batch_size": 256,
        "sampled_items": n_sampled,
        "start": "random",
    }
    recommender = Recommender(**settings, seed=0, validation=0.0)
    recommender.prepare(recommender.load(x))
    model = recommender.build_model()
    rows = batches(recommender._data.x_train, 256, seed=0, repeat=True)
    model.fit(rows, steps_per_epoch=8, epochs=1, verbose=0)
    begun = time.perf_counter()
    model.fit(rows, steps_per_epoch=16, epochs=1, verbose=0)
    return {"seconds_per_step": (time.perf_counter() - begun) / 16, "peak_gib_above_package": resident() - before}


def serving(quick):
    """Seconds of `recommend` through the SavedModel."""
    import keras_vae as kv
    from keras_vae.tasks.ratings import Recommender

    x = clicks(quick)
    recommender = Recommender(seed=0, validation=0.0, epochs=1, start="random").fit(x[:BATCH], verbose=0)
    rows = x[:1000]
    padded = np.full((rows.shape[0], int(np.diff(rows.indptr).max())), -1)
    for i in range(rows.shape[0]):
        padded[i, : rows.indptr[i + 1] - rows.indptr[i]] = rows[i].indices
    with tempfile.TemporaryDirectory() as folder:
        served = kv.load_saved_model(recommender.export(pathlib.Path(folder) / "r").parent)
        seconds = timed(lambda: served.call("recommend", item_ids=padded, k=20), 5)
    return {"users": rows.shape[0], "items": x.shape[1], "seconds": seconds}


def apart(arguments, *words, threads=None):
    """What this script prints for some words in a process of its own."""
    environment = dict(os.environ)
    if threads is not None:
        names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_NUM_THREADS")
        environment |= dict.fromkeys(names, str(threads))
    command = [sys.executable, __file__, *(["--quick"] if arguments.quick else []), "--part", *map(str, words)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def part(words, quick):
    """One measurement in this process, as JSON."""
    kind, *rest = words
    if kind == "train":
        return contend(rest[0], quick)
    if kind == "catalogue":
        return catalogue(int(rest[0]), None if rest[1] == "None" else int(rest[1]))
    return serving(quick)


def main():
    """Measure everything, contenders in turns."""
    parser = make_parser(__doc__)
    parser.add_argument("--part", nargs="+", help="one measurement in this process, as JSON (the script calls itself)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of the contenders (default: 3)")
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(part(arguments.part, arguments.quick)))
        return
    begun, figures = time.monotonic(), {}
    with tempfile.TemporaryDirectory() as folder:
        from scipy import sparse

        path = pathlib.Path(folder) / "clicks.npz"
        sparse.save_npz(path, clicks(arguments.quick))
        os.environ[CLICKS] = str(path)
        turns = [
            {name: apart(arguments, "train", name, threads=1) for name in CONTENDERS}
            for _ in range(1 if arguments.quick else arguments.rounds)
        ]
        figures["serving"] = apart(arguments, "serving")
        os.environ.pop(CLICKS)
    for name in CONTENDERS:
        figures[f"train {name}"] = {
            key: float(np.median([turn[name][key] for turn in turns])) for key in turns[0][name]
        }
    for name in CONTENDERS[1:]:
        figures[f"ratio {name} to ours"] = float(
            np.median([turn[name]["seconds_per_epoch"] / turn["ours"]["seconds_per_epoch"] for turn in turns])
        )
    for n_items in SIZES[:1] if arguments.quick else SIZES:
        for n_sampled in (None, N_SAMPLED):
            key = f"catalogue {n_items} {'all' if n_sampled is None else n_sampled}"
            figures[key] = apart(arguments, "catalogue", n_items, n_sampled)
            print(key, figures[key], flush=True)
    write_result(
        "recommender_speed", figures, {"rounds": arguments.rounds}, arguments, time.monotonic() - begun, ("torch",)
    )
    rows = [
        [key, *(f"{number:.3f}" for number in (value.values() if isinstance(value, dict) else [value]))]
        for key, value in figures.items()
    ]
    for row in rows:
        print("  ".join(row))


if __name__ == "__main__":
    main()
