import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae import optimizers
from keras_vae.optimizers import Adam, RowAdam

N_STEPS = 20
# The kernel computes 1 - beta_2 in float32, where 1 - 0.999 is off by 1.3e-5 of itself; half of that reaches a step.
STEP_RTOL = 1e-5


@pytest.fixture
def calls_of_the_parent(monkeypatch):
    """Names of the weights that took the parent's `update_step`."""
    names = []
    original = keras.optimizers.Adam.update_step

    def record(self, gradient, variable, learning_rate):
        names.append(variable.shape)
        return original(self, gradient, variable, learning_rate)

    monkeypatch.setattr(keras.optimizers.Adam, "update_step", record)
    return names


def train(optimizer, gradients, dtype="float32"):
    """Weights after one step per gradient, from weights that are the same at every call."""
    rng = np.random.default_rng(1)
    weights = [keras.Variable(rng.normal(size=np.shape(g)), dtype=dtype) for g in gradients[0]]
    optimizer.build(weights)
    for step in gradients:
        optimizer.apply_gradients([(tf.cast(g, dtype), w) for g, w in zip(step, weights, strict=True)])
    return [w.numpy() for w in weights]


@pytest.fixture
def gradients(rng):
    # Ten orders of magnitude, so that epsilon matters for some weights and not for others.
    scales = 10.0 ** rng.uniform(-8, 2, size=(1, 4))
    return [[(rng.normal(size=(3, 4)) * scales), rng.normal(size=(4,))] for _ in range(N_STEPS)]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({}, id="default"),
        pytest.param({"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}, id="other-constants"),
        pytest.param({"clipnorm": 0.1, "weight_decay": 0.01}, id="clipping-and-decay"),
        pytest.param({"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 5}, id="moving-average"),
        pytest.param({"gradient_accumulation_steps": 2}, id="accumulation"),
    ],
)
def test_twenty_steps_give_the_weights_of_keras_adam(gradients, calls_of_the_parent, arguments):
    fused = train(Adam(**arguments), gradients)
    assert calls_of_the_parent == []
    distance = N_STEPS * arguments.get("learning_rate", 0.001)  # No weight moves further.
    for a, b in zip(fused, train(keras.optimizers.Adam(**arguments), gradients), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=STEP_RTOL * distance)


def test_a_learning_rate_schedule_is_followed(gradients):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    fused, reference = (train(kind(schedule), gradients) for kind in (Adam, keras.optimizers.Adam))
    for a, b in zip(fused, reference, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=STEP_RTOL * 0.2)  # 0.1 + 0.05 + ... is the distance.


def test_the_slots_are_those_of_keras_adam(gradients):
    fused, reference = Adam(), keras.optimizers.Adam()
    train(fused, gradients)
    train(reference, gradients)
    assert len(fused.variables) == len(reference.variables)
    for a, b in zip(fused.variables, reference.variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-5, atol=1e-9)  # 1 - beta_2 again, not halved here.


def test_amsgrad_takes_the_parents_way(gradients, calls_of_the_parent):
    train(Adam(amsgrad=True), gradients[:3])
    assert len(calls_of_the_parent) == 6


def test_double_precision_weights_take_the_parents_way(gradients, calls_of_the_parent):
    fused = train(Adam(), gradients[:3], dtype="float64")
    assert len(calls_of_the_parent) == 6
    for a, b in zip(fused, train(keras.optimizers.Adam(), gradients[:3], dtype="float64"), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_sparse_gradient_of_an_embedding_takes_the_parents_way(calls_of_the_parent):
    table = keras.Variable(np.ones((5, 2), "float32"))
    dense = keras.Variable(np.ones((2,), "float32"))
    optimizer = Adam(0.1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(table.value, [1, 3]) * dense.value)
    gradients = tape.gradient(loss, [table.value, dense.value])
    assert isinstance(gradients[0], tf.IndexedSlices)
    optimizer.build([table, dense])
    optimizer.apply_gradients(zip(gradients, [table, dense], strict=True))
    assert calls_of_the_parent == [(5, 2)]
    # Adam's first step is the learning rate in the direction of the sign.
    np.testing.assert_allclose(table.numpy()[:, 0], [1.0, 0.9, 1.0, 0.9, 1.0], rtol=1e-5)
    np.testing.assert_allclose(dense.numpy(), [0.9, 0.9], rtol=1e-5)


def test_config_round_trip():
    optimizer = Adam(learning_rate=0.01, beta_1=0.8, amsgrad=True, clipnorm=1.0, name="mine")
    config = keras.saving.serialize_keras_object(optimizer)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is Adam
    assert again.get_config() == optimizer.get_config()


def small_model(optimizer):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, kernel_initializer="ones")])
    model.compile(optimizer, loss="mse")
    return model


