"""The flow against autodiff, against TFP and against the integral of its density."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close

from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow


def flow(latent_dim, context_dim=None, scale=0.3, **kwargs):
    """A built flow with weights that are not at their start."""
    layer = InverseAutoregressiveFlow(**{"hidden_units": (16,), "seed": 0, **kwargs})
    layer(tf.zeros((1, latent_dim)), None if context_dim is None else tf.zeros((1, context_dim)))
    rng = np.random.default_rng(4)
    for weight in layer.weights:
        weight.assign(rng.normal(scale=scale, size=weight.shape))
    return layer


def normal(rng, *shape):
    return tf.constant(rng.normal(size=shape), tf.float32)


def jacobian_of(layer, z, context=None):
    with tf.GradientTape() as tape:
        tape.watch(z)
        z_out, log_det = layer(z, context)
    return tape.batch_jacobian(z_out, z).numpy(), log_det.numpy()


def tfp_flow(layer, context=None):
    """The same flow of TFP's bijectors: a chain of inverted masked autoregressive flows, first step innermost."""
    from tensorflow_probability import bijectors as tfb

    def one(network):
        def shift_and_log_scale(z):
            # Its inverse divides: (y - shift) * exp(-log_scale).
            shift, log_scale = network(z, context)
            return -shift * tf.exp(-log_scale), -log_scale

        return tfb.Invert(tfb.MaskedAutoregressiveFlow(shift_and_log_scale, validate_args=True))

    return tfb.Chain([one(network) for network in reversed(layer.networks)])


@pytest.mark.parametrize("context_dim", [None, 3])
@pytest.mark.parametrize("n_steps", [1, 3])
@pytest.mark.parametrize("latent_dim", [1, 4])
def test_log_det_is_that_of_the_jacobian(latent_dim, n_steps, context_dim, rng):
    layer = flow(latent_dim, context_dim, n_steps=n_steps)
    context = None if context_dim is None else normal(rng, 6, context_dim)
    jacobian, log_det = jacobian_of(layer, normal(rng, 6, latent_dim), context)
    sign, expected = np.linalg.slogdet(jacobian.astype("float64"))
    np.testing.assert_array_equal(sign, 1.0)
    np.testing.assert_allclose(log_det, expected, rtol=1e-4, atol=1e-5)  # Autodiff in float32.
    assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("latent_dim", [1, 4])
def test_tfp_bends_the_same_way_and_back(latent_dim, rng):
    layer, z, context = flow(latent_dim, 3, n_steps=3), normal(rng, 6, latent_dim), normal(rng, 6, 3)
    z_out, log_det = layer(z, context)
    bijector = tfp_flow(layer, context)
    np.testing.assert_allclose(bijector.forward(z), z_out, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(bijector.forward_log_det_jacobian(z, event_ndims=1), log_det, rtol=1e-5, atol=1e-5)
    # TFP caches inverses: a copy of the tensor makes it solve dimension by dimension.
    np.testing.assert_allclose(bijector.inverse(tf.constant(z_out.numpy())), z, rtol=1e-3, atol=1e-4)


def test_every_other_step_has_the_order_reversed(rng):
    layer, z = flow(4, n_steps=2), normal(rng, 6, 4)
    jacobian = jacobian_of(flow(4, n_steps=1), z)[0]
    np.testing.assert_array_equal(np.triu(jacobian, 1), 0.0)
    assert np.all(np.any(np.tril(jacobian) != 0.0, axis=0)[np.tril_indices(4)])
    jacobian = jacobian_of(layer, z)[0]
    assert np.all(np.any(jacobian != 0.0, axis=0))  # After both every dimension has seen every other.


def test_it_starts_as_the_identity_and_the_first_gradient_moves_it(rng):
    layer, z, context = InverseAutoregressiveFlow(seed=0), normal(rng, 8, 3), normal(rng, 8, 2)
    with tf.GradientTape() as tape:
        z_out, log_det = layer(z, context)
        loss = tf.reduce_sum(z_out**2) - tf.reduce_sum(log_det)
    np.testing.assert_array_equal(z_out, z)
    np.testing.assert_array_equal(log_det, np.zeros(8))
    for gradient in tape.gradient(loss, [network.kernels[-1] for network in layer.networks]):
        assert np.any(gradient != 0.0)


def test_the_gradient_reaches_every_weight_and_the_context(rng):
    layer, z, context = flow(3, 2, n_steps=2), normal(rng, 32, 3), normal(rng, 32, 2)
    with tf.GradientTape() as tape:
        tape.watch(context)
        z_out, log_det = layer(z, context)
        loss = tf.reduce_sum(z_out**2) - tf.reduce_sum(log_det)
    gradients = tape.gradient(loss, [*layer.trainable_weights, z, context])
    assert len(layer.trainable_weights) == 2 * 5
    for gradient in [*gradients[:-2], gradients[-1]]:
        assert np.any(gradient.numpy() != 0.0)
        assert np.all(np.isfinite(gradient))


@pytest.mark.slow
@pytest.mark.parametrize("latent_dim", [1, 2])
def test_the_density_of_what_comes_out_integrates_to_one(latent_dim):
    layer = flow(latent_dim, 1, n_steps=2, scale=0.25)
    context = tf.fill((1, 1), 0.7)
    n = {1: 4001, 2: 801}[latent_dim]
    axis = np.linspace(-12.0, 12.0, n, dtype="float32")
    points = np.stack(np.meshgrid(*[axis] * latent_dim), axis=-1).reshape(-1, latent_dim)
    # TFP inverts it: q(z_out) = N(z; 0, I) / |det|, on a grid over z_out.
    bijector = tfp_flow(layer, tf.repeat(context, len(points), axis=0))
    z = bijector.inverse(points)
    log_density = -0.5 * np.sum(z**2 + np.log(2 * np.pi), axis=-1) - layer(z, tf.repeat(context, len(points), 0))[1]
    mass = np.exp(log_density.numpy().astype("float64")) * float(axis[1] - axis[0]) ** latent_dim
    np.testing.assert_allclose(
        mass.sum(), 1.0, rtol=1e-3
    )  # Bends of the elu network: a Riemann sum of a kinked density.
    # And it is where the draws are.
    rng = np.random.default_rng(5)
    draws, _ = layer(normal(rng, 20_000, latent_dim), tf.repeat(context, 20_000, axis=0))
    assert_mean_close(draws, mass @ points, resolution=0.2)
    assert_mean_close(draws.numpy() > 0.5, mass @ (points > 0.5), resolution=0.03)


def test_one_step_by_hand(rng):
    layer, z = flow(2, n_steps=1), normal(rng, 50, 2)
    z_out, log_det = layer(z)
    shift, log_scale = (t.numpy().astype("float64") for t in layer.networks[0](z))
    np.testing.assert_allclose(z_out, np.exp(log_scale) * z.numpy() + shift, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log_det, log_scale[:, 0] + log_scale[:, 1], rtol=1e-5)
    # The first dimension is an affine map of constants, the second bends with the first.
    assert np.ptp(log_scale[:, 0]) == 0.0
    assert np.ptp(log_scale[:, 1]) > 0.1


def test_it_can_learn_a_posterior_that_no_diagonal_gaussian_is(rng):
    """Fitted to a correlated Gaussian the KL goes to zero; that of a diagonal one cannot fall below 0.83 nats."""
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]])
    precision = tf.constant(np.linalg.inv(covariance), tf.float32)
    constant = -np.log(2 * np.pi) - 0.5 * np.log(np.linalg.det(covariance))
    layer = InverseAutoregressiveFlow(n_steps=1, hidden_units=(8,), seed=0)
    layer.build((None, 2))
    optimizer = keras.optimizers.Adam(0.02)

    def kl_of(z):
        z_out, log_det = layer(z)
        log_q = -0.5 * tf.reduce_sum(z**2 + np.log(2 * np.pi), axis=-1) - log_det
        return log_q - constant + 0.5 * tf.einsum("bi,ij,bj->b", z_out, precision, z_out)

    @tf.function
    def step(z):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(kl_of(z))
        optimizer.apply(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights)

    before = kl_of(normal(rng, 2000, 2)).numpy().mean()
    for _ in range(300):
        step(normal(rng, 128, 2))
    assert before > 0.8  # The best diagonal Gaussian: -0.5 log(1 - 0.81) = 0.83 nats.
    assert kl_of(normal(rng, 2000, 2)).numpy().mean() < 0.05


