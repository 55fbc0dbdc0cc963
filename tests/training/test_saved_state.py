import errno
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import linear_decoder, linear_encoder, slow_after, small_vae

from keras_vae.callbacks.annealing import BetaAnnealing
from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.make_vae import make_vae
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.vamp_prior import VampPrior
from keras_vae.schedules import linear

X = np.random.default_rng(0).normal(size=(12, 6)).astype("float32")


def encoder_with_dropout():
    x = keras.Input((6,))
    h = keras.layers.Dropout(0.5, seed=3)(keras.layers.Dense(8, activation="relu")(x))
    return keras.Model(x, [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)], name="encoder")


def plain_autoencoder():
    x = keras.Input((6,))
    h = keras.layers.Dropout(0.5)(keras.layers.Dense(8)(x))
    return Autoencoder(keras.Model(x, keras.layers.Dense(2)(h)), linear_decoder())


MODELS = {
    "normal": lambda: small_vae(),
    "mixture": lambda: small_vae(prior=MixtureOfGaussians(3, seed=0)),
    "vamp": lambda: small_vae(prior=VampPrior(3, value_range=None, seed=0)),
    "dropout": lambda: small_vae(encoder=encoder_with_dropout()),
    "learned-variance": lambda: small_vae("gaussian_shared"),
    "autoencoder": plain_autoencoder,
}
# What is random in them, and what is learned beside the networks, the others have as well.
SAME = ("normal", "vamp", "learned-variance", "autoencoder")
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def batches():
    """Data in a fixed order: Keras shuffles arrays by a state of its own, which no file holds."""
    return tf.data.Dataset.from_tensor_slices(X).batch(5)


def fitted(make, epochs=1):
    keras.utils.set_random_seed(0)  # For layers of Keras that were given no seed.
    model = make()
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=True)
    model.fit(batches(), epochs=epochs, verbose=0)
    return model


def reloaded(model, path):
    model.save(path)
    return keras.models.load_model(path)


def state(model):
    """Everything a training goes on from, by value."""
    variables = [*model.variables, *model.optimizer.variables]
    return [v.numpy() for v in variables if not v.path.startswith("terms/")]  # Running means start anew.


def assert_same_state(a, b):
    first, second = state(a), state(b)
    assert len(first) == len(second)
    for v, w in zip(first, second, strict=True):
        np.testing.assert_array_equal(v, w)


# What a file holds.


@pytest.mark.slow
@every_model
def test_weights_slots_and_random_states_come_back_exactly(make, tmp_path):
    model = fitted(make)
    again = reloaded(model, tmp_path / "m.keras")
    assert type(again) is type(model)
    assert int(again.optimizer.iterations) == 3
    assert_same_state(model, again)
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.slow
@pytest.mark.parametrize("make", slow_after(2, [pytest.param(MODELS[n], id=n) for n in ("dropout", "mixture", *SAME)]))
def test_a_resumed_training_ends_with_the_same_bits(make, tmp_path):
    in_one_go = fitted(make, epochs=2)
    resumed = reloaded(fitted(make, epochs=1), tmp_path / "m.keras")
    resumed.fit(batches(), epochs=2, initial_epoch=1, verbose=0)
    assert_same_state(in_one_go, resumed)


@pytest.mark.slow
def test_a_resumed_training_ends_with_the_same_bits_when_compiled(tmp_path):
    def make():
        return make_vae((6,), 2, hidden_units=(8,), likelihood="gaussian", seed=0)

    models = []
    for epochs in (2, 1):
        model = make()
        model.compile("adam")
        model.fit(batches(), epochs=epochs, verbose=0)
        models.append(model)
    resumed = reloaded(models[1], tmp_path / "m.keras")
    resumed.fit(batches(), epochs=2, initial_epoch=1, verbose=0)
    assert_same_state(models[0], resumed)


@pytest.mark.slow
def test_random_draws_go_on_where_they_stopped(tmp_path):
    model = fitted(MODELS["normal"])
    model.sample(2)
    again = reloaded(model, tmp_path / "m.keras")
    np.testing.assert_array_equal(again.sample(3), model.sample(3))
    np.testing.assert_array_equal(again.evaluate(X, verbose=0), model.evaluate(X, verbose=0))
    np.testing.assert_array_equal(again.elbo(X), model.elbo(X))


def test_an_annealed_beta_comes_back_as_it_was(tmp_path):
    model = small_vae(beta=0.25)
    model.compile("sgd", run_eagerly=True)
    model.fit(batches(), callbacks=[BetaAnnealing(linear(n_steps=4))], verbose=0)
    assert model.beta == 0.5  # At the third and last step.
    again = reloaded(model, tmp_path / "m.keras")
    assert again.beta == 0.5
    assert again.objective.get_config()["beta"] == 0.25


def test_the_arguments_of_compile_come_back(tmp_path):
    model = small_vae()
    model.compile(keras.optimizers.SGD(0.5, momentum=0.9), steps_per_execution=3, jit_compile=False)
    model.fit(batches(), verbose=0)
    again = reloaded(model, tmp_path / "m.keras")
    assert isinstance(again.optimizer, keras.optimizers.SGD)
    assert again.optimizer.get_config()["momentum"] == 0.9
    assert again.steps_per_execution == 3
    assert again.jit_compile is False


def test_a_model_that_was_never_compiled_can_be_saved(tmp_path):
    model = small_vae()
    again = reloaded(model, tmp_path / "m.keras")
    assert not again.compiled
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_a_frozen_part_comes_back_frozen(tmp_path):
    model = small_vae()
    model.encoder.trainable = False
    model.compile("adam", run_eagerly=True)
    model.fit(batches(), verbose=0)
    again = reloaded(model, tmp_path / "m.keras")
    assert not again.encoder.trainable
    assert again.decoder.trainable
    assert_same_state(model, again)


