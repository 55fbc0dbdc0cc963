"""Every kind of data and every argument of `fit` that Keras documents trains a VAE as it trains a plain Keras model."""

import inspect
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import POINT, small_vae
from plain_keras import BATCH, CONSTANT, ROWS, STEPS, assert_same_training, both, point_vae, rows

FIT = {"batch_size": BATCH, "shuffle": False, "verbose": 0}
SLOW = pytest.mark.slow
# Steps one by one in Python cost less than a graph for each test; `test_streams` and the callbacks look at graphs.
EAGER = {"run_eagerly": lambda: True}


def assert_trains_alike(ours, theirs=None, **kwargs):
    """Positional data of both models, made anew for each, train them alike."""
    vae, plain = both(**EAGER)
    x = rows()
    theirs = (lambda: (x, x)) if theirs is None else theirs
    histories = [m.fit(*d(), **{**FIT, **kwargs}).history for m, d in ((vae, ours), (plain, theirs))]
    assert int(vae.optimizer.iterations) > 0
    assert_same_training(vae, plain)
    for name, values in histories[1].items():
        np.testing.assert_allclose(histories[0][name], np.array(values) + CONSTANT, rtol=1e-5)


# Arrays.

NUMERIC = ["bool", *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)), "float16", "float64"]


@pytest.mark.parametrize(
    "dtype", [pytest.param(n, marks=[] if n in ("bool", "uint8", "float16", "float64") else SLOW) for n in NUMERIC]
)
def test_numbers_of_every_type_are_data(dtype):
    x = (np.abs(rows()) * 2).astype(dtype)
    assert_trains_alike(lambda: (x,), lambda: (x.astype("float32"), x.astype("float32")))


FORMS = {
    "tensor": tf.constant,
    "float64 tensor": lambda x: tf.constant(x, tf.float64),
    "variable": tf.Variable,
    "keras tensor": keras.ops.convert_to_tensor,
    "list of lists": lambda x: x.tolist(),
    "list of one array": lambda x: [x],
    "tuple of one array": lambda x: (x,),
    "dict of x": lambda x: {"x": x},
    "masked array without a mask": np.ma.masked_array,
    "columns in memory": np.asfortranarray,
    "rows backwards": lambda x: x[::-1][::-1],
    "frame": lambda x: pytest.importorskip("pandas").DataFrame(x, columns=list("abcdef")),
    "frame of numbered columns": lambda x: pytest.importorskip("pandas").DataFrame(x),
    "frame of other rows": lambda x: pytest.importorskip("pandas").DataFrame(x, index=np.arange(ROWS)[::-1]),
    "polars": lambda x: pytest.importorskip("polars").DataFrame(x),
    "torch": lambda x: pytest.importorskip("torch").tensor(x),
}


# As good as one beside them.
ALIKE = ("variable", "keras tensor", "columns in memory", "rows backwards", "frame of numbered columns")


@pytest.mark.parametrize("form", [pytest.param(f, marks=SLOW if f in ALIKE else []) for f in FORMS])
@pytest.mark.parametrize("with_target", [False, pytest.param(True, marks=SLOW)])
def test_data_come_in_every_form(form, with_target):
    x = rows()
    made = FORMS[form](x)
    is_wrapped = form in ("list of one array", "tuple of one array", "dict of x")
    target = x if is_wrapped else made
    assert_trains_alike(lambda: (made, target) if with_target else (made,))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["tensor", "list of lists", "frame", "float64 tensor"])
def test_evaluate_and_predict_take_what_fit_takes(form):
    vae = point_vae(run_eagerly=True)
    x = rows()
    made = FORMS[form](x)
    assert vae.evaluate(made, verbose=0) == pytest.approx(vae.evaluate(x, verbose=0), rel=1e-6)
    np.testing.assert_array_equal(vae.predict(made, verbose=0), vae.predict(x, verbose=0))


