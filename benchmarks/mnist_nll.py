"""Test log-likelihood of MNIST, one stochastic layer: VAE and IWAE beside the published figures, 5,000 samples.

Dynamic: 60,000 training images drawn as 0 or 1 anew in every epoch, judged on one draw of the 10,000 test images
(seed 0); the decoder of Burda et al. 2016, two hidden layers of 200 tanh units and 50 latents, and in the encoder such
layers for each head. Static: the fixed binary files, 50,000 training images, the weights with the best validation ELBO
judged on test images; the network of Tomczak & Welling 2018, two hidden layers of 300 gated units, 40 latents, and
their warm-up of beta, over the first fifth of the epochs. All figures are nats per image.

Training goes on where it was broken off: every method has a run folder in --work. `--from vae-1000` starts from the
weights of that finished run, as table 2 of Burda et al. does.
"""

import json
import math
import os
import pathlib
import sys
import time

import numpy as np
from _common import format_table, make_parser, some_rows, write_result

N_PIXELS = 784
LATENT_DIM = {"dynamic": 50, "static": 40}
HIDDEN_UNITS = {"dynamic": (200, 200), "static": (300, 300)}
BATCH_SIZE, LEARNING_RATE = 128, 1e-3
WARM_UP = {"dynamic": 0.0, "static": 0.2}
N_SAMPLES, TEST_SEED = 5000, 0
STATIC_FILE = "binarized_mnist.npz"
METHODS = ("vae", "iwae-5", "iwae-50", "vamp")
N_PSEUDO_INPUTS = 500
# The same mean of the gradient as the standard one, at half the cost and with less noise in the encoder.
IWAE_ESTIMATOR = {"gradient": "doubly_reparameterized", "resampled": True}
# Epochs without a better validation ELBO before training on the static files stops; looked at every few epochs.
PATIENCE, VALIDATE_EVERY = 40, 4
# Burda et al. 2016, table 1; Tomczak & Welling 2018, table 1 (VAE, one layer, MLP, 40 latents).
PUBLISHED = {"dynamic": {"vae": 86.76, "iwae-5": 85.54, "iwae-50": 84.78}, "static": {"vae": 88.56, "vamp": 85.57}}


def make_networks(kind, train_mean, seed):
    """Encoder and decoder of the paper; the last biases start at the logits of the mean pixels.

    Args:
        kind: "dynamic" or "static".
        train_mean: array `(784,)`. Mean of the training images.
        seed: int.
    """
    import keras

    keras.utils.set_random_seed(seed)
    latent_dim = LATENT_DIM[kind]
    x, z = keras.Input((N_PIXELS,)), keras.Input((latent_dim,))
    # Mean and log variance have hidden layers of their own for the dynamic images, and share them for the static ones.
    features = [_hidden(x, kind) for _ in range(2)] if kind == "dynamic" else 2 * [_hidden(x, kind)]
    heads = [
        keras.layers.Dense(latent_dim, name=name)(h) for name, h in zip(("z_mean", "z_log_var"), features, strict=True)
    ]
    mean = np.clip(train_mean, 0.001, 0.999)
    bias = keras.initializers.Constant(np.log(mean / (1.0 - mean)).tolist())
    logits = keras.layers.Dense(N_PIXELS, bias_initializer=bias, name="x_params")(_hidden(z, kind))
    return keras.Model(x, heads, name="encoder"), keras.Model(z, logits, name="decoder")


def _hidden(h, kind):
    import keras

    for width in HIDDEN_UNITS[kind]:
        if kind == "dynamic":
            h = keras.layers.Dense(width, activation="tanh")(h)
        else:
            gate = keras.layers.Dense(width, activation="sigmoid")(h)
            h = keras.layers.Multiply()([keras.layers.Dense(width)(h), gate])
    return h


def make_model(method, kind, data, n_epochs, first_stage, seed):
    """The compiled model of a method, from the weights of a first stage where there is one."""
    import keras

    import keras_vae as kv

    encoder, decoder = make_networks(kind, data["train_mean"], seed)
    name, *n_samples = method.split("-")
    if name == "vae":
        model = kv.VAE(encoder, decoder, seed=seed)
    elif name == "vamp":
        start = some_rows(data["train"], N_PSEUDO_INPUTS, TEST_SEED) / (255.0 if data["binarize"] else 1.0)
        model = kv.VAE(encoder, decoder, prior=kv.priors.VampPrior(len(start), initial=start), seed=seed)
    else:
        objective = kv.objectives.ImportanceWeighted(int(n_samples[0]), **IWAE_ESTIMATOR)
        model = kv.VAE(encoder, decoder, objective=objective, seed=seed)
    if first_stage is not None:
        trained = first_stage.load_model()
        model.encoder.set_weights(trained.encoder.get_weights())
        model.decoder.set_weights(trained.decoder.get_weights())
    n_steps = n_epochs * math.ceil(len(data["train"]) / BATCH_SIZE)
    model.compile(kv.optimizers.Adam(keras.optimizers.schedules.CosineDecay(LEARNING_RATE, n_steps, alpha=0.01)))
    return model


