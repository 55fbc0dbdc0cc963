"""ONNX and LiteRT files, run by their own runtimes, against the models they come from."""

import builtins

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.likelihoods import LIKELIHOODS, Categorical, get_likelihood
from keras_vae.models.make_vae import make_autoencoder, make_vae
from keras_vae.networks.registry import NETWORKS
from keras_vae.serving.other_formats import VERBS, export_litert, export_onnx

EVENT_SHAPES = {"dense": (5,), "conv": (6, 5, 2), "resnet": (6, 5, 2), "recurrent": (4, 3)}
WIDTHS = {"dense": (8,), "conv": (4, 8), "resnet": (4, 8), "recurrent": (8,)}


def make_model(network="dense", likelihood="bernoulli"):
    likelihood = Categorical(n_classes=4) if likelihood == "categorical" else get_likelihood(likelihood)
    event_shape = EVENT_SHAPES[network]
    event_shape = event_shape[:-1] if likelihood.values == "tokens" and network != "dense" else event_shape
    return make_vae(event_shape, 3, network, WIDTHS[network], likelihood=likelihood, seed=0)


def run_onnx(path, verb, value):
    """Outputs by name of one of the files in a folder."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(str(path / f"{verb}.onnx"))
    (name,) = [i.name for i in session.get_inputs()]
    assert name == ("z" if verb == "decode" else "x")
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {name: value}), strict=True))


def run_litert(path, verb, value):
    """Outputs by name of one of the signatures of a file."""
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
    runner = litert.Interpreter(str(path)).get_signature_runner(verb)
    outputs = runner(**{"z" if verb == "decode" else "x": value})
    return {name: array.copy() for name, array in outputs.items()}


def assert_answers_as(model, run, path, n=3):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (n, *model.event_shape)).astype("float32")
    z = rng.normal(size=(n, model.latent_dim)).astype("float32")
    code = model.encode(x)
    names = ("z_mean", "z_log_var") if isinstance(code, tuple) else ("z",)
    expected = {
        "reconstruct": (x, {"reconstruction": model.predict(x, verbose=0)}),
        "encode": (x, dict(zip(names, code if isinstance(code, tuple) else (code,), strict=True))),
        "decode": (z, {"x": model.decode(z)}),
    }
    for verb, (value, outputs) in expected.items():
        answer = run(path, verb, value)
        assert set(answer) == set(outputs)
        for name in outputs:
            assert answer[name].dtype == np.float32
            np.testing.assert_allclose(answer[name], outputs[name], rtol=1e-5, atol=1e-6, err_msg=f"{verb} {name}")


@pytest.fixture
def onnx_folder(tmp_path):
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
    return tmp_path / "onnx"


# One model of each kind; `expm1` and `log1p` are ops that tf2onnx does not know.
FEW = [
    pytest.param("conv", "discretized_logistic", id="conv"),
    pytest.param("dense", "continuous_bernoulli", id="expm1"),
    pytest.param("dense", "negative_binomial", id="log1p"),
]
ALL = [
    pytest.param(network, likelihood, id=f"{network}-{likelihood}")
    for network in NETWORKS
    for likelihood in LIKELIHOODS
    # The multinomial is for rows of items, and these are no tables.
    if likelihood != "mixed" and (likelihood != "multinomial" or network == "dense")
]


@pytest.mark.parametrize(("network", "likelihood"), FEW)
def test_onnx_files_answer_as_the_model(network, likelihood, onnx_folder):
    model = make_model(network, likelihood)
    path = export_onnx(model, onnx_folder)
    assert sorted(p.name for p in path.iterdir()) == ["decode.onnx", "encode.onnx", "reconstruct.onnx"]
    for n in (3, 1, 70):
        assert_answers_as(model, run_onnx, path, n)


@pytest.mark.slow
def test_a_litert_file_answers_as_the_model(tmp_path):
    model = make_model("conv", "discretized_logistic")
    path = export_litert(model, tmp_path / "m.tflite")
    for n in (3, 1, 70):
        assert_answers_as(model, run_litert, path, n)


@pytest.mark.slow
@pytest.mark.parametrize(("network", "likelihood"), ALL)
def test_every_onnx_file_answers_as_the_model(network, likelihood, onnx_folder):
    model = make_model(network, likelihood)
    assert_answers_as(model, run_onnx, export_onnx(model, onnx_folder))


@pytest.mark.slow
@pytest.mark.parametrize(("network", "likelihood"), ALL)
def test_every_litert_file_answers_as_the_model(network, likelihood, tmp_path):
    model = make_model(network, likelihood)
    batch_size = 3 if network == "recurrent" else None
    assert_answers_as(model, run_litert, export_litert(model, tmp_path / "m.tflite", batch_size=batch_size))


def test_an_autoencoder_goes_into_both(onnx_folder, tmp_path):
    model = make_autoencoder((5,), 3, hidden_units=(8,), seed=0)
    assert_answers_as(model, run_onnx, export_onnx(model, onnx_folder))
    assert_answers_as(model, run_litert, export_litert(model, tmp_path / "m.tflite"))


def test_a_row_that_is_not_finite_is_nan_and_leaves_the_others_alone(onnx_folder, tmp_path):
    model = make_model()
    path, file = export_onnx(model, onnx_folder), export_litert(model, tmp_path / "m.tflite")
    for run, where in ((run_onnx, path), (run_litert, file)):
        for verb in VERBS:
            rows = np.full((3, 3 if verb == "decode" else 5), 0.5, "float32")
            rows[1, 2] = np.nan
            for value in run(where, verb, rows).values():
                assert np.isnan(value[1]).all()
                assert np.isfinite(value[[0, 2]]).all()


def test_mixed_precision_goes_into_onnx_with_single_precision_in_and_out(onnx_folder, tmp_path, mixed_float16):
    model = make_model()
    x = np.eye(5, dtype="float32")
    z_mean = run_onnx(export_onnx(model, onnx_folder), "encode", x)["z_mean"]
    assert z_mean.dtype == np.float32
    # Eleven bits inside, rounded at other places.
    np.testing.assert_allclose(z_mean, model.encode(x)[0], rtol=5e-3, atol=5e-3)
    with pytest.raises(
        ValueError, match=r"`model` must compute in float32 .* Received: layers that compute in float16"
    ):
        export_litert(model, tmp_path / "m.tflite")


@pytest.mark.slow
def test_a_recurrent_model_needs_a_batch_size_for_litert_and_says_so(tmp_path):
    model = make_vae((4, 3), 2, "recurrent", (4,), likelihood="gaussian", seed=0)
    with pytest.raises(ValueError, match="`model` cannot be written for LiteRT, pass `batch_size`"):
        export_litert(model, tmp_path / "m.tflite")
    assert list(tmp_path.iterdir()) == []
    assert_answers_as(model, run_litert, export_litert(model, tmp_path / "m.tflite", batch_size=2), n=2)


def test_nothing_that_stands_there_is_overwritten(onnx_folder, tmp_path):
    onnx_folder.mkdir()
    with pytest.raises(FileExistsError, match="`path` must not exist yet"):
        export_onnx(make_model(), onnx_folder)
    with pytest.raises(FileExistsError, match="`path` must not exist yet"):
        export_litert(make_model(), tmp_path)


def test_an_onnx_file_that_is_not_valid_is_not_written(onnx_folder, monkeypatch):
    from keras_vae.serving import other_formats

    monkeypatch.setattr(other_formats, "_onnx_handlers", dict)
    with pytest.raises(ValueError, match=r"`model` cannot be written as ONNX: \w+ is not valid there: .*Expm1"):
        export_onnx(make_model(likelihood="continuous_bernoulli"), onnx_folder)
    assert list(onnx_folder.parent.iterdir()) == []


@pytest.mark.parametrize("export", [export_onnx, export_litert])
def test_other_objects_are_refused(export, tmp_path):
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
    with pytest.raises(TypeError, match=r"`model` must be a keras_vae model\. Received: Module"):
        export(tf.Module(), tmp_path / "m")


@pytest.mark.parametrize("batch_size", [0, 1.5, -1])
def test_a_batch_size_is_a_whole_number(batch_size, tmp_path):
    with pytest.raises(ValueError, match="`batch_size` must be a whole number >= 1"):
        export_litert(make_model(), tmp_path / "m.tflite", batch_size=batch_size)


def test_without_tf2onnx_one_is_told_what_to_install(onnx_folder, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "tf2onnx":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r'`export_onnx` needs tf2onnx: pip install "keras_vae\[onnx\]"'):
        export_onnx(make_model(), onnx_folder)
