import re

import keras
import pytest
import tensorflow as tf
from helpers import linear_encoder

from keras_vae.models.vae import VAE
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.graph_scan import replayed_noise

SEEDS = keras.random.SeedGenerator(3)
GENERATOR = tf.random.Generator.from_seed(3)

FAULTS = [
    pytest.param(
        lambda shape: keras.random.normal(shape, seed=SEEDS),
        "variable .*seed_generator_state holds the state of a random generator",
        id="keras-seed-generator",
    ),
    pytest.param(
        lambda shape: keras.random.normal(shape),
        "variable .*seed_generator_state holds the state of a random generator",
        id="keras-without-a-seed",
    ),
    pytest.param(
        lambda shape: GENERATOR.normal(shape),
        "variable .*StateVar holds the state of a random generator",
        id="tf-generator",
    ),
    pytest.param(
        lambda shape: keras.random.normal(shape, seed=3),
        r"StatelessRandomNormalV2\) draws the same numbers at every call",
        id="keras-int-seed",
    ),
    pytest.param(
        lambda shape: tf.random.stateless_uniform(shape, seed=[1, 2]),
        r"StatelessRandomUniformV2\) draws the same numbers at every call",
        id="tf-stateless-constant-seed",
    ),
    pytest.param(
        lambda shape: tf.random.normal(shape, seed=4),
        r"op .* \(RandomStandardNormal\) has the fixed seed 4",
        id="tf-op-seed",
    ),
    pytest.param(
        lambda shape: tf.random.normal(shape),
        r"op .* \(RandomStandardNormal\) has the fixed seed",
        id="tf-global-seed",
    ),
]


class Noisy(keras.layers.Layer):
    """Adds noise in inference, which no layer of a served decoder should."""

    def __init__(self, noise):
        super().__init__()
        self.noise = noise

    def call(self, z):
        return z + self.noise(tf.shape(z)) if isinstance(z, tf.Tensor) else z


def noisy_vae(noise):
    z = keras.Input((2,))
    decoder = keras.Model(z, keras.layers.Dense(6)(Noisy(noise)(z)))
    return VAE(linear_encoder(), decoder, likelihood="gaussian_fixed", seed=0)


@pytest.mark.parametrize(("noise", "finding"), FAULTS)
def test_noise_that_repeats_itself_is_found(noise, finding, tmp_path):
    keras.utils.set_random_seed(0)
    archive = keras.export.ExportArchive()
    archive.add_endpoint("f", lambda x: {"y": x + noise(tf.shape(x))}, [tf.TensorSpec((None, 2), name="x")])
    archive.write_out(str(tmp_path / "m"), verbose=False)
    assert any(re.search(finding, line) for line in replayed_noise(tmp_path / "m"))


@pytest.mark.slow
@pytest.mark.parametrize(("noise", "finding"), [FAULTS[0], FAULTS[3], FAULTS[6]])
def test_noise_that_repeats_itself_is_not_exported(noise, finding, tmp_path):
    keras.utils.set_random_seed(0)
    with pytest.raises(ValueError, match=f"`model` must not carry noise that every restart repeats.*{finding}"):
        export_saved_model(noisy_vae(noise), tmp_path / "models" / "noisy")
    assert list(tmp_path.iterdir()) == []


def test_a_seed_generator_made_inside_a_call_is_not_exported(tmp_path):
    def noise(shape):
        return keras.random.normal(shape, seed=keras.random.SeedGenerator(3))

    with pytest.raises(ValueError, match=r"`model` must be traceable as a graph .* the layer '\w+' \(Noisy\) fails"):
        export_saved_model(noisy_vae(noise), tmp_path / "models" / "noisy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_noise_that_nothing_repeats_may_be_exported(tmp_path):
    def noise(shape):
        return tf.raw_ops.RandomStandardNormal(shape=shape, dtype=tf.float32, seed=0, seed2=0)

    assert replayed_noise(export_saved_model(noisy_vae(noise), tmp_path / "noisy")) == []


def test_dropout_and_gaussian_noise_layers_are_silent_in_inference(tmp_path):
    z = keras.Input((2,))
    h = keras.layers.GaussianNoise(0.5, seed=1)(keras.layers.Dropout(0.5, seed=2)(z))
    vae = VAE(linear_encoder(), keras.Model(z, keras.layers.Dense(6)(h)), likelihood="gaussian_fixed")
    assert replayed_noise(export_saved_model(vae, tmp_path / "dropout")) == []


def saved(tmp_path, function, *specs):
    module = tf.Module()
    module.f = tf.function(function, input_signature=specs)
    tf.saved_model.save(module, str(tmp_path / "m"), signatures=module.f)
    return tmp_path / "m"


def test_a_seed_that_is_an_input_is_no_finding_however_it_gets_to_the_op(tmp_path):
    def f(seeds):
        one = tf.random.stateless_normal([2], seed=seeds[0] + 1)
        rows = tf.map_fn(lambda s: tf.random.stateless_normal([2], seed=s), seeds, fn_output_signature=tf.float32)
        fresh = tf.raw_ops.RandomUniformInt(shape=[2], minval=0, maxval=100, seed=0, seed2=0)
        return {"x": one + rows + tf.random.stateless_uniform([2], seed=fresh)}

    assert replayed_noise(saved(tmp_path, f, tf.TensorSpec((None, 2), tf.int32))) == []


def test_a_constant_seed_is_found_behind_arithmetic_and_once_for_one_op(tmp_path):
    def f(x):
        seed = tf.stack([tf.constant(3) * 2, 1])
        return {"x": x + tf.random.stateless_normal(tf.shape(x), seed=seed)}

    (finding,) = replayed_noise(saved(tmp_path, f, tf.TensorSpec((None, 2), tf.float32)))
    assert "draws the same numbers at every call: its seed is a constant" in finding


def test_a_folder_without_a_saved_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"saved_model\.pb"):
        replayed_noise(tmp_path)


def test_the_scan_of_a_good_export_finds_nothing(digits_like):
    assert replayed_noise(digits_like[1]) == []
