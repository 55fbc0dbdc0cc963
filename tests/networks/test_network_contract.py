import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import slow_after

from keras_vae.networks import NETWORKS, make_decoder, make_encoder

LATENT_DIM = 3

# Network, small hidden units, event shape, parameter shape.
CASES = [
    pytest.param("dense", (16, 8), (10,), (10,), id="dense-vector"),
    pytest.param("dense", (16,), (4, 3, 2), (4, 3, 4), id="dense-image"),
    pytest.param("skip", (16, 8), (10,), (20,), id="skip-vector"),
    pytest.param("skip", (8,), (4, 3), (4, 6), id="skip-matrix"),
    pytest.param("conv", (8, 12), (8, 8, 1), (8, 8, 1), id="conv-even"),
    pytest.param("conv", (8, 12), (7, 9, 2), (7, 9, 4), id="conv-odd"),
    pytest.param("conv", (8, 8), (5, 5, 1), (5, 5, 1, 3), id="conv-values-per-channel"),
    pytest.param("conv", (8, 8), (1, 1, 1), (1, 1, 1), id="conv-one-pixel"),
    pytest.param("conv", (8, 8, 8), (6, 1, 3), (6, 1, 3), id="conv-one-column"),
    pytest.param("resnet", (8, 12), (7, 5, 3), (7, 5, 3), id="resnet-odd"),
    pytest.param("recurrent", (8,), (5, 4), (5, 6), id="recurrent-features"),
    pytest.param("recurrent", (8, 6), (5,), (5,), id="recurrent-scalars", marks=pytest.mark.slow),
]
per_case = pytest.mark.parametrize(("network", "hidden_units", "event_shape", "params_shape"), CASES)


@pytest.fixture(autouse=True)
def fixed_weights():
    keras.utils.set_random_seed(0)


def make_pair(network, hidden_units, event_shape, params_shape):
    return (
        make_encoder(event_shape, LATENT_DIM, network, hidden_units),
        make_decoder(params_shape, LATENT_DIM, network, hidden_units),
    )


def inputs_for(model, rng, batch=4):
    return tf.constant(rng.normal(size=(batch, *model.input_shape[1:])), "float32")


