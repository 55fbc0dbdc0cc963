"""Keras models whose outputs have the same bits on every machine."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_vae.tasks.compression.exact.layer_arithmetic import LAYERS, refuse
from keras_vae.tasks.compression.exact.map_arithmetic import MAP_LAYERS

if TYPE_CHECKING:
    import keras

KNOWN = {**LAYERS, **MAP_LAYERS}
MODELS = ("Functional", "Sequential", "Model")
# Rows that go through at a time: their maps stay in the cache.
ROWS = 64
# What Keras calls a tensor of a graph in the configuration of a model.
TENSOR = "__keras_tensor__"


class ExactNetwork:
    """A functional Keras model of layers that have an exact form, computed by NumPy outside of training.

    What it rounds, `whole_products` says; the errors are about those of Keras in float32. The outputs are float64, and
    the same bits for a row in any batch, on any machine.

    Args:
        config: dict of what JSON can hold, as the attribute `config` of another.
        arrays: dict of float32 arrays, as the attribute `arrays` of another.

    Attributes:
        config: dict. Layers with their settings, and how they hang together.
        arrays: dict from "layer/number" to the weights.

    Raises:
        ValueError: if a layer has no exact form, or a weight is not finite.
    """

    def __init__(self, config: dict[str, Any], arrays: dict[str, np.ndarray]):
        self.config, self.arrays = config, arrays
        self._functions = {layer["name"]: self._function(layer) for layer in config["layers"]}
        self._steps = _in_order(config)
        self._last_use = {source: i for i, (_, sources) in enumerate(self._steps) for source in sources}

    def _function(self, layer):
        name, class_name = layer["name"], layer["class_name"]
        if class_name == "InputLayer":
            return None
        own = {key.removeprefix(f"{name}/"): a for key, a in self.arrays.items() if key.startswith(f"{name}/")}
        if class_name in MODELS:
            return ExactNetwork(layer["config"], own)
        if class_name not in KNOWN:
            refuse(name, class_name, "which has no exact form")
        return KNOWN[class_name](layer["config"], [own[str(i)] for i in range(len(own))])

    @classmethod
    def of(cls, model: "keras.Model") -> "ExactNetwork":
        """The exact form of a Keras model.

        Args:
            model: functional or sequential Keras model, built.

        Raises:
            ValueError: if it is neither, if its inputs or outputs are a dict, if a layer has no exact form, or a weight
                is not finite.
        """
        return cls(*_parts_of(model))

    def __call__(self, inputs: np.ndarray | Sequence[np.ndarray]) -> np.ndarray | list[np.ndarray]:
        """Outputs of the model.

        Args:
            inputs: array `(n, ...)` of numbers, or a list of as many as the model has inputs.

        Returns:
            float64 array `(n, ...)`, or a list of them where the model puts out a list.

        Raises:
            ValueError: for another number of inputs, or where a value becomes infinite on the way.
        """
        inputs = [np.asarray(x) for x in (inputs if isinstance(inputs, (list, tuple)) else [inputs])]
        if len(inputs) != len(self.config["inputs"]):
            raise ValueError(f"`inputs` must be {len(self.config['inputs'])} arrays. Received: {len(inputs)}")
        parts = [
            self._outputs([x[start : start + ROWS].astype(np.float64) for x in inputs])
            for start in range(0, max(len(inputs[0]), 1), ROWS)
        ]
        outputs = [np.concatenate(part) if len(part) > 1 else part[0] for part in zip(*parts, strict=True)]
        return outputs if self.config["gives_list"] else outputs[0]

    def _outputs(self, inputs):
        """Outputs for a few rows, a list of arrays."""
        values = {tuple(source): x for source, x in zip(self.config["inputs"], inputs, strict=True)}
        wanted = [tuple(source) for source in self.config["outputs"]]
        for i, ((name, node), sources) in enumerate(self._steps):
            arrays = [values[source] for source in sources]
            function = self._functions[name]
            found = function(arrays) if isinstance(function, ExactNetwork) else function(*arrays)
            values.update({(name, node, j): out for j, out in enumerate(found if isinstance(found, list) else [found])})
            for source in {*sources}:
                if self._last_use[source] == i and source not in wanted:
                    del values[source]
        return [values[source] for source in wanted]


def _in_order(config):
    """Calls of layers, `((layer, number of the call), sources)`, each behind those that it needs."""
    calls = {(layer["name"], i): sources for layer in config["layers"] for i, sources in enumerate(layer["calls"])}
    done = {tuple(source)[:2] for source in config["inputs"]}
    order, waiting = [], [tuple(source)[:2] for source in config["outputs"]]
    while waiting:
        call = waiting[-1]
        sources = [tuple(source) for source in calls.get(call, ())]
        missing = [source[:2] for source in sources if source[:2] not in done]
        if call not in done and not missing:
            order.append((call, sources))
            done.add(call)
        waiting = [*waiting, *missing] if missing and call not in done else waiting[:-1]
    return order


def _parts_of(model):
    """Configuration and arrays of an `ExactNetwork`, from a Keras model."""
    config = model.get_config() if hasattr(model, "get_config") else {}
    if "layers" not in config or not getattr(model, "built", False):
        raise ValueError(
            f"`model` must be a functional or sequential Keras model that is built. Received: model={model!r}"
        )
    layers, arrays = [], {}
    for entry in config["layers"]:
        name, class_name = entry["config"]["name"], _class_name(entry)
        if class_name in MODELS:
            own_config, own_arrays = _parts_of(model.get_layer(name))
        else:
            own_config = _plain_config(entry["config"])
            own_arrays = {} if class_name == "InputLayer" else dict(enumerate(model.get_layer(name).get_weights()))
        arrays |= {f"{name}/{key}": array for key, array in own_arrays.items()}
        calls = [_tensors_of(node) for node in entry.get("inbound_nodes", [])]
        layers.append({"name": name, "class_name": class_name, "config": own_config, "calls": calls})
    if "input_layers" not in config:
        return _chain(layers), arrays
    ends = {end: _flat_sources(config[f"{end[:-1]}_layers"], end) for end in ("inputs", "outputs")}
    gives_list = bool(config["output_layers"]) and not isinstance(config["output_layers"][0], str)
    return {"layers": layers, **ends, "gives_list": gives_list}, arrays


def _class_name(entry):
    """The name by which the class of a layer is known here, from its entry in the configuration of a model.

    Raises:
        ValueError: for an operation such as `a + 1.0`, whose numbers are no settings, and for a class that is not
            registered: both may have the name of a layer of Keras.
    """
    name, module = entry.get("registered_name") or entry["class_name"], entry.get("module") or ""
    if name not in MODELS and module != "keras.layers" and ">" not in name:
        refuse(entry["config"].get("name"), f"{module}.{name}", "which has no exact form")
    return name


def _chain(layers):
    """A sequential model as a graph."""
    if not layers or layers[0]["class_name"] != "InputLayer":
        layers = [{"name": "_input", "class_name": "InputLayer", "config": {}, "calls": []}, *layers]
    for before, layer in itertools.pairwise(layers):
        layer["calls"] = [[[before["name"], 0, 0]]]
    ends = {"inputs": [[layers[0]["name"], 0, 0]], "outputs": [[layers[-1]["name"], 0, 0]]}
    return {"layers": layers, **ends, "gives_list": False}


def _plain_config(config):
    """The settings of a layer that decide what it computes, all of which JSON can hold."""
    return {
        key: value for key, value in config.items() if not key.endswith(("_initializer", "_regularizer", "_constraint"))
    }


def _tensors_of(node):
    """Sources `[layer, number of the call, number of the output]` of one call of a layer."""
    if isinstance(node, dict):
        if node.get("class_name") == TENSOR:
            return [list(node["config"]["keras_history"])]
        node = list(node.values())
    return [source for part in node for source in _tensors_of(part)] if isinstance(node, (list, tuple)) else []


def _flat_sources(sources, end):
    """The inputs or outputs of a model as a list.

    Raises:
        ValueError: if they are neither one tensor nor a list of tensors.
    """
    if isinstance(sources, (list, tuple)) and isinstance(sources[0], str):
        return [list(sources)]
    if not isinstance(sources, (list, tuple)) or any(not isinstance(source[0], str) for source in sources):
        raise ValueError(f"`model` must have one tensor or a list of tensors as its {end}. Received: {sources!r}")
    return [list(source) for source in sources]
