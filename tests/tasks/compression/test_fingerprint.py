import numpy as np
import pytest
from tasks.compression.stand_in import Bernoulli, Counts, Grey, Halves, StandIn

from keras_vae.tasks.compression.fingerprint import fingerprint
from keras_vae.tasks.compression.latent_bins import LatentBins


def bins_of(model, bits=8, scale=1.0):
    return [LatentBins(np.zeros(d), np.full(d, scale), bits) for d in model.latent_dims]


@pytest.mark.parametrize("likelihood", [Bernoulli, Grey, Counts, Halves])
def test_it_is_the_same_for_the_same_model(likelihood):
    one, other = (StandIn(likelihood, (3, 2)) for _ in range(2))
    assert fingerprint(one, bins_of(one)) == fingerprint(other, bins_of(other))
    assert len(fingerprint(one, bins_of(one))) == 16


def test_it_changes_with_all_that_the_coder_depends_on():
    model = StandIn(Bernoulli, (3, 2))
    found = {fingerprint(model, bins_of(model)), fingerprint(model, bins_of(model, 9))}
    found |= {fingerprint(model, bins_of(model, scale=2.0))}
    for other in (StandIn(Halves, (3, 2)), StandIn(Bernoulli, (2, 3)), StandIn(Bernoulli, (3, 2), (10,))):
        found.add(fingerprint(other, bins_of(other)))
    model.arrays = {"weights": np.arange(3.0) + 1e-16 * np.array([1.0, 0.0, 0.0])}
    found.add(fingerprint(model, bins_of(model)))
    assert len(found) == 7


def test_it_changes_where_the_same_weights_are_computed_with_differently():
    model = StandIn(Bernoulli, (3, 2))
    before, evidence = fingerprint(model, bins_of(model)), model.evidence
    model.evidence = lambda x: evidence(x) * (1.0 + 2.0**-52)
    assert fingerprint(model, bins_of(model)) != before
