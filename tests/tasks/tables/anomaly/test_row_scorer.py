"""Scores of any number of rows are those of one call."""

import numpy as np

from keras_vae.tasks.tables.anomaly.row_scorer import ROWS_PER_CALL, RowScorer

N_SAMPLES = 4


def test_any_number_of_rows_has_the_scores_of_one_call(learned):
    model, score, x = learned
    rows = np.tile(x, (4, 1))[: ROWS_PER_CALL + 7]
    scorer = RowScorer(model, score, N_SAMPLES, "combined")
    whole = scorer.scores(rows)
    assert whole.shape == (ROWS_PER_CALL + 7,)
    # A row is scored by noise of its own: the same row twice has the same score.
    np.testing.assert_array_equal(whole[:200], whole[200:400])
    np.testing.assert_array_equal(scorer.scores(rows[-1:]), whole[-1:])
    np.testing.assert_allclose(scorer.contributions(rows[:9]).sum(axis=1), whole[:9], rtol=1e-4)