@pytest.mark.slow
def test_loss_scaling_under_mixed_precision_gives_the_weights_of_keras_adam(rng, mixed_float16):
    x, y = rng.normal(size=(16, 4)).astype("float32"), rng.normal(size=(16, 3)).astype("float32")
    weights = []
    for optimizer in (Adam(0.01), keras.optimizers.Adam(0.01)):
        model = small_model(optimizer)
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
        assert int(model.optimizer.inner_optimizer.iterations) == 6
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=STEP_RTOL * 0.06)  # Six steps of 0.01.


def test_a_saved_model_goes_on_with_the_same_slots(rng, tmp_path):
    x, y = rng.normal(size=(16, 4)).astype("float32"), rng.normal(size=(16, 3)).astype("float32")
    model = small_model(Adam(0.01))
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert type(again.optimizer) is Adam
    for m in (model, again):
        m.fit(x, y, verbose=0, shuffle=False)
    for a, b in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_module_shows_its_public_names_alone():
    assert dir(optimizers) == sorted(optimizers.__all__)
    assert all(hasattr(optimizers, name) for name in optimizers.__all__)


# ---- rows ----


def rows_step(optimizer, table, gradient_of_rows, rows):
    slices = tf.IndexedSlices(tf.constant(gradient_of_rows, tf.float32), tf.constant(rows), tf.constant(table.shape))
    optimizer.apply_gradients([(slices, table)])


def test_rows_that_every_step_sees_move_as_under_adam(rng):
    one, other = (keras.Variable(np.ones((3, 2), "float32")) for _ in range(2))
    by_rows, dense = RowAdam(0.1), Adam(0.1)
    for _ in range(5):
        gradient = rng.normal(size=(3, 2)).astype("float32")
        rows_step(by_rows, one, gradient, [0, 1, 2])
        dense.apply_gradients([(tf.constant(gradient), other)])
    np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-5)


def test_rows_that_no_step_sees_stay_and_rows_that_come_twice_are_added_up(rng):
    one, other = (keras.Variable(np.ones((4, 2), "float32")) for _ in range(2))
    optimizer, again = RowAdam(0.1), RowAdam(0.1)
    rows_step(optimizer, one, [[1.0, 2.0], [2.0, 2.0]], [3, 3])
    rows_step(again, other, [[3.0, 4.0]], [3])
    np.testing.assert_array_equal(one.numpy(), other.numpy())
    np.testing.assert_array_equal(one.numpy()[:3], np.ones((3, 2)))
    # The moments of a row wait until it is seen again: by hand, with the bias correction of the second step.
    rows_step(optimizer, one, [[1.0, 1.0]], [0])
    momentum, velocity = 0.1 / (1.0 - 0.9**2), 0.001 / (1.0 - 0.999**2)
    np.testing.assert_allclose(one.numpy()[0], 1.0 - 0.1 * momentum / np.sqrt(velocity), rtol=1e-4)
    np.testing.assert_array_equal(one.numpy()[3], other.numpy()[3])


def test_gradients_of_whole_weights_are_as_under_adam(rng):
    one, other = (keras.Variable(np.ones((3,), "float32")) for _ in range(2))
    gradient = tf.constant(rng.normal(size=3).astype("float32"))
    RowAdam(0.1).apply_gradients([(gradient, one)])
    Adam(0.1).apply_gradients([(gradient, other)])
    np.testing.assert_array_equal(one.numpy(), other.numpy())
