"""Disentanglement on images of known factors: VAE, beta-VAE, beta-TC-VAE and capacity VAE beside codes of known worth.

All train the same dense networks on all images of `kv.data.FactorShapes`, binarised anew in each epoch, for as many
epochs. The scores are those of `kv.evaluation.disentanglement_scores` on all grey images; the ELBO is that of the
images binarised once. A perfect and a random code of as many dimensions show what the scores can be. A training that is
done is kept in `--work` and not repeated.
"""

import functools
import itertools
import json
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

    settings = METHODS[method]
    vae = kv.make_vae(event_shape, LATENT_DIM, hidden_units=HIDDEN_UNITS, beta=settings["beta"], seed=seed)
    parts = {"likelihood": "bernoulli", "beta": settings["beta"], "seed": seed}
    callbacks = []
    if method == "beta_tc_vae":
        vae = kv.BetaTCVAE(vae.encoder, vae.decoder, **parts)
    if method == "capacity_vae":
        vae = kv.VAE(vae.encoder, vae.decoder, capacity=0.0, **parts)
        ramp = {"n_steps": max(1, int(RAMP * n_steps)), "start": 0.0, "end": settings["capacity_nats"]}
        callbacks.append(kv.callbacks.CapacityAnnealing(functools.partial(kv.schedules.linear, **ramp)))
    vae.compile(kv.optimizers.Adam(LEARNING_RATE))
    return vae, callbacks


def train_and_score(method, generator, n_epochs, seed):
    """Train one model and measure it.

    Args:
        method: str, key of `METHODS`.
        generator: `keras_vae.data.FactorShapes`.
        n_epochs: int.
        seed: int.

    Returns:
        dict: scores by name, `elbo` and `kl` in nats per image, `cpu_minutes` of training,
        which say more than the clock where other work runs beside it.
    """
    import keras

    import keras_vae as kv

    x = generator.images(generator.grid())
    n_steps = n_epochs * math.ceil(len(x) / BATCH_SIZE)
    vae, callbacks = make_model(method, x.shape[1:], n_steps, seed)
    started, used = time.perf_counter(), time.process_time()

    def report(epoch, logs):
        if (epoch + 1) % max(1, n_epochs // 4) == 0:
            line = f"{method}, seed {seed}: epoch {epoch + 1} of {n_epochs}, ELBO {logs['elbo']:.2f}, KL"
            print(f"{line} {logs['kl_loss']:.2f}, {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)

    data = kv.data.binarized(x, batch_size=BATCH_SIZE, seed=seed)
    callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=report))
    vae.fit(data, epochs=n_epochs, verbose=0, callbacks=callbacks)
    cpu_minutes = (time.process_time() - used) / 60.0
    binary = kv.data.binarize_once(x, seed=BINARISATION_SEED)
    return {
        **kv.evaluation.disentanglement_scores(vae, generator, n=generator.n_images),
        "elbo": float(vae.elbo(binary, n_samples=DRAWS_OF_Z).mean()),
        "kl": float(vae.evaluate(binary, batch_size=500, verbose=0, return_dict=True)["kl_loss"]),
        "cpu_minutes": cpu_minutes,
    }


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


def kept(path, settings, measure):
    """What `measure()` gives, from the file if it was written under the same settings."""
    from keras_vae._files import write_text

    if path.exists():
        content = json.loads(path.read_text())
        if content["settings"] == settings:
            return content["figures"]
    figures = measure()
    write_text(path, json.dumps({"settings": settings, "figures": figures}, indent=2) + "\n")
    return figures


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
        help="folder of finished trainings, which are not repeated (default: benchmarks/work/disentangle)",
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
        train = functools.partial(train_and_score, method, generator, settings["epochs"], seed)
        runs[method].append(kept(folder / f"{method}-{seed}.json", {**settings, **METHODS[method]}, train))
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
        sys.exit("\ninterrupted; finished trainings are kept")
