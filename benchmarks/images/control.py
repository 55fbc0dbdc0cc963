"""What a trained VAE can be steered to: holes filled, images of a class, the style of one in the class of another.

MNIST and Fashion-MNIST, whole training parts, grey values from 0 to 1, dense networks of 512-512, batches of 128, Adam
1e-3 with a cosine to 0. Two models a set: a plain VAE, and one that is told the class.

Holes: the centred 10x10 pixels of the first 1,000 test images, which the plain VAE has never seen missing; `vae.fill`
with its defaults beside Navier-Stokes and Telea inpainting of OpenCV (radius 3, 8 bits) and the mean training image.
PSNR is the mean over images, known pixels put back, the error of an image floored at 1e-6.

Samples: 1,000 of each class, means of p(x|z, class) at draws of the prior, and at draws with 0.8 of its deviation; a
convolutional classifier that was trained on the training part, and no part of the models, says which class it reads.
Its own errors count against the samples.

Style: the first 1,000 test images are the content, and the next 1,000 the style; classes are read by the model. The
same classifier reads the class of what comes out; stroke thickness (twice the distance from the skeleton to the edge;
also ink for each pixel of the skeleton) and slant (by second moments) are correlated with those of the style image. How
much z knows of the class: a logistic regression from the codes of 10,000 training images, on those of the test part.
"""

import json
import pathlib
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
sys.path.insert(0, str(ROOT / "benchmarks" / "images"))

from _classifier import classifier_of  # noqa: E402
from _common import format_table, make_parser, write_result  # noqa: E402
from _strokes import correlation, ink_per_skeleton, slant, thickness  # noqa: E402

NAME = "control"
SETS = ("mnist", "fashion_mnist")
PARTS = ("fill", "samples", "style")
LATENT, UNITS, BATCH = 32, (512, 512), 128
# Of the model that is told the class: fewer latents at a higher price, so that they say nothing about the class.
LATENT_OF_CLASS, BETA_OF_CLASS = 8, 3.0
EPOCHS, QUICK_EPOCHS = 10, 1
# Of the prior: at less than 1 samples are nearer to what is typical, and vary less.
TEMPERATURES = (1.0, 0.8)
HOLE = slice(9, 19)
PEERS = ("opencv-python-headless", "scikit-image", "scikit-learn")


def parse_arguments(given=None):
    parser = make_parser(__doc__)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"of every training (default: {EPOCHS})")
    work = ROOT / "benchmarks" / "work"
    parser.add_argument("--work", type=pathlib.Path, default=work / NAME, help="folder of models and of what is done")
    parser.add_argument("--classifiers", type=pathlib.Path, default=work / "classifiers", help="folder of NAME.keras")
    return parser.parse_args(given)


def unit(images):
    """Grey values as float32 from 0 to 1."""
    return images.astype(np.float32) / 255.0


def psnr(found, truth):
    """Mean of the PSNR of every image, dB."""
    errors = np.square(np.clip(found, 0.0, 1.0) - truth).mean(axis=(1, 2, 3))
    return float(np.mean(-10.0 * np.log10(np.maximum(errors, 1e-6))))