REFUSED = {
    "sparse matrix": (lambda x: pytest.importorskip("scipy.sparse").csr_matrix(x), r"pass x\.toarray\(\)"),
    "sparse tensor": (tf.sparse.from_dense, r"pass tf\.sparse\.to_dense\(x\)"),
    "text": (lambda x: x.astype(str), "must be an array of numbers"),
    "complex": (lambda x: x.astype(complex), "must be an array of numbers"),
    "dict of another name": (lambda x: {"image": x}, r"pass data\['image'\]"),
    "ragged lists": (lambda x: [[1.0], [1.0, 2.0]], "must be an array of numbers"),
    "one row": (lambda x: x[0], r"one example has no batch axis: x\[None\]"),
    "one more axis": (lambda x: x[..., None], r"`x` must have the shape \(batch, 6\)"),
    "no rows": (lambda x: x[:0], "at least one example"),
    "None": (lambda x: None, "`x` must be an array or a tf.data.Dataset"),
    "NaN": (lambda x: np.where(x > 1, np.nan, x), "`x` must be finite"),
    "infinity": (lambda x: np.where(x > 1, np.inf, x), "`x` must be finite"),
    "infinity in half precision": (lambda x: np.where(x > 1, np.inf, x).astype("float16"), "`x` must be finite"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_trained_on_is_refused_with_what_to_do(form):
    make, match = REFUSED[form]
    vae = point_vae(run_eagerly=True)
    for verb in ("fit", "evaluate", "train_on_batch", "test_on_batch"):
        with pytest.raises(ValueError, match=match):
            getattr(vae, verb)(make(rows()))
    assert int(vae.optimizer.iterations) == 0


# Streams.


class Batches(keras.utils.PyDataset):
    """Batches as a user's own data set gives them."""

    def __init__(self, parts, **kwargs):
        super().__init__(**kwargs)
        self.parts = parts

    def __len__(self):
        return STEPS

    def __getitem__(self, i):
        found = tuple(part[BATCH * i : BATCH * (i + 1)] for part in self.parts)
        return found[0] if len(found) == 1 else found


def tf_data(parts, **kwargs):
    return tf.data.Dataset.from_tensor_slices(parts[0] if len(parts) == 1 else parts).batch(BATCH)


def generator(parts):
    batches = Batches(parts)
    while True:
        yield from (batches[i] for i in range(STEPS))


def loader(parts):
    torch = pytest.importorskip("torch")
    return torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*map(torch.tensor, parts)), batch_size=BATCH, shuffle=False
    )


STREAMS = {
    "tf.data": tf_data,
    "tf.data, endless": lambda parts: tf_data(parts).repeat(),
    "tf.data, prefetched": lambda parts: tf_data(parts).prefetch(2),
    "tf.data, of one shape": lambda parts: tf.data.Dataset.from_tensor_slices(
        parts[0] if len(parts) == 1 else parts
    ).batch(BATCH, drop_remainder=True),
    "PyDataset": Batches,
    "PyDataset, 2 threads": lambda parts: Batches(parts, workers=2, max_queue_size=3),
    "generator": generator,
    "DataLoader": loader,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "n_parts"),
    [
        pytest.param(kind, n, marks=[SLOW] if n > 1 and kind != "PyDataset" else [], id=f"{kind}, {n} parts")
        for kind in STREAMS
        for n in (1, 2, 3)
    ],
)
def test_streams_of_every_kind_train_alike(kind, n_parts):
    parts = (rows(), rows(), np.ones(ROWS, "float32"))
    kwargs = {"batch_size": None, "epochs": 2}
    if kind in ("generator", "tf.data, endless"):
        kwargs["steps_per_epoch"] = STEPS
    assert_trains_alike(
        lambda: (STREAMS[kind](parts[:n_parts]),), lambda: (STREAMS[kind](parts[: max(n_parts, 2)]),), **kwargs
    )


@pytest.mark.slow  # Two processes that import TensorFlow.
def test_a_py_dataset_with_processes_trains_alike():
    def make(n):
        return (Batches((rows(),) * n, workers=2, use_multiprocessing=True),)

    assert_trains_alike(lambda: make(1), lambda: make(2), batch_size=None)


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
def test_a_stream_may_be_shorter_than_the_steps_asked_for():
    assert_trains_alike(
        lambda: (tf_data((rows(),)),), lambda: (tf_data((rows(), rows())),), batch_size=None, steps_per_epoch=5
    )


@pytest.mark.parametrize("part", ["y", "sample_weight"])
def test_targets_and_weights_beside_a_stream_are_refused_as_in_keras(part):
    vae, plain = both(**EAGER)
    with pytest.raises(ValueError, match=rf"`{part}` must be part of the dataset"):
        vae.fit(tf_data((rows(),)), verbose=0, **{part: np.ones((ROWS, 6))})
    with pytest.raises(ValueError, match=rf"{part}` should not be passed|{part}"):
        plain.fit(tf_data((rows(), rows())), verbose=0, **{part: np.ones((ROWS, 6))})


# Arguments.


@pytest.mark.slow
@pytest.mark.parametrize(
    "kwargs",
    [
        {"batch_size": None},
        {"batch_size": 7},
        {"epochs": 5, "initial_epoch": 3},
        {"epochs": 2, "initial_epoch": 2},
        {"validation_split": 0.3, "validation_batch_size": 2},
        {"validation_split": 0.3, "validation_data": "pair"},
        {"steps_per_epoch": 2, "epochs": 2},
        pytest.param({"epochs": 3}, marks=SLOW),
        pytest.param({"validation_split": 0.3}, marks=SLOW),
        {"validation_data": "pair", "validation_freq": 2, "epochs": 3},
        pytest.param({"validation_data": "pair", "validation_freq": [1, 3], "epochs": 4}, marks=SLOW),
        {"validation_data": "pair", "validation_batch_size": 3},
        {"validation_data": "pair", "validation_steps": 1},
        pytest.param({"validation_data": "list"}, marks=SLOW),
        {"validation_data": "stream"},
        pytest.param({"validation_data": "stream", "validation_steps": 1}, marks=SLOW),
        {"validation_data": "endless", "validation_steps": 3, "epochs": 2},
        {"validation_data": "PyDataset"},
        pytest.param({"validation_data": "tensors"}, marks=SLOW),
    ],
    ids=str,
)
def test_every_argument_of_fit_does_what_it_does_in_keras(kwargs):
    x = rows()[:9] + 1.0
    stream = tf.data.Dataset.from_tensor_slices((x, x)).batch(4)
    held_out = {
        "pair": (x, x),
        "list": [x, x],
        "stream": stream,
        "endless": stream.repeat(),
        "PyDataset": Batches((rows(), rows())),
        "tensors": (tf.constant(x), tf.constant(x)),
    }
    if "validation_data" in kwargs:
        kwargs = {**kwargs, "validation_data": held_out[kwargs["validation_data"]]}
    vae, plain = both(**EAGER)
    histories = [m.fit(*d, **{**FIT, **kwargs}).history for m, d in ((vae, (rows(),)), (plain, (rows(), rows())))]
    assert_same_training(vae, plain)
    assert set(histories[1]) <= set(histories[0])
    for name, values in histories[1].items():
        np.testing.assert_allclose(histories[0][name], np.array(values) + CONSTANT, rtol=1e-5)


