"""The condition of a model through the client: by name, in every verb."""

import numpy as np
import pytest
from conditional_models import conditional_vae, conditions
from stand_in_server import StandIn

from keras_vae.serving import Client
from keras_vae.serving.client.condition import by_name, data_input, for_all_rows
from keras_vae.serving.export import export_saved_model

TRANSPORTS = ("grpc", "rest")
X = np.random.default_rng(0).normal(size=(10, 6)).astype("float32")


# The keywords of a verb.


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({}, {}),
        ({"condition": None}, {}),
        ({"condition": [1]}, {"condition": [1]}),
        ({"condition": {"a": 1, "b": 2}}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"condition": {"a": 1}, "b": 2}, {"a": 1, "b": 2}),
        ({"condition": [1], "b": 2}, {"condition": [1], "b": 2}),
    ],
)
def test_a_condition_is_one_array_a_dict_or_one_keyword_per_key(keywords, expected):
    assert by_name(keywords) == expected


def test_the_first_argument_goes_to_the_input_that_is_no_condition():
    assert data_input("encode", ["label", "x"], {"label": 1}) == "x"
    assert data_input("encode", ["x"], {"label": 1}) == "x"  # The label is refused where inputs are checked.
    for names, condition in ((["size", "label", "x"], {"label": 1}), (["x"], {"x": 1})):
        wanted = ", ".join(sorted(names))
        with pytest.raises(ValueError, match=f"signature 'encode' takes {wanted}: one as the first argument"):
            data_input("encode", names, condition)


def test_one_example_or_one_row_becomes_all_rows():
    ranks = {"label": 1, "size": 2}
    for label, size in ((3, [1.0, 2.0]), ([3], [[1.0, 2.0]]), ([3] * 4, [[1.0, 2.0]] * 4)):
        rows = for_all_rows({"label": label, "size": size}, ranks, 4)
        np.testing.assert_array_equal(rows["label"], [3] * 4)
        np.testing.assert_array_equal(rows["size"], [[1.0, 2.0]] * 4)
    # To be refused later, with what the signature says.
    assert for_all_rows({"size": np.zeros((3, 2)), "colour": 1}, ranks, 4)["size"].shape == (3, 2)


# Over a server.


@pytest.fixture(scope="module", params=["dict", pytest.param("one", marks=pytest.mark.slow)])
def served(request, tmp_path_factory):
    """The kind of condition, a model with one, and a server of its export."""
    vae, folder = conditional_vae(request.param), tmp_path_factory.mktemp(request.param)
    export_saved_model(vae, folder)
    stand_in = StandIn({"m": folder})
    yield request.param, vae, stand_in
    stand_in.close()


@pytest.fixture(params=TRANSPORTS)
def client(request, served, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "localhost")
    server = served[2]
    server.reset()
    address = server.grpc_address if request.param == "grpc" else server.rest_address
    with Client(address, "m", retries=0, batch_size=4) as made:
        yield made


def same(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_every_verb_answers_as_the_python_model(client, served):
    kind, vae, _ = served
    condition = conditions(kind, 10)
    for given in ({"condition": condition}, condition if kind == "dict" else {"condition": condition}):
        z_mean, z_log_var = client.encode(X, **given)
        same(z_mean, vae.encode(X, condition)[0])
        same(z_log_var, vae.encode(X, condition)[1])
        same(client.reconstruct(X, **given), vae.reconstruct(X, condition=condition))
        same(client.decode(z_mean, **given), vae.decode(z_mean, condition))
        score = client.score(X, **given)
        same(score["elbo"], -(score["reconstruction_loss"] + score["kl"]))
        same(client.sample(10, 3, **given), vae.sample(10, seed=3, condition=condition))
        rows = client.sample_rows(np.arange(10), **given)
        one = {name: np.asarray(part)[7:8] for name, part in by_name(given).items()}
        same(rows[7], client.sample(1, 7, **one)[0])
        assert len(np.unique(client.generate(10, **given), axis=0)) == 10


@pytest.mark.slow
def test_conditions_go_in_the_batches_of_their_rows(client, served):
    kind, _, server = served
    client.encode(X, condition=conditions(kind, 10))
    shapes = [call.shapes for call in server.calls if call.method == "Predict"]
    assert [{name: shape[0] for name, shape in each.items()} for each in shapes] == [
        dict.fromkeys(shapes[0], n) for n in (4, 4, 2)
    ]


@pytest.mark.slow
def test_one_condition_does_for_all_samples(client, served):
    kind, vae, _ = served
    one = conditions(kind, 1)
    expected = vae.sample(10, seed=3, condition=one)
    alone = {name: np.asarray(part)[0] for name, part in by_name({"condition": one}).items()}
    for given in (by_name({"condition": one}), alone):
        same(client.sample(10, 3, **given), expected)
        assert client.sample_rows(np.arange(10), **given).shape == (10, 6)
        still = client.generate(10, temperature=0.0, **given)
        same(still, np.repeat(still[:1], 10, axis=0))


def test_a_server_without_rows_generates_in_batches_of_the_conditions(client, served, monkeypatch):
    kind, vae, _ = served
    known = {name: each for name, each in client._known_signatures().items() if name != "generate_rows"}
    monkeypatch.setattr(client, "_signatures", known)
    condition = conditions(kind, 10)
    expected = vae.decode(np.zeros((10, 2)), condition)
    same(client.generate(10, temperature=0.0, condition=condition), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c, given: c.encode(X), "signature 'encode' takes .*, x: one as the first argument, the condition"),
        (lambda c, given: c.generate(2), "signature 'generate_rows' takes .*, temperature. Received: temperature"),
        (lambda c, given: c.sample(2, 1), "signature 'sample' takes .*, n, s.*. Received: n, seed"),
        (lambda c, given: c.sample_rows([1, 2]), "signature 'sample_rows' takes .*: one as the first argument"),
        (lambda c, given: c.encode(X[:4], **given), "all inputs of 'encode' must have the same number of rows"),
        (lambda c, given: c.generate(4, **given), "all inputs of 'generate_rows' must have the same number of rows"),
        (lambda c, given: c.sample_rows([1, 2, 3], **given), "all inputs of 'sample_rows' must have the same number"),
        (lambda c, given: c.encode(X, **given, colour=1), "signature 'encode' takes .*, x.* Received: .*colour"),
        (
            lambda c, given: c.encode(X, **{name: part[..., None] for name, part in given.items()}),
            "must have the shape .* of the signature 'encode'",
        ),
    ],
)
def test_a_condition_that_is_missing_or_does_not_fit_is_refused_before_it_is_sent(client, served, call, message):
    given = by_name({"condition": conditions(served[0], 10)})
    with pytest.raises(ValueError, match=message):
        call(client, given)
    assert [call for call in served[2].calls if call.method == "Predict"] == []
