import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import linear_decoder, linear_encoder, small_vae

from keras_vae.models.vae import VAE
from keras_vae.training.containers import as_array
from keras_vae.training.data_checks import check_array
from keras_vae.training.streams import is_stream

# Grey data are allowed for a Bernoulli, with a warning that is not the subject here.
pytestmark = pytest.mark.filterwarnings("ignore:.* holds grey values")

X = np.full((4, 6), 0.5, "float32")
SHAPE = r"`{}` must have the shape \(batch, 6\)"


class StepTaken(Exception):
    """Raised by the first step: what is refused must be refused before it."""


@pytest.fixture(scope="module")
def vae():
    class Untouched(VAE):
        def train_step(self, data):
            raise StepTaken

        def test_step(self, data):
            raise StepTaken

    model = Untouched(linear_encoder(), linear_decoder(), likelihood="bernoulli", seed=0)
    model.compile("sgd", run_eagerly=True)
    return model


def with_nan(x, row):
    x = x.copy()
    x[row, 2] = np.nan
    return x


def dataset(*parts):
    return tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]).batch(2)


class EmptySequence(keras.utils.PyDataset):
    def __len__(self):
        return 1

    def __getitem__(self, i):
        return (X[:0],)


BAD_DATA = [
    pytest.param({"x": None}, r"`x` must be an array or a tf\.data\.Dataset\. Received: x=None", id="none"),
    pytest.param({"x": "digits"}, "`x` must be an array of numbers. Received: str of dtype", id="str"),
    pytest.param({"x": [["a"]]}, "`x` must be an array of numbers. Received: list of dtype", id="list-of-str"),
    pytest.param({"x": [[0.5] * 6, [0.5]]}, "`x` must be an array of numbers. Received: list", id="ragged"),
    pytest.param({"x": X.astype(complex)}, "`x` must be an array of numbers.* complex128", id="complex"),
    pytest.param({"x": X[0]}, SHAPE.format("x") + r".*one example has no batch axis: x\[None\]", id="one-example"),
    pytest.param({"x": np.arange(4)}, SHAPE.format("x") + ".* are these labels", id="labels"),
    pytest.param({"x": X[:, :5]}, SHAPE.format("x") + r"\. Received: x\.shape=\(4, 5\)", id="other-size"),
    pytest.param({"x": X[:, None]}, SHAPE.format("x") + r"\. Received: x\.shape=\(4, 1, 6\)", id="other-rank"),
    pytest.param({"x": np.float32(0.5)}, SHAPE.format("x"), id="scalar"),
    pytest.param({"x": X[:0]}, r"`x` must hold at least one example\. Received: x\.shape=\(0, 6\)", id="empty"),
    pytest.param({"x": with_nan(X, 2)}, r"`x` must be finite.* in 1 of 4 rows, first x\[2, 2\]=nan", id="nan"),
    pytest.param({"x": X * np.inf}, r"`x` must be finite.* in 4 of 4 rows, first x\[0, 0\]=inf", id="infinity"),
    pytest.param({"x": X * 255}, "`x`.*255", id="grey-0-255"),
    pytest.param({"x": X - 1}, "`x`.*Bernoulli", id="outside-the-support"),
    pytest.param({"x": X, "y": np.arange(4)}, SHAPE.format("y") + ".* are these labels", id="labels-as-targets"),
    pytest.param({"x": X, "y": X * 255}, "`y`.*255", id="targets-outside-the-support"),
    pytest.param({"x": X, "y": with_nan(X, 0)}, "`y` must be finite", id="nan-in-targets"),
    pytest.param({"x": X, "y": X[:3]}, "must have the same number of rows. Received: 4 and 3", id="other-rows"),
    pytest.param({"x": dataset(X), "y": X}, r"`y` must be part of the dataset when `x` is one", id="y-beside-a-stream"),
    pytest.param({"x": dataset(X).take(0)}, r"`x` must hold at least one .*empty tf\.data\.Dataset", id="empty-stream"),
    pytest.param({"x": EmptySequence()}, "`x` must hold at least one example", id="empty-sequence"),
    pytest.param({"x": dataset(X[:, :5])}, SHAPE.format("x"), id="other-size-in-a-stream"),
    pytest.param({"x": dataset(X, np.arange(4))}, SHAPE.format("y") + ".* are these labels", id="stream-with-labels"),
    pytest.param({"x": tf.data.Dataset.from_tensor_slices(X)}, SHAPE.format("x"), id="unbatched-stream"),
    pytest.param({"x": dataset(X * 255)}, "`x`.*255", id="stream-outside-the-support"),
]


@pytest.mark.parametrize(("data", "message"), BAD_DATA)
def test_fit_and_evaluate_refuse_bad_data_before_the_first_step(vae, data, message):
    for verb in (vae.fit, vae.evaluate):
        with pytest.raises(ValueError, match=message):
            verb(**data, verbose=0)


