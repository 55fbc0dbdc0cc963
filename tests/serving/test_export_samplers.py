"""Exports of models with a fitted sampler: they draw from it, with the promises that draws of a prior keep."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, slow_after
from sessions import CppSession, PythonSession

from keras_vae.models.make_vae import make_vae
from keras_vae.priors.gaussian_mixture_sampler import GaussianMixtureSampler
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.samplers.fit import fit
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model

# The training is cut short: what is looked at is the export.
OPTIONS = {
    "gmm": {"n_components": 3},
    "two_stage": {"hidden_units": (16, 16), "max_steps": 20},
    "maf": {"n_steps": 2, "hidden_units": (16,), "max_steps": 20},
}
SEEDS = np.array([5, -3, 2**40, 0, 2**63 - 1, -(2**63), 5 + 2**32, 6])


@pytest.fixture(scope="module", params=slow_after(2, list(OPTIONS)))
def exported(request, tmp_path_factory):
    """A VAE with a fitted sampler, whose codes are far from the prior, and the folder of its export."""
    rng = np.random.default_rng(0)
    vae = make_vae((6,), latent_dim=3, hidden_units=(16,), likelihood="gaussian_fixed", seed=0)
    vae.encoder.get_layer("z_mean").bias.assign([40.0, -40.0, 40.0])
    fit(vae, rng.normal(size=(200, 6)), request.param, **OPTIONS[request.param])
    return vae, export_saved_model(vae, tmp_path_factory.mktemp("samplers") / request.param)


@pytest.mark.slow
def test_every_draw_is_one_of_the_sampler(exported):
    vae, folder = exported
    loaded = load_saved_model(folder)
    codes = vae.sampler.sample(4000).numpy()
    for z in (
        loaded.call("generate", n=4000, temperature=1.0)["z"],
        loaded.call("generate_rows", temperature=np.ones(4000))["z"],
        loaded.call("sample", n=4000, seed=[1, 2])["z"],
        loaded.call("sample_rows", seed=np.arange(2000))["z"],
    ):
        assert np.all(np.abs(z) > 10.0)  # The prior has nothing there.
        assert len(np.unique(z, axis=0)) == len(z)
        assert_mean_close(z, codes.mean(axis=0), resolution=0.5, n_sigma=8.0)  # Both are draws.


def test_a_loaded_model_draws_as_the_model(exported):
    vae, folder = exported
    loaded = load_saved_model(folder)
    z = vae.sample_prior(20, tf.constant([4, 0], tf.int64)).numpy()
    np.testing.assert_allclose(loaded.call("sample", n=20, seed=[4, 0])["z"], z, rtol=1e-6)
    np.testing.assert_allclose(loaded.sample(20, seed=4), vae.sample(20, seed=4), rtol=1e-5, atol=1e-5)


def assert_rows_do_not_depend_on_their_batch(session):
    whole = session.call("sample_rows", seed=SEEDS)
    for batch in (SEEDS[::-1], SEEDS[2:5], np.tile(SEEDS, 9), *SEEDS[:, None]):
        rows = [int(np.flatnonzero(seed == SEEDS)[0]) for seed in batch]
        np.testing.assert_array_equal(session.call("sample_rows", seed=batch)["z"], whole["z"][rows])
    for seed, z in zip(SEEDS, whole["z"], strict=True):
        alone = session.call("sample", n=np.int32(1), seed=np.array([seed, 0]))["z"]
        np.testing.assert_array_equal(alone[0], z)
    return whole["z"]


def test_a_seeded_row_has_the_same_bits_in_every_batch(exported):
    vae, folder = exported
    with PythonSession(folder) as session:
        rows = assert_rows_do_not_depend_on_their_batch(session)
    seeds = np.stack([SEEDS, np.zeros_like(SEEDS)], axis=1)
    np.testing.assert_allclose(vae.sampler.sample_rows(tf.constant(seeds)), rows, rtol=1e-6)


def test_a_seeded_row_has_the_same_bits_in_cpp_as_in_python(exported, cpp_program):
    with PythonSession(exported[1]) as session:
        python = session.call("sample_rows", seed=SEEDS)["z"]
    with CppSession(cpp_program, exported[1]) as session:
        np.testing.assert_array_equal(assert_rows_do_not_depend_on_their_batch(session), python)


def test_a_row_may_have_a_temperature_and_a_bad_one_spoils_it_alone(exported):
    loaded = load_saved_model(exported[1])
    z = loaded.call("generate_rows", temperature=np.array([0.0, np.nan, 0.0, -1.0, 1.0]))["z"]
    assert np.array_equal(np.isfinite(z).all(axis=1), [True, False, True, False, True])
    if not isinstance(exported[0].sampler, GaussianMixtureSampler):
        np.testing.assert_allclose(z[0], z[2], rtol=1e-6)  # Without noise there is one place.


def test_scores_keep_to_the_prior(exported, rng):
    vae, folder = exported
    x = rng.normal(size=(4, 6)).astype("float32")
    kl = load_saved_model(folder).call("score", x=x)["kl"]
    np.testing.assert_allclose(kl, vae.prior.kl(*vae.encode(x)), rtol=1e-5)


def test_without_its_sampler_the_same_model_draws_from_the_prior_again(tmp_path):
    vae = make_vae((6,), latent_dim=3, hidden_units=(8,), likelihood="gaussian_fixed", seed=0)
    far = MixtureOfGaussians(1)
    vae.sampler = far
    far.means.assign([[40.0] * 3])
    vae.sampler = None
    z = load_saved_model(export_saved_model(vae, tmp_path / "m")).call("generate", n=4000, temperature=1.0)["z"]
    assert_mean_close(z, 0.0, resolution=0.1)
    assert_mean_close(z**2, 1.0, resolution=0.15)
