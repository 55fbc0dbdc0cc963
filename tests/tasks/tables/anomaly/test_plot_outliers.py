"""The picture of outliers and of what made them so."""

import matplotlib.figure
import numpy as np
import pytest

from keras_vae.tasks.tables.anomaly.plot_outliers import plot_outliers

NAMES = ["amount", "country", "age"]


def picture(n, rng, **options):
    scores = rng.exponential(size=n)
    contributions = rng.random((n, 3)) * scores[:, None]
    cells = [rng.normal(size=n), np.array(["Rome", None] * n, dtype=object)[:n], np.full(n, np.nan)]
    return scores, plot_outliers(scores, 2.0, contributions, cells, NAMES, **options)


def texts(figure):
    axes = figure.axes
    labels = [label.get_text() for ax in axes for label in ax.get_yticklabels()]
    return [ax.get_title() or ax.get_title(loc="right") for ax in axes], labels


def test_it_has_the_scores_and_the_four_highest_rows(rng):
    scores, figure = picture(50, rng)
    assert isinstance(figure, matplotlib.figure.Figure)
    titles, labels = texts(figure)
    assert titles[0] == f"{np.sum(scores > 2.0)} of 50 rows are outliers"
    assert titles[1:] == [f"row {i}: score {scores[i]:.2f}" for i in np.argsort(-scores)[:4]]
    assert {"country = Rome", "country = empty"} & set(labels)
    assert "age = empty" in labels


def test_rows_go_by_their_names_and_the_training_rows_are_beside(rng):
    scores, figure = picture(20, rng, rows=[f"client {i}" for i in range(20)], known=rng.exponential(size=100))
    titles, _ = texts(figure)
    assert titles[1] == f"client {scores.argmax()}: score {scores.max():.2f}"
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["training rows", "these rows", "threshold 2.00"]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_rows_have_a_picture_too(n, rng):
    _, figure = picture(n, rng)
    titles, _ = texts(figure)
    assert sum(title.startswith("row ") for title in titles) == n


def test_dates_spans_and_large_numbers_are_written_as_people_write_them():
    days = np.array(["2024-06-01", "2024-06-02T14:05:30"], "datetime64[us]")
    cells = [days, np.array([36, 12], "timedelta64[h]"), np.array([12345.6, 0.25])]
    _, labels = texts(plot_outliers([2.0, 1.0], 0.5, np.ones((2, 3)), cells, ["day", "stay", "amount"]))
    assert {"day = 2024-06-01", "day = 2024-06-02 14:05", "stay = 1.5 days", "amount = 12345.6"} <= set(labels)


@pytest.mark.parametrize(("is_combined", "nats"), [(True, "nats by"), (False, "nats of the combined score by")])
def test_the_title_says_of_which_score_the_nats_are(is_combined, nats, rng):
    _, figure = picture(5, rng, is_combined=is_combined)
    assert figure.subfigs[1].get_suptitle() == f"why the highest stand out, {nats} column"


def test_numbers_that_name_rows_are_said_to_be_rows(rng):
    titles, _ = texts(picture(3, rng, rows=np.array([7, 8, 9]))[1])
    assert sorted(title.split(":")[0] for title in titles[1:4]) == ["row 7", "row 8", "row 9"]
