import keras
import pytest

from keras_vae.likelihoods.encoder_inputs import Log1p, OneHot


@pytest.mark.parametrize("layer", [OneHot(5), Log1p()], ids=lambda layer: type(layer).__name__)
def test_config_round_trip(layer):
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert restored.get_config() == layer.get_config()
    assert restored.compute_output_shape((None, 3)) == layer.compute_output_shape((None, 3))


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="`n_classes` must be a whole number >= 2"):
        OneHot(1)
