"""`VAEOutlierDetector` as its users meet it: scores that stay the same, tables of any kind, bad input."""

import io
import pickle

import joblib
import matplotlib.figure
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

import keras_vae as kv
from keras_vae.data.columns import TableColumns
from keras_vae.tasks.tables import VAEOutlierDetector
from keras_vae.tasks.tables.anomaly.drift import plot_drift
from keras_vae.tasks.tables.settings import SCORES, THRESHOLDS

SMALL = {"epochs": 1, "hidden_units": (4,), "n_samples": 4, "random_state": 0}


def line(n, seed=0):
    """Rows along a line in four columns."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 1)) * [1.0, 20.0, -1.0, 0.5] + [0.0, 300.0, 0.0, 0.0] + 0.2 * rng.normal(size=(n, 4))


def mixed(n, seed=0):
    """A frame of numbers, words, dates and truth values, with holes."""
    rng = np.random.default_rng(seed)
    x = line(n, seed)
    frame = pd.DataFrame({"amount": x[:, 0], "city": rng.choice(["Rome", "Paris", "Oslo"], n, p=[0.5, 0.3, 0.2])})
    frame["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    frame["paid"] = x[:, 2] > 0.0
    frame["size"] = x[:, 3]
    frame.loc[rng.random(n) < 0.1, "city"] = None
    frame.loc[rng.random(n) < 0.1, "size"] = np.nan
    return frame


@pytest.fixture(scope="module")
def fitted():
    """A detector of 400 rows along a line."""
    return VAEOutlierDetector(**SMALL).fit(line(400))


@pytest.fixture(scope="module")
def fitted_mixed():
    """A detector of a frame with everything."""
    return VAEOutlierDetector(**SMALL).fit(mixed(400))


@pytest.fixture(scope="module")
def model_and_rows():
    """A plain model of columns of numbers, trained for a step or two, with its rows."""
    x = line(300).astype("float32")
    model = kv.make_vae((4,), 2, "dense", (4,), "student_t", seed=0)
    model.compile("adam")
    model.fit(x, epochs=1, verbose=0)
    return model, x


# A score is that of its row.


def test_two_calls_give_the_same_scores(fitted):
    x = line(50, 1)
    np.testing.assert_array_equal(fitted.decision_function(x), fitted.decision_function(x))


@pytest.mark.parametrize("which", ["fitted_mixed", pytest.param("fitted", marks=pytest.mark.slow)])
def test_a_score_does_not_depend_on_the_other_rows(which, request):
    detector = request.getfixturevalue(which)
    table = pd.DataFrame(line(600, 1)) if which == "fitted" else mixed(600, 1)
    whole = detector.score_samples(table if which == "fitted_mixed" else table.to_numpy())
    order = np.random.default_rng(3).permutation(600)[:530]
    some = table.iloc[order]
    np.testing.assert_allclose(
        detector.score_samples(some if which == "fitted_mixed" else some.to_numpy()), whole[order], rtol=1e-4
    )
    for i in (0, 599):
        one = table.iloc[[i]]
        alone = detector.score_samples(one if which == "fitted_mixed" else one.to_numpy())
        np.testing.assert_allclose(alone, whole[[i]], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kept_by", "which"), [("pickle", "fitted_mixed"), pytest.param("joblib", "fitted", marks=pytest.mark.slow)]
)
def test_a_kept_detector_gives_the_same_scores(kept_by, which, request):
    detector, table = request.getfixturevalue(which), line(50, 1) if which == "fitted" else mixed(50, 1)
    if kept_by == "pickle":
        again = pickle.loads(pickle.dumps(detector))
    else:
        file = io.BytesIO()
        joblib.dump(detector, file)
        file.seek(0)
        again = joblib.load(file)
    np.testing.assert_allclose(again.decision_function(table), detector.decision_function(table), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(again.predict(table), detector.predict(table))


@pytest.mark.slow
def test_the_same_random_state_gives_the_same_scores(fitted):
    again = clone(fitted).fit(line(400))
    np.testing.assert_allclose(again.score_samples(line(50, 1)), fitted.score_samples(line(50, 1)), rtol=1e-5)


# Signs and shares.


def test_the_sign_is_that_of_scikit_learn(fitted):
    rows = np.concatenate([line(20, 1), [[5.0, 100.0, 5.0, -3.0]]])
    decision = fitted.decision_function(rows)
    assert decision.argmin() == 20
    assert decision[20] < 0.0
    np.testing.assert_array_equal(fitted.predict(rows), np.where(decision < 0.0, -1, 1))
    np.testing.assert_allclose(decision, fitted.score_samples(rows) - fitted.offset_)


def test_a_tenth_of_the_training_rows_are_outliers(fitted):
    assert np.mean(fitted.predict(line(400)) == -1) == 0.1


# One of all terms and one of a single one stand for the others.
@pytest.mark.slow
@pytest.mark.parametrize(
    "score", [s if s in ("combined", "elbo") else pytest.param(s, marks=pytest.mark.slow) for s in SCORES]
)
def test_every_score_has_its_share_and_finds_a_row_far_out(score, model_and_rows):
    model, x = model_and_rows
    detector = VAEOutlierDetector(**SMALL, score_by=score, contamination=0.05)
    detector.fit_around(model, x, TableColumns.of_numbers(4))
    assert np.mean(detector.predict(x) == -1) == 0.05
    assert np.isfinite(detector.score_samples(x)).all()
    if score in ("combined", "log_prob", "elbo", "reconstruction"):
        assert detector.predict([[50.0, -900.0, 50.0, 50.0]])[0] == -1


@pytest.mark.slow
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_every_threshold_flags_about_its_share(threshold, model_and_rows):
    model, x = model_and_rows
    detector = VAEOutlierDetector(**SMALL, threshold=threshold, contamination=0.04)
    detector.fit_around(model, x, TableColumns.of_numbers(4))
    share = np.mean(detector.predict(x) == -1)
    assert share <= 0.02 if threshold == "quantile" else abs(share - 0.04) < 0.02


# Tables as they come.


@pytest.mark.slow
def test_rows_of_a_frame_are_explained_by_their_columns(fitted_mixed):
    table = mixed(50, 1)
    table.loc[3, "size"] = 40.0
    explained = fitted_mixed.explain(table)
    np.testing.assert_allclose(explained.sum(axis=1), -fitted_mixed.score_samples(table), rtol=1e-4)
    names = [column.name for column in fitted_mixed.columns_.columns]
    assert names[explained[3].argmax()] == "size"
    assert fitted_mixed.predict(table)[3] == -1


def test_a_word_that_was_never_seen_makes_a_row_less_likely(fitted_mixed):
    table = mixed(50, 1)
    table["city"] = "Rome"
    usual = fitted_mixed.score_samples(table)
    table["city"] = "Atlantis"
    with pytest.warns(UserWarning, match="column `city`"):
        unseen = fitted_mixed.score_samples(table)
    assert np.mean(unseen < usual) > 0.95
    with pytest.warns(UserWarning, match="column `city`"):
        assert np.mean(fitted_mixed.predict(table) == -1) > 0.5


def test_columns_are_matched_by_their_names(fitted_mixed):
    table = mixed(20, 1)
    np.testing.assert_array_equal(
        fitted_mixed.score_samples(table[table.columns[::-1]]), fitted_mixed.score_samples(table)
    )
    with pytest.raises(ValueError, match="it lacks columns: size"):
        fitted_mixed.score_samples(table.rename(columns={"size": "length"}))


def test_holes_alone_make_no_row_an_outlier(fitted_mixed):
    table = mixed(300, 1)
    table.loc[:, ["city", "size"]] = None, np.nan
    table["city"] = table["city"].astype(object)
    table["size"] = table["size"].astype(float)
    assert np.mean(fitted_mixed.predict(table) == -1) < 0.25


@pytest.mark.slow  # Few rows with holes are scored below.
def test_an_array_with_holes_is_scored():
    x = line(200)
    x[np.random.default_rng(1).random(x.shape) < 0.2] = np.nan
    x[0] = np.nan
    detector = VAEOutlierDetector(**SMALL).fit(x)
    assert np.isfinite(detector.decision_function(x)).all()
    assert detector.predict(x)[0] == 1


@pytest.mark.parametrize("trim", [pytest.param(0.0, marks=pytest.mark.slow), 0.2])
def test_planted_outliers_are_found_among_the_training_rows(trim):
    x = line(400)
    x[:40] = np.random.default_rng(5).uniform([-4.0, 220.0, -4.0, -2.0], [4.0, 380.0, 4.0, 2.0], (40, 4))
    detector = VAEOutlierDetector(**SMALL, trim=trim).fit(x)
    area = roc_auc_score(np.arange(400) < 40, -detector.score_samples(x))
    assert area > (0.97 if trim else 0.9)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Columns .* do not vary:UserWarning", "ignore:columns left out:UserWarning")
def test_columns_that_say_nothing_and_few_rows_are_taken():
    x = np.concatenate([line(12), np.full((12, 1), 7.0), np.full((12, 1), np.nan)], axis=1)
    x[::4, 1] = np.nan
    x[5] = np.nan
    detector = VAEOutlierDetector(**SMALL).fit(x)
    assert np.isfinite(detector.decision_function(x)).all()


# A model that is there already.


def test_a_model_of_other_rows_is_refused(model_and_rows):
    model, x = model_and_rows
    with pytest.raises(ValueError, match=r"`model` must be a VAE of rows of 3 columns. Received: .*shape \(4,\)"):
        VAEOutlierDetector(**SMALL).fit_around(model, x, TableColumns.of_numbers(3))


@pytest.mark.slow
def test_the_model_around_which_a_detector_is_made_stays_as_it_is(model_and_rows):
    model, x = model_and_rows
    before = model.get_weights()
    VAEOutlierDetector(**SMALL).fit_around(model, x, TableColumns.of_numbers(4))
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


# Pictures and drift.


@pytest.mark.slow
def test_the_picture_names_the_columns(fitted_mixed):
    figure = fitted_mixed.plot(mixed(60, 1))
    assert isinstance(figure, matplotlib.figure.Figure)
    labels = [label.get_text() for ax in figure.axes for label in ax.get_yticklabels()]
    assert any(label.startswith("city = ") for label in labels)


def test_rows_of_a_frame_go_by_their_index_in_the_picture(fitted_mixed):
    table = mixed(60, 1).set_axis([f"P{i}" for i in range(60)])
    worst = table.index[np.argsort(fitted_mixed.score_samples(table))[0]]
    titles = [ax.get_title(loc="right") for ax in fitted_mixed.plot(table).axes]
    assert titles[1].startswith(f"{worst}: score ")


def test_a_change_of_the_rows_is_a_drift(fitted):
    x = line(800, 1)
    x[400:, 0] += 2.0
    drift = fitted.drift(x, known=line(400, 2))
    assert 400 - drift.window < drift.first <= 400
    assert not drift.has_drifted[: 400 // drift.window].any()
    assert isinstance(plot_drift(drift), matplotlib.figure.Figure)
    with pytest.raises(ValueError, match=r"`scores` must be of at least 20 rows\. Received: 5"):
        fitted.drift(x[:5])


# As scikit-learn has it.


@pytest.mark.slow
def test_it_works_in_a_pipeline_and_is_cloned(fitted):
    x = line(100)
    pipeline = make_pipeline(StandardScaler(), VAEOutlierDetector(**SMALL)).fit(x)
    assert set(pipeline.predict(x)) == {-1, 1}
    assert clone(fitted).get_params() == fitted.get_params()
    assert not hasattr(clone(fitted), "model_")


@pytest.mark.parametrize(
    ("x", "match"),
    [
        (np.zeros((1, 3)), "minimum of 2 is required"),
        (np.zeros(5), "Expected 2D array, got 1D array"),
        (np.array([[1.0, np.inf], [2.0, 3.0], [4.0, 5.0]]), "column `x1` must hold finite .* inf in row 0"),
        (np.full((20, 2), np.nan), "no column is left"),
    ],
    ids=["one-row", "1-d", "infinite", "only-holes"],
)
def test_tables_that_nothing_can_be_learned_from_are_refused(x, match):
    with pytest.raises(ValueError, match=match):
        VAEOutlierDetector(**SMALL).fit(x)


@pytest.mark.parametrize(
    ("argument", "match"),
    [
        ({"contamination": 0.0}, r"`contamination` must be in \(0, 0.5\]"),
        ({"contamination": 0.6}, r"`contamination` must be in \[0, 0.5\]"),
        ({"threshold": "mean"}, "`threshold` must be one of"),
        ({"score_by": "loss"}, "`score_by` must be one of"),
        ({"trim": 0.7}, r"`trim` must be in \[0, 0.5\]"),
        ({"n_samples": 0}, "`n_samples` must be a whole number >= 1"),
    ],
)
def test_arguments_out_of_bounds_are_refused(argument, match):
    with pytest.raises(ValueError, match=match):
        VAEOutlierDetector(**{**SMALL, **argument}).fit(line(30))


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_estimators_unfitted,
        pytest.param(estimator_checks.check_outliers_train, marks=pytest.mark.slow),
        estimator_checks.check_outlier_contamination,
    ],
)
def test_it_passes_a_check_of_scikit_learn(check):
    check("VAEOutlierDetector", VAEOutlierDetector(epochs=1, hidden_units=(4,)))


@pytest.mark.slow
def test_it_passes_all_checks_of_scikit_learn():
    estimator_checks.check_estimator(VAEOutlierDetector())
