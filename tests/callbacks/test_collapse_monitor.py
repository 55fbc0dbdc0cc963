import warnings

import numpy as np
import pytest

from keras_vae.callbacks.collapse_monitor import CollapseMonitor
from keras_vae.evaluation.latent import kl_per_dim


class Encoder:
    """A model to a callback: codes of a given spread in its only dimension."""

    def __init__(self, stddev):
        self.stddev = stddev

    def encode(self, x):
        return self.stddev * np.where(np.arange(100) % 2, 1.0, -1.0)[:, None], np.zeros((100, 1))


def run_monitor(monitor, spreads):
    """Logs of the epochs of a model whose codes have one spread after the other."""
    logs = [{} for _ in spreads]
    for epoch, spread in enumerate(spreads):
        monitor.set_model(Encoder(spread))
        monitor.on_epoch_end(epoch, logs[epoch])
    return logs


def test_the_monitor_logs_active_units_and_keeps_the_kl_per_dimension():
    monitor = CollapseMonitor(x=None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # A spread of 1 is a variance of 1 and a KL of 1/2; one of 0.05 a variance of 0.0025, below the threshold.
        assert run_monitor(monitor, [1.0, 0.05, 1.0]) == [{"active_units": n} for n in (1, 0, 1)]
    np.testing.assert_allclose(np.concatenate(monitor.kl_per_dim), [0.5, 0.00125, 0.5])


def test_the_monitor_warns_once_after_its_patience():
    monitor = CollapseMonitor(x=None, patience=2)
    with pytest.warns(UserWarning, match="none of 1 latent dimensions is active after epoch 2") as record:
        run_monitor(monitor, [0.0, 0.0, 0.0])
    assert len(record) == 1


def test_an_active_epoch_in_between_restarts_the_patience():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_monitor(CollapseMonitor(x=None, patience=2), [0.0, 1.0, 0.0])


def test_the_threshold_decides_what_is_active():
    assert run_monitor(CollapseMonitor(x=None, threshold=0.001), [0.05]) == [{"active_units": 1}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threshold": -1.0}, "`threshold` must be a finite number >= 0.0"),
        ({"patience": 0}, "`patience` must be a whole number >= 1"),
    ],
)
def test_the_monitor_refuses_arguments_out_of_bounds(arguments, message):
    with pytest.raises(ValueError, match=message):
        CollapseMonitor(x=None, **arguments)


def test_the_monitor_looks_at_a_model_in_training(vae, x):
    monitor = CollapseMonitor(x)
    history = vae.fit(x, epochs=2, callbacks=[monitor], verbose=0).history
    assert len(history["active_units"]) == 2
    assert [k.shape for k in monitor.kl_per_dim] == [(2,), (2,)]


def test_the_monitor_looks_at_a_conditional_model(conditional_vae):
    model, x, condition = conditional_vae
    monitor = CollapseMonitor((x, condition), patience=10)
    model.fit((x, condition), callbacks=[monitor], verbose=0)
    np.testing.assert_allclose(monitor.kl_per_dim[0], kl_per_dim(*model.encode(x, condition=condition)))