def model_of(name, data, is_told, arguments):
    """The VAE of a set, told the class or not, from its file or trained; and the seconds of its training."""
    import keras

    import keras_vae as kv

    path = arguments.work / f"{name}_{'told' if is_told else 'plain'}.keras"
    if path.exists() and not arguments.quick:
        return keras.models.load_model(path), json.loads(path.with_suffix(".json").read_text())["seconds"]
    x, labels = unit(data.x_train), data.y_train
    n = 2000 if arguments.quick else len(x)
    epochs = QUICK_EPOCHS if arguments.quick else arguments.epochs
    told = {"n_classes": 10, "beta": BETA_OF_CLASS} if is_told else {}
    latent_dim = LATENT_OF_CLASS if is_told else LATENT
    vae = kv.make_vae(x.shape[1:], latent_dim, "dense", UNITS, "bernoulli", seed=arguments.seed, **told)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, epochs * -(-n // BATCH))
    vae.compile(keras.optimizers.Adam(rate))
    keras.utils.set_random_seed(arguments.seed)
    begun = time.perf_counter()
    vae.fit((x[:n], labels[:n]) if is_told else x[:n], batch_size=BATCH, epochs=epochs, verbose=0)
    seconds = time.perf_counter() - begun
    if not arguments.quick:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").write_text(json.dumps({"seconds": seconds}))
        vae.save(path)
    return vae, seconds


def filled_holes(vae, data, n):
    """PSNR of our fill and of what stands beside it, dB; and the seconds for one image."""
    import cv2

    x = unit(data.x_test[:n])
    holes = x.copy()
    holes[:, HOLE, HOLE] = np.nan
    is_hole = np.isnan(holes)
    mask = is_hole[0, ..., 0].astype(np.uint8)
    vae.fill(holes[:2])
    begun = time.perf_counter()
    found = {"ours": vae.fill(holes)}
    seconds = (time.perf_counter() - begun) / n
    grey = np.where(is_hole, 0, data.x_test[:n])
    for peer, method in (("navier_stokes", cv2.INPAINT_NS), ("telea", cv2.INPAINT_TELEA)):
        found[peer] = np.stack([unit(cv2.inpaint(image[..., 0], mask, 3, method))[..., None] for image in grey])
    found["mean_training_image"] = np.broadcast_to(unit(data.x_train.mean(axis=0)), x.shape)
    found["reconstruction_without_hole"] = vae.reconstruct(x)
    figures = {f"{method}_psnr_db": psnr(np.where(is_hole, image, x), x) for method, image in found.items()}
    return {**figures, "ours_seconds_per_image": seconds}


def samples_read(model, classifier, n_per_class, seed):
    """Share of samples in which the classifier reads the class that was asked for, over all and by class."""
    labels, figures = np.repeat(np.arange(10), n_per_class), {}
    for temperature in TEMPERATURES:
        images = np.clip(model.sample(len(labels), seed, temperature, condition=labels), 0.0, 1.0)
        is_right = classifier.classify(images) == labels
        name = "read_share" if temperature == 1.0 else f"read_share_at_temperature_{temperature:g}"
        figures |= {name: float(is_right.mean()), f"{name}_by_class": is_right.reshape(10, -1).mean(axis=1)}
    return figures


def transferred(model, classifier, data, n):
    """Shares of right classes, and correlations of what comes out with the style."""
    from sklearn.linear_model import LogisticRegression

    from keras_vae.tasks.images import read_classes, transfer_style

    x, y = unit(data.x_test), data.y_test
    content, style, truth = x[:n], x[n : 2 * n], y[:n]
    read = read_classes(model, content)
    by_image = np.clip(transfer_style(model, read, style), 0.0, 1.0)
    by_label = np.clip(transfer_style(model, truth, style), 0.0, 1.0)
    codes = [
        model.encode(part, condition=c)[0] for part, c in ((unit(data.x_train[:10_000]), data.y_train[:10_000]), (x, y))
    ]
    reader = LogisticRegression(max_iter=1000).fit(codes[0], data.y_train[:10_000])
    return {
        "class_read_by_the_model": float(np.mean(read == truth)),
        "content_read_share": float(np.mean(classifier.classify(by_image) == truth)),
        "content_read_share_from_labels": float(np.mean(classifier.classify(by_label) == truth)),
        "thickness_correlation": correlation(thickness(by_image), thickness(style)),
        "ink_per_skeleton_correlation": correlation(ink_per_skeleton(by_image), ink_per_skeleton(style)),
        "slant_correlation": correlation(slant(by_image), slant(style)),
        "class_read_from_z": float(reader.score(codes[1], y)),
    }


def pictures_of_fill(name, vae, data, folder):
    """Some holes, what filled them, and draws of what might."""
    import keras_vae as kv

    x, n = unit(data.x_test), 10
    holes = x[:n].copy()
    holes[:, HOLE, HOLE] = np.nan
    rows = [x[:n], np.nan_to_num(holes, nan=0.5), vae.fill(holes), *vae.draw_fills(holes, 2)]
    names = ["image", "hole", "fill", "a draw", "another"]
    kv.evaluation.plot_grid(np.concatenate(rows), n, row_labels=names).savefig(folder / f"{name}_fill.png")


def pictures_of_class(name, model, data, folder):
    """Samples of every class, and some styles in all classes."""
    import keras_vae as kv
    from keras_vae.tasks.images import transfer_style

    styles = unit(data.x_test[2000:2006])
    rows = [np.concatenate([s[None], transfer_style(model, np.arange(10), s)]) for s in styles]
    title = "style, and all classes in it"
    kv.evaluation.plot_grid(np.concatenate(rows), 11, title).savefig(folder / f"{name}_style.png")
    samples = model.sample(100, seed=0, condition=np.repeat(np.arange(10), 10))
    kv.evaluation.plot_grid(samples, 10, "samples, one class a row").savefig(folder / f"{name}_samples.png")


def measured(name, part, data, arguments):
    """All figures of one part for one set."""
    quick, n = arguments.quick, 50 if arguments.quick else 1000
    model, seconds = model_of(name, data, part != "fill", arguments)
    draw = pictures_of_fill if part == "fill" else pictures_of_class
    if not quick:
        draw(name, model, data, arguments.work)
    if part == "fill":
        return {**filled_holes(model, data, n), "training_seconds": seconds}
    classifier = classifier_of(name, data, arguments.classifiers, quick)
    shared = {
        "classifier_test_accuracy": classifier.accuracy(data.x_test, data.y_test),
        "training_seconds": seconds,
    }
    if part == "samples":
        return {**samples_read(model, classifier, n // 10 if quick else 1000, arguments.seed), **shared}
    return {**transferred(model, classifier, data, n), **shared}


def main(given=None):
    import keras_vae as kv

    arguments = parse_arguments(given)
    begun, figures = time.perf_counter(), {}
    done = arguments.work / "done.json"
    if done.exists() and not arguments.quick:
        figures = json.loads(done.read_text())
    for name in arguments.sets:
        data, of_set = kv.data.load(name), figures.setdefault(name, {})
        for part in arguments.parts:
            # Thickness and slant are measures of strokes.
            if part in of_set or (part == "style" and name != "mnist"):
                continue
            of_set[part] = measured(name, part, data, arguments)
            if not arguments.quick:
                done.parent.mkdir(parents=True, exist_ok=True)
                done.write_text(json.dumps(figures, default=lambda value: np.asarray(value).tolist()))
    figures = {name: figures[name] for name in arguments.sets}
    for part in ("fill", "samples", "style"):
        rows = [[name, key, value] for name, f in figures.items() for key, value in f.get(part, {}).items()]
        rows = [row for row in rows if np.ndim(row[2]) == 0]
        print(f"\n{part}\n{format_table(['set', 'measure', 'value'], rows)}")
    settings = {"latent_dim": LATENT, "hidden_units": UNITS, "batch_size": BATCH}
    settings |= {"latent_dim_of_class": LATENT_OF_CLASS, "beta_of_class": BETA_OF_CLASS}
    settings["epochs"] = QUICK_EPOCHS if arguments.quick else arguments.epochs
    print(write_result(NAME, figures, settings, arguments, time.perf_counter() - begun, PEERS))


if __name__ == "__main__":
    main()