def load_data(kind, quick):
    """Dict of `train`, `test` and `train_mean`; `binarize` says whether the training images are grey."""
    if kind == "static":
        path = pathlib.Path(os.environ.get("KERAS_VAE_DATA", "")) / STATIC_FILE
        if not path.is_file():
            sys.exit(
                f"the static images are read from $KERAS_VAE_DATA/{STATIC_FILE}, with the arrays train (50000, 784), "
                f"valid and test (10000, 784) of 0 and 1. There is no {path}"
            )
        with np.load(path) as file:
            train, valid, test = (file[part].astype(np.float32) for part in ("train", "valid", "test"))
        scale = 1.0
    else:
        from keras_vae.data.named import load_named
        from keras_vae.data.pipelines import binarize_once

        mnist = load_named("mnist")
        train, valid = mnist.x_train.reshape(-1, N_PIXELS), None
        test = binarize_once(mnist.x_test, seed=TEST_SEED).reshape(-1, N_PIXELS)
        scale = 255.0
    if quick:
        train, test = some_rows(train, 6400, TEST_SEED), some_rows(test, 100, TEST_SEED)
    return {
        "train": train,
        "valid": valid,
        "test": test,
        "train_mean": train.mean(axis=0) / scale,
        "binarize": kind == "dynamic",
    }


