import gc
import hashlib
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse

from keras_vae.data import Dataset, batches, binarize_once, binarized, load


@pytest.fixture
def grey():
    """50 images with every value from 0 to 255, none like another."""
    return np.random.default_rng(0).integers(0, 256, (50, 4, 4, 1)).astype(np.uint8)


@pytest.fixture
def numbered():
    """50 float rows that tell their own number."""
    return np.arange(50, dtype=np.float32)[:, np.newaxis]


def one_pass(dataset):
    return np.concatenate([batch.numpy() for batch in dataset])


def assert_drawn_with(probabilities, draws, resolution=0.05):
    """Mean of 0/1 draws along axis 0 against known probabilities: 5 standard errors, and exact at 0 and 1."""
    bound = 5 * np.sqrt(probabilities * (1 - probabilities) / len(draws))
    assert np.all(bound < resolution), f"draw more samples: {bound.max()} >= {resolution}"
    assert np.all(np.abs(draws.mean(axis=0) - probabilities) <= bound)


def test_binarized_yields_float_batches_of_zeros_and_ones_and_keeps_the_short_last_one(grey):
    dataset = binarized(grey, batch_size=16)
    assert dataset.element_spec == tf.TensorSpec((None, 4, 4, 1), tf.float32)
    assert dataset.cardinality() == 4
    assert [len(batch) for batch in dataset] == [16, 16, 16, 2]
    assert set(np.unique(one_pass(dataset))) == {0.0, 1.0}


def test_each_pass_over_the_same_object_draws_anew(grey):
    same_order = np.repeat(grey[:1], 50, axis=0)
    dataset = binarized(same_order, batch_size=16)
    passes = [one_pass(dataset) for _ in range(3)]
    assert not np.array_equal(passes[0], passes[1])
    assert not np.array_equal(passes[1], passes[2])


def test_beginning_a_pass_begins_a_new_epoch(grey):
    dataset = binarized(grey)
    assert not np.array_equal(next(iter(dataset)), next(iter(dataset)))


def test_rows_of_one_batch_are_drawn_independently(grey):
    x = np.full((200, 10), 128, dtype=np.uint8)
    drawn = one_pass(binarized(x, batch_size=200))
    assert len(np.unique(drawn, axis=0)) > 150


@pytest.mark.slow
def test_a_new_object_with_the_same_seed_repeats_the_sequence(grey):
    first, second, other = binarized(grey, 16, seed=3), binarized(grey, 16, seed=3), binarized(grey, 16, seed=4)
    for _ in range(2):
        expected = one_pass(first)
        np.testing.assert_array_equal(one_pass(second), expected)
        assert not np.array_equal(one_pass(other), expected)


@pytest.mark.slow
@pytest.mark.parametrize("as_float", [False, True], ids=["uint8", "float32"])
def test_mean_over_epochs_is_the_grey_value(as_float):
    levels = np.arange(256).reshape(16, 16, 1)
    x = np.repeat(levels[np.newaxis], 256, axis=0).astype(np.uint8)
    dataset = binarized(x / np.float32(255) if as_float else x, batch_size=100)
    draws = np.concatenate([one_pass(dataset) for _ in range(12)])
    assert_drawn_with(levels / 255, draws)


def test_draws_of_successive_epochs_are_uncorrelated():
    x = np.full((64, 400), 128, dtype=np.uint8)
    dataset = binarized(x, batch_size=64)
    first, second = one_pass(dataset).ravel() - 128 / 255, one_pass(dataset).ravel() - 128 / 255
    # Standard error of a correlation of 25,600 independent pairs.
    assert abs(np.mean(first * second) / 0.25) < 5 / np.sqrt(first.size)


def test_an_odd_number_of_pixels_is_drawn_whole():
    x = np.full((3, 7), 255, dtype=np.uint8)
    np.testing.assert_array_equal(one_pass(binarized(x, batch_size=3)), np.ones((3, 7)))


def test_every_epoch_holds_every_row_once_in_a_new_order(numbered):
    dataset = batches(numbered, batch_size=16)
    orders = [one_pass(dataset)[:, 0] for _ in range(3)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(50))
    assert not np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[1], orders[2])


@pytest.mark.slow
def test_every_row_is_equally_likely_to_come_first():
    x = np.arange(10, dtype=np.float32)[:, np.newaxis]
    stream = batches(x, batch_size=10, repeat=True).take(2000)
    firsts = np.array([batch.numpy()[0, 0] for batch in stream])
    assert_drawn_with(np.full(10, 0.1), firsts[:, np.newaxis] == np.arange(10))


@pytest.mark.slow
@pytest.mark.parametrize("binarize", [False, True])
def test_epoch_e_can_be_made_without_the_ones_before(grey, binarize):
    dataset = batches(grey, batch_size=16, seed=7, binarize=binarize)
    epochs = [one_pass(dataset) for _ in range(4)]
    resumed = batches(grey, batch_size=16, seed=7, binarize=binarize, start_epoch=2)
    np.testing.assert_array_equal(one_pass(resumed), epochs[2])
    np.testing.assert_array_equal(one_pass(resumed), epochs[3])
    endless = batches(grey, batch_size=16, seed=7, binarize=binarize, start_epoch=1, repeat=True)
    np.testing.assert_array_equal(one_pass(endless.take(3 * 4)), np.concatenate(epochs[1:]))
    np.testing.assert_array_equal(one_pass(endless.take(4)), epochs[1])


