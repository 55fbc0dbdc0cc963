"""Exports in TensorFlow's C++ loader, the one that TensorFlow Serving is made of, against the models they come from."""

import numpy as np
import pytest
import tensorflow as tf
from conditional_models import prepared
from sessions import CppSession, SessionError

from keras_vae.likelihoods import LIKELIHOODS, Categorical, Multinomial, get_likelihood
from keras_vae.models.make_vae import make_autoencoder, make_vae
from keras_vae.networks.registry import NETWORKS
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.vamp_prior import VampPrior
from keras_vae.serving.export import export_saved_model

SIGNATURES = ("serving_default", "encode", "decode", "score", "generate", "generate_rows", "sample", "sample_rows")
SEED = np.array([2**40 + 1, 7])

EVENT_SHAPES = {"dense": (5,), "conv": (6, 5, 2), "resnet": (6, 5, 2), "recurrent": (4, 3)}
WIDTHS = {"dense": (8,), "conv": (4, 8), "resnet": (4, 8), "recurrent": (8,)}


def make_model(network="dense", likelihood="bernoulli", prior=None):
    likelihood = Categorical(n_classes=4) if likelihood == "categorical" else get_likelihood(likelihood)
    event_shape = EVENT_SHAPES[network]
    # The axis of the classes takes the place of channels and features.
    event_shape = event_shape[:-1] if likelihood.values == "tokens" and network != "dense" else event_shape
    # Counts of items are rows.
    event_shape = event_shape[:1] if isinstance(likelihood, Multinomial) else event_shape
    return make_vae(event_shape, 3, network, WIDTHS[network], likelihood=likelihood, prior=prior, seed=0)


def data_for(model, n=5):
    """Rows inside the support of the likelihood."""
    rng = np.random.default_rng(0)
    values, shape = model.likelihood.values, (n, *model.event_shape)
    if values in ("binary", "unit_interval"):
        x = rng.uniform(size=shape)
    elif values == "real":
        x = rng.normal(size=shape)
    else:
        x = rng.integers(0, {"tokens": 4, "grey_levels": 256, "counts": 9}[values], size=shape)
    return x.astype("float32")


def assert_same(outputs, **expected):
    assert set(outputs) == set(expected)
    for name, value in expected.items():
        assert outputs[name].dtype == np.float32
        np.testing.assert_allclose(outputs[name], value, rtol=1e-5, atol=1e-6, err_msg=name)


def assert_answers_as(model, session):
    """Every signature gives what the model gives in Python."""
    x = data_for(model)
    z_mean, z_log_var = model.encode(x)
    assert_same(session.call("serving_default", x=x), x=model.predict(x, verbose=0))
    assert_same(session.call("encode", x=x), z_mean=z_mean, z_log_var=z_log_var)
    assert_same(session.call("decode", z=z_mean), x=model.decode(z_mean))
    terms = model.elbo_terms(prepared(model, x), z="mean")
    names = {"elbo": "elbo", "reconstruction_loss": "reconstruction_loss", "kl": "kl_loss"}
    assert_same(session.call("score", x=x), **{name: terms[term] for name, term in names.items()})

    for outputs in (
        session.call("generate", n=np.int32(5), temperature=np.float32(0.7)),
        session.call("generate_rows", temperature=np.linspace(0, 1, 5, dtype="float32")),
    ):
        assert outputs["z"].shape == (5, model.latent_dim)
        assert_same(outputs, z=outputs["z"], x=model.decode(outputs["z"]))

    z = model.sample_prior(5, tf.constant(SEED)).numpy()
    outputs = session.call("sample", n=np.int32(5), seed=SEED)
    assert_same(outputs, z=z, x=model.decode(z))
    z_of_rows = [model.sample_prior(1, tf.constant([s, 0], tf.int64)).numpy()[0] for s in SEED]
    outputs_of_rows = session.call("sample_rows", seed=SEED)
    assert_same(outputs_of_rows, z=z_of_rows, x=model.decode(np.array(z_of_rows)))
    # A mixture goes through weights that training has made; only the noise itself is the same to the last bit.
    if model.prior.is_standard_normal:
        np.testing.assert_array_equal(outputs["z"], z)
        np.testing.assert_array_equal(outputs_of_rows["z"], z_of_rows)


@pytest.fixture(scope="module")
def bernoulli(tmp_path_factory):
    model = make_model()
    return model, export_saved_model(model, tmp_path_factory.mktemp("export") / "bernoulli")


def test_every_signature_of_a_dense_model_answers_as_in_python(bernoulli, cpp_program):
    model, folder = bernoulli
    with CppSession(cpp_program, folder) as session:
        assert_answers_as(model, session)


