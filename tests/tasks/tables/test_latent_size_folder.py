"""The folder of a search: what is finished is read again, and other data or settings are refused by name."""

import json

import numpy as np
import pytest

from keras_vae.tasks.tables.latent_size_folder import KeptSizes
from keras_vae.tasks.tables.latent_size_rule import by_one_standard_error

CONFIG = {"task": "vae", "data": "00ff00ff", "seed": 0, "hidden_units": (8,)}


def test_what_was_saved_is_there_again(tmp_path):
    KeptSizes(tmp_path / "a", CONFIG).save(np.array([-1.0, -2.5]), {"latent_dim": 12, "seed": 1, "log_prob": -1.75})
    ((job, (rows, figures)),) = KeptSizes(tmp_path / "a", CONFIG).load().items()
    assert job == (12, 1)
    np.testing.assert_array_equal(rows, [-1.0, -2.5])
    assert figures["log_prob"] == -1.75


def test_rows_without_their_figures_are_not_finished(tmp_path):
    kept = KeptSizes(tmp_path / "a", CONFIG)
    kept.save(np.zeros(2), {"latent_dim": 1, "seed": 0})
    (tmp_path / "a" / "size-0001-seed-0.json").unlink()
    assert kept.load() == {}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"data": "other"}, "same data and settings: give another folder. .* with data='other', and '00ff00ff' there"),
        ({"seed": 3, "hidden_units": (9,)}, r"with seed=3, and 0 there, hidden_units=\[9\], and \[8\] there"),
        ({"network": "dense"}, "network='dense', and None there"),
    ],
)
def test_other_data_or_settings_are_refused_by_name(tmp_path, change, match):
    KeptSizes(tmp_path / "a", CONFIG)
    with pytest.raises(ValueError, match=match):
        KeptSizes(tmp_path / "a", {**CONFIG, **change})


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match=r"`folder` must be new, or one with latent-dim.json. Received: folder="):
        KeptSizes(tmp_path, CONFIG)
    with pytest.raises(NotADirectoryError, match=r"`folder` must be a folder. Received: .*which is a file"):
        KeptSizes(tmp_path / "notes.txt", CONFIG)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_broken_file_is_named(tmp_path, text):
    (tmp_path / "latent-dim.json").write_text(text)
    with pytest.raises(ValueError, match=r"latent-dim.json cannot be read: remove it, or give another `folder`"):
        KeptSizes(tmp_path, CONFIG)


def test_without_a_folder_nothing_is_kept():
    kept = KeptSizes(None, CONFIG)
    kept.save(np.zeros(2), {"latent_dim": 1, "seed": 0})
    kept.finish(None)
    assert kept.load() == {}


def test_the_result_is_json_without_nan_and_a_picture(tmp_path):
    kept = KeptSizes(tmp_path / "a", CONFIG)
    sizes = by_one_standard_error({1: np.full(3, np.nan), 2: np.array([-1.0, -2.0, -3.0])}, 5)
    kept.finish(sizes)
    result = json.loads((tmp_path / "a" / "sizes.json").read_text(), parse_constant=pytest.fail)
    assert (result["sizes"], result["bounds"], result["chosen"]) == ([1, 2], [None, -2.0], 2)
    assert (tmp_path / "a" / "sizes.png").stat().st_size > 0
    assert not [file for file in (tmp_path / "a").iterdir() if file.name.startswith(".tmp")]
