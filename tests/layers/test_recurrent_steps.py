import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_vae as kv

KERAS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def with_weights_of(layer, cell):
    own = kv.layers.RecurrentSteps(layer.units, cell)
    own.build((None, None, layer.get_weights()[0].shape[0]))
    kernel, recurrent, bias = layer.get_weights()
    own.set_weights([kernel, recurrent, bias] if cell == "lstm" else [kernel, recurrent, *bias])
    return own


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_outputs_and_gradients_are_those_of_keras(rng, cell):
    x = tf.constant(rng.normal(size=(4, 7, 3)), tf.float32)
    theirs = KERAS[cell](5, return_sequences=True, bias_initializer="random_normal")
    theirs(x)
    ours = with_weights_of(theirs, cell)
    found = []
    for layer in (theirs, ours):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x)
            loss = tf.reduce_sum(tf.sin(outputs))
        found.append((outputs, tape.gradient(loss, x)))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_step_is_a_step_of_the_whole(rng, cell):
    layer = kv.layers.RecurrentSteps(5, cell)
    x = tf.constant(rng.normal(size=(4, 7, 3)), tf.float32)
    state = tuple(tf.constant(rng.normal(size=(4, 5)), tf.float32) for _ in range(layer.n_states))
    whole, steps, now = layer(x, state), [], state
    for i in range(7):
        output, now = layer.step(layer.project(x[:, i]), now)
        steps.append(output)
    np.testing.assert_allclose(np.stack(steps, axis=1), whole, rtol=1e-5, atol=1e-6)


def test_an_lstm_forgets_little_at_first():
    layer = kv.layers.RecurrentSteps(3)
    layer.build((None, None, 2))
    assert layer.bias.numpy().tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6
    gru = kv.layers.RecurrentSteps(3, "gru")
    gru.build((None, None, 2))
    assert not gru.bias.numpy().any()


def test_runs_in_half_precision_and_in_a_graph_of_any_length(rng):
    layer = kv.layers.RecurrentSteps(5, dtype="mixed_bfloat16")
    run = tf.function(layer, input_signature=[tf.TensorSpec((None, None, 3))])
    for shape in ((2, 4, 3), (5, 9, 3)):
        outputs = run(tf.constant(rng.normal(size=shape), tf.float32))
        assert outputs.shape == (*shape[:2], 5)
        assert outputs.dtype == tf.bfloat16


def test_config_makes_the_same_layer():
    layer = kv.layers.RecurrentSteps(5, "gru", name="own")
    assert kv.layers.RecurrentSteps.from_config(layer.get_config()).get_config() == layer.get_config()
    assert layer.compute_output_shape((2, 7, 3)) == (2, 7, 5)


@pytest.mark.parametrize(("arguments", "message"), [((0,), r"`units` must be"), ((3, "rnn"), r"`cell` must be one of")])
def test_arguments_out_of_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        kv.layers.RecurrentSteps(*arguments)
