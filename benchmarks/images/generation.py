"""New images of a VAE, a VAE with a discriminator, and a VQ-VAE with its prior, of one size and after the same time.

Fashion-MNIST or MNIST, the whole training part, grey values from 0 to 1, the convolutional networks of the library with
their defaults, batches of 128, Adam, its rate falling to zero in the second half. The time of a training is the CPU
time of the process on one thread, the same for all.

VAE and VAE/GAN draw from their prior, and once more from a mixture of ten Gaussians that is fitted to the codes of
10,000 training images (`kv.samplers.fit(model, x, "gmm")`, "+ mixture"): samples are then not held back by a prior that
the codes do not follow. The time of a fit, some seconds, comes on top. `vae_learned` and `vae_gan_learned` draw from
their own prior, a mixture of 50 Gaussians that is trained with them from the first step, within the same time.

Measured in the features of a classifier that was trained on the labels of the training part: the Frechet distance of
10,000 samples from the 10,000 test images, precision and recall of 5,000 of each; as floor the same for 10,000 images
of the training part; and the distance of reconstructions of the test images, below which no prior could bring a model.
The distances are comparable within this table alone. Weights of the losses and rates of learning were chosen by the
distance from the last 10,000 training images, after trainings of a few minutes on the others.
"""

import json
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
sys.path.insert(0, str(ROOT / "benchmarks" / "images"))

from _classifier import classifier_of  # noqa: E402
from _common import format_table, make_parser, write_result  # noqa: E402

NAME = "generation"
SETS = ("fashion_mnist", "mnist")
# Those whose prior is a mixture that is learned with the model are "learned".
MODELS = ("vae", "vae_gan", "vq_vae", "vae_learned", "vae_gan_learned")
WITH_SAMPLER = ("vae", "vae_gan")
N_FITTED, N_COMPONENTS, N_LEARNED = 10_000, 10, 50
# Of the optimizer, and of that of the discriminator.
RATES = {"vae": (2e-3,), "vae_gan": (3e-3, 1e-3), "vq_vae": (2e-3,)}
RATES |= {f"{kind}_learned": RATES[kind] for kind in ("vae", "vae_gan")}
BATCH, MINUTES, QUICK_MINUTES = 128, 6.0, 0.1
N_IMAGES, N_QUICK = 10_000, 200
N_SHOWN = 8


def parse_arguments(given=None):
    parser = make_parser(__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"of every training (default: {MINUTES:g})")
    work = ROOT / "benchmarks" / "work"
    parser.add_argument("--work", type=pathlib.Path, default=work / NAME, help="folder of models and of what is done")
    parser.add_argument("--classifiers", type=pathlib.Path, default=work / "classifiers", help="folder of NAME.keras")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, help="the VAE among them")
    text = "compare with the last 10,000 training images, write nothing; give another --work"
    parser.add_argument("--validation", action="store_true", help=text)
    parser.add_argument("--train", nargs="+", choices=MODELS, help="train these and stop: for several processes")
    return parser.parse_args(given)


def untrained(kind, seed):
    """A model with the defaults of the library."""
    import keras_vae as kv

    plain = kind.removesuffix("_learned")
    make = {"vae": kv.make_vae, "vae_gan": kv.make_vae_gan, "vq_vae": kv.make_vq_vae}[plain]
    options = {} if kind == "vq_vae" else {"latent_dim": 20, "network": "conv"}
    if kind != plain:
        options["prior"] = kv.priors.MixtureOfGaussians(N_LEARNED, seed=seed)
    return make((28, 28, 1), seed=seed, **options)


def rates_of_time(rates, minutes):
    """A callback that lets the rates of all optimizers of a model fall with the CPU time, and ends the training."""
    import keras

    class RatesOfTime(keras.callbacks.Callback):
        looks_at_batches = False  # The end of a call of several steps is often enough.
        start = None

        def on_train_batch_end(self, batch, logs=None):
            # The first call takes the time of making the graph.
            self.start = time.process_time() if self.start is None else self.start
            share = (time.process_time() - self.start) / (60.0 * minutes)
            for name, rate in zip(("optimizer", "discriminator_optimizer"), rates, strict=False):
                getattr(self.model, name).learning_rate.assign(rate * max(0.01, min(1.0, 2.0 * (1.0 - share))))
            self.model.stop_training = share >= 1.0

    return RatesOfTime()


def trained(name, kind, x, arguments):
    """A model of one set, from its file or trained; and what is known of its training."""
    import keras

    path = arguments.work / f"{name}_{kind}.keras"
    if path.exists() and not arguments.quick:
        return keras.models.load_model(path), json.loads(path.with_suffix(".json").read_text())
    from keras_vae.optimizers import Adam

    minutes = QUICK_MINUTES if arguments.quick else arguments.minutes
    model = untrained(kind, arguments.seed)
    rates = RATES[kind]
    second = {"discriminator_optimizer": Adam(rates[1])} if len(rates) > 1 else {}
    model.compile(Adam(rates[0]), **second)
    keras.utils.set_random_seed(arguments.seed)
    history = model.fit(
        x, batch_size=BATCH, epochs=10_000, verbose=0, callbacks=[rates_of_time(rates, minutes)]
    ).history
    known = {
        "n_params": model.count_params(),
        "n_params_to_generate": model.decoder.count_params()
        + (model.prior.count_params() if model.prior.weights else 0),
        "cpu_minutes": minutes,
        "epochs": round(int(model.optimizer.iterations) * BATCH / len(x), 2),
        "last_terms": {term: values[-1] for term, values in history.items()},
    }
    if not arguments.quick:
        arguments.work.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").write_text(json.dumps(known))
        model.save(path)
    return model, known


