import numpy as np
from tasks.compression.stand_in import StandIn

from keras_vae.tasks.compression.marginals import measure_marginals


def test_the_top_is_standard_normal():
    ((mean, scale),) = measure_marginals(StandIn(latent_dims=(3,)))
    np.testing.assert_array_equal(mean, np.zeros(3))
    np.testing.assert_array_equal(scale, np.ones(3))


def test_lower_layers_have_the_moments_of_the_model():
    marginals = measure_marginals(StandIn(latent_dims=(4, 3, 2)))
    # z_2 = sum(z_1) / 4 + noise of scale 1/2, with sum(z_1) of variance 4. The draws share z_1, and so does their mean.
    assert marginals[1][0].shape == (3,)
    np.testing.assert_allclose(marginals[1][0], 0.0, atol=5 * np.sqrt(0.5 / 1024) + 1 / 32)
    np.testing.assert_allclose(marginals[1][1], np.sqrt(0.5), rtol=0.12)
    # Of z_3 the sum of the three z_2, of variance 9/4 + 3/4.
    np.testing.assert_allclose(marginals[2][1], np.sqrt(3.0 / 16.0 + 0.25), rtol=0.12)


def test_they_are_the_same_again_and_have_few_digits():
    first, second = (measure_marginals(StandIn(latent_dims=(4, 2))) for _ in range(2))
    for pair, other in zip(first, second, strict=True):
        for a, b in zip(pair, other, strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_array_equal(a * 2.0**12, np.rint(a * 2.0**12))
