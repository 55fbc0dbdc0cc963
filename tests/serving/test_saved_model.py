"""Exports of models of every history, loaded again, and exports that fail."""

import concurrent.futures
import errno
import multiprocessing
import os
import pathlib
import resource

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import linear_encoder, small_vae
from tensorflow_probability import distributions as tfd

from keras_vae.models.make_vae import make_vae
from keras_vae.models.vae import VAE
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.prior import Prior
from keras_vae.serving import export
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model
from keras_vae.serving.versions import versions


@pytest.fixture(scope="module")
def loaded(digits_like):
    return load_saved_model(digits_like[1])


@pytest.fixture
def x(rng):
    return rng.integers(0, 2, (70, 8, 8, 1)).astype("float32")


def same(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


# The verbs.


def test_the_verbs_give_what_the_model_gives_in_any_number_of_batches(digits_like, loaded, x):
    vae, _ = digits_like
    for batch_size in (1, 32, 100):
        for ours, theirs in zip(loaded.encode(x, batch_size), vae.encode(x), strict=True):
            same(ours, theirs)
        same(loaded.reconstruct(x, batch_size), vae.predict(x, verbose=0))
    z = vae.encode(x)[0]
    same(loaded.decode(z, 16), vae.decode(z))
    assert {k: v.shape for k, v in loaded.score(x).items()} == dict.fromkeys(
        ("elbo", "reconstruction_loss", "kl"), (70,)
    )
    same(loaded.sample(5, seed=3), vae.sample(5, seed=3))
    assert loaded.generate(5, temperature=0.5).shape == (5, 8, 8, 1)


@pytest.mark.slow
def test_the_newest_version_is_loaded_unless_another_is_named(tmp_path):
    for seed in (0, 1):
        export_saved_model(make_vae((3,), 2, hidden_units=(4,), seed=seed), tmp_path)
    zero, one = (load_saved_model(tmp_path / version).decode(np.ones((1, 2))) for version in "12")
    assert not np.array_equal(zero, one)
    np.testing.assert_array_equal(load_saved_model(str(tmp_path)).decode(np.ones((1, 2))), one)


@pytest.mark.parametrize(
    ("signature", "inputs", "message"),
    [
        ("nothing", {}, "`signature` must be one of 'serving_default'"),
        ("encode", {}, r"signature 'encode' takes x\. Received: nothing"),
        ("encode", {"y": 1}, r"signature 'encode' takes x\. Received: y"),
        (
            "encode",
            {"x": np.zeros((8, 8, 1))},
            r"`x` must have the shape \(n, 8, 8, 1\)\. Received: x.shape=\(8, 8, 1\)",
        ),
        ("sample", {"n": 1, "seed": [1]}, r"`seed` must have the shape \(2,\)\. Received: seed.shape=\(1,\)"),
        ("sample", {"n": 1.5, "seed": [1, 2]}, r"`n` must hold numbers that fit int32\. Received: 1.5"),
        ("sample", {"n": 2**31, "seed": [1, 2]}, r"`n` must hold numbers that fit int32\. Received: 2147483648"),
        ("decode", {"z": [["a", "b", "c"]]}, "`z` must hold numbers that fit float32"),
        ("generate", {"n": -1, "temperature": 1}, "signature 'generate' refuses its inputs: `n` must be from 0 to"),
        (
            "generate",
            {"n": 1, "temperature": np.nan},
            "signature 'generate' refuses its inputs: `temperature` must be finite and >= 0$",
        ),
    ],
)
def test_calls_that_do_not_fit_are_refused_in_one_line(loaded, signature, inputs, message):
    with pytest.raises(ValueError, match=message) as info:
        loaded.call(signature, **inputs)
    assert "\n" not in str(info.value)


def test_verbs_check_their_arguments(loaded, x):
    for call, message in (
        (lambda: loaded.encode(x, batch_size=0), "`batch_size` must be a whole number >= 1"),
        (lambda: loaded.encode(x[:0]), "`x` must hold at least one row"),
        (lambda: loaded.encode(1.0), "`x` must hold at least one row"),
        (lambda: loaded.generate(0), "`n` must be a whole number >= 1"),
        (lambda: loaded.generate(1, temperature=-1.0), "`temperature` must be a finite number >= 0"),
        (lambda: loaded.sample(1, seed=-1), "`seed` must be a whole number >= 0"),
        (lambda: loaded.sample(1, seed=(1, 2, 3)), r"`seed` must have the shape \(2,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_what_is_no_export_cannot_be_loaded(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must be an exported model"):
        load_saved_model(tmp_path)
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"no protocol buffer")
    with pytest.raises(ValueError, match="1 cannot be read as a SavedModel"):
        load_saved_model(tmp_path)


def test_an_export_whose_variables_are_cut_off_cannot_be_loaded(tmp_path):
    from helpers import small_vae

    folder = export_saved_model(small_vae(), tmp_path / "export")
    (data,) = (pathlib.Path(folder) / "variables").glob("variables.data-*")
    data.write_bytes(data.read_bytes()[:20])
    with pytest.raises(ValueError, match="cannot be read as a SavedModel"):
        load_saved_model(folder)


# Models of every history.

COMMITTED = pathlib.Path(__file__).parents[2] / "saved_models" / "digits" / "1"


def test_the_committed_export_still_loads_and_answers():
    loaded = load_saved_model(COMMITTED)
    x = np.random.default_rng(0).integers(0, 2, (3, 8, 8, 1)).astype("float32")
    z_mean, _ = loaded.encode(x)
    same(loaded.decode(z_mean), loaded.reconstruct(x))
    assert np.all(np.isfinite(loaded.score(x)["elbo"]))
    np.testing.assert_array_equal(loaded.sample(2, seed=1), loaded.sample(2, seed=1))
    assert loaded.generate(2).shape == (2, 8, 8, 1)


@pytest.mark.slow
def test_a_convolutional_model_trained_in_mixed_precision_is_served_in_single_precision(tmp_path, mixed_float16):
    vae = make_vae((6, 5, 1), 3, "conv", (4, 8), seed=0)
    x = np.random.default_rng(0).integers(0, 2, (32, 6, 5, 1)).astype("float32")
    vae.compile()
    vae.fit(x, verbose=0)
    loaded = load_saved_model(export_saved_model(vae, tmp_path / "m"))
    for name, function in loaded.signatures.items():
        for spec in (*loaded.input_specs(name).values(), *function.structured_outputs.values()):
            assert spec.dtype in (tf.float32, tf.int32, tf.int64)
    # Half precision inside: a last bit of its 11 may fall otherwise in another graph.
    np.testing.assert_allclose(loaded.encode(x)[0], vae.encode(x)[0], rtol=2e-3, atol=2e-3)
    assert np.isfinite(loaded.generate(4)).all()


@pytest.mark.slow
def test_a_model_trained_with_xla_is_served_without(tmp_path):
    vae = make_vae((4,), 2, hidden_units=(4,), seed=0)
    x = np.random.default_rng(0).integers(0, 2, (32, 4)).astype("float32")
    vae.compile(jit_compile=True)
    vae.fit(x, verbose=0)
    folder = export_saved_model(vae, tmp_path / "m")
    same(load_saved_model(folder).encode(x)[0], vae.encode(x)[0])
    assert b"_XlaMustCompile" not in (folder / "saved_model.pb").read_bytes()


@pytest.mark.slow
def test_a_reloaded_model_exports_the_same_answers(tmp_path):
    prior = MixtureOfGaussians(3, seed=0)
    vae = make_vae((4,), 2, hidden_units=(4,), prior=prior, seed=0)
    x = np.random.default_rng(0).integers(0, 2, (32, 4)).astype("float32")
    vae.compile(run_eagerly=True)
    vae.fit(x, verbose=0)
    vae.save(tmp_path / "m.keras")
    before = load_saved_model(export_saved_model(vae, tmp_path / "m"))
    after = load_saved_model(export_saved_model(keras.models.load_model(tmp_path / "m.keras"), tmp_path / "m"))
    assert versions(tmp_path / "m") == [1, 2]
    for name, inputs in (
        ("encode", {"x": x}),
        ("score", {"x": x}),
        ("sample", {"n": 9, "seed": [1, 2]}),
        ("sample_rows", {"seed": [1, 2]}),
    ):
        ours, theirs = before.call(name, **inputs), after.call(name, **inputs)
        for key in ours:
            np.testing.assert_array_equal(ours[key], theirs[key])


@pytest.mark.slow
def test_an_export_is_of_the_weights_as_they_are_now(tmp_path):
    vae = small_vae()
    first = export_saved_model(vae, tmp_path)
    z = np.ones((1, 2))
    before = load_saved_model(first).decode(z)
    vae.decoder.get_layer("x_params").bias.assign(np.arange(6.0))
    np.testing.assert_array_equal(load_saved_model(first).decode(z), before)
    same(load_saved_model(export_saved_model(vae, tmp_path)).decode(z), before + np.arange(6.0))


@pytest.mark.slow
def test_a_prior_of_tfp_is_drawn_from_at_temperature_one_only(tmp_path):
    prior = tfd.MultivariateNormalDiag(tf.fill([2], 50.0), tf.ones(2))
    loaded = load_saved_model(export_saved_model(small_vae(prior=prior), tmp_path))
    for outputs in (
        loaded.call("generate", n=3, temperature=1),
        loaded.call("generate_rows", temperature=[1, 1, 1]),
        loaded.call("sample", n=3, seed=[1, 2]),
        loaded.call("sample_rows", seed=[1, 2, 3]),
    ):
        assert len(np.unique(outputs["z"])) == 6
        assert np.all(np.abs(outputs["z"] - 50.0) < 8.0)
    with pytest.raises(ValueError, match="`temperature` must be 1 for this prior"):
        loaded.call("generate", n=3, temperature=0.5)
    rows = loaded.call("generate_rows", temperature=[1, 0.5])
    assert np.isnan(rows["z"][1]).all()
    assert np.isnan(rows["x"][1]).all()
    assert np.isfinite(rows["x"][0]).all()


def test_a_prior_that_cannot_be_drawn_from_is_served_without_samples(tmp_path):
    class OnlyKL:
        def kl(self, z_mean, z_log_var):
            return tf.reduce_sum(tf.square(z_mean), axis=-1)

    class OnlyDensity(Prior):
        def log_prob(self, z):
            return -tf.reduce_sum(tf.square(z), axis=-1)

    for i, prior in enumerate((OnlyKL(), OnlyDensity())):
        loaded = load_saved_model(export_saved_model(small_vae(prior=prior), tmp_path / str(i)))
        assert set(loaded.signatures) == {"serving_default", "encode", "decode", "score"}


# Versions.


def export_small(path):
    return export_saved_model(small_vae(), path).name


@pytest.mark.slow
def test_processes_that_export_at_the_same_time_get_versions_of_their_own(tmp_path):
    with concurrent.futures.ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        names = list(pool.map(export_small, [tmp_path / "m"] * 6))
    assert sorted(names) == ["1", "2", "3", "4", "5", "6"]
    assert len(list((tmp_path / "m").iterdir())) == 6


def test_the_next_version_is_one_more_than_anything_there(tmp_path):
    for name in ("3", "010", ".tmp-99", "note", "finished"):
        (tmp_path / name).mkdir()
    (tmp_path / "12").write_text("a file")
    assert export._publish(tmp_path / "finished", tmp_path) == tmp_path / "13"
    assert (tmp_path / "13").is_dir()


def test_a_version_that_comes_up_in_between_is_not_touched(tmp_path, monkeypatch):
    """Another export takes the number between the look and the rename."""
    real = os.rename

    def rename(old, new):
        if new.name == "1":
            new.mkdir()
            (new / "theirs").touch()
        real(old, new)

    (tmp_path / ".tmp-1").mkdir()
    monkeypatch.setattr(export.os, "rename", rename)
    assert export._publish(tmp_path / ".tmp-1", tmp_path) == tmp_path / "2"
    assert [p.name for p in (tmp_path / "1").iterdir()] == ["theirs"]


# Exports that fail.


def fails_and_leaves_nothing(tmp_path, error, message, model=None, **kwargs):
    """An export into a folder that is not there, and into one that has a version, leaves both as they were."""
    old = tmp_path / "old"
    (old / "1").mkdir(parents=True)
    for path in (tmp_path / "new" / "deep" / "m", old):
        with pytest.raises(error, match=message):
            export_saved_model(model or small_vae(), path, **kwargs)
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert [p.name for p in old.iterdir()] == ["1"]


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def write_out(self, path, **kwargs):
        (pathlib.Path(path) / "half").write_text("written")
        raise OSError(errno.ENOSPC, "No space left on device")

    # The class depends on the backend.
    monkeypatch.setattr(type(keras.export.ExportArchive()), "write_out", write_out)
    fails_and_leaves_nothing(tmp_path, OSError, "No space left on device")


def test_a_write_that_fails_within_tensorflow_is_an_os_error_and_leaves_nothing(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow beyond this: the graph alone is larger.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match=r"cannot be written|File too large"):
            export_saved_model(small_vae(), tmp_path / "new" / "m")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(path, name):
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "add_warmup", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_saved_model(small_vae(), tmp_path / "new" / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_layer_that_cannot_be_traced_is_named_and_leaves_nothing(tmp_path):
    class Gate(keras.layers.Layer):
        def call(self, z):
            return -z if tf.reduce_sum(z) > 0 else z

        def compute_output_shape(self, input_shape):
            return input_shape

    z = keras.Input((2,))
    decoder = keras.Model(z, keras.layers.Dense(6)(Gate(name="my_gate")(z)))
    message = (
        r"`model` must be traceable as a graph to be exported, .* but the layer 'my_gate' \(Gate\) fails for the "
        r"signature 'serving_default'\. Received: OperatorNotAllowedInGraphError: Using a symbolic `tf.Tensor` as a"
    )
    fails_and_leaves_nothing(tmp_path, ValueError, message, VAE(linear_encoder(), decoder, likelihood="gaussian_fixed"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_must_not_be_written_to_is_an_os_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="Permission denied"):
        export_saved_model(small_vae(), tmp_path / "m")


def test_what_cannot_be_exported_is_refused_before_anything_is_made(tmp_path):
    vae = VAE(keras.Sequential([keras.layers.Dense(2)]), keras.Sequential([keras.layers.Dense(2)]))
    fails_and_leaves_nothing(tmp_path, ValueError, "`model` must be built before it is exported", vae)
    with pytest.raises(TypeError, match=r"`model` must be a keras_vae model\. Received: Sequential"):
        export_saved_model(keras.Sequential(), tmp_path / "m")
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "m"):
        with pytest.raises(NotADirectoryError):
            export_saved_model(small_vae(), path)
