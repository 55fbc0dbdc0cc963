import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.layers.vector_quantizer import VectorQuantizer, perplexity


def quantizer(entries, **arguments):
    entries = np.float32(entries)
    layer = VectorQuantizer(len(entries), **{"seed": 0, **arguments})
    layer.build((None, entries.shape[1]))
    layer.codebook.assign(entries)
    return layer


def test_the_nearest_entry_is_the_one_of_the_smallest_distance(rng):
    entries, vectors = rng.normal(size=(7, 3)), rng.normal(size=(2, 5, 3)).astype("float32")
    found, codes = quantizer(entries)(vectors)
    wanted = np.argmin(np.linalg.norm(vectors[..., None, :] - entries, axis=-1), axis=-1)
    np.testing.assert_array_equal(codes, wanted)
    np.testing.assert_allclose(found, entries[wanted], rtol=1e-6)


def test_the_gradient_passes_straight_through(rng):
    layer, vectors = quantizer(rng.normal(size=(4, 3))), tf.constant(rng.normal(size=(6, 3)), tf.float32)
    weights = tf.constant(rng.normal(size=(6, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        value = tf.reduce_sum(weights * layer(vectors, training=True)[0])
    np.testing.assert_array_equal(tape.gradient(value, vectors), weights)


def test_the_codebook_follows_as_worked_by_hand():
    layer = quantizer([[0.0], [10.0]], decay=0.75, restart_below=0.0)
    layer.counts.assign([2.0, 4.0])
    layer.sums.assign([[0.0], [40.0]])
    layer(np.float32([[1.0], [2.0], [12.0]]), training=True)
    # N = 3/4 N + 1/4 n, m = 3/4 m + 1/4 sum: appendix A.1.
    np.testing.assert_allclose(layer.counts, [0.75 * 2 + 0.25 * 2, 0.75 * 4 + 0.25 * 1])
    np.testing.assert_allclose(layer.sums, [[0.25 * 3.0], [0.75 * 40 + 0.25 * 12]])
    np.testing.assert_allclose(layer.codebook, [[0.75 / 2.0], [33.0 / 3.25]], rtol=1e-6)


def test_what_is_returned_is_from_before_the_codebook_moves():
    layer = quantizer([[0.0], [10.0]])
    found, _ = layer(np.float32([[1.0], [9.0]]), training=True)
    np.testing.assert_array_equal(found, [[0.0], [10.0]])
    assert not np.array_equal(layer.codebook, [[0.0], [10.0]])


def test_without_training_nothing_moves():
    layer = quantizer([[0.0], [10.0]])
    before = [weight.numpy() for weight in layer.weights]
    layer(np.float32([[1.0], [9.0]]))
    for weight, value in zip(layer.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_the_first_step_puts_all_entries_among_the_vectors(rng):
    layer = VectorQuantizer(16, seed=0)
    layer.build((None, 2))
    vectors = (100.0 + rng.normal(size=(200, 2))).astype("float32")
    layer(vectors, training=True)
    # One entry was nearest to all: it is at their mean.
    assert np.all(np.linalg.norm(layer.codebook - np.float32([100.0, 100.0]), axis=1) < 5.0)
    assert len(np.unique(layer.codebook, axis=0)) > 10


def test_an_entry_that_is_not_used_starts_again_at_a_vector():
    layer = quantizer([[0.0], [1e3]], restart_below=0.5)
    layer.counts.assign([1.0, 0.1])
    layer.sums.assign([[0.0], [1e2]])
    vectors = np.float32([[0.1], [-0.2], [0.3]])
    layer(vectors, training=True)
    assert layer.codebook.numpy()[1, 0] in vectors
    np.testing.assert_allclose(layer.counts[1], (0.99 * 1.1 + 0.01 * 3) / 2, rtol=1e-5)


def test_an_entry_above_the_limit_stays():
    layer = quantizer([[0.0], [1e3]], restart_below=0.05)
    layer.counts.assign([1.0, 0.1])
    layer.sums.assign([[0.0], [1e2]])
    layer(np.float32([[0.1]]), training=True)
    np.testing.assert_allclose(layer.codebook[1], [1e3], rtol=1e-5)


def test_numbers_beyond_the_codebook_count_as_its_ends():
    layer = quantizer([[0.0], [1.0], [2.0]])
    np.testing.assert_array_equal(layer.entries(tf.constant([-4, 1, 9])), [[0.0], [1.0], [2.0]])


def test_vectors_that_are_not_finite_leave_the_averages_alone():
    layer = quantizer([[0.0], [1.0]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="keras_vae: the loss or its gradient"):
        layer(np.float32([[np.nan], [1.0]]), training=True)
    np.testing.assert_array_equal(layer.codebook, [[0.0], [1.0]])


def test_in_half_precision_the_codebook_stays_in_single(mixed_float16, rng):
    layer = quantizer(rng.normal(size=(4, 3)))
    found, _ = layer(tf.constant(rng.normal(size=(5, 3)), tf.float16), training=True)
    assert found.dtype == tf.float32
    assert layer.codebook.dtype == "float32"


def test_a_graph_of_layers_knows_the_shapes():
    vectors = keras.Input((4, 4, 3))
    found, codes = VectorQuantizer(5)(vectors)
    assert found.shape == (None, 4, 4, 3)
    assert codes.shape == (None, 4, 4)
    assert codes.dtype == "int32"


def test_config_round_trip():
    layer = VectorQuantizer(5, decay=0.9, restart_below=0.1, seed=3)
    again = VectorQuantizer.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        pytest.param([1, 1, 1, 1], 1.0, id="one-code"),
        pytest.param([0, 1, 2, 3], 4.0, id="all-alike"),
        pytest.param([0, 0, 0, 1], np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25)), id="by-hand"),
    ],
)
def test_perplexity_is_the_exponential_of_the_entropy(codes, wanted):
    np.testing.assert_allclose(perplexity(tf.constant(codes), 4), wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"n_codes": 1}, "`n_codes` must be a whole number >= 2", id="n-codes"),
        pytest.param({"decay": 1.5}, "`decay` must be a finite number >= 0.0 and <= 1.0", id="decay"),
        pytest.param({"decay": 1.0}, "`decay` must be below 1, where the codebook never moves", id="decay-one"),
        pytest.param({"restart_below": -1.0}, "`restart_below` must be a finite number >= 0.0", id="restart"),
    ],
)
def test_an_argument_out_of_bounds_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        VectorQuantizer(**{"n_codes": 4, **arguments})
