import dataclasses

import numpy as np
import pytest
from health_cases import examples, linear_vae

from keras_vae.evaluation.health import findings
from keras_vae.evaluation.health import measures as measures_module
from keras_vae.evaluation.health.finding import WARNING
from keras_vae.evaluation.health.measures import clipped_share, measure


def test_clipped_log_variances_are_seen():
    ends = np.array([[-1.0, -8.0], [0.5, -8.0], [0.2, -3.0], [0.1, -8.0]])
    assert clipped_share(ends) == 3 / 8
    assert clipped_share(-ends) == 3 / 8
    # A constant is no end.
    assert clipped_share(np.zeros((5, 2))) == 0.0
    assert clipped_share(np.stack([np.zeros(4), [1.0, 2.0, 3.0, 4.0]], axis=1)) == 0.25
    finding = findings.judge_variance(np.array([0.5, 0.5]), 0.375)
    assert (finding.status, finding.sentence[:24]) == (WARNING, "38% of the log variances")


def test_the_gap_is_the_difference_of_the_bounds_with_both_errors():
    measures = measure(linear_vae(), examples(50), examples(80, seed=1))
    planted = dataclasses.replace(
        measures, elbo_test=np.array([-4.0, -2.0, -6.0]), elbo_train=np.array([-1.0, -1.0, -3.0, -3.0])
    )
    assert planted.gap.mean == pytest.approx(2.0)
    assert planted.gap.standard_error == pytest.approx(np.sqrt(4.0 / 3.0 + (4.0 / 3.0) / 4.0))
    # Of 12 pairs two of -3 lie below -2.
    assert planted.recognition == pytest.approx(10.0 / 12.0)
    alone = dataclasses.replace(measures, elbo_train=None)
    assert alone.gap is None
    assert alone.recognition is None


def test_the_beta_of_the_moment_is_told():
    vae = linear_vae(beta=3.0)
    vae.beta = 2.0
    measures = measure(vae, examples(30))
    assert measures.beta == 2.0
    assert not measures.weighted


def test_every_measure_moves_a_bar_that_ends_full(monkeypatch):
    seen = []

    def watched(parts, total, desc, unit):
        seen.extend(parts)
        assert (total, desc, unit) == (len(seen), "examining", "measure")
        return seen

    monkeypatch.setattr(measures_module, "progress", watched)
    found = measure(linear_vae(), examples(30), examples(30, seed=1))
    not_measured = {"from_history", "layer_kl"}
    assert {name for part in seen for name in part} == {f.name for f in dataclasses.fields(found)} - not_measured
