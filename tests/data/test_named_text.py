"""Tests of `load_named_text`: the well-known sets of sentences, made up, and as they are where they are there."""

import gzip
import os

import numpy as np
import pytest

from keras_vae.data import load
from keras_vae.data.named_text import TEXT_NAMES, load_named_text
from keras_vae.data.reading import Reading

MADE_UP = {
    "ptb/ptb.{}.txt.gz": ("train", "valid", "test"),
    "multi30k/{}.en.gz": ("train", "val", "test_2016_flickr"),
    "multi30k/{}.de.gz": ("train", "val", "test_2016_flickr"),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """$KERAS_VAE_DATA with small files of the same form."""

    def write(name, text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(gzip.compress(text.encode()))

    for name, parts in MADE_UP.items():
        for number, part in enumerate(parts):
            write(name.format(part), " ".join([name, part]) + " \n" * 1 + f" sentence {number}\n" * (3 - number))
    for number, part in enumerate(("train", "dev", "test")):
        write(f"sst2/{part}.tsv.gz", "sentence\tlabel\n" + f'a "film {number}\t1\nbad\t0\n')
    write("rt-polarity/rt-polarity.neg.gz", "bad\n" * 10)
    write("rt-polarity/rt-polarity.pos.gz", "good\n" * 10)
    monkeypatch.setenv("KERAS_VAE_DATA", str(tmp_path))
    return tmp_path


def test_sets_come_in_their_usual_parts(folder):
    data = load("ptb")
    assert (data.name, data.kind, data.event_shape) == ("ptb", "text", ())
    assert (data.n_train, data.n_validation, data.n_test) == (4, 3, 2)
    assert data.x_validation.tolist() == ["ptb/ptb.{}.txt.gz valid", "sentence 1", "sentence 1"]
    assert load("multi30k").x_test[0] == "multi30k/{}.en.gz test_2016_flickr"
    assert load("multi30k_de", reading=Reading(kind="text")).x_test[0] == "multi30k/{}.de.gz test_2016_flickr"


def test_labels_come_along(folder):
    data = load("sst2")
    assert data.x_validation.tolist() == ['a "film 1', "bad"]
    assert data.y_test.tolist() == [1, 0]
    assert (data.class_names, data.y_train.dtype) == (("negative", "positive"), np.int64)
    data = load("rt_polarity", test_fraction=0.2, seed=3)
    assert (data.n_train, data.n_validation, data.n_test) == (16, 0, 4)
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert (x == np.where(y == 1, "good", "bad")).all()
    assert load("rt_polarity", test_fraction=0).n_test == 0


def test_sets_that_are_not_there_are_told(folder, monkeypatch):
    (folder / "ptb" / "ptb.valid.txt.gz").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"`ptb` must be ptb/ptb\.valid\.txt\.gz in the folder that \$KERAS_VAE"
    ):
        load("ptb")
    monkeypatch.delenv("KERAS_VAE_DATA")
    with pytest.raises(FileNotFoundError, match=r"it is not downloaded. Received: KERAS_VAE_DATA=$"):
        load("sst2")
    monkeypatch.setenv("KERAS_VAE_DATA", str(folder / "none"))
    with pytest.raises(FileNotFoundError, match=r"\$KERAS_VAE_DATA must name a folder"):
        load("sst2")
    with pytest.raises(
        ValueError, match="`name` must be one of 'ptb', 'sst2', 'rt_polarity', 'multi30k', 'multi30k_de'"
    ):
        load_named_text("ptp")


def test_sets_of_sentences_take_no_options(folder):
    with pytest.raises(ValueError, match=r"'ptb' is a set of sentences. Received: kind='sequence'"):
        load("ptb", reading=Reading(kind="sequence"))
    with pytest.raises(ValueError, match=r"'ptb' is a known set, which takes `kind`. Received: label='y'"):
        load("ptb", reading=Reading(label="y"))


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("KERAS_VAE_DATA"), reason="KERAS_VAE_DATA is not set")
@pytest.mark.parametrize(
    ("name", "sizes", "n_words"),
    [
        ("ptb", (42068, 3370, 3761), (887521, 70390, 78669)),
        ("sst2", (6920, 872, 1821), None),
        ("rt_polarity", (9596, 0, 1066), None),
        ("multi30k", (29000, 1014, 1000), None),
        ("multi30k_de", (29000, 1014, 1000), None),
    ],
)
def test_the_real_sets_have_their_published_sizes(name, sizes, n_words):
    data = load(name)
    assert (data.n_train, data.n_validation, data.n_test) == sizes
    if n_words:
        parts = (data.x_train, data.x_validation, data.x_test)
        assert tuple(sum(len(sentence.split()) for sentence in part) for part in parts) == n_words
    if data.y_test is not None:
        labels = np.concatenate([y for y in (data.y_train, data.y_validation, data.y_test) if y is not None])
        assert set(labels.tolist()) == {0, 1}
    assert name in TEXT_NAMES
