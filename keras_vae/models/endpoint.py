"""What a model serves: functions of named tensors, which an export makes signatures of."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from keras_vae.training.batch import Batch


class Endpoint(NamedTuple):
    """One function that a model serves.

    Attributes:
        function: Callable. Tensors in the order of `specs` to a dict of tensors, rows first; traceable as a graph.
        specs: tuple of `tf.TensorSpec`, each with the name that a client knows it by. Those named "x" hold raw data: an
            export may put a preprocessing in front of them.
        takes_holes: bool. Whether NaN in an input stands for an element that was not seen. Where it does not, a server
            answers NaN for the whole row.
        resources: tuple of what the function needs beside variables, such as tables of words: an export keeps them.

    Examples:
        >>> endpoint = vae.endpoints()["encode"]
        >>> isinstance(endpoint, kv.models.Endpoint), [spec.name for spec in endpoint.specs]
        (True, ['x'])
    """

    function: Callable
    specs: tuple[tf.TensorSpec, ...]
    takes_holes: bool = False
    resources: tuple = ()


def of_data(model, outputs, parts=("encoder", "decoder")):
    """The endpoint of x, and of the condition where one of the parts that it runs takes it.

    Args:
        model: a built `LatentModel`.
        outputs: Callable. A prepared `Batch` to a dict of tensors.
        parts: names of the parts that it runs.
    """
    names, specs = _condition(model, parts)

    def function(x, *condition):
        return outputs(model.prepare(Batch(x, condition=_joined(names, condition))))

    return Endpoint(function, (_rows("x", model.event_shape), *specs), model.likelihood.takes_holes)


def of_code(model, outputs):
    """The endpoint of z, and of the condition where the decoder takes it; `outputs` takes z and a `Batch`."""
    names, specs = _condition(model, ("decoder",))

    def function(z, *condition):
        return outputs(z, model.told(Batch(condition=_joined(names, condition))))

    return Endpoint(function, (_rows("z", (model.latent_dim,)), *specs))


def _condition(model, parts):
    """Keys of the condition, or None for a single one, and its specs; two empty tuples where no part takes it."""
    if not any(map(model.takes_condition, parts)):
        return (), ()
    shape = model.condition_shape
    if isinstance(shape, dict):
        return tuple(shape), tuple(_rows(key, part) for key, part in shape.items())
    return None, (_rows("condition", shape),)


def _joined(names, tensors):
    if names is None:
        return tensors[0]
    return dict(zip(names, tensors, strict=True)) or None


def _rows(name, event_shape):
    return tf.TensorSpec((None, *event_shape), tf.float32, name=name)
