"""Standardised data and back, by hand, and as the preprocessing of a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import small_vae

from keras_vae.layers.standardize import CHUNK, Standardize

# Columns with mean 2 and standard deviation 1, with mean 30 and standard deviation 20.
TABLE = np.array([[1.0, 10.0], [3.0, 50.0]], "float32")


def adapted(x=TABLE, **kwargs):
    layer = Standardize(**kwargs)
    layer.adapt(x)
    return layer


def test_columns_are_standardised_one_by_one():
    layer = adapted()
    np.testing.assert_allclose(layer.location, [2.0, 30.0], rtol=1e-6)
    np.testing.assert_allclose(layer.scale, [1.0, 20.0], rtol=1e-6)
    np.testing.assert_array_equal(layer.value_range, [1.0, 50.0])
    np.testing.assert_allclose(layer(TABLE), [[-1.0, -1.0], [1.0, 1.0]], rtol=1e-6)


def test_all_elements_may_share_one_location_and_scale():
    layer = adapted(np.array([[[0, 0], [0, 8]]], "uint8"), over="all")
    assert layer.location.shape == layer.scale.shape == ()
    np.testing.assert_allclose(layer.location, 2.0, rtol=1e-6)
    np.testing.assert_allclose(layer.scale, np.sqrt(12.0), rtol=1e-6)
    np.testing.assert_array_equal(layer.value_range, [0.0, 8.0])


def test_columns_are_entries_of_the_last_axis(rng):
    x = rng.normal(size=(20, 5, 4, 3)) * [1.0, 10.0, 100.0]
    layer = adapted(x)
    assert layer.location.shape == (3,)
    z = layer(x).numpy().reshape(-1, 3)
    # Means of 400 float32 numbers of about unit size.
    np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=1e-5)


@pytest.mark.parametrize("over", ["columns", "all"])
def test_data_of_many_chunks_have_the_mean_and_deviation_of_numpy(over, rng):
    x = rng.normal(5.0, 3.0, size=(2 * CHUNK // 8 + 17, 8)).astype("float32")
    axis = 0 if over == "columns" else None
    layer = adapted(x, over=over)
    np.testing.assert_allclose(layer.location, x.mean(axis=axis, dtype="float64"), rtol=1e-6)
    np.testing.assert_allclose(layer.scale, x.std(axis=axis, dtype="float64"), rtol=1e-6)


@pytest.mark.parametrize("over", ["columns", "all"])
def test_inverse_is_the_inverse(over, rng):
    x = rng.normal(100.0, 5.0, size=(50, 3)).astype("float32")
    layer = adapted(x, over=over)
    # 100 +- 5 through a subtraction and back: a few roundings of 100 in float32.
    np.testing.assert_allclose(layer.inverse(layer(x)), x, rtol=1e-6)
    assert np.abs(layer(x)).max() < 5.0


# The mean of ten times 0.1 is not 0.1 in floating point, and the deviation not quite 0.
@pytest.mark.filterwarnings("ignore:Columns 0 do not vary")
@pytest.mark.parametrize("constant", [0.0, 7.0, 0.1, -1e8], ids=repr)
def test_a_constant_column_is_left_out_and_given_back_as_it_was(constant, rng):
    x = np.column_stack([np.full(10, constant), rng.normal(size=10)])
    layer = adapted(x)
    np.testing.assert_array_equal(layer.left_out(), [0])
    np.testing.assert_array_equal(layer.element_weights(), [0.0, 1.0])
    np.testing.assert_array_equal(layer(x + 5.0)[:, 0], np.zeros(10))
    np.testing.assert_array_equal(layer.inverse(rng.normal(size=(10, 2)))[:, 0], np.float32(x[:, 0]))
    assert layer.log_scale().numpy()[0] == 0.0


@pytest.mark.filterwarnings("ignore:Columns 0 do not vary")
def test_a_column_that_varies_less_than_float32_can_say_counts_as_constant():
    layer = adapted(np.array([[0.0, 1.0], [1e-60, 2.0]]))
    np.testing.assert_array_equal(layer.left_out(), [0])


def test_what_does_not_vary_at_all_teaches_nothing():
    for over in ("columns", "all"):
        with pytest.raises(ValueError, match=r"`x` must vary. Received: x.shape=\(4, 3\)"):
            Standardize(over).adapt(np.full((4, 3), 7.0))


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_columns_may_be_kept_that_do_not_vary_yet(value, rng):
    layer = Standardize()
    with pytest.warns(UserWarning, match="do not vary in the rows looked at"):
        layer.adapt(np.column_stack([np.full(10, value), rng.normal(size=10)]), leaves_out=False)
    assert layer.scale.numpy()[0] == (value or 1.0)


def test_before_it_knows_anything_it_changes_nothing(rng):
    x = rng.normal(size=(4, 3)).astype("float32")
    layer = Standardize()
    np.testing.assert_array_equal(layer(x), x)
    np.testing.assert_array_equal(layer.inverse(x), x)
    np.testing.assert_array_equal(layer.value_range, [0.0, 0.0])


def test_numbers_may_be_given_instead_of_learned():
    layer = Standardize("all", nats_of="8-bit values divided by 255")
    layer.assign(0.0, 255.0, (0.0, 255.0))
    np.testing.assert_allclose(layer(np.array([[0, 51, 255]], "uint8")), [[0.0, 0.2, 1.0]], rtol=1e-6)
    np.testing.assert_array_equal(layer.value_range, [0.0, 255.0])

    layer = Standardize("columns")
    layer.assign([1.0, 2.0], np.array([10.0, 20.0]), (-5, 5))
    np.testing.assert_allclose(layer(np.array([[11.0, -18.0]])), [[1.0, -1.0]], rtol=1e-6)


def test_it_may_learn_again():
    layer = adapted()
    layer.adapt(TABLE + 100.0)
    np.testing.assert_allclose(layer.location, [102.0, 130.0], rtol=1e-6)


def test_it_is_never_trained():
    layer = adapted()
    assert layer.trainable_weights == []
    assert [weight.name for weight in layer.weights] == ["location", "scale", "value_range"]


@pytest.mark.parametrize("over", ["columns", "all"])
def test_config_round_trip(over):
    layer = adapted(over=over, nats_of="standardised rows", name="scaling")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert again.get_config() == layer.get_config()
    assert (again.over, again.nats_of, again.name) == (over, "standardised rows", "scaling")
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(TABLE), layer(TABLE))
    assert again.compute_output_shape((None, 2)) == (None, 2)


@pytest.mark.slow
@pytest.mark.parametrize("over", ["columns", "all"])
def test_a_saved_model_keeps_what_was_learned(over, rng, tmp_path):
    x = (rng.normal(size=(20, 6)) * 50.0 + 1000.0).astype("float32")
    vae = small_vae(preprocessing=adapted(x, over=over, nats_of="rows"))
    vae.save(tmp_path / "vae.keras")
    again = keras.models.load_model(tmp_path / "vae.keras")
    for before, after in zip(vae.preprocessing.weights, again.preprocessing.weights, strict=True):
        np.testing.assert_array_equal(before, after)
    assert again.preprocessing.nats_of == "rows"
    np.testing.assert_array_equal(again.predict(x, verbose=0), vae.predict(x, verbose=0))


@pytest.mark.slow
def test_a_model_takes_and_gives_the_units_of_the_data(rng):
    x = (rng.normal(size=(20, 6)) * 50.0 + 1000.0).astype("float32")
    layer = adapted(x)
    raw, standard = small_vae(preprocessing=layer), small_vae()  # Of the same seed: the same networks.
    z = layer(x).numpy()
    np.testing.assert_allclose(raw.encode(x)[0], standard.encode(z)[0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(raw.predict(x, verbose=0), layer.inverse(standard.predict(z, verbose=0)), rtol=1e-5)
    np.testing.assert_allclose(raw.elbo(x, seed=0), standard.elbo(z, seed=0), rtol=1e-5)


def test_it_computes_in_float32_under_mixed_precision(mixed_float16):
    layer = adapted(np.array([[100_000.0, 1.0], [300_000.0, 3.0]]))
    for tensor in (layer(np.array([[100_000.0, 1.0]])), layer.inverse(tf.constant([[1.0, 1.0]], tf.float16))):
        assert tensor.dtype == tf.float32
        assert np.all(np.isfinite(tensor))  # 100,000 is no float16.
    assert all(weight.dtype == "float32" for weight in layer.weights)


def test_it_is_the_same_in_a_graph():
    layer = adapted()
    np.testing.assert_allclose(tf.function(layer)(TABLE), layer(TABLE), rtol=1e-6)
    np.testing.assert_allclose(tf.function(layer.inverse)(TABLE), layer.inverse(TABLE), rtol=1e-6)


# Refusals.


def test_an_unknown_over_is_refused():
    with pytest.raises(ValueError, match=r"`over` must be one of 'columns', 'all'. Received: over='rows'"):
        Standardize("rows")


def test_columns_must_be_counted():
    with pytest.raises(ValueError, match=r"`input_shape` must end with a known size. Received: input_shape=\(None, N"):
        Standardize().build((None, None))
    Standardize("all").build((None, None))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        pytest.param(np.zeros((0, 2)), r"at least one example. Received: x.shape=\(0, 2\)", id="empty"),
        pytest.param(np.zeros(3), r"of shape \(n, \*event_shape\).*x.shape=\(3,\)", id="no-event-axis"),
        pytest.param(np.array([["a"]]), "`x` must be an array of numbers.*dtype=<U1", id="text"),
        pytest.param([[1.0, np.nan]], "`x` must hold finite numbers. Received: NaN or infinity", id="nan"),
        pytest.param([[1.0], [-np.inf]], "`x` must hold finite numbers. Received: NaN or infinity", id="infinity"),
    ],
)
@pytest.mark.parametrize("over", ["columns", "all"])
def test_data_that_teach_nothing_are_refused(over, x, message):
    with pytest.raises(ValueError, match=message):
        Standardize(over).adapt(x)


def test_another_number_of_columns_is_refused():
    layer = adapted()
    with pytest.raises(ValueError, match=r"`x` must have 2 columns, as when the layer was built. Received: 3"):
        layer.adapt(np.arange(12.0).reshape(4, 3))
    with pytest.raises(ValueError, match=r"`location` must have 2 columns, as when the layer was built. Received: 3"):
        layer.assign([0.0] * 3, [1.0] * 3, (0.0, 1.0))


@pytest.mark.parametrize(
    ("over", "arguments", "message"),
    [
        pytest.param("all", (np.nan, 1.0, (0, 1)), "`location` must be a finite number. Received: loc", id="nan"),
        pytest.param("all", ([0.0], 1.0, (0, 1)), "`location` must be a finite number. Received", id="row-for-all"),
        pytest.param("all", (0.0, "1 m", (0, 1)), "`scale` must be a finite number. Received: scale='1 m'", id="text"),
        pytest.param("all", (0.0, 0.0, (0, 1)), "`scale` must be > 0. Received: scale=0.0", id="no-scale"),
        pytest.param("columns", (0.0, 1.0, (0, 1)), "`location` must be a row of finite numbers", id="number-for-row"),
        pytest.param("columns", ([0.0, 0.0], [1.0], (0, 1)), r"`scale` must be .* of shape \(2,\)", id="short-scale"),
        pytest.param("columns", ([0.0], [-1.0], (0, 1)), "`scale` must be > 0. Received: scale=", id="negative-scale"),
        pytest.param("all", (0.0, 1.0, (0, 1, 2)), r"`value_range` must be .* of shape \(2,\)", id="range-of-three"),
        pytest.param("all", (0.0, 1.0, (0, np.inf)), r"`value_range` must be .*finite numbers", id="endless-range"),
    ],
)
def test_numbers_that_standardise_nothing_are_refused(over, arguments, message):
    with pytest.raises(ValueError, match=message):
        Standardize(over).assign(*arguments)


def test_a_column_that_hardly_ever_varies_gets_a_part_of_its_range():
    x = np.zeros((10_000, 2))
    x[:, 0] = np.random.default_rng(0).normal(size=10_000)
    x[7, 1] = 255.0
    layer = Standardize()
    with pytest.warns(UserWarning, match="Columns 1 hardly ever vary"):
        layer.adapt(x)
    assert layer.scale.numpy()[1] == pytest.approx(255.0 / 20.0)
    assert np.abs(layer(x).numpy()).max() <= 20.0


def test_a_column_that_float32_hardly_resolves_is_named():
    x = np.column_stack([1e9 + np.arange(500.0) // 10, np.arange(500.0)])
    with pytest.warns(UserWarning, match="Columns 0 differ by less than float32 tells apart"):
        Standardize().adapt(x)


def test_names_and_their_number_are_limited_in_a_warning():
    x = np.column_stack([np.arange(4.0), *np.ones((8, 4))])
    names = list("abcdefghi")
    with pytest.warns(UserWarning, match="Columns 'b', 'c', 'd', 'e', 'f' and 3 more do not vary"):
        Standardize().adapt(x, names)


def test_elements_that_are_missing_are_not_learned_from(rng):
    x, counts = rng.normal(size=(100, 3)), rng.random((100, 3)) > 0.5
    layer, expected = Standardize(), Standardize()
    layer.adapt(np.where(counts, x, np.nan), counts=counts)
    np.testing.assert_allclose(layer.location.numpy(), np.ma.masked_array(x, ~counts).mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(layer.scale.numpy(), np.ma.masked_array(x, ~counts).std(axis=0), rtol=1e-5)
    expected.adapt(x)
    layer.adapt(x, counts=np.ones(100))
    np.testing.assert_array_equal(layer.scale.numpy(), expected.scale.numpy())


def test_in_data_units_the_words_about_nats_are_empty():
    assert Standardize(in_data_units=True).nats_of == ""
    assert Standardize().nats_of == "standardised values"


def test_columns_that_are_not_to_be_scaled_stay_as_they_are(rng):
    x = np.stack([5 + 2 * rng.normal(size=200), np.ones(200), rng.integers(0, 3, 200)], axis=1).astype("float32")
    layer = Standardize(columns=[0])
    layer.adapt(x)
    np.testing.assert_allclose(layer.location, [x[:, 0].mean(), 0.0, 0.0], rtol=1e-5)
    np.testing.assert_allclose(layer.scale, [x[:, 0].std(), 1.0, 1.0], rtol=1e-5)
    np.testing.assert_allclose(layer.inverse(layer(x)), x, rtol=1e-5)
    assert layer.left_out().size == 0
    assert Standardize.from_config(layer.get_config()).columns == (0,)
    # One that is to be scaled and does not vary is left out as ever.
    of_two = Standardize(columns=[0, 1])
    with pytest.warns(UserWarning, match="Columns 1 do not vary"):
        of_two.adapt(x)
    assert of_two.left_out().tolist() == [1]


def test_columns_that_there_are_not_cannot_be_scaled():
    with pytest.raises(ValueError, match="`columns` must be numbers of the 2 columns"):
        Standardize(columns=[2]).adapt(np.eye(2))
    with pytest.raises(ValueError, match="`columns` must be None for over='all'"):
        Standardize("all", columns=[0])
