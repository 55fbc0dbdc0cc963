"""`SuperResolver`: images with sides several times as long."""

from keras_vae.tasks.images.restoration.degradations import Shrink
from keras_vae.tasks.images.restoration.restorer import Restorer
from keras_vae.tasks.images.restoration.super_resolver_settings import SETTINGS


class SuperResolver(Restorer):
    """Enlarge images; learned from images of the wanted size alone, which are made small by averaging.

    After `fit` there are `model_`, a `VAE` of p(large image | small image), and `history_`. Small images may have any
    size.

    Args:
        factor: int >= 2. How many times longer the sides become. The sides of the images of the training are cut to
            multiples of it.
        **settings: as in the table `settings`: `hidden_units`, `minutes`, `seed` and others.

    Examples:
        >>> from keras_vae.tasks.images import SuperResolver
        >>> enlarger = SuperResolver(factor=2, hidden_units=[8, 8], epochs=1, seed=0).fit(x_train, verbose=0)
        >>> enlarger.restore(x[:4, :4, :4]).shape
        (4, 8, 8, 1)

    References:
        Shi et al. 2016 (details from a small map). https://arxiv.org/abs/1609.05158
    """

    settings = SETTINGS

    @property
    def degradation(self):
        return Shrink(self._given("factor"))