def arrays(outputs):
    return [np.asarray(t) for t in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


@per_case
def test_outputs_have_the_shapes_asked_for(network, hidden_units, event_shape, params_shape, rng):
    encoder, decoder = make_pair(network, hidden_units, event_shape, params_shape)
    assert encoder.input_shape == (None, *event_shape)
    z_mean, z_log_var = encoder(inputs_for(encoder, rng))
    assert z_mean.shape == z_log_var.shape == (4, LATENT_DIM)
    assert decoder.output_shape == (None, *params_shape)
    assert decoder(z_mean).shape == (4, *params_shape)
    assert [encoder.get_layer(name).name for name in ("z_mean", "z_log_var")] == ["z_mean", "z_log_var"]
    assert decoder.get_layer("x_params").weights


@per_case
def test_one_output_is_a_single_code(network, hidden_units, event_shape, params_shape, rng):
    encoder = make_encoder(event_shape, LATENT_DIM, network, hidden_units, n_outputs=1, name="code")
    assert encoder(inputs_for(encoder, rng)).shape == (4, LATENT_DIM)
    assert encoder.name == "code"
    # A sum has no weights of its own; its linear map has.
    assert encoder.get_layer("z_linear" if network == "skip" else "z").weights


@pytest.mark.slow
@per_case
def test_config_round_trip_keeps_the_graph(network, hidden_units, event_shape, params_shape, rng):
    for model in make_pair(network, hidden_units, event_shape, params_shape):
        clone = keras.Model.from_config(model.get_config())
        clone.set_weights(model.get_weights())
        x = inputs_for(model, rng)
        for expected, got in zip(arrays(model(x)), arrays(clone(x)), strict=True):
            np.testing.assert_array_equal(got, expected)
        assert clone.get_config() == model.get_config()


@per_case
def test_saved_file_reloads_exactly_in_safe_mode(network, hidden_units, event_shape, params_shape, rng, tmp_path):
    for model in make_pair(network, hidden_units, event_shape, params_shape):
        path = tmp_path / f"{model.name}.keras"
        model.save(path)
        reloaded = keras.models.load_model(path, safe_mode=True)
        x = inputs_for(model, rng)
        for expected, got in zip(arrays(model(x)), arrays(reloaded(x)), strict=True):
            np.testing.assert_array_equal(got, expected)


@per_case
def test_gradient_reaches_every_weight(network, hidden_units, event_shape, params_shape, rng):
    for model in make_pair(network, hidden_units, event_shape, params_shape):
        x = inputs_for(model, rng, batch=16)
        optimizer = keras.optimizers.Adam(0.01)

        def gradients(model=model, x=x):
            with tf.GradientTape() as tape:
                loss = tf.add_n([tf.reduce_sum(tf.square(t - 1.0)) for t in tf.nest.flatten(model(x))])
            return tape.gradient(loss, model.trainable_weights)

        # Residual blocks start as the identity: their first convolution learns from the second step on.
        optimizer.apply_gradients(zip(gradients(), model.trainable_weights, strict=True))
        for weight, gradient in zip(model.trainable_weights, gradients(), strict=True):
            assert gradient is not None, weight.path
            assert np.all(np.isfinite(gradient)), weight.path
            assert np.any(np.asarray(gradient) != 0), weight.path


@pytest.mark.slow
@per_case
def test_traced_with_any_batch_size_equals_eager(network, hidden_units, event_shape, params_shape, rng):
    for model in make_pair(network, hidden_units, event_shape, params_shape):
        traced = tf.function(model, input_signature=[tf.TensorSpec((None, *model.input_shape[1:]))])
        for batch in (1, 5):
            x = inputs_for(model, rng, batch)
            for expected, got in zip(arrays(model(x)), arrays(traced(x)), strict=True):
                np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "event_shape"),
    slow_after(2, [("conv", (7, 4, 1)), ("recurrent", (5, 2)), ("dense", (6,)), ("resnet", (5, 4, 1))]),
)
def test_xla_gives_the_same_outputs_and_gradients(network, event_shape, rng):
    encoder, decoder = make_pair(network, (8,), event_shape, event_shape)
    weights = [v.value for v in encoder.trainable_weights + decoder.trainable_weights]

    def outputs_and_gradients(x):
        with tf.GradientTape() as tape:
            z_mean, z_log_var = encoder(x)
            x_params = decoder(z_mean)
            loss = tf.reduce_sum(tf.square(x_params - x)) + tf.reduce_sum(tf.square(z_log_var))
        return [z_mean, z_log_var, x_params, *tape.gradient(loss, weights)]

    x = inputs_for(encoder, rng)
    compiled = tf.function(outputs_and_gradients, jit_compile=True)
    for expected, got in zip(outputs_and_gradients(x), compiled(x), strict=True):
        # XLA fuses and reorders sums; gradients add up over pixels and steps.
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@per_case
def test_outputs_stay_float32_under_mixed_precision(
    network, hidden_units, event_shape, params_shape, rng, mixed_float16
):
    for model in make_pair(network, hidden_units, event_shape, params_shape):
        assert any(layer.compute_dtype == "float16" for layer in model.layers)
        outputs = arrays(model(inputs_for(model, rng)))
        assert [t.dtype for t in outputs] == ["float32"] * len(outputs)
        assert all(np.all(np.isfinite(t)) for t in outputs)


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_defaults_and_lists_are_accepted(network):
    event_shape = (4, 2) if network == "recurrent" else (4, 4, 1)
    encoder = make_encoder(list(event_shape), LATENT_DIM, network)
    assert encoder.count_params() > make_encoder(event_shape, LATENT_DIM, network, [4]).count_params()
    assert make_decoder(event_shape, LATENT_DIM, network).output_shape == (None, *event_shape)


@pytest.mark.slow
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_layer_names_do_not_depend_on_what_was_built_before(network):
    event_shape = (4, 2) if network == "recurrent" else (4, 4, 1)

    def names():
        pair = make_pair(network, (4, 4), event_shape, event_shape)
        return [weight.path for model in pair for weight in model.weights]

    assert names() == names()


# Layers in front of the network.


