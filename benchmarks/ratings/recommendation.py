"""Recommenders on Last.fm, Amazon Video Games and Gowalla, beside popularity, nearest neighbours, EASE and ALS.

All items that a user has not chosen are ranked. Gowalla in the split of LightGCN; of the others a fifth of the items of
every user with at least five is held out, at random (seed 0): users and items in ascending order, of n items
`permutation(n)[: round(n / 5)]`. Ours is trained by the shell, in a run folder: what was broken off goes on. Peers are
tuned on a fifth of the training part (NDCG@20, users with an item there; EASE of the two larger sets is not tuned: 200
and 100). What stands in the result file is not measured again.

    python benchmarks/ratings/recommendation.py --sets lastfm --methods mult_vae,ease --minutes 10
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import format_table, make_parser, write_result

SETS = ("lastfm", "video_games", "gowalla")
# Name to the options of the shell.
OURS = {
    "mult_vae": ("--model", "mult_vae"),
    # Batches and rate as they were best on a validation part of Video Games.
    "mult_vae_residual": ("--encoder", "residual", "--batch-size", "256", "--learning-rate", "0.002"),
    "mult_dae": ("--model", "mult_dae"),
    "rec_vae": ("--model", "rec_vae"),
}
PEERS = ("popularity", "neighbours", "ease", "als")
LAMBDA = {"video_games": 200.0, "gowalla": 100.0}
WORK = pathlib.Path("runs") / "benchmarks-recommendation"
# Users by whom peers are tuned.
N_TUNED = 3000
MEASURES = ("recall_at_20", "ndcg_at_20", "ndcg_at_100", "recall_at_100")


def pairs_of(name):
    """Users and items of a set, int arrays, as its files have them."""
    import gzip

    folder = pathlib.Path(os.environ["KERAS_VAE_DATA"])
    if name == "lastfm":
        with gzip.open(folder / "lastfm-hetrec2011/user_artists.dat.gz", "rt") as file:
            users, items, _ = np.loadtxt(file, dtype=np.int64, skiprows=1).T
    else:
        with gzip.open(folder / "amazon/Video_Games.txt.gz", "rt") as file:
            users, items = np.loadtxt(file, dtype=np.int64).T
    pairs = np.unique(np.stack([users, items], axis=1), axis=0)
    found, counts = np.unique(pairs[:, 0], return_counts=True)
    return pairs[np.isin(pairs[:, 0], found[counts >= 5])]


def split_folder(name):
    """A folder with train.txt and test.txt of a set in the split above; that of Gowalla is there already."""
    if name == "gowalla":
        return pathlib.Path(os.environ["KERAS_VAE_DATA"]) / "gowalla"
    folder = WORK / name
    if (folder / "test.txt").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    rng, pairs = np.random.default_rng(0), pairs_of(name)
    users, begins = np.unique(pairs[:, 0], return_index=True)
    train, test = [], []
    for user, items in zip(users, np.split(pairs[:, 1], begins[1:]), strict=True):
        held = np.zeros(len(items), bool)
        held[rng.permutation(len(items))[: max(1, round(0.2 * len(items)))]] = True
        train.append(f"{user} {' '.join(map(str, items[~held]))}")
        test.append(f"{user} {' '.join(map(str, items[held]))}")
    (folder / "train.txt").write_text("\n".join(train) + "\n")
    (folder / "test.txt").write_text("\n".join(test) + "\n")
    return folder


def ours(name, model, arguments):
    """Figures of one of our models, trained in a run folder by the shell."""
    out = WORK / f"{name}-{model}-{arguments.minutes:g}-seed-{arguments.seed}"
    program = pathlib.Path(sys.executable).with_name("keras-vae")
    command = [str(program), "train-recommender", "--data", str(split_folder(name)), "--out", str(out), "--resume"]
    command += [*OURS[model], "--seed", str(arguments.seed), "--minutes", f"{arguments.minutes:g}"]
    command += ["--validation", str(0.02 if name != "lastfm" else 0.1)]
    begun = time.monotonic()
    subprocess.run(command, check=True)
    metrics = json.loads((out / "metrics.json").read_text())
    config = json.loads((out / "config.json").read_text())["settings"]
    kept = {
        key: config[key]
        for key in ("epochs", "batch_size", "hidden_units", "latent_dim", "beta", "encoder", "decoder", "start")
    }
    found = {key: metrics[key] for key in (*MEASURES, "recall_at_20_interval", "ndcg_at_20_interval", "kept_epoch")}
    # Of a run that was found trained these are the seconds of the command.
    return {**found, "minutes": arguments.minutes, "settings": kept, "seconds": round(time.monotonic() - begun, 1)}


def peer(name, method, arguments):
    """Figures of a peer: tuned on a part of the training part, then fitted to all of it."""
    from keras_vae.tasks.ratings import Recommender
    from keras_vae.tasks.ratings.splits import hide_items

    data = Recommender(validation=0.0).load(str(split_folder(name)))
    x, held = data.x_train, data.test
    grid = candidates(name, method)
    tried = {}
    if len(grid) > 1:
        kept, hidden = hide_items(x, 0.2, 1)
        rows = np.flatnonzero(np.diff(hidden.indptr))
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:N_TUNED])
        for settings in grid:
            tried[json.dumps(settings)] = measured(fitted(method, settings, kept), kept[rows], hidden[rows])[
                "ndcg_at_20"
            ]
            print(name, method, settings, f"{tried[json.dumps(settings)]:.4f} on the validation part", flush=True)
    best = json.loads(max(tried, key=tried.get)) if tried else grid[0]
    begun = time.monotonic()
    model = fitted(method, best, x)
    seconds = time.monotonic() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        **measured(model, held.seen, held.hidden),
        "settings": best,
        "tried": tried,
        "fit_seconds": round(seconds, 1),
        "peak_gib_of_the_process": round(peak, 2),
    }


def candidates(name, method):
    """Settings of a peer that are tried."""
    if method == "popularity":
        return [{}]
    if method == "neighbours":
        return [{"n_neighbors": n, "shrinkage": s} for n in (50, 200, 1000) for s in (0.0, 10.0, 50.0)]
    if method == "ease":
        return (
            [{"regularization": LAMBDA[name]}]
            if name in LAMBDA
            else [{"regularization": r} for r in (50.0, 100.0, 200.0)]
        )
    return [
        {"factors": f, "regularization": r, "alpha": a} for f in (100, 200) for r in (0.01, 0.1) for a in (1.0, 10.0)
    ]


def fitted(method, settings, x):
    """A peer with `recommend(rows, k)`."""
    from keras_vae.tasks.ratings import EASE, ItemKNN, Popularity

    if method == "als":
        return ALS(**settings).fit(x)
    return {"popularity": Popularity, "neighbours": ItemKNN, "ease": EASE}[method](**settings).fit(x)


class ALS:
    """Alternating least squares of the package `implicit`; users are folded in by the items that are known."""

    def __init__(self, factors, regularization, alpha):
        from implicit.als import AlternatingLeastSquares

        self.model = AlternatingLeastSquares(
            factors=factors, regularization=regularization, alpha=alpha, iterations=15, random_state=0, num_threads=0
        )

    def fit(self, x):
        self.model.fit(x, show_progress=False)
        return self

    def recommend(self, rows, k):
        return self.model.recommend(
            np.arange(rows.shape[0]), rows, N=k, filter_already_liked_items=True, recalculate_user=True
        )


def measured(model, seen, hidden):
    """Means of the measures over users."""
    from keras_vae.tasks.ratings import measure_lists

    ranked, _ = model.recommend(seen, 100)
    short, long = measure_lists(ranked, hidden, 20), measure_lists(ranked, hidden, 100)
    values = short.recall, short.ndcg, long.ndcg, long.recall
    return {key: float(value.mean()) for key, value in zip(MEASURES, values, strict=True)}


def found_before(arguments):
    """Figures of an earlier measurement with the same seed, broken off or of other sets and methods."""
    path = arguments.results / ("quick" if arguments.quick else "") / "recommendation.json"
    if not path.is_file():
        return {}
    content = json.loads(path.read_text())
    return content["figures"] if content["seed"] == arguments.seed else {}


def main():
    """Measure every method on every set."""
    parser = make_parser(__doc__)
    parser.add_argument("--sets", default=",".join(SETS), help="which sets, with commas")
    parser.add_argument("--methods", default=",".join((*OURS, *PEERS)), help="which methods, with commas")
    parser.add_argument("--minutes", type=float, default=25.0, help="of each training of ours, at most (default: 25)")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.sets, arguments.methods, arguments.minutes = "lastfm", "mult_vae,popularity,neighbours", 0.3
    begun, figures = time.monotonic(), found_before(arguments)
    for name in arguments.sets.split(","):
        for method in arguments.methods.split(","):
            key = f"{name} {method}"
            if key not in figures:
                figures[key] = (ours if method in OURS else peer)(name, method, arguments)
                print(key, {measure: round(figures[key][measure], 4) for measure in MEASURES}, flush=True)
                settings = {"n_tuned": N_TUNED}
                write_result(
                    "recommendation", figures, settings, arguments, time.monotonic() - begun, ("implicit", "scipy")
                )
    rows = [[*key.split(), *(f"{found[measure]:.4f}" for measure in MEASURES)] for key, found in figures.items()]
    print(format_table(["set", "method", *MEASURES], rows))


if __name__ == "__main__":
    main()
