import numpy as np
import pytest

from keras_vae.layers.spectral_conv import SpectralConv2D
from keras_vae.networks.discriminator import make_discriminator


@pytest.mark.parametrize("spectral_norm", [True, False])
def test_it_puts_out_features_and_a_logit(spectral_norm, rng):
    network = make_discriminator((9, 7, 3), (4, 6), spectral_norm, seed=0)
    features, logit = network(rng.uniform(size=(5, 9, 7, 3)).astype("float32"))
    assert features.shape == (5, 3 * 2 * 6)
    assert logit.shape == (5, 1)
    assert any(isinstance(layer, SpectralConv2D) for layer in network.layers) is spectral_norm
    kernel, bias = network.get_layer("logit").get_weights()
    np.testing.assert_allclose(logit, features @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_a_seed_repeats_the_weights():
    first, second, other = (make_discriminator((8, 8, 1), (4,), seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_outputs_are_single_precision_under_mixed_precision(mixed_float16):
    features, logit = make_discriminator((8, 8, 1), (4,))(np.zeros((2, 8, 8, 1)))
    assert features.dtype == logit.dtype == "float32"


def test_other_data_are_refused():
    with pytest.raises(
        ValueError, match=r"`event_shape` must be \(height, width, channels\). Received: event_shape=\(8,\)"
    ):
        make_discriminator((8,))
    with pytest.raises(ValueError, match="`hidden_units` must be a tuple of one or more"):
        make_discriminator((8, 8, 1), ())
