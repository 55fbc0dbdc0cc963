"""Test error on MNIST with 100 labels: the semi-supervised VAE beside its classifier on the labels alone.

M1 is a plain VAE of all 60,000 training images, trained once without labels. M2 is a `SemiSupervisedVAE`: ten labels of
each class are drawn, in five draws, and the label of the other images is summed over. Its classifier sees the image,
turned, sheared, enlarged and moved a little, anew in every batch; what encoder and decoder explain are draws of the
codes that M1 gives the image as it is. After each of the first phases the images of which the classifier is sure, by
the mean over distorted copies, are taken for labelled.

Beside it stand the same classifier on the 100 labels alone, distorted in the same way, for as many steps; and the same
with the labels that it is sure of in the later phases, but without M1 and M2.

Settings were chosen by the error on training images without labels, of another draw of the labels; the test images are
looked at once, with the weights of the last step.

References:
    Kingma et al. 2014, table 1: M1+M2 3.33 % (+- 0.14), M2 11.97 % (+- 1.71). https://arxiv.org/abs/1406.5298
"""

import json
import pathlib
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from _common import format_table, make_parser, write_result  # noqa: E402

NAME = "semi_supervised"
N_CLASSES, PER_CLASS, SIDE = 10, 10, 28
KINGMA = {"M1+M2": 3.33, "M2": 11.97}
NAMES = {
    "error": "SemiSupervisedVAE, M1+M2",
    "classifier_alone": "its classifier on 100 labels",
    "classifier_with_guesses": "the same, and labels that it is sure of",
}
M1 = {"latent_dim": 50, "hidden_units": (600, 600), "epochs": 10, "learning_rate": 1e-3, "batch_size": 128}
M2 = {
    "latent_dim": 10,
    "hidden_units": (300,),
    "alpha": 1.0,
    "learning_rate": 2e-3,
    "batch_size": 250,
    "n_labelled": 50,
    # Steps, and how sure the classifier has to be of a label that is then taken for known; None for no such labels.
    "phases": ((450, None), (450, 0.95), (600, 0.95)),
    "copies": 2,
}
# Fits of a phase: the learning rate falls from one to the next. Rows without a label in a batch, at least.
N_FITS, LEAST_UNKNOWN = 3, 25
# Most that an image is turned (radians), sheared, enlarged or made smaller, and moved (pixels).
TURN, SHEAR, SCALE, SHIFT = 0.26, 0.2, 0.1, 2.0


def parse_arguments(given=None):
    parser = make_parser(__doc__)
    parser.add_argument("--draws", type=int, default=5, help="draws of the labels (default: 5)")
    parser.add_argument(
        "--work", type=pathlib.Path, default=ROOT / "benchmarks" / "work" / NAME, help="folder of M1 and of figures"
    )
    return parser.parse_args(given)


def falling(start, epochs):
    """Callback of a learning rate that falls along a line, to a tenth after so many epochs."""
    import keras

    return keras.callbacks.LearningRateScheduler(lambda epoch, _: start * (1.0 - 0.9 * epoch / epochs))


def first_model(x, path, epochs, seed):
    """M1, trained on images drawn as 0 and 1; from the file where it is there."""
    import keras

    import keras_vae as kv

    if path.is_file():
        return keras.models.load_model(path)
    model = kv.make_vae((SIDE, SIDE, 1), M1["latent_dim"], hidden_units=M1["hidden_units"], seed=seed)
    model.compile(kv.optimizers.Adam(M1["learning_rate"]))
    drawn = kv.data.binarized(x, M1["batch_size"], seed=seed)
    model.fit(drawn, epochs=epochs, callbacks=[falling(M1["learning_rate"], epochs)], verbose=2)
    model.save(path)
    return model


