import hand_made_model
import numpy as np
import pytest
from stand_in_server import StandIn

import keras_vae
from keras_vae.serving import Client

TRANSPORTS = ("grpc", "rest")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    hand_made_model.write(folder / "m" / "1")
    hand_made_model.write(folder / "m" / "2", without=["generate_rows", "score"])
    vae = keras_vae.make_vae(event_shape=(8, 8, 1), latent_dim=2, network="dense", hidden_units=(16,), seed=0)
    vae.build((None, 8, 8, 1))
    keras_vae.export_saved_model(vae, folder / "digits")
    stand_in = StandIn({"m": folder / "m", "digits": folder / "digits"}, labels={("m", "stable"): 1})
    stand_in.vae = vae
    yield stand_in
    stand_in.close()


@pytest.fixture
def make_client(server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "localhost")
    server.reset()
    made = []

    def make(transport, model="m", **arguments):
        address = server.grpc_address if transport == "grpc" else server.rest_address
        arguments = {"version": 1 if model == "m" else None, **arguments}
        made.append(Client(address, model=model, retries=0, **arguments))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(params=TRANSPORTS)
def client(request, make_client):
    return make_client(request.param, batch_size=4)


@pytest.fixture
def x(rng):
    return rng.random((10, 2, 3), "float32")


def predict_shapes(server):
    return [(call.signature, call.shapes) for call in server.calls if call.method == "Predict"]


def test_verbs_give_the_numbers_worked_out_by_hand(client, x):
    z_mean, z_log_var = client.encode(x)
    expected = hand_made_model.z_mean(x)
    np.testing.assert_allclose(z_mean, expected, rtol=1e-6)
    np.testing.assert_allclose(z_log_var, -expected, rtol=1e-6)
    np.testing.assert_allclose(client.decode(expected), hand_made_model.decoded(expected), rtol=1e-6)
    np.testing.assert_allclose(client.reconstruct(x), hand_made_model.decoded(expected), rtol=1e-6)
    score = client.score(x)
    np.testing.assert_allclose(score["kl"], 0.5 * np.sum(expected**2, axis=1), rtol=1e-6)
    np.testing.assert_allclose(score["elbo"], -(score["reconstruction_loss"] + score["kl"]), rtol=1e-6)
    assert {key: (each.shape, each.dtype) for key, each in score.items()} == dict.fromkeys(
        ("elbo", "reconstruction_loss", "kl"), ((10,), np.dtype("float32"))
    )


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_exported_model_answers_as_the_python_model(transport, make_client, server, rng):
    client, vae = make_client(transport, "digits", batch_size=16), server.vae
    x = (rng.random((40, 8, 8, 1)) > 0.5).astype("float32")
    tolerance = {"rtol": 1e-5, "atol": 1e-6}
    for served, here in zip(client.encode(x), vae.encode(x), strict=True):
        np.testing.assert_allclose(served, here, **tolerance)
    np.testing.assert_allclose(client.reconstruct(x), vae.predict(x, verbose=0), **tolerance)
    z = rng.standard_normal((40, 2))
    np.testing.assert_allclose(client.decode(z), vae.decode(z), **tolerance)
    score = client.score(x)
    np.testing.assert_allclose(score["elbo"], -(score["reconstruction_loss"] + score["kl"]), **tolerance)
    drawn = client.predict("sample", n=5, seed=(7, 0))
    np.testing.assert_allclose(drawn["x"], vae.decode(drawn["z"]), **tolerance)
    np.testing.assert_array_equal(client.sample(5, 7), drawn["x"])
    np.testing.assert_array_equal(client.sample_rows([3, 7])[1], client.sample_rows([7])[0])
    assert client.generate(5).shape == (5, 8, 8, 1)
    assert not np.array_equal(client.generate(5), client.generate(5))


