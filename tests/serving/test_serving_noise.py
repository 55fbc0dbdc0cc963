"""Fresh noise is fresh and seeded noise repeats, whatever was seeded before and whoever asks at the same time."""

import concurrent.futures

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from sessions import CppSession, PythonSession

from keras_vae.models.make_vae import make_vae
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model

ONE = np.float32(1)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """A model of which everything was seeded: weights, training, export."""
    keras.utils.set_random_seed(1)
    vae = make_vae((6, 5, 1), latent_dim=3, network="conv", hidden_units=(4, 8), seed=1)
    vae.compile()
    vae.fit(np.random.default_rng(0).integers(0, 2, (32, 6, 5, 1)), batch_size=16, verbose=0)
    keras.utils.set_random_seed(1)
    return export_saved_model(vae, tmp_path_factory.mktemp("seeded") / "m")


def assert_no_row_twice(z):
    assert len(np.unique(z, axis=0)) == len(z)


@pytest.mark.slow
def test_every_call_of_every_load_is_new_although_everything_was_seeded(seeded):
    rows = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        loaded = load_saved_model(seeded)
        for _ in range(2):
            rows.append(loaded.call("generate", n=3, temperature=1)["z"])
            rows.append(loaded.call("generate_rows", temperature=np.ones(3))["z"])
    assert_no_row_twice(np.concatenate(rows))


def test_every_call_of_every_process_is_new_although_everything_was_seeded(seeded, cpp_program):
    rows = []
    for _ in range(2):
        with CppSession(cpp_program, seeded) as session:
            for _ in range(2):
                rows.append(session.call("generate", n=np.int32(3), temperature=ONE)["z"])
                rows.append(session.call("generate_rows", temperature=np.ones(3, "float32"))["z"])
    assert_no_row_twice(np.concatenate(rows))


def test_the_verbs_of_a_loaded_model_draw_anew_and_repeat(seeded):
    loaded = load_saved_model(seeded)
    assert not np.array_equal(loaded.generate(2), loaded.generate(2))
    np.testing.assert_array_equal(loaded.sample(2, seed=5), loaded.sample(2, seed=5))
    np.testing.assert_array_equal(loaded.sample(2, seed=5), loaded.sample(2, seed=(5, 0)))
    assert not np.array_equal(loaded.sample(2, seed=5), loaded.sample(2, seed=6))


def test_generated_codes_are_standard_normal_times_the_temperature(digits_like):
    loaded = load_saved_model(digits_like[1])
    for temperature in (1.0, 0.5):
        for z in (
            loaded.call("generate", n=20_000, temperature=temperature)["z"],
            loaded.call("generate_rows", temperature=np.full(20_000, temperature))["z"],
        ):
            assert_mean_close(z, 0.0, resolution=0.05)
            assert_mean_close(z**2, temperature**2, resolution=0.07)
            # Neighbours within a row and from row to row have nothing to do with each other.
            assert_mean_close(z[:, 0] * z[:, 1], 0.0, resolution=0.05)
            assert_mean_close(z[1:, 0] * z[:-1, 0], 0.0, resolution=0.05)


def test_seeded_rows_are_standard_normal_for_seeds_that_follow_each_other(digits_like):
    z = load_saved_model(digits_like[1]).call("sample_rows", seed=np.arange(10_000))["z"]
    assert_no_row_twice(z)
    assert_mean_close(z, 0.0, resolution=0.06)
    assert_mean_close(z**2, 1.0, resolution=0.1)
    assert_mean_close(z[1:] * z[:-1], 0.0, resolution=0.06)


def test_every_row_has_a_temperature_of_its_own(digits_like):
    loaded = load_saved_model(digits_like[1])
    temperature = np.tile([0.0, 1.0, 3.0], 4000)
    z = loaded.call("generate_rows", temperature=temperature)["z"]
    assert np.all(z[0::3] == 0.0)
    assert_mean_close(z[1::3] ** 2, 1.0, resolution=0.15)
    assert_mean_close(z[2::3] ** 2, 9.0, resolution=1.3)


