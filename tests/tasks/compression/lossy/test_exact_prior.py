import hashlib

import numpy as np
import pytest
import tensorflow as tf
from tasks.compression.lossy.small_model import drawn_code, small_model

from keras_vae.priors.hyperprior import MIN_SCALE, parts_of, scale_of
from keras_vae.tasks.compression.lossy.exact_prior import N_FRACTIONS, ExactPrior
from keras_vae.tasks.compression.lossy.tables import scales_of


@pytest.fixture(scope="module")
def prior():
    return small_model().prior


@pytest.fixture(scope="module")
def code(prior):
    return np.split(drawn_code(prior, 40), np.cumsum(prior.part_dims)[:-1], axis=1)


def places_of(exact, code):
    found = []

    def choose(number, places):
        found.append(places)
        return code[number]

    exact.walk(choose)
    return found


def test_tables_are_those_nearest_to_scales_and_means_of_the_prior(prior, code):
    none, *places = places_of(ExactPrior(prior), code)
    assert none is None
    wanted = []

    def choose(number, raw_scale, mean):
        if number:
            wanted.append((scale_of(raw_scale).numpy(), mean.numpy()))
        return tf.constant(code[number], tf.float32)

    parts_of(prior.networks, choose)
    for (tables, shifts), (scales, means) in zip(places, wanted, strict=True):
        levels, fractions = np.divmod(tables, N_FRACTIONS)
        assert len(np.unique(levels)) > 5
        # Half a step of 13 % to each side, and what float32 rounds.
        np.testing.assert_allclose(scales_of(MIN_SCALE)[levels], scales, rtol=0.065)
        np.testing.assert_allclose(shifts + fractions / N_FRACTIONS, means, rtol=1e-4, atol=0.51 / N_FRACTIONS)


def test_the_length_by_the_tables_is_that_of_the_prior(prior, code):
    exact, nats = ExactPrior(prior), 0.0
    for column, table in zip(code[0].T, exact.tables_of_w, strict=True):
        nats -= np.sum(np.log(table.probabilities[table.symbols(column)]))
    for part, places in zip(code[1:], places_of(exact, code)[1:], strict=True):
        for number in np.unique(places.tables):
            table, own = exact.table(number), places.tables == number
            nats -= np.sum(np.log(table.probabilities[table.symbols((part - places.shifts)[own])]))
    wanted = -np.sum(prior.log_prob(np.concatenate(code, axis=1).astype("float32")))
    # Rounded scales cost a thousandth: a KL of (0.062)^2 nats at most per latent.
    np.testing.assert_allclose(nats, wanted, rtol=0.004)


@pytest.mark.slow
def test_the_digest_changes_with_every_weight():
    def digest_of(prior):
        digest = hashlib.sha256()
        ExactPrior(prior).update_digest(digest)
        return digest.hexdigest()

    prior = small_model().prior
    seen = {digest_of(prior)}
    for weight in prior.weights:
        # Not by the same number: weights of a mixture count by their differences.
        weight.assign_add(0.01 * (np.arange(1, weight.numpy().size + 1) % 3).reshape(weight.shape))
        seen.add(digest_of(prior))
    assert len(seen) == 1 + len(prior.weights)
    assert digest_of(small_model().prior) in seen


def test_tables_of_many_scales_and_fractions_are_in_the_digest(prior, monkeypatch):
    exact, taken = ExactPrior(prior), []
    monkeypatch.setattr(exact, "table", lambda number, table=exact.table: taken.append(number) or table(number))
    exact.update_digest(hashlib.sha256())
    levels, fractions = np.divmod(taken, N_FRACTIONS)
    assert len(set(levels)) > 10
    assert len(set(fractions)) > 10