def test_an_endless_dataset_says_so_and_keeps_epochs_apart(numbered):
    endless = batches(numbered, batch_size=16, repeat=True)
    assert endless.cardinality() == tf.data.INFINITE_CARDINALITY
    assert [len(batch) for batch in endless.take(8)] == [16, 16, 16, 2] * 2


@pytest.mark.slow
def test_another_process_makes_the_same_batches():
    script = (
        "import hashlib, numpy as np\n"
        "from keras_vae.data import batches\n"
        "x = np.arange(50 * 16).reshape(50, 4, 4, 1).astype(np.uint8)\n"
        "stream = batches(x, batch_size=16, seed=5, binarize=True, start_epoch=3, repeat=True).take(6)\n"
        "print(hashlib.sha256(b''.join(b.numpy().tobytes() for b in stream)).hexdigest())\n"
    )
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONHASHSEED": "1"}
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    x = np.arange(50 * 16).reshape(50, 4, 4, 1).astype(np.uint8)
    dataset = batches(x, batch_size=16, seed=5, binarize=True)
    epochs = [[batch.numpy() for batch in dataset] for _ in range(5)]
    here = hashlib.sha256(b"".join(batch.tobytes() for batch in (epochs[3] + epochs[4])[:6])).hexdigest()
    assert result.stdout.split()[-1] == here


def test_unshuffled_passes_are_all_the_same(grey):
    plain = batches(grey, batch_size=16, shuffle=False)
    np.testing.assert_array_equal(one_pass(plain), grey / np.float32(255))
    fixed = batches(grey, batch_size=16, shuffle=False, binarize=True, seed=1)
    expected = one_pass(fixed)
    np.testing.assert_array_equal(one_pass(fixed), expected)
    np.testing.assert_array_equal(
        one_pass(batches(grey, batch_size=16, shuffle=False, binarize=True, seed=1)), expected
    )
    repeated = batches(grey, batch_size=16, shuffle=False, binarize=True, seed=1, repeat=True)
    np.testing.assert_array_equal(one_pass(repeated.take(8)), np.concatenate([expected, expected]))


def test_scale_divides_bytes_and_only_bytes(grey, numbered):
    np.testing.assert_array_equal(one_pass(batches(grey, shuffle=False, scale=False)), grey.astype(np.float32))
    assert one_pass(batches(grey, shuffle=False)).max() == 1.0
    np.testing.assert_array_equal(one_pass(batches(numbered, shuffle=False)), numbered)
    np.testing.assert_array_equal(one_pass(batches(numbered.astype(np.int64), shuffle=False)), numbered)
    booleans = np.eye(3, dtype=bool)
    np.testing.assert_array_equal(one_pass(batches(booleans, shuffle=False)), np.eye(3))
    np.testing.assert_array_equal(one_pass(batches(booleans, shuffle=False, binarize=True)), np.eye(3))


def test_a_dataset_gives_its_training_or_its_test_part():
    digits = load("digits")
    assert batches(digits).cardinality() == 12
    test = one_pass(batches(digits, part="test", shuffle=False))
    np.testing.assert_array_equal(test, digits.x_test / np.float32(255))
    assert binarized(digits).element_spec.shape == (None, 8, 8, 1)


def test_an_iterator_outlives_its_dataset(grey):
    iterator = iter(binarized(grey, batch_size=16))
    gc.collect()
    assert len(list(iterator)) == 4


def test_two_iterators_at_once_are_two_epochs(numbered):
    dataset = batches(numbered, batch_size=25)
    reference = batches(numbered, batch_size=25)
    epochs = [one_pass(reference), one_pass(reference)]
    first, second = iter(dataset), iter(dataset)
    interleaved = [next(it).numpy() for it in (first, second, first, second)]
    np.testing.assert_array_equal(np.concatenate(interleaved[::2]), epochs[0])
    np.testing.assert_array_equal(np.concatenate(interleaved[1::2]), epochs[1])


def test_keras_fit_sees_a_new_epoch_each_time(numbered):
    import keras

    seen = []

    class Recorder(keras.Model):
        def train_step(self, x):
            seen.append(x.numpy())
            return {"loss": tf.reduce_sum(x)}

    model = Recorder()
    model.compile(run_eagerly=True)
    model.fit(batches(numbered, batch_size=25), epochs=3, verbose=0, shuffle=False)
    reference = batches(numbered, batch_size=25)
    np.testing.assert_array_equal(np.concatenate(seen), np.concatenate([one_pass(reference) for _ in range(3)]))


def test_batches_made_inside_a_strategy_scope_are_split_over_its_replicas(numbered):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        dataset = batches(numbered, batch_size=25)
    distributed = strategy.experimental_distribute_dataset(dataset)
    passes = [np.concatenate([np.asarray(batch) for batch in distributed]) for _ in range(2)]
    reference = batches(numbered, batch_size=25)
    for drawn in passes:
        np.testing.assert_array_equal(drawn, one_pass(reference))


