"""What more labelled images drawn by a VAE are worth to a classifier of 50 labels a class, beside flips, shifts, crops.

For every seed 50 images of each class are drawn from the first 50,000 training images, and a small convolutional
network is trained on them for a number of steps that is the same for all, with batches of 64; test accuracy is of all
10,000 test images, means over the seeds with their standard errors. Ways to augment:

- none;
- shifts_crops: by up to a tenth of the side, and zooms by a tenth; flips_shifts_crops: left and right at random, too;
- vae: half of every batch drawn by `augment` from the labelled images, which are all that its VAE has seen;
- vae_unlabelled: the same with the other images of the first 50,000 without their labels (10,000 of them in the graph
  of neighbours); the VAE is trained once for all seeds, on all training images without their labels, or is that of
  `--work`, such as the plain one of `control.py`. The ways above do not see these images, so it is another question
  that is answered: what to do with them;
- vae_unlabelled_shifts_crops: both.

With `--validation` the last 10,000 training images take the place of the test images, and other seeds draw the labels.
"""

import json
import pathlib
import sys
import time
import warnings

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from _common import format_table, make_parser, write_result  # noqa: E402

NAME = "augmentation"
SETS = ("mnist", "fashion_mnist")
WAYS = ("none", "shifts_crops", "flips_shifts_crops", "vae", "vae_unlabelled", "vae_unlabelled_shifts_crops")
N_LABELS, N_TRAIN, N_NEW, BATCH, STEPS = 50, 50_000, 1000, 64, 600
WIDTH, MIX, VAE_STEPS, VAE_STEPS_LABELLED = 1.0, 0.5, 8000, 1500


def parse_arguments(given=None):
    parser = make_parser(__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--seeds", type=int, default=5, help="draws of the labels (default: 5)")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--validation", action="store_true", help="measure on the last 10,000 training images")
    work = ROOT / "benchmarks" / "work" / NAME
    parser.add_argument("--work", type=pathlib.Path, default=work, help="folder of models and of what is done")
    return parser.parse_args(given)


