"""Exports of models with a condition, which is one more input of every signature that needs it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conditional_models import by_name, conditional_vae, conditions, prepared
from helpers import linear_decoder, linear_encoder, slow_after
from sessions import CppSession, PythonSession, SessionError

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.condition import condition_rows
from keras_vae.models.vae import VAE
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.inspection import inspect_saved_model
from keras_vae.serving.other_formats import export_litert, export_onnx
from keras_vae.serving.preprocess import Preprocess
from keras_vae.serving.saved_model import load_saved_model

X = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
Z = np.random.default_rng(1).normal(size=(5, 2)).astype("float32")
# A condition of several parts stands for one of a single part.
KINDS = ("dict", "one")
NAMES = {"one": {"condition"}, "dict": {"label", "size"}}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A model with each kind of condition, and the folder of its export."""
    models = {kind: conditional_vae(kind) for kind in KINDS}
    return {kind: (vae, export_saved_model(vae, tmp_path_factory.mktemp(kind) / "m")) for kind, vae in models.items()}


@pytest.fixture(scope="module", params=slow_after(1, KINDS))
def exported(request, exports):
    return request.param, *exports[request.param]


def same(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def first_rows(condition, n=1):
    return tf.nest.map_structure(lambda part: part[:n], condition)


# What the signatures answer.


def test_every_signature_takes_the_condition(exported):
    kind, _, folder = exported
    loaded = load_saved_model(folder)
    own = {
        **{name: {"x"} for name in ("serving_default", "encode", "score")},
        "decode": {"z"},
        "generate": {"n", "temperature"},
        "generate_rows": {"temperature"},
        "sample": {"n", "seed"},
        "sample_rows": {"seed"},
    }
    assert {name: set(loaded.input_specs(name)) for name in loaded.signatures} == {
        name: inputs | NAMES[kind] for name, inputs in own.items()
    }
    for name in loaded.signatures:
        specs = loaded.input_specs(name)
        assert all(specs[key].dtype == tf.float32 and specs[key].shape[0] is None for key in NAMES[kind])


def assert_answers_as(vae, session, condition):
    given = by_name(condition)
    same(session.call("serving_default", x=X, **given)["x"], vae.reconstruct(X, condition=condition))
    encoded = session.call("encode", x=X, **given)
    for ours, theirs in zip((encoded["z_mean"], encoded["z_log_var"]), vae.encode(X, condition), strict=True):
        same(ours, theirs)
    same(session.call("decode", z=Z, **given)["x"], vae.decode(Z, condition))
    terms = vae.elbo_terms(prepared(vae, X, condition), z="mean")
    score = session.call("score", x=X, **given)
    for ours, theirs in {"elbo": "elbo", "reconstruction_loss": "reconstruction_loss", "kl": "kl_loss"}.items():
        same(score[ours], terms[theirs])

    one, of_one = first_rows(condition), by_name(first_rows(condition))
    seed, n, temperature = np.array([7, 0]), np.int32(5), np.float32(0.5)
    same(session.call("sample", n=n, seed=seed, **given)["x"], vae.sample(5, seed=7, condition=condition))
    same(session.call("sample", n=n, seed=seed, **of_one)["x"], vae.sample(5, seed=7, condition=one))
    for inputs in (given, of_one):
        drawn = session.call("generate", n=n, temperature=temperature, **inputs)
        same(
            drawn["x"],
            vae.decode(drawn["z"], condition_rows(one, vae.condition_shape, 5) if inputs is of_one else condition),
        )
    for drawn in (
        session.call("generate_rows", temperature=np.ones(5, "float32"), **given),
        session.call("sample_rows", seed=np.arange(5), **given),
    ):
        assert len(np.unique(drawn["z"], axis=0)) == 5
        same(drawn["x"], vae.decode(drawn["z"], condition))


def test_every_signature_answers_as_in_python(exported):
    kind, vae, folder = exported
    with PythonSession(folder) as session:
        assert_answers_as(vae, session, conditions(kind))


@pytest.mark.slow
def test_every_signature_answers_as_in_python_also_in_cpp(exported, cpp_program):
    kind, vae, folder = exported
    with CppSession(cpp_program, folder) as session:
        assert_answers_as(vae, session, conditions(kind))


def test_the_answers_depend_on_the_condition(exported):
    kind, _, folder = exported
    loaded = load_saved_model(folder)
    others = first_rows(conditions(kind, 7), 5)
    for verb, value in ((loaded.reconstruct, X), (loaded.decode, Z)):
        assert not np.allclose(verb(value, condition=conditions(kind)), verb(value, condition=others))


@pytest.mark.slow
def test_an_autoencoder_takes_a_condition_as_well(tmp_path):
    vae = conditional_vae("one")
    x, condition = vae.encoder.inputs
    encoder = keras.Model([x, condition], vae.encoder.outputs[0])
    model, condition = Autoencoder(encoder, vae.decoder), conditions("one")
    loaded = load_saved_model(export_saved_model(model, tmp_path / "m"))
    assert set(loaded.signatures) == {"serving_default", "encode", "decode", "score"}
    same(loaded.encode(X, condition=condition), model.encode(X, condition))
    same(loaded.reconstruct(X, condition=condition), model.reconstruct(X, condition))
    loss = model.terms(prepared(model, X, condition))["reconstruction_loss"]
    same(loaded.score(X, condition=condition)["reconstruction_loss"], loss)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_condition_is_asked_for_only_where_it_is_used(part, tmp_path):
    vae = conditional_vae("one")
    parts = {"encoder": linear_encoder(), "decoder": linear_decoder(), part: getattr(vae, part)}
    model = VAE(**parts, likelihood="gaussian_fixed", seed=0)
    loaded = load_saved_model(export_saved_model(model, tmp_path / "m"))
    takes = {name for name in loaded.signatures if "condition" in loaded.input_specs(name)}
    through_both = {"serving_default", "score"}
    draws = {"decode", "generate", "generate_rows", "sample", "sample_rows"}
    assert takes == through_both | ({"encode"} if part == "encoder" else draws)
    same(loaded.reconstruct(X, condition=conditions("one")), model.reconstruct(X, condition=conditions("one")))


@pytest.mark.slow
def test_a_preprocessing_stands_in_front_of_x_alone(tmp_path):
    vae, condition = conditional_vae("dict"), conditions("dict")
    halves = Preprocess(lambda half: tf.repeat(half, 2, axis=1), tf.TensorSpec((None, 3), tf.float32, name="half"))
    loaded = load_saved_model(export_saved_model(vae, tmp_path / "m", preprocess=halves))
    assert set(loaded.input_specs("encode")) == {"half", "label", "size"}
    same(loaded.encode(X[:, :3], **condition)[0], vae.encode(np.repeat(X[:, :3], 2, axis=1), condition)[0])


@pytest.mark.slow
def test_it_is_warmed_up_and_agrees_with_its_model(exported):
    _, vae, folder = exported
    report = inspect_saved_model(folder, vae)
    assert (report["agrees"], report["missing"]) == (True, [])
    assert report["warmup_requests"] == 14  # Two sizes of the six signatures with rows, one of the other two.


# The verbs of a loaded model.


def test_verbs_take_the_condition_by_name_in_any_number_of_batches(exported):
    kind, vae, folder = exported
    loaded = load_saved_model(folder)
    x, condition = np.tile(X, (14, 1)), conditions(kind, 70)
    ways = [{"condition": condition}, condition if kind == "dict" else {"condition": condition}]
    for given in ways:
        for batch_size in (16, 100):
            same(loaded.encode(x, batch_size, **given)[0], vae.encode(x, condition)[0])
            same(loaded.reconstruct(x, batch_size, **given), vae.reconstruct(x, condition=condition))
            assert loaded.score(x, batch_size, **given)["elbo"].shape == (70,)
            same(loaded.decode(x[:, :2], batch_size, **given), vae.decode(x[:, :2], condition))
        same(loaded.sample(70, seed=4, **given), vae.sample(70, seed=4, condition=condition))
        assert loaded.generate(70, **given).shape == (70, 6)


def test_one_condition_does_for_all_samples(exported):
    kind, vae, folder = exported
    loaded = load_saved_model(folder)
    one = first_rows(conditions(kind))
    alone = tf.nest.map_structure(lambda part: part[0], one)
    expected = vae.sample(4, seed=2, condition=one)
    for given in (one, alone):
        same(loaded.sample(4, seed=2, condition=given), expected)
        assert loaded.generate(4, temperature=0.0, condition=given).std(axis=0).max() == 0.0


# What does not fit.


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.encode(X), "signature 'encode' takes condition, x: one as the first argument, the condition"),
        (lambda m: m.decode(Z), r"takes condition, z: .* Received: nothing by name"),
        (lambda m: m.generate(2), r"signature 'generate' takes .*condition.*\. Received: n, temperature"),
        (lambda m: m.sample(2, seed=1), r"signature 'sample' takes .*condition.*\. Received: n, seed"),
        (lambda m: m.encode(X, label=np.zeros(5)), "takes condition, x: .* Received: label by name"),
        (
            lambda m: m.encode(X, condition=np.zeros((5, 4))),
            r"`condition` must have the shape \(n, 3\)\. Received: condition.shape=\(5, 4\)",
        ),
        (
            lambda m: m.encode(X, condition=np.zeros((4, 3))),
            r"all inputs of 'encode' must have the same number of rows\. Received: {'x': 5, 'condition': 4}",
        ),
        (lambda m: m.encode(X, condition=np.zeros((0, 3))), "`condition` must hold at least one row"),
        (lambda m: m.sample(4, seed=1, condition=np.zeros((3, 3))), "`condition` must have `n` rows, or one for all"),
        (lambda m: m.generate(4, condition=np.zeros((4, 2))), r"`condition` must have the shape \(n, 3\)"),
        (
            lambda m: m.call("sample_rows", seed=np.arange(4), condition=np.zeros((1, 3))),
            "`condition` must have as many rows as `seed`",
        ),
    ],
)
def test_a_condition_that_is_missing_or_does_not_fit_is_refused(call, message, exports):
    with pytest.raises(ValueError, match=message):
        call(load_saved_model(exports["one"][1]))


