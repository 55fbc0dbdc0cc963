import numpy as np
import pytest
from health_cases import examples, linear_vae

from keras_vae.evaluation.health.training_on import gain_of_last_quarter, gain_of_more_steps
from keras_vae.training.batch import Batch


def parts():
    return Batch(examples(600)), Batch(examples(400, seed=1))


def test_the_last_quarter_of_a_straight_line_is_its_slope():
    gain = gain_of_last_quarter({"val_elbo": [0.5 * k for k in range(40)]})
    assert gain.mean == pytest.approx(0.5 * 10)
    assert gain.standard_error == pytest.approx(0.0, abs=1e-12)


def test_the_error_of_the_last_quarter_is_its_spread():
    gains = [gain_of_last_quarter({"val_elbo": list(np.random.default_rng(k).normal(size=80))}) for k in range(2000)]
    spread = np.std([gain.mean for gain in gains])
    assert np.mean([gain.standard_error for gain in gains]) == pytest.approx(spread, rel=0.1)


@pytest.mark.parametrize(
    "history", [None, {}, {"elbo": [1.0] * 20}, {"val_elbo": [1.0] * 7}, {"val_elbo": [np.nan] * 20}]
)
def test_a_history_without_a_curve_says_nothing(history):
    assert gain_of_last_quarter(history) is None


def test_a_model_at_its_optimum_gains_nothing_and_one_beside_it_does():
    assert gain_of_more_steps(linear_vae(), *parts()).mean < 0.1
    moved = linear_vae()
    moved.encoder.get_layer("z_mean").bias.assign([0.5, 0.0, 0.0, 0.0])
    gain = gain_of_more_steps(moved, *parts())
    # The bias costs half its square in the KL, and its image in the reconstruction: 0.125 * (1 + (9 - 0.25) / 0.25).
    assert 2.0 < gain.mean < 0.125 * (1.0 + 35.0) + 5.0 * gain.standard_error
    assert gain.mean > 10.0 * gain.standard_error


def test_the_model_is_put_back_as_it_was():
    vae = linear_vae(n_used=2)
    before = [v.numpy() for v in vae.variables]
    gain = gain_of_more_steps(vae, *parts())
    assert gain.mean > 0.1
    for variable, value in zip(vae.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert gain_of_more_steps(vae, *parts()) == gain


def test_the_model_is_put_back_when_it_is_interrupted(monkeypatch):
    vae = linear_vae(n_used=2)
    before = [v.numpy() for v in vae.variables]
    terms, calls = vae.elbo, []

    def elbo(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return terms(*args, **kwargs)

    monkeypatch.setattr(vae, "elbo", elbo)
    with pytest.raises(KeyboardInterrupt):
        gain_of_more_steps(vae, *parts())
    for variable, value in zip(vae.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_a_frozen_model_is_not_trained():
    vae = linear_vae()
    vae.trainable = False
    assert gain_of_more_steps(vae, *parts()) is None
