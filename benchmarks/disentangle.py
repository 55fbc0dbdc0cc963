"""Disentanglement on images of known factors: VAE, beta-VAE, beta-TC-VAE and capacity VAE beside codes of known worth.

All train the same dense networks on all images of `kv.data.FactorShapes`, binarised anew in each epoch, for as many
epochs. The scores are those of `kv.evaluation.disentanglement_scores` on all grey images; the ELBO is that of the
images binarised once. A perfect and a random code of as many dimensions show what the scores can be. Training goes on
where it was broken off: every training has a run folder in --work.
"""

import itertools
import math
import pathlib
import sys
import time

import numpy as np
from _common import format_table, make_parser, write_result

METHODS = {
    "vae": {"beta": 1.0},
    "beta_vae": {"beta": 4.0},
    "beta_tc_vae": {"beta": 6.0},
    "capacity_vae": {"beta": 20.0, "capacity_nats": 15.0},
}
LATENT_DIM, HIDDEN_UNITS = 10, (512, 256)
BATCH_SIZE, LEARNING_RATE = 128, 1e-3
# Part of the training in which the capacity rises from zero.
RAMP = 0.5
BINARISATION_SEED, DRAWS_OF_Z = 0, 5
# Posterior of the perfect code: a hundredth of the spread of its means.
PERFECT_LOG_VAR = 2.0 * math.log(0.01)
SCORE_LABELS = {
    "mig_posterior": "MIG",
    "mig_histogram": "MIG hist",
    "sap": "SAP",
    "dci_disentanglement": "D",
    "dci_completeness": "C",
    "dci_informativeness": "I",
    "factor_vae_score": "FactorVAE",
}
WANTED = {
    "mig_posterior of the perfect code, at least": 0.99,
    "mig_posterior of the random code, at most": 0.01,
    "mig_posterior of beta_tc_vae over that of vae, at least": 2.0,
}


def make_model(method, event_shape, n_steps, seed):
    """Compiled model of a method and the callbacks that it trains with.

    Args:
        method: str, key of `METHODS`.
        event_shape: tuple.
        n_steps: int. Steps of the whole training.
        seed: int.

    Returns:
        Pair of `keras_vae.VAE` and list of callbacks.
    """
    import keras_vae as kv

    beta, capacity = METHODS[method]["beta"], METHODS[method].get("capacity_nats")
    objective, callbacks = kv.objectives.ELBO(beta=beta), []
    if method == "beta_tc_vae":
        objective = kv.objectives.TotalCorrelation(beta=beta)
    if capacity is not None:
        objective = kv.objectives.ELBO(beta=beta, capacity=0.0)
        ramp = kv.schedules.linear(n_steps=max(1, int(RAMP * n_steps)), start=0.0, end=capacity)
        callbacks.append(kv.callbacks.CapacityAnnealing(ramp))
    vae = kv.make_vae(event_shape, LATENT_DIM, hidden_units=HIDDEN_UNITS, objective=objective, seed=seed)
    vae.compile(kv.optimizers.Adam(LEARNING_RATE))
    return vae, callbacks


def train_and_score(method, generator, settings, folder, seed):
    """Train one model and measure it; what is finished is read from its folder.

    Args:
        method: str, key of `METHODS`.
        generator: `keras_vae.data.FactorShapes`.
        settings: dict, as `settings_of` gives it.
        folder: path. Of the run folders.
        seed: int.

    Returns:
        dict: scores by name, `elbo` and `kl` in nats per image, `cpu_minutes` of training,
        which say more than the clock where other work runs beside it.
    """
    import keras_vae as kv
    from keras_vae.runs.run_folder import RunFolder

    run = RunFolder(folder / f"{method}-{settings['epochs']}-{seed}")
    if run.metrics_file.is_file():
        return run.read_metrics()
    x = generator.images(generator.grid())
    vae, progress = train(method, x, settings, run.path, seed)
    binary = kv.data.binarize_once(x, seed=BINARISATION_SEED)
    figures = {
        **kv.evaluation.disentanglement_scores(vae, generator, n=generator.n_images),
        "elbo": float(vae.elbo(binary, n_samples=DRAWS_OF_Z).mean()),
        "kl": float(vae.evaluate(binary, batch_size=500, verbose=0, return_dict=True)["kl_loss"]),
        "cpu_minutes": progress["cpu_minutes"],
    }
    # Last: a run is finished when its figures are there.
    run.write_metrics(figures)
    return figures


