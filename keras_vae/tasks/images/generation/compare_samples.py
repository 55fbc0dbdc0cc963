"""Samples of several models against the same data, in one pipeline: distance, precision and recall."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from keras_vae._checks import check_int
from keras_vae.tasks.images.generation.frechet_distance import frechet_distance
from keras_vae.tasks.images.generation.image_classifier import ImageClassifier
from keras_vae.tasks.images.generation.precision_and_recall import precision_and_recall
from keras_vae.tasks.images.generation.unit_images import unit_images

# Rows of a set that precision and recall are computed of: their cost grows with the square.
MAX_NEIGHBOURHOOD = 5000
NOTE = (
    "Distances depend on the classifier, on the data and on the number of images: compare those of one table alone, "
    "never with numbers from elsewhere."
)


def compare_samples(
    samples: Mapping[str, np.ndarray],
    real: np.ndarray,
    classifier: ImageClassifier,
    floor: np.ndarray | None = None,
    n_repeats: int = 20,
    n_neighbors: int = 3,
    seed: int = 0,
) -> pd.DataFrame:
    """Frechet distance, precision and recall of sets of images against the same data, in features of one classifier.

    All sets are cut to the size of the smallest, as the distance of small sets is larger. The numbers are comparable
    within the table alone: other features, another size or other data give others.

    Args:
        samples: dict from names to arrays `(n, height, width)` or `(n, *event_shape)`, uint8 or from 0 to 1.
        real: images of data that no model was trained on, in the same form.
        classifier: `ImageClassifier`, trained on such data.
        floor: other images of data, such as those of the training, or None. They become the row "data": the distance
            that samples of a perfect model would have.
        n_repeats: int >= 2. Bootstrap draws of each set, for the standard error of the distance.
        n_neighbors: int >= 1. As in `precision_and_recall`, which is computed of up to 5,000 images of each set.
        seed: int. Of the cut and of the bootstrap.

    Returns:
        `pandas.DataFrame`, a row per name, with the columns `frechet_distance`, `standard_error`, `precision`, `recall`
        and `n_images`; its `attrs["note"]` says what the numbers may be compared with.

    Raises:
        ValueError: without samples, for a name "data" beside a `floor`, images of another shape or out of range, or a
            number out of bounds.

    References:
        Heusel et al. 2017, eq. 6. https://arxiv.org/abs/1706.08500
        Kynkaanniemi et al. 2019. https://arxiv.org/abs/1904.06991
    """
    n_repeats, rng = check_int("n_repeats", n_repeats, 2), np.random.default_rng(check_int("seed", seed, 0))
    features = _features_of(samples, real, floor, classifier)
    n_images = min(map(len, features.values()))
    features = {name: part[np.sort(rng.permutation(len(part))[:n_images])] for name, part in features.items()}
    real = features.pop("real")
    rows = {name: _measured(real, made, n_neighbors, n_repeats, rng) for (_, name), made in features.items()}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.attrs["note"] = NOTE
    return table


def _measured(real, made, n_neighbors, n_repeats, rng):
    """The row of one set of features."""
    n_near = min(len(real), MAX_NEIGHBOURHOOD)
    precision, recall = precision_and_recall(real[:n_near], made[:n_near], n_neighbors)
    return {
        "frechet_distance": frechet_distance(real, made),
        "standard_error": _standard_error(real, made, n_repeats, rng),
        "precision": precision,
        "recall": recall,
        "n_images": len(real),
    }


def _features_of(samples, real, floor, classifier):
    """Features of all sets: of "real" and of ("samples", name)."""
    if not isinstance(samples, Mapping) or not samples:
        raise ValueError(f"`samples` must be a dict from names to images. Received: {samples!r:.80}")
    if floor is not None and "data" in samples:
        raise ValueError("`samples` must not have the name 'data' beside a `floor`, whose row it is. Received: both")
    sets = dict(samples) if floor is None else {**samples, "data": floor}
    shape = classifier.event_shape
    found = {"real": classifier.features(unit_images("real", real, shape))}
    for name, images in sets.items():
        found["samples", name] = classifier.features(unit_images(f"samples[{name!r}]", images, shape))
    return found


def _standard_error(real, made, n_repeats, rng):
    """Standard deviation of the distance over bootstrap draws of both sets."""
    n = len(made)
    draws = [frechet_distance(real[rng.integers(n, size=n)], made[rng.integers(n, size=n)]) for _ in range(n_repeats)]
    return float(np.std(draws, ddof=1))
