import warnings

import keras
import pytest
from helpers import linear_decoder, linear_encoder

from keras_vae import schedules
from keras_vae.callbacks.annealing import BetaAnnealing, CapacityAnnealing
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.importance_weighted import ImportanceWeighted


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.betas = []

    def on_train_batch_end(self, batch, logs=None):
        self.betas.append(self.model.beta)


def test_beta_follows_its_schedule_by_the_optimizers_step(vae, x):
    recorder = Recorder()
    annealing = BetaAnnealing(schedules.linear(n_steps=4))
    history = vae.fit(x, batch_size=2, epochs=2, callbacks=[annealing, recorder], verbose=0).history
    assert recorder.betas == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0]
    assert history["beta"] == [0.75, 1.0]


def test_annealing_goes_on_where_it_stopped(vae, x):
    for epoch in range(2):
        recorder = Recorder()
        annealing = BetaAnnealing(schedules.linear(n_steps=8))
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
    schedule = schedules.cyclical(n_steps=8, n_cycles=2, ramp=0.5)
    vae.fit(x, batch_size=2, epochs=3, callbacks=[BetaAnnealing(schedule), recorder], verbose=0)
    assert recorder.betas == [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def test_capacity_follows_its_schedule(x):
    model = VAE(linear_encoder(), linear_decoder(), "gaussian_fixed", objective=ELBO(capacity=0.0), seed=0)
    model.compile("sgd")
    annealing = CapacityAnnealing(schedules.capacity(n_steps=4, max_capacity=2.0))
    history = model.fit(x, batch_size=2, epochs=2, callbacks=[annealing], verbose=0).history
    assert history["capacity"] == [pytest.approx(0.0), pytest.approx(2.0)]  # Eight steps a call: set before each.
    assert model.objective.capacity == pytest.approx(2.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: VAE(linear_encoder(), linear_decoder(), "gaussian_fixed"),
        lambda: VAE(linear_encoder(), linear_decoder(), "gaussian_fixed", objective=ImportanceWeighted(2)),
        lambda: Autoencoder(keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)]), linear_decoder()),
    ],
    ids=["elbo", "importance-weighted", "autoencoder"],
)
def test_capacity_annealing_wants_a_model_with_a_capacity(make, x):
    model = make()
    model.compile("sgd")
    annealing = CapacityAnnealing(schedules.capacity(n_steps=4, max_capacity=2.0))
    with pytest.raises(ValueError, match=r"`capacity` must be given .*ELBO\(capacity=0\.0\).* Received: objective="):
        model.fit(x, callbacks=[annealing], verbose=0)


def test_beta_annealing_wants_an_objective_with_a_beta(x):
    model = VAE(linear_encoder(), linear_decoder(), "gaussian_fixed", objective=ImportanceWeighted(2))
    model.compile("sgd")
    with pytest.raises(ValueError, match="`beta` must not be set on a model trained on ImportanceWeighted"):
        model.fit(x, callbacks=[BetaAnnealing(schedules.constant(0.5))], verbose=0)


def test_a_warm_up_longer_than_the_training_is_warned_about(vae, x):
    annealing = BetaAnnealing(schedules.linear(n_steps=16))
    with pytest.warns(
        UserWarning, match=r"schedule of beta is longer than the training of 8 steps: beta ends at 0\.5 instead of 1"
    ):
        vae.fit(x, batch_size=2, epochs=2, callbacks=[annealing], verbose=0)


def test_a_warm_up_that_fits_is_not_warned_about(vae, x):
    annealing = BetaAnnealing(schedules.linear(n_steps=8))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vae.fit(x, batch_size=2, epochs=2, callbacks=[annealing], verbose=0)
    assert vae.beta == 0.875  # Set before the last of 8 steps.


def test_a_cycle_at_its_top_is_not_over(vae):
    annealing = BetaAnnealing(schedules.cyclical(n_steps=8, n_cycles=2))
    annealing.set_model(vae)
    states = []
    for step in range(10):
        vae.optimizer.iterations.assign(step)
        states.append(annealing.is_over())
    # From step 6, the second half of the last cycle, beta stays at its end.
    assert states == [False] * 6 + [True] * 4