def train(method, x, settings, folder, seed):
    """Train one model in its folder: `(model, progress)`, as `train_in_folder` gives them."""
    from _train_in_folder import train_in_folder

    from keras_vae.data.pipelines import batches

    steps_per_epoch = math.ceil(len(x) / BATCH_SIZE)
    model, callbacks = make_model(method, x.shape[1:], settings["epochs"] * steps_per_epoch, seed)

    def batches_from(epoch):
        # One further on: the committed figures were made by `fit(binarized(x))`, which begins with the second pass.
        return batches(x, batch_size=BATCH_SIZE, seed=seed, binarize=True, start_epoch=epoch + 1, repeat=True)

    own = {**settings, **METHODS[method], "method": method, "learning_rate": LEARNING_RATE, "seed": seed}
    return train_in_folder(folder, own, lambda: model, batches_from, settings["epochs"], steps_per_epoch, callbacks)


def known_codes(generator):
    """Scores of a code that is the factors, the rest of its dimensions empty, and of one that is noise."""
    import keras_vae as kv

    factors = generator.grid()
    perfect = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    perfect = np.concatenate([perfect, np.zeros((len(factors), LATENT_DIM - perfect.shape[1]))], axis=1)
    log_var = np.where(np.arange(LATENT_DIM) < factors.shape[1], PERFECT_LOG_VAR, 0.0) + 0.0 * perfect
    noise = np.random.default_rng(0).normal(size=perfect.shape)
    codes = {"perfect_code": (perfect, log_var), "random_code": (noise, np.full_like(noise, PERFECT_LOG_VAR))}
    return {
        name: kv.evaluation.code_scores(z_mean, factors, z_log_var, generator.categorical)
        for name, (z_mean, z_log_var) in codes.items()
    }


def mean_of(runs):
    """Mean of every figure over runs of different seeds."""
    return {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--epochs", type=int, help="default: 40, quick: 2")
    parser.add_argument("--n-seeds", type=int, help="trainings of each method (default: 2, quick: 1)")
    parser.add_argument(
        "--work",
        type=pathlib.Path,
        default=pathlib.Path(__file__).resolve().parent / "work" / "disentangle",
        help="folder of the trainings (default: benchmarks/work/disentangle)",
    )
    return parser.parse_args(argv)


def settings_of(arguments, generator):
    """What one needs to train again."""
    widths = "-".join(map(str, (generator.image_size**2, *HIDDEN_UNITS, LATENT_DIM)))
    return {
        "network": f"dense {widths}",
        "images": dict(zip(generator.names, generator.sizes, strict=True)),
        "likelihood": "bernoulli, images binarised anew in every epoch",
        "optimizer": f"Adam {LEARNING_RATE}",
        "batch_size": BATCH_SIZE,
        "epochs": arguments.epochs or (2 if arguments.quick else 40),
        "capacity_ramp": RAMP,
        "elbo": f"images binarised once, seed {BINARISATION_SEED}, {DRAWS_OF_Z} draws of z",
    }


def print_table(figures):
    """Print the mean over seeds of every method, and the codes of known worth."""
    header = ["method", *SCORE_LABELS.values(), "ELBO, nats", "KL, nats", "CPU minutes"]
    columns = [*SCORE_LABELS, "elbo", "kl", "cpu_minutes"]
    print(format_table(header, [[name, *(row.get(column) for column in columns)] for name, row in figures.items()]))


def main(argv=None):
    arguments = parse_arguments(argv)
    from keras_vae.data.factor_shapes import FactorShapes

    sizes = {"image_size": 16, "n_scales": 3, "n_angles": 4, "n_positions": 4} if arguments.quick else {}
    generator = FactorShapes(**sizes)
    settings = settings_of(arguments, generator)
    n_seeds = arguments.n_seeds or (1 if arguments.quick else 2)
    seeds = range(arguments.seed, arguments.seed + n_seeds)
    started, runs = time.perf_counter(), {method: [] for method in METHODS}
    folder = arguments.work / ("quick" if arguments.quick else "full")
    for method, seed in itertools.product(METHODS, seeds):
        runs[method].append(train_and_score(method, generator, settings, folder, seed))
    means = {method: mean_of(of_seeds) for method, of_seeds in runs.items()} | known_codes(generator)
    print_table(means)
    figures = {"mean": means, "by_seed": runs}
    # What was trained before is not in the seconds of the result; it is in `cpu_minutes`.
    settings |= {"seeds": list(seeds), "methods": METHODS, "wanted": WANTED}
    seconds = time.perf_counter() - started
    print(write_result("disentangle", figures, settings, arguments, seconds, peers=("scikit-learn",)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; the same command goes on")
