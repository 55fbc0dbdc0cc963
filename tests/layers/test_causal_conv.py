import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.layers.causal_conv import SEES, CausalConv2D, shifted_down

HEIGHT, WIDTH, PLACE = 5, 6, (2, 3)


def seen_from(row, column, kind, reach):
    """Mask of the places that an output at (row, column) may depend on."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    near = (np.abs(rows - row) <= reach) & (np.abs(columns - column) <= reach)
    return (
        near
        & {
            "rows_to_here": rows <= row,
            "left": (rows == row) & (columns < column),
            "left_to_here": (rows == row) & (columns <= column),
        }[kind]
    )


@pytest.mark.parametrize("kernel_size", [3, 5])
@pytest.mark.parametrize("sees", SEES)
def test_an_output_depends_on_what_it_may_see_and_on_nothing_else(sees, kernel_size, rng):
    layer = CausalConv2D(2, kernel_size, sees, seed=0)
    x = tf.constant(rng.normal(size=(1, HEIGHT, WIDTH, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(layer(x)[0, PLACE[0], PLACE[1]] * [1.0, 0.7])
    depends = np.any(tape.gradient(value, x)[0] != 0.0, axis=-1)
    np.testing.assert_array_equal(depends, seen_from(*PLACE, sees, kernel_size // 2))


@pytest.mark.parametrize("sees", SEES)
def test_it_is_the_convolution_with_a_masked_kernel(sees, rng):
    layer, x = CausalConv2D(2, 3, sees, seed=0), rng.normal(size=(2, HEIGHT, WIDTH, 3)).astype("float32")
    found = layer(x)
    kernel, part = np.zeros((3, 3, 3, 2), "float32"), layer.kernel.numpy()
    if sees == "rows_to_here":
        kernel[:2] = part
    else:
        kernel[1:2, : part.shape[1]] = part
    np.testing.assert_allclose(found, tf.nn.conv2d(x, kernel, 1, "SAME"), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sees", SEES)
def test_a_grid_of_one_place_has_an_output(sees):
    assert CausalConv2D(2, 5, sees)(np.ones((3, 1, 1, 4), "float32")).shape == (3, 1, 1, 2)


def test_a_graph_of_layers_knows_the_shape():
    assert CausalConv2D(7)(keras.Input((4, 5, 2))).shape == (None, 4, 5, 7)


def test_rows_are_shifted_down():
    maps = np.arange(6.0).reshape(1, 3, 2, 1)
    np.testing.assert_array_equal(shifted_down(tf.constant(maps))[0, :, :, 0], [[0, 0], [0, 1], [2, 3]])


def test_config_round_trip():
    layer = CausalConv2D(4, 5, "left", seed=2)
    assert CausalConv2D.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"filters": 0}, "`filters` must be a whole number >= 1", id="filters"),
        pytest.param({"kernel_size": 1}, "`kernel_size` must be a whole number >= 3", id="kernel"),
        pytest.param({"kernel_size": 4}, "`kernel_size` must be odd", id="even-kernel"),
        pytest.param({"sees": "right"}, "`sees` must be one of 'rows_to_here'", id="sees"),
    ],
)
def test_an_argument_out_of_bounds_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        CausalConv2D(**{"filters": 2, **arguments})