def make_classifier(n_inputs, seed):
    """Convolutions on the image, which is the first part of a row, to logits."""
    import keras
    from keras import layers

    row = keras.Input((n_inputs,))
    h = layers.Reshape((SIDE, SIDE, 1))(row[:, : SIDE**2])
    start = lambda i: keras.initializers.GlorotUniform(seed=10 * seed + i)  # noqa: E731
    h = layers.Conv2D(16, 5, 2, "same", activation="relu", kernel_initializer=start(1))(h)
    h = layers.Conv2D(32, 3, 2, "same", activation="relu", kernel_initializer=start(2))(h)
    h = layers.Dropout(0.5, seed=seed)(layers.Flatten()(h))
    h = layers.Dense(128, activation="relu", kernel_initializer=start(3))(h)
    h = layers.Dropout(0.5, seed=seed + 1)(h)
    return keras.Model(row, layers.Dense(N_CLASSES, kernel_initializer=start(4))(h), name="classifier")


def make_model(n_codes, seed):
    """M2: rows are an image and its codes by M1, side by side; the codes are what it explains."""
    import keras
    from keras import layers

    import keras_vae as kv

    n_inputs, n_latent = SIDE**2 + n_codes, M2["latent_dim"]
    likelihood = kv.likelihoods.Gaussian()
    start = keras.initializers.GlorotUniform

    def dense(tensors, sizes, number):
        h = layers.Concatenate()(tensors)
        for i, width in enumerate(M2["hidden_units"]):
            h = layers.Dense(width, activation="relu", kernel_initializer=start(100 * seed + number + i))(h)
        return [layers.Dense(n, kernel_initializer=start(100 * seed + number + 10 + i))(h) for i, n in enumerate(sizes)]

    row, z, label = keras.Input((n_inputs,)), keras.Input((n_latent,)), keras.Input((N_CLASSES,))
    encoder = keras.Model([row, label], dense([row[:, SIDE**2 :], label], (n_latent, n_latent), 1))
    params_shape = likelihood.params_shape((n_codes,))
    (params,) = dense([z, label], (int(np.prod(params_shape)),), 50)
    decoder = keras.Model([z, label], layers.Reshape(params_shape)(params))
    model = kv.SemiSupervisedVAE(
        encoder,
        decoder,
        make_classifier(n_inputs, seed),
        likelihood,
        objective=kv.objectives.LabelledELBO(alpha=M2["alpha"]),
        target_shape=(n_codes,),
        seed=seed,
    )
    model.compile(kv.optimizers.Adam(M2["learning_rate"]))
    return model


def distorted(images):
    """Images turned, sheared, enlarged or made smaller, and moved; each by another draw."""
    import tensorflow as tf

    n = tf.shape(images)[0]
    draw = lambda most: tf.random.uniform([n], -most, most)  # noqa: E731
    angle, scale, shear, centre = draw(TURN), 1.0 + draw(SCALE), draw(SHEAR), (SIDE - 1) / 2.0
    cosine, sine = tf.cos(angle) / scale, tf.sin(angle) / scale
    across, down = (cosine, shear * cosine - sine), (sine, shear * sine + cosine)
    moves = [centre - centre * (a + b) + draw(SHIFT) for a, b in (across, down)]
    zero = tf.zeros([n])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([*across, moves[0], *down, moves[1], zero, zero], axis=1),
        output_shape=[SIDE, SIDE],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def batches(x, labels, codes, n_labelled, seed):
    """Batches of `((row, label), codes, weight)`: images distorted anew, and draws of their codes undistorted."""
    import tensorflow as tf

    import keras_vae as kv

    x, (z_mean, z_log_var) = tf.constant(x), map(tf.constant, codes)

    def with_codes(told, _, weight):
        numbers = tf.cast(told[0][:, 0], tf.int32)
        images = distorted(tf.cast(tf.gather(x, numbers), tf.float32) / 255.0)
        mean, log_var = tf.gather(z_mean, numbers), tf.gather(z_log_var, numbers)
        drawn = mean + tf.exp(0.5 * log_var) * tf.random.normal(tf.shape(mean))
        return (tf.concat([tf.reshape(images, [-1, SIDE**2]), drawn], axis=1), told[1]), drawn, weight

    numbers = np.arange(len(x))[:, None]
    plain = kv.data.semi_supervised_batches(numbers, labels, M2["batch_size"], n_labelled, seed)
    return plain.map(with_codes, tf.data.AUTOTUNE)