@pytest.mark.parametrize(
    ("network", "event_shape"), [("dense", (4, 3)), ("conv", (4, 3)), ("conv", (4, 3, 2)), ("recurrent", (5,))]
)
def test_input_layers_may_add_an_axis(network, event_shape, rng):
    one_hot = keras.layers.CategoryEncoding(num_tokens=6, output_mode="one_hot")
    embedding = keras.layers.Embedding(6, 4)
    for layer in (embedding,) if len(event_shape) > 1 else (embedding, one_hot):
        encoder = make_encoder(event_shape, LATENT_DIM, network, (8,), input_layers=[layer])
        z_mean, _ = encoder(rng.integers(0, 6, size=(3, *event_shape)).astype("float32"))
        assert z_mean.shape == (3, LATENT_DIM)


def test_input_layers_are_applied_in_order(rng):
    plain = make_encoder((4,), LATENT_DIM)
    scaled = make_encoder(
        (4,), LATENT_DIM, input_layers=(keras.layers.Rescaling(2.0), keras.layers.Rescaling(1.0, offset=-1.0))
    )
    scaled.set_weights(plain.get_weights())
    x = inputs_for(plain, rng)
    np.testing.assert_allclose(scaled(x)[0], plain(2 * x - 1)[0], rtol=1e-5, atol=1e-6)


# Refusals.


@pytest.mark.parametrize("make", [make_encoder, make_decoder])
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_bad_sizes_are_refused(make, network):
    shape = (4, 2) if network == "recurrent" else (4, 4, 1)
    for bad in (0, -1, 2.5, None, True):
        with pytest.raises(ValueError, match="`latent_dim` must be a whole number >= 1"):
            make(shape, bad, network)
    for bad in ((), (8, 0), (8.0,), 8, "8"):
        with pytest.raises(
            ValueError, match=r"`hidden_units` must be a tuple of one or more.* Received: hidden_units="
        ):
            make(shape, 2, network, bad)
    for bad in ((), (0, 2, 1), (None, 4, 1)):
        with pytest.raises(ValueError, match="_shape` must be a tuple of whole numbers >= 1"):
            make(bad, 2, network)


@pytest.mark.parametrize("make", [make_encoder, make_decoder])
def test_unknown_network_is_refused(make):
    with pytest.raises(
        ValueError, match=r"`network` must be one of 'dense', 'skip', 'conv', 'resnet', 'recurrent'. Received"
    ):
        make((4,), 2, "transformer")


@pytest.mark.parametrize(("make", "name"), [(make_encoder, "event_shape"), (make_decoder, "params_shape")])
@pytest.mark.parametrize("network", ["conv", "resnet"])
def test_image_networks_refuse_other_ranks(make, name, network):
    with pytest.raises(ValueError, match=rf"`{name}` must be \(height, width, channels\).*'dense' or 'recurrent'"):
        make((10,), 2, network)
    with pytest.raises(ValueError, match=r"give images without channels a last axis of 1.*'dense' or 'recurrent'"):
        make((10, 4), 2, network)
    with pytest.raises(ValueError, match=rf"use network='dense'. Received: {name}="):
        make((2, 3, 4, 5, 1), 2, network)


def test_image_encoders_refuse_a_fourth_axis_of_the_data():
    with pytest.raises(ValueError, match=r"use network='dense'. Received: event_shape=\(2, 3, 4, 5\)"):
        make_encoder((2, 3, 4, 5), 2, "conv")


@pytest.mark.parametrize(("make", "name"), [(make_encoder, "event_shape"), (make_decoder, "params_shape")])
def test_recurrent_network_refuses_images(make, name):
    with pytest.raises(ValueError, match=rf"`{name}` must be \(steps,\) or \(steps, features\).*use network='conv'"):
        make((4, 4, 1), 2, "recurrent")


def test_recurrent_network_refuses_features_with_an_axis_added():
    with pytest.raises(ValueError, match="of rank 3 behind `input_layers`"):
        make_encoder((4, 2), 2, "recurrent", input_layers=[keras.layers.Embedding(3, 4)])


def test_bad_input_layers_are_refused():
    with pytest.raises(ValueError, match=r"`input_layers` must be a list of Keras layers.*among them"):
        make_encoder((4,), 2, input_layers=[len])
    with pytest.raises(ValueError, match=r"`input_layers` must be a list of Keras layers. Received"):
        make_encoder((4,), 2, input_layers=keras.layers.Rescaling(2.0))


def test_bad_n_outputs_is_refused():
    with pytest.raises(ValueError, match=r"`n_outputs` must be one of 1, 2. Received: n_outputs=3"):
        make_encoder((4,), 2, n_outputs=3)
