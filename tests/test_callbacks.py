import functools
import warnings

import keras
import numpy as np
import pytest
from helpers import linear_decoder, linear_encoder

from keras_vae import schedules
from keras_vae.callbacks import (
    AggressiveEncoder,
    BetaAnnealing,
    CapacityAnnealing,
    CollapseMonitor,
    EarlyStopping,
    PictureGrid,
)
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.ladder_vae import make_ladder_vae
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
    for epoch in range(2):
        recorder = Recorder()
        annealing = BetaAnnealing(functools.partial(schedules.linear, n_steps=8))
        callbacks = [annealing, recorder]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The schedule of beta is longer")  # Than the first of the two, it is.
            vae.fit(x, batch_size=2, initial_epoch=epoch, epochs=epoch + 1, callbacks=callbacks, verbose=0)
    assert recorder.betas == [0.5, 0.625, 0.75, 0.875]


def test_the_beta_of_the_moment_is_the_one_in_the_loss(vae, x):
    vae.beta = 0.5
    loss, reconstruction_loss, kl_loss, elbo = vae.evaluate(x, verbose=0)
    assert loss == pytest.approx(reconstruction_loss + 0.5 * kl_loss, rel=1e-5)
    assert elbo == pytest.approx(-reconstruction_loss - kl_loss, rel=1e-5)


@pytest.mark.parametrize("annealing", [BetaAnnealing, CapacityAnnealing])
def test_annealing_wants_a_function(annealing):
    with pytest.raises(ValueError, match=r"`schedule` must be a function of the step\. Received: schedule=0\.5"):
        annealing(0.5)


def test_a_cycle_returns_to_its_beginning(vae, x):
    recorder = Recorder()
    schedule = functools.partial(schedules.cyclical, n_steps=8, n_cycles=2, ramp=0.5)
    vae.fit(x, batch_size=2, epochs=3, callbacks=[BetaAnnealing(schedule), recorder], verbose=0)
    assert recorder.betas == [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_capacity_follows_its_schedule(x):
    model = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", capacity=0.0, seed=0)
    model.compile("sgd")
    annealing = CapacityAnnealing(functools.partial(schedules.capacity, n_steps=4, max_capacity=2.0))
    history = model.fit(x, batch_size=2, epochs=2, callbacks=[annealing], verbose=0).history
    assert history["capacity"] == [pytest.approx(0.0), pytest.approx(2.0)]  # Eight steps a call: set before each.


def test_capacity_annealing_wants_a_model_with_a_capacity(vae, x):
    annealing = CapacityAnnealing(functools.partial(schedules.capacity, n_steps=4, max_capacity=2.0))
    with pytest.raises(ValueError, match="`capacity` must be given when the model is made"):
        vae.fit(x, callbacks=[annealing], verbose=0)


def test_a_warm_up_longer_than_the_training_is_warned_about(vae, x):
    annealing = BetaAnnealing(functools.partial(schedules.linear, n_steps=16))
    with pytest.warns(UserWarning, match=r"schedule of beta is longer than the training of 8 steps: beta ends at 0\.5"):
        vae.fit(x, batch_size=2, epochs=2, callbacks=[annealing], verbose=0)


def test_a_warm_up_that_fits_is_not_warned_about(vae, x):
    annealing = BetaAnnealing(functools.partial(schedules.linear, n_steps=8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vae.fit(x, batch_size=2, epochs=2, callbacks=[annealing], verbose=0)
    assert vae.beta == 0.875  # Set before the last of 8 steps.


def stopping_epochs(vae, stopping, values, annealing=None):
    """Epochs that training goes on for when the monitored number of the epochs is `values`."""
    stopping.set_model(vae)
    vae.stop_training = False
    stopping.on_train_begin()
    for epoch, value in enumerate(values):
        if annealing is not None:
            vae.optimizer.iterations.assign(epoch + 1)
        stopping.on_epoch_end(epoch, {stopping.monitor: value})
        if vae.stop_training:
            return epoch + 1
    return None


def test_early_stopping_takes_the_larger_bound_for_the_better(vae):
    assert stopping_epochs(vae, EarlyStopping(patience=2), [-9.0, -8.0, -7.0, -6.0]) is None
    assert stopping_epochs(vae, EarlyStopping(patience=2), [-9.0, -8.0, -8.5, -8.5, -8.5]) == 4
    assert stopping_epochs(vae, EarlyStopping("val_reconstruction_loss", patience=1), [3.0, 2.0, 1.0, 1.5]) == 4


def test_early_stopping_waits_for_the_end_of_the_annealing(vae):
    # While beta rises the bound may well fall; counted from the beginning, training would end in epoch 2.
    annealing = BetaAnnealing(functools.partial(schedules.linear, n_steps=4))
    annealing.set_model(vae)
    values = [-5.0, -6.0, -7.0, -8.0, -7.5, -7.6]
    assert stopping_epochs(vae, EarlyStopping(patience=1, annealing=annealing), values, annealing) == 6
    assert stopping_epochs(vae, EarlyStopping(patience=1), values) == 2


def test_a_cycle_at_its_top_is_not_over(vae):
    annealing = BetaAnnealing(functools.partial(schedules.cyclical, n_steps=8, n_cycles=2))
    annealing.set_model(vae)
    states = []
    for step in range(10):
        vae.optimizer.iterations.assign(step)
        states.append(annealing.is_over())
    # From step 6, the second half of the last cycle, beta stays at its end.
    assert states == [False] * 6 + [True] * 4


def test_early_stopping_brings_back_the_best_weights(vae, x):
    stopping = EarlyStopping(patience=1)
    vae.fit(x, validation_data=x, epochs=1, callbacks=[stopping], verbose=0)
    assert stopping.best_weights is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"monitor": "val_loss", "annealing": BetaAnnealing(float)}, "`monitor` must not be a loss that moves"),
        ({"annealing": "beta"}, "`annealing` must be the annealing callback"),
    ],
)
def test_early_stopping_refuses_what_would_stop_for_the_wrong_reason(arguments, message):
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**arguments)


