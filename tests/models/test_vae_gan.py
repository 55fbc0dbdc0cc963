import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import prepared, small_vae

import keras_vae as kv
from keras_vae.models.make_vae_gan import make_vae_gan
from keras_vae.models.vae_gan import VAEGAN
from keras_vae.objectives.adversarial import Adversarial

SHAPE = (8, 8, 1)


def make_model(**arguments):
    options = {"latent_dim": 3, "hidden_units": (4, 4), "discriminator_units": (4, 8), "seed": 0}
    return make_vae_gan(SHAPE, **{**options, **arguments})


@pytest.fixture
def x(rng):
    # Images of one brightness each, a little noisy.
    return np.clip(rng.uniform(size=(64, 1, 1, 1)) + 0.05 * rng.normal(size=(64, *SHAPE)), 0, 1).astype("float32")


def copies(model):
    return {part: [w.numpy() for w in getattr(model, part).weights] for part in ("encoder", "decoder", "discriminator")}


def test_the_terms_are_those_of_the_formulas(x):
    model = make_model(objective=Adversarial(3.0, 5.0, 0.1, label_smoothing=0.2, beta=0.5))
    batch = prepared(model, x)
    pieces, verdict = model.judged(batch)
    terms = model.terms(batch)
    features = [model.discriminator(image)[0].numpy() for image in (x, model.decode(pieces.z.numpy()))]
    np.testing.assert_allclose(terms["feature_loss"], 0.5 * np.sum((features[0] - features[1]) ** 2, axis=1), rtol=1e-3)
    p_data, p_made, p_drawn = (
        1.0 / (1.0 + np.exp(-logit.numpy().astype("float64")))
        for logit in (verdict.of_data, verdict.of_reconstructions, verdict.of_draws)
    )
    np.testing.assert_allclose(p_data, tf.sigmoid(model.discriminator(x)[1])[:, 0], rtol=1e-5)
    of_data = -0.8 * np.log(p_data) - 0.2 * np.log(1.0 - p_data)
    wanted = of_data - 0.5 * (np.log(1.0 - p_made) + np.log(1.0 - p_drawn))
    np.testing.assert_allclose(terms["discriminator_loss"], wanted, rtol=1e-5)
    np.testing.assert_allclose(terms["generator_loss"], -np.log(p_drawn), rtol=1e-5)
    right = 0.5 * (p_data > 0.5) + 0.25 * (p_made < 0.5) + 0.25 * (p_drawn < 0.5)
    np.testing.assert_allclose(terms["discriminator_accuracy"], right)
    weights = {"feature_loss": 3.0, "generator_loss": 5.0, "reconstruction_loss": 0.1, "kl_loss": 0.5}
    np.testing.assert_allclose(terms["loss"], sum(w * terms[name] for name, w in weights.items()), rtol=1e-5)


def test_the_bound_is_that_of_the_vae_of_the_same_parts(x):
    model = make_model()
    vae = kv.VAE(model.encoder, model.decoder, "bernoulli", seed=0)
    np.testing.assert_array_equal(model.elbo(x, n_samples=3), vae.elbo(x, n_samples=3))
    found, wanted = (m.elbo_terms(prepared(m, x)) for m in (model, vae))
    terms = model.terms(prepared(model, x))
    for name in ("elbo", "kl_loss", "reconstruction_loss"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-6)
        np.testing.assert_allclose(terms[name], wanted[name], rtol=1e-4, atol=1e-4)  # Decoded in a larger batch.


def test_each_optimizer_moves_its_own_part(x):
    for still, moving in ((0, ("discriminator",)), (1, ("encoder", "decoder"))):
        model = make_model()
        rates = [0.01, 0.01]
        rates[still] = 0.0
        model.compile(keras.optimizers.SGD(rates[0]), discriminator_optimizer=keras.optimizers.SGD(rates[1]))
        before = copies(model)
        model.train_on_batch(x)
        trained = [
            part
            for part, weights in before.items()
            if any(
                not np.array_equal(a, b)
                for a, b, w in zip(weights, copies(model)[part], getattr(model, part).weights, strict=True)
                if w.trainable
            )
        ]
        assert tuple(trained) == moving


