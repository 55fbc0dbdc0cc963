import functools
import warnings

import keras
import numpy as np
import pytest
from helpers import linear_decoder, linear_encoder

from keras_vae import schedules
from keras_vae.callbacks import BetaAnnealing, CollapseMonitor, PictureGrid
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE


@pytest.fixture
def vae():
    model = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    model.compile("sgd", run_eagerly=True)
    return model


@pytest.fixture
def x(rng):
    return rng.normal(size=(8, 6)).astype("float32")


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.betas = []

    def on_train_batch_end(self, batch, logs=None):
        self.betas.append(self.model.beta)


def test_beta_follows_its_schedule_by_the_optimizers_step(vae, x):
    recorder = Recorder()
    annealing = BetaAnnealing(functools.partial(schedules.linear, n_steps=4))
    history = vae.fit(x, batch_size=2, epochs=2, callbacks=[annealing, recorder], verbose=0).history
    assert recorder.betas == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0]
    assert history["beta"] == [0.75, 1.0]


def test_annealing_goes_on_where_it_stopped(vae, x):
    for _ in range(2):
        recorder = Recorder()
        annealing = BetaAnnealing(functools.partial(schedules.linear, n_steps=8))
        vae.fit(x, batch_size=2, callbacks=[annealing, recorder], verbose=0)
    assert recorder.betas == [0.5, 0.625, 0.75, 0.875]


def test_the_beta_of_the_moment_is_the_one_in_the_loss(vae, x):
    vae.beta = 0.5
    loss, reconstruction_loss, kl_loss, elbo = vae.evaluate(x, verbose=0)
    assert loss == pytest.approx(reconstruction_loss + 0.5 * kl_loss, rel=1e-5)
    assert elbo == pytest.approx(-reconstruction_loss - kl_loss, rel=1e-5)


def test_annealing_wants_a_function():
    with pytest.raises(ValueError, match=r"`schedule` must be a function of the step\. Received: schedule=0\.5"):
        BetaAnnealing(0.5)


class Encoder:
    """A model to a callback: codes of a given spread in its only dimension."""

    def __init__(self, stddev):
        self.stddev = stddev

    def encode(self, x):
        return self.stddev * np.where(np.arange(100) % 2, 1.0, -1.0)[:, None], np.zeros((100, 1))


def run_monitor(monitor, spreads):
    """Logs of the epochs of a model whose codes have one spread after the other."""
    logs = [{} for _ in spreads]
    for epoch, spread in enumerate(spreads):
        monitor.set_model(Encoder(spread))
        monitor.on_epoch_end(epoch, logs[epoch])
    return logs


def test_the_monitor_logs_active_units_and_keeps_the_kl_per_dimension():
    monitor = CollapseMonitor(x=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A spread of 1 is a variance of 1 and a KL of 1/2; one of 0.05 a variance of 0.0025, below the threshold.
        assert run_monitor(monitor, [1.0, 0.05, 1.0]) == [{"active_units": n} for n in (1, 0, 1)]
    np.testing.assert_allclose(np.concatenate(monitor.kl_per_dim), [0.5, 0.00125, 0.5])


def test_the_monitor_warns_once_after_its_patience():
    monitor = CollapseMonitor(x=None, patience=2)
    with pytest.warns(UserWarning, match="none of 1 latent dimensions is active after epoch 2") as record:
        run_monitor(monitor, [0.0, 0.0, 0.0])
    assert len(record) == 1


def test_an_active_epoch_in_between_restarts_the_patience():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_monitor(CollapseMonitor(x=None, patience=2), [0.0, 1.0, 0.0])


def test_the_threshold_decides_what_is_active():
    assert run_monitor(CollapseMonitor(x=None, threshold=0.001), [0.05]) == [{"active_units": 1}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": -1.0}, "`threshold` must be a finite number >= 0.0"),
        ({"patience": 0}, "`patience` must be a whole number >= 1"),
    ],
)
def test_the_monitor_refuses_arguments_out_of_bounds(arguments, message):
    with pytest.raises(ValueError, match=message):
        CollapseMonitor(x=None, **arguments)


def test_the_monitor_looks_at_a_model_in_training(vae, x):
    monitor = CollapseMonitor(x)
    history = vae.fit(x, epochs=2, callbacks=[monitor], verbose=0).history
    assert len(history["active_units"]) == 2
    assert [k.shape for k in monitor.kl_per_dim] == [(2,), (2,)]


def test_a_picture_is_written_after_every_epoch_and_training_goes_on_as_without(vae, x, tmp_path):
    pictures = PictureGrid(x, tmp_path / "figures", n_cols=3)
    vae.fit(x, epochs=2, callbacks=[pictures], verbose=0)
    files = sorted((tmp_path / "figures").iterdir())
    assert [p.name for p in files] == ["epoch-0001.png", "epoch-0002.png"]
    assert all(p.read_bytes().startswith(b"\x89PNG") for p in files)

    alone = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    alone.compile("sgd", run_eagerly=True)
    keras.utils.set_random_seed(0)
    alone.fit(x, epochs=2, verbose=0, shuffle=False)
    with_pictures = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    with_pictures.compile("sgd", run_eagerly=True)
    with_pictures.fit(x, epochs=2, callbacks=[PictureGrid(x, tmp_path)], verbose=0, shuffle=False)
    for a, b in zip(alone.get_weights(), with_pictures.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_plain_autoencoder_has_a_picture_without_samples(x, tmp_path):
    model = Autoencoder(keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)]), linear_decoder())
    model.compile("sgd", run_eagerly=True)
    model.fit(x, epochs=1, callbacks=[PictureGrid(x, tmp_path)], verbose=0)
    assert [p.name for p in tmp_path.iterdir()] == ["epoch-0001.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_cols": 0}, "`n_cols` must be a whole number >= 1"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
    ],
)
def test_the_picture_grid_refuses_arguments_out_of_bounds(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        PictureGrid(np.zeros((4, 6)), tmp_path, **arguments)
