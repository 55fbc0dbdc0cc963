"""What a served model answers to nonsense: an error or a defined answer, never the end of the server.

Every request goes to a dense and to a convolutional model, through Python's session and through the C++ one.

| request | answer |
| --- | --- |
| unknown signature | FAILED_PRECONDITION |
| missing, unknown or additional input | INVALID_ARGUMENT |
| input of another type | INVALID_ARGUMENT (Python's session converts it where NumPy would) |
| input of another rank or size, without the batch axis | INVALID_ARGUMENT that names both shapes |
| no rows; n = 0 | outputs without rows; INVALID_ARGUMENT from a convolution of TensorFlow that cannot |
| x or z with a row that holds NaN or an infinity | NaN in every output of that row, the others as without it |
| x finite but far outside of the support | what the formulas give, finite or not; an error for tokens out of range |
| n below 0, or above `samples_per_call` | INVALID_ARGUMENT that says what n may be, before memory is asked for |
| more rows than `samples_per_call` of `generate_rows` and `sample_rows` | INVALID_ARGUMENT that says so |
| `generate` with a temperature that is NaN, infinite or negative | INVALID_ARGUMENT that says what it may be |
| `generate_rows` with such a temperature in a row | NaN in every output of that row, the others are drawn |
| temperature 0 | the mean of the prior: z is 0 |
| any seed of 64 bits | samples |
| image file that is none, is cut off or claims too many pixels | INVALID_ARGUMENT |
"""

import numpy as np
import pytest
from sessions import CppSession, PythonSession, SessionError

from keras_vae.likelihoods.categorical import Categorical
from keras_vae.models.make_vae import make_vae
from keras_vae.serving.draws import (
    MAX_SAMPLES_PER_CALL,
    MAX_VALUES_PER_CALL,
    MIN_SAMPLES_PER_CALL,
    samples_per_call,
)
from keras_vae.serving.export import export_saved_model

EVENT_SHAPE = (8, 8, 1)
LIMIT = samples_per_call(EVENT_SHAPE)
ONE, TWO = np.float32(1), np.int32(2)
X = np.random.default_rng(0).integers(0, 2, (3, *EVENT_SHAPE)).astype("float32")
Z = np.random.default_rng(1).normal(size=(3, 3)).astype("float32")
SEED = np.array([1, 2])


@pytest.fixture(scope="module")
def folders(tmp_path_factory, digits_like):
    conv = make_vae(EVENT_SHAPE, 3, "conv", (4, 8), likelihood="discretized_logistic", seed=0)
    return {"dense": digits_like[1], "conv": export_saved_model(conv, tmp_path_factory.mktemp("conv") / "m")}


# The server is C++: the others are a further check of what it says.
FURTHER = [pytest.param(name, marks=pytest.mark.slow) for name in ("dense-python", "conv-python", "conv-cpp")]


@pytest.fixture(scope="module", params=["dense-cpp", *FURTHER])
def session(request, folders):
    model, kind = request.param.split("-")
    if kind == "python":
        opened = PythonSession(folders[model])
    else:
        opened = CppSession(request.getfixturevalue("cpp_program"), folders[model])
    with opened:
        yield opened
        # Whatever was asked, the server is still there.
        assert opened.call("encode", x=X)["z_mean"].shape == (3, 3)


def refused(session, message, signature, /, code="INVALID_ARGUMENT", **inputs):
    with pytest.raises(SessionError, match=message) as caught:
        session.call(signature, **inputs)
    assert caught.value.code == code


def ask(session, signature, inputs):
    """Outputs, or the error in their place."""
    try:
        return session.call(signature, **inputs)
    except SessionError as error:
        return error


def test_an_unknown_signature_is_refused(session):
    refused(session, "no signature nothing", "nothing", code="FAILED_PRECONDITION", x=X)


def test_a_signature_without_a_method_cannot_be_called(session):
    refused(session, "no method", "__saved_model_init_op", code="FAILED_PRECONDITION")


