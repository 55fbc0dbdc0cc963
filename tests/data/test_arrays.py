import numpy as np
import pytest

from keras_vae.data.arrays import as_examples, read_examples


@pytest.mark.parametrize(
    ("x", "shape", "dtype", "kind"),
    [
        pytest.param(np.ones((5, 3)), (5, 3), np.float32, "table", id="float64-table"),
        pytest.param(np.ones((5, 3), np.uint8), (5, 3), np.float32, "table", id="binary-vectors"),
        pytest.param(np.full((5, 3), 7), (5, 3), np.float32, "table", id="int-table"),
        pytest.param(np.full((5, 8, 6), 9, np.uint8), (5, 8, 6, 1), np.uint8, "image", id="grey-images"),
        pytest.param(np.full((5, 8, 6), 255, np.int64), (5, 8, 6, 1), np.uint8, "image", id="grey-images-int64"),
        pytest.param(np.full((5, 8, 6, 3), 9, np.uint8), (5, 8, 6, 3), np.uint8, "image", id="colour-images"),
        pytest.param(np.full((5, 8, 6), 0.5), (5, 8, 6), np.float32, "sequence", id="sequences"),
        pytest.param(np.full((5, 8, 6, 3), -2.5), (5, 8, 6, 3), np.float32, "image", id="float-images"),
        pytest.param(np.full((5, 9, 8), 0.5), (5, 9, 8, 1), np.float32, "image", id="unit-images"),
        pytest.param(np.full((5, 9, 8), -0.5), (5, 9, 8, 1), np.float32, "image", id="signed-images"),
        pytest.param(np.full((5, 9, 8), 1.5), (5, 9, 8), np.float32, "sequence", id="series-with-long-sides"),
        pytest.param(np.full((5, 200, 7), 0.5), (5, 200, 7), np.float32, "sequence", id="unit-series-of-7"),
        pytest.param(np.full((5, 30, 4), 300), (5, 30, 4), np.float32, "sequence", id="whole-series-over-255"),
        pytest.param(np.full((5, 30, 4), -3), (5, 30, 4), np.float32, "sequence", id="negative-whole-series"),
        pytest.param(np.full((5, 30, 1), 300), (5, 30), np.int32, "sequence", id="tokens"),
        pytest.param(np.full((5, 30, 1), 5000), (5, 30, 1), np.float32, "sequence", id="whole-numbers-over-4999"),
    ],
)
def test_rank_and_type_say_what_an_array_is(x, shape, dtype, kind):
    parts, found, note = as_examples({"x": x}, "f.npz")
    assert (parts["x"].shape, parts["x"].dtype, found, note) == (shape, dtype, kind, "")
    assert parts["x"].flat[0] == x.flat[0]


@pytest.mark.parametrize("shape", [(4, 9, 8), (4, 9, 8, 3)])
def test_float_images_of_whole_numbers_to_255_are_bytes(shape, rng):
    x = rng.integers(0, 256, shape)
    parts, kind, note = as_examples({"x": x.astype(float)}, "f")
    assert (parts["x"].dtype, kind, note) == (np.uint8, "image", "whole numbers 0 to 255: held as 8 bits")
    np.testing.assert_array_equal(parts["x"].reshape(x.shape), x)