def test_a_frozen_model_comes_back_frozen(tmp_path):
    model = small_vae()
    model.trainable = False
    assert reloaded(model, tmp_path / "m.keras").trainable_weights == []


def test_targets_of_another_shape_come_back(tmp_path):
    model = small_vae(decoder=linear_decoder((8,)), target_shape=(8,))
    assert reloaded(model, tmp_path / "m.keras").target_shape == (8,)


def test_mixed_precision_comes_back(tmp_path, mixed_float16):
    model = fitted(MODELS["normal"])
    again = reloaded(model, tmp_path / "m.keras")
    assert isinstance(again.optimizer, keras.optimizers.LossScaleOptimizer)
    assert_same_state(model, again)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vamp", "mixture"])
def test_a_learned_prior_is_shared_with_the_loaded_model_and_not_copied(name, tmp_path):
    again = reloaded(fitted(MODELS[name]), tmp_path / "m.keras")
    assert len(again.weights) == len(MODELS[name]().weights)
    before = again.sample(3, seed=0)
    again.encoder.set_weights([w + 1.0 for w in again.encoder.get_weights()])
    assert np.array_equal(again.sample(3, seed=0), before) is (name == "mixture")


def test_weights_alone_can_be_saved_and_loaded(tmp_path):
    model, other = fitted(MODELS["dropout"]), MODELS["dropout"]()
    model.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    np.testing.assert_array_equal(other.sample(3), model.sample(3))


def test_a_checkpoint_callback_writes_a_file_to_resume_from(tmp_path):
    model = small_vae()
    model.compile("adam", run_eagerly=True)
    model.fit(batches(), callbacks=[keras.callbacks.ModelCheckpoint(tmp_path / "m.keras")], verbose=0)
    assert_same_state(model, keras.models.load_model(tmp_path / "m.keras"))


def test_a_copy_from_the_config_is_the_same_kind_of_model_with_weights_of_its_own():
    model = small_vae(prior=VampPrior(3), beta=2.0)
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert again.built
    assert not {id(w) for w in again.weights} & {id(w) for w in model.weights}


# Files are whole or not there.


@pytest.fixture
def disk_full(monkeypatch):
    """Every `.keras` file breaks off after its first bytes."""

    def save(self, filepath, **kwargs):
        pathlib.Path(filepath).write_bytes(b"PK half of a file")
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(keras.Model, "save", save)


def test_a_save_that_breaks_off_leaves_the_old_file(tmp_path, request):
    path = tmp_path / "m.keras"
    model = fitted(MODELS["normal"])
    model.save(path)
    old = path.read_bytes()
    request.getfixturevalue("disk_full")
    with pytest.raises(OSError, match="no space left"):
        model.save(path)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


def test_a_first_save_that_breaks_off_leaves_nothing(tmp_path, disk_full):
    with pytest.raises(OSError, match="no space left"):
        small_vae().save(tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []


def test_a_save_overwrites_unless_told_not_to(tmp_path):
    path = tmp_path / "new" / "m.keras"
    small_vae().save(path)
    model = fitted(MODELS["normal"])
    with pytest.raises(FileExistsError, match="`filepath` exists and `overwrite` is False"):
        model.save(path, overwrite=False)
    model.save(path)
    assert_same_state(model, keras.models.load_model(path))
    model.save(tmp_path / "other.keras", overwrite=False)
    assert [p.name for p in path.parent.iterdir()] == ["m.keras"]


@pytest.mark.parametrize("name", ["m", "m.h5", "m.keras.zip"])
def test_a_name_of_another_format_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=r"`filepath` must end in `\.keras`\. Received: filepath="):
        small_vae().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_has_not_seen_its_data_cannot_be_saved(tmp_path):
    model = small_vae(encoder=keras.Sequential([keras.layers.Dense(2)]), decoder=keras.layers.Dense(6))
    with pytest.raises(ValueError, match="VAE must be built before it is saved: call `fit`"):
        model.save(tmp_path / "m.keras")


def test_a_prior_that_is_no_layer_cannot_be_saved(tmp_path):
    class Own:
        def kl(self, z_mean, z_log_var):
            return tf.reduce_sum(z_mean, axis=-1)

    with pytest.raises(ValueError, match="`prior` must be a Keras layer to be saved"):
        small_vae(encoder=linear_encoder(), prior=Own()).save(tmp_path / "m.keras")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["model", "model.h5", "model.keras"])
def test_a_wrong_name_for_weights_is_named_as_it_was_given(name, tmp_path):
    with pytest.raises(ValueError, match=rf"`filepath` must end in `\.weights\.h5`. Received: filepath='.*/{name}'"):
        small_vae().save_weights(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_weights_may_come_from_a_model_with_another_number_of_random_layers(tmp_path, rng):
    def with_dropout(rate):
        x = keras.Input((6,))
        h = x if rate is None else keras.layers.Dropout(rate)(x)
        heads = [keras.layers.Dense(2, name=name)(h) for name in ("z_mean", "z_log_var")]
        return small_vae(encoder=keras.Model(x, heads))

    x = rng.normal(size=(8, 6)).astype("float32")
    for one, other in ((None, 0.5), (0.5, None)):
        source, target = with_dropout(one), with_dropout(other)
        source.save_weights(tmp_path / "m.weights.h5")
        target.load_weights(tmp_path / "m.weights.h5")
        np.testing.assert_allclose(target.encode(x)[0], source.encode(x)[0], rtol=1e-6)
        target.set_weights(source.get_weights()) if len(source.weights) == len(target.weights) else None