@pytest.mark.parametrize("names", [(), ("y",), ("x", "y"), ("X",)])
def test_inputs_of_other_names_are_refused(session, names):
    refused(session, "input", "encode", **dict.fromkeys(names, X))


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [
        ("encode", {"x": X[0]}),
        ("score", {"x": X[0]}),
        ("serving_default", {"x": X[0, :, :, 0]}),
        ("encode", {"x": X[..., None]}),
        ("encode", {"x": X[:, :7]}),
        ("serving_default", {"x": np.repeat(X, 3, axis=-1)}),
        ("encode", {"x": ONE}),
        ("encode", {"x": np.zeros((0, 0, 0, 0), "float32")}),
        ("decode", {"z": Z[0]}),
        ("decode", {"z": Z[:, :2]}),
        ("decode", {"z": Z[:, None]}),
        ("generate", {"n": np.array([2], "int32"), "temperature": ONE}),
        ("generate", {"n": TWO, "temperature": np.ones(2, "float32")}),
        ("generate_rows", {"temperature": ONE}),
        ("generate_rows", {"temperature": np.ones((2, 1), "float32")}),
        ("sample", {"n": TWO, "seed": SEED[:1]}),
        ("sample", {"n": TWO, "seed": np.array([1, 2, 3])}),
        ("sample", {"n": TWO, "seed": np.int64(1)}),
        ("sample", {"n": np.zeros((1, 1), "int32"), "seed": SEED}),
        ("sample_rows", {"seed": np.int64(1)}),
        ("sample_rows", {"seed": np.ones((2, 2), "int64")}),
    ],
)
def test_inputs_of_other_shapes_are_refused(session, signature, inputs):
    refused(session, r"Cannot feed value of shape|is not compatible with expected shape \[", signature, **inputs)


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [
        ("encode", {"x": X.astype("float64")}),
        ("encode", {"x": X.astype("uint8")}),
        ("encode", {"x": np.array([b"a"], object)}),
        ("generate", {"n": np.int64(2), "temperature": ONE}),
        ("generate", {"n": ONE, "temperature": ONE}),
        ("sample", {"n": TWO, "seed": SEED.astype("int32")}),
        ("sample", {"n": TWO, "seed": SEED.astype("float32")}),
    ],
)
def test_inputs_of_other_types_are_refused_or_converted(session, signature, inputs):
    answer = ask(session, signature, inputs)
    if isinstance(answer, SessionError):
        assert answer.code == "INVALID_ARGUMENT"
    else:
        assert isinstance(session, PythonSession)


@pytest.mark.parametrize(
    ("signature", "inputs"),
    [
        ("serving_default", {"x": X[:0]}),
        ("encode", {"x": X[:0]}),
        ("score", {"x": X[:0]}),
        ("decode", {"z": Z[:0]}),
        ("generate", {"n": np.int32(0), "temperature": ONE}),
        ("generate_rows", {"temperature": np.ones(0, "float32")}),
        ("sample", {"n": np.int32(0), "seed": SEED}),
        ("sample_rows", {"seed": np.zeros(0, "int64")}),
    ],
)
def test_no_rows_give_no_rows(session, signature, inputs):
    answer = ask(session, signature, inputs)
    if isinstance(answer, SessionError):
        # A convolution fused with its activation gives the next one a tensor of the shape of its own input.
        assert "x" in inputs
        assert answer.code == "INVALID_ARGUMENT"
        assert "input depth must be evenly divisible by filter depth" in str(answer)
        return
    for name, value in answer.items():
        tail = EVENT_SHAPE if name == "x" else () if signature == "score" else (3,)
        assert value.shape == (0, *tail)


@pytest.mark.parametrize("n", [-1, -(2**31), LIMIT + 1, 10**9, 2**31 - 1])
def test_no_more_and_no_less_can_be_drawn_than_is_said(session, n):
    message = rf"assertion failed: \[`n` must be from 0 to {LIMIT}\]"
    refused(session, message, "generate", n=np.int32(n), temperature=ONE)
    refused(session, message, "sample", n=np.int32(n), seed=SEED)


def test_as_many_can_be_drawn_as_is_said(session):
    if isinstance(session, CppSession):
        assert session.call("sample", n=np.int32(LIMIT), seed=SEED)["x"].shape == (LIMIT, *EVENT_SHAPE)


def test_more_rows_than_can_be_drawn_are_refused(session):
    for name, signature, value in (
        ("temperature", "generate_rows", np.ones(LIMIT + 1, "float32")),
        ("seed", "sample_rows", np.ones(LIMIT + 1, "int64")),
    ):
        refused(session, rf"`{name}` must have at most {LIMIT} rows", signature, **{name: value})


