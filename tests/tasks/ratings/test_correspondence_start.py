"""The start: correspondence analysis by its definition, and a model that ranks by it before its first step."""

import numpy as np
import pytest
from scipy import sparse
from tasks.ratings.ratings_helpers import SMALL, group_clicks

from keras_vae.tasks.ratings import Popularity, Recommender, measure_lists
from keras_vae.tasks.ratings.correspondence_start import STRENGTHS, can_start, item_coordinates, strength
from keras_vae.tasks.ratings.ranking import Ranker
from keras_vae.tasks.ratings.splits import hide_items


def test_coordinates_are_the_axes_of_the_scaled_table_without_the_trivial_one(rng, monkeypatch):
    monkeypatch.setattr("keras_vae.tasks.ratings.correspondence_start.DAMPING", 0.0)
    x = group_clicks(rng)
    found, shares = item_coordinates(x, 3)
    table = x.toarray() / x.sum()
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    np.testing.assert_allclose(shares, columns, rtol=1e-6)
    residual = (table - np.outer(rows, columns)) / np.sqrt(np.outer(rows, columns))
    axes = np.linalg.svd(residual)[2][:3]
    expected = axes / np.sqrt(columns)
    for one, other in zip(found.T, expected, strict=True):
        np.testing.assert_allclose(one * np.sign(one @ other), other, rtol=1e-2, atol=1e-2)


def test_the_strength_is_the_most_likely_one(rng):
    x = group_clicks(rng)
    logits = np.where(x.toarray() > 0, 1.0, 0.0)
    shares = np.log(np.full(40, 1 / 40))
    assert strength(x, logits, shares) == max(STRENGTHS)
    assert strength(x, -logits, shares) == min(STRENGTHS)


@pytest.mark.parametrize("model", ["mult_vae", "mult_dae"])
def test_a_model_ranks_by_it_before_its_first_step(rng, model):
    kept, hidden = hide_items(group_clicks(rng), 0.3, 0)
    recommender = Recommender(model=model, **SMALL, validation=0.0)
    recommender.prepare(recommender.load(kept))
    ranked, _ = Ranker(recommender.build_model()).best(kept, 10)
    popular, _ = Popularity().fit(kept).recommend(kept, 10)
    recall = [measure_lists(lists, hidden, 10).recall.mean() for lists in (ranked, popular)]
    assert recall[0] > recall[1] + 0.3


def test_tables_with_fewer_factors_than_the_code_and_empty_columns_start_too():
    x = sparse.csr_matrix(np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0]], "float32"))
    recommender = Recommender(latent_dim=6, hidden_units=[8], seed=0, epochs=1, validation=0.0).fit(x, verbose=0)
    assert np.isfinite(recommender.score(x)).all()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"encoder": "residual"}, False),
        ({"decoder": "mirrored"}, False),
        ({"hidden_units": [3]}, False),
        ({"hidden_units": [16, 16]}, False),
    ],
)
def test_which_layers_can_hold_it(change, expected):
    settings = {"encoder": "plain", "decoder": "linear", "hidden_units": [16], "latent_dim": 4}
    assert can_start({**settings, **change}) == expected
