"""A condition beside x and z, from `fit` to a saved model: labels, vectors, or several by name."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import (
    POINT,
    conditional_vae,
    dense_weights,
    linear_decoder,
    linear_encoder,
    slow_after,
    small_vae,
    terms_of,
)
from scipy.stats import multivariate_normal

from keras_vae.models.autoencoder import Autoencoder
from keras_vae.models.vae import VAE
from keras_vae.objectives.importance_weighted import ImportanceWeighted

SEVERAL = {"label": (), "vector": (2,)}


@pytest.fixture
def x(rng):
    return rng.normal(size=(24, 6)).astype("float32")


def condition_for(shape, n, seed=1):
    rng = np.random.default_rng(seed)
    if isinstance(shape, dict):
        return {
            name: rng.integers(0, 4, n) if part == () else rng.normal(size=(n, *part)) for name, part in shape.items()
        }
    return rng.normal(size=(n, *shape)).astype("float32")


def take(condition, rows):
    return tf.nest.map_structure(lambda part: part[rows], condition)


@pytest.fixture(params=slow_after(1, [pytest.param(SEVERAL, id="several"), pytest.param((3,), id="one")]))
def case(request):
    """A conditional model, never trained, and a condition for 24 rows."""
    model = conditional_vae(request.param)
    model.compile("adam")
    return model, condition_for(request.param, 24)


def test_the_shape_of_the_condition_is_known(case):
    model, _ = case
    assert model.condition_shape in ((3,), SEVERAL)
    assert model.takes_condition("encoder")
    assert model.takes_condition("decoder")
    assert small_vae().condition_shape is None


def test_log_prob_is_that_of_x_given_the_condition(x):
    model = conditional_vae((3,))
    # A posterior that is the prior, which covers every example: the weights do the work.
    model.encoder.set_weights([np.zeros_like(w) for w in model.encoder.get_weights()])
    c = condition_for((3,), 24)
    kernel, bias = dense_weights(model.decoder, "x_params")
    exact = [
        multivariate_normal.logpdf(row, bias + told @ kernel[2:], kernel[:2].T @ kernel[:2] + np.eye(6))
        for row, told in zip(x, c, strict=True)
    ]
    np.testing.assert_allclose(model.log_prob(x, 20_000, condition=c), exact, atol=0.15)
    # Another condition, another density: by far more than the error above.
    assert np.abs(model.log_prob(x, 20_000, condition=c[::-1]) - exact).max() > 0.5


def test_every_form_of_a_condition_is_the_same_to_the_verbs(x, case):
    model, c = case
    stream = tf.data.Dataset.from_tensor_slices(((x, c),)).batch(7)
    named = {"x": x, "condition": c}
    for verb in (model.encode, model.reconstruct, model.elbo, model.log_prob, model.draw):
        arguments = {"seed": 0} if verb in (model.draw,) else {}
        expected = verb(x, condition=c, **arguments)
        for data in ((x, c), named):
            np.testing.assert_array_equal(verb(data, **arguments), expected)
        assert np.shape(verb(stream, **arguments)) == np.shape(expected)
    np.testing.assert_allclose(model.encode(stream)[0], model.encode(x, condition=c)[0], rtol=1e-6)
    for data in ((x, c), named):
        np.testing.assert_allclose(model.predict(data, verbose=0), model.reconstruct(x, condition=c), rtol=1e-5)
        np.testing.assert_array_equal(model.evaluate(data, verbose=0), model.evaluate((x, c), verbose=0))


def test_the_condition_changes_codes_and_samples(x, case):
    model, c = case
    other = take(c, np.roll(np.arange(24), 1))
    assert not np.allclose(model.encode(x, condition=c)[0], model.encode(x, condition=other)[0])
    assert not np.allclose(model.sample(24, 1, condition=c), model.sample(24, 1, condition=other))
    z = np.zeros((24, 2), "float32")
    assert not np.allclose(model.decode(z, condition=c), model.decode(z, condition=other))


def test_samples_take_a_condition_for_each_or_one_for_all(case):
    model, c = case
    one = take(c, 0)
    rows = take(c, np.zeros(5, int))
    expected = model.sample(5, seed=1, condition=rows)
    np.testing.assert_array_equal(model.sample(5, seed=1, condition=one), expected)
    np.testing.assert_array_equal(model.sample(5, seed=1, condition=take(c, slice(1))), expected)


def test_a_line_between_two_examples_has_one_condition(x, case):
    model, c = case
    line = model.interpolate(x[0], x[1], steps=4, condition=take(c, 3))
    ends = model.reconstruct(x[:2], condition=take(c, [3, 3]))
    np.testing.assert_allclose(line[[0, -1]], ends, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "objective",
    [
        pytest.param(None, id="elbo"),
        pytest.param(ImportanceWeighted(3, resampled=True), marks=pytest.mark.slow, id="iw"),
    ],
)
def test_training_learns_what_the_condition_tells(rng, objective):
    # All that x holds is in the condition.
    c = rng.normal(size=(256, 3)).astype("float32")
    x = (3.0 * c @ rng.normal(size=(3, 6)) + 0.1 * rng.normal(size=(256, 6))).astype("float32")
    model = conditional_vae((3,), objective=objective)
    model.compile(keras.optimizers.Adam(0.05))
    settings = {"epochs": 80, "shuffle": False, "verbose": 0, "validation_data": ((x, c),), "validation_freq": [1, 80]}
    history = model.fit((x, c), **settings).history
    assert history["val_loss"][-1] < 0.2 * history["val_loss"][0]
    error = np.abs(model.sample(256, seed=0, condition=c) - x).mean()
    wrong = np.abs(model.sample(256, seed=0, condition=c[::-1]) - x).mean()
    assert error < 0.2 * wrong


def test_fit_takes_pairs_dicts_streams_targets_and_weights(x, case):
    _, c = case
    shape = (3,) if not isinstance(c, dict) else SEVERAL
    losses = []
    pair = tf.data.Dataset.from_tensor_slices(((x, c),)).batch(24)
    whole = tf.data.Dataset.from_tensor_slices(((x, c), x, np.ones(24, "float32"))).batch(24)
    named = tf.data.Dataset.from_tensor_slices(({"x": x, "condition": c},)).batch(24)
    for arguments in (
        {"x": (x, c)},
        {"x": {"x": x, "condition": c}},
        {"x": (x, c), "y": x},
        {"x": (x, c), "sample_weight": np.ones(24)},
        {"x": (x, c), "sample_weight": np.ones((24, 6))},
        {"x": pair},
        {"x": whole},
        {"x": named},
    ):
        keras.utils.set_random_seed(0)  # Of the embeddings.
        model = conditional_vae(shape)
        model.compile("sgd", run_eagerly=True)
        batch_size = None if isinstance(arguments["x"], tf.data.Dataset) else 24
        losses.append(model.fit(**arguments, batch_size=batch_size, shuffle=False, verbose=0).history["loss"][0])
    np.testing.assert_allclose(losses, losses[0], rtol=1e-6)


@pytest.mark.slow
def test_a_conditional_model_is_saved_and_goes_on(x, case, tmp_path):
    model, c = case
    model.compile("adam", run_eagerly=True)
    model.fit((x, c), epochs=2, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert loaded.condition_shape == model.condition_shape
    np.testing.assert_array_equal(loaded.log_prob(x, condition=c), model.log_prob(x, condition=c))
    for one in (model, loaded):
        one.fit((x, c), epochs=1, verbose=0, shuffle=False)
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


def test_a_condition_for_one_of_the_two_parts(x):
    c = condition_for((3,), 24)
    both = conditional_vae((3,))
    model = VAE(linear_encoder(), both.decoder, likelihood="gaussian_fixed", seed=0)
    assert (model.takes_condition("encoder"), model.takes_condition("decoder")) == (False, True)
    # The encoder asks for no condition, and passes over one.
    np.testing.assert_array_equal(model.encode(x)[0], model.encode(x, condition=c)[0])
    assert model.draw(x, seed=0).shape == (24, 2)
    assert model.sample(2, condition=c[:2]).shape == (2, 6)
    assert model.interpolate(x[0], x[1], condition=c[0]).shape == (10, 6)
    with pytest.raises(ValueError, match="`condition` must be given"):
        model.reconstruct(x)
    only_encoder = VAE(both.encoder, linear_decoder(), likelihood="gaussian_fixed", seed=0)
    assert only_encoder.decode(np.zeros((2, 2))).shape == (2, 6)
    assert only_encoder.sample(2).shape == (2, 6)
    assert only_encoder.log_prob((x, c)).shape == (24,)
    assert only_encoder.interpolate(x[0], x[1], condition=c[0]).shape == (10, 6)
    with pytest.raises(ValueError, match="`condition` must be given"):
        only_encoder.encode(x)


def test_an_autoencoder_takes_a_condition(x):
    model = conditional_vae((3,))
    encoder = keras.Model(model.encoder.input, model.encoder.output[0])
    plain = Autoencoder(encoder, model.decoder)
    c = condition_for((3,), 24)
    plain.compile("adam")
    assert np.isfinite(plain.fit((x, c), verbose=0).history["loss"][0])
    np.testing.assert_allclose(plain.reconstruct(x, condition=c), plain.predict((x, c), verbose=0), rtol=1e-5)


def test_parts_that_do_not_say_what_they_take_get_the_condition_of_the_data(x):
    class Joined(keras.Model):
        def __init__(self, units):
            super().__init__()
            self.heads = [keras.layers.Dense(n) for n in units]

        def call(self, inputs):
            joined = tf.concat(inputs, axis=-1)
            outputs = [head(joined) for head in self.heads]
            return outputs if len(outputs) > 1 else outputs[0]

    model = VAE(Joined((2, 2)), Joined((6,)), likelihood="gaussian_fixed", seed=0)
    c = condition_for((3,), 24)
    model.compile("adam")
    model.fit((x, c), verbose=0)
    assert model.condition_shape == (3,)
    assert model.sample(2, condition=c[:2]).shape == (2, 6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x, c: m.encode(x), r"`condition` must be given, of shape one array \(n, \*\(3,\)\)"),
        (lambda m, x, c: m.fit(x), "`condition` must be given, of shape"),
        (lambda m, x, c: m.sample(2), "`condition` must be given, of shape"),
        (lambda m, x, c: m.encode(x, condition=c[:3]), "`x` and `condition` must have the same number of rows"),
        (lambda m, x, c: m.fit((x, c[:3])), "`condition` must have a row for each of 24 examples"),
        (lambda m, x, c: m.encode(x, condition=c[:, :2]), r"`condition` must have the shape \(batch, 3\)"),
        (lambda m, x, c: m.encode(x, condition=np.full((24, 3), np.nan)), "`condition` must be finite"),
        (lambda m, x, c: m.encode(x, condition={"a": c}), r"`condition` must be one array .* Received: a dict of a"),
        (lambda m, x, c: m.encode((x, c), condition=c), "`condition` must be given once"),
        (lambda m, x, c: m.encode((x, c, c)), r"`x` must be \(x, condition\) where it is a tuple. Received: 3"),
        (lambda m, x, c: m.encode({"y": x}), "as a dict it may have the keys 'x' and 'condition' alone"),
        (
            lambda m, x, c: m.encode(tf.data.Dataset.from_tensors(x), condition=c),
            "`condition` must be part of the dataset",
        ),
        (lambda m, x, c: small_vae().encode((x, c)), "`condition` must be None for a model whose encoder and decoder"),
        (lambda m, x, c: conditional_vae(SEVERAL).encode((x, c)), "`condition` must be a dict of arrays label"),
        (
            lambda m, x, c: VAE(m.encoder, conditional_vae((2,)).decoder, likelihood="gaussian_fixed"),
            "`encoder` and `decoder` must take the same condition",
        ),
    ],
)
def test_a_condition_that_does_not_fit_is_refused(x, call, message):
    with pytest.raises(ValueError, match=message):
        call(conditional_vae((3,)), x, condition_for((3,), 24))


def test_the_terms_take_the_condition_of_the_batch(x):
    model = conditional_vae((3,))
    model.encoder.get_layer("z_log_var").set_weights([np.zeros((9, 2)), np.full(2, POINT)])
    c = condition_for((3,), 24)
    expected = 0.5 * np.sum((x - model.reconstruct(x, condition=c)) ** 2 + np.log(2 * np.pi), axis=-1)
    np.testing.assert_allclose(terms_of(model, x, condition=c)["reconstruction_loss"], expected, rtol=1e-5)