def test_values_of_16_bits_are_scaled_to_8():
    x = np.zeros((1, 8, 8), np.uint16)
    x[0, 0, :4] = 65535, 257, 128, 129
    parts, kind, note = as_examples({"x": x}, "f")
    assert (parts["x"].dtype, kind) == (np.uint8, "image")
    assert parts["x"][0, 0, :5, 0].tolist() == [255, 1, 0, 1, 0]
    assert "scaled to 8 bits" in note
    low, _, note = as_examples({"x": x // 257}, "f")
    assert (low["x"].max(), note) == (255, "")


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_channels_in_front_go_to_the_end(dtype, rng):
    x = (rng.random((4, 3, 10, 12)) * 200).astype(dtype)
    examples = read_examples({"x": x}, "f")
    assert examples.parts["x"].shape == (4, 10, 12, 3)
    np.testing.assert_allclose(examples.parts["x"][1, 2, 3], x[1, :, 2, 3], rtol=1e-6)
    assert "channels first" in " ".join(line.read_as for line in examples.report)
    kept = read_examples({"x": x}, "f", event_shape=(3, 10, 12))
    assert kept.parts["x"].shape == x.shape


def test_a_table_with_a_square_number_of_columns_can_be_images(rng):
    x = rng.integers(0, 256, (6, 49))
    examples = read_examples({"x": x}, "f", kind="image")
    assert (examples.kind, examples.values) == ("image", "bytes")
    np.testing.assert_array_equal(examples.parts["x"], x.reshape(6, 7, 7, 1))
    assert read_examples({"x": x[:, :48]}, "f", kind="image", event_shape=(4, 4, 3)).parts["x"].shape == (6, 4, 4, 3)
    with pytest.raises(ValueError, match=r"square number of columns, such as 784\. Received: 48 columns"):
        read_examples({"x": x[:, :48]}, "f", kind="image")


@pytest.mark.parametrize("shape", [(6, 20), (6, 20, 1)])
@pytest.mark.parametrize("dtype", [np.int64, np.float64])
def test_whole_numbers_in_a_sequence_are_tokens(shape, dtype, rng):
    x = rng.integers(0, 5000, shape).astype(dtype)
    examples = read_examples({"x": x}, "f", kind="sequence")
    assert (examples.values, examples.parts["x"].dtype, examples.parts["x"].shape) == ("tokens", np.int32, (6, 20))
    np.testing.assert_array_equal(examples.parts["x"], x.reshape(6, 20))
    series = read_examples({"x": x + 0.5}, "f", kind="sequence")
    assert (series.values, series.parts["x"].dtype, series.parts["x"].shape) == ("numbers", np.float32, (6, 20, 1))


def test_a_series_stays_one_where_a_later_file_is_whole_by_chance():
    examples = read_examples({"x": np.ones((3, 5))}, "f", kind="sequence", values="numbers", event_shape=(5, 1))
    assert (examples.parts["x"].shape, examples.parts["x"].dtype) == ((3, 5, 1), np.float32)


def test_the_kind_overrules_the_values(rng):
    x = rng.random((4, 28, 28))
    assert read_examples({"x": x}, "f").kind == "image"
    sequence = read_examples({"x": x}, "f", kind="sequence")
    assert (sequence.kind, sequence.parts["x"].shape) == ("sequence", (4, 28, 28))
    table = read_examples({"x": x}, "f", kind="table")
    np.testing.assert_array_equal(table.parts["x"], x.reshape(4, 784).astype(np.float32))
    image = read_examples({"x": rng.normal(size=(4, 5, 6))}, "f", kind="image")
    assert (image.values, image.parts["x"].shape) == ("numbers", (4, 5, 6, 1))
    with pytest.raises(ValueError, match="sequences of f must have rank 2 or 3"):
        read_examples({"x": np.ones((2, 3, 4, 5))}, "f", kind="sequence")
    with pytest.raises(ValueError, match="`kind` must be one of"):
        read_examples({"x": x}, "f", kind="sound")


def test_the_report_names_the_kind_and_what_overrules_it(rng):
    (line,) = read_examples({"x": rng.random((4, 28, 28))}, "f").report
    assert (line.what, line.overrule) == ("kind", "--kind sequence")
    assert read_examples({"x": rng.normal(size=(4, 28, 28))}, "f").report[0].overrule == "--kind image"
    assert read_examples({"x": rng.random((4, 28, 28))}, "f", kind="image").report == []


def test_later_values_are_held_as_the_first_were():
    dark = np.zeros((2, 8, 8), np.uint8)
    dark[0, 0, 0] = 1
    assert read_examples({"x": dark}, "f", kind="image", values="bytes").parts["x"].max() == 1
    assert read_examples({"x": dark}, "f", kind="image", values="black and white").parts["x"].max() == 255
    assert read_examples({"x": dark * 255}, "f", kind="image", values="black and white").parts["x"].max() == 255
    assert read_examples({"x": dark}, "f", kind="image", values="16 bits").parts["x"].max() == 1
    unit = read_examples({"x": np.full((2, 8, 8), 51, np.uint8)}, "f", kind="image", values="unit")
    np.testing.assert_allclose(unit.parts["x"], 0.2, rtol=1e-6)
    assert unit.note == "divided by 255, as the values of the first data were in [0, 1]"
    with pytest.raises(ValueError, match=r"black and white images of f must hold 0 and 1\. Received: values 0 to 2"):
        read_examples({"x": dark * 2}, "f", kind="image", values="black and white")
    with pytest.raises(ValueError, match=r"tokens of f must be whole numbers 0 to 4999\. Received: values 0 to 6000"):
        read_examples({"x": dark[..., 0] * 6000.0}, "f", kind="sequence", values="tokens")


def test_whole_numbers_that_float32_cannot_tell_apart_are_told():
    assert read_examples({"x": np.full((2, 2), 2**24)}, "f").note == ""
    assert "float32 keeps their first 7 digits" in read_examples({"x": np.full((2, 2), 2**24 + 1)}, "f").note


@pytest.mark.parametrize("dtype", [np.uint8, bool])
def test_black_and_white_images_become_0_and_255_in_all_parts(dtype):
    black, mixed = np.zeros((2, 4, 4), dtype), np.eye(4, dtype=dtype)[np.newaxis]
    parts, kind, note = as_examples({"x_train": mixed, "x_test": black}, "f.npz")
    assert kind == "image"
    assert set(np.unique(parts["x_train"])) == {0, 255}
    assert parts["x_test"].max() == 0
    assert note == "values 0 and 1 are held as 0 and 255"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        pytest.param({"x": np.array([["a"]])}, "`x` of f must be an array of numbers", id="text"),
        pytest.param({"x": np.zeros((2, 2), complex)}, "array of numbers. Received: dtype complex128", id="complex"),
        pytest.param({"x": np.zeros((0, 3))}, "`x` of f is empty", id="empty"),
        pytest.param({"x": np.zeros(3)}, "must have rank 2", id="rank-1"),
        pytest.param({"x": np.zeros((1, 2, 2, 2, 2))}, "must have rank 2", id="rank-5"),
        pytest.param({"x": np.array([[1.0], [np.nan]])}, "NaN or inf, first in row 1", id="nan"),
        pytest.param({"x": np.full((1, 4, 4, 1), np.inf)}, "NaN or inf, first in row 0", id="inf"),
        pytest.param({"x": np.array([[1e300]])}, "finite float32 numbers", id="too-large-for-float32"),
        pytest.param({"x": np.zeros((1, 4, 4), "M8[D]")}, "array of numbers. Received: dtype datetime64", id="dates"),
        pytest.param(
            {"x": np.full((1, 2, 2, 1), 256)}, "values 0 to 255; .* Received: values 256 to 256", id="over-255"
        ),
        pytest.param({"x": np.full((1, 2, 2, 1), -1)}, "Received: values -1 to -1", id="negative"),
        pytest.param({"a": np.zeros((2, 3)), "b": np.zeros((2, 4))}, "`a` and `b` of f must", id="shapes"),
        pytest.param({"a": np.zeros((2, 3)), "b": np.zeros((2, 3), int)}, "one shape and kind", id="kinds"),
    ],
)
def test_other_arrays_are_refused(parts, message):
    with pytest.raises(ValueError, match=message):
        as_examples(parts, "f")