def test_every_key_of_a_condition_is_asked_for(exports):
    loaded, condition = load_saved_model(exports["dict"][1]), conditions("dict")
    with pytest.raises(ValueError, match=r"takes label, size, x: .* Received: label by name"):
        loaded.encode(X, label=condition["label"])
    with pytest.raises(ValueError, match=r"takes label, size, x.* Received: x, label, size, colour"):
        loaded.encode(X, condition=condition, colour=np.zeros(5))


@pytest.mark.slow
@pytest.mark.parametrize("signature", ["serving_default", "encode", "score"])
def test_another_number_of_rows_is_refused_by_the_server(signature, exported, cpp_program):
    kind, _, folder = exported
    with CppSession(cpp_program, folder) as session:
        for n in (1, 4):
            with pytest.raises(SessionError, match="must have as many rows as `x`") as caught:
                session.call(signature, x=X, **by_name(conditions(kind, n)))
            assert caught.value.code == "INVALID_ARGUMENT"
        assert session.call("encode", x=X, **by_name(conditions(kind)))["z_mean"].shape == (5, 2)


def test_a_condition_that_is_not_finite_spoils_its_row_alone(exported):
    kind, _, folder = exported
    given = by_name(conditions(kind))
    key = "condition" if kind == "one" else "size"
    spoilt = {**given, key: given[key].copy()}
    spoilt[key][1, 1] = np.nan
    with PythonSession(folder) as session:
        for signature, inputs in (
            ("serving_default", {"x": X}),
            ("encode", {"x": X}),
            ("score", {"x": X}),
            ("decode", {"z": Z}),
            ("sample", {"n": np.int32(5), "seed": np.array([1, 2])}),
            ("sample_rows", {"seed": np.arange(5)}),
        ):
            expected = session.call(signature, **inputs, **given)
            for name, value in session.call(signature, **inputs, **spoilt).items():
                assert np.isnan(value[1]).all()
                np.testing.assert_array_equal(np.delete(value, 1, axis=0), np.delete(expected[name], 1, axis=0))


