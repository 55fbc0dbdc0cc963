import dataclasses
import itertools
import math

import numpy as np
import pytest
from health_cases import examples, linear_vae

from keras_vae.evaluation.health.check_health import check_health
from keras_vae.evaluation.health.finding import FAULT, LEFT, OK, RATE, TRAINING_ON, UNKNOWN, WARNING, Finding
from keras_vae.evaluation.health.plot_health import COLOURS, VERDICT_COLOURS, plot_health
from keras_vae.evaluation.health.remedies import FREE_BITS, LONGER
from keras_vae.evaluation.health.verdict import (
    DOUBTFUL,
    HEALTHY,
    IN_PART,
    VERDICTS,
    leads_to,
    sentence_of,
    verdict_of,
)
from keras_vae.evaluation.plots import GREEN


@pytest.fixture(scope="module")
def report():
    return check_health(linear_vae(), examples(300, seed=1), examples(300))


def combinations(names, n=4000):
    """Findings with every status alone, every pair, and thousands at random."""
    rng = np.random.default_rng(0)
    statuses = (OK, WARNING, FAULT, UNKNOWN)
    for i, j in itertools.combinations(range(len(names)), 2):
        for pair in itertools.product(statuses, repeat=2):
            chosen = [OK] * len(names)
            chosen[i], chosen[j] = pair
            yield chosen
    for _ in range(n):
        # From hardly any finding that is not ok to hardly one that is.
        weights = rng.dirichlet([rng.uniform(0.2, 20.0), 1.0, 1.0, 1.0])
        yield list(rng.choice(statuses, len(names), p=weights))


def test_the_verdict_follows_from_the_rows(report):
    names = [f.name for f in report.findings]
    n_healthy = 0
    for k, statuses in enumerate(combinations(names)):
        # High and low rates, and both kinds of remedies, lead to verdicts of their own.
        remedy = ((), (LONGER,), (FREE_BITS, LONGER))[k % 3]
        found = tuple(
            Finding(name, 0.1 + 5.0 * (k % 2), "", "", status, "", remedy)
            for name, status in zip(names, statuses, strict=True)
        )
        verdict = verdict_of(found)
        sentence = sentence_of(verdict, found)
        assert (verdict == HEALTHY) == (set(statuses) == {OK})
        assert (verdict in VERDICT_COLOURS) == (FAULT not in statuses)
        assert (VERDICT_COLOURS.get(verdict) == GREEN) == (set(statuses) == {OK})
        if FAULT in statuses:
            assert any(f.status == FAULT and leads_to(f) == verdict for f in found)
        for f in found:
            # Every fault is what the verdict says, or is named beside it; so is every warning, and what is not judged.
            assert f.status == OK or leads_to(f) == verdict or f.name in sentence
            if f.status == UNKNOWN:
                assert f.name in sentence.split("; not judged: ")[1]
        n_healthy += verdict == HEALTHY
    assert 0 < n_healthy < 1000


def test_the_cause_stands_before_what_follows_from_it():
    order = list(VERDICTS)
    assert order.index("collapsed") < order.index("half-collapsed") < order.index("prior and codes apart")
    assert order[-3:] == [DOUBTFUL, IN_PART, HEALTHY]


def test_one_number_leads_to_two_verdicts_by_its_remedy():
    def fault(name, value, *remedy):
        return leads_to(Finding(name, value, "", "", FAULT, "", remedy))

    assert fault(LEFT, 3.0, FREE_BITS, LONGER) == "half-collapsed"
    assert fault(LEFT, 3.0, LONGER) == "too small a code"
    assert fault(RATE, 4.0) == "over-regularised"
    assert fault(RATE, 4.0, LONGER) == "not finished"
    assert fault(RATE, 0.1, LONGER) == "autoencoder in disguise"
    # A finding that this table does not know is never passed over.
    assert fault("something new", 1.0) == DOUBTFUL


@pytest.mark.parametrize(
    ("gain", "left", "verdict"),
    [(3.0, 4.0, "not finished"), (0.6, 11.0, "half-collapsed"), (3.0, math.nan, "half-collapsed")],
)
def test_idle_dimensions_that_are_filling_are_a_matter_of_time(gain, left, verdict):
    found = (
        Finding(LEFT, left, "nats", "", FAULT, "", (FREE_BITS, LONGER)),
        Finding(TRAINING_ON, gain, "nats", "", FAULT, "", (LONGER,)),
    )
    assert verdict_of(found) == verdict
    assert f"further faults: {LEFT if verdict == 'not finished' else TRAINING_ON}" in sentence_of(verdict, found)


@pytest.mark.parametrize("status", [WARNING, FAULT, UNKNOWN])
def test_no_page_is_green_above_a_row_that_is_not(report, status):
    for k, finding in enumerate(report.findings):
        found = list(report.findings)
        found[k] = dataclasses.replace(finding, status=status)
        changed = dataclasses.replace(report, verdict=verdict_of(found), findings=tuple(found))
        if k in (0, len(found) - 1):
            head = plot_health(changed).axes[0].texts[0]
            assert head.get_text() == changed.verdict
            assert head.get_color() == COLOURS[status]
        assert changed.verdict != HEALTHY
        assert isinstance(changed.remedy, tuple)
