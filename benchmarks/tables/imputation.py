"""Values filled into tables with holes by `VAEImputer`, beside scikit-learn's imputers.

Six numeric sets of ADBench without labels, at most 1,500 rows drawn with seed 0, constant columns left out,
standardised by all rows; and two sets of scikit-learn with a column of classes: iris with its species, diabetes with
the sex.

30 % of the cells are hidden, completely at random ("mcar"): each cell by itself; or at random ("mar"): half of the
columns, drawn at random, stay as they are, and a cell of another column is hidden with probability
sigmoid(2 s + b), where s is a random sum of the columns that stay (weights N(0, 1), standardised), drawn for each
column, and b is chosen so that 30 % of the column are hidden.

Error: root mean square over the hidden cells of columns of numbers, in standard deviations of the complete column.
Accuracy: of hidden classes; the peers see one column of 0 and 1 per class but the first, whose estimate is what the
others leave of 1 (a column more, and a linear method gives each back from the others), and the largest counts.

All are used with their defaults and a random state of 0. The defaults of `VAEImputer` were chosen on other sets of
ADBench (glass, breastw, cardio, Stamps, WPBC, vertebral, satimage-2: the last is of the origin of satellite).
"""

import os
import pathlib
import sys
import time
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import format_table, make_parser, write_result

SETS = ("18_Ionosphere", "29_Pima", "30_satellite", "43_WDBC", "45_wine", "47_yeast")
MIXED = ("iris", "diabetes")
SHARE, MAX_ROWS = 0.3, 1500
PEERS = ("mean", "knn", "iterative")
METHODS = ("ours", *PEERS)


def numeric_set(name):
    """Array `(n, columns)` of one set, standardised."""
    folder = pathlib.Path(os.environ.get("KERAS_VAE_DATA", "."), "adbench")
    x = np.load(folder / f"{name}.npz")["X"].astype(float)
    x = x[np.random.default_rng(0).permutation(len(x))[:MAX_ROWS]]
    return standardised(x[:, x.std(axis=0) > 0])


def standardised(x):
    """Columns of mean 0 and standard deviation 1."""
    return (x - x.mean(axis=0)) / x.std(axis=0)


def mixed_set(name):
    """Array `(n, columns)` of one set, and the number of its column of classes, whose values are 0, 1, ..."""
    from sklearn import datasets

    if name == "iris":
        bunch = datasets.load_iris()
        return np.column_stack([standardised(bunch.data), bunch.target]), 4
    bunch = datasets.load_diabetes(scaled=False)
    x = np.delete(bunch.data, 1, axis=1)
    return np.column_stack([standardised(np.column_stack([x, bunch.target])), bunch.data[:, 1] - 1.0]), 10


def holes(x, how, seed):
    """Which cells are hidden, bool array; `how` is "mcar" or "mar"."""
    rng = np.random.default_rng(seed)
    if how == "mcar":
        return rng.random(x.shape) < SHARE
    order = rng.permutation(x.shape[1])
    causes, others = np.split(order, [x.shape[1] // 2])
    hidden = np.zeros(x.shape, bool)
    for j in others:
        s = standardised(x[:, causes] @ rng.normal(size=len(causes)))
        hidden[:, j] = rng.random(len(x)) < sigmoid(2.0 * s + offset_for(2.0 * s))
    return hidden


def sigmoid(values):
    """1 / (1 + exp(-values))."""
    return 1.0 / (1.0 + np.exp(-values))


def offset_for(logits):
    """The number that has to be added for a mean probability of `SHARE`."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sigmoid(logits + middle).mean() < SHARE else (low, middle)
    return low


def ours(x, classes):
    """The table filled by `VAEImputer`."""
    from keras_vae.tasks.tables import VAEImputer

    kinds = None if classes is None else {f"x{classes}": "category"}
    return VAEImputer(random_state=0, column_kinds=kinds).fit_transform(x)


def peer(name, x, classes):
    """The table filled by scikit-learn, a column of classes by one column for each."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

    imputer = {"mean": SimpleImputer, "knn": KNNImputer, "iterative": lambda: IterativeImputer(random_state=0)}[name]()
    if classes is None:
        return imputer.fit_transform(x)
    labels = x[:, classes]
    known = np.unique(labels[~np.isnan(labels)])
    one_hot = np.where(np.isnan(labels)[:, None], np.nan, labels[:, None] == known[1:])
    filled = imputer.fit_transform(np.column_stack([np.delete(x, classes, axis=1), one_hot]))
    numbers, others = np.split(filled, [x.shape[1] - 1], axis=1)
    chosen = known[np.column_stack([1.0 - others.sum(axis=1), others]).argmax(axis=1)]
    return np.insert(numbers, classes, chosen, axis=1)


def one_case(x, classes, hidden):
    """Error, accuracy and seconds of every method."""
    shown = np.where(hidden, np.nan, x)
    numbers = [j for j in range(x.shape[1]) if j != classes]
    found = {}
    for name in METHODS:
        begun = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            filled = ours(shown, classes) if name == "ours" else peer(name, shown, classes)
        of_numbers = (filled - x)[:, numbers][hidden[:, numbers]]
        found[name] = {"rmse": float(np.sqrt(np.mean(of_numbers**2))), "seconds": round(time.monotonic() - begun, 2)}
        if classes is not None and hidden[:, classes].any():
            rows = hidden[:, classes]
            found[name]["accuracy"] = float(np.mean(np.round(filled[rows, classes]) == x[rows, classes]))
    return found


def mean_over(cases, name, key="rmse"):
    """Mean of a figure of one method over the cases that have it."""
    return float(np.mean([case[name][key] for case in cases if key in case[name]]))


def main():
    """Fill all tables."""
    parser = make_parser(__doc__)
    parser.add_argument("--n-seeds", type=int, default=2, help="patterns of holes per set (default: 2)")
    arguments = parser.parse_args()
    begun, cases = time.monotonic(), {}
    names = ("iris",) if arguments.quick else (*SETS, *MIXED)
    for name in names:
        x, classes = mixed_set(name) if name in MIXED else (numeric_set(name), None)
        for how in ("mcar", "mar"):
            for seed in range(1 if arguments.quick else arguments.n_seeds):
                case = one_case(x, classes, holes(x, how, arguments.seed + seed))
                cases[f"{name} {how} {seed}"] = {"rows": len(x), "columns": x.shape[1], **case}
                print(name, how, seed, {m: {k: round(v, 3) for k, v in case[m].items()} for m in METHODS}, flush=True)
    means = {}
    for how in ("mcar", "mar"):
        for group, of in (("numeric", SETS), ("mixed", MIXED)):
            some = [case for label, case in cases.items() if label.split()[1] == how and label.split()[0] in of]
            if some:
                means[f"{group} {how}"] = {m: mean_over(some, m) for m in METHODS}
    with_classes = [case for case in cases.values() if "accuracy" in case["ours"]]
    means["accuracy of classes"] = {m: mean_over(with_classes, m, "accuracy") for m in METHODS}
    print(format_table(["mean", *METHODS], [[label, *found.values()] for label, found in means.items()]))
    settings = {"share": SHARE, "max_rows": MAX_ROWS, "n_seeds": arguments.n_seeds}
    seconds = time.monotonic() - begun
    write_result("imputation", {"means": means, "cases": cases}, settings, arguments, seconds, peers=("scikit-learn",))


if __name__ == "__main__":
    main()
