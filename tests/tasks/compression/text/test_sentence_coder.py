"""Sentences with bits back: the stack grows by -ELBO, and is as before when they are off it."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import SENTENCES, StandIn, nats_of

from keras_vae.tasks.compression.streams import Streams
from keras_vae.tasks.compression.text.rounded_odds import Notes
from keras_vae.tasks.compression.text.sentence_coder import N_LEAD, Group, SentenceCoder


@pytest.fixture(scope="module")
def made():
    model = StandIn(2)
    return model, SentenceCoder(model, 10), model.tokenizer.ids(SENTENCES * 6)


def as_read(groups):
    return [Group(g.n, Notes(g.n, g.of_words.noted), Notes(g.n, g.of_codes.noted)) for g in groups]


@pytest.mark.parametrize("bits_back", [False, True])
def test_sentences_come_back_from_a_model_that_is_a_little_off(made, bits_back):
    model, coder, rows = made
    streams = Streams()
    groups = coder.encode(streams, rows, 0.0, bits_back)
    assert [g.n for g in groups[:1]] == [N_LEAD if bits_back else len(rows)]
    assert sum(g.n for g in groups) == len(rows)
    model.noise = 1e-6
    model.decoder.noise.assign(1e-6)
    found = coder.decode(streams, as_read(groups), 0.0)
    model.noise = 0.0
    model.decoder.noise.assign(0.0)
    assert [row.tolist() for row in found] == [row.tolist() for row in rows]
    assert streams.n_bits() == [0]


@pytest.mark.slow
def test_bits_back_costs_minus_elbo(made, rng):
    model, coder, rows = made
    sizes, streams = [], Streams()
    rows = rows * 3
    for n in (len(rows) // 3, len(rows)):
        streams = Streams()
        coder.encode(streams, rows[:n], 0.0, True)
        sizes.append(streams.n_bits()[0])
    later = rows[len(rows) // 3 :]
    means, log_vars = (np.asarray(part, np.float64) for part in model.encode([[row[0]] for row in later]))
    z = means + np.exp(0.5 * log_vars) * rng.normal(size=means.shape)
    kl = 0.5 * (means**2 + np.exp(log_vars) - 1 - log_vars).sum()
    ideal = (nats_of(model, z.astype(np.float32), later).sum() + kl) / np.log(2)
    assert sizes[1] - sizes[0] == pytest.approx(ideal, rel=0.05)


@pytest.mark.parametrize(
    ("change", "has_codes"),
    [({}, True), ({"latent_dim": 0}, False), ({"posterior_flow": object()}, False), ({"prior": object()}, False)],
)
def test_bits_back_needs_codes_with_gaussians(change, has_codes):
    model = StandIn(change.get("latent_dim", 2))
    for name in change.keys() - {"latent_dim"}:
        setattr(model, name, change[name])
    coder = SentenceCoder(model, 10)
    assert coder.has_codes is has_codes
    if not has_codes:
        with pytest.raises(ValueError, match="it has sentences with codes, which this model does not have"):
            coder.decode(Streams(), [Group(0, Notes(0), Notes(0))] * 2, 0.0)
