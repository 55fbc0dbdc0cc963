"""`Denoiser`: images without their noise."""

from keras_vae.tasks.images.restoration.degradations import Noise
from keras_vae.tasks.images.restoration.denoiser_settings import SETTINGS
from keras_vae.tasks.images.restoration.restorer import Restorer
from keras_vae.tasks.images.restoration.settings import as_range


class Denoiser(Restorer):
    """Remove noise from images; learned from clean images alone, to which the noise is added anew at every step.

    After `fit` there are `model_`, a `VAE` of p(clean image | noisy image), and `history_`. Noisy images may have any
    size, whatever that of the training.

    Args:
        noise: "gaussian", clipped to 0..1, or "salt_and_pepper", which turns values into 0 or 1.
        strength: float, or a pair (low, high) for images whose noise may lie between them. Standard deviation for
            values 0..1; or share of the values that are replaced.
        **settings: as in the table `settings`: `hidden_units`, `minutes`, `seed` and others.

    Examples:
        >>> from keras_vae.tasks.images import Denoiser
        >>> denoiser = Denoiser(strength=0.2, hidden_units=[8, 8], epochs=1, seed=0).fit(x_train, verbose=0)
        >>> noisy = np.clip(x[:4] + np.random.default_rng(0).normal(0.0, 0.2, x[:4].shape), 0.0, 1.0)
        >>> denoiser.restore(noisy).shape, denoiser.restore_samples(noisy, n=3, seed=0).shape
        ((4, 8, 8, 1), (3, 4, 8, 8, 1))

    References:
        Sohn et al. 2015 (conditional VAE). https://papers.nips.cc/paper/5775
        Zhang et al. 2017 (a residual network for noise). https://arxiv.org/abs/1608.03981
    """

    settings = SETTINGS

    @property
    def degradation(self):
        return Noise(self._given("noise"), as_range(self._given("strength")))
