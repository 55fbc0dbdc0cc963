"""The doctor on trained models of every likelihood and kind of data, with one typical mistake each and without."""

import pytest
from planted import CASES, KINDS, MISTAKES, train

from keras_vae.evaluation.health.check_health import check_health
from keras_vae.evaluation.health.finding import FAULT, OK
from keras_vae.likelihoods.registry import LIKELIHOODS, get_likelihood

# Their mistakes are those of Gaussian and of DiscretizedLogistic.
NOT_PLANTED = {"StudentT", "DiscretizedLogisticMixture", "Mixed"}


def test_every_likelihood_is_planted_with_every_mistake():
    names = {type(get_likelihood(kind[0])).__name__ for kind in KINDS.values()}
    assert names == set(LIKELIHOODS.values()) - NOT_PLANTED
    assert len(CASES) >= 30
    assert {(kind, mistake) for kind in KINDS for mistake in MISTAKES} <= set(CASES)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "mistake"), CASES, ids=[" with ".join(case).replace(" ", "-") for case in CASES])
def test_a_planted_mistake_gets_its_verdict(kind, mistake):
    verdict, settings = CASES[kind, mistake]
    vae, x_train, x_test = train(kind, **settings)
    report = check_health(vae, x_test, x_train)
    assert report.verdict == verdict, str(report)
    assert (verdict == "healthy") == ({f.status for f in report.findings} == {OK})
    assert verdict == "healthy" or FAULT in {f.status for f in report.findings}
