"""Test error on MNIST with 100 labels: the semi-supervised VAE beside its classifier on the labels alone.

M1 is a plain VAE of all 60,000 training images, trained once without labels. M2 is a `SemiSupervisedVAE`: ten labels of
each class are drawn, in five draws, and the label of the other images is summed over. Its classifier sees the image;
what its encoder and decoder explain are draws of the codes of M1. All images are turned, sheared, enlarged and moved a
little, anew in every batch. Beside it the same classifier is trained for as many steps of as many labelled images,
distorted in the same way, from the 100 labels alone.

Settings were chosen by the error on training images without labels, of other draws of the labels; the test images are
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
M1 = {"latent_dim": 50, "hidden_units": (600, 600), "epochs": 10, "learning_rate": 1e-3, "batch_size": 128}
M2 = {
    "latent_dim": 10,
    "hidden_units": (300,),
    "alpha": 1.0,
    "epochs": 4,
    "learning_rate": 2e-3,
    "batch_size": 250,
    "n_labelled": 50,
}
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
    """Callback of a learning rate that falls along a line to a tenth in the last epoch and beyond."""
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


def batches(x, labels, first, seed):
    """Batches of `((row, label), codes, weight)`: images distorted anew, and draws of their codes by M1."""
    import tensorflow as tf

    import keras_vae as kv

    def with_codes(told, _, weight):
        images = distorted(told[0] / 255.0)
        drawn = tf.cast(tf.random.uniform(tf.shape(images)) < images, tf.float32)
        z_mean, z_log_var = first.encoder(drawn)
        codes = z_mean + tf.exp(0.5 * z_log_var) * tf.random.normal(tf.shape(z_mean))
        row = tf.concat([tf.reshape(images, [-1, SIDE**2]), codes], axis=1)
        return (row, told[1]), codes, weight

    plain = kv.data.semi_supervised_batches(x, labels, M2["batch_size"], M2["n_labelled"], seed)
    return plain.map(with_codes, tf.data.AUTOTUNE)


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


def one_draw(data, first, seed, epochs):
    """Errors of M2 and of its classifier alone, per cent, and the minutes of both."""
    import keras

    (x, y), (x_test, y_test) = data
    keras.utils.set_random_seed(seed)
    labels, test, begun = labels_of_some(y, seed), rows_of(x_test, first.latent_dim), time.monotonic()
    model, dataset = make_model(first.latent_dim, seed), batches(x, labels, first, seed)
    start = model.classifier.get_weights()
    model.fit(dataset, epochs=epochs, callbacks=[falling(M2["learning_rate"], epochs)], verbose=2)
    found = {"error": error(model.classify(test), y_test), "minutes": (time.monotonic() - begun) / 60.0}
    begun, alone = time.monotonic(), make_classifier(test.shape[1], seed)
    alone.set_weights(start)
    train_alone(alone, x[labels >= 0], y[labels >= 0], first.latent_dim, epochs, int(dataset.cardinality()))
    alone_error = error(alone.predict(test, batch_size=500, verbose=0), y_test)
    return {**found, "classifier_alone": alone_error, "minutes_alone": (time.monotonic() - begun) / 60.0}


def train_alone(classifier, x, y, n_codes, epochs, n_steps):
    """Train the classifier on the labelled images alone, which are distorted as those of M2."""
    import keras
    import tensorflow as tf

    def row(images, labels):
        pixels = tf.reshape(distorted(tf.cast(images, tf.float32) / 255.0), [-1, SIDE**2])
        return tf.pad(pixels, [[0, 0], [0, n_codes]]), labels

    few = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).repeat().batch(M2["n_labelled"]).map(row)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    classifier.compile(keras.optimizers.Adam(M2["learning_rate"]), loss)
    rate = falling(M2["learning_rate"], epochs)
    classifier.fit(few, epochs=epochs, steps_per_epoch=n_steps, callbacks=[rate], verbose=2)


def main():
    """Train, measure, write."""
    from keras_vae.data.named import load_named

    arguments = parse_arguments()
    begun, work = time.monotonic(), arguments.work / ("quick" if arguments.quick else "full")
    work.mkdir(parents=True, exist_ok=True)
    data = load_named("mnist")
    train, test = (data.x_train, data.y_train), (data.x_test, data.y_test)
    n_draws, epochs = arguments.draws, (M1["epochs"], M2["epochs"])
    if arguments.quick:
        train, test, n_draws, epochs = (train[0][:3000], train[1][:3000]), (test[0][:500], test[1][:500]), 1, (2, 2)
    kept_file = work / "figures.json"
    kept = json.loads(kept_file.read_text()) if kept_file.is_file() else {}
    first = first_model(train[0], work / "m1.keras", epochs[0], arguments.seed)
    kept.setdefault("minutes_of_m1", (time.monotonic() - begun) / 60.0)
    for seed in range(arguments.seed, arguments.seed + n_draws):
        if str(seed) not in kept.setdefault("draws", {}):
            kept["draws"][str(seed)] = one_draw((train, test), first, seed, epochs[1])
            kept_file.write_text(json.dumps(kept))
            print(seed, kept["draws"][str(seed)], flush=True)
    errors = {name: [draw[name] for draw in kept["draws"].values()] for name in ("error", "classifier_alone")}
    kept |= {f"mean_{name}": float(np.mean(values)) for name, values in errors.items()}
    kept |= {
        f"standard_error_of_{name}": float(np.std(v, ddof=1) / len(v) ** 0.5)
        for name, v in errors.items()
        if n_draws > 1
    }
    rows = [
        ["SemiSupervisedVAE, M1+M2", kept["mean_error"]],
        ["its classifier on 100 labels", kept["mean_classifier_alone"]],
    ]
    rows += [[f"{name} of Kingma et al. 2014", value] for name, value in KINGMA.items()]
    print(format_table(["method", "test error, %"], rows))
    seconds = 60.0 * (kept["minutes_of_m1"] + sum(d["minutes"] + d["minutes_alone"] for d in kept["draws"].values()))
    settings = {"m1": M1, "m2": M2, "labels": N_CLASSES * PER_CLASS, "training_images": len(train[0])}
    write_result(NAME, {**kept, "published": KINGMA}, settings, arguments, seconds)


if __name__ == "__main__":
    main()
