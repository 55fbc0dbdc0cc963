import numpy as np
import pytest
from task_helpers import write_image_files, write_images, write_table

from keras_vae.tasks.data_source import check_same_data, fingerprint, load_all_rows, load_data
from keras_vae.tasks.settings import make_config


def test_large_pictures_in_a_folder_are_shrunk_and_small_ones_are_not(tmp_path):
    large = load_data(str(write_image_files(tmp_path / "large", n=4, size=(100, 300))))
    assert large.event_shape == (21, 64, 3)
    assert large.note == "images of 100x300 are stretched to 21x64"
    small = load_data(str(write_image_files(tmp_path / "small", n=4, size=(9, 8))))
    assert (small.event_shape, small.note) == ((9, 8, 3), "")


def test_pictures_of_another_size_are_stretched_to_that_of_the_run(tmp_path):
    config, _ = make_config(str(write_image_files(tmp_path / "a", size=(9, 8))))
    x, labels = load_all_rows(str(write_image_files(tmp_path / "b", n=5, size=(20, 30))), config)
    assert np.concatenate([batch.numpy() for batch in x]).shape == (5, 9, 8, 3)
    np.testing.assert_array_equal(labels, [0, 0, 0, 1, 1])  # In the order of the files.


def test_all_rows_come_in_their_own_order_with_their_labels(table):
    config, _ = make_config(str(table))
    x, labels = load_all_rows(str(table), config)
    first = np.float32(table.read_text().splitlines()[1].split(",")[:4])
    statistics = config["input"]["standardize"]
    np.testing.assert_allclose(x[0], (first - statistics["mean"]) / statistics["stddev"], rtol=1e-4)
    assert len(x) == len(labels) == 60


def test_both_parts_of_a_file_count_as_its_rows(tmp_path):
    np.savez(tmp_path / "x.npz", x_train=np.zeros((5, 3)), x_test=np.ones((2, 3)))
    x, labels = load_all_rows(str(tmp_path / "x.npz"), make_config(str(tmp_path / "x.npz"))[0])
    assert x.tolist() == [[0.0] * 3] * 5 + [[1.0] * 3] * 2
    assert labels is None


def test_rows_of_another_shape_are_refused(tmp_path, table):
    config, _ = make_config(str(table))
    with pytest.raises(ValueError, match=r"must have examples of shape \(4,\), as the run was trained on.*\(7, 9, 1\)"):
        load_all_rows(str(write_images(tmp_path / "x.npz")), config)


def test_a_changed_file_is_not_the_same_data(tmp_path):
    data = write_table(tmp_path / "x.csv")
    config, dataset = make_config(str(data))
    check_same_data(dataset, config)
    write_table(data, seed=1)
    with pytest.raises(ValueError, match=r"x\.csv must hold the data that the run began with, 54 training examples"):
        check_same_data(load_data(str(data)), config)


def test_a_folder_that_gains_or_loses_a_picture_is_not_the_same_data(tmp_path):
    folder = write_image_files(tmp_path / "x")
    before = fingerprint(load_data(str(folder)))
    assert fingerprint(load_data(str(folder))) == before
    folder.rename(tmp_path / "y")
    assert fingerprint(load_data(str(tmp_path / "y"))) == before
    next((tmp_path / "y").rglob("*.png")).unlink()
    assert fingerprint(load_data(str(tmp_path / "y"))) != before