def make_best_on_validation(folder, x):
    """Callback that keeps the weights with the best validation ELBO in files of the folder, and ends the training."""
    import keras

    from keras_vae._files import write_text

    class BestOnValidation(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.model_file, self.best_file = folder / "best.keras", folder / "best.json"
            self.best = {"elbo": -1e9, "epoch": 0}
            if self.best_file.exists():
                self.best = json.loads(self.best_file.read_text())

        def on_epoch_end(self, epoch, logs=None):
            n_done = epoch + 1
            if n_done % VALIDATE_EVERY:
                return
            elbo = self.model.evaluate(x, batch_size=1000, verbose=0, return_dict=True)["elbo"]
            if elbo > self.best["elbo"]:
                self.best = {"elbo": elbo, "epoch": n_done}
                self.model.save(self.model_file)
                write_text(self.best_file, json.dumps(self.best))
            if n_done >= self.best["epoch"] + PATIENCE:
                self.model.stop_training = True

    return BestOnValidation()


def run(method, kind, n_epochs, first_stage, arguments):
    """Train and judge one method; what is finished is read from its folder.

    Returns:
        dict of figures.
    """
    import keras

    from keras_vae.runs.run_folder import RunFolder

    name = f"{method}-{n_epochs}" + (f"-from-{first_stage}" if first_stage else "")
    own = RunFolder(arguments.work / kind / name)
    if own.metrics_file.is_file():
        return own.read_metrics()
    data = load_data(kind, arguments.quick)
    first = RunFolder(arguments.work / kind / first_stage) if first_stage else None
    if first is not None and not first.metrics_file.is_file():
        sys.exit(f"--from must name a finished run. There is no {first.metrics_file}")
    validation = make_best_on_validation(own.path, data["valid"]) if kind == "static" else None
    model, progress = train(own.path, method, kind, n_epochs, first, data, validation, arguments.seed)
    if validation is not None and validation.model_file.exists():
        model = keras.models.load_model(validation.model_file)
        progress = {**progress, "best_epoch": validation.best["epoch"]}
    figures = {
        **progress,
        **judge(model, some_rows(data["test"], arguments.test_images, TEST_SEED), 50 if arguments.quick else N_SAMPLES),
    }
    if first is not None:
        of_first = first.read_metrics()
        figures |= {"epochs_of_first_stage": of_first["epochs"], "minutes_of_first_stage": of_first["minutes"]}
    # Last: a run is finished when its figures are there.
    own.write_metrics(figures)
    return figures


def train(folder, method, kind, n_epochs, first_stage, data, validation, seed):
    """Train one method in its folder: `(model, progress)`, as `train_in_folder` gives them."""
    from _train_in_folder import train_in_folder

    from keras_vae.data.pipelines import batches

    def batches_from(epoch):
        arguments = {"batch_size": BATCH_SIZE, "seed": seed, "binarize": data["binarize"]}
        return batches(data["train"], **arguments, start_epoch=epoch, repeat=True)

    steps_per_epoch = math.ceil(len(data["train"]) / BATCH_SIZE)
    settings = {
        "method": method,
        "data": kind,
        "latent_dim": LATENT_DIM[kind],
        "hidden_units": HIDDEN_UNITS[kind],
        "pseudo_inputs": N_PSEUDO_INPUTS,
        "iwae": IWAE_ESTIMATOR,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "warm_up": WARM_UP[kind],
        "n_images": len(data["train"]),
        "first_stage": None if first_stage is None else first_stage.path.name,
        "seed": seed,
    }
    return train_in_folder(
        folder,
        settings,
        lambda: make_model(method, kind, data, n_epochs, first_stage, seed),
        batches_from,
        n_epochs,
        steps_per_epoch,
        [*_warm_up(kind, n_epochs * steps_per_epoch), *([] if validation is None else [validation])],
    )


def _warm_up(kind, n_steps):
    import keras_vae as kv

    if not WARM_UP[kind]:
        return []
    return [kv.callbacks.BetaAnnealing(kv.schedules.linear(n_steps=max(1, int(WARM_UP[kind] * n_steps))))]


def judge(model, x, n_samples):
    """Test figures of a trained model: means and the standard error over images."""
    from keras_vae.evaluation import estimate_bounds

    started = time.monotonic()
    bounds = estimate_bounds(model, x, n_samples)
    return {
        "negative_log_prob": -bounds.log_prob.mean,
        "standard_error": bounds.log_prob.standard_error,
        "negative_elbo": -bounds.elbo.mean,
        "importance_samples": n_samples,
        "test_images": len(x),
        "judging_minutes": (time.monotonic() - started) / 60.0,
    }


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--data", choices=("dynamic", "static"), default="dynamic")
    parser.add_argument("--methods", default="vae", help=f"of {', '.join(METHODS)}, with commas (default: vae)")
    parser.add_argument("--epochs", type=int, help="default: 150, quick: 1")
    parser.add_argument("--test-images", type=int, help="judge by so many, taken at random, instead of all 10,000")
    parser.add_argument("--from", dest="first_stage", metavar="RUN", help="finished run to start from, as vae-150")
    parser.add_argument(
        "--work", type=pathlib.Path, help="folder of the trainings (default: benchmarks/work/mnist_nll)"
    )
    arguments = parser.parse_args(argv)
    unknown = set(arguments.methods.split(",")) - set(METHODS)
    if unknown:
        parser.error(f"--methods must be of {', '.join(METHODS)}; received {', '.join(sorted(unknown))}")
    quick = "quick" if arguments.quick else ""
    arguments.work = (arguments.work or pathlib.Path(__file__).resolve().parent / "work" / "mnist_nll") / quick
    return arguments


def main(argv=None):
    arguments = parse_arguments(argv)
    started = time.perf_counter()
    n_epochs = arguments.epochs or (1 if arguments.quick else 150)
    for method in arguments.methods.split(","):
        run(method, arguments.data, n_epochs, arguments.first_stage, arguments)
    # All that is finished in the folder, also by earlier calls.
    figures = {
        f"{path.parts[-3]} {path.parts[-2]}": json.loads(path.read_text())
        for path in sorted(arguments.work.glob("*/*/metrics.json"))
    }
    rows = [
        [name, f["epochs"], f["minutes"], f["negative_log_prob"], f["standard_error"], f["negative_elbo"]]
        for name, f in figures.items()
    ]
    rows += [
        [f"published: {kind} {method}", None, None, value, None, None]
        for kind, by_method in PUBLISHED.items()
        for method, value in by_method.items()
    ]
    header = ["test set, nats per image", "epochs", "minutes", "-log p(x)", "standard error", "-ELBO"]
    print(format_table(header, rows))
    settings = {
        "dynamic_network": f"784-{HIDDEN_UNITS['dynamic']}-{LATENT_DIM['dynamic']}, tanh; such layers for each head",
        "static_network": f"784-{HIDDEN_UNITS['static']}-{LATENT_DIM['static']}, gated",
        "pseudo_inputs": N_PSEUDO_INPUTS,
        "iwae": IWAE_ESTIMATOR,
        "optimizer": f"Adam, {LEARNING_RATE} by a cosine to a hundredth",
        "batch_size": BATCH_SIZE,
        "warm_up_share": WARM_UP,
        "test_seed": TEST_SEED,
        "subsets": f"at random, seed {TEST_SEED}",
        "published": PUBLISHED,
    }
    print(write_result("mnist_nll", figures, settings, arguments, time.perf_counter() - started))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; the same command goes on")
