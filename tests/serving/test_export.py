import errno
import json
import pathlib
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from conditional_models import prepared
from helpers import UnbuiltEncoder, linear_decoder, linear_encoder, slow_after, small_vae

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.serving.export import _publish, export_saved_model
from keras_vae.serving.saved_model import load_saved_model
from keras_vae.serving.versions import newest_version, versions

X = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
Z = np.random.default_rng(1).normal(size=(5, 2)).astype("float32")
EXPORTED = {"rtol": 1e-5, "atol": 1e-6}  # The same graph, optimised again.


def fitted_vae(**kwargs):
    vae = small_vae("gaussian_shared", **kwargs)
    vae.compile("adam", run_eagerly=True)
    vae.fit(X, verbose=0)
    return vae


def fitted_autoencoder():
    x = keras.Input((6,))
    model = Autoencoder(keras.Model(x, keras.layers.Dense(2)(x)), linear_decoder())
    model.compile("adam", run_eagerly=True)
    model.fit(X, verbose=0)
    return model


def deterministic_signatures(model):
    """What the signatures without noise must answer, from the model's own verbs."""
    expected = {"serving_default": {"x": model.predict(X, verbose=0)}, "decode": {"x": model.decode(Z)}}
    if isinstance(model, Autoencoder):
        terms = model.terms(prepared(model, X))
        return {
            **expected,
            "encode": {"z": model.encode(X)},
            "score": {"reconstruction_loss": terms["reconstruction_loss"].numpy()},
        }
    terms = {k: v.numpy() for k, v in model.elbo_terms(prepared(model, X), z="mean").items()}
    return {
        **expected,
        "encode": dict(zip(("z_mean", "z_log_var"), model.encode(X), strict=True)),
        "score": {"elbo": terms["elbo"], "reconstruction_loss": terms["reconstruction_loss"], "kl": terms["kl_loss"]},
    }


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A VAE and an autoencoder exported straight after fit: name to (model, version folder)."""
    folder = tmp_path_factory.mktemp("saved_models")
    models = {"vae": fitted_vae(prior=MixtureOfGaussians(3, seed=0)), "autoencoder": fitted_autoencoder()}
    return {name: (model, export_saved_model(model, folder / name)) for name, model in models.items()}


every_model = pytest.mark.parametrize("name", ["vae", "autoencoder"])


def assert_answers(folder, expected):
    signatures = tf.saved_model.load(str(folder)).signatures
    for name, outputs in expected.items():
        answer = signatures[name](**({"z": Z} if name == "decode" else {"x": X}))
        assert set(answer) == set(outputs)
        for key, value in outputs.items():
            assert answer[key].dtype == tf.float32
            np.testing.assert_allclose(answer[key], value, **EXPORTED)


@every_model
def test_an_export_straight_after_fit_answers_as_the_model(exported, name):
    model, folder = exported[name]
    assert_answers(folder, deterministic_signatures(model))


@pytest.mark.slow  # `test_saved_model.py` does the same with a learned prior.
def test_an_export_after_a_reload_answers_as_the_model(tmp_path):
    model = fitted_vae()
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert_answers(export_saved_model(again, tmp_path / "served"), deterministic_signatures(model))


@pytest.mark.slow
def test_looking_at_a_model_before_its_export_does_not_get_in_the_way(tmp_path):
    model = fitted_vae()
    model.sample(2)
    model.elbo(X)
    model.evaluate(X, verbose=0)
    assert_answers(export_saved_model(model, tmp_path / "served"), deterministic_signatures(model))


@pytest.mark.slow
def test_an_exported_model_can_go_on_training(tmp_path):
    model = fitted_vae()
    folder = export_saved_model(model, tmp_path / "served")
    expected = deterministic_signatures(model)
    model.fit(X, epochs=3, verbose=0)
    assert not np.allclose(model.predict(X, verbose=0), expected["serving_default"]["x"])
    assert_answers(folder, expected)  # The export has weights of its own.


@pytest.mark.slow
def test_an_encoder_that_was_built_by_the_data_is_exported(tmp_path):
    model = fitted_vae(encoder=UnbuiltEncoder())
    assert_answers(export_saved_model(model, tmp_path / "served"), deterministic_signatures(model))


def test_dropout_and_batch_statistics_are_off_in_an_export(tmp_path):
    x = keras.Input((6,))
    h = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(x))
    model = fitted_vae(encoder=keras.Model(x, [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)]))
    folder = export_saved_model(model, tmp_path / "served")
    encode = tf.saved_model.load(str(folder)).signatures["encode"]
    alone = np.concatenate([encode(x=X[i : i + 1])["z_mean"] for i in range(5)])
    np.testing.assert_allclose(encode(x=X)["z_mean"], alone, **EXPORTED)


def test_targets_of_another_shape_have_no_score(tmp_path):
    model = small_vae(decoder=linear_decoder((8,)), target_shape=(8,))
    signatures = tf.saved_model.load(str(export_saved_model(model, tmp_path / "served"))).signatures
    assert "score" not in signatures
    assert signatures["serving_default"](x=X)["x"].shape == (5, 8)


def test_mixed_precision_is_exported_in_single_precision(tmp_path, mixed_float16):
    model = small_vae()
    signatures = tf.saved_model.load(str(export_saved_model(model, tmp_path / "served"))).signatures
    for name, inputs in (("serving_default", {"x": X}), ("decode", {"z": Z}), ("score", {"x": X})):
        assert all(t.dtype == tf.float32 for t in signatures[name](**inputs).values())


# The process that serves knows nothing of this project.

SCRIPT = """
import json, sys
for name in ("keras_vae", "keras", "tensorflow_probability"):
    sys.modules[name] = None  # Makes an import of it fail.
