"""Each private name of Keras does what it is used for: a new Keras that changes one fails here first."""

import pathlib
import re

import keras
import numpy as np
import pytest

import keras_vae._keras as private

PACKAGE = pathlib.Path(private.__file__).parent


def test_no_other_file_uses_a_private_name_of_keras():
    names = set(re.findall(r"\.(_[a-z]\w+)", (PACKAGE / "_keras.py").read_text()))
    assert len(names) >= 8
    used = re.compile(r"\.(?:" + "|".join(names) + r")\b")
    found = [p.name for p in PACKAGE.rglob("*.py") if p.name != "_keras.py" and used.search(p.read_text())]
    assert found == []


def test_a_self_built_model_is_not_built_by_keras():
    seen, calls = [], []

    class Model(private.SelfBuiltModel):
        def build(self, input_shape):
            self.dense = keras.layers.Dense(1)
            self.dense.build(input_shape)
            self.built = True

        def call(self, x):
            calls.append(x.shape)
            return self.dense(x)

        def _maybe_symbolic_build(self, **data):
            # Keras calls it by this name at the beginning of `fit`; the model is not run for it.
            seen.append(self.built)
            super()._maybe_symbolic_build(**data)
            assert calls == []

    model = Model()
    model.build((None, 2))
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(np.zeros((2, 2)), np.zeros((2, 1)), verbose=0)
    assert seen == [True]
    assert len(calls) == 1


def test_evaluate_within_fit_is_told_apart():
    seen = []

    class Model(keras.Model):
        def evaluate(self, *args, **kwargs):
            seen.append(private.uses_cached_data(kwargs))
            return super().evaluate(*args, **kwargs)

    x = keras.Input((2,))
    model = Model(x, keras.layers.Dense(1)(x))
    model.compile("sgd", "mse")
    data = np.zeros((4, 2)), np.zeros((4, 1))
    model.fit(*data, validation_data=data, verbose=0)
    model.evaluate(*data, verbose=0)
    assert seen == [True, False]


def test_own_variables_are_those_that_keras_saves_for_the_layer_itself():
    class Layer(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.fixed = self.add_weight(shape=(), trainable=False, name="fixed")
            self.learned = self.add_weight(shape=(), name="learned")
            self.part = keras.layers.Dense(1)
            self.part.build((None, 1))

    layer, store = Layer(), {}
    layer.save_own_variables(store)
    own = private.own_variables(layer)
    assert [v.name for v in own] == ["learned", "fixed"]
    assert list(store) == ["0", "1"]


def test_a_built_layer_gets_new_parts_in_the_block_alone():
    layer = keras.layers.Dense(1)
    layer.build((None, 1))
    part = keras.layers.Dense(2)
    with pytest.raises(ValueError, match="cannot add"):
        layer.part = part
    with private.open_to_new_parts(layer) as forget:
        layer.part = part
        assert part in layer._flatten_layers()
        forget(part)
        layer.part = None
    assert part not in layer._flatten_layers()
    with pytest.raises(ValueError, match="cannot add"):
        layer.part = part


def test_all_layers_are_found_at_any_depth():
    inner = keras.Sequential([keras.layers.Dense(1, name="deep")])
    model = keras.Sequential([inner, keras.layers.Dense(1, name="flat")])
    assert {"deep", "flat"} <= {layer.name for layer in private.all_layers(model)}


def test_the_moments_of_adam_are_those_of_its_update():
    weight = keras.Variable(1.0)
    optimizer = keras.optimizers.Adam(0.1, beta_1=0.9, beta_2=0.99)
    optimizer.build([weight])
    optimizer.apply([keras.ops.convert_to_tensor(2.0)])
    momentum, velocity = private.adam_moments(optimizer, weight)
    assert float(momentum.numpy()) == pytest.approx(0.1 * 2.0)
    assert float(velocity.numpy()) == pytest.approx(0.01 * 4.0)
