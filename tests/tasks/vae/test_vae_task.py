import numpy as np
import pytest
from runs.run_helpers import SMALL, train_run, write_image_files, write_images
from tasks.vae.data_sets import images, make, table

from keras_vae.data import load
from keras_vae.runs.run_folder import RunFolder
from keras_vae.serving import export_saved_model, load_saved_model
from keras_vae.tasks.vae import pictures
from keras_vae.tasks.vae.vae_task import TABLE_STEPS, VAETask


def prepared(dataset, **settings):
    return VAETask(**{**SMALL, **settings}).prepare(dataset)


def test_small_data_get_more_epochs_and_smaller_batches():
    task = VAETask().prepare(table())
    n_steps = -(-len(table().x_train) // 16)
    assert task.settings_["batch_size"] == 16
    assert n_steps * (task.settings_["epochs"] - 1) < TABLE_STEPS <= n_steps * task.settings_["epochs"]
    task = VAETask().prepare(make(np.zeros((600_000, 1), "float32"), "table"))
    assert (task.settings_["batch_size"], task.settings_["epochs"]) == (128, 10)
    assert task.epochs is None  # The argument stays as it was given.


def test_the_model_has_the_settings():
    model = prepared(table(), beta=2.0, free_bits=0.25, learning_rate=0.5, latent_dim=3).build_model()
    assert (model.beta, model.objective.free_bits, model.latent_dim) == (2.0, 0.25, 3)
    assert float(model.optimizer.learning_rate) == 0.5


def test_tokens_get_as_many_classes_as_there_are():
    task = prepared(make(np.float32([[0, 1, 2], [2, 1, 0]]), "table"), likelihood="categorical")
    assert task.n_classes_ == 3
    assert task.build_model().likelihood.n_classes == 3


@pytest.mark.parametrize("likelihood", ["gaussian", "continuous_bernoulli", "discretized_logistic", "categorical"])
def test_the_model_is_fed_raw_values(likelihood):
    dataset = images()
    task = prepared(dataset, likelihood=likelihood, batch_size=4)
    x = task.rows(dataset, "train")
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, dataset.x_train)
    batch = next(iter(task.batches(dataset))).numpy()
    assert {row.tobytes() for row in batch} <= {row.tobytes() for row in x}


def test_test_images_are_drawn_once_and_training_images_in_every_epoch():
    dataset = images(n=8)
    task = prepared(dataset, likelihood="bernoulli", batch_size=4)
    once = task.rows(dataset, "train")
    assert set(np.unique(once)) == {0.0, 1.0}
    np.testing.assert_array_equal(once, task.rows(dataset, "train"))
    steps = task.steps_per_epoch(dataset)
    stream = [batch.numpy() for batch in task.batches(dataset).take(2 * steps)]
    assert np.concatenate(stream[:steps]).sum() != np.concatenate(stream[steps:]).sum()
    resumed = [batch.numpy() for batch in task.batches(dataset, start_epoch=1).take(steps)]
    np.testing.assert_array_equal(np.concatenate(resumed), np.concatenate(stream[steps:]))
    assert task.units(task.build_model()) == "pixels drawn as 0 or 1"


@pytest.mark.parametrize(
    ("dataset", "settings", "units", "words"),
    [
        (table(), {}, "standardised values", "vae, skip, 2 latent, student_t, values standardised"),
        (images(), {"likelihood": "gaussian"}, "8-bit values divided by 255", "vae, resnet, 2 latent, gaussian"),
        (images((8, 8, 3)), {}, "", "vae, dense, 2 latent, discretized_logistic_mixture"),
        (
            images((8, 8, 1)),
            {"likelihood": "bernoulli"},
            "pixels drawn as 0 or 1",
            "vae, dense, 2 latent, bernoulli, pixels drawn anew as 0 or 1 in",
        ),
    ],
    ids=["table", "grey", "colour", "drawn"],
)
def test_it_says_what_is_modelled(dataset, settings, units, words):
    task = prepared(dataset, **settings)
    assert task.describe_model(dataset).startswith(words)
    assert task.units(task.build_model()) == units