def test_a_step_is_that_of_gradients_taken_one_by_one(x):
    model, other = make_model(), make_model()
    model.compile(keras.optimizers.SGD(0.01), discriminator_optimizer=keras.optimizers.SGD(0.02))
    batch = prepared(other, x)
    with tf.GradientTape(persistent=True) as tape:
        terms = other.terms(batch, training=True)
        means = {name: tf.reduce_mean(terms[name]) for name in ("loss", "discriminator_loss")}
    for name, weights, rate in (
        ("loss", [*other.encoder.trainable_weights, *other.decoder.trainable_weights], 0.01),
        ("discriminator_loss", other.discriminator.trainable_weights, 0.02),
    ):
        gradients = tape.gradient(means[name], weights)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.assign_sub(rate * gradient)
    model.train_on_batch(x)
    for a, b in zip(model.trainable_weights, other.trainable_weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_no_verdict_reaches_the_encoder(x):
    model = make_model()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model.terms(prepared(model, x), training=True)["generator_loss"])
    gradients = tape.gradient(loss, model.encoder.trainable_weights)
    assert all(g is None or np.all(g == 0.0) for g in gradients)


@pytest.mark.slow
def test_training_brings_reconstructions_and_samples_near_the_data(x):
    model = make_model(objective=Adversarial(feature_weight=20.0, adversarial_weight=1.0))
    model.compile(kv.optimizers.Adam(0.003))
    before = np.mean((model.reconstruct(x) - x) ** 2)
    history = model.fit(np.tile(x, (4, 1, 1, 1)), epochs=25, batch_size=32, verbose=0).history
    assert set(history) == set(model.term_names)
    assert np.mean((model.reconstruct(x) - x) ** 2) < 0.2 * before
    samples = model.sample(200, seed=0)
    # Even pictures of different brightness, as the data.
    assert samples.std(axis=(1, 2, 3)).mean() < 0.15
    assert samples.mean(axis=(1, 2, 3)).std() > 0.1


