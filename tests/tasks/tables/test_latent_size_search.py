"""Which sizes a search trains, and which a second time; trainings are stood in for by made-up bounds."""

import types

import numpy as np
import pytest

from keras_vae.tasks.tables import choose_latent_dim, latent_size_search
from keras_vae.tasks.tables.latent_size_search import checked_settings, number_of_processes

N_COLUMNS = 30


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(200, N_COLUMNS)).astype("float32")


@pytest.fixture
def trained(monkeypatch):
    """Jobs that were trained, in order; `trained.bound` gives the mean of a size and a seed."""

    class Trained(list):
        bound = staticmethod(lambda size, seed: -float(abs(size - 5)))

    trained = Trained()

    def train_sizes(jobs, n_jobs, task_name, data, settings, n_samples):
        for size, seed in jobs:
            trained.append((size, seed))
            rows = trained.bound(size, seed) + np.random.default_rng(0).normal(size=data.n_test)
            figures = {"latent_dim": size, "seed": seed, "log_prob": rows.mean(), "validation_elbo": rows.mean()}
            yield rows, {**figures, "epochs": 3, "is_cut": size == 1, "seconds": 2.0, "units": "standardised values"}

    monkeypatch.setattr(latent_size_search, "train_sizes", train_sizes)
    return trained


def until(true_size):
    """A bound that rises by a nat with every dimension up to the true size."""
    return lambda size, seed: float(min(size, true_size))


@pytest.mark.parametrize("true_size", [1, 2, 3, 5, 7, 8, 10, 16, 17, 25, 30])
def test_without_sizes_the_search_finds_where_the_bound_stops_rising(trained, x, true_size):
    trained.bound = until(true_size)
    found = choose_latent_dim(x, verbose=False)
    assert found.chosen == true_size
    assert true_size == 1 or true_size - 1 in found.sizes
    assert len(found.sizes) <= 10


@pytest.mark.parametrize(("n_columns", "wanted"), [(1, (1,)), (2, (1, 2)), (3, (1, 2, 3)), (7, (1, 2, 4, 5, 6, 7))])
def test_no_more_sizes_are_tried_than_there_are_columns(trained, x, n_columns, wanted):
    trained.bound = until(99)
    assert choose_latent_dim(x[:, :n_columns], verbose=False).sizes == wanted


def test_sizes_that_are_given_are_those_that_are_trained(trained, x):
    trained.bound = until(99)
    assert choose_latent_dim(x, sizes=[8, 2, 2], verbose=False).sizes == (2, 8)


def test_a_training_that_ended_badly_is_done_again_and_the_better_one_counts(trained, x):
    trained.bound = lambda size, seed: float(min(size, 5)) - 3.0 * (size == 5 and seed == 0)
    found = choose_latent_dim(x, verbose=False)
    assert (5, 1) in trained
    assert found.chosen == 5


def test_a_bad_training_hidden_in_a_rising_curve_is_found_next_to_the_choice(trained, x):
    # Size 5 seems no better than 4, without being worse.
    trained.bound = lambda size, seed: float(min(size, 5)) - (size == 5 and seed == 0)
    assert choose_latent_dim(x, verbose=False).chosen == 5


def test_no_training_is_done_three_times(trained, x):
    trained.bound = lambda size, seed: -float(size)
    choose_latent_dim(x, sizes=[1, 2], verbose=False)
    assert sorted(trained) == [(1, 0), (2, 0), (2, 1)]


def test_of_sizes_that_are_too_large_only_the_next_one_is_trained_again(trained, x):
    trained.bound = lambda size, seed: -float(abs(size - 2))
    assert choose_latent_dim(x, sizes=[1, 2, 4, 8, 16], verbose=False).chosen == 2
    assert [size for size, seed in trained if seed == 1] == [4, 1]


def test_a_call_goes_on_where_it_was_broken_off(trained, x, tmp_path):
    def broken(size, seed):
        if size == 4:
            raise KeyboardInterrupt
        return until(3)(size, seed)

    trained.bound = broken
    with pytest.raises(KeyboardInterrupt):
        choose_latent_dim(x, folder=tmp_path / "a", verbose=False)
    trained.clear()
    trained.bound = until(3)
    found = choose_latent_dim(x, folder=tmp_path / "a", verbose=False)
    assert not {(1, 0), (2, 0)} & set(trained)
    assert found.chosen == 3
    trained.clear()
    again = choose_latent_dim(x, folder=tmp_path / "a", verbose=False)
    assert trained == []
    assert again == found


def test_other_data_and_settings_are_refused(trained, x, tmp_path):
    choose_latent_dim(x, [1], folder=tmp_path / "a", verbose=False)
    with pytest.raises(ValueError, match="with data='"):
        choose_latent_dim(x + 1.0, [1], folder=tmp_path / "a", verbose=False)
    with pytest.raises(ValueError, match=r"with minutes=2\.0, and 1\.0 there"):
        choose_latent_dim(x, [1], folder=tmp_path / "a", verbose=False, minutes=2)
    # Other sizes join.
    assert choose_latent_dim(x, [2], folder=tmp_path / "a", verbose=False).sizes == (2,)


def test_a_line_is_printed_for_the_data_and_for_every_training(trained, x, capsys):
    trained.bound = lambda size, seed: -float(size)
    choose_latent_dim(x, sizes=[1, 2])
    first, one, two, again = capsys.readouterr().out.splitlines()
    assert first == "array: 144 rows of 30 to train on, 20 to end the training by, 36 to choose by"
    assert one.endswith("nats per row, 3 epochs in 2 s, cut by the minutes")
    assert two.startswith("   2 latent ")
    assert again.endswith(", a second training")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"sizes": []}, "`sizes` must be a tuple of one or more whole numbers >= 1"),
        ({"sizes": [0, 2]}, "`sizes` must be"),
        ({"n_samples": 0}, "`n_samples` must be a whole number >= 1"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"n_jobs": 0}, "`n_jobs` must be a whole number other than 0, or None. Received: n_jobs=0"),
        ({"task": "none"}, "`task` must be one of 'vae'"),
        ({"latent_dim": 3}, "`sizes` must be given, not `latent_dim`. Received: latent_dim=3"),
        ({"epoch": 3}, "settings must be among .*. Received: epoch"),
        ({"minutes": 0}, "`minutes` must be"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(trained, x, arguments, match):
    with pytest.raises(ValueError, match=match):
        choose_latent_dim(x, **arguments)
    assert trained == []


def test_a_task_without_latent_dim_is_refused(monkeypatch):
    monkeypatch.setattr(latent_size_search, "settings_of", lambda name: types.SimpleNamespace(SETTINGS={}))
    with pytest.raises(ValueError, match=r"`task` must have a setting `latent_dim`. Received: task='toy'"):
        checked_settings("toy", {})


def test_processes_are_counted_as_scikit_learn_does():
    assert number_of_processes(None) == 1
    assert number_of_processes(3) == 3
    assert number_of_processes(-1) >= 1