@pytest.mark.slow
def test_pictures_of_another_size_are_stretched_to_those_of_the_run(tmp_path):
    task = VAETask(**SMALL)
    task.prepare(task.load(str(write_image_files(tmp_path / "a", size=(9, 8)))))
    data = task.load(str(write_image_files(tmp_path / "b", n=5, size=(20, 30))), all_rows=True)
    assert np.concatenate([batch.numpy() for batch in task.rows(data)]).shape == (5, 9, 8, 3)
    np.testing.assert_array_equal(task.labels(data), [0, 0, 0, 1, 1])  # In the order of the files.


@pytest.mark.slow
def test_a_table_run_is_served_in_the_units_of_the_table(trained, tmp_path):
    model = RunFolder(trained / "run").load_model()
    x = load(str(trained / "table.csv"), test_fraction=0.0).x_train
    served = load_saved_model(export_saved_model(model, tmp_path / "served"))
    z_mean, z_log_var = served.encode(x)
    np.testing.assert_allclose(z_mean, model.encode(x)[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(z_log_var, model.encode(x)[1], rtol=1e-5, atol=1e-6)
    # In units of the table, where columns are up to a hundred: relative to their size.
    np.testing.assert_allclose(served.reconstruct(x), model.predict(x, verbose=0), rtol=1e-5, atol=1e-4)
    assert model.predict(x, verbose=0)[:, 1].mean() == pytest.approx(x[:, 1].mean(), rel=0.1)


@pytest.mark.slow
def test_fit_and_the_shell_give_the_same_model(trained):
    task = VAETask(**SMALL).fit(str(trained / "table.csv"), verbose=0)
    run = RunFolder(trained / "run")
    for a, b in zip(task.model_.get_weights(), run.load_model().get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert task.history_["loss"] == run.read_history(3)["loss"]


def test_shares_stand_beside_shares():
    from keras_vae.likelihoods import Gaussian, Multinomial

    x = np.float32([[1, 3, 0], [0, 0, 0]])
    assert pictures.as_decoded(x, Multinomial()).tolist() == [[0.25, 0.75, 0.0], [0.0, 0.0, 0.0]]
    assert pictures.as_decoded(x, Gaussian()) is x


@pytest.mark.slow
def test_classes_go_by_their_names(tmp_path, monkeypatch):
    seen = []
    plot = pictures.plots.plot_latent_map
    monkeypatch.setattr(
        pictures.plots, "plot_latent_map", lambda z, labels, v: seen.append(labels) or plot(z, labels, v)
    )
    figures = train_run(tmp_path / "run", write_image_files(tmp_path / "x", n=24), epochs=1)
    assert set(seen[0]) <= {"cats", "dogs"}
    assert (figures["part"], figures["log_prob_n_rows"]) == ("test", 2)
    assert "bits_per_dim" in figures


def test_a_map_takes_two_latent_dimensions(rng):
    x = rng.normal(size=(12, 3)).astype("float32")
    history = {"epoch": [1], "loss": [1.0]}
    names = []
    for latent_dim in (2, 1):
        model = prepared(table(), latent_dim=latent_dim).build_model()
        names.append({name for name, _ in pictures.pictures(model, x, None, history, seed=0)})
    assert names[0] - names[1] == {"latent_map"}


@pytest.mark.slow
def test_drawn_pictures_are_shown_with_their_grey_values(tmp_path, monkeypatch):
    task = VAETask(**{**SMALL, "likelihood": "bernoulli", "epochs": 1})
    task.fit(str(write_images(tmp_path / "x.npz")), verbose=0)
    data, seen = task.load(str(tmp_path / "x.npz")), []
    monkeypatch.setattr(pictures.plots, "plot_reconstructions", lambda shown, mean: seen.append(shown))
    history = {"epoch": [1], **task.history_}
    dict(task.pictures(task.model_, data, history))
    np.testing.assert_allclose(seen[0], data.x_test[:10] / np.float32(255), rtol=1e-6)