@pytest.mark.parametrize("temperature", [np.nan, -1.0, -1e-30, np.inf, -np.inf])
def test_a_temperature_that_is_none_is_an_error_for_all_and_a_nan_for_its_row(session, temperature):
    temperature = np.float32(temperature)
    refused(session, "`temperature` must be finite and >= 0", "generate", n=TWO, temperature=temperature)
    for outputs in session.call("generate_rows", temperature=np.array([1, temperature, 0], "float32")).values():
        assert np.isnan(outputs[1]).all()
        assert np.isfinite(outputs[[0, 2]]).all()


def test_at_temperature_zero_the_prior_is_its_mean(session):
    assert np.all(session.call("generate", n=TWO, temperature=np.float32(0))["z"] == 0.0)
    assert np.all(session.call("generate", n=TWO, temperature=np.float32(-0.0))["z"] == 0.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("signature", ["serving_default", "encode", "score", "decode"])
def test_a_row_that_is_not_finite_is_nan_and_leaves_the_others_alone(session, signature, bad):
    name, rows = ("z", Z) if signature == "decode" else ("x", X)
    spoilt = rows.copy()
    # One element of many: a relu would turn it into a zero.
    spoilt[1].flat[2] = bad
    for key, value in session.call(signature, **{name: rows}).items():
        answer = session.call(signature, **{name: spoilt})[key]
        assert np.isnan(answer[1]).all()
        np.testing.assert_array_equal(answer[[0, 2]], value[[0, 2]])


@pytest.mark.parametrize("value", [-3.0, 1e6, -1e30, 3e38])
def test_values_outside_of_the_support_get_what_the_formulas_give(session, value):
    x = np.full_like(X, value)
    assert session.call("score", x=x)["elbo"].shape == (3,)
    assert session.call("serving_default", x=x)["x"].shape == X.shape


@pytest.mark.parametrize("seed", [[0, 0], [-1, -1], [2**63 - 1, -(2**63)]])
def test_every_seed_of_64_bits_is_one(session, seed):
    assert np.isfinite(session.call("sample", n=TWO, seed=np.array(seed))["z"]).all()
    assert np.isfinite(session.call("sample_rows", seed=np.array(seed))["z"]).all()


def test_random_nonsense_never_ends_the_server(session):
    rng = np.random.default_rng(0)
    names = {"serving_default": ["x"], "encode": ["x"], "score": ["x"], "decode": ["z"], "sample_rows": ["seed"]}
    names |= {
        "generate": ["n", "temperature"],
        "generate_rows": ["temperature"],
        "sample": ["n", "seed"],
        "nothing": ["x"],
    }
    for _ in range(300):
        signature = rng.choice(list(names))
        inputs = {}
        for name in names[signature]:
            shape = [EVENT_SHAPE, X.shape, (), (1,), (2,), (3,), (0,), (2, 3), (0, 3), (1, 2, 3)][rng.integers(10)]
            values = rng.choice([0.0, 1.0, -1.0, 2.0, 7.0, 200.0], size=shape)
            inputs[name] = values.astype(rng.choice(["float32", "int32", "int64", "float16", "uint8", "bool"]))
        answer = ask(session, signature, inputs)
        assert answer
        if isinstance(answer, SessionError):
            assert answer.code in ("INVALID_ARGUMENT", "FAILED_PRECONDITION")


def test_the_bound_of_a_call_follows_the_size_of_an_event():
    assert samples_per_call((2,)) == MAX_SAMPLES_PER_CALL
    assert samples_per_call((64, 64, 3)) == MAX_VALUES_PER_CALL // (64 * 64 * 3)
    assert samples_per_call((2048, 2048, 3)) == MIN_SAMPLES_PER_CALL
    assert samples_per_call((None, None, 3)) == MAX_SAMPLES_PER_CALL


@pytest.mark.slow
def test_tokens_out_of_range_are_refused_by_the_score_alone(tmp_path):
    vae = make_vae((6,), 2, hidden_units=(4,), likelihood=Categorical(n_classes=4), seed=0)
    with PythonSession(export_saved_model(vae, tmp_path / "m")) as session:
        for token in (9.0, -1.0):
            x = np.full((2, 6), token, "float32")
            refused(session, "outside the valid range", "score", x=x)
            assert np.isfinite(session.call("encode", x=x)["z_mean"]).all()
