import time

import numpy as np
import pytest

from keras_vae.callbacks.keep_best import KeepBest

NAN = float("nan")


class Model:
    """What the callback needs of a model: its weights are the number of the epoch."""

    stop_training = False

    def __init__(self):
        self.weights = [np.zeros(1)]

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = weights


def trained(keeper, values, first=1):
    """The model after epochs with these values of the metric (None where it is not there), and the last epoch."""
    model = Model()
    keeper.set_model(model)
    for number, value in enumerate(values, first):
        model.weights = [np.full(1, float(number))]
        keeper.on_epoch_end(number - 1, {"loss": 1.0} if value is None else {keeper.monitor: value})
        if model.stop_training:
            return model, number
    return model, None


@pytest.mark.parametrize(
    ("monitor", "values", "best"),
    [
        ("val_elbo", [-3, -1, -2], 2),
        ("elbo", [-3, -1, -2], 2),
        ("val_iw_bound", [-3, -1, -2], 2),
        ("val_loss", [3, 1, 2], 2),
        # The first one of equals; what is not finite or not there does not count.
        ("val_elbo", [-2, -1, -1], 2),
        ("val_elbo", [None, -5, NAN, None, -4, float("inf")], 5),
    ],
)
def test_the_weights_of_the_best_epoch_come_back(monitor, values, best):
    keeper = KeepBest(monitor)
    model, stopped = trained(keeper, values)
    assert stopped is None
    assert keeper.epoch == best
    assert float(model.weights[0][0]) == len(values)
    assert keeper.restore(model) == best
    assert float(model.weights[0][0]) == best


def test_nothing_is_kept_where_the_metric_never_came():
    keeper = KeepBest(patience=1)
    model, stopped = trained(keeper, [None, NAN, None])
    assert (keeper.epoch, keeper.weights, stopped, keeper.is_over) == (None, None, None, False)
    assert keeper.restore(model) is None
    assert float(model.weights[0][0]) == 3


@pytest.mark.parametrize(
    ("patience", "values", "last"),
    [
        (1, [-3, -2, -1], None),
        (1, [-3, -2, -2], 3),
        (2, [-3, -2, -4, -3, -1], 4),
        (3, [-3, -2, -4, -3, -1, -5, -5, -5], 8),
        # Looked at in every third epoch: not over before it was looked at again.
        (2, [None, None, -3, None, None, -2, None, None, -1], None),
        (2, [None, None, -3, None, None, -4, None], 6),
        (None, [-1] * 50, None),
    ],
)
def test_training_is_over_when_the_best_epoch_is_too_long_ago(patience, values, last):
    assert trained(KeepBest(patience=patience), values)[1] == last


@pytest.mark.parametrize("break_after", range(1, 8))
def test_an_interruption_changes_nothing(break_after):
    values = [-5.0, None, -4.0, -4.5, None, -4.6, -4.7, -4.8, -1.0]
    whole = KeepBest(patience=4)
    _, last = trained(whole, values)
    assert last == 7
    first = KeepBest(patience=4)
    trained(first, values[:break_after])
    history = {"val_elbo": [NAN if value is None else value for value in values[:break_after]]}
    second = KeepBest(patience=4, history=history, weights=first.weights)
    if break_after == last:
        assert second.is_over
    else:
        _, again = trained(second, values[break_after:], first=break_after + 1)
        assert again == last
    assert second.epoch == whole.epoch == 3
    np.testing.assert_array_equal(second.weights, whole.weights)


@pytest.mark.parametrize(
    ("values", "epoch", "last"),
    [
        # Lost at first, and passed later: what counts is whether the training still rises.
        ([-9.0, -7.0, -5.0, -3.0, -1.0, 1.0], 6, None),
        ([-9.0, -7.0, -5.0, -3.0], 0, None),
        ([-9.0, -7.0, -8.0, -8.0, 5.0], 0, 4),
        ([2.0, 1.0, 1.0], 1, 3),
    ],
)
def test_a_start_is_kept_until_it_is_passed(values, epoch, last):
    keeper = KeepBest(patience=2)
    keeper.begin(Model(), 0.0)
    model, stopped = trained(keeper, values)
    assert (keeper.epoch, stopped) == (epoch, last)
    keeper.restore(model)
    assert float(model.weights[0][0]) == epoch


@pytest.mark.parametrize("break_after", range(1, 5))
def test_an_interruption_does_not_forget_the_start(break_after):
    values = [-4.0, -3.0, -2.0, 1.0, 0.5]
    first = KeepBest(patience=3)
    first.begin(Model(), 0.0)
    trained(first, values[:break_after])
    second = KeepBest(patience=3, history={"val_elbo": values[:break_after]}, weights=first.weights, start=first.start)
    assert second.epoch == first.epoch
    trained(second, values[break_after:], first=break_after + 1)
    assert (second.epoch, float(second.weights[0][0])) == (4, 4.0)


def test_it_costs_nothing_in_trainings_of_many_short_epochs():
    keeper = KeepBest(patience=10**6, history={"val_elbo": list(np.sin(np.arange(20_000.0)))})
    keeper.set_model(Model())
    begun = time.perf_counter()
    for epoch in range(2000):
        keeper.on_epoch_end(epoch, {"val_elbo": -1.0})
    # Measured: 2 ms. Looking through all epochs each time would take half a minute.
    assert time.perf_counter() - begun < 1.0


@pytest.mark.slow
def test_it_keeps_the_weights_of_a_training(vae, x):
    keeper = KeepBest("val_elbo")
    kept = []

    class Spy(KeepBest):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            kept.append((logs["val_elbo"], self.model.get_weights()))

    # A rate at which it gets worse again.
    vae.optimizer.learning_rate = 0.5
    vae.fit(x, validation_data=x, epochs=4, callbacks=[keeper, Spy()], verbose=0)
    best = int(np.argmax([value for value, _ in kept]))
    assert keeper.restore(vae) == best + 1
    for one, other in zip(vae.get_weights(), kept[best][1], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("patience", [0, -1, 1.5])
def test_a_patience_out_of_bounds_is_refused(patience):
    with pytest.raises(ValueError, match="`patience` must be a whole number >= 1"):
        KeepBest(patience=patience)


@pytest.mark.parametrize(("larger", "best"), [(True, 3), (False, 1), (None, 1)])
def test_what_is_better_can_be_said(larger, best):
    keeper = KeepBest("val_ndcg_at_100", larger_is_better=larger)
    trained(keeper, [0.1, 0.2, 0.3])
    assert keeper.epoch == best
