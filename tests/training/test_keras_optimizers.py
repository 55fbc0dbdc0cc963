"""Every optimizer and every option of `compile` trains a VAE as it trains a plain Keras model."""

import functools
import inspect

import keras
import numpy as np
import pytest
from plain_keras import BATCH, CONSTANT, STEPS, assert_same_training, both, moved, plain_autoencoder, point_vae, rows

from keras_vae.optimizers import Adam

FIT = {"batch_size": BATCH, "epochs": 2, "shuffle": False, "verbose": 0}
O = keras.optimizers  # noqa: E741
# Beside a learning rate these take something else, and are tested by themselves.
WRAPPERS = {"LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}
# A graph for each optimizer takes minutes together. All go through the same step, which other tests here run in graphs.
RUN = pytest.mark.parametrize(
    "run_eagerly", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["eager", "graph"]
)


def classes(module, base):
    """Names of the public classes of a module below a base class, without the base class itself."""
    members = ((name, getattr(module, name)) for name in dir(module))
    return [n for n, m in members if inspect.isclass(m) and issubclass(m, base) and m is not base]


def assert_trains_alike(optimizer, **compile_arguments):
    """The VAE, in the graphs that it makes by itself, and the plain model, one eager step at a time."""
    vae = point_vae(optimizer=optimizer(), **compile_arguments)
    plain = plain_autoencoder(optimizer=optimizer())
    x = rows()
    histories = [vae.fit(x, **FIT).history, plain.fit(x, x, **FIT).history]
    assert int(vae.optimizer.iterations) == 2 * STEPS
    assert moved(vae)
    assert_same_training(vae, plain)
    np.testing.assert_allclose(histories[0]["loss"], np.array(histories[1]["loss"]) + CONSTANT, rtol=1e-5)


def test_the_wrappers_are_all_that_keras_has():
    others = {n for n in dir(O) if inspect.isclass(getattr(O, n))} - set(classes(O, O.Optimizer))
    assert others <= {"Optimizer", "OptimizerMap"}


OFTEN = {"Adam", "AdamW", "RMSprop", "SGD"}
KINDS = [
    pytest.param(name, marks=[] if name in OFTEN else pytest.mark.slow)
    for name in classes(O, O.Optimizer)
    if name not in WRAPPERS
]


@pytest.mark.slow
@RUN
@pytest.mark.parametrize("name", KINDS)
def test_every_optimizer_makes_the_steps_of_keras(name, run_eagerly):
    assert_trains_alike(lambda: getattr(O, name)(0.01), run_eagerly=run_eagerly)


OPTIONS = [
    {"clipnorm": 0.1},
    {"clipvalue": 0.01},
    {"global_clipnorm": 0.1},
    {"use_ema": True, "ema_momentum": 0.5},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3},
    {"weight_decay": 0.1},
    {"gradient_accumulation_steps": 2},
    {"loss_scale_factor": 16.0},
]


# Clipping by another norm, and averages that are used in another way.
ALIKE = {"clipvalue", "global_clipnorm", "ema_overwrite_frequency"}


@functools.cache
def kernel_without_options(make):
    plain = plain_autoencoder(optimizer=make(0.02))
    plain.fit(rows(), rows(), **FIT)
    return plain.trainable_weights[0].numpy()


@pytest.mark.slow
@RUN
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=", ".join(options), marks=[pytest.mark.slow] * bool(ALIKE & set(options)))
        for options in OPTIONS
    ],
)
@pytest.mark.parametrize(
    "make", [pytest.param(O.SGD, id="keras", marks=pytest.mark.slow), pytest.param(Adam, id="keras_vae")]
)
def test_every_option_does_what_it_does_in_keras(make, options, run_eagerly):
    other = {Adam: O.Adam}.get(make, make)
    vae = point_vae(optimizer=make(0.02, **options), run_eagerly=run_eagerly)
    plain = plain_autoencoder(optimizer=other(0.02, **options))
    x = rows()
    vae.fit(x, **FIT)
    plain.fit(x, x, **FIT)
    assert_same_training(vae, plain)
    if "loss_scale_factor" not in options:  # It changes the range of the gradients, not the step.
        assert not np.allclose(kernel_without_options(other), vae.trainable_weights[0].numpy(), rtol=1e-3)


def test_the_options_are_all_that_keras_has():
    base = inspect.signature(O.SGD.__init__).parameters
    listed = {name for options in OPTIONS for name in options}
    assert set(base) - listed == {"self", "learning_rate", "momentum", "nesterov", "name", "kwargs"}


SCHEDULES = {
    "CosineDecay": {"decay_steps": 6},
    "CosineDecayRestarts": {"first_decay_steps": 3},
    "ExponentialDecay": {"decay_steps": 2, "decay_rate": 0.5},
    "InverseTimeDecay": {"decay_steps": 2, "decay_rate": 0.5},
    "PolynomialDecay": {"decay_steps": 6},
}


