"""The 8x8 handwritten digits that are part of scikit-learn: real data without a download."""

import numpy as np

from keras_vae.data.dataset import Dataset


def load_digits() -> Dataset:
    """1,797 digits of 8x8 pixels with labels, always split the same way: 1,437 to train, 360 to test.

    Each class has the same share in both parts. The 17 grey levels of the source are scaled to 0 to 255.

    Returns:
        `Dataset` of kind `"image"`, event shape (8, 8, 1), uint8.

    References:
        Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI. https://doi.org/10.24432/C50P49
    """
    # scikit-learn takes a second to import, and nothing else here needs it.
    from sklearn.datasets import load_digits as load_sklearn_digits
    from sklearn.model_selection import train_test_split

    levels, labels = load_sklearn_digits(return_X_y=True)
    x = np.round(levels * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    x_train, x_test, y_train, y_test = train_test_split(
        x, labels.astype(np.int64), test_size=360, random_state=0, stratify=labels
    )
    return Dataset(
        name="digits",
        x_train=x_train,
        x_test=x_test,
        y_train=y_train,
        y_test=y_test,
        event_shape=(8, 8, 1),
        kind="image",
        class_names=tuple("0123456789"),
    )
