import numpy as np
import pytest
from tasks.compression.stand_in import Bernoulli, Counts, Grey, Halves, StandIn, coder_of, draw

from keras_vae.tasks.compression.bisection import questions_of
from keras_vae.tasks.compression.streams import Streams

LIKELIHOODS = [Bernoulli, Grey, Counts, Halves]


def some_streams(rng, n):
    return [rng.integers(1, 2**32, 200, dtype=np.uint32) for _ in range(n)]


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("latent_dims", [(3,), (4, 2), (2, 2, 3)])
def test_rows_come_back_and_leave_the_stacks_as_they_were(likelihood, latent_dims, rng):
    model = StandIn(likelihood, latent_dims)
    coder, x = coder_of(model), draw(model, 5, rng)
    before = some_streams(rng, 6)
    streams = Streams(before)
    coder.encode(streams, x)
    np.testing.assert_array_equal(coder.decode(streams, 5), x)
    assert all(np.array_equal(a, b) for a, b in zip(streams.words(), before, strict=True))


@pytest.mark.parametrize("likelihood", [Bernoulli, Grey, Counts])
def test_the_extreme_values_can_be_coded(likelihood):
    model, highest = StandIn(likelihood), likelihood.levels or 2**31
    coder, streams = coder_of(model), Streams()
    x = np.tile([0, highest - 1], (1, 4))
    coder.encode(streams, x)
    np.testing.assert_array_equal(coder.decode(streams, 1), x)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("latent_dims", [(3,), (4, 2)])
def test_stacks_grow_by_minus_the_bound(likelihood, latent_dims, rng):
    """Against the bound of the same model by draws of z in floating point, without bins and without a coder."""
    model = StandIn(likelihood, latent_dims)
    x = draw(model, 600, rng)
    streams = Streams(some_streams(rng, len(x)))
    before = np.array(streams.n_bits())
    coder_of(model, bits=12).encode(streams, x)
    coded = np.array(streams.n_bits()) - before
    expected = np.mean([bits_by_draws(model, x, rng) for _ in range(10)], axis=0)
    difference = coded - expected
    # Each has the noise of its draws; 0.02 bits of 8 and more is what bins and rounding may cost.
    assert abs(difference.mean()) < 5 * difference.std() / np.sqrt(len(x)) + 0.02
    assert 5 * difference.std() / np.sqrt(len(x)) < 1.0


def bits_by_draws(model, x, rng):
    """-log2 p(x, z) + log2 q(z given x) of each row at one draw of z."""
    evidence, way, nats = model.evidence(x), model.way(len(x)), np.zeros(len(x))
    for layer in range(len(model.latent_dims)):
        (p_mean, p_scale), (mean, scale) = way.prior(layer), way.posterior(layer, evidence)
        epsilon = rng.normal(size=mean.shape)
        z = mean + scale * epsilon
        u = (z - p_mean) / p_scale
        nats += (0.5 * (u**2 - epsilon**2) + np.log(p_scale / scale)).sum(axis=1)
        way.take(layer, z)
    bits, known = nats / np.log(2.0), []
    for group in model.likelihood.groups(way.x_params()):
        values = group.take(x)
        below = group.given(known)
        bits -= np.log2(below(values + 1) - below(values)).sum(axis=1)
        known.append(values)
    return bits


def test_even_latents_take_as_many_bits_as_are_said_to_be_needed():
    coder = coder_of(StandIn(latent_dims=(3, 5)), bits=7)
    assert coder.n_needed == 8 * 7 + 64
    assert coder.with_bits(2).n_needed == 8 * 2 + 64
    assert (coder.bits, coder.with_bits(2).bits) == (7, 2)


def test_the_questions_about_the_top_are_even():
    bins = coder_of(StandIn(), bits=5).bins[0]
    for question, _ in questions_of(bins.cdf(np.zeros(3), np.ones(3)), 32, np.array([[0, 17, 31]])):
        np.testing.assert_allclose(question.p, 0.5, atol=2.0**-23)