def labelled_batches(x, labels, n_codes, n_labelled, seed):
    """Batches of `(row, label)` of the rows with a label alone, distorted in the same way."""
    import tensorflow as tf

    def row(images, told):
        pixels = tf.reshape(distorted(tf.cast(images, tf.float32) / 255.0), [-1, SIDE**2])
        return tf.pad(pixels, [[0, 0], [0, n_codes]]), told

    known = labels >= 0
    rows = tf.data.Dataset.from_tensor_slices((x[known], labels[known])).shuffle(int(known.sum()), seed)
    return rows.repeat().batch(n_labelled).map(row)


def with_guesses(labels, probabilities, threshold):
    """The labels, and for rows without one the most probable class where it is more probable than the threshold."""
    sure = probabilities.max(axis=1) > threshold
    return np.where(labels >= 0, labels, np.where(sure, probabilities.argmax(axis=1), -1))


def of_copies(classify, x, n_codes):
    """Mean probabilities of classes over distorted copies of every image."""
    import tensorflow as tf

    def once(images):
        return classify(rows_of(255.0 * distorted(tf.cast(images, tf.float32) / 255.0).numpy(), n_codes))

    parts = [x[i : i + 5000] for i in range(0, len(x), 5000)]
    return np.mean([np.concatenate([once(part) for part in parts]) for _ in range(M2["copies"])], axis=0)


def in_phases(fit, classify, x, labels, n_codes, phases):
    """Fit with the labels, and then with those too that the classifier is sure of by then.

    Args:
        fit: Callable of labels, rows with a label in a batch, and steps.
        classify: Callable from rows to probabilities of the classes.
    """
    for n_steps, threshold in phases:
        told, n_labelled = labels, M2["n_labelled"]
        if threshold is not None:
            told = with_guesses(labels, of_copies(classify, x, n_codes), threshold)
            n_labelled = M2["batch_size"] - max(LEAST_UNKNOWN, round(M2["batch_size"] * np.mean(told < 0)))
        fit(told, n_labelled, n_steps)


def labels_of_some(y, seed):
    """The labels of `PER_CLASS` images of each class, drawn at random; -1 for all others."""
    rng = np.random.default_rng(seed)
    chosen = [rng.choice(np.flatnonzero(y == k), PER_CLASS, replace=False) for k in range(N_CLASSES)]
    labels = np.full(len(y), -1)
    labels[np.concatenate(chosen)] = y[np.concatenate(chosen)]
    return labels


def rows_of(x, n_codes):
    """Rows for the classifier, which does not look at the codes."""
    return np.concatenate([x.reshape(len(x), -1) / 255.0, np.zeros((len(x), n_codes))], axis=1).astype("float32")


def error(probabilities, y):
    """Share of wrong classes, per cent."""
    return 100.0 * float(np.mean(probabilities.argmax(axis=1) != y))


