"""A user's own callbacks, in every form that Keras takes, see of a VAE what they see of a plain Keras model."""

import keras
import numpy as np
import pytest
from plain_keras import (
    BATCH,
    CONSTANT,
    EPOCHS,
    STEPS,
    assert_same_history,
    assert_same_training,
    both,
    fit,
    fit_both,
    rows,
)

C = keras.callbacks
HOOKS = [name for name in dir(C.Callback) if name.startswith("on_")]


def test_callbacks_come_in_every_form_that_keras_takes():
    seen = []
    one = C.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    vae = both()[0]
    several = C.CallbackList([one], add_history=True, model=vae)
    for form in (one, [one], (one,), several):
        fit(vae, form, epochs=1, validation_data=None)
        assert seen == list(range(STEPS)), form
        seen.clear()
    for form in (None, []):
        fit(vae, form, epochs=1, validation_data=None)
    assert seen == []


# Callbacks of one's own.


class Calls(C.Callback):
    """Writes down every call of every hook."""

    def __init__(self):
        super().__init__()
        self.calls = []


def _writes(hook):
    def write(self, *args, logs=None, **kwargs):
        number = [a for a in args if not isinstance(a, dict) and a is not None]
        given = [a for a in (*args, logs) if isinstance(a, dict)]
        has_loss = any("loss" in logs for logs in given) and not any(np.isnan(logs["loss"]) for logs in given)
        self.calls.append((hook, *number, has_loss))

    return write


for _hook in HOOKS:
    setattr(Calls, _hook, _writes(_hook))


def test_every_hook_is_called_as_often_and_in_the_order_of_keras():
    made = []

    def make(folder):
        made.append(Calls())
        return [made[-1]]

    vae, plain, _, _ = fit_both(make)
    x = rows()
    for model, calls, targets in zip((vae, plain), made, (None, x), strict=True):
        model.evaluate(x, targets, batch_size=BATCH, verbose=0, callbacks=[calls])
        model.predict(x, batch_size=BATCH, verbose=0, callbacks=[calls])
    assert made[0].calls == made[1].calls
    # Keras asks for the hook of a batch by its older name where there is no other.
    assert {hook for hook, *_ in made[0].calls} == set(HOOKS) - {"on_batch_begin", "on_batch_end"}


def test_the_older_names_of_the_hooks_are_asked_at_every_batch_too():
    vae = both()[0]
    for hook in ("on_batch_begin", "on_batch_end"):
        own, seen = C.Callback(), []
        setattr(own, hook, lambda batch, logs=None, seen=seen: seen.append(batch))
        fit(vae, [own], epochs=2, validation_data=None)
        assert seen == list(range(STEPS)) * 2


def test_a_batch_hook_of_ones_own_sees_every_batch_whatever_its_class_is_made_of(tmp_path):
    vae = both()[0]
    missed = {}
    for base in (C.Callback, C.ModelCheckpoint, C.BackupAndRestore, C.TerminateOnNaN, C.ProgbarLogger, C.TensorBoard):

        class Own(base):
            def on_train_batch_end(self, batch, logs=None):
                self.batches.append((batch, int(self.model.optimizer.iterations)))

        arguments = {C.ModelCheckpoint: [tmp_path / "m.keras"], C.BackupAndRestore: [tmp_path / "b"]}
        own = Own(*{**arguments, C.TensorBoard: [tmp_path / "t"]}.get(base, []))
        own.batches = []
        before = int(vae.optimizer.iterations)
        # Writing to a TensorBoard takes another package; its hooks of a batch do not.
        own.on_epoch_end = lambda epoch, logs=None: None
        fit(vae, [own], epochs=1, validation_data=None)
        if own.batches != [(i, before + i + 1) for i in range(STEPS)]:
            missed[base.__name__] = own.batches
    assert missed == {}


def test_a_learning_rate_range_test_runs_as_in_keras():
    class Finder(C.Callback):
        rates, losses = (), ()

        def on_train_batch_begin(self, batch, logs=None):
            self.rates += (float(self.model.optimizer.learning_rate),)

        def on_train_batch_end(self, batch, logs=None):
            self.losses += (logs["loss"],)
            self.model.optimizer.learning_rate = self.rates[-1] * 1.3

    finders = [Finder(), Finder()]
    waiting = iter(finders)
    vae, plain, _, _ = fit_both(lambda folder: [next(waiting)], optimizer=lambda: keras.optimizers.SGD(0.001))
    assert_same_training(vae, plain)
    assert len(finders[0].rates) == EPOCHS * STEPS
    assert finders[0].rates == finders[1].rates
    np.testing.assert_allclose(finders[0].losses, np.array(finders[1].losses) + CONSTANT, rtol=1e-5)


OTHER_HOOKS = [pytest.param(name, marks=pytest.mark.slow) for name in ("on_epoch_end", "on_train_batch_begin")]


@pytest.mark.parametrize("where", ["on_train_batch_end", *OTHER_HOOKS])
def test_a_callback_stops_the_training_where_it_stops_that_of_keras(where):
    def make(folder):
        class Stop(C.Callback):
            pass

        def hook(self, index, logs=None):
            self.model.stop_training = index == 1

        setattr(Stop, where, hook)
        return [Stop()]

    vae, plain, ours, theirs = fit_both(make)
    assert_same_training(vae, plain)
    assert_same_history(ours, theirs)


# What is printed.


@pytest.mark.slow
def test_what_is_printed_ends_every_epoch_as_in_keras(capsys):
    models = both(run_eagerly=lambda: False)
    for verbose in (0, 1, 2, "auto"):
        printed = []
        for model, is_plain in zip(models, (False, True), strict=True):
            fit(model, None, is_plain, verbose=verbose, epochs=2)
            printed.append(capsys.readouterr().out)
        for text in ("Epoch 1/2", "Epoch 2/2", f"{STEPS}/{STEPS}", "val_loss"):
            assert (text in printed[0]) == (text in printed[1]) == (verbose != 0)
        if verbose == 2:  # A line at a time; the bar draws as often as its clock lets it.
            assert printed[0].count("\n") == printed[1].count("\n")
            assert printed[0].count(f"{STEPS}/{STEPS}") == 2