def test_the_same_data_give_the_same_numbers(x):
    model = make_model()
    model.compile("adam")
    first = model.evaluate(x, verbose=0, return_dict=True)
    assert model.evaluate(x, verbose=0, return_dict=True) == first
    assert set(first) == set(model.term_names)
    np.testing.assert_allclose(model.predict(x, verbose=0), model.reconstruct(x), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_training_resumes_bit_for_bit_with_both_optimizers(x, tmp_path):
    whole = make_model()
    whole.compile(kv.optimizers.Adam(0.002), discriminator_optimizer=keras.optimizers.RMSprop(0.001))
    whole.fit(x, epochs=1, batch_size=16, shuffle=False, verbose=0)
    whole.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert again.objective.feature_weight == whole.objective.feature_weight
    for name in ("optimizer", "discriminator_optimizer"):
        a, b = getattr(whole, name), getattr(again, name)
        assert type(a) is type(b)
        assert a.get_config() == b.get_config()
        for u, v in zip(a.variables, b.variables, strict=True):
            np.testing.assert_array_equal(u, v)
    for model in (whole, again):
        model.fit(x, epochs=2, batch_size=16, shuffle=False, verbose=0)
    for a, b in zip(whole.variables, again.variables, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_an_export_is_that_of_a_vae(x, tmp_path):
    model = make_model()
    model.compile("adam")
    model.fit(x, epochs=1, verbose=0)
    served = kv.load_saved_model(kv.export_saved_model(model, tmp_path / "served"))
    np.testing.assert_allclose(served.reconstruct(x), model.reconstruct(x), rtol=1e-5, atol=1e-6)
    assert served.sample(3, seed=1).shape == (3, *SHAPE)


@pytest.mark.slow
def test_half_precision_scales_both_losses(x, mixed_float16):
    model = make_model()
    model.compile("adam")
    assert isinstance(model.discriminator_optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.isfinite(model.fit(x, epochs=1, verbose=0).history["discriminator_loss"]).all()


@pytest.mark.slow
def test_replicas_train_as_one(x):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        model = make_model()
        model.compile("adam")
    assert np.isfinite(model.fit(x, epochs=1, batch_size=32, verbose=0).history["loss"]).all()


def test_a_condition_is_told_to_both_halves_of_the_decoded_batch(x):
    encoder = kv.make_encoder(SHAPE, 3)
    z, c = keras.Input((3,)), keras.Input((2,))
    h = keras.layers.Dense(64)(keras.layers.Concatenate()([z, c]))
    decoder = keras.Model([z, c], keras.layers.Reshape(SHAPE)(h))
    model = VAEGAN(encoder, decoder, kv.networks.make_discriminator(SHAPE, (4,), seed=0), seed=0)
    model.compile("adam")
    condition = np.zeros((64, 2), "float32")
    assert np.isfinite(model.fit((x, condition), epochs=1, verbose=0).history["loss"]).all()
    assert model.sample(2, seed=0, condition=condition[0]).shape == (2, *SHAPE)


@pytest.mark.slow
def test_a_learned_prior_is_trained_with_the_decoder(x):
    model = make_model(prior=kv.priors.MixtureOfGaussians(2, seed=0))
    model.compile("adam")
    before = [weight.numpy() for weight in model.prior.trainable_weights]
    model.fit(x, epochs=1, verbose=0)
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.prior.trainable_weights, strict=True))


def test_weights_of_elements_are_refused(x):
    model = make_model()
    model.compile("adam")
    with pytest.raises(ValueError, match=r"`sample_weight` must be `\(batch,\)`, weights of examples, for a VAEGAN"):
        model.fit(x, sample_weight=np.ones(x.shape, "float32"), verbose=0)


def test_one_optimizer_for_both_is_refused():
    model, optimizer = make_model(), kv.optimizers.Adam()
    with pytest.raises(ValueError, match="`discriminator_optimizer` must be another object than `optimizer`"):
        model.compile(optimizer, discriminator_optimizer=optimizer)


def other_discriminator(shape=SHAPE, n_outputs=1):
    x = keras.Input(shape)
    h = keras.layers.Flatten()(x)
    return keras.Model(x, [h, keras.layers.Dense(n_outputs)(h)])


@pytest.mark.parametrize(
    ("discriminator", "message"),
    [
        pytest.param(None, "`discriminator` must be a Keras model. Received: discriminator=None", id="none"),
        pytest.param(
            other_discriminator(n_outputs=2), r"`discriminator` must put out \[features, logit\]", id="logits"
        ),
        pytest.param(keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten()]), "must put out", id="one-output"),
        pytest.param(
            other_discriminator((5, 5, 1)), r"`discriminator` must take data of shape \(None, 8, 8, 1\)", id="x"
        ),
    ],
)
def test_another_discriminator_is_refused(discriminator, message):
    model = make_model()
    with pytest.raises(ValueError, match=message):
        VAEGAN(model.encoder, model.decoder, discriminator)


def test_its_objective_is_for_it_alone():
    model = make_model()
    with pytest.raises(ValueError, match=r"`objective` must be a `keras_vae.objectives.Adversarial` or None"):
        VAEGAN(model.encoder, model.decoder, model.discriminator, objective=kv.objectives.ELBO())
    with pytest.raises(ValueError, match="`objective` must be another one for a model without a discriminator"):
        small_vae(objective=Adversarial())


@pytest.mark.parametrize(
    ("name", "value"),
    [("feature_weight", -1.0), ("adversarial_weight", -1.0), ("pixel_weight", -1), ("label_smoothing", 0.6)],
)
def test_a_weight_out_of_bounds_is_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be a finite number >= 0.0"):
        Adversarial(**{name: value})


def test_a_part_cannot_be_exchanged():
    model = make_model()
    with pytest.raises(ValueError, match="`discriminator` of a VAEGAN must not be set once it is made"):
        model.discriminator = make_model().discriminator
