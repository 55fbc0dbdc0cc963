import numpy as np
from runs.run_helpers import write_image_files
from tasks.vae.data_sets import table

from keras_vae.data import load
from keras_vae.tasks.vae.image_size import at_image_size


def test_large_pictures_in_a_folder_are_shrunk_and_small_ones_are_not(tmp_path):
    large = at_image_size(load(str(write_image_files(tmp_path / "large", n=4, size=(100, 300)))))
    assert large.event_shape == (21, 64, 3)
    assert large.note == "images of 100x300 are stretched to 21x64"
    small = at_image_size(load(str(write_image_files(tmp_path / "small", n=4, size=(9, 8)))))
    assert (small.event_shape, small.note) == ((9, 8, 3), "")


def test_pictures_are_stretched_to_the_size_of_a_run(tmp_path):
    data = load(str(write_image_files(tmp_path / "b", n=5, size=(20, 30))))
    assert at_image_size(data, (9, 8, 3)).event_shape == (9, 8, 3)
    # A run on something else: told where shapes are compared.
    assert at_image_size(data, (4,)).event_shape == (20, 30, 3)


def test_arrays_keep_their_shape():
    data = table()
    assert at_image_size(data, (64, 64, 1)) is data
    np.testing.assert_array_equal(at_image_size(data).x_train, data.x_train)
