"""Where the training of a sampler stops, what is held out, how beta rises."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import slow_after

from keras_vae.priors.flow_prior import FlowPrior
from keras_vae.samplers.fit_with_early_stopping import (
    WarmUp,
    clipped_adam,
    fit_with_early_stopping,
    standardise,
)
from keras_vae.samplers.flow import NegativeLogLikelihood


@pytest.mark.slow
def test_training_stops_early_and_goes_back_to_the_best(rng):
    codes = rng.normal(size=(1, 40, 4)).astype("float32")
    prior = FlowPrior(2, hidden_units=(64,), seed=0)
    prior.build((None, 4))
    model = NegativeLogLikelihood(prior)
    model.compile(keras.optimizers.Adam(0.01), loss=lambda _, loss: loss)
    fit_with_early_stopping(model, codes, seed=0, max_steps=5000, patience=300, held_out=0.25, with_target=True)
    losses = model.history.history["val_loss"]
    assert len(losses) < 50  # Of 5000 steps, looked at every 100.
    assert losses[-1] > min(losses) + 0.5  # 30 rows are soon learned by heart.
    held_out = codes[0, np.random.default_rng(0).permutation(40)[:10]]
    np.testing.assert_allclose(-np.mean(prior.log_prob(held_out)), min(losses), rtol=1e-4)


def test_all_draws_of_an_example_are_on_the_same_side_of_the_split(rng):
    rows = rng.normal(size=(30, 1)).astype("float32")
    seen = {"train": [], "val": []}

    class Spy:
        def fit(self, train, validation_data, **kwargs):
            seen["train"] = np.concatenate([b.numpy() for b in train.take(10)])
            seen["val"] = np.concatenate([b.numpy() for b in validation_data])

    fit_with_early_stopping(Spy(), np.stack([rows] * 3), seed=0, batch_size=9)
    assert len(seen["val"]) == 9
    assert len(np.unique(seen["val"])) == 3
    assert len(np.unique(seen["train"])) == 27
    assert not set(seen["val"].ravel()) & set(seen["train"].ravel())


def test_beta_rises_over_the_warm_up_and_is_its_own_at_every_look():
    warm_up = WarmUp(10)
    model = types.SimpleNamespace(beta=None, optimizer=types.SimpleNamespace(iterations=tf.Variable(0)))
    warm_up._model = model
    betas = []
    for step in (0, 5, 10, 90):
        model.optimizer.iterations.assign(step)
        warm_up.on_train_batch_begin(0)
        betas.append(model.beta)
    assert betas == [0.0, 0.5, 1.0, 1.0]
    model.optimizer.iterations.assign(4)
    warm_up.on_test_begin()
    assert model.beta == 0.4


def test_what_the_warm_up_comes_by_is_not_taken_for_the_best(rng):
    class Scripted:
        """Its weights are the number of the look; with beta near 0 its loss is lower than ever after."""

        optimizer = types.SimpleNamespace(iterations=tf.Variable(0))
        look, restored = None, None

        def get_weights(self):
            return self.look

        def set_weights(self, weights):
            self.restored = weights

        def fit(self, train, callbacks, epochs, **kwargs):
            stop = next(c for c in callbacks if isinstance(c, keras.callbacks.EarlyStopping))
            stop._set_monitor_op = lambda: setattr(stop, "monitor_op", np.less)
            stop.set_model(self)
            stop.on_train_begin()
            for self.look, loss in enumerate([0.0, 1.0, 2.0, 9.0, 7.0, 8.0][:epochs]):
                stop.on_epoch_end(self.look, {"val_loss": loss})
            stop.on_train_end()

    model = Scripted()
    fit_with_early_stopping(model, rng.normal(size=(1, 100, 6)), seed=0, max_steps=600, warm_up=300)
    assert model.restored == 4
    fit_with_early_stopping(model, rng.normal(size=(1, 100, 6)), seed=0, max_steps=600)
    assert model.restored == 0


def test_mean_and_spread_of_the_codes_are_given_to_the_sampler(rng):
    codes = 3.0 + 2.0 * rng.normal(size=(2, 500, 2))
    codes[..., 1] = 7.0
    sampler = FlowPrior(1, (4,))
    sampler.build((None, 2))
    standardise(sampler, codes)
    np.testing.assert_allclose(sampler.location, [codes[..., 0].mean(), 7.0], rtol=1e-6)
    np.testing.assert_allclose(sampler.scale, [codes[..., 0].std(), 1.0], rtol=1e-6)


def test_the_whole_gradient_is_bounded():
    assert clipped_adam(0.5).global_clipnorm == 5.0
    with pytest.raises(ValueError, match="`learning_rate` must be a finite number > 0"):
        clipped_adam(0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 19}, r"`x` must hold at least 20 examples for this sampler. Received: 19"),
        ({"max_steps": 0}, "`max_steps` must be a whole number >= 1"),
        ({"patience": 0}, "`patience` must be a whole number >= 1"),
        ({"held_out": 0.6}, "`held_out` must be a finite number > 0.0 and <= 0.5"),
        ({"batch_size": 0}, "`batch_size` must be a whole number >= 1"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message, rng):
    n = arguments.pop("n", 30)
    with pytest.raises(ValueError, match=message):
        fit_with_early_stopping(None, rng.normal(size=(2, n, 2)), 0, **arguments)


@pytest.mark.slow
@pytest.mark.parametrize("max_steps", slow_after(2, [1, 150, 99, 100, 250, 301]))
def test_no_more_steps_are_made_than_were_asked_for(max_steps, rng):
    codes = rng.normal(size=(1, 400, 2)).astype("float32")
    prior = FlowPrior(1, hidden_units=(4,), seed=0)
    prior.build((None, 2))
    model = NegativeLogLikelihood(prior)
    model.compile(keras.optimizers.Adam(1e-4), loss=lambda _, loss: loss)
    fit_with_early_stopping(model, codes, seed=0, max_steps=max_steps, with_target=True)
    assert int(model.optimizer.iterations.numpy()) == max_steps
