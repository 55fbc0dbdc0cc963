"""The classifier that reads generated images, trained once for a set and kept."""

import pathlib

# Until it reads 99 % of the test images of MNIST, and 92 % of those of Fashion-MNIST, on one core.
MINUTES = {"mnist": 3.5, "fashion_mnist": 8.0}


def classifier_of(name, data, folder, quick=False):
    """The `ImageClassifier` of a set, from its file, or trained and written there.

    Args:
        name: str. "mnist" or "fashion_mnist".
        data: `kv.data.Dataset` of it, of which the training part is looked at.
        folder: path of the files, NAME.keras.
        quick: bool. Train for some seconds, and keep nothing.
    """
    import keras

    from keras_vae.tasks.images.generation.image_classifier import train_classifier

    path = pathlib.Path(folder) / f"{name}.keras"
    if path.exists():
        return keras.models.load_model(path)
    classifier = train_classifier(data.x_train, data.y_train, minutes=0.1 if quick else MINUTES[name], seed=0)
    if not quick:
        path.parent.mkdir(parents=True, exist_ok=True)
        classifier.save(path)
    return classifier