def test_the_temperature_of_a_mixture_is_that_of_its_components(tmp_path):
    prior = MixtureOfGaussians(2, seed=0)
    vae = make_vae((4,), latent_dim=1, hidden_units=(4,), prior=prior, seed=0)
    prior.means.assign([[-100.0], [100.0]])
    loaded = load_saved_model(export_saved_model(vae, tmp_path / "m"))
    for temperature in (0.0, 2.0):
        for outputs in (
            loaded.call("generate", n=4000, temperature=temperature),
            loaded.call("generate_rows", temperature=np.full(4000, temperature)),
        ):
            assert_mean_close(np.sign(outputs["z"]), 0.0, resolution=0.1)
            distance = np.abs(outputs["z"]) - 100.0
            if temperature:
                assert_mean_close(distance**2, temperature**2, resolution=0.6)
            else:
                assert np.all(distance == 0.0)


SEEDS = np.array([5, -3, 2**40, 0, 2**63 - 1, -(2**63), 5 + 2**32, 6])


def assert_rows_do_not_depend_on_their_batch(session):
    whole = session.call("sample_rows", seed=SEEDS)
    assert_no_row_twice(whole["z"])
    for batch in (SEEDS[::-1], SEEDS[2:5], np.tile(SEEDS, 9), *SEEDS[:, None]):
        outputs = session.call("sample_rows", seed=batch)
        rows = [int(np.flatnonzero(seed == SEEDS)[0]) for seed in batch]
        np.testing.assert_array_equal(outputs["z"], whole["z"][rows])
        np.testing.assert_allclose(outputs["x"], whole["x"][rows], rtol=1e-6)


@pytest.mark.parametrize("model", ["dense", "conv"])
def test_a_seeded_row_does_not_depend_on_its_batch(model, seeded, digits_like, cpp_program):
    folder = seeded if model == "conv" else digits_like[1]
    with PythonSession(folder) as session:
        assert_rows_do_not_depend_on_their_batch(session)
    with CppSession(cpp_program, folder) as session:
        assert_rows_do_not_depend_on_their_batch(session)


def test_seeded_noise_has_the_same_bits_in_cpp_and_in_python(digits_like, cpp_program):
    vae, folder = digits_like
    with PythonSession(folder) as python, CppSession(cpp_program, folder) as cpp:
        for inputs in ({"n": np.int32(50), "seed": np.array([11, -4])}, {"n": np.int32(1), "seed": np.array([0, 0])}):
            z = vae.sample_prior(inputs["n"], tf.constant(inputs["seed"])).numpy()
            for session in (python, cpp):
                np.testing.assert_array_equal(session.call("sample", **inputs)["z"], z)


def test_a_seed_gives_as_the_first_rows_what_it_gives_as_all(digits_like):
    """Asking for more does not change what came before."""
    loaded = load_saved_model(digits_like[1])
    many = loaded.call("sample", n=40, seed=[9, 9])["z"]
    np.testing.assert_array_equal(loaded.call("sample", n=7, seed=[9, 9])["z"], many[:7])


@pytest.mark.slow
def test_many_clients_at_once_never_get_the_same_row(digits_like, cpp_program):
    with CppSession(cpp_program, digits_like[1]) as session:
        rows = session.storm("generate_rows", 16, 2000, temperature=np.ones(1, "float32"))
        more = session.storm("generate", 16, 200, n=np.int32(2), temperature=ONE)
    assert rows.shape == (32_000, 3)
    assert more.shape == (6_400, 3)
    assert_no_row_twice(np.concatenate([rows, more]))


def test_many_threads_of_python_never_get_the_same_row(digits_like):
    assert_no_row_twice(rows_of_threads(digits_like[1], n_calls=100))


@pytest.mark.slow
def test_very_many_threads_of_python_never_get_the_same_row(digits_like):
    assert_no_row_twice(rows_of_threads(digits_like[1], n_calls=2000))


def rows_of_threads(folder, n_calls, n_threads=16):
    one = np.ones(1, "float32")
    with PythonSession(folder) as session, concurrent.futures.ThreadPoolExecutor(n_threads) as pool:

        def client(_):
            return [session.call("generate_rows", temperature=one)["z"] for _ in range(n_calls)]

        rows = np.concatenate([z for part in pool.map(client, range(n_threads)) for z in part])
    assert rows.shape == (n_threads * n_calls, 3)
    return rows
