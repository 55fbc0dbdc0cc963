import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from conditional_models import prepared
from PIL import Image
from sessions import CppSession, SessionError

from keras_vae.data.images import decode_image
from keras_vae.layers import Standardize
from keras_vae.likelihoods import Categorical, Multinomial, NegativeBinomial
from keras_vae.models.make_vae import make_vae
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.preprocess import MAX_PIXELS, Preprocess, get_preprocess, white_of
from keras_vae.serving.saved_model import load_saved_model

FORMATS = ("PNG", "JPEG", "GIF", "BMP")


@pytest.fixture(scope="module")
def grey():
    return make_vae((8, 6, 1), 3, hidden_units=(8,), seed=0)


@pytest.fixture(scope="module")
def grey_decoder(grey):
    """Traced once."""
    return get_preprocess("image_bytes", grey)


@pytest.fixture(scope="module")
def grey_files(grey, tmp_path_factory):
    return export_saved_model(grey, tmp_path_factory.mktemp("grey") / "m", preprocess="image_bytes")


@pytest.fixture(scope="module")
def loaded_grey(grey_files):
    return load_saved_model(grey_files)


def picture(mode="L", size=(6, 8), file_format="PNG"):
    """A picture as the bytes of a file, and its values `(height, width, channels)`."""
    n_channels = len(mode)
    values = np.random.default_rng(0).integers(0, 256, (size[1], size[0], n_channels), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(values[..., 0] if n_channels == 1 else values, mode).save(file, file_format)
    return file.getvalue(), values


def png(width, height, rows=b""):
    """A PNG file that claims a size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def as_objects(*files):
    array = np.empty(len(files), object)
    array[:] = files
    return array


# What comes out.


@pytest.mark.slow
def test_grey_values_of_a_file_become_what_the_model_was_trained_on(tmp_path, grey):
    values = np.random.default_rng(0).integers(0, 256, (4, 8, 6, 1), dtype=np.uint8)
    loaded = load_saved_model(export_saved_model(grey, tmp_path / "m", preprocess="uint8"))
    np.testing.assert_allclose(loaded.encode(values)[0], grey.encode(values / 255.0)[0], rtol=1e-5, atol=1e-6)
    kl = grey.elbo_terms(prepared(grey, values / 255.0), z="mean")["kl_loss"]
    np.testing.assert_allclose(loaded.score(values)["kl"], kl, rtol=1e-5, atol=1e-6)
    for signature in ("serving_default", "encode", "score"):
        assert loaded.input_specs(signature)["x"].dtype == tf.uint8
    for too_much in (values.astype("int32") + 256, values - 0.5):
        with pytest.raises(ValueError, match="`x` must hold numbers that fit uint8"):
            loaded.encode(too_much)


@pytest.mark.slow
def test_a_model_of_grey_values_gets_them_as_they_are(tmp_path):
    vae = make_vae((8, 6, 1), 3, hidden_units=(8,), likelihood="discretized_logistic", seed=0)
    values = np.random.default_rng(0).integers(0, 256, (4, 8, 6, 1), dtype=np.uint8)
    loaded = load_saved_model(export_saved_model(vae, tmp_path / "m", preprocess="uint8"))
    np.testing.assert_allclose(loaded.encode(values)[0], vae.encode(values)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_a_file_of_the_right_size_gives_its_values(grey, loaded_grey):
    file, values = picture()
    z_mean, _ = loaded_grey.encode([file])
    np.testing.assert_allclose(z_mean, grey.encode(values[None] / 255.0)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "file_format"),
    [*(("L", name) for name in FORMATS), *(("RGB", name) for name in FORMATS), ("RGBA", "PNG"), ("LA", "PNG")],
)
@pytest.mark.parametrize("size", [(6, 8), (1, 1), (31, 17), (300, 2)])
def test_files_of_any_size_and_kind_are_taken(loaded_grey, mode, file_format, size):
    file, _ = picture(mode, size, file_format)
    assert loaded_grey.reconstruct([file, picture()[0]]).shape == (2, 8, 6, 1)


@pytest.mark.slow
def test_a_large_picture_is_averaged_not_sampled(grey_decoder):
    """A fine chessboard of black and white is grey from afar."""
    board = (np.indices((80, 60)).sum(axis=0) % 2 * 255).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(board).save(file, "PNG")
    x = grey_decoder(tf.constant([file.getvalue()])).numpy()
    assert x.shape == (1, 8, 6, 1)
    # Ten pixels of either kind go into one; at the border some are missing.
    np.testing.assert_allclose(x, 0.5, atol=0.05)


@pytest.mark.slow
def test_colours_keep_their_order(tmp_path):
    vae = make_vae((8, 6, 3), 3, hidden_units=(8,), seed=0)
    file, values = picture("RGB")
    x = get_preprocess("image_bytes", vae)(tf.constant([file])).numpy()
    np.testing.assert_array_equal(x[0], values / np.float32(255))


@pytest.mark.slow
def test_a_function_of_ones_own_stands_in_front_of_what_takes_data(tmp_path, grey):
    halves = Preprocess(lambda x: tf.repeat(x, 2, axis=2), tf.TensorSpec((None, 8, 3, 1), tf.float32, name="half"))
    loaded = load_saved_model(export_saved_model(grey, tmp_path / "m", preprocess=halves))
    half = np.random.default_rng(0).random((4, 8, 3, 1), "float32")
    expected = grey.encode(np.repeat(half, 2, axis=2))[0]
    np.testing.assert_allclose(loaded.encode(half)[0], expected, rtol=1e-5, atol=1e-6)
    assert set(loaded.input_specs("decode")) == {"z"}
    with pytest.raises(ValueError, match=r"`half` must have the shape \(n, 8, 3, 1\)"):
        loaded.encode(np.zeros((4, 8, 6, 1)))


@pytest.mark.slow
def test_no_files_are_no_rows(grey_files, loaded_grey, cpp_program):
    assert loaded_grey.call("encode", image_bytes=[])["z_mean"].shape == (0, 3)
    with CppSession(cpp_program, grey_files) as session:
        assert session.call("encode", image_bytes=as_objects())["z_mean"].shape == (0, 3)


@pytest.mark.slow
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_an_export_has_the_pixels_that_training_had(
    loaded_grey, grey_decoder, grey, tmp_path, file_format, orientation
):
    exif = Image.Exif()
    exif[0x0112] = orientation
    values = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(values).save(tmp_path / "a", file_format, exif=exif)
    trained = decode_image(tmp_path / "a", (8, 6, 1)) / np.float32(255)
    x = grey_decoder(tf.constant([(tmp_path / "a").read_bytes()])).numpy()
    np.testing.assert_array_equal(x[0], trained)
    z_mean, _ = loaded_grey.encode([(tmp_path / "a").read_bytes()])
    np.testing.assert_allclose(z_mean, grey.encode(trained[None])[0], rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_the_fit_of_an_export_is_that_of_training(grey, tmp_path, fit):
    file, _ = picture("RGB", (50, 20))
    (tmp_path / "a").write_bytes(file)
    x = get_preprocess("image_bytes", grey, fit=fit)(tf.constant([file])).numpy()
    np.testing.assert_array_equal(x[0], decode_image(tmp_path / "a", (8, 6, 1), fit) / np.float32(255))


# What is refused.

BAD_FILES = {
    "nothing": b"",
    "a-letter": b"\xff",
    "text": b"no picture at all, but long enough to be one",
    "html": b"<html>404</html>",
    "png-cut-off": picture()[0][:40],
    "png-only-a-signature": b"\x89PNG\r\n\x1a\n",
    "jpeg-only-a-signature": b"\xff\xd8\xff",
    "jpeg-cut-off": picture("RGB", (30, 30), "JPEG")[0][:200],
    "gif-cut-off": picture("L", file_format="GIF")[0][:30],
    "bmp-cut-off": picture("RGB", file_format="BMP")[0][:60],
    "tiff": picture("RGB", file_format="TIFF")[0],
    "webp": picture("RGB", file_format="WEBP")[0],
    "png-of-too-many-pixels": png(20_000, 20_000),
    "png-of-a-negative-size": png(2**32 - 1, 3),
    "png-without-its-rows": png(6, 8),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_is_no_picture_is_refused(loaded_grey, name):
    with pytest.raises(ValueError, match="signature 'encode' refuses its inputs: "):
        loaded_grey.encode([picture()[0], BAD_FILES[name]])


@pytest.mark.slow
def test_no_bad_file_ends_the_server(grey_files, cpp_program):
    with CppSession(cpp_program, grey_files) as session:
        for file in BAD_FILES.values():
            with pytest.raises(SessionError) as caught:
                session.call("score", image_bytes=as_objects(picture()[0], file))
            assert caught.value.code == "INVALID_ARGUMENT"
        assert session.call("score", image_bytes=as_objects(picture()[0]))["elbo"].shape == (1,)


@pytest.mark.slow
def test_the_refusal_says_what_a_file_may_be(loaded_grey):
    with pytest.raises(ValueError, match="`image_bytes` must be JPEG, PNG, GIF or BMP"):
        loaded_grey.encode([BAD_FILES["text"]])
    with pytest.raises(ValueError, match=f"`image_bytes` must have at most {MAX_PIXELS} pixels"):
        loaded_grey.encode([BAD_FILES["png-of-too-many-pixels"]])
    with pytest.raises(ValueError, match="`image_bytes` must hold bytes"):
        loaded_grey.encode(["a path is no file"])


@pytest.mark.parametrize("name", ["uint16", "", "image"])
def test_another_name_is_refused(grey, name):
    with pytest.raises(ValueError, match="`preprocess` must be one of 'uint8', 'image_bytes'"):
        get_preprocess(name, grey)


def test_another_object_is_refused(grey):
    with pytest.raises(TypeError, match=r"`preprocess` must be a name or a Preprocess\. Received: function"):
        get_preprocess(lambda x: x, grey)


@pytest.mark.parametrize("event_shape", [(8,), (8, 6), (8, 6, 2)])
def test_files_are_only_for_models_of_pictures(event_shape):
    vae = make_vae(event_shape, 2, hidden_units=(4,), seed=0)
    with pytest.raises(ValueError, match="`preprocess` must not be 'image_bytes' for a model that takes no images"):
        get_preprocess("image_bytes", vae)


def test_another_fit_is_refused(grey):
    with pytest.raises(ValueError, match="`fit` must be one of 'stretch', 'crop', 'pad'"):
        get_preprocess("image_bytes", grey, fit="zoom")


@pytest.mark.parametrize("event_shape", [(8,), (8, 6), (4, 4, 3, 1)])
def test_grey_values_are_only_for_models_of_pictures(event_shape):
    vae = make_vae(event_shape, 2, hidden_units=(4,), seed=0)
    with pytest.raises(ValueError, match="`preprocess` must not be 'uint8' for a model that takes no images; leave it"):
        get_preprocess("uint8", vae)


@pytest.mark.parametrize("name", ["uint8", "image_bytes"])
@pytest.mark.parametrize("likelihood", [Multinomial, NegativeBinomial, lambda: Categorical(n_classes=3)])
def test_tokens_and_counts_are_no_grey_values(likelihood, name):
    vae = make_vae((8,), 2, hidden_units=(4,), likelihood=likelihood(), seed=0)
    with pytest.raises(ValueError, match=f"`preprocess` must not be '{name}' for a model of .*, which are no grey"):
        get_preprocess(name, vae)


@pytest.mark.parametrize(
    "spec",
    [
        tf.TensorSpec((None, 8), tf.float32),
        tf.TensorSpec((4, 8), tf.float32, name="x"),
        tf.TensorSpec((), tf.float32, name="x"),
        tf.TensorSpec(None, tf.float32, name="x"),
    ],
    ids=["no-name", "fixed-rows", "no-rows", "any-rank"],
)
def test_a_spec_must_have_a_name_and_rows(spec):
    with pytest.raises(ValueError, match="`spec` must have a name and None as its first axis"):
        Preprocess(lambda x: x, spec)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        pytest.param(lambda x: x, r"Received: shape \(2, 4\) for 2 rows", id="another-shape"),
        pytest.param(lambda x: tf.zeros((1, 8, 6, 1)), r"Received: shape \(1, 8, 6, 1\) for 2 rows", id="one-row"),
        pytest.param(
            lambda x: tf.reshape(tf.boolean_mask(x, x[:, 0] > 0), [2, 8, 6, 1]),
            "Received: InvalidArgumentError for 2 rows",
            id="fails",
        ),
        pytest.param(
            lambda x: tf.zeros((2, 8, 6, 1)) if tf.reduce_sum(x) > 1 else None,
            "Received: OperatorNotAllowedInGraphError for 2 rows",
            id="cannot-be-traced",
        ),
    ],
)
def test_a_function_that_does_not_give_rows_of_the_model_is_refused(function, message, grey, tmp_path):
    preprocess = Preprocess(function, tf.TensorSpec((None, 4), tf.float32, name="y"))
    with pytest.raises(ValueError, match=r"`preprocess` must turn n rows into n examples of shape \(8, 6, 1\)") as info:
        export_saved_model(grey, tmp_path / "models" / "m", preprocess=preprocess)
    assert info.match(message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("likelihood", "seen", "white"),
    [
        ("bernoulli", None, 1.0),
        ("discretized_logistic", None, 255.0),
        ("gaussian", None, 1.0),
        ("gaussian", (0.0, 255.0), 255.0),
        ("gaussian", (0.0, 0.9), 1.0),
        ("gaussian", (-1.0, 1.0), None),
        ("gaussian", (0.0, 4000.0), None),
        ("negative_binomial", None, None),
    ],
)
def test_the_white_of_a_model_is_that_of_its_data(likelihood, seen, white):
    preprocessing = None
    if seen is not None:
        preprocessing = Standardize()
        preprocessing.adapt(np.float32(seen).reshape(2, 1, 1, 1) * np.ones((2, 4, 4, 1), "float32"))
    vae = make_vae(
        (4, 4, 1), latent_dim=2, hidden_units=(4,), likelihood=likelihood, preprocessing=preprocessing, network="dense"
    )
    assert white_of(vae) == white