def test_an_aggressive_encoder_leaves_the_decoder_alone_and_lowers_the_loss(vae, x):
    aggressive = AggressiveEncoder(x, max_inner_steps=40, window=5, batch_size=8)
    aggressive.set_model(vae)
    aggressive.on_train_begin()
    decoder = [w.copy() for w in vae.decoder.get_weights()]
    before = vae.elbo(x, n_samples=50).mean()
    aggressive.on_train_batch_begin(0)
    assert vae.elbo(x, n_samples=50).mean() > before + 0.05
    for old, new in zip(decoder, vae.decoder.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert int(vae.optimizer.iterations.numpy()) == 0  # Schedules count ordinary steps.


def test_an_aggressive_encoder_ends_when_the_codes_say_no_more(rng):
    # Codes that are the same for every x say nothing, in every epoch.
    model = VAE(linear_encoder(z_log_var=0.0), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    for weight in model.encoder.get_layer("z_mean").weights:
        weight.assign(0.0 * weight)
    model.encoder.get_layer("z_mean").trainable = False
    model.decoder.trainable = False
    model.encoder.trainable = True
    x = np.zeros((16, 6), "float32")
    aggressive = AggressiveEncoder(x, max_inner_steps=1, window=1)
    aggressive.set_model(model)
    for expected in (True, False):
        logs = {}
        aggressive.on_epoch_end(0, logs)
        assert logs["mutual_information"] == pytest.approx(0.0, abs=1e-6)
        assert aggressive.is_active is expected
    logs = {}
    aggressive.on_epoch_end(2, logs)
    assert logs == {}


def test_an_aggressive_encoder_in_fit(x):
    model = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    model.compile("adam", steps_per_execution=1)
    aggressive = AggressiveEncoder(x, max_inner_steps=4, window=2)
    history = model.fit(x, epochs=2, callbacks=[aggressive], verbose=0).history
    assert history["mutual_information"][0] > 0.0


def test_an_aggressive_encoder_wants_single_steps(x):
    model = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    model.compile("adam", steps_per_execution=4)
    with pytest.raises(ValueError, match="`steps_per_execution` must be 1 for an AggressiveEncoder"):
        model.fit(x, batch_size=2, callbacks=[AggressiveEncoder(x)], verbose=0)


@pytest.mark.parametrize(("max_inner_steps", "window"), [(3, 10), (7, 3)])
def test_an_aggressive_encoder_makes_all_its_steps(vae, x, max_inner_steps, window):
    aggressive = AggressiveEncoder(x, max_inner_steps=max_inner_steps, window=window, batch_size=8)
    aggressive.set_model(vae)
    aggressive.on_train_begin()
    losses = iter(range(100, 0, -1))  # Falling all the time.
    step, n_calls = aggressive._encoder_step, []
    aggressive._encoder_step = lambda *batch: n_calls.append(step(*batch)) or next(losses)
    before = vae.encoder.get_weights()
    aggressive.on_train_batch_begin(0)
    assert len(n_calls) == max_inner_steps
    assert any(np.any(a != b) for a, b in zip(before, vae.encoder.get_weights(), strict=True))


def test_an_aggressive_encoder_is_trained_on_the_targets(x):
    model = VAE(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    model.compile(keras.optimizers.Adam(0.05), steps_per_execution=1)
    y = np.full_like(x, 7.0)
    aggressive = AggressiveEncoder(x, y=y, max_inner_steps=60, window=5)
    aggressive.set_model(model)
    aggressive.on_train_begin()
    before = model.elbo(x, 50, y=y).mean(), model.elbo(x, 50).mean()
    aggressive.on_train_batch_begin(0)
    assert model.elbo(x, 50, y=y).mean() > before[0] + 0.5
    assert model.elbo(x, 50).mean() < before[1]


def test_an_aggressive_encoder_refuses_models_and_targets_that_it_cannot_judge(x):
    with pytest.raises(ValueError, match="`x` and `y` must have the same number of rows"):
        AggressiveEncoder(x, y=x[:3])
    ladder = make_ladder_vae((6,), (2, 2), hidden_units=(4, 4), likelihood="gaussian_fixed")
    ladder.compile("adam", steps_per_execution=1)
    with pytest.raises(ValueError, match=r"must have the Gaussian of its encoder .* Received: LadderVAE"):
        ladder.fit(x, callbacks=[AggressiveEncoder(x)], verbose=0)
    model = VAE(linear_encoder(), linear_decoder((3,)), likelihood="gaussian_fixed", target_shape=(3,))
    model.compile("adam", steps_per_execution=1)
    with pytest.raises(ValueError, match="`y` must have the shape"):
        model.fit(x, x[:, :3], callbacks=[AggressiveEncoder(x)], verbose=0)


@pytest.mark.parametrize("name", ["max_inner_steps", "window", "batch_size"])
def test_an_aggressive_encoder_refuses_arguments_out_of_bounds(x, name):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number >= 1"):
        AggressiveEncoder(x, **{name: 0})


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