def test_both_transports_carry_every_bit(make_client, rng):
    grpc, rest = (make_client(transport) for transport in TRANSPORTS)
    z = rng.standard_normal((50, 2)).astype("float32") * np.float32(10) ** rng.integers(-30, 30, (50, 1))
    np.testing.assert_array_equal(grpc.decode(z), rest.decode(z))
    x = rng.standard_normal(50)
    for client in (grpc, rest):
        np.testing.assert_array_equal(client.predict("compare", x=x, y=np.zeros(50))["difference"], x)


def test_arrays_go_in_batches_in_their_order(client, server, x):
    np.testing.assert_allclose(client.encode(x)[0], hand_made_model.z_mean(x), rtol=1e-6)
    assert predict_shapes(server) == [("encode", {"x": (n, 2, 3)}) for n in (4, 4, 2)]


def test_metadata_is_asked_for_once_and_with_the_first_call(client, server, x):
    assert server.calls == []
    client.encode(x)
    client.decode(np.zeros((1, 2)))
    assert [call.method for call in server.calls].count("GetModelMetadata") == 1


@pytest.mark.parametrize("dtype", ["uint8", "bool", "int64", "float16", "float64"])
def test_numbers_of_any_type_become_those_of_the_model(client, dtype):
    x = np.arange(12).reshape(2, 2, 3).astype(dtype)
    np.testing.assert_array_equal(client.encode(x)[0], hand_made_model.z_mean(x))
    np.testing.assert_array_equal(client.encode(x.tolist())[0], hand_made_model.z_mean(x))


def test_other_types_of_numbers_and_byte_strings_reach_the_model(client):
    result = client.predict("compare", x=[1.0, 2.5], y=[1, 3])
    assert result["is_equal"].tolist() == [True, False]
    assert result["difference"].dtype == np.float64
    # A file may end with zero bytes.
    assert client.predict("sizes", image_bytes=[b"ab\0", b"", b"\xff"])["size"].tolist() == [3, 0, 1]


def test_the_same_seed_gives_the_same_samples_in_one_request(client, server):
    first = client.sample(9, 7)
    assert predict_shapes(server) == [("sample", {"n": (), "seed": (2,)})]
    np.testing.assert_array_equal(first, client.sample(9, (7, 0)))
    assert not np.array_equal(first, client.sample(9, (7, 1)))
    assert first.shape == (9, 2, 3)


def test_rows_of_sample_rows_depend_on_their_own_seed_alone(client, server):
    seeds = np.array([5, 2**63 - 1, 3, 5, 8])
    rows = client.sample_rows(seeds)
    assert predict_shapes(server) == [("sample_rows", {"seed": (n,)}) for n in (4, 1)]
    np.testing.assert_array_equal(rows[0], rows[3])
    np.testing.assert_array_equal(rows[4:], client.sample_rows([8]))
    np.testing.assert_array_equal(rows[1:2], client.sample(1, 2**63 - 1))


def test_generate_gives_new_samples_in_batches(client, server):
    first, second = client.generate(10), client.generate(10)
    assert predict_shapes(server)[:3] == [("generate_rows", {"temperature": (n,)}) for n in (4, 4, 2)]
    assert len(np.unique(np.concatenate([first, second]), axis=0)) == 20
    np.testing.assert_array_equal(client.generate(3, temperature=0.0), np.zeros((3, 2, 3)))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_generate_makes_do_without_rows(transport, make_client, server):
    samples = make_client(transport, version=2, batch_size=4).generate(10, temperature=2.0)
    assert predict_shapes(server) == [("generate", {"n": (), "temperature": ()})] * 3
    assert len(np.unique(samples, axis=0)) == 10