import numpy as np, tensorflow as tf
x = np.array(json.loads(sys.argv[1]), "float32")
answers = {}
for folder in sys.argv[2:]:
    model = tf.saved_model.load(folder)
    answers[folder] = model.signatures["serving_default"](x=x)["x"].numpy().tolist()
print("RESULT" + json.dumps(answers))
"""


@pytest.mark.slow
def test_loading_needs_tensorflow_alone(exported):
    folders = [str(folder) for _, folder in exported.values()]
    arguments = [sys.executable, "-c", SCRIPT, json.dumps(X.tolist()), *folders]
    run = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    answers = json.loads(run.stdout.rsplit("RESULT", 1)[1])
    for model, folder in exported.values():
        np.testing.assert_allclose(answers[str(folder)], model.predict(X, verbose=0), **EXPORTED)


# Versions.


@every_model
def test_the_first_version_is_one_and_nothing_lies_beside_it(exported, name):
    _, folder = exported[name]
    assert folder.name == "1"
    assert [p.name for p in folder.parent.iterdir()] == ["1"]
    assert newest_version(folder.parent) == folder


def test_a_new_version_is_one_more_than_the_largest_and_touches_no_other(tmp_path):
    for name in ("2", "10", "notes", ".tmp-9", "1a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kept").touch()
    assert versions(tmp_path) == [2, 10]
    temporary = tmp_path / ".tmp-new"
    temporary.mkdir()
    (temporary / "saved_model.pb").touch()
    assert _publish(temporary, tmp_path) == tmp_path / "11"
    assert (tmp_path / "10" / "kept").exists()
    assert versions(tmp_path) == [2, 10, 11]


def test_concurrent_exports_get_different_versions(tmp_path):
    n, published = 16, []
    barrier = threading.Barrier(n)

    def publish(i):
        temporary = tmp_path / f".tmp-{i}"
        temporary.mkdir()
        (temporary / "saved_model.pb").write_text(str(i))
        barrier.wait()
        published.append(_publish(temporary, tmp_path))

    threads = [threading.Thread(target=publish, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(p.name) for p in published) == list(range(1, n + 1))
    assert {p.joinpath("saved_model.pb").read_text() for p in published} == {str(i) for i in range(n)}


def test_there_are_no_versions_where_there_is_no_folder(tmp_path):
    assert versions(tmp_path / "missing") == []


def test_the_newest_of_no_versions_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must be an exported model, NAME or NAME/<version>"):
        newest_version(tmp_path)


# Failures.


def test_an_export_that_breaks_off_leaves_nothing(tmp_path, monkeypatch):
    def write_out(self, path, **kwargs):
        pathlib.Path(path).mkdir(exist_ok=True)
        (pathlib.Path(path) / "saved_model.pb").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(type(keras.export.ExportArchive()), "write_out", write_out)  # The class of this backend.
    with pytest.raises(OSError, match="no space left"):
        export_saved_model(small_vae(), tmp_path / "served")
    assert list(tmp_path.iterdir()) == []  # The folder was not there before either.


def test_a_rename_that_fails_for_another_reason_is_not_tried_again(tmp_path):
    with pytest.raises(FileNotFoundError):
        _publish(tmp_path / "missing", tmp_path)


def test_only_models_of_the_library_are_exported(tmp_path):
    with pytest.raises(TypeError, match="`model` must be a keras_vae model"):
        export_saved_model(linear_encoder(), tmp_path / "served")


def test_a_model_that_has_not_seen_its_data_is_refused(tmp_path):
    model = small_vae(encoder=UnbuiltEncoder(), decoder=keras.layers.Dense(6))
    with pytest.raises(ValueError, match="`model` must be built before it is exported: call `fit`"):
        export_saved_model(model, tmp_path / "served")
    assert not (tmp_path / "served").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "served").touch()
    with pytest.raises(NotADirectoryError, match="`path` must be a folder"):
        export_saved_model(small_vae(), tmp_path / "served")


@pytest.mark.parametrize("name", ["lr=[0.1]", "a]b", "windows\\model"])
def test_a_path_that_tensorflow_takes_for_a_pattern_is_refused_before_anything_is_written(name, tmp_path):
    with pytest.raises(ValueError, match=r"`path` must not hold .*takes for a pattern"):
        export_saved_model(small_vae(), tmp_path / name / "model")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="`path` must not hold"):
        load_saved_model(tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", slow_after(2, ["with space", "st*r", "q?", "{a,b}", "~x", "\u00fcber", "lr=0.1", "#1", "%20"])
)
def test_other_odd_paths_are_written_and_read(name, tmp_path):
    vae = small_vae()
    folder = export_saved_model(vae, tmp_path / name / "model")
    np.testing.assert_allclose(load_saved_model(folder).call("encode", x=X)["z_mean"], vae.encode(X)[0], **EXPORTED)


@pytest.mark.slow
def test_an_export_after_determinism_was_asked_for_says_what_was_not_tried_out(tmp_path):
    code = (
        "import sys, warnings, tensorflow as tf, keras_vae as kv\n"
        "tf.config.experimental.enable_op_determinism()\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    kv.export_saved_model(kv.make_vae((6,), 2, hidden_units=(4,)), sys.argv[1])\n"
        "print([str(w.message) for w in caught if 'not tried out' in str(w.message)])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "m")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Signatures generate, generate_rows were not tried out" in done.stdout
    # Here, without it, they work.
    assert load_saved_model(tmp_path / "m").call("generate", n=2, temperature=1.0)["z"].shape == (2, 2)
