"""Features of `VAETransformer` for other methods, beside PCA and its relatives and a plain autoencoder.

Features are learned without labels on the training part; then logistic regression (standardised features, C = 1) and 5
nearest neighbours (features as they are) learn from all its labels, and the accuracy is that of the test part. digits:
1,257 and 540 rows, stratified, three seeds. mnist: 10,000 training images drawn with seed 0, all test images.

The autoencoder is `kv.make_autoencoder` with the networks of `VAETransformer`, on values brought to one scale, for as
many steps of as many rows, with the same optimizer. All others have the defaults of scikit-learn; KernelPCA with rbf.
"""

import os
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import format_table, make_parser, write_result

METHODS = ("ours", "autoencoder", "pca", "factor_analysis", "kernel_pca")
N_TRAIN_MNIST = 10_000
CASES = [("digits", 10), ("mnist", 10), ("mnist", 2), ("digits", 2)]


def digits(seed):
    """Rows and labels of both parts."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    train, test, y_train, y_test = train_test_split(x, y, test_size=540, stratify=y, random_state=seed)
    return train, y_train, test, y_test


def mnist(seed):
    """The same of MNIST."""
    data = np.load(pathlib.Path(os.environ.get("KERAS_VAE_DATA", "."), "mnist.npz"))
    rows = np.random.default_rng(seed).permutation(len(data["x_train"]))[:N_TRAIN_MNIST]
    flat = lambda x: x.reshape(len(x), -1).astype(float)  # noqa: E731
    return flat(data["x_train"][rows]), data["y_train"][rows], flat(data["x_test"]), data["y_test"]


def ours(train, test, n, seed):
    """Features of both parts by `VAETransformer`."""
    from keras_vae.tasks.tables import VAETransformer

    transformer = VAETransformer(latent_dim=n, random_state=seed).fit(train)
    return transformer.transform(train), transformer.transform(test)


def autoencoder(train, test, n, seed):
    """The same by a plain autoencoder."""
    import keras_vae as kv
    from keras_vae.data.pipelines import batches
    from keras_vae.tasks.tables import VAETransformer
    from keras_vae.tasks.tables.table_training import default_batch_size

    transformer = VAETransformer()
    centre, scale = train.mean(), train.std()
    train, test = ((x - centre) / scale for x in (train, test))
    model = kv.make_autoencoder(
        (train.shape[1],), n, "dense", transformer.hidden_units, "gaussian_shared", seed, preprocessing=None
    )
    model.compile(kv.optimizers.Adam(transformer.learning_rate))
    rows = batches(train.astype(np.float32), default_batch_size(len(train)), seed, repeat=True)
    model.fit(rows, epochs=1, steps_per_epoch=transformer.n_wanted_steps, verbose=0)
    return model.encode(train), model.encode(test)


def peer(name, train, test, n, seed):
    """The same by scikit-learn, on values brought to [0, 1], which the kernel is made for."""
    from sklearn.decomposition import PCA, FactorAnalysis, KernelPCA

    made = {
        "pca": lambda: PCA(n, random_state=seed),
        "factor_analysis": lambda: FactorAnalysis(n, random_state=seed),
        "kernel_pca": lambda: KernelPCA(n, kernel="rbf", random_state=seed),
    }[name]()
    train, test = train / train.max(), test / train.max()
    made.fit(train)
    return made.transform(train), made.transform(test)


def accuracies(train, y_train, test, y_test):
    """Accuracy of logistic regression and of 5 nearest neighbours."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train, y_train)
    neighbours = KNeighborsClassifier(5).fit(train, y_train)
    return {"logistic": logistic.score(test, y_test), "neighbours": neighbours.score(test, y_test)}


def one_method(name, parts, n, seed):
    """Accuracies and seconds of one method."""
    train, y_train, test, y_test = parts
    begun = time.monotonic()
    own = {"ours": ours, "autoencoder": autoencoder}
    features = own[name](train, test, n, seed) if name in own else peer(name, train, test, n, seed)
    seconds = round(time.monotonic() - begun, 1)
    return {**accuracies(features[0], y_train, features[1], y_test), "seconds": seconds}


def main():
    """Learn all features."""
    parser = make_parser(__doc__)
    arguments = parser.parse_args()
    begun, figures, lines = time.monotonic(), {}, []
    for data, n in CASES[:1] if arguments.quick else CASES:
        seeds = range(arguments.seed, arguments.seed + (1 if data == "mnist" or arguments.quick else 3))
        for name in METHODS:
            runs = [one_method(name, {"digits": digits, "mnist": mnist}[data](seed), n, seed) for seed in seeds]
            mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
            figures[f"{data} {n} {name}"] = {**mean, "runs": runs}
            lines.append([data, n, name, mean["logistic"], mean["neighbours"], mean["seconds"]])
            print(*lines[-1], flush=True)
            # Whatever is broken off is there up to the last method.
            settings = {"n_train_mnist": N_TRAIN_MNIST, "n_seeds_digits": 3}
            write_result("features", figures, settings, arguments, time.monotonic() - begun, peers=("scikit-learn",))
    print(format_table(["data", "dims", "method", "logistic", "5 neighbours", "seconds"], lines))


if __name__ == "__main__":
    main()