def test_binarize_once_is_fixed_and_has_the_grey_value_as_mean():
    levels = np.arange(256).reshape(16, 16, 1)
    x = np.repeat(levels[np.newaxis], 5000, axis=0).astype(np.uint8)
    drawn = binarize_once(x, seed=2)
    assert drawn.dtype == np.float32
    assert drawn.shape == x.shape
    assert_drawn_with(levels / 255, drawn)
    np.testing.assert_array_equal(binarize_once(x[:10], seed=2), drawn[:10])
    np.testing.assert_array_equal(binarize_once(x[:10] / np.float32(255), seed=2), drawn[:10])
    assert not np.array_equal(binarize_once(x[:10], seed=3), drawn[:10])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        pytest.param(np.array([[0.0, 255.0]]), r"divide by 255. Received: float64 values 0 to 255", id="grey-floats"),
        pytest.param(np.array([[-0.5, 0.5]]), r"float in \[0, 1\] to be binarized. Received", id="negative"),
        pytest.param(np.array([[0, 300]]), r"float in \[0, 1\] to be binarized. Received: int64", id="too-large"),
        pytest.param(np.array([[0.0, np.nan]]), "finite numbers. Received: NaN or inf", id="nan"),
        pytest.param(np.array([[0, 1]], dtype=np.uint8), "only 0 and 1, which are binary already", id="binary-bytes"),
        pytest.param(np.zeros((0, 4)), r"at least one example. Received: shape \(0, 4\)", id="empty"),
        pytest.param(np.zeros(4), r"shape \(n, \*event\)", id="rank-1"),
        pytest.param(np.array([["a"]]), "array of numbers or a Dataset", id="text"),
    ],
)
def test_values_that_are_no_grey_values_are_refused(x, message):
    for refuse in (binarized, binarize_once):
        with pytest.raises(ValueError, match=message):
            refuse(x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be a whole number >= 1"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"start_epoch": 1.5}, "`start_epoch` must be a whole number >= 0"),
        ({"part": "valid"}, "`part` must be one of 'train', 'validation', 'test'"),
    ],
)
def test_arguments_out_of_range_are_refused(numbered, arguments, message):
    with pytest.raises(ValueError, match=message):
        batches(numbered, **arguments)


def test_a_missing_part_is_refused(numbered):
    data = Dataset("mine", numbered, None, None, None, (1,), "table")
    with pytest.raises(ValueError, match=r"'mine' must have a test part"):
        batches(data, part="test")


@pytest.mark.slow
def test_epochs_differ_between_seeds_and_not_only_by_a_shift(numbered):
    orders = {}
    for seed, epoch in itertools.product(range(2), range(3)):
        orders[one_pass(batches(numbered, seed=seed, start_epoch=epoch)).tobytes()] = (seed, epoch)
    assert len(orders) == 6


def test_holes_are_let_through_where_they_are_wanted():
    x = np.array([[0.0, np.nan], [1.0, 2.0], [np.nan, 3.0]])
    rows = np.concatenate(list(batches(x, batch_size=2, shuffle=False, takes_holes=True).as_numpy_iterator()))
    np.testing.assert_array_equal(rows, x.astype("float32"))
    with pytest.raises(ValueError, match=r"`x` must hold finite numbers"):
        batches(np.array([[0.0, np.inf], [np.nan, 1.0]]), takes_holes=True)
    with pytest.raises(ValueError, match=r"`x` must hold finite numbers"):
        batches(np.full((2, 2), np.nan), takes_holes=True)


def test_sparse_rows_come_as_sparse_tensors_in_the_order_of_dense_ones(rng):
    dense = ((rng.random((50, 8)) < 0.3) * rng.integers(1, 9, (50, 8))).astype("float32")
    dense[5] = 0.0
    made = {"batch_size": 16, "seed": 3, "start_epoch": 2, "repeat": True}
    sparse_batches, dense_batches = batches(sparse.csr_matrix(dense), **made), batches(dense, **made)
    assert isinstance(sparse_batches.element_spec, tf.SparseTensorSpec)
    for one, other in itertools.islice(zip(sparse_batches, dense_batches, strict=True), 9):
        np.testing.assert_array_equal(tf.sparse.to_dense(one), other)
    assert len(batches(sparse.csr_matrix(dense), 16)) == 4


def test_sparse_rows_are_not_binarized():
    with pytest.raises(ValueError, match=r"`binarize` must be False for sparse rows. Received: binarize=True"):
        batches(sparse.csr_matrix((3, 4)), binarize=True)


def test_what_a_model_is_told_stays_beside_its_row():
    x = np.arange(20, dtype="float32").reshape(10, 2)
    told = np.arange(10)
    for ((rows, condition),) in batches(x, 4, seed=1, condition=told):
        np.testing.assert_array_equal(rows[:, 0], 2.0 * condition.numpy())
    with pytest.raises(ValueError, match=r"`condition` must have a row for each of 10 examples. Received: 9"):
        batches(x, condition=told[:9])
