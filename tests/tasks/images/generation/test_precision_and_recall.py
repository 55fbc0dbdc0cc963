import numpy as np
import pytest

from keras_vae.tasks.images.generation import precision_and_recall as module
from keras_vae.tasks.images.generation.precision_and_recall import precision_and_recall


def by_hand(real, made, k):
    """Both from all distances, one by one."""

    def share(centres, points):
        radii = [sorted(np.linalg.norm(centres - c, axis=1))[k] for c in centres]
        return np.mean([any(np.linalg.norm(p - c) <= r for c, r in zip(centres, radii, strict=True)) for p in points])

    return share(real, made), share(made, real)


@pytest.mark.parametrize("k", [1, 3])
def test_it_is_what_all_distances_say(rng, k):
    real, made = rng.normal(size=(60, 2)), rng.normal(size=(50, 2)) + np.array([1.0, 0.0])
    np.testing.assert_allclose(precision_and_recall(real, made, k), by_hand(real, made, k))


def test_parts_of_the_distances_give_the_same(rng, monkeypatch):
    real, made = rng.normal(size=(60, 2)), rng.normal(size=(50, 2)) + 1.0
    whole = precision_and_recall(real, made)
    monkeypatch.setattr(module, "DISTANCES_AT_ONCE", 130)
    assert precision_and_recall(real, made) == whole


def test_the_same_set_has_both_and_a_set_far_away_none(rng):
    real = rng.normal(size=(40, 3))
    assert precision_and_recall(real, real) == (1.0, 1.0)
    assert precision_and_recall(real, real + 100.0) == (0.0, 0.0)


def test_one_good_sample_again_and_again_is_precise_and_recalls_nothing(rng):
    real = rng.normal(size=(400, 2))
    precision, recall = precision_and_recall(real, np.repeat(real[:1], 50, axis=0) + 1e-7 * rng.normal(size=(50, 2)))
    assert precision == 1.0
    assert recall <= 1 / 400


def test_samples_that_cover_more_than_the_data_recall_it_and_are_not_precise(rng):
    real, made = rng.uniform(-1, 1, size=(300, 1)), rng.uniform(-10, 10, size=(3000, 1))
    precision, recall = precision_and_recall(real, made)
    assert precision < 0.2
    assert recall > 0.95


@pytest.mark.parametrize(
    ("real", "made", "k", "message"),
    [
        pytest.param(np.zeros((3, 2)), np.zeros((9, 2)), 3, r"`real` must have shape .* with n >= 4", id="few"),
        pytest.param(np.zeros((9, 2)), np.zeros((9, 3)), 3, "must have the same features", id="features"),
        pytest.param(np.zeros((9, 2)), np.zeros((9, 2)), 0, "`n_neighbors` must be a whole number >= 1", id="k"),
    ],
)
def test_bad_input_is_refused(real, made, k, message):
    with pytest.raises(ValueError, match=message):
        precision_and_recall(real, made, k)