def one_draw(data, codes, seed, phases):
    """Errors of M2 and of its classifier without it, per cent, and the minutes of each."""
    import keras
    import tensorflow as tf

    (x, y), (x_test, y_test) = data
    keras.utils.set_random_seed(seed)
    n_codes, labels, figures = codes[0].shape[1], labels_of_some(y, seed), {}
    test, model = rows_of(x_test, n_codes), make_model(n_codes, seed)
    start, rate = model.classifier.get_weights(), falling(M2["learning_rate"], N_FITS - 1)

    def fit_model(told, n_labelled, n_steps):
        dataset = batches(x, told, codes, n_labelled, seed).repeat()
        model.fit(dataset, epochs=N_FITS, steps_per_epoch=n_steps // N_FITS, callbacks=[rate], verbose=2)

    begun = time.monotonic()
    in_phases(fit_model, model.classify, x, labels, n_codes, phases)
    figures |= {"error": error(model.classify(test), y_test), "minutes": (time.monotonic() - begun) / 60.0}
    of_labels = [(sum(n for n, _ in phases), None)]
    for name, own_phases in (("classifier_alone", of_labels), ("classifier_with_guesses", phases)):
        classifier, begun = make_classifier(n_codes + SIDE**2, seed), time.monotonic()
        classifier.set_weights(start)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        classifier.compile(keras.optimizers.Adam(M2["learning_rate"]), loss)
        classify = lambda rows, own=classifier: tf.nn.softmax(own.predict(rows, 1000, verbose=0)).numpy()  # noqa: E731

        def fit(told, n_labelled, n_steps, own=classifier):
            dataset = labelled_batches(x, told, n_codes, n_labelled, seed)
            own.fit(dataset, epochs=N_FITS, steps_per_epoch=n_steps // N_FITS, callbacks=[rate], verbose=2)

        in_phases(fit, classify, x, labels, n_codes, own_phases)
        figures |= {name: error(classify(test), y_test), f"minutes_{name}": (time.monotonic() - begun) / 60.0}
    return figures


def main():
    """Train, measure, write."""
    from keras_vae.data.named import load_named

    arguments = parse_arguments()
    begun, work = time.monotonic(), arguments.work / ("quick" if arguments.quick else "full")
    work.mkdir(parents=True, exist_ok=True)
    data = load_named("mnist")
    train, test = (data.x_train, data.y_train), (data.x_test, data.y_test)
    n_draws, epochs, phases = arguments.draws, M1["epochs"], M2["phases"]
    if arguments.quick:
        train, test, n_draws, epochs = (train[0][:3000], train[1][:3000]), (test[0][:500], test[1][:500]), 1, 2
        phases = ((30, None), (30, 0.95))
    kept_file = work / "figures.json"
    kept = json.loads(kept_file.read_text()) if kept_file.is_file() else {}
    first = first_model(train[0], work / "m1.keras", epochs, arguments.seed)
    codes = first.encode(train[0].astype("float32") / 255.0, batch_size=1000)
    kept.setdefault("minutes_of_m1", (time.monotonic() - begun) / 60.0)
    for seed in range(arguments.seed, arguments.seed + n_draws):
        if str(seed) not in kept.setdefault("draws", {}):
            kept["draws"][str(seed)] = one_draw((train, test), codes, seed, phases)
            kept_file.write_text(json.dumps(kept))
            print(seed, kept["draws"][str(seed)], flush=True)
    rows, draws = [], list(kept["draws"].values())
    for name, title in NAMES.items():
        errors = [draw[name] for draw in draws]
        kept[f"mean_{name}"] = float(np.mean(errors))
        kept[f"standard_error_of_{name}"] = float(np.std(errors, ddof=1) / len(errors) ** 0.5) if n_draws > 1 else None
        rows.append([title, kept[f"mean_{name}"], kept[f"standard_error_of_{name}"]])
    rows += [[f"{name} of Kingma et al. 2014", value, None] for name, value in KINGMA.items()]
    print(format_table(["method", "test error, %", "standard error"], rows))
    minutes = kept["minutes_of_m1"] + sum(v for draw in draws for k, v in draw.items() if k.startswith("minutes"))
    settings = {"m1": M1, "m2": M2, "labels": N_CLASSES * PER_CLASS, "training_images": len(train[0])}
    write_result(NAME, {**kept, "published": KINGMA}, settings, arguments, 60.0 * minutes)


if __name__ == "__main__":
    main()