@pytest.mark.slow  # The dense model above stands for it.
def test_every_signature_of_a_convolutional_model_of_grey_values_answers_as_in_python(tmp_path, cpp_program):
    model = make_model("conv", "discretized_logistic")
    with CppSession(cpp_program, export_saved_model(model, tmp_path / "m")) as session:
        assert_answers_as(model, session)


def test_the_samples_are_those_of_the_verb_with_the_same_seed(bernoulli, cpp_program):
    model, folder = bernoulli
    with CppSession(cpp_program, folder) as session:
        outputs = session.call("sample", n=np.int32(4), seed=np.array([7, 0]))
    np.testing.assert_allclose(outputs["x"], model.sample(4, seed=7), rtol=1e-5, atol=1e-6)


def test_any_number_of_rows_is_answered(bernoulli, cpp_program):
    model, folder = bernoulli
    x = data_for(model, 70)
    with CppSession(cpp_program, folder) as session:
        for n in (0, 1, 2, 70):
            assert session.call("serving_default", x=x[:n])["x"].shape == (n, 5)
            assert session.call("sample", n=np.int32(n), seed=SEED)["x"].shape == (n, 5)


def test_an_autoencoder_answers_as_in_python(tmp_path, cpp_program):
    model = make_autoencoder((5,), 3, hidden_units=(8,), seed=0)
    x = data_for(model)
    with CppSession(cpp_program, export_saved_model(model, tmp_path / "m")) as session:
        assert_same(session.call("serving_default", x=x), x=model.predict(x, verbose=0))
        assert_same(session.call("encode", x=x), z=model.encode(x))
        assert_same(session.call("decode", z=model.encode(x)), x=model.predict(x, verbose=0))
        loss = model.terms(prepared(model, x))["reconstruction_loss"]
        assert_same(session.call("score", x=x), reconstruction_loss=loss)
        with pytest.raises(SessionError, match="no signature generate"):
            session.call("generate", n=np.int32(1), temperature=np.float32(1))


def test_replicas_generate_different_rows_and_sample_the_same_bits(bernoulli, cpp_program):
    _, folder = bernoulli
    with CppSession(cpp_program, folder) as one, CppSession(cpp_program, folder) as two:
        n, temperature = np.int32(4), np.float32(1)
        generated = [s.call("generate", n=n, temperature=temperature)["z"] for s in (one, two, one, two)]
        assert len(np.unique(np.concatenate(generated)[:, 0])) == 16
        sampled = [s.call("sample", n=n, seed=SEED) for s in (one, two)]
        sampled_rows = [s.call("sample_rows", seed=SEED) for s in (one, two)]
    for first, second in (sampled, sampled_rows):
        np.testing.assert_array_equal(first["z"], second["z"])
        np.testing.assert_array_equal(first["x"], second["x"])


def test_no_row_is_generated_twice_over_two_replicas_and_a_restart(bernoulli, cpp_program):
    _, folder = bernoulli
    rows = []
    for _ in ("start", "restart"):
        with CppSession(cpp_program, folder) as one, CppSession(cpp_program, folder) as two:
            for session in (one, two):
                for n in (1, 249, 1000):
                    rows.append(session.call("generate", n=np.int32(n), temperature=np.float32(1))["z"])
                rows.append(session.call("generate_rows", temperature=np.ones(1250, "float32"))["z"])
    rows = np.concatenate(rows)
    assert rows.shape == (10_000, 3)
    assert len(np.unique(rows, axis=0)) == 10_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("likelihood", "network"),
    [
        (likelihood, network)
        for likelihood in LIKELIHOODS
        for network in NETWORKS
        # Neither takes rows of items for images, and these are no tables.
        if likelihood != "mixed" and (likelihood != "multinomial" or network in ("dense", "recurrent"))
    ],
)
def test_every_likelihood_and_network_answers_as_in_python(likelihood, network, tmp_path, cpp_program):
    model = make_model(network, likelihood)
    with CppSession(cpp_program, export_saved_model(model, tmp_path / "m")) as session:
        assert_answers_as(model, session)


@pytest.mark.slow
@pytest.mark.parametrize(
    "prior",
    [
        pytest.param(lambda: None, id="standard-normal"),
        pytest.param(lambda: MixtureOfGaussians(4, seed=0), id="mixture"),
        pytest.param(lambda: MixtureOfGaussians(1, seed=0), id="mixture-of-one"),
        pytest.param(lambda: VampPrior(4, seed=0), id="vamp"),
    ],
)
@pytest.mark.parametrize("network", ["dense", "conv"])
def test_every_prior_answers_as_in_python(prior, network, tmp_path, cpp_program):
    model = make_model(network, prior=prior())
    with CppSession(cpp_program, export_saved_model(model, tmp_path / "m")) as session:
        assert_answers_as(model, session)
