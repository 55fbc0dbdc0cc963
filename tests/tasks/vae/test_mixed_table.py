"""A table of words, counts, dates and holes, trained on as it is."""

import warnings

import numpy as np
import pytest

from keras_vae.data.dataset import Dataset
from keras_vae.tasks.table_likelihood import mixed_likelihood
from keras_vae.tasks.vae.vae_task import VAETask

N = 260
HEAD = "key,age,town,member,visits,joined,price"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Six columns made of one factor, with holes in three of them."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=N)
    town = np.array(["Rome", "Oslo", "Bonn"])[np.clip(np.round(z + 1 + 0.5 * rng.normal(size=N)), 0, 2).astype(int)]
    age, price = 40 + 10 * z + 2 * rng.normal(size=N), 1000 * np.exp(0.3 * z + 0.1 * rng.normal(size=N))
    visits, member = rng.poisson(np.exp(0.4 + 0.7 * z)), np.where(z + rng.normal(size=N) > 0, "yes", "no")
    days = np.datetime64("2020-01-01") + (1000 * rng.random(N)).astype(int)
    hole = rng.random((N, 3)) < 0.1
    lines = [
        f"k{i},{'' if hole[i, 0] else f'{age[i]:.0f}'},{'' if hole[i, 1] else town[i]},{member[i]},"
        f"{'' if hole[i, 2] else visits[i]},{days[i]},{price[i]:.2f}"
        for i in range(N)
    ]
    path = tmp_path_factory.mktemp("tables") / "people.csv"
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def fitted(file):
    task = VAETask(epochs=2, latent_dim=2, hidden_units=[8])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return task.fit(str(file), verbose=0)


def test_every_column_has_its_likelihood(fitted):
    assert fitted.settings_["likelihood"] == "mixed"
    assert fitted.model_.likelihood.columns == (
        "student_t",
        4,  # Three towns and any other.
        "bernoulli",
        "negative_binomial",
        "student_t",
        "student_t",
    )
    assert set(fitted.model_.likelihood.holes) == {0, 1, 3}
    # Numbers are standardised, words and counts are not.
    np.testing.assert_array_equal(fitted.model_.preprocessing.scale[1:4], [1.0, 1.0, 1.0])
    assert fitted.model_.preprocessing.scale[0] > 5.0


def test_it_says_what_it_is_made_of(fitted, file):
    data = fitted.load(str(file))
    described = dict(fitted.describe(data))
    assert "a likelihood for each column: 3 real, 1 category, 1 binary, 1 count" in described["model"]
    assert any("town" in line.what and "category" in line.read_as for line in data.report)


def test_its_figures_are_those_of_what_was_seen(fitted, file):
    data = fitted.load(str(file))
    rows = fitted.rows(data, "test")
    assert np.isnan(rows).any()
    figures = fitted.evaluate(fitted.model_, data, n_samples=20)
    assert figures["log_prob"] == pytest.approx(fitted.model_.log_prob(rows, 20).mean(), rel=1e-4)
    assert "as they are" in figures["units"]


def test_rows_come_back_as_words_dates_and_whole_numbers(fitted):
    columns = fitted.columns_of(fitted.model_.sample(5, seed=0, draw=True))
    assert list(columns) == HEAD.split(",")[1:]
    assert set(columns["member"]) <= {"yes", "no"}
    assert set(columns["town"]) <= {"Rome", "Oslo", "Bonn", "other"}
    np.testing.assert_array_equal(columns["visits"], np.round(columns["visits"].astype(float)))
    assert str(columns["joined"][0])[:2] in ("19", "20")


def test_a_later_table_is_read_as_the_first_one(fitted, tmp_path):
    path = tmp_path / "more.csv"
    path.write_text("town,age,visits,member,joined,price\nParis,,3,no,2021-05-01,900\nOslo,41,,yes,2021-05-02,1000\n")
    rows = fitted.rows(fitted.load(str(path), all_rows=True))
    np.testing.assert_array_equal(np.isnan(rows), [[True, *[False] * 5], [*[False] * 3, True, False, False]])
    assert rows[0, 1] == 3.0  # A town that was never seen.
    assert np.isfinite(fitted.model_.log_prob(rows, 5)).all()


@pytest.mark.slow
def test_pictures_are_drawn_of_holes_and_words(fitted, file):
    data = fitted.load(str(file))
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        names = [name for name, _ in fitted.pictures(fitted.model_, data, {"epoch": [1], "loss": [1.0]})]
    assert {"reconstructions", "samples", "traversals"} <= set(names)


def test_a_likelihood_of_numbers_reads_numbers_alone(file):
    task = VAETask(likelihood="student_t")
    data = task.load(str(file))
    assert data.columns is None
    assert not np.isnan(data.x_train).any()


def test_a_table_of_numbers_has_a_likelihood_for_each_if_asked():
    rng = np.random.default_rng(0)
    data = Dataset("numbers", rng.normal(size=(9, 3)).astype("float32"), None, None, None, (3,), "table")
    assert mixed_likelihood(data).columns == ("student_t",) * 3
    images = Dataset("pictures", np.zeros((2, 4, 4, 1), "uint8"), None, None, None, (4, 4, 1), "image")
    with pytest.raises(ValueError, match="`likelihood` must be another than mixed for data that are no table"):
        mixed_likelihood(images)
