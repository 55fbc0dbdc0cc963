"""Every private name of Keras that this library uses, each behind a public name that says what it is for."""

import contextlib

import keras


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


def all_layers(model):
    """The model and every layer inside it, at any depth."""
    return list(model._flatten_layers())


def adam_moments(optimizer, variable):
    """The first and the second moment that a `keras.optimizers.Adam` keeps of a variable."""
    index = optimizer._get_variable_index(variable)
    return optimizer._momentums[index], optimizer._velocities[index]
