"""RecVAE's turns: which pass trains what, when the earlier encoder is renewed, and from which codes."""

import numpy as np
import pytest
from tasks.ratings.ratings_helpers import group_clicks

from keras_vae.data.pipelines import batches
from keras_vae.objectives import PastPosterior
from keras_vae.optimizers import Adam
from keras_vae.tasks.ratings.networks import click_decoder, click_encoder
from keras_vae.tasks.ratings.rec_vae import RecVAE

N_ITEMS, N_STEPS = 40, 3


@pytest.fixture
def vae():
    encoder = click_encoder(N_ITEMS, 3, [8], 0.5, residual=True, seed=0)
    vae = RecVAE(encoder, click_decoder(N_ITEMS, 3), PastPosterior(0.005), n_steps=N_STEPS, seed=0)
    vae.compile(Adam(0.01))
    return vae


def weights(part):
    return np.concatenate([np.ravel(weight) for weight in part.get_weights()])


@pytest.mark.slow
def test_three_passes_train_the_encoder_and_one_the_decoder(vae, rng):
    rows = batches(group_clicks(rng), 40, repeat=True)
    for turn in range(8):
        before = [weights(part) for part in (vae.encoder, vae.decoder, vae.objective.past_encoder)]
        vae.fit(rows, steps_per_epoch=N_STEPS, verbose=0)
        encoder, decoder, past = (
            np.any(weights(part) != old)
            for part, old in zip((vae.encoder, vae.decoder, vae.objective.past_encoder), before, strict=True)
        )
        is_decoder = turn % 4 == 3
        assert (encoder, decoder, past) == (not is_decoder, is_decoder, is_decoder)
        if is_decoder:
            np.testing.assert_array_equal(weights(vae.objective.past_encoder), weights(vae.encoder))


def test_its_config_makes_the_same_model(vae):
    again = RecVAE.from_config(vae.get_config())
    assert again.n_steps == N_STEPS
    assert isinstance(again.objective, PastPosterior)


def test_a_number_of_steps_out_of_bounds_is_refused(vae):
    with pytest.raises(ValueError, match=r"`n_steps` must be a whole number >= 1"):
        RecVAE(vae.encoder, vae.decoder, PastPosterior(), n_steps=0)
