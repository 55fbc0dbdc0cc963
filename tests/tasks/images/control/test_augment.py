"""New labelled images: around which codes, of which class, in which form; and the layer that makes them in a stream."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close, linear_encoder, small_vae

import keras_vae as kv
from keras_vae.tasks.images import AugmentWithVAE, augment
from keras_vae.tasks.images.control.codes_around import codes_around, partners_of
from keras_vae.tasks.images.control.spread_labels import spread_labels

SEED = tf.constant([0, 0], tf.int64)


@pytest.fixture(scope="module")
def digits():
    data = kv.data.load("digits")
    return data.x_train.astype("float32") / 255.0, data.y_train


@pytest.fixture(scope="module")
def vae(digits):
    model = kv.make_vae((8, 8, 1), 8, hidden_units=(64,), seed=0)
    model.compile("adam")
    model.fit(digits[0], epochs=100, batch_size=64, verbose=0)
    return model


@pytest.fixture(scope="module")
def identity():
    """A VAE of images of two pixels that are their own codes, with standard deviation 0.01."""
    encoder = keras.Sequential([keras.Input((1, 2, 1)), keras.layers.Flatten()])
    heads = linear_encoder((2,), 2, z_log_var=2.0 * np.log(0.01))
    heads.get_layer("z_mean").set_weights([np.eye(2), np.zeros(2)])
    x, z = keras.Input((1, 2, 1)), keras.Input((2,))
    decoder = keras.Model(z, keras.layers.Reshape((1, 2, 1))(z))
    return small_vae(encoder=keras.Model(x, heads(encoder(x))), decoder=decoder)


# Codes.


def test_codes_have_the_mean_and_width_that_were_asked_for():
    here = tf.tile([[1.0, -2.0]], [20_000, 1]), tf.fill([20_000, 2], float(2.0 * np.log(0.5)))
    z = codes_around(here, here, 3.0, 0.0, SEED).numpy()
    assert_mean_close(z, [1.0, -2.0], resolution=0.1)
    assert_mean_close((z - [1.0, -2.0]) ** 2, 1.5**2, resolution=0.2)


def test_codes_are_up_to_the_share_on_the_way():
    here, there = tf.zeros((5000, 1)), tf.ones((5000, 1))
    still = tf.fill([5000, 1], -80.0)
    z = codes_around((here, still), (there, still), 1.0, 0.4, SEED).numpy()
    assert 0.0 <= z.min() < 0.01
    assert 0.39 < z.max() <= 0.4
    assert_mean_close(z, 0.2, resolution=0.02)
    np.testing.assert_array_equal(codes_around((here, still), (there, still), 0.0, 0.0, SEED), here)


def test_partners_are_of_the_class_and_never_oneself_where_there_is_another():
    labels = np.array([0, 0, 0, 1, 1, 2])
    seen = np.stack([partners_of(tf.constant(labels), [0, k]) for k in range(60)])
    assert np.all(labels[seen] == labels)
    assert [sorted(set(column)) for column in seen.T] == [[1, 2], [0, 2], [0, 1], [4], [3], [5]]


def test_labels_spread_along_a_chain_and_not_across_a_gap(rng):
    way = np.linspace(0.0, 1.0, 40)[:, None]
    others = np.concatenate([np.c_[way, 0.0 * way], np.c_[way, 0.0 * way + 5.0]]) + 0.001 * rng.normal(size=(80, 2))
    classes, is_sure = spread_labels(np.array([[0.0, 0.0], [1.0, 5.0]]), np.array([0, 1]), others)
    np.testing.assert_array_equal(classes, np.repeat([0, 1], 40))
    assert is_sure.all()


# augment


def test_new_images_lie_between_those_of_their_class(identity):
    x = np.array([[0.1, 0.1], [0.1, 0.5], [0.9, 0.2], [0.9, 0.2]], "float32").reshape(4, 1, 2, 1)
    images, labels = augment(x, ["low", "low", "high", "high"], 500, model=identity, width=1.0, mix=1.0)
    assert images.shape == (1000, 1, 2, 1)
    assert labels.tolist() == ["high"] * 500 + ["low"] * 500
    high, low = images.reshape(2, 500, 2)
    assert_mean_close(high, [0.9, 0.2], resolution=0.01)
    assert 0.15 < low[:, 1].std() < 0.2
    np.testing.assert_allclose(low[:, 0], 0.1, atol=0.06)
    exact, _ = augment(x, [0, 0, 1, 1], 3, model=identity, width=0.0, mix=0.0)
    assert np.abs(exact.reshape(-1, 1, 2) - x.reshape(1, 4, 2)).max(axis=2).min(axis=1).max() < 1e-6


def test_images_without_a_label_join_the_class_of_their_neighbours(identity, rng):
    x = np.array([[0.1, 0.1], [0.9, 0.9]]).reshape(2, 1, 2, 1)
    way = np.linspace(0.1, 0.6, 60)
    others = np.concatenate([np.c_[way, 0.0 * way + 0.1], np.tile([[0.9, 0.9]], (60, 1))]) + 0.002 * rng.random(
        (120, 2)
    )
    unlabelled = np.clip(others, 0, 1).reshape(120, 1, 2, 1)
    alone, _ = augment(x, [0, 1], 200, model=identity, width=0.0)
    more, labels = augment(x, [0, 1], 200, unlabelled=unlabelled, model=identity, width=0.0)
    assert alone[:200].reshape(200, 2)[:, 0].max() < 0.11
    assert more[labels == 0].reshape(200, 2)[:, 0].max() > 0.5
    assert more[labels == 1].min() > 0.85


@pytest.mark.slow
def test_a_classifier_reads_the_class_of_what_was_drawn(digits, vae):
    from sklearn.neighbors import KNeighborsClassifier

    x, y = digits
    images, labels = augment(x[:300], y[:300], 20, model=vae, width=0.25, seed=1)
    reader = KNeighborsClassifier(3).fit(x.reshape(len(x), -1), y)
    assert reader.score(images.reshape(len(images), -1), labels) > 0.9
    # New ones: none is any of those that were there.
    assert np.abs(images[:, None] - x[None, :300]).max(axis=(2, 3, 4)).min() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("form", ["uint8", "no channels", "floats"])
def test_images_come_back_in_their_form(digits, form):
    x, y = digits[0][:60], digits[1][:60]
    x = {"uint8": np.round(x * 255).astype(np.uint8), "no channels": x[..., 0], "floats": x}[form]
    images, labels = augment(x, y, 3, n_steps=3)
    n = 3 * len(np.unique(y))
    assert images.shape == (n, *x.shape[1:])
    assert images.dtype == x.dtype
    assert labels.dtype == y.dtype
    assert 0 <= images.min() <= images.max() <= (255 if form == "uint8" else 1.0)


@pytest.mark.slow
def test_the_seed_says_what_is_drawn(digits, vae):
    x, y = digits[0][:60], digits[1][:60]
    first = augment(x, y, 2, model=vae, seed=3)[0]
    np.testing.assert_array_equal(augment(x, y, 2, model=vae, seed=3)[0], first)
    assert np.any(augment(x, y, 2, model=vae, seed=4)[0] != first)
    trained = [augment(x, y, 2, unlabelled=digits[0][60:200], n_steps=4, seed=1)[0] for _ in range(2)]
    np.testing.assert_allclose(*trained, atol=1e-5)


def test_a_model_that_is_told_the_class_is_told_it(digits):
    x, y = digits[0][:60], digits[1][:60]
    told = kv.make_vae((8, 8, 1), 4, hidden_units=(16,), n_classes=10, seed=0)
    images, labels = augment(x, y, 2, model=told, width=0.0, mix=0.0)
    assert len(images) == 20
    found = told.reconstruct(x, condition=y)
    distance = np.abs(images[:, None] - found).max(axis=(2, 3, 4))
    np.testing.assert_array_equal(y[distance.argmin(axis=1)], labels)
    with pytest.raises(ValueError, match=r"`model` must be told the 2 classes of `y`. Received: one of 10"):
        augment(x, y % 2, 2, model=told)
    with pytest.raises(ValueError, match="`model` must be one that is told no class beside `unlabelled`"):
        augment(x, y, 2, model=told, unlabelled=x)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"y": np.zeros(3, int)}, r"`y` must be 20 labels.*shape \(3,\)", id="length"),
        pytest.param({"y": np.zeros(20)}, "`y` must be 20 labels.*float64", id="floats"),
        pytest.param({"x": np.full((20, 8, 8), 7.0)}, "`x` must hold uint8, or values from 0 to 1", id="range"),
        pytest.param({"unlabelled": np.zeros((3, 9, 8))}, "`unlabelled` must have shape", id="unlabelled"),
        pytest.param({"n_per_class": 0}, "`n_per_class` must be a whole number >= 1", id="n"),
        pytest.param({"mix": 1.5}, "`mix` must be a finite number >= 0.0 and <= 1.0", id="mix"),
        pytest.param({"width": -1.0}, "`width` must be a finite number >= 0.0", id="width"),
        pytest.param({"seed": -1}, "`seed` must be a whole number", id="seed"),
        pytest.param({"n_steps": 0}, "`n_steps` must be a whole number >= 1", id="steps"),
        pytest.param(
            {"model": "vae"}, r"`model` must be a VAE with a Gaussian posterior for images of shape", id="str"
        ),
    ],
)
def test_what_cannot_be_augmented_is_refused(digits, arguments, message):
    given = {"x": digits[0][:20], "y": np.arange(20) % 2, "n_per_class": 1, **arguments}
    with pytest.raises(ValueError, match=message):
        augment(**given)


# The layer.


@pytest.mark.slow
def test_the_layer_replaces_a_share_of_a_stream(digits, vae):
    x, y = digits[0][:256], digits[1][:256]
    layer = AugmentWithVAE(vae, share=0.5, seed=0)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(64).map(lambda a, b: (layer(a, b), b))
    images = np.concatenate([a for a, _ in batches])
    is_new = np.abs(images - x).max(axis=(1, 2, 3)) > 0.0
    assert 0.35 < is_new.mean() < 0.65
    again = np.concatenate([a for a, _ in batches])
    assert np.any(again != images)
    np.testing.assert_array_equal(layer(x, y, training=False), x)
    np.testing.assert_array_equal(AugmentWithVAE(vae, share=0.0)(x, y), x)
    np.testing.assert_array_equal(AugmentWithVAE(vae, seed=5)(x[:9], y[:9]), AugmentWithVAE(vae, seed=5)(x[:9], y[:9]))


def test_the_layer_stays_within_the_class(identity):
    x = np.array([[0.1, 0.1], [0.1, 0.5], [0.9, 0.2]], "float32").reshape(3, 1, 2, 1)
    layer = AugmentWithVAE(identity, share=1.0, width=0.0, mix=1.0, seed=0)
    for _ in range(5):
        low, other, alone = layer(x, np.array([4, 4, 7])).numpy().reshape(3, 2)
        assert 0.1 <= min(low[1], other[1]) <= max(low[1], other[1]) <= 0.5
        np.testing.assert_allclose(alone, [0.9, 0.2], rtol=1e-6)


def test_the_layer_leaves_its_model_alone_in_a_training(digits, vae, tmp_path):
    x, y = digits[0][:64], digits[1][:64]
    image, label = keras.Input((8, 8, 1)), keras.Input((), dtype="int32")
    drawn = AugmentWithVAE(vae, seed=0)(image, label)
    outputs = keras.layers.Dense(10)(keras.layers.Flatten()(drawn))
    classifier = keras.Model([image, label], outputs)
    before = [np.copy(w) for w in vae.get_weights()]
    classifier.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    classifier.fit([x, y], y, verbose=0)
    assert vae.trainable
    assert vae.trainable_variables
    for one, other in zip(before, vae.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    classifier.save(tmp_path / "c.keras")
    loaded = keras.models.load_model(tmp_path / "c.keras")
    both = (model([x, y], training=False) for model in (loaded, classifier))
    np.testing.assert_allclose(*both, rtol=1e-5, atol=1e-6)
    again = next(layer for layer in loaded.layers if isinstance(layer, AugmentWithVAE))
    for one, other in zip(before, again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_layer_comes_back_from_its_config(vae):
    layer = AugmentWithVAE(vae, share=0.2, width=2.0, mix=0.1, seed=4)
    again = AugmentWithVAE.from_config(layer.get_config())
    assert (again.share, again.width, again.mix, again.seed) == (0.2, 2.0, 0.1, 4)
    assert again.compute_output_shape((None, 8, 8, 1)) == (None, 8, 8, 1)


def test_the_layer_tells_a_model_the_class():
    told = kv.make_vae((8, 8, 1), 4, hidden_units=(16,), n_classes=3, seed=0)
    x = np.zeros((3, 8, 8, 1), "float32")
    layer = AugmentWithVAE(told, share=1.0, width=0.0, mix=0.0)
    np.testing.assert_allclose(layer(x, np.arange(3)), told.reconstruct(x, condition=np.arange(3)), atol=1e-6)
    with pytest.raises(ValueError, match="`labels` must be given, as layer"):
        layer(x)


def test_a_layer_that_cannot_work_is_refused(vae):
    with pytest.raises(ValueError, match="`model` must be a VAE with a Gaussian posterior"):
        AugmentWithVAE(kv.make_autoencoder((8, 8, 1), 2))
    with pytest.raises(ValueError, match="`model` must be told the class and nothing else"):
        AugmentWithVAE(kv.make_vae((8, 8, 1), 2, condition_shape=(2,)))
    for wrong in ({"share": 2.0}, {"mix": -0.1}, {"width": -1.0}):
        with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` must be"):
            AugmentWithVAE(vae, **wrong)
    with pytest.raises(ValueError, match="`labels` must be given, as layer"):
        AugmentWithVAE(vae)(np.zeros((2, 8, 8, 1), "float32"))
    assert AugmentWithVAE(vae, mix=0.0)(np.zeros((2, 8, 8, 1), "float32")).shape == (2, 8, 8, 1)
