"""Streams of every kind: each batch is looked at, none is lost, and what never ends is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import UnbuiltEncoder, linear_decoder, linear_encoder, small_vae

from keras_vae.models.vae import VAE
from keras_vae.training.streams import as_dataset, check_ends, event_shapes, is_repeatable, is_stream, iterate

N_BATCHES, ROWS = 8, 4


@pytest.fixture
def x(rng):
    return (rng.random((N_BATCHES * ROWS, 6)) > 0.5).astype("float32")


class Sequence(keras.utils.PyDataset):
    def __init__(self, x):
        super().__init__()
        self.x, self.n_begun, self.n_ended = x, 0, 0

    def __len__(self):
        return len(self.x) // ROWS

    def __getitem__(self, i):
        return self.x[i * ROWS : (i + 1) * ROWS]

    def on_epoch_begin(self):
        self.n_begun += 1

    def on_epoch_end(self):
        self.n_ended += 1


def pieces(x):
    return (x[i : i + ROWS] for i in range(0, len(x), ROWS))


def cursor(x):
    """A dataset that can be read once, as one over a cursor of a data base."""
    rows = pieces(x)
    return tf.data.Dataset.from_generator(lambda: rows, output_signature=tf.TensorSpec((None, 6)))


def torch_loader(x):
    data = pytest.importorskip("torch.utils.data")
    return data.DataLoader(data.TensorDataset(__import__("torch").tensor(x)), batch_size=ROWS)


KINDS = [
    pytest.param(lambda x: tf.data.Dataset.from_tensor_slices(x).batch(ROWS), id="tf.data"),
    pytest.param(lambda x: tf.data.Dataset.from_tensor_slices((x,)).batch(ROWS), id="tf.data of (x,)"),
    pytest.param(lambda x: tf.data.Dataset.from_tensor_slices({"x": x}).batch(ROWS), id="tf.data of a dict"),
    pytest.param(lambda x: tf.data.Dataset.from_tensor_slices((x, x)).batch(ROWS), id="tf.data of (x, y)"),
    pytest.param(
        lambda x: tf.data.Dataset.from_tensor_slices((x, x, np.ones(len(x)))).batch(ROWS), id="tf.data of (x, y, w)"
    ),
    pytest.param(cursor, id="cursor"),
    pytest.param(Sequence, id="PyDataset"),
    pytest.param(pieces, id="generator"),
    pytest.param(lambda x: ((piece, piece) for piece in pieces(x)), id="generator of (x, y)"),
    pytest.param(torch_loader, id="DataLoader"),
]


def fitted(stream, **kwargs):
    vae = small_vae(likelihood="bernoulli")
    vae.compile("sgd")
    return vae, vae.fit(stream, verbose=0, **kwargs)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("kind", KINDS)
def test_every_batch_is_trained_on_once(x, kind):
    vae, history = fitted(kind(x))
    assert int(vae.optimizer.iterations.numpy()) == N_BATCHES
    assert np.isfinite(history.history["loss"][0])


BAD = [
    pytest.param(np.nan, "must be finite", id="nan"),
    pytest.param(np.inf, "must be finite", id="infinity"),
    pytest.param(255.0, "divide by 255", id="undivided"),
    pytest.param(-0.5, "does not fit the likelihood", id="negative"),
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize(
    ("kind", "value", "match"),
    [
        # Every kind with the first of the bad values, and the first kind with every one.
        pytest.param(*kind.values, *bad.values, id=f"{kind.id}-{bad.id}", marks=[pytest.mark.slow] * (i > 0 and j > 0))
        for i, kind in enumerate(KINDS)
        for j, bad in enumerate(BAD)
    ],
)
def test_the_first_bad_batch_stops_the_training_before_its_step(x, kind, value, match):
    x[5 * ROWS + 1, 2] = value
    vae = small_vae(likelihood="bernoulli")
    vae.compile("sgd")
    with pytest.raises(ValueError, match=rf"batch 6 of the stream: .*{match}"):
        vae.fit(kind(x), epochs=2, verbose=0)
    assert int(vae.optimizer.iterations.numpy()) <= 5
    assert all(np.isfinite(weight).all() for weight in vae.get_weights())


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["evaluate", "predict", "encode", "elbo", "log_prob", "reconstruct", "draw"])
def test_every_verb_names_the_bad_batch(x, verb):
    x[5 * ROWS + 1, 2] = np.nan
    vae = small_vae(likelihood="bernoulli")
    vae.compile("sgd")
    with pytest.raises(ValueError, match="batch 6 of the stream: `x` must be finite"):
        getattr(vae, verb)(tf.data.Dataset.from_tensor_slices(x).batch(ROWS))


def test_a_bad_batch_of_the_validation_data_is_named(x):
    bad = x.copy()
    bad[9, 1] = np.nan
    with pytest.raises(ValueError, match="batch 3 of the stream: `validation_data` must be finite"):
        fitted(x, validation_data=tf.data.Dataset.from_tensor_slices(bad).batch(ROWS))


def test_weights_and_conditions_of_a_stream_are_looked_at(x):
    weight = np.ones(len(x), "float32")
    weight[9] = -1.0
    stream = tf.data.Dataset.from_tensor_slices((x, x, weight)).batch(ROWS)
    with pytest.raises(ValueError, match="batch 3 of the stream: `sample_weight` must be finite, >= 0"):
        fitted(stream)


def test_whole_numbers_are_looked_for_in_every_batch(x):
    levels = np.full((8, 6), 7.0, "float32")
    levels[6, 1] = 7.5
    vae = VAE(linear_encoder(), linear_decoder((12,)), likelihood="discretized_logistic", seed=0)
    vae.compile("sgd")
    with pytest.raises(ValueError, match=r"batch 4 of the stream: .*whole grey values"):
        vae.fit(tf.data.Dataset.from_tensor_slices(levels).batch(2), verbose=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("kind", [cursor, pieces])
def test_a_second_epoch_of_what_can_be_read_once_is_refused(x, kind):
    with pytest.raises(ValueError, match="a stream without a batch in epoch 2; it can be read only once"):
        fitted(kind(x), epochs=2)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_an_encoder_without_a_shape_loses_nothing_of_a_cursor(x):
    vae = VAE(UnbuiltEncoder(), linear_decoder(), seed=0)
    vae.compile("sgd")
    vae.fit(cursor(x), verbose=0)
    assert int(vae.optimizer.iterations.numpy()) == N_BATCHES


class Endless(Sequence):
    def __len__(self):
        raise AssertionError("has no length")

    @property
    def num_batches(self):
        return None


ENDLESS = [
    pytest.param(lambda x: tf.data.Dataset.from_tensor_slices(x).repeat().batch(ROWS), id="repeat"),
    pytest.param(lambda x: tf.data.Dataset.from_tensors(x).repeat().map(lambda x: (x, x)), id="repeat of (x, y)"),
    pytest.param(Endless, id="PyDataset"),
]


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("verb", ["fit", "evaluate", "predict", "encode", "log_prob", "elbo", "draw", "reconstruct"])
def test_a_stream_without_end_is_refused_where_it_would_never_end(x, kind, verb):
    vae = small_vae(likelihood="bernoulli")
    vae.compile("sgd")
    with pytest.raises(ValueError, match=r"`x` must come to an end: pass .*without end"):
        getattr(vae, verb)(kind(x))


@pytest.mark.slow
def test_a_stream_without_end_is_taken_with_a_number_of_steps(x):
    stream = tf.data.Dataset.from_tensor_slices(x).repeat().batch(ROWS)
    vae, history = fitted(stream, steps_per_epoch=3, validation_data=stream, validation_steps=2)
    assert np.isfinite(history.history["val_loss"][0])
    assert int(vae.optimizer.iterations.numpy()) == 3
    assert vae.predict(stream, steps=2, verbose=0).shape == (2 * ROWS, 6)
    with pytest.raises(ValueError, match="`validation_data` must come to an end: pass `validation_steps`"):
        vae.fit(x, validation_data=stream, verbose=0)


@pytest.mark.slow
def test_a_py_dataset_is_told_of_its_epochs(x):
    data = Sequence(x)
    fitted(data, epochs=2)
    plain, told = keras.Sequential([keras.layers.Dense(6)]), Sequence(x)
    plain.compile("sgd", "mse")
    with_targets = lambda i: (told.x[i * ROWS : (i + 1) * ROWS],) * 2  # noqa: E731
    told.__class__ = type("WithTargets", (Sequence,), {"__getitem__": lambda self, i: with_targets(i)})
    plain.fit(told, epochs=2, verbose=0)
    assert (data.n_begun, data.n_ended) == (told.n_begun, told.n_ended)
    assert data.n_ended


def test_the_batches_of_a_loader_are_those_of_every_epoch(x):
    class Loader:
        def __iter__(self):
            return iter([[piece] for piece in pieces(x)])

        def __len__(self):
            return N_BATCHES

    dataset = as_dataset("x", Loader())
    assert int(dataset.cardinality()) == N_BATCHES
    for _ in range(2):
        np.testing.assert_array_equal(np.concatenate([batch[0] for batch in dataset]), x)
    np.testing.assert_array_equal(np.concatenate([batch[0] for batch in iterate(Loader())]), x)


def test_an_empty_stream_is_refused():
    with pytest.raises(ValueError, match=r"`x` must hold at least one example\. Received: an empty generator"):
        as_dataset("x", (row for row in ()))


def test_streams_are_told_from_arrays(x):
    for stream in (pieces(x), Sequence(x), tf.data.Dataset.from_tensors(x)):
        assert is_stream(stream)
    for array in (x, [x], (x, x), {"x": x}, "text", tf.constant(x)):
        assert not is_stream(array)


def test_shapes_are_known_without_reading(x):
    assert event_shapes(cursor(x)) == (None, 6)
    pair = tf.data.Dataset.from_tensor_slices(((x, x[:, :2]),)).batch(2)
    assert event_shapes(pair) == ((None, 6), (None, 2))
    assert event_shapes(tf.data.Dataset.from_generator(lambda: x, output_signature=tf.TensorSpec(None))) is None
    assert not is_repeatable(cursor(x))
    assert is_repeatable(tf.data.Dataset.from_tensors(x))


def test_a_number_of_steps_ends_any_stream(x):
    check_ends("x", tf.data.Dataset.from_tensors(x).repeat(), steps=1)