@pytest.mark.parametrize("key", ["x", "z", "seed", "temperature", "n", "two words", "größe"])
def test_a_key_that_is_another_input_or_no_name_is_refused(key, tmp_path):
    z, label = keras.Input((2,)), {"label": keras.Input((1,)), key: keras.Input((1,))}
    joint = keras.layers.Concatenate()([z, *label.values()])
    model = VAE(linear_encoder(), keras.Model([z, label], keras.layers.Dense(6)(joint)), likelihood="gaussian_fixed")
    with pytest.raises(ValueError, match=rf"`model` must have a name of its own for every input .*{key}"):
        export_saved_model(model, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


# Other runtimes.


def run_onnx(path, verb, inputs):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(str(path / f"{verb}.onnx"))
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def run_litert(path, verb, inputs):
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
    return litert.Interpreter(str(path)).get_signature_runner(verb)(**inputs)


@pytest.mark.slow
@pytest.mark.parametrize("kind", slow_after(1, KINDS))
@pytest.mark.parametrize("run", [run_onnx, run_litert])
def test_onnx_and_litert_take_the_condition(run, kind, exports, tmp_path):
    if run is run_onnx:
        pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
    vae, condition = exports[kind][0], conditions(kind)
    path = (export_onnx if run is run_onnx else export_litert)(vae, tmp_path / "m")
    given = by_name(condition)
    z_mean, z_log_var = vae.encode(X, condition)
    encoded = run(path, "encode", {"x": X, **given})
    same(encoded["z_mean"], z_mean)
    same(encoded["z_log_var"], z_log_var)
    same(run(path, "decode", {"z": Z, **given})["x"], vae.decode(Z, condition))
    same(run(path, "reconstruct", {"x": X, **given})["reconstruction"], vae.reconstruct(X, condition=condition))
