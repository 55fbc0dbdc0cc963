import math

import numpy as np
import pytest
from tasks.compression.lossy.small_model import images, small_model

from keras_vae.tasks.compression.container.container import Container, write
from keras_vae.tasks.compression.container.header import Header
from keras_vae.tasks.compression.lossy import lossy_codec
from keras_vae.tasks.compression.lossy.lossy_codec import LossyCodec


@pytest.fixture(scope="module")
def codec():
    return LossyCodec(small_model())


@pytest.fixture(scope="module")
def x():
    return images(30)


@pytest.fixture(scope="module")
def data(codec, x):
    return codec.compress(x, 6.0)


def test_what_comes_back_is_the_decoder_at_the_rounded_code(codec, x, data):
    log_stddev = np.full((30, 1), math.log(6.0), "float32")
    z = np.rint(codec.model.encode(x.astype("float32"), log_stddev)[0])
    wanted = np.clip(np.rint(codec.model.decode(z, log_stddev)), 0, 255)
    back = codec.decompress(data)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, wanted)
    # Before training the error is that of the standard deviation.
    assert np.sqrt(np.mean(np.square(back.astype(float) - x))) < 7.0


def test_some_rows_are_those_of_all(codec, data, monkeypatch, x):
    back = codec.decompress(data)
    for rows in (slice(3, 9), slice(None, None, -7), slice(5, 5), slice(28, 99)):
        np.testing.assert_array_equal(codec.decompress(data, rows=rows), back[rows])
    monkeypatch.setattr(lossy_codec, "BLOCK_ROWS", 8)
    monkeypatch.setattr(lossy_codec, "BATCH_ROWS", 3)
    in_blocks = codec.compress(x, 6.0)
    assert len(Container.read(in_blocks).header.blocks) == 4
    np.testing.assert_array_equal(codec.decompress(in_blocks), back)
    np.testing.assert_array_equal(codec.decompress(in_blocks, rows=slice(6, 27, 4)), back[6:27:4])


def test_a_last_axis_may_be_missing_and_no_image_is_no_error(codec, x, data):
    flat = codec.decompress(codec.compress(x[..., 0], 6.0))
    np.testing.assert_array_equal(flat, codec.decompress(data)[..., 0])
    assert codec.decompress(codec.compress(x[:0], 6.0)).shape == (0, 16, 16, 1)


def test_every_bit_is_covered_by_a_checksum(codec, data, rng):
    for _ in range(200):
        changed = bytearray(data)
        changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
        with pytest.raises(ValueError, match=r"damaged|cut off|version|no container|behind its last"):
            codec.decompress(bytes(changed))
    for end in (0, 3, 40, len(data) - 1):
        with pytest.raises(ValueError, match=r"empty|cut off"):
            codec.decompress(data[:end])


def test_files_of_other_models_and_other_data_are_refused(codec, data):
    with pytest.raises(ValueError, match="the file was made by another model"):
        LossyCodec(small_model(seed=1)).decompress(data)
    container = Container.read(data)
    header, payload = container.header, container.payload(0)
    for changes in (
        {"metadata": {}},
        {"metadata": {"stddev": -1.0}},
        {"metadata": {"stddev": "6"}},
        {"dtype": np.dtype("<i8")},
    ):
        other = Header(**{**vars(header), **changes})
        with pytest.raises(ValueError, match="the header is damaged: it is not one of images of this model"):
            codec.decompress(write(other, [payload]))
    wrong = Header(
        **{**vars(header), "blocks": (header.blocks[0].__class__(len(payload), header.blocks[0].stored, b"0" * 8),)}
    )
    with pytest.raises(ValueError, match=r"block 0 .* decodes to another code than the one that was compressed"):
        codec.decompress(write(wrong, [payload]))
    with pytest.raises(ValueError, match="more than the 100 that are allowed"):
        codec.decompress(data, max_bytes=100)


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((2, 16, 16, 1)), np.zeros((2, 16, 15, 1), np.uint8), np.zeros((2, 16, 16, 3), np.uint8), np.uint8(3)],
    ids=["float", "shape", "colours", "scalar"],
)
def test_other_images_are_refused(codec, wrong):
    with pytest.raises(ValueError, match=r"`x` must be a uint8 array of images \(n, 16, 16, 1\)"):
        codec.compress(wrong, 6.0)


def test_a_code_that_does_not_come_back_is_never_written(codec, x, monkeypatch):
    monkeypatch.setattr(codec._coder, "decode", lambda data, n, what: np.zeros((n, codec.model.latent_dim), np.int64))
    with pytest.raises(RuntimeError, match="the code of the images does not come back"):
        codec.compress(x, 6.0)


def test_images_that_come_back_badly_are_told(x):
    model = small_model()
    # The last convolution is added to the mean, on a scale from -1 to 1.
    shift = next(layer for layer in reversed(model.decoder.layers) if "conv2d" in layer.name)
    shift.bias.assign([60.0 / 127.5])
    with pytest.warns(
        UserWarning, match=r"with an error of 5.* grey levels where stddev is 6: they are of another kind"
    ):
        LossyCodec(model).compress(x, 6.0)


def test_images_that_come_back_as_they_should_are_not(codec, x, recwarn):
    codec.compress(x, 6.0)
    assert not [w for w in recwarn if "another kind" in str(w.message)]