def test_the_arguments_are_those_of_keras():
    for verb in ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"):
        ours, theirs = (inspect.signature(getattr(c, verb)).parameters for c in (type(point_vae()), keras.Model))
        if any(p.kind is p.VAR_KEYWORD for p in ours.values()):
            assert set(ours) <= {*theirs, "args", "kwargs"}
        else:
            assert list(ours) == list(theirs)


@pytest.mark.slow
def test_arguments_may_be_given_by_place():
    vae, plain = both(**EAGER)
    x = rows()
    weight = np.ones(ROWS, "float32")
    for model in (vae, plain):
        model.fit(x, x, BATCH, 3, 0, None, 0.0, (x, x), False, None, None, 1, 2, None, None, 1)
    assert_same_training(vae, plain)
    np.testing.assert_allclose(
        vae.evaluate(x, x, BATCH, 0, weight)[0], plain.evaluate(x, x, BATCH, 0, weight) + CONSTANT, rtol=1e-5
    )
    np.testing.assert_allclose(vae.predict(x, BATCH, 0), plain.predict(x, BATCH, 0), rtol=1e-4, atol=1e-6)


def test_shuffling_takes_every_row_once_in_another_order():
    seen = []

    class Seeing(type(small_vae())):
        def train_step(self, data):
            seen.append(keras.utils.unpack_x_y_sample_weight(data)[0].numpy())
            return super().train_step(data)

    vae = Seeing(*(getattr(small_vae(), part) for part in ("encoder", "decoder")), "gaussian_fixed")
    vae.compile("sgd", run_eagerly=True)
    x = rows()
    vae.fit(x, batch_size=BATCH, verbose=0)
    order = np.concatenate(seen)
    assert not np.array_equal(order, x)
    np.testing.assert_array_equal(np.sort(order, axis=0), np.sort(x, axis=0))


@pytest.mark.parametrize("verb", ["fit", "train_on_batch"])
def test_weights_of_classes_are_refused(verb):
    with pytest.raises(ValueError, match="`class_weight` must be None: weigh examples by `sample_weight`"):
        getattr(point_vae(), verb)(rows(), class_weight={0: 1.0, 1: 2.0})


# Weights.

WEIGHTS = {
    "none": lambda: None,
    "vector": lambda: np.linspace(0.5, 1.5, ROWS),
    "column": lambda: np.linspace(0.5, 1.5, ROWS)[:, None],
    "elements": lambda: (rows() > 0).astype("float32"),
    "whole numbers": lambda: np.arange(ROWS),
    "bools": lambda: np.arange(ROWS) > 3,
    "tensor": lambda: tf.linspace(0.5, 1.5, ROWS),
    "list": lambda: np.linspace(0.5, 1.5, ROWS).tolist(),
    "series": lambda: pytest.importorskip("pandas").Series(np.linspace(0.5, 1.5, ROWS)),
    "none again": lambda: None,
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "names", [["none", "vector", "elements", "column", "none again"], pytest.param(list(WEIGHTS), marks=SLOW)], ids=len
)
def test_weights_of_every_kind_come_one_after_the_other_on_one_model(names):
    vae = small_vae(z_log_var=POINT)
    vae.compile(keras.optimizers.SGD(0.01))
    x = rows()
    for n, name in enumerate(names, 1):
        make = WEIGHTS[name]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            loss = vae.fit(x, x, sample_weight=make(), **FIT).history["loss"]
            other = vae.evaluate(x, x, sample_weight=make(), verbose=0, batch_size=BATCH)[0]
        assert np.isfinite([*loss, other]).all(), name
        assert int(vae.optimizer.iterations) == n * STEPS
        again = small_vae(z_log_var=POINT)
        again.compile("sgd", run_eagerly=True)
        again.set_weights(vae.get_weights())
        assert again.evaluate(x, x, sample_weight=make(), verbose=0)[0] == pytest.approx(other, rel=1e-5), name
