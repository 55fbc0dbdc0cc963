import numpy as np
import pytest
import tensorflow as tf
from task_helpers import train_run, write_image_files

from keras_vae.tasks import report
from keras_vae.tasks.run_folder import RunFolder


@pytest.fixture(scope="module")
def model(trained):
    return RunFolder(trained / "run").load_model()


def test_the_figures_are_those_of_the_model(model, rng):
    x = rng.normal(size=(20, 4)).astype("float32")
    figures = report.score(model, x, n_samples=7, n_rows=12)
    assert figures["elbo"] == model.evaluate(x, verbose=0, return_dict=True)["elbo"]
    assert figures["loss"] == pytest.approx(figures["reconstruction_loss"] + figures["kl_loss"], rel=1e-6)
    log_prob = model.log_prob(x[:12], n_samples=7).astype("float64")
    assert figures["log_prob"] == pytest.approx(log_prob.mean())
    assert figures["log_prob_standard_error"] == pytest.approx(log_prob.std(ddof=1) / np.sqrt(12))
    assert (figures["log_prob_n_samples"], figures["log_prob_n_rows"], figures["latent_dim"]) == (7, 12, 2)
    # A stream of the same rows in other batches has the same rows at its head.
    stream = tf.data.Dataset.from_tensor_slices(x).batch(9)
    assert report.score(model, stream, n_samples=7, n_rows=12)["log_prob_n_rows"] == 12


def test_shares_stand_beside_shares():
    x = np.float32([[1, 3, 0], [0, 0, 0]])
    assert report.as_decoded(x, {"likelihood": "multinomial"}).tolist() == [[0.25, 0.75, 0.0], [0.0, 0.0, 0.0]]
    assert report.as_decoded(x, {"likelihood": "gaussian"}) is x


def test_classes_go_by_their_names(trained, tmp_path, monkeypatch):
    seen = []
    plot = report.plots.plot_latent_map
    monkeypatch.setattr(report.plots, "plot_latent_map", lambda z, labels, v: seen.append(labels) or plot(z, labels, v))
    figures = train_run(tmp_path / "run", write_image_files(tmp_path / "x", n=24), epochs=1)
    assert set(seen[0]) <= {"cats", "dogs"}
    assert (figures["part"], figures["log_prob_n_rows"]) == ("test", 2)
    assert "bits_per_dim" in figures


def test_a_map_takes_two_latent_dimensions(model, rng):
    class OneLatent:
        def __getattr__(self, name):
            return getattr(model, name)

        def encode(self, x):
            return tuple(z[:, :1] for z in model.encode(x))

        def decode(self, z):
            return model.decode(np.repeat(z, 2, axis=1))

    x = rng.normal(size=(12, 4)).astype("float32")
    history = {"epoch": [1], "loss": [1.0]}
    drawn = [
        dict(report._figures(m, x, None, {"likelihood": "gaussian", "seed": 0}, history)) for m in (model, OneLatent())
    ]
    assert drawn[0].keys() - drawn[1].keys() == {"latent_map"}