def pictures(sets):
    """Sets of images side by side, each a square of them, `(height, width)` uint8."""
    squares = []
    for images in sets:
        rows = np.asarray(images)[: N_SHOWN**2, ..., 0].reshape(N_SHOWN, N_SHOWN, 28, 28)
        squares += [rows.transpose(0, 2, 1, 3).reshape(N_SHOWN * 28, -1), np.ones((N_SHOWN * 28, 8))]
    return np.rint(255.0 * np.concatenate(squares[:-1], axis=1)).astype(np.uint8)


def parts_of(data, n, validation):
    """Images to train on and `n` to compare with, from 0 to 1: the test images, or the last of the training part."""
    x, x_test = (part.astype(np.float32) / 255.0 for part in (data.x_train, data.x_test))
    return (x[:-N_IMAGES], x[-N_IMAGES:][:n]) if validation else (x, x_test[:n])


def one_set(name, arguments):
    """Figures of all models of a set, and a picture: data, then the samples in the order of the table."""
    import keras_vae as kv
    from keras_vae.tasks.images.generation.compare_samples import compare_samples

    data = kv.data.load(name)
    n = N_QUICK if arguments.quick else N_IMAGES
    x, real = parts_of(data, n, arguments.validation)
    classifier = classifier_of(name, data, arguments.classifiers, arguments.quick)
    if arguments.train:
        for kind in arguments.train:
            trained(name, kind, x, arguments)
        return None, None
    figures, samples, reconstructions = {}, {}, {}
    for kind in arguments.models:
        model, figures[kind] = trained(name, kind, x[:2000] if arguments.quick else x, arguments)
        begun = time.process_time()
        samples[kind] = model.sample(n, seed=arguments.seed)
        figures[kind]["cpu_seconds_per_1000_samples"] = (time.process_time() - begun) / n * 1000.0
        reconstructions[kind] = model.reconstruct(real)
        figures[kind]["test_terms"] = model.evaluate(real, batch_size=500, verbose=0, return_dict=True)
        if kind in WITH_SAMPLER:
            some = x[np.random.default_rng(arguments.seed).permutation(len(x))[:N_FITTED]]
            options = {"seed": arguments.seed, "n_draws": 1, "n_components": N_COMPONENTS}
            kv.samplers.fit(model, some, "gmm", **options)
            samples[f"{kind} + mixture"] = model.sample(n, seed=arguments.seed)
    floor = x[np.random.default_rng(arguments.seed).permutation(len(x))[:n]]
    table = compare_samples(samples, real, classifier, floor, seed=arguments.seed)
    of_reconstructions = compare_samples(reconstructions, real, classifier, seed=arguments.seed)
    for kind, row in table.iterrows():
        figures.setdefault(kind, {}).update(row.to_dict())
        figures[kind]["distance_by_that_of_the_vae"] = row.frechet_distance / table.frechet_distance["vae"]
        if kind in reconstructions:
            figures[kind]["frechet_distance_of_reconstructions"] = of_reconstructions.frechet_distance[kind]
    figures["classifier_test_accuracy"] = classifier.accuracy(data.x_test, data.y_test)
    return figures, pictures([real, *samples.values()])


def shown(figures):
    """The table of a set."""
    columns = ("n_params", "epochs", "frechet_distance", "standard_error", "distance_by_that_of_the_vae")
    columns += ("precision", "recall", "frechet_distance_of_reconstructions", "cpu_seconds_per_1000_samples")
    kinds = [kind for kind, found in figures.items() if isinstance(found, dict)]
    rows = [[kind, *(figures[kind].get(column) for column in columns)] for kind in kinds]
    return format_table(("model", *columns), rows)


def main():
    """Train what is not trained yet, and measure."""
    from PIL import Image

    arguments, begun, figures = parse_arguments(), time.monotonic(), {}
    for name in arguments.sets:
        figures[name], picture = one_set(name, arguments)
        if picture is None:
            continue
        print(f"\n{name}\n{shown(figures[name])}", flush=True)
        if arguments.validation:
            continue
        folder = arguments.results / "quick" if arguments.quick else arguments.results
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{NAME}_{name}.png", optimize=True)
    if arguments.train or arguments.validation:
        return
    settings = {"minutes": arguments.minutes, "batch_size": BATCH, "rates": RATES, "sets": list(arguments.sets)}
    path = write_result(NAME, figures, settings, arguments, time.monotonic() - begun, ("scikit-learn",))
    print(f"written: {path}")


if __name__ == "__main__":
    main()
