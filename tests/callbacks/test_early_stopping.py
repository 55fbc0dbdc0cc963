import pytest

from keras_vae import schedules
from keras_vae.callbacks.annealing import BetaAnnealing
from keras_vae.callbacks.early_stopping import EarlyStopping


def stopping_epochs(vae, stopping, values, annealing=None):
    """Epochs that training goes on for when the monitored number of the epochs is `values`."""
    stopping.set_model(vae)
    vae.stop_training = False
    stopping.on_train_begin()
    for epoch, value in enumerate(values):
        if annealing is not None:
            vae.optimizer.iterations.assign(epoch + 1)
        stopping.on_epoch_end(epoch, {stopping.monitor: value})
        if vae.stop_training:
            return epoch + 1
    return None


def test_early_stopping_takes_the_larger_bound_for_the_better(vae):
    assert stopping_epochs(vae, EarlyStopping(patience=2), [-9.0, -8.0, -7.0, -6.0]) is None
    assert stopping_epochs(vae, EarlyStopping(patience=2), [-9.0, -8.0, -8.5, -8.5, -8.5]) == 4
    assert stopping_epochs(vae, EarlyStopping("val_reconstruction_loss", patience=1), [3.0, 2.0, 1.0, 1.5]) == 4


def test_early_stopping_waits_for_the_end_of_the_annealing(vae):
    # While beta rises the bound may well fall; counted from the beginning, training would end in epoch 2.
    annealing = BetaAnnealing(schedules.linear(n_steps=4))
    annealing.set_model(vae)
    values = [-5.0, -6.0, -7.0, -8.0, -7.5, -7.6]
    assert stopping_epochs(vae, EarlyStopping(patience=1, annealing=annealing), values, annealing) == 6
    assert stopping_epochs(vae, EarlyStopping(patience=1), values) == 2


def test_early_stopping_brings_back_the_best_weights(vae, x):
    stopping = EarlyStopping(patience=1)
    vae.fit(x, validation_data=x, epochs=1, callbacks=[stopping], verbose=0)
    assert stopping.best_weights is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"monitor": "val_loss", "annealing": BetaAnnealing(float)}, "`monitor` must not be a loss that moves"),
        ({"annealing": "beta"}, "`annealing` must be the annealing callback"),
    ],
)
def test_early_stopping_refuses_what_would_stop_for_the_wrong_reason(arguments, message):
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**arguments)