@pytest.mark.parametrize(("data", "message"), [p for p in BAD_DATA if p.id not in ("none", "y-beside-a-stream")])
def test_fit_refuses_bad_validation_data_before_the_first_step(vae, data, message):
    validation_data = tuple(data.values()) if len(data) > 1 else data["x"]
    if isinstance(validation_data, list):  # A list stands for its parts there, as in Keras.
        validation_data = (validation_data,)
    # There x is called validation_data.
    message = re.sub(r"(?<![a-z])x(?=`|\\\.shape|\\\[)", "validation_data", message)
    with pytest.raises(ValueError, match=message):
        vae.fit(X, validation_data=validation_data, verbose=0)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        pytest.param(np.ones(3), r"must have the shape \(batch,\) .* sample_weight\.shape=\(3,\) for 4 ex", id="rows"),
        pytest.param(np.ones((4, 5)), r"to weigh elements of \(6,\)", id="elements"),
        pytest.param(np.ones((4, 6, 1)), r"to weigh elements of \(6,\)", id="rank"),
        pytest.param(np.float32(1.0), r"must have the shape \(batch,\)", id="scalar"),
        pytest.param(np.zeros(4), "must be finite, >= 0 and not all zero.* from 0.0 to 0.0", id="all-zero"),
        pytest.param(np.array([1.0, -1.0, 1.0, 1.0]), "must be finite, >= 0 and not all zero", id="negative"),
        pytest.param(np.array([1.0, np.nan, 1.0, 1.0]), "must be finite, >= 0 and not all zero", id="nan"),
        pytest.param(["a"] * 4, "`sample_weight` must be an array of numbers", id="str"),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_the_first_step(vae, weight, message):
    with pytest.raises(ValueError, match=message):
        vae.fit(X, X, sample_weight=weight, verbose=0)


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 6)], ids=str)
def test_weights_that_fit_reach_the_step(vae, shape):
    with pytest.raises(StepTaken):
        vae.fit(X, X, sample_weight=np.ones(shape), verbose=0)


@pytest.mark.parametrize(
    ("shape", "reaches_the_step"),
    [((3,), True), ((3, 1), True), ((3, 4), True), ((3, 4, 5), True), ((3, 1, 5), False), ((3, 5), False)],
    ids=str,
)
def test_element_weights_have_the_leading_axes_of_the_data_and_do_not_broadcast(shape, reaches_the_step):
    model = VAE(linear_encoder((4, 5)), linear_decoder((4, 5)), likelihood="gaussian_fixed", seed=0)
    model.compile("sgd", run_eagerly=True)
    x = np.zeros((3, 4, 5), "float32")
    if reaches_the_step:
        assert np.isfinite(model.fit(x, x, sample_weight=np.ones(shape), verbose=0).history["loss"]).all()
    else:
        with pytest.raises(ValueError, match=r"to weigh elements of \(4, 5\)"):
            model.fit(x, x, sample_weight=np.ones(shape), verbose=0)


@pytest.mark.parametrize("verb", ["predict", "encode", "reconstruct", "elbo", "log_prob"])
@pytest.mark.parametrize("data", [X[:, :5], X[:0]], ids=["other-size", "empty"])
def test_the_verbs_refuse_what_fit_refuses(vae, verb, data):
    with pytest.raises(ValueError, match="`x` must"):
        getattr(vae, verb)(data)


@pytest.mark.parametrize("verb", ["encode", "reconstruct", "elbo"])
def test_the_verbs_refuse_an_empty_dataset(vae, verb):
    with pytest.raises(ValueError, match=r"`x` must hold at least one example\. Received: an empty tf\.data\.Dataset"):
        getattr(vae, verb)(dataset(X).take(0))


@pytest.mark.parametrize("verb", ["elbo", "log_prob"])
def test_scores_refuse_what_has_no_probability(vae, verb):
    with pytest.raises(ValueError, match=r"`x`.*255"):
        getattr(vae, verb)(X * 255)


def test_an_image_without_its_channel_axis_gets_a_hint():
    model = VAE(linear_encoder((4, 4, 1)), linear_decoder((4, 4, 1)), seed=0)
    with pytest.raises(ValueError, match=r"`x` must have .*batch, 4, 4, 1.*channel axis: x\[\.\.\., None\]"):
        model.encode(np.zeros((3, 4, 4)))


def test_sizes_that_the_model_leaves_open_are_called_any():
    with pytest.raises(ValueError, match=r"`x` must have the shape \(batch, any, 3\)\. Received: x\.shape=\(2, 5\)"):
        check_array("x", np.zeros((2, 5)), (None, 3))
    check_array("x", np.zeros((2, 7, 3)), (None, 3))


def test_values_of_inputs_are_free_where_targets_are_given(vae):
    with pytest.raises(StepTaken):
        vae.fit(X * 255, X, verbose=0)


def test_an_array_of_numbers_is_not_copied():
    assert as_array("x", X) is X
    assert as_array("x", [[1, 2]]).shape == (1, 2)


def test_streams_are_told_from_arrays():
    assert is_stream(dataset(X))
    assert is_stream(EmptySequence())
    assert is_stream(x for x in [X])
    assert not is_stream(X)
    assert not is_stream(X.tolist())
    assert not is_stream(tf.constant(X))


def test_a_model_without_a_likelihood_for_its_range_takes_any_finite_number():
    assert np.isfinite(small_vae("gaussian_fixed").elbo(X * 255)).all()
