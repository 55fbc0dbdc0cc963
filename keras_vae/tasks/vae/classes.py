"""The classes that a conditional model is told: known from the training data by name, given by name ever after."""

import numpy as np

# More classes than these are more likely a number of something.
MAX_CLASSES = 1000


def class_names_of(data):
    """Names of the classes of the training part, in the order of their numbers, tuple of str.

    Args:
        data: `Dataset`.

    Raises:
        ValueError: for data without labels, with real numbers for labels, or with one class or too many.
    """
    if data.y_train is None:
        raise ValueError(
            "`condition` must not be label for data without labels: a folder has them as the names of its subfolders, "
            f"a table by --label. Received: condition='label' for {data.name}"
        )
    if data.real_labels:
        raise ValueError(
            "`condition` must not be label where labels are real numbers, as they are no classes. Received: "
            f"condition='label' for {data.name}"
        )
    names = data.class_names or tuple(str(value) for value in np.unique(data.y_train))
    if not 2 <= len(names) <= MAX_CLASSES:
        raise ValueError(
            f"`condition` must not be label unless there are 2 to {MAX_CLASSES} classes. Received: {len(names)}"
        )
    return tuple(names)


def class_numbers(names, data, part):
    """The class of every row of one part, int array `(n,)`, as numbers of `names`.

    Args:
        names: as `class_names_of` gives it, of the training data.
        data: `Dataset`, the same or other data.
        part: "train", "validation" or "test".

    Raises:
        ValueError: for data without labels, or with a class that the training data do not have.
    """
    labels = getattr(data, f"y_{part}")
    if labels is None:
        raise ValueError(
            f"the data must have a label for each row, as the model is told the class. Received: none in {data.name}"
        )
    values, places = np.unique(labels, return_inverse=True)
    found = [data.class_names[value] if data.class_names else str(value) for value in values]
    unknown = [name for name in found if name not in names]
    if unknown:
        raise ValueError(
            f"the data must have the classes of the training, {', '.join(names[:10])}. Received: {unknown[0]!r} in "
            f"{data.name}"
        )
    return np.array([names.index(name) for name in found])[places]


def classes_of_samples(names, n, label=None):
    """The classes of `n` new examples, int array `(n,)`: all of one class, or all classes one after the other.

    Args:
        names: as `class_names_of` gives it.
        n: int >= 1.
        label: str or None. Name of the one class; None for all.

    Raises:
        ValueError: for a class that is none of them.
    """
    if label is None:
        return np.arange(n) * len(names) // n
    if label not in names:
        raise ValueError(f"`label` must be one of {', '.join(names)}. Received: label={label!r}")
    return np.full(n, names.index(label))
