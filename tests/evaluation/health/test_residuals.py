import numpy as np
import pytest
from health_cases import FACTORS, D, examples, gain_of, linear_vae

from keras_vae.evaluation.health.residuals import residual_gain
from keras_vae.layers.standardize import Standardize
from keras_vae.models.vae import VAE


def gain(vae, x, n_dims, seed=0):
    return residual_gain(vae, x, *vae.encode(x), n_dims, seed)


@pytest.mark.parametrize("n_used", [0, 2, 3])
def test_what_is_left_is_what_the_missing_dimensions_would_gain(n_used):
    found = gain(linear_vae(n_used=n_used), examples(4000), 4 - n_used)
    assert 5.0 * found.standard_error < 0.2 * gain_of(FACTORS[n_used:])
    assert found.mean == pytest.approx(gain_of(FACTORS[n_used:]), abs=5.0 * found.standard_error)


def test_that_gain_is_the_difference_of_the_bounds():
    x = examples(4000)
    elbos = [linear_vae(n_used=n).elbo(x, n_samples=4).astype("float64") for n in (2, 4)]
    difference = elbos[1] - elbos[0]
    bound = 5.0 * difference.std() / np.sqrt(len(x))
    assert bound < 0.2 * gain_of(FACTORS[2:])
    assert difference.mean() == pytest.approx(gain_of(FACTORS[2:]), abs=bound)


@pytest.mark.parametrize("latent_dim", [4, 8])
def test_a_model_that_is_right_leaves_nothing(latent_dim):
    gains = [gain(linear_vae(latent_dim=latent_dim), examples(500, seed=seed), 4, seed).mean for seed in range(3)]
    # Chance alone gains a quarter of the squared error of a variance, 4 / n / 4 per direction.
    assert max(gains) < 0.05


def test_only_the_largest_of_many_directions_are_asked_for():
    vae, x = linear_vae(n_used=0), examples(4000)
    one = gain(vae, x, 1)
    assert one.mean == pytest.approx(gain_of(FACTORS[:1]), abs=5.0 * one.standard_error)
    # More than there are elements cannot be found.
    assert gain(vae, x, 100).mean == pytest.approx(gain_of(FACTORS), rel=0.1)


def test_a_seed_fixes_the_number():
    vae, x = linear_vae(n_used=2), examples(200)
    assert gain(vae, x, 2, seed=1) == gain(vae, x, 2, seed=1)
    assert gain(vae, x, 2, seed=1) != gain(vae, x, 2, seed=2)


def test_the_gain_does_not_depend_on_the_units_of_the_data():
    """Columns of wild scales in front of a standardising layer gain what the standardised values gain."""
    x = examples(600)
    scales = (10.0 ** np.linspace(-3.0, 4.0, D)).astype("float32")
    scale = Standardize("columns")
    scale.build((None, D))
    scale.scale.assign(scales)
    plain = linear_vae(n_used=2)
    raw = VAE(plain.encoder, plain.decoder, likelihood=plain.likelihood, preprocessing=scale, seed=0)
    expected, found = gain(plain, x, 2), gain(raw, x * scales, 2)
    assert expected.mean > 1.0
    assert found.mean == pytest.approx(expected.mean, rel=1e-3)


def test_a_conditional_model_leaves_what_its_condition_does_not_say(conditional_vae):
    model, x, condition = conditional_vae
    codes = model.encode(x, condition=condition)
    told = residual_gain(model, x, *codes, condition=condition)
    misled = residual_gain(model, x, *codes, condition=np.roll(condition, 1, axis=0))
    assert told.mean < 0.3
    assert misled.mean > told.mean + 1.0


@pytest.mark.parametrize(
    ("n", "n_dims", "seed", "message"),
    [
        (7, 1, 0, "`x` must have at least eight rows, to be quartered. Received: 7"),
        (8, 0, 0, "`n_dims` must be a whole number >= 1"),
        (8, 1, -1, "`seed` must be a whole number >= 0"),
    ],
)
def test_wrong_arguments_are_refused(n, n_dims, seed, message):
    with pytest.raises(ValueError, match=message):
        gain(linear_vae(), examples(n), n_dims, seed)
