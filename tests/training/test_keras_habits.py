"""What Keras users do with a model beside `fit`: single batches, weights, frozen parts, copies, a look at it."""

import keras
import numpy as np
import pytest
from helpers import POINT, linear_decoder, linear_encoder, small_vae
from plain_keras import BATCH, CONSTANT, STEPS, assert_same_training, both, plain_autoencoder, point_vae, rows

from keras_vae.models.vae import VAE

FIT = {"batch_size": BATCH, "shuffle": False, "verbose": 0}
EAGER = {"run_eagerly": lambda: True}


def batches():
    return np.split(rows(), STEPS)


# One batch at a time.


@pytest.mark.parametrize("run_eagerly", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_training_on_batches_is_fit(run_eagerly):
    vae, plain = point_vae(run_eagerly=run_eagerly), plain_autoencoder()
    fitted = point_vae(run_eagerly=True)
    fitted.fit(rows(), **FIT)
    for batch in batches():
        ours, theirs = vae.train_on_batch(batch), plain.train_on_batch(batch, batch)
        assert ours[0] == pytest.approx(theirs + CONSTANT, rel=1e-5)
    assert_same_training(vae, plain)
    assert_same_training(vae, fitted)


def test_testing_on_a_batch_is_evaluate_and_repeats_itself():
    vae = small_vae()  # With noise.
    vae.compile("sgd")
    x = rows()
    expected = vae.evaluate(x, verbose=0)
    for _ in range(2):
        assert vae.test_on_batch(x) == pytest.approx(expected, rel=1e-6)
        vae.train_on_batch(x, return_dict=True)
        expected = vae.evaluate(x, verbose=0)
    means = np.mean([vae.test_on_batch(batch) for batch in batches()], axis=0)
    np.testing.assert_allclose(means, expected, rtol=1e-5)


def test_predicting_on_a_batch_is_predict_and_the_call():
    vae, plain = both()
    x = rows()
    expected = vae.predict(x, verbose=0)
    np.testing.assert_allclose(vae.predict_on_batch(x), expected, rtol=1e-6)
    np.testing.assert_allclose(vae(x), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(plain.predict_on_batch(x), expected, rtol=1e-4, atol=1e-5)
    assert isinstance(vae.predict_on_batch(x), np.ndarray)


def test_numbers_come_in_the_order_of_the_names():
    vae = small_vae(beta=2.0)
    vae.compile("sgd")
    x = rows()
    assert vae.metrics_names == ["loss", "reconstruction_loss", "kl_loss", "elbo"]
    assert vae.metrics_names[0] == plain_autoencoder().metrics_names[0]
    by_name = vae.evaluate(x, verbose=0, return_dict=True)
    assert set(by_name) == set(vae.metrics_names)
    for numbers in (vae.evaluate(x, verbose=0), vae.test_on_batch(x)):
        assert dict(zip(vae.metrics_names, numbers, strict=True)) == pytest.approx(by_name, rel=1e-6)
    named = vae.train_on_batch(x, return_dict=True)
    assert set(named) == set(vae.metrics_names)
    loss, reconstruction_loss, kl, elbo = vae.train_on_batch(x)
    assert loss == pytest.approx(reconstruction_loss + 2.0 * kl, rel=1e-5)
    assert elbo == pytest.approx(-reconstruction_loss - kl, rel=1e-5)


def test_batches_of_weights_and_targets_train_as_fit_does():
    x, y, weight = rows(), rows() + 1.0, np.linspace(0.0, 2.0, len(rows()))
    one, other = point_vae(), point_vae(run_eagerly=True)
    one.train_on_batch(x, y, weight)
    other.fit(x, y, sample_weight=weight, **{**FIT, "batch_size": 100})
    assert_same_training(one, other)


def test_a_stream_is_no_batch():
    for verb in ("train_on_batch", "test_on_batch"):
        with pytest.raises(ValueError, match=r"`x` must be one batch, an array\. Received: generator"):
            getattr(point_vae(), verb)(batch for batch in batches())


@pytest.mark.parametrize("verb", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_model_that_is_not_compiled_says_so_as_in_keras(verb):
    plain = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6)])
    x = rows()
    for model, data in ((small_vae(), (x,)), (plain, (x, x))):
        with pytest.raises(ValueError, match=r"must call `compile"):
            getattr(model, verb)(*data)


# Frozen, wholly or in part.


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_a_frozen_model_can_be_looked_at_and_stands_still():
    vae, plain = both(**EAGER)
    x = rows()
    histories = []
    for model, data in ((vae, (x,)), (plain, (x, x))):
        model.trainable = False
        model.compile(*(["sgd"] if model is vae else ["sgd", model.loss]))
        before = model.get_weights()
        histories.append(model.fit(*data, validation_data=(x, x), **FIT).history)
        model.train_on_batch(*data)
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(histories[0]["val_loss"], np.array(histories[1]["val_loss"]) + CONSTANT, rtol=1e-5)


