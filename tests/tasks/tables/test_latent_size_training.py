"""The rows that a latent size is judged by, and one training of the search."""

import numpy as np
import pytest

from keras_vae.data.dataset import Dataset
from keras_vae.tasks.registry import task_class
from keras_vae.tasks.tables.latent_size_training import train_size, train_sizes, with_rows_to_choose_by

SMALL = {"epochs": 2, "hidden_units": [4]}


def dataset(n, **parts):
    x = np.arange(3.0 * n, dtype="float32").reshape(n, 3)
    return Dataset("table", x, None, np.arange(n), None, (3,), "table", ids_train=tuple(map(str, range(n))), **parts)


@pytest.fixture(scope="module")
def table():
    """A table with two linear factors, split as the search does."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 6)) + 0.3 * rng.normal(size=(300, 6))
    return with_rows_to_choose_by(task_class("vae")(seed=0).load(x.astype("float32")), seed=0)


def test_a_fifth_of_the_training_rows_is_set_aside_with_labels_and_ids():
    data = with_rows_to_choose_by(dataset(100), seed=0)
    assert (data.n_train, data.n_test) == (80, 20)
    for part in ("train", "test"):
        x, y, ids = (getattr(data, f"{name}_{part}") for name in ("x", "y", "ids"))
        np.testing.assert_array_equal(x[:, 0], 3.0 * y)
        assert list(ids) == [str(i) for i in y]
    assert sorted([*data.y_train, *data.y_test]) == list(range(100))


def test_the_validation_part_stays_and_the_test_part_is_not_looked_at():
    own = {"x_validation": np.full((5, 3), 7.0, "float32"), "y_validation": np.zeros(5), "ids_validation": ("a",) * 5}
    data = dataset(50, **own)
    split = with_rows_to_choose_by(data, seed=0)
    np.testing.assert_array_equal(split.x_validation, data.x_validation)
    test = np.full((9, 3), -1.0, "float32")
    of_test = Dataset("table", data.x_train, test, data.y_train, np.zeros(9), (3,), "table")
    assert with_rows_to_choose_by(of_test, seed=0).x_test.min() >= 0.0


def test_another_seed_sets_other_rows_aside():
    first, second, again = (with_rows_to_choose_by(dataset(100), seed).y_test for seed in (0, 1, 0))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(second)


def test_no_more_than_five_thousand_rows_are_set_aside():
    assert with_rows_to_choose_by(dataset(40_000), seed=0).n_test == 5000


@pytest.mark.parametrize("n", [1, 22])
def test_few_rows_are_refused(n):
    with pytest.raises(ValueError, match=f"at least 25 training rows .* Received: table with {n}"):
        with_rows_to_choose_by(dataset(n), seed=0)


def test_a_folder_of_images_is_refused():
    data = Dataset("photos", None, None, None, None, (8, 8, 3), "image", train_files=("a.png",) * 30)
    with pytest.raises(ValueError, match=r"`data` must be a table or an array. Received: photos, a folder of images"):
        with_rows_to_choose_by(data, seed=0)


@pytest.mark.slow
def test_a_training_gives_the_bound_of_every_row_set_aside(table):
    rows, figures = train_size("vae", table, 2, 0, SMALL, n_samples=20)
    assert rows.shape == (table.n_test,)
    assert rows.dtype == np.float64
    assert figures["log_prob"] == rows.mean()
    assert (figures["latent_dim"], figures["seed"], figures["is_cut"]) == (2, 0, False)
    assert figures["units"] == "standardised values"
    assert 1 <= figures["epochs"] <= 2
    # The exact density of two factors is far above that of independent columns.
    independent = -0.5 * 6 * np.log(2 * np.pi * np.e)
    assert rows.mean() > independent + 2.0


@pytest.mark.slow
def test_two_processes_train_the_same_as_one(table):
    jobs = [(1, 0), (2, 0)]
    one = {f["latent_dim"]: rows for rows, f in train_sizes(jobs, 1, "vae", table, SMALL, 10)}
    two = {f["latent_dim"]: rows for rows, f in train_sizes(jobs, 2, "vae", table, SMALL, 10)}
    assert set(one) == set(two) == {1, 2}
    for size in one:
        np.testing.assert_allclose(one[size], two[size], rtol=1e-3)


@pytest.mark.slow
def test_an_error_in_another_process_comes_back(table):
    with pytest.raises(ValueError, match="`prior` must be one of"):
        list(train_sizes([(1, 0), (2, 0)], 2, "vae", table, {**SMALL, "prior": "none"}, 10))
