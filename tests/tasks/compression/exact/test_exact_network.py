import json

import keras
import numpy as np
import pytest
from keras import layers

import keras_vae as kv
from keras_vae.tasks.compression.exact.exact_network import ROWS, ExactNetwork


def outputs_of(model, inputs):
    found = model(inputs if len(inputs) > 1 else inputs[0])
    return [np.asarray(t) for t in found] if isinstance(found, (list, tuple)) else [np.asarray(found)]


def trained(model, rng):
    """A model whose weights have all moved, also those that start at zero."""
    model.set_weights([w + 0.02 * rng.standard_normal(w.shape) for w in model.get_weights()])
    return model


def networks():
    ladders = {
        name: kv.make_ladder_vae((9, 8, 1), (3, 2), name, (16, 12), likelihood="discretized_logistic").decoder.networks
        for name in ("dense", "resnet")
    }
    for name in ("dense", "skip", "conv", "resnet"):
        yield kv.make_encoder((9, 8, 2), 3, name)
        yield kv.make_decoder((9, 8, 2), 3, name)
    for name, parts in ladders.items():
        yield kv.make_ladder_vae((9, 8, 1), (3, 2), name, (16, 12)).encoder
        yield from parts


@pytest.mark.slow
def test_every_network_of_the_library_is_near_its_keras_form_and_the_same_in_any_batch(rng):
    for model in networks():
        exact = ExactNetwork.of(trained(model, rng))
        shapes = model.input_shape if isinstance(model.input_shape, list) else [model.input_shape]
        x = [rng.standard_normal((ROWS + 3, *shape[1:])) for shape in shapes]
        found = outputs_of(exact, x)
        for out, wanted in zip(found, outputs_of(model, [t.astype("float32") for t in x]), strict=True):
            assert out.dtype == np.float64
            # Some ten layers of float32 sums of up to 600 terms.
            np.testing.assert_allclose(out, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
        for part in (slice(0, 1), slice(5, 8), slice(ROWS - 1, ROWS + 1)):
            for out, alone in zip(found, outputs_of(exact, [t[part] for t in x]), strict=True):
                assert np.array_equal(out[part], alone)
        assert all(len(out) == 0 for out in outputs_of(exact, [t[:0] for t in x]))


def test_its_error_is_about_that_of_float32(rng):
    model = trained(kv.make_encoder((50,), 3, "dense", (300, 200)), rng)
    w = [weight.astype(np.float64) for weight in model.get_weights()]
    x = rng.standard_normal((200, 50))
    h = np.maximum(np.maximum(x @ w[0] + w[1], 0.0) @ w[2] + w[3], 0.0)
    wanted = h @ w[4] + w[5]
    errors = [np.std(np.asarray(part(x)[0]) - wanted) for part in (ExactNetwork.of(model), model)]
    assert errors[0] < 3.0 * errors[1]


def test_configuration_and_arrays_make_it_again(rng):
    exact = ExactNetwork.of(trained(kv.make_decoder((9, 8, 1), 3, "resnet", (8, 8)), rng))
    again = ExactNetwork(json.loads(json.dumps(exact.config)), exact.arrays)
    z = rng.standard_normal((4, 3))
    assert np.array_equal(exact(z), again(z))


def test_models_in_models_shared_layers_and_sequential_ones(rng):
    inner = keras.Sequential([layers.Dense(5, activation="tanh"), layers.Dense(4)], name="inner")
    x, shared = keras.Input((4,)), layers.Dense(4, name="shared")
    model = keras.Model(x, layers.Add()([inner(shared(shared(x))), x]))
    for part in (model, inner):
        data = rng.standard_normal((6, 4))
        np.testing.assert_allclose(ExactNetwork.of(part)(data), part(data.astype("float32")), rtol=1e-5, atol=1e-5)


def test_outputs_that_others_need_too_and_inputs_that_are_outputs(rng):
    x = keras.Input((4,))
    h = layers.Dense(3)(x)
    found = ExactNetwork.of(keras.Model(x, [h, layers.Activation("relu")(h), x]))(rng.standard_normal((2, 4)))
    assert np.array_equal(np.maximum(found[0], 0.0), found[1])
    assert found[2].shape == (2, 4)


def test_numbers_inside_a_graph_are_not_passed_over():
    x = keras.Input((4,))
    with pytest.raises(ValueError, match=r"class keras\S*\.Add, which has no exact form"):
        ExactNetwork.of(keras.Model(x, x + 1.0))


def test_a_model_that_is_not_functional_is_refused():
    class Own(keras.Model):
        def call(self, x):
            return x

    for model in (Own(), keras.Sequential([layers.Dense(3)])):
        with pytest.raises(ValueError, match="`model` must be a functional or sequential Keras model that is built"):
            ExactNetwork.of(model)


def test_dicts_of_tensors_are_refused():
    x = keras.Input((4,), name="x")
    for end, model in (("inputs", keras.Model({"x": x}, x)), ("outputs", keras.Model(x, {"y": layers.Dense(2)(x)}))):
        with pytest.raises(ValueError, match=f"`model` must have one tensor or a list of tensors as its {end}. Rec"):
            ExactNetwork.of(model)


def test_another_number_of_inputs_is_refused(rng):
    exact = ExactNetwork.of(kv.make_decoder((4,), 3, "dense", (8,)))
    with pytest.raises(ValueError, match=r"`inputs` must be 1 arrays\. Received: 2"):
        exact([np.zeros((1, 3)), np.zeros((1, 3))])


def test_recurrent_networks_are_refused():
    with pytest.raises(ValueError, match="of class Bidirectional, which has no exact form"):
        ExactNetwork.of(kv.make_encoder((5, 2), 3, "recurrent", (4,)))
