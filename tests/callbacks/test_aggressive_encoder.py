import keras
import numpy as np
import pytest
from helpers import linear_decoder, linear_encoder

from keras_vae.callbacks.aggressive_encoder import AggressiveEncoder
from keras_vae.evaluation.kl_split import kl_split
from keras_vae.models.make_vae import make_ladder_vae
from keras_vae.models.vae import VAE


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
    aggressive._encoder_step = lambda given: n_calls.append(step(given)) or next(losses)
    before = vae.encoder.get_weights()
    aggressive.on_train_batch_begin(0)
    assert len(n_calls) == max_inner_steps
    assert any(np.any(a != b) for a, b in zip(before, vae.encoder.get_weights(), strict=True))


@pytest.mark.slow
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
    with pytest.raises(ValueError, match="`y` must be given: the model maps"):
        model.fit(x, x[:, :3], callbacks=[AggressiveEncoder(x)], verbose=0)
    with pytest.raises(ValueError, match="`y` must have the shape"):
        model.fit(x, x[:, :3], callbacks=[AggressiveEncoder(x, y=x)], verbose=0)


@pytest.mark.parametrize("name", ["max_inner_steps", "window", "batch_size"])
def test_an_aggressive_encoder_refuses_arguments_out_of_bounds(x, name):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number >= 1"):
        AggressiveEncoder(x, **{name: 0})


@pytest.mark.parametrize("as_dict", [False, True])
def test_an_aggressive_encoder_of_a_conditional_model(conditional_vae, as_dict):
    model, x, condition = conditional_vae
    rows = {"x": x, "condition": condition} if as_dict else (x, condition)
    aggressive = AggressiveEncoder(rows, max_inner_steps=4, window=2)
    history = model.fit((x, condition), epochs=1, callbacks=[aggressive], verbose=0).history
    information = kl_split(*model.encode(x, condition=condition), prior=model.prior).mutual_information
    assert history["mutual_information"] == [pytest.approx(information)]


def test_an_aggressive_encoder_wants_the_condition_of_the_model(conditional_vae, vae):
    model, x, condition = conditional_vae
    with pytest.raises(ValueError, match="`condition` must be given"):
        model.fit((x, condition), callbacks=[AggressiveEncoder(x)], verbose=0)
    vae.compile("sgd", steps_per_execution=1)
    with pytest.raises(ValueError, match="`condition` must be None"):
        vae.fit(x, callbacks=[AggressiveEncoder((x, condition))], verbose=0)
