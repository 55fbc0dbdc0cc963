import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.likelihoods import Gaussian, GaussianFixed, GaussianShared


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda: Gaussian(min_log_var=np.inf), "`min_log_var` must be a finite number", id="infinite"),
        pytest.param(lambda: Gaussian(max_log_var=-10), "`max_log_var` must be a finite number > -10", id="crossed"),
        pytest.param(lambda: GaussianFixed(0), "`stddev` must be a finite number > 0", id="zero-stddev"),
        pytest.param(lambda: GaussianShared(min_log_var=0), "`min_log_var` must be .* <= -0.001", id="no-room"),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_density_stays_bounded_on_a_constant_element():
    raw = np.array([[0.0, -1e4], [0.0, -50.0]], "float32")
    # Stddev exp(-5): log density 5 - log(2 pi) / 2 and no more.
    np.testing.assert_allclose(Gaussian().log_prob(np.zeros((2, 1)), raw), 5 - 0.5 * np.log(2 * np.pi), rtol=1e-6)


def test_variance_is_bounded_above():
    x_params = np.array([[0.0, 1e4]], "float32")
    assert float(Gaussian(max_log_var=4.0).distribution(x_params).stddev()[0, 0]) == pytest.approx(np.exp(2), rel=1e-6)


def test_shared_log_var_starts_at_zero_and_is_one_weight():
    likelihood = GaussianShared()
    likelihood.build((3,))
    assert [weight.name for weight in likelihood.trainable_weights] == ["log_var"]
    assert likelihood.log_var.shape == ()
    assert float(likelihood.log_var) == pytest.approx(0, abs=1e-6)


def test_building_twice_keeps_the_learned_log_var():
    likelihood = GaussianShared()
    likelihood.build((3,))
    likelihood.trainable_weights[0].assign(-1.0)
    likelihood.build((3,))
    assert len(likelihood.weights) == 1
    assert float(likelihood.log_var) == pytest.approx(-1, abs=2e-4)  # the floor at -10 adds exp(-9)


def test_shared_log_var_needs_build():
    with pytest.raises(ValueError, match="`log_var` exists once the likelihood GaussianShared is built"):
        _ = GaussianShared().log_var


def test_shared_log_var_learns_the_mean_square_error(rng):
    x, mean = rng.normal(0, 0.3, (500, 4)).astype("float32"), np.zeros((500, 4), "float32")
    likelihood = GaussianShared()
    likelihood.build((4,))
    optimizer = keras.optimizers.Adam(0.1)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.log_prob(x, mean))
        optimizer.apply(tape.gradient(loss, likelihood.trainable_weights), likelihood.trainable_weights)

    for _ in range(150):
        step()
    # The maximum of the likelihood, to what 150 steps of Adam reach.
    assert np.exp(likelihood.log_var) == pytest.approx(np.mean(np.square(x)), rel=1e-2)


def test_shared_log_var_stays_above_its_floor():
    likelihood = GaussianShared(min_log_var=-4.0)
    likelihood.build((1,))
    likelihood.trainable_weights[0].assign(-1e4)
    assert float(likelihood.log_var) == pytest.approx(-4.0)


def test_building_inside_tf_function_is_allowed():
    likelihood = GaussianShared()
    first = tf.function(likelihood.log_prob, autograph=False)(np.zeros((2, 1), "float32"), np.zeros((2, 1), "float32"))
    np.testing.assert_allclose(first, -0.5 * np.log(2 * np.pi), rtol=1e-5)
    assert len(likelihood.weights) == 1


@keras.saving.register_keras_serializable(package="keras_vae_tests")
class Holder(keras.Model):
    """The least model that owns a likelihood."""

    def __init__(self, likelihood, **kwargs):
        super().__init__(**kwargs)
        self.likelihood = likelihood

    def build(self, input_shape):
        self.likelihood.build(tuple(input_shape[1:]))

    def call(self, x):
        return self.likelihood.log_prob(x, keras.ops.zeros_like(x))

    def get_config(self):
        return {**super().get_config(), "likelihood": keras.saving.serialize_keras_object(self.likelihood)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config.pop("likelihood")), **config)


def test_shared_log_var_survives_saving(tmp_path):
    model = Holder(GaussianShared(min_log_var=-6.0))
    x = np.ones((2, 3), "float32")
    model(x)
    model.trainable_weights[0].assign(-1.25)
    model.save(tmp_path / "holder.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        restored = keras.models.load_model(tmp_path / "holder.keras")
    np.testing.assert_array_equal(restored.likelihood.log_var, model.likelihood.log_var)
    np.testing.assert_array_equal(restored(x), model(x))


@pytest.mark.usefixtures("mixed_float16")
def test_shared_log_var_keeps_its_digits_inside_a_mixed_precision_model():
    model = Holder(GaussianShared())
    x = np.zeros((1, 1), "float32")
    model(x)
    model.trainable_weights[0].assign(0.12345678)
    log_var = 0.12345678 + np.log1p(np.exp(-10.12345678))
    # As a float16, the weight would be 2e-5 off.
    assert float(model(x)[0]) == pytest.approx(-0.5 * (log_var + np.log(2 * np.pi)), abs=1e-6)