@pytest.mark.parametrize(("after_training", "recompiles"), [(True, True), (False, False)])
def test_a_frozen_part_stands_still_as_in_keras(after_training, recompiles):
    vae, plain = both(**EAGER)
    x = rows()
    parts = vae.encoder, plain.layers[1]
    for model, part, data in zip((vae, plain), parts, ((x,), (x, x)), strict=True):
        if after_training:
            model.fit(*data, **FIT)
        part.trainable = False
        if recompiles:
            model.compile(*(["sgd"] if model is vae else ["sgd", model.loss]))
        model.fit(*data, **FIT)
    for ours, theirs in zip(
        (vae.encoder.get_layer("z_mean"), vae.decoder.get_layer("x_params")), plain.layers[1:], strict=True
    ):
        np.testing.assert_allclose(ours.kernel.numpy(), theirs.kernel.numpy(), rtol=2e-4, atol=2e-6)


def test_a_part_that_is_frozen_between_two_trainings_stands_still_at_once():
    # Keras goes on with it until the next `compile`.
    vae = point_vae()
    vae.fit(rows(), **FIT)
    vae.encoder.trainable = False
    encoder, decoder = vae.encoder.get_weights(), vae.decoder.get_weights()
    vae.fit(rows(), **FIT)
    for before, after in zip(encoder, vae.encoder.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert not np.array_equal(decoder[0], vae.decoder.get_weights()[0])


# Weights, copies and a look.


def with_dropout(rate=0.3):
    x = keras.Input((6,))
    h = keras.layers.Dropout(rate, seed=3)(x)
    heads = [keras.layers.Dense(2, name=name)(h) for name in ("z_mean", "z_log_var")]
    return VAE(keras.Model(x, heads, name="encoder"), linear_decoder(), likelihood="gaussian_fixed", seed=0)


def test_weights_are_taken_out_and_put_back_as_in_keras():
    vae, other = point_vae(run_eagerly=True), small_vae(z_log_var=POINT, seed=5)
    vae.fit(rows(), **FIT)
    other.set_weights(vae.get_weights())
    np.testing.assert_array_equal(other(rows()), vae(rows()))
    for model in (vae, plain_autoencoder()):
        with pytest.raises(ValueError, match=r"expected|weights"):
            model.set_weights(model.get_weights()[1:])


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("to_dropout", [False, True])
def test_weights_go_between_models_that_differ_by_a_dropout(tmp_path, to_dropout, compiled):
    def model(has_dropout):
        made = with_dropout() if has_dropout else small_vae(encoder=linear_encoder(seed=9))
        if compiled:
            made.compile("adam", run_eagerly=True)
            made.fit(rows(), **FIT)
        return made

    source, target = model(not to_dropout), model(to_dropout)
    source.save_weights(tmp_path / "a.weights.h5")
    target.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(target(rows()), source(rows()))


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_weights_of_another_size_are_refused_as_in_keras(tmp_path):
    small_vae().save_weights(tmp_path / "a.weights.h5")
    other = small_vae(encoder=linear_encoder(latent_dim=3), decoder=linear_decoder(latent_dim=3))
    with pytest.raises(ValueError, match="could not be loaded"):
        other.load_weights(tmp_path / "a.weights.h5")


def test_a_clone_has_the_same_parts_and_weights_of_its_own():
    vae = point_vae(optimizer="adam")
    clone = keras.models.clone_model(vae)
    assert type(clone) is VAE
    assert clone.description().split(": ")[1] == vae.description().split(": ")[1]
    assert clone.encoder is not vae.encoder
    clone.set_weights(vae.get_weights())
    np.testing.assert_array_equal(clone(rows()), vae(rows()))
    clone.compile("sgd", run_eagerly=True)
    clone.fit(rows(), **FIT)
    assert not np.array_equal(clone.get_weights()[0], vae.get_weights()[0])


def test_a_clone_by_a_function_is_refused_as_for_every_model_of_a_class():
    class Plain(keras.Model):
        def get_config(self):
            return {}

    for model in (point_vae(), Plain()):
        with pytest.raises(ValueError, match="clone_function"):
            keras.models.clone_model(model, clone_function=lambda layer: layer)


def test_a_look_at_a_model_says_what_it_is_and_counts_its_weights(capsys):
    vae = small_vae("bernoulli", beta=4.0)
    lines = []
    vae.summary(print_fn=lambda line, **kwargs: lines.append(line))
    shown = "\n".join(map(str, lines))
    for text in (shown, repr(vae)):
        for part in ("latent_dim=2", "likelihood=Bernoulli", "prior=StandardNormal", "objective=ELBO(beta=4.0"):
            assert part in text
    assert f"{vae.count_params():,}" in shown
    vae.summary()
    assert "latent_dim=2" in capsys.readouterr().out
    trainable = sum(int(np.prod(w.shape)) for w in vae.trainable_weights)
    assert trainable == 2 * (6 * 2 + 2) + (2 * 6 + 6)
