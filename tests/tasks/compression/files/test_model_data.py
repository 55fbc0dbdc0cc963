import numpy as np
import pytest

from keras_vae.tasks.compression.files.model_data import ModelData


@pytest.mark.parametrize(("levels", "dtype"), [(2, "|u1"), (256, "|u1"), (257, "<u4"), (None, "<u4")])
def test_the_smallest_type_holds_all_values(levels, dtype):
    assert ModelData((8,), levels).dtype == dtype


def test_a_last_axis_of_one_may_be_missing():
    model = ModelData((8, 8, 1), 2)
    model.check_shape("it", (8, 8))
    with pytest.raises(ValueError, match=r"it must have examples of 8 x 8 x 1 values, .* Received: 8 x 9"):
        model.check_shape("it", (8, 9))
    with pytest.raises(ValueError, match="Received: single numbers"):
        model.check_shape("it", ())


def test_values_are_refused_with_the_name_of_the_file():
    with pytest.raises(ValueError, match=r"a\.npy: .* from 0 to 1, .* Received: x\[1, 0\] = 2"):
        ModelData((1,), 2).check_values("a.npy", np.array([[1], [2]]))
