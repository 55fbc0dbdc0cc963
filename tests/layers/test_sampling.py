import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, value_and_gradients

from keras_vae import layers
from keras_vae.layers.sampling import Sampling, next_seed, reparameterize

SEED = tf.constant([5, 7], tf.int64)


@pytest.mark.parametrize(
    ("z_mean", "z_log_var", "epsilon", "expected"),
    [
        pytest.param([1.0, -2.0], [0.3, 0.4], [0.0, 0.0], [1.0, -2.0], id="no-noise-is-the-mean"),
        pytest.param([1.0], [0.0], [2.0], [3.0], id="unit-variance"),
        pytest.param([1.0], [np.log(4.0)], [1.5], [4.0], id="stddev-two"),
        pytest.param([1.0], [-np.log(4.0)], [-2.0], [0.0], id="stddev-half"),
    ],
)
def test_reparameterize_by_hand(z_mean, z_log_var, epsilon, expected):
    z = reparameterize(*(tf.constant(t, tf.float32) for t in (z_mean, z_log_var, epsilon)))
    np.testing.assert_allclose(z, expected, rtol=1e-6, atol=1e-6)


def test_draws_have_the_mean_and_variance_of_the_gaussian():
    n, mean, log_var = 40_000, np.float32([1.0, -2.0]), np.float32(np.log([0.25, 4.0]))
    z = Sampling(seed=1)([np.tile(mean, (n, 1)), np.tile(log_var, (n, 1))]).numpy()
    standard = (z - mean) / np.exp(0.5 * log_var)
    assert_mean_close(standard, 0.0, resolution=0.05)
    assert_mean_close(standard**2, 1.0, resolution=0.05)
    assert_mean_close(standard[:, 0] * standard[:, 1], 0.0, resolution=0.05)


def test_rows_that_are_equal_get_noise_of_their_own():
    z = Sampling(seed=1)([tf.zeros((64, 3)), tf.zeros((64, 3))]).numpy()
    assert len(np.unique(z)) == z.size


def test_gradients_are_those_of_the_reparameterisation():
    mean, log_var = np.full((4, 2), 0.5, "float32"), np.full((4, 2), -0.7, "float32")
    layer = Sampling(seed=1)
    z, (mean_gradient, log_var_gradient) = value_and_gradients(lambda m, v: layer([m, v], seed=SEED), mean, log_var)
    np.testing.assert_array_equal(mean_gradient, 1.0)
    # dz/dv = 0.5 * stddev * epsilon, and stddev * epsilon is z - mean; float32 roundings of that difference.
    np.testing.assert_allclose(log_var_gradient, 0.5 * (z - mean), rtol=1e-5, atol=1e-7)


def test_every_call_draws_anew_and_the_seed_starts_the_sequence():
    inputs = [tf.zeros((3, 2)), tf.zeros((3, 2))]
    one, other = Sampling(seed=3), Sampling(seed=3)
    first, second = one(inputs).numpy(), one(inputs).numpy()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(other(inputs), first)
    np.testing.assert_array_equal(other(inputs), second)
    assert not np.array_equal(Sampling(seed=4)(inputs), first)


def test_an_explicit_seed_repeats_and_leaves_the_layers_own_sequence_alone():
    inputs = [tf.zeros((3, 2)), tf.zeros((3, 2))]
    layer, untouched = Sampling(seed=3), Sampling(seed=3)
    np.testing.assert_array_equal(layer(inputs, seed=SEED), layer(inputs, seed=SEED))
    np.testing.assert_array_equal(layer(inputs), untouched(inputs))


def test_eager_equals_graph_given_the_seed():
    layer = Sampling(seed=0)
    inputs = [tf.random.stateless_normal((3, 2), [1, 2]), tf.random.stateless_normal((3, 2), [1, 3])]
    graph = tf.function(lambda m, v: layer([m, v], seed=SEED))
    # The noise has the same bits; exp and the product may be fused in a graph.
    np.testing.assert_allclose(graph(*inputs), layer(inputs, seed=SEED), rtol=1e-6)


def test_the_global_seed_has_no_say():
    inputs, results = [tf.zeros((3, 2)), tf.zeros((3, 2))], []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        results.append(Sampling(seed=9)(inputs).numpy())
    np.testing.assert_array_equal(*results)


def test_noise_is_single_precision_under_mixed_precision(mixed_float16):
    layer = Sampling(seed=0)
    z = layer([tf.zeros((1000, 2), tf.float16), tf.zeros((1000, 2), tf.float16)])
    assert z.dtype == tf.float32
    # Half precision noise would come back unchanged from a cast to it.
    assert not np.array_equal(z, z.numpy().astype("float16"))


def test_the_random_state_is_saved_and_restored(tmp_path):
    mean, log_var = keras.Input((2,)), keras.Input((2,))
    model = keras.Model([mean, log_var], Sampling(seed=3)([mean, log_var]))
    inputs = [np.zeros((3, 2), "float32")] * 2
    model(inputs)
    model.save(tmp_path / "m.keras")
    expected = [model(inputs).numpy() for _ in range(2)]
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(inputs), expected[0])
    np.testing.assert_array_equal(again(inputs), expected[1])


def test_config_round_trip():
    layer = Sampling(seed=11, name="z")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is Sampling
    assert again.get_config() == layer.get_config()
    inputs = [tf.zeros((3, 2)), tf.zeros((3, 2))]
    np.testing.assert_array_equal(again(inputs), layer(inputs))


def test_the_output_has_the_shape_of_the_mean():
    layer = Sampling(seed=0)
    assert layer([tf.zeros((3, 2)), tf.zeros((3, 2))]).shape == (3, 2)
    assert layer.compute_output_shape([(None, 2), (None, 2)]) == (None, 2)


def test_a_log_variance_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="`z_mean` and `z_log_var` must have the same shape"):
        Sampling()([tf.zeros((3, 2)), tf.zeros((3, 1))])


def test_seeds_of_a_generator_differ_from_step_to_step():
    generator = keras.random.SeedGenerator(0)
    assert not np.array_equal(next_seed(generator), next_seed(generator))


def test_the_package_shows_its_public_names_alone():
    assert dir(layers) == sorted(layers.__all__)
    assert all(hasattr(layers, name) for name in layers.__all__)
