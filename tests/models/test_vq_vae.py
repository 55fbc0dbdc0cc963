import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import prepared, small_vae

import keras_vae as kv
from keras_vae.models.make_vq_vae import make_vq_vae
from keras_vae.models.vq_vae import VQVAE
from keras_vae.priors.pixel_cnn_prior import PixelCNNPrior

SHAPE = (8, 8, 1)


def make_model(**arguments):
    options = {"n_codes": 8, "code_dim": 3, "hidden_units": (8, 8), "prior_channels": 4, "prior_layers": 1, "seed": 0}
    return make_vq_vae(SHAPE, **{**options, **arguments})


def squares(n, rng):
    """Images of a bright square of 4 x 4 in one of the four corners."""
    images = np.zeros((n, *SHAPE), "float32")
    for image, corner in zip(images, rng.integers(4, size=n), strict=True):
        image[4 * (corner // 2) :, 4 * (corner % 2) :][:4, :4] = 1.0
    return images


@pytest.fixture
def x(rng):
    return squares(64, rng)


def test_the_terms_are_those_of_the_nearest_entries(x):
    model = make_model()
    terms = model.elbo_terms(prepared(model, x))
    vectors, entries = model.encoder(x).numpy(), model.quantizer.codebook.numpy()
    codes = np.argmin(np.linalg.norm(vectors[..., None, :] - entries, axis=-1), axis=-1)
    logits = model.decoder(entries[codes]).numpy().astype("float64")
    wanted = np.sum(np.logaddexp(0.0, logits) - x * logits, axis=(1, 2, 3))
    np.testing.assert_allclose(terms["reconstruction_loss"], wanted, rtol=1e-5)
    z = codes.reshape(len(x), -1)
    np.testing.assert_array_equal(model.encode(x), z)
    np.testing.assert_allclose(terms["kl_loss"], -model.prior.log_prob(z).numpy(), rtol=1e-5)
    np.testing.assert_allclose(terms["elbo"], -(terms["kl_loss"] + terms["reconstruction_loss"]), rtol=1e-6)
    # The posterior is a point: neither draws nor weights change the bound.
    np.testing.assert_allclose(model.elbo(x, n_samples=3), terms["elbo"], rtol=1e-5)
    np.testing.assert_allclose(model.log_prob(x, n_samples=3), terms["elbo"], rtol=1e-5)


def test_the_loss_adds_the_weighted_distance_from_the_codebook(x):
    model = make_model(objective=kv.objectives.VectorQuantizedELBO(commitment=0.7, beta=0.5))
    terms = model.terms(prepared(model, x))
    vectors = model.encoder(x).numpy()
    distance = np.min(np.linalg.norm(vectors[..., None, :] - model.quantizer.codebook.numpy(), axis=-1), axis=-1)
    np.testing.assert_allclose(terms["commitment_loss"], np.sum(distance**2, axis=(1, 2)), rtol=1e-4)
    wanted = terms["reconstruction_loss"] + 0.5 * terms["kl_loss"] + 0.7 * terms["commitment_loss"]
    np.testing.assert_allclose(terms["loss"], wanted, rtol=1e-6)
    shares = np.bincount(model.encode(x).ravel(), minlength=8) / model.encode(x).size
    entropy = -np.sum(shares[shares > 0] * np.log(shares[shares > 0]))
    np.testing.assert_allclose(terms["perplexity"], np.exp(entropy), rtol=1e-5)


def test_each_term_reaches_the_parts_that_it_is_for(x):
    model, batch = make_model(), None
    batch = prepared(model, x)
    with tf.GradientTape(persistent=True) as tape:
        terms = model.terms(batch)
        means = {name: tf.reduce_mean(terms[name]) for name in ("reconstruction_loss", "kl_loss", "commitment_loss")}

    def reaches(name, part):
        gradients = tape.gradient(means[name], part.trainable_weights)
        return any(g is not None and np.any(g != 0.0) for g in gradients)

    reached = {n: [p for p in ("encoder", "decoder", "prior") if reaches(n, getattr(model, p))] for n in means}
    assert reached == {
        "reconstruction_loss": ["encoder", "decoder"],
        "kl_loss": ["prior"],
        "commitment_loss": ["encoder"],
    }
    assert not model.quantizer.trainable_weights


def test_the_gradient_of_the_encoder_is_that_at_the_entries(x):
    model = make_model()
    batch = prepared(model, x[:4])
    with tf.GradientTape(persistent=True) as tape:
        vectors = model.infer(batch)
        tape.watch(vectors)
        loss = tf.reduce_sum(model.pieces(vectors, None, batch).reconstruction_loss)
        grids = tf.reshape(vectors, model.encoder(x[:4]).shape)
        entries = model.quantizer.entries(model.quantizer.nearest(grids))
        tape.watch(entries)
        at_entries = tf.reduce_sum(model.loss_of_params(model.decoder(entries), batch))
    wanted = tape.gradient(at_entries, entries).numpy().reshape(4, -1)
    np.testing.assert_allclose(tape.gradient(loss, vectors), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_one_fit_trains_all_parts_and_samples_look_like_the_data(rng):
    # Grids of 2 x 2 codes: each corner by itself is not enough, the prior must learn that one of four is bright.
    model = make_model(prior_channels=8, prior_layers=2)
    model.compile(kv.optimizers.Adam(0.01))
    history = model.fit(squares(512, rng), epochs=25, batch_size=64, verbose=0).history
    assert history["loss"][-1] < 0.2 * history["loss"][0]
    # The entropy of the data is log 4.
    assert np.log(4.0) - 0.01 < -history["elbo"][-1] < 3.0
    drawn = model.sample(200, seed=0)
    bright = drawn.reshape(200, 2, 4, 2, 4).mean(axis=(2, 4)).reshape(200, 4) > 0.5
    assert np.mean(bright.sum(axis=1) == 1) > 0.9
    assert (bright.sum(axis=0) > 5).all()


@pytest.mark.slow
def test_training_resumes_bit_for_bit_from_a_file(x, tmp_path):
    whole = make_model()
    whole.compile("adam")
    whole.fit(x, epochs=1, batch_size=16, shuffle=False, verbose=0)
    whole.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert again.objective.commitment == whole.objective.commitment
    for model in (whole, again):
        # Most entries are dead here: restarts draw from the saved random state.
        model.fit(x, epochs=2, batch_size=16, shuffle=False, verbose=0)
    for a, b in zip(whole.variables, again.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(again.sample(3, seed=0), whole.sample(3, seed=0))


@pytest.mark.slow
def test_an_export_serves_codes_and_reproducible_samples(x, tmp_path):
    model = make_model()
    served = kv.load_saved_model(kv.export_saved_model(model, tmp_path / "served"))
    np.testing.assert_allclose(served.reconstruct(x), model.reconstruct(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(served.sample(3, seed=5), served.sample(3, seed=5))
    assert served.sample(3, seed=5).shape == (3, *SHAPE)


def test_codes_are_whole_numbers_and_are_decoded_as_such(x):
    model = make_model()
    codes = model.encode(x)
    assert codes.shape == (64, 4)
    assert codes.dtype == np.int32
    np.testing.assert_allclose(model.decode(codes), model.reconstruct(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model.draw(x, seed=0), codes)


@pytest.mark.parametrize(
    "z",
    [
        pytest.param([[0.5, 0, 0, 0]], id="fraction"),
        pytest.param([[-1, 0, 0, 0]], id="negative"),
        pytest.param([[8, 0, 0, 0]], id="large"),
    ],
)
def test_codes_that_are_none_are_refused(z):
    with pytest.raises(ValueError, match="`z` must hold whole numbers from 0 to 7"):
        make_model().decode(np.array(z))


@pytest.mark.slow
def test_holes_are_filled_by_gradients_that_pass_straight_through(rng):
    model = make_model()
    model.compile(kv.optimizers.Adam(0.01))
    model.fit(squares(512, rng), epochs=10, batch_size=64, verbose=0)
    x = squares(8, rng)
    holes = x.copy()
    holes[:, 3:5, 3:5] = np.nan
    filled = model.fill(holes, n_steps=20, n_starts=2, n_samples=4)
    np.testing.assert_array_equal(filled[:, :3], x[:, :3])
    assert np.sqrt(np.mean((filled - x)[:, 3:5, 3:5] ** 2)) < 0.3


@pytest.mark.parametrize("verb", ["interpolate", "attribute_vector", "shift"])
def test_there_is_nothing_between_two_codes(verb, x):
    with pytest.raises(ValueError, match=f"there is nothing between two codes .* Received: a call of `{verb}`"):
        getattr(make_model(), verb)(x[0], x[1])


def test_a_sampler_must_be_one_of_codes(x):
    model = make_model()
    with pytest.raises(ValueError, match="`sampler` of a VQVAE must be a prior of 8 codes"):
        kv.samplers.fit(model, x, "gmm", n_components=1)
    model.sampler = PixelCNNPrior((2, 2), 8, 4, 1, seed=1)
    assert model.sample(2, seed=0).shape == (2, *SHAPE)


@pytest.mark.slow
def test_sequences_and_conditions_are_taken(rng):
    x, condition = keras.Input((6, 2)), keras.Input((3,))
    told = keras.layers.RepeatVector(6)(condition)
    encoder = keras.Model([x, condition], keras.layers.Dense(4)(keras.layers.Concatenate()([x, told])))
    entries = keras.Input((6, 4))
    decoder = keras.Model([entries, condition], keras.layers.Dense(2)(keras.layers.Concatenate()([entries, told])))
    model = VQVAE(encoder, decoder, PixelCNNPrior((6,), 5, 4, 1, seed=0), 5, "gaussian_fixed", seed=0)
    data = rng.normal(size=(16, 6, 2)).astype("float32"), rng.normal(size=(16, 3)).astype("float32")
    model.compile("adam")
    history = model.fit(data, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert model.sample(2, seed=0, condition=np.zeros(3)).shape == (2, 6, 2)


def grid_model(shape=(2, 2, 3), outputs=1):
    x = keras.Input((8,))
    h = keras.layers.Reshape(shape)(keras.layers.Dense(int(np.prod(shape)))(x))
    return keras.Model(x, h if outputs == 1 else [h, h])


def flat_decoder(shape=(2, 2, 3)):
    z = keras.Input(shape)
    return keras.Model(z, keras.layers.Dense(8)(keras.layers.Flatten()(z)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"prior": None}, "`prior` must have `log_prob`, the length of the codes", id="prior"),
        pytest.param({"n_codes": 6}, "`prior` must be one of 6 codes, the `n_codes` of the model", id="n-codes"),
        pytest.param({"n_codes": 1}, "`n_codes` must be a whole number >= 2", id="one-code"),
        pytest.param({"prior": PixelCNNPrior((3, 3), 5)}, "`latent_dim` must be 9, the places of the grid", id="grid"),
        pytest.param({"encoder": grid_model((12,))}, "`encoder` must put out one tensor, vectors on a grid", id="flat"),
        pytest.param({"encoder": grid_model(outputs=2)}, "`encoder` must put out one tensor", id="two-outputs"),
        pytest.param(
            {"decoder": flat_decoder((2, 2, 4))}, r"`decoder` must take z of shape \(batch, 2, 2, 3\)", id="z"
        ),
        pytest.param({"objective": kv.objectives.TotalCorrelation(2.0)}, "`objective` must not be", id="objective"),
    ],
)
def test_parts_that_do_not_fit_are_refused(arguments, message):
    parts = {"encoder": grid_model(), "decoder": flat_decoder(), "prior": PixelCNNPrior((2, 2), 5), "n_codes": 5}
    with pytest.raises(ValueError, match=message):
        VQVAE(**{**parts, "likelihood": "gaussian_fixed", **arguments})


def test_its_objective_is_for_it_alone():
    with pytest.raises(ValueError, match="`objective` must be another one for a model without a codebook"):
        small_vae(objective=kv.objectives.VectorQuantizedELBO())
    with pytest.raises(ValueError, match=r"`commitment` must be a finite number >= 0.0"):
        kv.objectives.VectorQuantizedELBO(commitment=-1.0)