def labelled(y, seed):
    """Row numbers of 50 images of each class."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.choice(np.flatnonzero(y == k), N_LABELS, replace=False) for k in range(10)])


def vae_of(name, x, arguments):
    """The VAE of the images without their labels, from its file or trained."""
    import keras

    from keras_vae.models.make_vae import make_vae

    path = arguments.work / f"{name}.keras"
    if path.exists() and not arguments.quick:
        return keras.models.load_model(path)
    steps = 100 if arguments.quick else VAE_STEPS
    vae = make_vae(x.shape[1:], 32, "dense", (512, 512), "bernoulli", seed=0)
    vae.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps)))
    keras.utils.set_random_seed(0)
    import tensorflow as tf

    rows = tf.data.Dataset.from_tensor_slices(x).shuffle(len(x), seed=0).repeat().batch(BATCH)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*holds grey values")
        vae.fit(rows, steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)
    if not arguments.quick:
        path.parent.mkdir(parents=True, exist_ok=True)
        vae.save(path)
    return vae


def classifier(n_steps, seed):
    """A small convolutional network, compiled."""
    import keras

    keras.utils.set_random_seed(seed)
    layers = keras.layers
    parts = [keras.Input((28, 28, 1))]
    for filters in (16, 32):
        parts += [layers.Conv2D(filters, 3, 2, padding="same", use_bias=False), layers.BatchNormalization()]
        parts += [layers.ReLU()]
    parts += [layers.Flatten(), layers.Dropout(0.3), layers.Dense(64, "relu"), layers.Dropout(0.3), layers.Dense(10)]
    model = keras.Sequential(parts)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, n_steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def batches(x, y, new, way, seed):
    """Endless batches of the labelled images, half of them new ones where there are any, shifted where asked for."""
    import keras
    import tensorflow as tf

    of = lambda pair, n: tf.data.Dataset.from_tensor_slices(pair).shuffle(len(pair[0]), seed=seed).repeat().batch(n)  # noqa: E731
    rows = of((x, y), BATCH if new is None else BATCH // 2)
    if new is not None:
        both = lambda a, b: tuple(tf.concat(parts, axis=0) for parts in zip(a, b))  # noqa: B905, E731
        rows = tf.data.Dataset.zip(rows, of(new, BATCH // 2)).map(both)
    moves = []
    if way.endswith("shifts_crops"):
        moves.append(keras.layers.RandomTranslation(0.1, 0.1, fill_mode="constant", seed=seed))
        moves.append(keras.layers.RandomZoom(0.1, fill_mode="constant", seed=seed))
    if way.startswith("flips"):
        moves.append(keras.layers.RandomFlip("horizontal", seed=seed))
    for move in moves:
        rows = rows.map(lambda a, b, move=move: (move(a, training=True), b))
    return rows.prefetch(2)


def accuracy(way, seed, data, vae, arguments):
    """Accuracy of a classifier that was trained in one way."""
    from keras_vae.tasks.images import augment

    x, y, x_test, y_test = data
    rows = labelled(y, seed)
    new, steps = None, 30 if arguments.quick else STEPS
    shared = {"n_per_class": 100 if arguments.quick else N_NEW, "width": WIDTH, "mix": MIX, "seed": seed}
    if way == "vae":
        new = augment(x[rows], y[rows], n_steps=50 if arguments.quick else VAE_STEPS_LABELLED, **shared)
    elif way.startswith("vae"):
        new = augment(x[rows], y[rows], unlabelled=np.delete(x, rows, axis=0), model=vae, **shared)
    model = classifier(steps, seed)
    model.fit(batches(x[rows], y[rows], new, way, seed), steps_per_epoch=steps, epochs=1, shuffle=False, verbose=0)
    return float(model.evaluate(x_test, y_test, batch_size=500, verbose=0)[1])


def load(name, arguments):
    """Images to draw labels from, and those to measure on, from 0 to 1, with their labels; and all training images."""
    import keras_vae as kv

    data = kv.data.load(name)
    x, y = data.x_train.astype(np.float32) / 255.0, data.y_train
    if arguments.validation:
        return x[:N_TRAIN], y[:N_TRAIN], x[N_TRAIN:], y[N_TRAIN:], x
    return x[:N_TRAIN], y[:N_TRAIN], data.x_test.astype(np.float32) / 255.0, data.y_test, x


def summary(found):
    """Mean over the seeds, its standard error, and the gain over none, in percent, by way."""
    gain = lambda way: 100.0 * (np.mean(found[way]) - np.mean(found["none"])) if "none" in found else None  # noqa: E731
    return {
        way: {
            "accuracy_percent": 100.0 * np.mean(values),
            "standard_error": 100.0 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else None,
            "gain_over_none": gain(way),
            "of_every_seed": values,
        }
        for way, values in found.items()
    }


def main(given=None):
    arguments = parse_arguments(given)
    begun = time.perf_counter()
    n_seeds, first = (1 if arguments.quick else arguments.seeds), 100 if arguments.validation else 0
    done_file = arguments.work / ("validation.json" if arguments.validation else "done.json")
    done = json.loads(done_file.read_text()) if done_file.exists() and not arguments.quick else {}
    for name in arguments.sets:
        *data, every = load(name, arguments)
        vae = vae_of(name, every, arguments) if any("unlabelled" in way for way in arguments.ways) else None
        for seed in range(first, first + n_seeds):
            for way in arguments.ways:
                key = f"{name} {way} {seed}"
                if key in done:
                    continue
                done[key] = accuracy(way, seed, data, vae, arguments)
                print(key, done[key], flush=True)
                if not arguments.quick:
                    done_file.write_text(json.dumps(done))
    found = {
        name: {
            w: [done[k] for s in range(first, first + n_seeds) if (k := f"{name} {w} {s}") in done]
            for w in arguments.ways
        }
        for name in arguments.sets
    }
    figures = {name: summary(of_set) for name, of_set in found.items()}
    rows = [[name, way, *list(f.values())[:3]] for name, ways in figures.items() for way, f in ways.items()]
    print(format_table(["set", "way", "accuracy, %", "standard error", "gain"], rows))
    settings = {"labels_per_class": N_LABELS, "new_per_class": N_NEW, "steps": STEPS, "width": WIDTH, "mix": MIX}
    settings |= {"vae_steps": VAE_STEPS, "vae_steps_labelled": VAE_STEPS_LABELLED, "seeds": n_seeds}
    if not arguments.validation:
        print(write_result(NAME, figures, settings, arguments, time.perf_counter() - begun, ("scikit-learn",)))


if __name__ == "__main__":
    main()
