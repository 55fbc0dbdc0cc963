"""The arguments of `fit`: data checked, and in the form in which Keras is to get them."""

import inspect

import keras

from keras_vae.training.feed import BATCH_SIZE, make_feed
from keras_vae.training.finite import explained
from keras_vae.training.streams import is_stream
from keras_vae.training.workers import shuffled_alike, spans_processes


def bound_arguments(method, model, *args, **kwargs) -> dict:
    """All arguments of a method by name, with the defaults of those that were not given.

    Raises:
        TypeError: for an argument that the method does not have.
    """
    bound = inspect.signature(method).bind(model, *args, **kwargs)
    bound.apply_defaults()
    return {name: value for name, value in bound.arguments.items() if name != "self"}


def fit_feeds(model, given: dict) -> tuple:
    """The data of a training, and of its validation or None, as `Feed`; the model learns from the former.

    Args:
        model: a `Trainer`.
        given: arguments of `keras.Model.fit`.

    Raises:
        ValueError: for data that do not fit the model, or classes.
    """
    check_no_classes(given["class_weight"])
    parts = (given[name] for name in ("x", "y", "sample_weight", "steps_per_epoch"))
    feed = make_feed(model, *parts, learns=True)
    data = given["validation_data"]
    if data is None:
        return feed, None
    parts = keras.utils.unpack_x_y_sample_weight(tuple(data)) if isinstance(data, (tuple, list)) else (data,)
    about = {"steps": given["validation_steps"], "steps_name": "validation_steps", "name": "validation_data"}
    held_out = make_feed(model, *parts, **about)
    if held_out.watch is not None:
        with explained(model, held_out):
            held_out.watch.look_ahead(held_out.x)
    return feed, held_out


def fit_arguments(model, feed, held_out, given: dict) -> dict:
    """The arguments that Keras gets another value of than was given.

    Args:
        model: a `Trainer`.
        feed: `Feed`.
        held_out: `Feed` or None.
        given: arguments of `keras.Model.fit`.
    """
    (x, y, weight), shuffle, steps = feed[:3], given["shuffle"], given["steps_per_epoch"]
    if not is_stream(x) and shuffle and spans_processes(model.distribute_strategy):
        x, n_batches = shuffled_alike(model.distribute_strategy, x, y, weight, given["batch_size"] or BATCH_SIZE)
        y, weight, steps = None, None, steps or n_batches
    arguments = {"x": x, "y": y, "sample_weight": weight, "steps_per_epoch": steps}
    if is_stream(x):
        arguments["shuffle"] = False  # Keras warns otherwise: a stream comes in its own order.
    if held_out is not None:
        arguments["validation_data"] = held_out.x if held_out.watch is not None else tuple(held_out[:3])
    return arguments


def check_no_classes(class_weight):
    """Refuse weights of classes, which Keras would look up by the target.

    Raises:
        ValueError: if there are any.
    """
    if class_weight is not None:
        raise ValueError("`class_weight` must be None: weigh examples by `sample_weight`. Received: class_weight")
