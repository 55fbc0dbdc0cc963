import numpy as np
import pytest

from keras_vae.priors.decoder_prior import DecoderPrior
from keras_vae.samplers import two_stage
from keras_vae.samplers.two_stage import fit_decoder


def test_the_second_vae_has_as_many_latents_as_the_codes_have_dimensions(rng):
    codes = 10.0 + rng.normal(size=(1, 60, 3))
    sampler = fit_decoder(codes, hidden_units=(4,), max_steps=5)
    assert isinstance(sampler, DecoderPrior)
    assert sampler.decoder.input_shape == sampler.decoder.output_shape == (None, 3)
    np.testing.assert_allclose(sampler.location, codes[0].mean(axis=0), rtol=1e-5)
    assert np.all(np.isfinite(sampler.sample(5)))


def test_the_warm_up_takes_at_most_half_of_the_steps(rng, monkeypatch):
    seen = []
    monkeypatch.setattr(two_stage, "fit_with_early_stopping", lambda *args, **kwargs: seen.append(kwargs["warm_up"]))
    for arguments in ({"max_steps": 100}, {}, {"warm_up": 3}):
        fit_decoder(rng.normal(size=(1, 30, 2)), hidden_units=(4,), **arguments)
    assert seen == [50, 2000, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 19}, r"`x` must hold at least 20 examples for this sampler. Received: 19"),
        ({"warm_up": -1}, "`warm_up` must be a whole number >= 0"),
        ({"max_steps": 0}, "`max_steps` must be a whole number >= 1"),
        ({"learning_rate": 0.0}, "`learning_rate` must be a finite number > 0.0"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message, rng):
    n = arguments.pop("n", 30)
    with pytest.raises(ValueError, match=message):
        fit_decoder(rng.normal(size=(2, n, 2)), **arguments)