@pytest.mark.parametrize("context_dim", [None, 2])
def test_config_and_save_round_trip(context_dim, rng, tmp_path):
    layer = flow(3, context_dim, n_steps=3, hidden_units=(4, 5), activation="tanh", max_log_scale=3.0, seed=7)
    again = keras.saving.deserialize_keras_object(json.loads(json.dumps(keras.saving.serialize_keras_object(layer))))
    assert again.get_config() == layer.get_config()
    assert again.n_steps == 3
    again.set_weights(layer.get_weights())
    z, context = normal(rng, 4, 3), None if context_dim is None else normal(rng, 4, 2)
    for a, b in zip(layer(z, context), again(z, context), strict=True):
        np.testing.assert_array_equal(a, b)

    inputs = [keras.Input((3,))] + ([] if context_dim is None else [keras.Input((2,))])
    model = keras.Model(inputs, layer(*inputs))
    model.save(tmp_path / "flow.keras")
    given = [z] if context is None else [z, context]
    for a, b in zip(model(given), keras.models.load_model(tmp_path / "flow.keras")(given), strict=True):
        np.testing.assert_array_equal(a, b)


def test_it_is_the_same_in_an_exported_graph(rng, tmp_path):
    layer = flow(3, 2)
    module = tf.Module()
    module.layer = layer
    specs = tf.TensorSpec((None, 3), tf.float32), tf.TensorSpec((None, 2), tf.float32)
    module.bend = tf.function(layer.call, input_signature=specs)
    tf.saved_model.save(module, str(tmp_path))
    loaded, z, context = tf.saved_model.load(str(tmp_path)), normal(rng, 4, 3), normal(rng, 4, 2)
    for a, b in zip(loaded.bend(z, context), layer(z, context), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_it_is_single_precision_under_mixed_precision(mixed_float16):
    layer = InverseAutoregressiveFlow()
    assert [t.dtype for t in layer(tf.zeros((2, 3), tf.float16), tf.zeros((2, 1), tf.float16))] == [tf.float32] * 2


def test_weights_that_ran_away_leave_everything_finite(rng):
    layer = flow(4, n_steps=2, scale=30.0)
    z_out, log_det = layer(normal(rng, 100, 4))
    assert np.all(np.isfinite(z_out))
    assert np.abs(log_det).max() <= 2 * 4 * 2.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_steps": 0}, "`n_steps` must be a whole number >= 1"),
        ({"hidden_units": (0,)}, "`hidden_units` must be a tuple of whole numbers >= 1"),
        ({"max_log_scale": -1.0}, "`max_log_scale` must be a finite number > 0.0"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        InverseAutoregressiveFlow(**arguments)
