"""What one would use otherwise: every method puts out an image of the right size and does what it is for."""

import numpy as np
import pytest
from tasks.images.restoration.restoration_helpers import rectangles

from keras_vae.tasks.images.restoration.batches import degraded
from keras_vae.tasks.images.restoration.classical import classical_methods, enlarge, mean_fill, tuned
from keras_vae.tasks.images.restoration.degradations import Hide, Noise, Shrink
from keras_vae.tasks.images.restoration.measures import psnr


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "degradation",
    [Noise("gaussian", (0.2, 0.2)), Shrink(2), Hide("random", (0.3, 0.3))],
    ids=["noise", "shrink", "hide"],
)
def test_every_method_gives_an_image_of_the_clean_size(degradation, channels):
    clean, told = degraded(rectangles(3, 16, 12, channels), degradation, 0)
    for candidates in classical_methods(degradation).values():
        for method in candidates:
            assert method(told[0]).shape == clean[0].shape


def test_denoisers_with_the_best_parameter_beat_doing_nothing():
    noise = Noise("gaussian", (0.2, 0.2))
    clean, told = degraded(rectangles(20, 24, 24), noise, 0)
    before = psnr(clean, told).mean()
    for name, candidates in classical_methods(noise).items():
        method = tuned(candidates, clean, told)
        after = psnr(clean, [np.clip(method(y), 0.0, 1.0) for y in told]).mean()
        assert after >= before if name == "noisy" else after > before + 1.0, name


def test_interpolation_keeps_a_flat_image_and_filling_takes_the_mean():
    np.testing.assert_allclose(enlarge(np.full((4, 4, 3), 0.5), "lanczos", 2), 0.5, atol=1e-6)
    y = np.array([[[0.2, 1.0], [0.4, 1.0], [0.0, 0.0]]])
    np.testing.assert_allclose(mean_fill(y)[0, :, 0], [0.2, 0.4, 0.3])
