import numpy as np
import pytest

from keras_vae.layers.partial_labels import PartialLabels


def test_known_labels_are_one_hot_and_unknown_ones_zero():
    one_hot = PartialLabels(3)(np.array([2.0, -1.0, 0.0])).numpy()
    np.testing.assert_array_equal(one_hot, [[0, 0, 1], [0, 0, 0], [1, 0, 0]])


@pytest.mark.parametrize("label", [3, -2, 0.5, -0.5, np.nan])
def test_other_labels_are_nan_and_are_refused(label):
    layer = PartialLabels(3)
    found = layer(np.array([1.0, label])).numpy()
    np.testing.assert_array_equal(found[0], [0, 1, 0])
    assert np.isnan(found[1]).all()
    with pytest.raises(
        ValueError, match=r"from 0 to 2, or -1 for a row without a label. Received: labels\[1\]=.*1 such labels"
    ):
        layer.check_labels(np.array([1.0, label]))


def test_all_known_or_unknown_labels_pass():
    layer = PartialLabels(3)
    layer.check_labels(np.array([-1, 0, 1, 2]))
    assert not layer.has_others(np.array([-1, 2]))
    assert layer.has_others(np.array([-1, 3]))


def test_the_config_makes_the_same_layer():
    layer = PartialLabels.from_config(PartialLabels(4).get_config())
    assert layer.n_classes == 4
    with pytest.raises(ValueError, match="`n_classes` must be"):
        PartialLabels(1)
