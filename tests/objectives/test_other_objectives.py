"""Total correlation and MMD as objectives: what their losses are made of, and that the ELBO stays the ELBO."""

import keras
import numpy as np
import pytest
from helpers import prepared, small_vae

from keras_vae.divergences import standard_normal_mmd, total_correlation
from keras_vae.objectives.mmd import MMD
from keras_vae.objectives.total_correlation import TotalCorrelation
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model


@pytest.fixture
def x(rng):
    return rng.normal(size=(32, 6)).astype("float32")


def terms_and_pieces(objective, x):
    """The terms of one step in training mode, and the pieces that they are made of: those of the same noise."""
    model, twin = small_vae(objective=objective), small_vae()
    return model.terms(prepared(model, x), training=True), twin.one_draw(prepared(twin, x), training=True)


@pytest.mark.parametrize("beta", [0.0, 1.0, 6.0])
def test_beta_weighs_the_total_correlation_alone(x, beta):
    terms, pieces = terms_and_pieces(TotalCorrelation(beta), x)
    tc = total_correlation(pieces.z, *pieces.posterior)
    np.testing.assert_allclose(terms["total_correlation"], tc)
    np.testing.assert_allclose(terms["loss"], -terms["elbo"] + (beta - 1.0) * tc, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(terms["elbo"], small_vae().assemble(pieces)["elbo"], rtol=1e-6)


@pytest.mark.slow
def test_beta_lowers_the_total_correlation(rng):
    # Both columns of the decoder see the same factor: the codes of a VAE are correlated.
    x = (rng.normal(size=(256, 1)) @ np.ones((1, 6)) + 0.3 * rng.normal(size=(256, 6))).astype("float32")
    correlations = []
    for beta in (1.0, 20.0):
        model = small_vae(objective=TotalCorrelation(beta))
        model.compile(keras.optimizers.Adam(0.01))
        model.fit(x, epochs=20, batch_size=64, verbose=0)
        correlations.append(model.evaluate(x, batch_size=256, verbose=0, return_dict=True)["total_correlation"])
    assert correlations[1] < correlations[0]


def test_the_discrepancy_is_weighed_beside_the_kl(x):
    terms, pieces = terms_and_pieces(MMD(weight=7.0, beta=0.3, bandwidth=1.5), x)
    mmd = standard_normal_mmd(pieces.z, 1.5)
    np.testing.assert_allclose(terms["mmd"], mmd)
    np.testing.assert_allclose(terms["loss"], pieces.reconstruction_loss + 0.3 * pieces.kl + 7.0 * mmd, rtol=1e-5)
    np.testing.assert_allclose(terms["elbo"], -pieces.reconstruction_loss - pieces.kl, rtol=1e-6)


@pytest.mark.slow
def test_the_discrepancy_holds_the_codes_to_the_prior_where_beta_is_zero(rng):
    x = (2.0 * rng.normal(size=(256, 6))).astype("float32")
    spreads = []
    for weight in (0.0, 300.0):
        model = small_vae(objective=MMD(weight))
        model.compile(keras.optimizers.Adam(0.02))
        model.fit(x, epochs=40, batch_size=128, verbose=0)
        spreads.append(model.draw(x, seed=0).std(axis=0))
    assert np.all(spreads[0] > 2.0)
    np.testing.assert_allclose(spreads[1], 1.0, atol=0.4)


@pytest.mark.parametrize("objective", [TotalCorrelation, pytest.param(MMD, marks=pytest.mark.slow)])
def test_fit_save_and_export(objective, x, tmp_path):
    vae = small_vae(objective=objective())
    vae.compile()
    history = vae.fit(x, epochs=2, verbose=0, validation_data=x).history
    assert set(history) == {n for name in vae.term_names for n in (name, f"val_{name}")}
    assert set(objective.term_names) < set(history)
    vae.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert loaded.objective.get_config() == vae.objective.get_config()
    np.testing.assert_array_equal(loaded.elbo(x), vae.elbo(x))
    served = load_saved_model(export_saved_model(vae, tmp_path / "export"))
    np.testing.assert_allclose(served.encode(x)[0], vae.encode(x)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("objective", "arguments", "message"),
    [
        (TotalCorrelation, {"beta": -1.0}, "`beta` must be a finite number >= 0.0"),
        (MMD, {"beta": -1.0}, "`beta` must be a finite number >= 0.0"),
        (MMD, {"weight": -1.0}, "`weight` must be a finite number >= 0.0"),
        (MMD, {"bandwidth": 0.0}, "`bandwidth` must be a finite number > 0.0"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(objective, arguments, message):
    with pytest.raises(ValueError, match=message):
        objective(**arguments)


def test_the_discrepancy_is_one_from_the_standard_normal():
    with pytest.raises(ValueError, match="`prior` must be the standard normal for the objective MMD"):
        small_vae(objective=MMD(), prior=MixtureOfGaussians(2))
