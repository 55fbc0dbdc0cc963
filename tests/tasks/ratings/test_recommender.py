"""`Recommender`: it learns, ranks, explains, is saved, exported and resumed, and refuses what it cannot answer."""

import keras
import numpy as np
import pandas
import pytest
from helpers import slow_after
from scipy import sparse
from tasks.ratings.ratings_helpers import ITEMS_OF_GROUP, SMALL, group_clicks

import keras_vae as kv
from keras_vae.tasks.ratings import Popularity, Recommender, measure_lists
from keras_vae.tasks.ratings.splits import hide_items


@pytest.fixture(scope="module")
def clicks():
    return group_clicks(np.random.default_rng(0))


@pytest.fixture(scope="module")
def fitted(clicks):
    return Recommender(**SMALL, epochs=40, validation=0.0, learning_rate=0.01).fit(clicks, verbose=0)


@pytest.fixture(scope="module")
def named():
    x = group_clicks(np.random.default_rng(0)).tocoo()
    frame = pandas.DataFrame({"user": [f"u{u}" for u in x.row], "item": [f"song {i}" for i in x.col]})
    return Recommender(**SMALL, epochs=10, learning_rate=0.01).fit(frame, verbose=0)


@pytest.mark.slow
@pytest.mark.parametrize("model", slow_after(2, ["mult_vae", "mult_dae", "rec_vae"]))
def test_every_model_finds_the_items_of_the_group(clicks, model):
    kept, hidden = hide_items(clicks, 0.3, 0)
    recommender = Recommender(model=model, **SMALL, epochs=15, learning_rate=0.01, validation=0.0)
    ids, _ = recommender.fit(kept, verbose=0).recommend(kept, k=10)
    popular, _ = Popularity().fit(kept).recommend(kept, k=10)
    found, simple = (measure_lists(lists, hidden, 10).recall.mean() for lists in (ids, popular))
    assert found > simple + 0.15
    assert np.isfinite(recommender.history_["loss"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("start", slow_after(1, ["correspondence", "random"]))
def test_a_start_and_sampled_items_learn_too(clicks, start):
    epochs = 20 if start == "correspondence" else 80
    made = Recommender(**SMALL, start=start, sampled_items=8, epochs=epochs, learning_rate=0.01, validation=0.0)
    ids, _ = made.fit(clicks, verbose=0).recommend(clicks, k=4)
    own = ids // ITEMS_OF_GROUP == (np.arange(120) % 4)[:, None]
    assert own.mean() > 0.6


@pytest.mark.slow
def test_lists_are_ranked_probabilities_without_what_was_chosen(fitted, clicks):
    ids, scores = fitted.recommend(clicks[:7], k=12)
    assert ids.shape == scores.shape == (7, 12)
    assert (np.diff(scores, axis=1) <= 0).all()
    log_probs = fitted.score(clicks[:7])
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1.0, rtol=1e-4)
    np.testing.assert_allclose(np.take_along_axis(log_probs, ids, 1), scores, rtol=1e-4, atol=1e-5)
    assert not clicks[:7].toarray()[np.arange(7)[:, None], ids].any()
    everything, _ = fitted.recommend(clicks[:7], k=40, exclude_seen=False)
    assert all(len(set(row)) == 40 for row in everything.tolist())
    np.testing.assert_array_equal(fitted.score(clicks[:2], items=[3, 1]), fitted.score(clicks[:2])[:, [3, 1]])


@pytest.mark.slow
def test_rows_may_come_in_any_form_and_answer_alike_alone_or_together(fitted, clicks):
    expected, scores = fitted.recommend(clicks[:5], k=6)
    lists = [row.indices.tolist() for row in clicks[:5]]
    for rows in (clicks[:5].toarray(), clicks[:5].tocsc(), lists, [*map(tuple, lists)], clicks[:5] * 3):
        np.testing.assert_array_equal(fitted.recommend(rows, k=6)[0], expected)
    alone = np.concatenate([fitted.recommend(clicks[i], k=6)[1] for i in range(5)])
    np.testing.assert_allclose(alone, scores, rtol=1e-4, atol=1e-5)


def test_where_nothing_is_left_there_is_minus_one(fitted):
    row = np.ones((1, 40))
    row[0, 3] = 0.0
    ids, scores = fitted.recommend(row, k=3)
    np.testing.assert_array_equal(ids, [[3, -1, -1]])
    np.testing.assert_array_equal(np.isinf(scores), [[False, True, True]])


@pytest.mark.slow
def test_ids_given_as_strings_come_back_as_strings(named):
    ids, _ = named.recommend([["song 1", "song 2", "song 1"], ["song 33"]], k=4)
    assert all(isinstance(one, str) and one.startswith("song ") for one in ids.ravel())
    assert "song 1" not in ids[0]
    similar, cosines = named.similar_items(["song 1"], k=3)
    assert "song 1" not in similar
    assert (np.diff(cosines) <= 0).all()


def test_an_explanation_is_what_the_probability_loses_without_each_item(fitted, clicks):
    row = clicks[0]
    item = int(fitted.recommend(row, k=1)[0][0, 0])
    ids, nats = fitted.explain(row, item, k=3)
    without = row.toarray()
    without[0, ids[0]] = 0.0
    expected = fitted.score(row, [item])[0, 0] - fitted.score(without, [item])[0, 0]
    assert nats[0] == pytest.approx(expected, abs=1e-4)
    assert set(ids) <= set(row.indices)
    assert (np.diff(nats) <= 0).all()


def test_a_user_of_nothing_is_answered_with_a_warning(fitted):
    with pytest.warns(UserWarning, match=r"1 of 2 users have chosen nothing: they are answered with what is popular"):
        ids, _ = fitted.recommend([[], [1]], k=2)
    assert (ids >= 0).all()


@pytest.mark.slow
def test_it_is_saved_and_loaded(named, tmp_path):
    named.save(tmp_path / "r")
    again = Recommender.load_fitted(tmp_path / "r")
    for one, other in zip(named.recommend([["song 5"]], k=3), again.recommend([["song 5"]], k=3), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("model", slow_after(1, ["sampled", "mult_vae", "rec_vae"]))
def test_models_are_saved_with_all_that_training_needs(clicks, model, tmp_path):
    made = {"sampled_items": 8} if model == "sampled" else {"model": model}
    recommender = Recommender(**SMALL, **made, epochs=2, validation=0.0).fit(clicks, verbose=0)
    recommender.model_.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    data = recommender.load(clicks)
    for one in (recommender.model_, again):
        one.fit(recommender.batches(data, 2), steps_per_epoch=recommender.steps_per_epoch(data), verbose=0)
    for a, b in zip(recommender.model_.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_the_export_recommends_the_same_by_string_and_by_number(named, fitted, clicks, tmp_path):
    served = kv.load_saved_model(named.export(tmp_path / "named").parent)
    ids = np.array([[b"song 1", b"song 2", b"", b"song 1"], [b"song 33", b"never heard", b"", b""]], object)
    found = served.call("recommend", item_ids=ids, k=4)
    expected, scores = named.recommend([["song 1", "song 2"], ["song 33"]], k=4)
    np.testing.assert_array_equal(np.char.decode(found["ids"].astype("S")), expected.astype(str))
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-4, atol=1e-5)
    served = kv.load_saved_model(fitted.export(tmp_path / "numbers").parent)
    rows = [row.indices for row in clicks[:3]]
    padded = np.full((3, 9), -1)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    padded[0, 8] = 10**6
    found = served.call("recommend", item_ids=padded, k=5)
    np.testing.assert_array_equal(found["ids"], fitted.recommend(clicks[:3], k=5)[0])
    assert served.call("recommend", item_ids=padded, k=1000)["ids"].shape == (3, 40)


@pytest.mark.slow
def test_its_report_has_measures_intervals_and_simple_methods_beside(clicks):
    x = clicks.tocoo()
    frame = pandas.DataFrame({"user": x.row, "item": x.col})
    recommender = Recommender(**SMALL, epochs=5, learning_rate=0.01)
    data = recommender.load(frame)
    recommender.fit(data, verbose=0)
    figures, pictures = recommender.report(recommender.model_, data, recommender.history_)
    assert figures["part"] == "test"
    low, high = figures["recall_at_20_interval"]
    assert low <= figures["recall_at_20"] <= high
    assert {"popularity_ndcg_at_20", "neighbours_recall_at_20", "coverage_at_20", "by_activity"} <= set(figures)
    assert [name for name, _ in pictures] == ["loss_curves", "ranking_by_epoch", "ranking"]
    assert recommender.evaluate(recommender.model_, data)["ndcg_at_20"] == figures["ndcg_at_20"]
    assert "val_ndcg_at_100" in recommender.history_
    with pytest.raises(ValueError, match=r"data has nothing held out to rank"):
        recommender.evaluate(recommender.model_, Recommender(validation=0.0).load(clicks))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        pytest.param(lambda r, x: r.recommend(x, k=41), "`k` must be at most the number of items, 40", id="k"),
        pytest.param(lambda r, x: r.recommend(x, k=0), "`k` must be a whole number >= 1", id="no-k"),
        pytest.param(
            lambda r, x: r.recommend(x[:, :7]), "`rows` must have a column for each of 40 items", id="columns"
        ),
        pytest.param(lambda r, x: r.recommend(-x), "`rows` must hold counts >= 0", id="negative"),
        pytest.param(lambda r, x: r.recommend(x * np.nan), "`rows` must hold finite numbers", id="nan"),
        pytest.param(
            lambda r, x: r.recommend([[40]]), "items must be columns of the training matrix, 0 to 39", id="item"
        ),
        pytest.param(lambda r, x: r.recommend([["a"]]), "items must be columns of the training matrix", id="name"),
        pytest.param(
            lambda r, x: r.recommend([[0.5]]), "item ids must be str or whole numbers. Received: 0.5", id="half"
        ),
        pytest.param(lambda r, x: r.recommend([3, 4]), "`rows` must hold a list of item ids for each user", id="flat"),
        pytest.param(lambda r, x: r.explain(x[:2], 3), "`row` must be one user who has chosen something", id="two"),
        pytest.param(
            lambda r, x: r.similar_items([1], k=40), "`k` must be at most the number of other items", id="alike"
        ),
    ],
)
def test_what_it_cannot_answer_is_refused(fitted, clicks, ask, message):
    with pytest.raises(ValueError, match=message):
        ask(fitted, clicks)


