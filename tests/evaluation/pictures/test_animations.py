"""Animations: as many frames as asked for, there and back, whole or not at all."""

import numpy as np
import pytest
from PIL import Image, ImageSequence

from keras_vae.evaluation.pictures.gif import write_gif
from keras_vae.evaluation.plots import animate_interpolation, animate_traversals


def frames_of(path):
    """Frames of an animation as arrays `(n, height, width, 3)` in 0..1, and the milliseconds of each."""
    with Image.open(path) as image:
        frames = [(np.asarray(f.convert("RGB")) / 255.0, f.info["duration"]) for f in ImageSequence.Iterator(image)]
        assert image.info["loop"] == 0
    return np.stack([f for f, _ in frames]), [t for _, t in frames]


def grey(n, size=4):
    """Images of one grey value each, from black to white."""
    return np.ones((n, size, size, 1)) * np.linspace(0.0, 1.0, n)[:, None, None, None]


def test_frames_go_there_and_back_in_the_time_asked_for(tmp_path):
    path = write_gif(tmp_path / "a.gif", grey(5), seconds=1.0)
    frames, times = frames_of(path)
    assert path == tmp_path / "a.gif"
    # Small images are enlarged, each pixel to a square.
    assert frames.shape == (8, 224, 224, 3)
    np.testing.assert_allclose(frames[:, 0, 0, 0], [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25], atol=0.01)
    assert times == [200] * 8
    once, _ = frames_of(write_gif(tmp_path / "b.gif", grey(5), 1.0, there_and_back=False))
    assert len(once) == 5


def test_colours_and_sides_stay(tmp_path):
    images = np.zeros((2, 300, 250, 3))
    images[1, ..., 0] = 1.0
    frames, _ = frames_of(write_gif(tmp_path / "a.gif", images, 1.0))
    assert frames.shape[1:] == (300, 250, 3)
    np.testing.assert_allclose(frames[1, 5, 5], [1.0, 0.0, 0.0], atol=0.01)


def test_a_picture_that_stood_there_is_replaced_and_an_error_leaves_it(tmp_path):
    path = tmp_path / "deep" / "a.gif"
    write_gif(path, grey(2), 1.0)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"`frames` must be two or more. Received: 1"):
        write_gif(path, grey(1), 1.0)
    with pytest.raises(ValueError, match="`seconds` must be a finite number > 0"):
        write_gif(path, grey(2), 0.0)
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match=r"`path` must end in .gif. Received: path='a.png'"):
        write_gif("a.png", grey(2), 1.0)
    assert [p.name for p in path.parent.iterdir()] == ["a.gif"]


def test_every_active_dimension_has_a_tile_that_runs(tmp_path, rng):
    z_mean = rng.normal(size=(50, 3)) * [1.0, 0.001, 2.0]
    decode = lambda z: np.clip(0.5 + 0.2 * z[:, :, None, None] * np.ones((3, 8, 8)), 0, 1).mean(axis=1)[..., None]  # noqa: E731
    path = animate_traversals(tmp_path / "t.gif", decode, z_mean, np.full((50, 3), -4.0), steps=6, max_dims=5)
    frames, times = frames_of(path)
    assert len(frames) == 10
    assert len(set(times)) == 1
    # Two of three dimensions are active: two tiles beside each other, with hairlines.
    assert frames.shape[2] > 1.8 * frames.shape[1]
    assert frames[0].mean() < frames[3].mean() < frames[5].mean()


def test_a_model_without_an_active_dimension_shows_the_one_of_largest_kl(tmp_path):
    decode = lambda z: np.zeros((len(z), 4, 4, 1)) + z[:, :1, None, None]  # noqa: E731
    path = animate_traversals(tmp_path / "t.gif", decode, np.zeros((9, 2)), np.zeros((9, 2)), steps=3)
    assert len(frames_of(path)[0]) == 4


def test_one_way_and_several(tmp_path, rng):
    one, _ = frames_of(animate_interpolation(tmp_path / "i.gif", grey(4)))
    several, _ = frames_of(animate_interpolation(tmp_path / "i.gif", np.stack([grey(4)] * 6), n_cols=3))
    assert len(one) == len(several) == 6
    assert several.shape[2] > 1.3 * several.shape[1]


def test_what_is_no_picture_is_refused(tmp_path):
    for images in (np.zeros((4, 8)), np.zeros((4, 8, 8, 2)), np.zeros((0, 4, 8, 8, 1))):
        with pytest.raises(ValueError, match="`images` must have the shape"):
            animate_interpolation(tmp_path / "i.gif", images)
    with pytest.raises(ValueError, match="`n_cols` must be a whole number >= 1"):
        animate_interpolation(tmp_path / "i.gif", grey(3), n_cols=0)
    codes = np.zeros((4, 2)), np.zeros((4, 2))
    with pytest.raises(ValueError, match="`decode` must give images of 1 or 3 channels"):
        animate_traversals(tmp_path / "t.gif", lambda z: z, *codes)
    for wrong in ({"steps": 1}, {"max_dims": 0}, {"n_cols": 0}, {"limit": 0.0}):
        with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` must be"):
            animate_traversals(tmp_path / "t.gif", lambda z: z, *codes, **wrong)
    assert list(tmp_path.iterdir()) == []
