"""Ways between texts: the chosen one by trying all of them, and what it is made of by a small model."""

import itertools

import numpy as np
import pytest

import keras_vae as kv
from keras_vae.data.word_distance import word_distance
from keras_vae.models.latent_arithmetic import points_between
from keras_vae.models.text_paths import STANDING, way_out

TEXTS = ["the cat sat down", "the dog sat down", "a cat ran away", "a dog ran away from the cat", "the cow slept"] * 8


@pytest.fixture(scope="module")
def model():
    tokenizer = kv.data.Tokenizer.learn(TEXTS)
    model = kv.make_sequence_vae(tokenizer, latent_dim=4, units=16, beta=0.1, seed=0)
    model.compile(kv.optimizers.Adam(0.02))
    model.fit(TEXTS, epochs=6, batch_size=8, verbose=0)
    return model


def test_the_way_is_the_best_of_all_ways(rng):
    for n, steps in ((4, 3), (5, 4), (3, 5), (6, 5), (1, 2)):
        values, distances = rng.normal(size=(steps, n)) * 5.0, rng.integers(1, 5, size=n)
        first, last = 0, n - 1
        distances[first] = 0

        def worth(way, values=values, distances=distances):
            moves = np.diff(distances[list(way)])
            own = sum(values[t, place] for t, place in enumerate(way))
            return -np.inf if (moves < 0).any() else own - STANDING * np.sum(moves == 0)

        ways = [(first, *inner, last) for inner in itertools.product(range(n), repeat=steps - 2)]
        found = way_out(values, distances, first, last)
        assert (found[0], found[-1], len(found)) == (first, last, steps)
        assert worth(tuple(found)) == pytest.approx(max(map(worth, ways)))


def test_a_way_moves_away_where_it_can_and_never_further_than_its_end():
    values = np.zeros((4, 4))
    values[:, 3] = 50.0
    np.testing.assert_array_equal(way_out(values, [0, 1, 2, 3], 0, 3), [0, 1, 2, 3])
    # Two distances for three steps: two of them stay as far.
    moved = np.diff(np.array([0, 2, 2])[way_out(np.zeros((4, 3)), [0, 2, 2], 0, 2)])
    assert sorted(moved) == [0, 0, 2]
    np.testing.assert_array_equal(way_out([[0, 0], [0, 9], [0, 0]], [0, 5], 0, 0), [0, 0, 0])


@pytest.mark.slow
def test_likelihoods_of_pairs_are_those_of_the_decoder(model):
    rows = model.tokenizer.rows(TEXTS[:5])
    z = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    found = model._mean_log_p(rows, z)
    assert found.shape == (3, 5)
    for i, code in enumerate(z):
        for j, row in enumerate(rows):
            row = row[None, : np.count_nonzero(row)]
            features = model.decoder([code[None], model.decoder.told_before(row)])
            assert found[i, j] == pytest.approx(float(np.mean(model.decoder.log_prob(features, row))), abs=1e-5)


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_texts_move_away_from_the_first(model, path):
    way = model.interpolate(TEXTS[0], TEXTS[3], steps=4, path=path)
    ends = model.encode([TEXTS[0], TEXTS[3]])[0]
    own = model.decode(points_between(ends[:1], ends[1:], 4, path), "beam")
    assert (way[0], way[-1]) == (own[0], own[-1])
    assert way == model.interpolate(TEXTS[0], TEXTS[3], steps=4, path=path)
    rows = model.tokenizer.rows(way)
    assert np.all(np.diff(word_distance(np.repeat(rows[:1], 4, axis=0), rows)) > 0)
    assert model.interpolate(TEXTS[0], TEXTS[3], steps=4, path=path, candidates=0) == own
    assert model.interpolate(TEXTS[0], TEXTS[3], steps=2, path=path) == [own[0], own[-1]]


def test_a_way_from_a_text_to_itself_stays(model):
    assert model.interpolate(TEXTS[0], TEXTS[0], steps=3) == 3 * model.reconstruct(TEXTS[:1], "beam")


def test_draws_below_none_are_refused(model):
    with pytest.raises(ValueError, match=r"`candidates` must be a whole number >= 0. Received: candidates=-1"):
        model.interpolate(TEXTS[0], TEXTS[3], candidates=-1)
