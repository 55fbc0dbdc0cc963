import numpy as np
import pytest

from keras_vae.tasks.images.generation.compare_samples import compare_samples
from keras_vae.tasks.images.generation.frechet_distance import frechet_distance
from keras_vae.tasks.images.generation.image_classifier import ImageClassifier
from keras_vae.tasks.images.generation.precision_and_recall import precision_and_recall


@pytest.fixture(scope="module")
def classifier():
    return ImageClassifier((8, 8, 1), n_classes=2, seed=0)


@pytest.fixture
def images(rng):
    def drawn(n, low=0.0, high=1.0):
        return rng.uniform(low, high, size=(n, 8, 8, 1)).astype("float32")

    return drawn


def test_every_set_is_measured_against_the_same_data_in_the_same_size(classifier, images):
    real = images(60)
    sets = {"near": images(40), "far": images(50, 0.0, 0.3)}
    table = compare_samples(sets, real, classifier, floor=images(45), n_repeats=3)
    assert list(table.index) == ["near", "far", "data"]
    assert set(table.n_images) == {40}
    assert table.frechet_distance["near"] < table.frechet_distance["far"]
    assert (table.standard_error > 0.0).all()
    assert "compare those of one table alone" in table.attrs["note"]


def test_the_numbers_are_those_of_the_measures_alone(classifier, images):
    real, made = images(40), images(40, 0.2, 0.9)
    row = compare_samples({"made": made}, real, classifier, n_repeats=2).loc["made"]
    features = classifier.features(real), classifier.features(made)
    np.testing.assert_allclose(row.frechet_distance, frechet_distance(*features), rtol=1e-6)
    np.testing.assert_allclose((row.precision, row.recall), precision_and_recall(*features))


def test_a_seed_repeats_the_table_and_the_data_have_no_distance_from_themselves(classifier, images):
    real = images(40)
    tables = [compare_samples({"same": real}, real, classifier, n_repeats=2, seed=3) for _ in range(2)]
    assert tables[0].equals(tables[1])
    assert tables[0].frechet_distance["same"] < 1e-8
    assert tables[0].precision["same"] == tables[0].recall["same"] == 1.0


@pytest.mark.slow
def test_the_standard_error_is_that_of_repeated_draws(classifier, rng):
    # Sets drawn anew scatter as the bootstrap says, within a factor of two.
    def drawn(seed):
        return np.random.default_rng(seed).uniform(size=(150, 8, 8, 1)).astype("float32") ** (1 + seed % 2)

    tables = [
        compare_samples({"made": drawn(2 * i)}, drawn(2 * i + 1), classifier, n_repeats=10, seed=i) for i in range(8)
    ]
    scatter = np.std([table.frechet_distance["made"] for table in tables], ddof=1)
    said = np.mean([table.standard_error["made"] for table in tables])
    assert 0.5 * scatter < said < 2.0 * scatter


@pytest.mark.parametrize(
    ("samples", "arguments", "message"),
    [
        pytest.param({}, {}, "`samples` must be a dict from names to images", id="none"),
        pytest.param(np.zeros((5, 8, 8)), {}, "`samples` must be a dict", id="array"),
        pytest.param({"data": np.zeros((5, 8, 8))}, {"floor": np.zeros((5, 8, 8))}, "the name 'data'", id="name"),
        pytest.param({"a": np.zeros((5, 7, 8))}, {}, r"`samples\['a'\]` must have shape \(n, 8, 8, 1\)", id="shape"),
        pytest.param({"a": np.zeros((5, 8, 8))}, {"n_repeats": 1}, "`n_repeats` must be a whole number >= 2", id="one"),
        pytest.param({"a": np.zeros((5, 8, 8))}, {"seed": -1}, "`seed` must be a whole number >= 0", id="seed"),
        pytest.param({"a": np.zeros((3, 8, 8))}, {}, "`real` must have shape .* with n >= 4", id="few"),
    ],
)
def test_bad_input_is_refused(samples, arguments, message, classifier):
    with pytest.raises(ValueError, match=message):
        compare_samples(samples, np.zeros((9, 8, 8)), classifier, **arguments)
