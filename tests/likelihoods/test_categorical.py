import keras
import numpy as np
import pytest
from likelihood_helpers import tile
from scipy import special

from keras_vae.likelihoods import Categorical


def test_samples_have_the_frequencies_of_the_softmax():
    logits = np.array([[1.0, 0.0, -1.0], [0.0, 0.0, 2.0]], "float32")
    samples = Categorical(3).sample(tile(logits, 20_000), seed=1).numpy().astype(int)
    frequencies = np.eye(3)[samples].mean(axis=0)
    # Five standard errors of a frequency: at most 5 * 0.5 / sqrt(20000).
    np.testing.assert_allclose(frequencies, special.softmax(logits, axis=-1), atol=0.018)


def test_number_of_classes_comes_from_the_decoder_if_not_given(rng):
    logits = rng.normal(size=(2, 5, 7)).astype("float32")
    x = rng.integers(0, 7, size=(2, 5))
    assert Categorical().n_params is None
    np.testing.assert_array_equal(Categorical().log_prob(x, logits), Categorical(7).log_prob(x, logits))


def test_what_needs_the_number_of_classes_says_so():
    with pytest.raises(ValueError, match="`params_shape` needs the number of classes: pass n_classes"):
        Categorical().params_shape((5,))
    with pytest.raises(ValueError, match="`input_layers` needs the number of classes: pass n_classes"):
        Categorical().input_layers((5,))


def test_wrong_number_of_logits_is_refused():
    with pytest.raises(ValueError, match=r"must put out logits of shape \(\*event, 7\).*Received: .*\(5, 6\)"):
        Categorical(7).event_shape((5, 6))
    with pytest.raises(ValueError, match=r"must put out logits of shape \(\*event, n_classes\)"):
        Categorical().event_shape((5,))


@pytest.mark.parametrize("n_classes", [1, 2.5, True])
def test_bad_number_of_classes_is_refused(n_classes):
    with pytest.raises(ValueError, match="`n_classes` must be a whole number >= 2"):
        Categorical(n_classes)


def test_padding_is_switched_off_by_the_mask(rng):
    logits = rng.normal(size=(2, 3, 4)).astype("float32")
    x, padded = np.array([[1, 2, 0], [3, 0, 0]]), np.array([[1, 2, 3], [3, 1, 2]])
    mask = np.array([[True, True, False], [True, False, False]])
    likelihood = Categorical(4)
    np.testing.assert_array_equal(likelihood.log_prob(x, logits, mask), likelihood.log_prob(padded, logits, mask))
    np.testing.assert_allclose(
        likelihood.log_prob(x, logits, mask)[1], likelihood.log_prob(x[1:, :1], logits[1:, :1])[0], rtol=1e-6
    )


@pytest.mark.parametrize("n_steps", [1, 3])
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_input_layer_appends_a_one_hot_axis(dtype, n_steps):
    (layer,) = Categorical(4).input_layers((n_steps,))
    tokens = np.arange(2 * n_steps).reshape(2, n_steps) % 4
    np.testing.assert_array_equal(layer(tokens.astype(dtype)), np.eye(4)[tokens])
    assert layer(keras.Input((n_steps,), dtype=dtype)).shape == (None, n_steps, 4)


@pytest.mark.usefixtures("mixed_float16")
def test_large_tokens_stay_themselves_under_mixed_precision():
    (layer,) = Categorical(3000).input_layers((1,))
    # 2049 is no float16 number.
    assert np.argmax(layer(np.array([[2049.0]], "float32"))) == 2049
