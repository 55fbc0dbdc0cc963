"""Class labels as one-hot vectors, and labels that are none of the classes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.layers.class_labels import ClassLabels


def test_labels_become_rows_of_the_identity():
    labels = np.array([2, 0, 1, 2])
    np.testing.assert_array_equal(ClassLabels(3)(labels), np.eye(3)[labels])
    np.testing.assert_array_equal(ClassLabels(3)(labels.astype("float32")), np.eye(3)[labels])


@pytest.mark.parametrize("label", [-1, 3, 0.5, np.nan, np.inf, -np.inf, 1e20])
def test_a_label_that_is_no_class_is_nan_and_is_named(label):
    layer, labels = ClassLabels(3), np.array([0, label, 1], "float32")
    one_hot = layer(labels).numpy()
    assert np.isnan(one_hot).all(axis=-1).tolist() == [False, True, False]
    assert bool(layer.has_others(labels))
    with pytest.raises(ValueError, match=r"`labels` must hold class labels, whole numbers from 0 to 2. .*labels\[1\]="):
        layer.check_labels(labels)


def test_good_labels_are_no_others():
    layer = ClassLabels(3)
    assert not bool(layer.has_others(tf.constant([0, 1, 2])))
    layer.check_labels(np.array([0, 1, 2]))


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="`n_classes`"):
        ClassLabels(1)


def test_it_keeps_its_config_and_its_type_under_mixed_precision():
    layer = ClassLabels.from_config(ClassLabels(5000, name="labels").get_config())
    assert (layer.n_classes, layer.name, layer.compute_dtype) == (5000, "labels", "float32")
    labels = keras.Input((), name="label")
    assert layer(labels).shape == (None, 5000)
    # float16 would make 4097 of it.
    assert np.argmax(layer(np.array([4099]))) == 4099