def test_an_unknown_name_is_refused_with_a_near_one(named):
    with pytest.raises(ValueError, match=r"items must be among those of the training; did you mean 'song 1'"):
        named.recommend([["song  1"]])


@pytest.mark.parametrize(
    ("made", "x", "message"),
    [
        ({}, sparse.csr_matrix((5, 4)), "must hold at least one user with an item"),
        ({}, -sparse.eye(4, format="csr"), "`data` must hold counts >= 0"),
        ({}, np.ones((3, 4, 5)), r"`data` must have the shape \(n_users, n_items\)"),
        ({"model": "svd"}, sparse.eye(4), "`model` must be one of"),
        ({"dropout": 1.0}, sparse.eye(4), r"`dropout` must be in \[0, 1\)"),
        ({"start": "correspondence", "decoder": "mirrored"}, sparse.eye(4), "`start` must be random for"),
        ({"model": "rec_vae", "sampled_items": 3}, sparse.eye(4), "`sampled_items` must be None for the model rec_vae"),
    ],
)
def test_data_and_settings_that_make_no_recommender_are_refused(made, x, message):
    with pytest.raises(ValueError, match=message):
        Recommender(**{**SMALL, "epochs": 1, "validation": 0.0, **made}).fit(x, verbose=0)


def test_it_must_be_fitted_first():
    with pytest.raises(ValueError, match=r"Recommender must be fitted first"):
        Recommender().recommend([[1]])
