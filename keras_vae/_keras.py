"""Every private name of Keras that this library uses, each behind a public name that says what it is for."""

import contextlib

import keras

# Layers that move values about and change none, or none outside of training.
LAYOUT_LAYERS = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Identity,
    keras.layers.Dropout,
    keras.layers.Cropping1D,
    keras.layers.Cropping2D,
    keras.layers.Cropping3D,
)


class SelfBuiltModel(keras.Model):
    """A model that builds itself and its optimizer before Keras would do it.

    Keras builds from the mean of a batch over replicas, which fails where their parts differ in size. It still does
    where the data could not be looked at beforehand.
    """

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        if not self.built:
            super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)


def uses_cached_data(arguments):
    """Whether `evaluate` was called by `fit` on the validation data, which `fit` has checked.

    Args:
        arguments: dict. The further arguments of `evaluate`.
    """
    return bool(arguments.get("_use_cached_eval_dataset"))


def own_variables(layer):
    """The variables of a layer that are in none of its parts, in the order in which Keras saves them."""
    return layer._trainable_variables + layer._non_trainable_variables


@contextlib.contextmanager
def open_to_new_parts(layer):
    """Let a built layer, in the block, get new parts and lose old ones; yields the function that forgets an old one."""
    was_locked = layer._tracker.locked
    layer._tracker.unlock()
    try:
        yield layer._tracker.untrack
    finally:
        if was_locked:
            layer._tracker.lock()


def output_shape_of(layer):
    """Shape of what a layer puts out in the model that it is part of, tuple; empty where it does not show that."""
    nodes = getattr(layer, "_inbound_nodes", None)
    shape = getattr(nodes[0].output_tensors[0], "shape", ()) if nodes else ()
    return tuple(shape)


def all_layers(model):
    """The model and every layer inside it, at any depth."""
    return list(model._flatten_layers())


def adam_moments(optimizer, variable):
    """The first and the second moment that a `keras.optimizers.Adam` keeps of a variable."""
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]


def last_operation(model, output=0):
    """The layer or operation that an output of a model comes from, at any depth, reshaping and the like left out.

    Args:
        model: Keras layer.
        output: int. Number of the output.

    Returns:
        Operation; None for a layer that does not show its graph.
    """
    outputs = getattr(model, "outputs", None)
    if not outputs or output >= len(outputs):
        return None
    tensor = outputs[output]
    while True:
        operation, node, place = tensor._keras_history
        if isinstance(operation, keras.Model):
            inner = last_operation(operation, place)
            return operation if inner is None else inner
        inputs = operation._inbound_nodes[node].input_tensors
        if not isinstance(operation, LAYOUT_LAYERS) or len(inputs) != 1:
            return operation
        tensor = inputs[0]
