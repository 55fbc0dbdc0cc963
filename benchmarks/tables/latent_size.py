"""Whether `choose_latent_dim` finds the number of factors that a table was made with, beside linear methods.

A table has 2,000 rows of 30 columns, made with 2, 5 or 10 standard normal factors. Linear: each column is a random sum
of the factors (weights drawn from N(0, 1 / factors)). Non-linear: 30 hidden units tanh(z A) with weights A drawn from
N(0, 1 / factors), and each column a random sum of the units (N(0, 1 / 30)), scaled to unit variance. Gaussian noise
with a standard deviation of 0.3 is added to both. Two more tables have stronger curves, tanh(1.5 z A + b) with b drawn
from N(0, 0.25), which are not counted.

Right is the true number or one more. The peers see the same training rows: factor analysis by the mean log-likelihood
of five folds (scikit-learn), the smallest number within one standard error of the best by the paired differences of
rows as well; PCA with Minka's maximum likelihood; parallel analysis (Horn 1965), eigenvalues above the 95th percentile
of those of 100 tables with shuffled columns; Kaiser's rule, eigenvalues of the correlations above 1.

Every training and every table is kept as it comes: the same command goes on where it was broken off.
"""

import json
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import format_table, make_parser, write_result
from _provenance import commit

ROOT = pathlib.Path(__file__).resolve().parents[2]
N_ROWS, N_COLUMNS, N_UNITS, NOISE = 2000, 30, 30, 0.3
TABLES = [(kind, n) for kind in ("linear", "non-linear") for n in (2, 5, 10)]
NOT_COUNTED = [("strongly curved", n) for n in (2, 10)]
METHODS = ("ours", "factor_analysis", "minka", "parallel_analysis", "kaiser")


def make_table(kind, n_factors, seed):
    """Array `(2000, 30)`, float32."""
    rng = np.random.default_rng((seed, n_factors))
    z = rng.normal(size=(N_ROWS, n_factors))
    if kind == "linear":
        x = z @ rng.normal(size=(n_factors, N_COLUMNS)) / np.sqrt(n_factors)
    else:
        inputs = z @ rng.normal(size=(n_factors, N_UNITS)) / np.sqrt(n_factors)
        if kind == "strongly curved":
            inputs = 1.5 * inputs + rng.normal(scale=0.5, size=N_UNITS)
        x = np.tanh(inputs) @ rng.normal(size=(N_UNITS, N_COLUMNS)) / np.sqrt(N_UNITS)
        x /= x.std(axis=0)
    return (x + rng.normal(scale=NOISE, size=x.shape)).astype(np.float32)


def by_factor_analysis(x, most=20):
    """Number of factors by cross-validated log-likelihood and one standard error of the paired differences."""
    from sklearn.decomposition import FactorAnalysis
    from sklearn.model_selection import KFold

    rows = np.zeros((most, len(x)))
    for train, test in KFold(5, shuffle=True, random_state=0).split(x):
        for n in range(1, most + 1):
            rows[n - 1, test] = FactorAnalysis(n, random_state=0).fit(x[train]).score_samples(x[test])
    differences = rows - rows[rows.mean(axis=1).argmax()]
    errors = differences.std(axis=1, ddof=1) / np.sqrt(len(x))
    return 1 + int(np.flatnonzero(differences.mean(axis=1) >= -errors)[0])


def by_minka(x):
    """Number of components of PCA with the highest evidence."""
    from sklearn.decomposition import PCA

    return int(PCA(n_components="mle").fit(x).n_components_)


def by_eigenvalues(x, seed):
    """`(parallel analysis, Kaiser's rule)`."""
    rng = np.random.default_rng(seed)
    values = np.linalg.eigvalsh(np.corrcoef(x.T))[::-1]
    shuffled = [np.linalg.eigvalsh(np.corrcoef([rng.permutation(column) for column in x.T]))[::-1] for _ in range(100)]
    is_above = values > np.percentile(shuffled, 95, axis=0)
    return int(np.argmin(is_above) if not is_above.all() else len(values)), int(np.sum(values > 1.0))


def one_table(kind, n_factors, seed, arguments):
    """What every method takes for the number of factors."""
    from keras_vae.tasks.tables import choose_latent_dim

    begun = time.monotonic()
    x = make_table(kind, n_factors, seed)
    folder = arguments.work / f"{kind.replace(' ', '-')}-{n_factors}-{seed}{'-quick' * arguments.quick}"
    settings = {"epochs": 5} if arguments.quick else {"minutes": arguments.minutes}
    if arguments.hidden_units:
        settings["hidden_units"] = tuple(arguments.hidden_units)
    found = choose_latent_dim(x, folder=folder, n_jobs=arguments.jobs, seed=0, verbose=False, **settings)
    parallel, kaiser = by_eigenvalues(x, seed)
    figures = {"ours": found.chosen, "factor_analysis": by_factor_analysis(x), "minka": by_minka(x)}
    figures |= {"parallel_analysis": parallel, "kaiser": kaiser}
    return {
        "kind": kind,
        "factors": n_factors,
        "seed": seed,
        **figures,
        "best": found.best,
        "sizes": found.as_dict(),
        "seconds": round(time.monotonic() - begun, 1),
        "commit": commit(),
    }


def is_right(row, method):
    """Whether a method has found the true number or one more."""
    return row[method] - row["factors"] in (0, 1)


def parse_arguments(argv=None):
    """The arguments of this script."""
    parser = make_parser(__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="tables of each kind (default: 1)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--minutes", type=float, default=10.0, help="at most, of one training (default: 10)")
    parser.add_argument("--hidden-units", type=int, nargs="+", help="widths of the network (default: that of tables)")
    parser.add_argument(
        "--work", type=pathlib.Path, default=ROOT / "benchmarks" / "work" / "latent_size", help="folder of trainings"
    )
    return parser.parse_args(argv)


def show(kept):
    """The table of all tables so far, and how often each method was right; returns the figures of the result."""
    rows = list(kept.values())
    header = ["table", "factors", "seed", *(method.replace("_", " ") for method in METHODS)]
    print(format_table(header, [[row["kind"], row["factors"], row["seed"], *map(row.get, METHODS)] for row in rows]))
    counted = [row for row in rows if (row["kind"], row["factors"]) in TABLES]
    right = {method: sum(is_right(row, method) for row in counted) for method in METHODS}
    print(f"the true number or one more, of {len(counted)}: {', '.join(f'{m} {n}' for m, n in right.items())}\n")
    return {"right": right, "tables": len(counted), "rows": rows}


def main():
    """Run what is not there yet; the result is written after every table."""
    arguments = parse_arguments()
    kept_file = arguments.work / f"figures{'-quick' * arguments.quick}.json"
    kept_file.parent.mkdir(parents=True, exist_ok=True)
    kept = json.loads(kept_file.read_text()) if kept_file.is_file() else {}
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    wanted = [(*table, seed) for seed in seeds for table in (*TABLES, *NOT_COUNTED)]
    settings = {"minutes": arguments.minutes, "seeds": arguments.seeds}
    for kind, n_factors, seed in wanted[:1] if arguments.quick else wanted:
        name = f"{kind} {n_factors} {seed}"
        if name not in kept:
            kept[name] = one_table(kind, n_factors, seed, arguments)
            kept_file.write_text(json.dumps(kept, indent=1))
        seconds = sum(row["seconds"] for row in kept.values())
        write_result("latent_size", show(kept), settings, arguments, seconds, peers=("scikit-learn",))


if __name__ == "__main__":
    main()
