"""A VAE of a heavy-tailed table and one of colour pictures: trained, saved, exported, drawn from."""

import keras
import numpy as np
import pytest
from helpers import prepared
from scipy import stats

from keras_vae.models.make_vae import make_vae
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.saved_model import load_saved_model

CASES = [
    pytest.param(("student_t", (3,)), id="student-t"),
    pytest.param(("discretized_logistic_mixture", (4, 4, 3)), id="mixture-colour"),
]


def data(likelihood, event_shape, n=96):
    rng = np.random.default_rng(0)
    if likelihood == "student_t":
        return stats.t.rvs(3, 1.0, 2.0, size=(n, *event_shape), random_state=rng).astype("float32")
    # Dark and bright pictures, so that there is something to learn.
    level = rng.choice([40, 200], size=(n, 1, 1, 1))
    return np.clip(level + rng.integers(-20, 20, (n, *event_shape)), 0, 255).astype("uint8")


@pytest.fixture(scope="module", params=CASES)
def fitted(request):
    """A trained VAE, its data, and its bound before the training."""
    likelihood, event_shape = request.param
    x = data(likelihood, event_shape)
    vae = make_vae(event_shape, 2, network="dense", hidden_units=(8,), likelihood=likelihood, seed=0)
    start = vae.elbo(x)
    vae.compile(keras.optimizers.Adam(1e-2), run_eagerly=True)
    vae.fit(x, epochs=3, batch_size=32, verbose=0)
    return vae, x, start


@pytest.mark.slow
def test_it_learns_and_is_the_same_when_loaded(fitted, tmp_path):
    vae, x, start = fitted
    assert vae.elbo(x).mean() > start.mean() + 0.5
    vae.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    for one, other in zip(vae.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(again.elbo(x), vae.elbo(x))
    np.testing.assert_array_equal(again.sample(3, seed=1, draw=True), vae.sample(3, seed=1, draw=True))
    if vae.likelihood.values == "real":
        learned = vae.likelihood.degrees_of_freedom.numpy()
        assert np.all(np.abs(learned - 8) > 0.01)
        np.testing.assert_array_equal(again.likelihood.degrees_of_freedom, learned)


@pytest.mark.slow
def test_an_export_answers_as_the_model(fitted, tmp_path):
    vae, x, _ = fitted
    served = load_saved_model(export_saved_model(vae, tmp_path / "served"))
    # The same graph, optimised again; values up to 255.
    close = {"rtol": 1e-5, "atol": 1e-4}
    rows = x[:5].astype("float32")
    np.testing.assert_allclose(served.reconstruct(rows), vae.reconstruct(rows), **close)
    # With the learned degrees of freedom: the score depends on them.
    score = served.score(rows)
    np.testing.assert_allclose(-score["reconstruction_loss"] - score["kl"], score["elbo"], rtol=1e-5)
    batch = prepared(vae, rows)
    expected = vae.elbo_terms(batch, z="mean")["elbo"]
    np.testing.assert_allclose(score["elbo"], expected, **close)


@pytest.mark.slow
def test_hidden_elements_are_not_scored(fitted):
    vae, x, _ = fitted
    mask = np.ones(x.shape[:3] if x.ndim > 2 else x.shape, "float32")
    mask[:, :2] = 0
    seen = vae.elbo(x, mask=mask)
    other = x.copy()
    other[:, :2] = 255 - other[:, :2]
    np.testing.assert_array_equal(vae.elbo(other, mask=mask), seen)
    assert np.any(vae.elbo(other) != vae.elbo(x))
