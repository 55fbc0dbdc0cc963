import keras
import numpy as np
import pytest
from tasks.vae.data_sets import images

import keras_vae as kv
from keras_vae.tasks.vae import VAETask
from keras_vae.tasks.vae.rate_by_step import RateBySteps, RateCallback


def test_the_rate_rises_and_falls_along_half_a_wave():
    rate = RateBySteps(0.01, 4000)
    assert rate(0) == pytest.approx(0.01 / 200)
    assert rate(99) == pytest.approx(0.005, rel=0.01)
    assert rate(1999) == pytest.approx(0.01 * (0.02 + 0.49), rel=0.01)
    assert rate(3999) == rate(10**9) == pytest.approx(0.0002)
    assert max(map(rate, range(4000))) == pytest.approx(0.01, rel=0.01)


def test_of_a_short_training_the_rise_is_a_quarter():
    rate = RateBySteps(0.01, 40, "constant")
    np.testing.assert_allclose([rate(0), rate(4), rate(9), rate(39)], [0.001, 0.005, 0.01, 0.01])
    assert RateBySteps(0.01, 1)(0) == 0.01


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The schedule of rate is longer")
def test_the_callback_sets_the_rate_and_a_resumed_training_goes_on():
    x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")

    def trained(*parts):
        model = kv.make_vae(6, 2, hidden_units=(4,), likelihood="gaussian_shared", seed=0)
        model.compile(keras.optimizers.Adam(1.0), steps_per_execution=1)
        found = []
        for first, last in parts:
            callbacks = [RateCallback(RateBySteps(0.01, 16))]
            found += model.fit(
                x, batch_size=16, initial_epoch=first, epochs=last, shuffle=False, verbose=0, callbacks=callbacks
            ).history["learning_rate"]
        return model, found

    (whole, rates), (parts, again) = trained((0, 4)), trained((0, 2), (2, 4))
    np.testing.assert_allclose(rates, [RateBySteps(0.01, 16)(step) for step in (3, 7, 11, 15)], rtol=1e-6)
    assert rates == again
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_a_ladder_of_photographs_has_its_rate_by_step():
    data = images((16, 16, 3), 40)
    task = VAETask(epochs=2, latent_dim=[4, 8], hidden_units=[16, 16], batch_size=8, network="resnet", validation=0.2)
    task.prepare(data)
    model, rate = task.build_model(), RateBySteps(task.settings_["learning_rate"], 10)
    history = task.train(model, data, verbose=0).history["learning_rate"]
    # The five steps of an epoch are one call, with the rate of its first.
    np.testing.assert_allclose(history, [rate(0), rate(5)], rtol=1e-6)