@pytest.mark.slow
@pytest.mark.parametrize("run_eagerly", [True, False])
@pytest.mark.parametrize("name", classes(O.schedules, O.schedules.LearningRateSchedule))
def test_every_schedule_of_the_learning_rate_is_followed(name, run_eagerly):
    schedule = getattr(O.schedules, name)
    if name == "PiecewiseConstantDecay":
        assert_trains_alike(lambda: O.SGD(schedule([2, 4], [0.05, 0.02, 0.01])), run_eagerly=run_eagerly)
    else:
        assert_trains_alike(lambda: O.SGD(schedule(0.05, **SCHEDULES[name])), run_eagerly=run_eagerly)


@pytest.mark.slow
@pytest.mark.parametrize("dynamic", [True, False], ids=["LossScaleOptimizer", "MultiOptimizer"])
def test_an_optimizer_of_optimizers_makes_the_steps_of_keras(dynamic):
    if dynamic:
        assert_trains_alike(lambda: O.LossScaleOptimizer(O.SGD(0.01), initial_scale=8.0, dynamic_growth_steps=3))
        return
    if not hasattr(O, "MultiOptimizer"):
        pytest.skip("this Keras has no MultiOptimizer")
    assert_trains_alike(lambda: O.MultiOptimizer(lambda v: O.Adam(0.01) if "kernel" in v.path else O.SGD(0.01)))


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda: "sgd", id="name"),
        pytest.param(lambda: "Adam", id="adam"),
        pytest.param(lambda: "adam", id="small adam"),
        pytest.param(lambda: "ADAM", id="large adam"),
        pytest.param(lambda: "rmsprop", id="rmsprop"),
        pytest.param(lambda: {"class_name": "SGD", "config": {"learning_rate": 0.02}}, id="config"),
    ],
)
def test_an_optimizer_may_be_named(form):
    vae, plain = both(optimizer=form)
    ours, theirs = vae.optimizer.get_config(), plain.optimizer.get_config()
    assert isinstance(vae.optimizer, type(plain.optimizer))
    assert {**ours, "name": ""} == {**theirs, "name": ""}


@pytest.mark.parametrize("optimizer", ["no such thing", 3])
def test_what_is_no_optimizer_is_refused_as_in_keras(optimizer):
    for make in (point_vae, plain_autoencoder):
        with pytest.raises(ValueError, match=r"Could not interpret optimizer identifier|Could not locate class"):
            make(optimizer=optimizer)


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        {"run_eagerly": True},
        {"jit_compile": True},
        {"steps_per_execution": 2},
        *(
            pytest.param(arguments, marks=pytest.mark.slow)
            for arguments in (
                {"jit_compile": False},
                {"steps_per_execution": 1},
                {"steps_per_execution": 3},
                {"steps_per_execution": 100},
                {"auto_scale_loss": False},
                {"jit_compile": True, "steps_per_execution": 3},
            )
        ),
    ],
    ids=str,
)
def test_every_option_of_compile_makes_the_steps_of_keras(arguments):
    assert_trains_alike(lambda: O.SGD(0.02), **arguments)


@pytest.mark.parametrize("steps_per_execution", [1, 2])
def test_steps_per_epoch_ends_an_epoch_where_keras_ends_it(steps_per_execution):
    vae, plain = both(steps_per_execution=lambda: steps_per_execution)
    x = rows()
    for model, targets in ((vae, None), (plain, x)):
        model.fit(x, targets, batch_size=BATCH, steps_per_epoch=2, shuffle=False, verbose=0)
    assert_same_training(vae, plain)


def test_the_arguments_of_compile_are_all_that_keras_has():
    ours, theirs = (inspect.signature(c.compile).parameters for c in (type(point_vae()), keras.Model))
    # Refused with the reason, or handed on by `**kwargs`.
    assert set(theirs) - set(ours) == {"loss_weights", "metrics", "weighted_metrics", "auto_scale_loss"}


@pytest.mark.slow
def test_a_second_compile_begins_with_a_new_optimizer():
    vae, plain = both(optimizer=lambda: O.SGD(0.02), run_eagerly=lambda: True)
    x = rows()
    vae.fit(x, **FIT)
    plain.fit(x, x, **FIT)
    vae.compile(O.RMSprop(0.01), run_eagerly=True)
    plain.compile(O.RMSprop(0.01), plain.loss, run_eagerly=True)
    vae.fit(x, **FIT)
    plain.fit(x, x, **FIT)
    assert int(vae.optimizer.iterations) == 2 * STEPS
    assert_same_training(vae, plain)


def test_a_learning_rate_may_be_set_between_two_trainings():
    vae, plain = both(optimizer=lambda: O.SGD(0.02), run_eagerly=lambda: True)
    x = rows()
    for rate in (0.02, 0.05):
        for model, targets in ((vae, None), (plain, x)):
            model.optimizer.learning_rate = rate
            model.fit(x, targets, **FIT)
    assert_same_training(vae, plain)