def test_more_than_the_four_megabytes_of_grpc_pass(make_client):
    x = np.ones((250_000, 2, 3), "float32")
    assert make_client("grpc", batch_size=len(x)).reconstruct(x).shape == x.shape


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.encode(np.zeros((4, 3, 2))), r"`x` must have the shape \(n, 2, 3\).*x.shape=\(4, 3, 2\)"),
        (lambda c: c.encode(np.zeros((2, 3))), r"A single example needs a first axis: x\[None\]"),
        (lambda c: c.encode(np.zeros((0, 2, 3))), "at least one row"),
        (lambda c: c.encode([[1, 2], [3]]), "`x` must be an array"),
        (lambda c: c.decode(np.zeros((4, 3))), r"`z` must have the shape \(n, 2\)"),
        (lambda c: c.encode(np.full((1, 2, 3), np.nan)), "`x` must be finite"),
        (lambda c: c.encode(np.full((1, 2, 3), 1e300)), "`x` must fit float32"),
        (lambda c: c.sample_rows([0.5]), "`seed` must hold whole numbers"),
        (lambda c: c.sample(2, -1), "`seed` must be a whole number >= 0"),
        (lambda c: c.sample(2, (1, 2, 3)), r"`seed` must have the shape \(2,\)"),
        (lambda c: c.sample(2**31, 1), "`n` must hold whole numbers from -2147483648 to 2147483647"),
        (lambda c: c.sample(0, 1), "`n` must be a whole number >= 1"),
        (lambda c: c.generate(0), "`n` must be a whole number >= 1"),
        (lambda c: c.generate(1, -1), "`temperature` must be a finite number >= 0"),
        (lambda c: c.predict("encode", z=1), "takes x. Received: z"),
        (lambda c: c.predict("compare", x=[1.0], y=[1, 2]), "same number of rows"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_sent(client, server, call, message):
    with pytest.raises(ValueError, match=message):
        call(client)
    assert predict_shapes(server) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: c.encode([["a"]]), "`x` must hold numbers"),
        (lambda c: c.encode(np.zeros((1, 2, 3), complex)), "`x` must hold numbers"),
        (lambda c: c.predict("sizes", image_bytes=["text"]), "`image_bytes` must hold byte strings"),
        (lambda c: c.predict("sizes", image_bytes=[1]), "`image_bytes` must hold byte strings"),
    ],
)
def test_other_objects_than_numbers_are_refused(client, server, call, message):
    with pytest.raises(TypeError, match=message):
        call(client)
    assert predict_shapes(server) == []


def test_a_verb_does_not_guess_which_of_two_inputs_is_meant(client):
    client.metadata()
    client._signatures["encode"] = client._signatures["compare"]
    message = r"signature 'encode' takes x, y: one as the first argument, the condition by name\. Received: nothing"
    with pytest.raises(ValueError, match=message):
        client.encode([1.0])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_newest_version_unless_one_is_named(transport, make_client):
    versions = [make_client(transport, **which).metadata()["version"] for which in ({"version": None}, {"version": 1})]
    assert [*versions, make_client(transport, version=None, label="stable").metadata()["version"]] == [2, 1, 1]


def test_metadata_and_status_are_plain_objects(client):
    metadata = client.metadata()
    assert (metadata["model"], metadata["version"]) == ("m", 1)
    assert metadata["signatures"]["decode"] == {
        "inputs": {"z": {"dtype": "float32", "shape": (None, 2)}},
        "outputs": {"x": {"dtype": "float32", "shape": (None, 2, 3)}},
    }
    assert metadata["signatures"]["sample"]["inputs"]["seed"] == {"dtype": "int64", "shape": (2,)}
    assert client.status() == {1: "AVAILABLE", 2: "AVAILABLE"}


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("metadata", [[("Authorization", "Bearer abc")], {"Authorization": "Bearer abc"}])
def test_metadata_arrives_with_every_call(transport, make_client, server, x, metadata):
    client = make_client(transport, metadata=metadata)
    client.encode(x)
    client.status()
    assert [call.metadata["authorization"] for call in server.calls] == ["Bearer abc"] * 3
    assert "abc" not in repr(client)


def test_a_closed_client_says_so(client, x):
    with client as opened:
        opened.encode(x)
    client.close()
    with pytest.raises(ValueError, match="the client is closed"):
        client.encode(x)
    assert repr(client).startswith("<Client of model 'm' version 1 at ")
