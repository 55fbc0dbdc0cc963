"""Where the samples of a model come from: its prior, or a sampler fitted to the codes of data."""

import functools
import warnings

import keras
import numpy as np

from keras_vae._checks import check_choice, check_int
from keras_vae.layers.prior import Prior
from keras_vae.models.latent_model import LatentModel
from keras_vae.models.sampler_fits import fit_decoder, fit_flow, fit_mixture

FITS = {"gmm": fit_mixture, "two_stage": fit_decoder, "maf": fit_flow}


class Samplers:
    """Mixin of the models with a prior: `fit_sampler`, `sampler`.

    The decoder has learned to decode draws of the aggregate posterior `q(z) = mean over the data of q(z|x)`. Where that
    is not the prior, samples of the prior fall into holes that no example was ever encoded to. A sampler is a density
    fitted to q(z); it takes the prior's place in `sample` and in the exported signatures that draw, and nowhere else:
    loss, ELBO and log p(x) are those of the prior.
    """

    _sampler = None

    @property
    def sampler(self):
        """The `keras_vae.layers.Prior` that samples are drawn from; None for the prior of the model."""
        return self._sampler

    @sampler.setter
    def sampler(self, sampler):
        if sampler is not None and sampler is not self.prior:
            self._check_sampler(sampler)
        self._set_sampler(None if sampler is self.prior else sampler)

    def __setattr__(self, name, value):
        if name == "sampler":
            # Keras would take the layer for a new part, which a built model may not get, before the property sees it.
            Samplers.sampler.fset(self, value)
        else:
            super().__setattr__(name, value)

    @property
    def sample_source(self):
        """What samples are drawn from: the sampler where one is fitted, else the prior."""
        return self.prior if self._sampler is None else self._sampler

    def fit_sampler(self, x, sampler="gmm", seed=0, n_draws=5, batch_size=256, **options):
        """Fit a sampler to the codes of data and draw all further samples from it.

        It is fitted to draws of q(z|x) and not to their means: those are narrower than what the decoder was trained
        on. It is saved and exported with the model. When the model is trained on, fit it again.

        Args:
            x: array `(n, *event_shape)` or `tf.data.Dataset` of batches, the training data; not used for None.
            sampler: "gmm" for a mixture of Gaussians with full covariances (fast, has a density), "maf" for a masked
                autoregressive flow (trained, has a density, slow to draw with many latents), "two_stage" for a second
                VAE on the codes (trained, no density), or None to go back to the prior.
            seed: int. The same seed gives the same sampler.
            n_draws: int >= 1. Draws of q(z|x) per example: more of them show where q(z) is smooth.
            batch_size: int. Examples encoded per call.
            **options: of the fit: see `sampler_fits.fit_mixture` (`n_components`, also a list to choose from),
                `fit_flow` and `fit_decoder` (`hidden_units`, `max_steps` and so on).

        Returns:
            `keras_vae.layers.Prior`, the sampler fitted; or None.

        Raises:
            ValueError: for an unknown sampler, a model that is not built, data that does not fit it, or too few
                examples.

        References:
            Ghosh et al. 2020, section 4 (a density fitted to the codes afterwards). https://arxiv.org/abs/1903.12436
            Dai & Wipf 2019, section 4 (two stages). https://arxiv.org/abs/1903.05789
            Papamakarios et al. 2017 (masked autoregressive flow). https://arxiv.org/abs/1705.07057
        """
        if sampler is None:
            self._set_sampler(None)
            return None
        fit = FITS[check_choice("sampler", sampler, tuple(FITS))]
        self._check_built("fit a sampler")
        check_int("n_draws", n_draws, 1)
        check_int("seed", seed, 0)
        codes = self._draws(x, n_draws, seed, batch_size)
        self.sampler = fit(np.swapaxes(codes, 0, 1), seed=seed, **options)
        return self.sampler

    def _check_sampler(self, sampler):
        """Build a sampler and check that its draws are codes of this model."""
        if not isinstance(sampler, Prior):
            raise ValueError(f"`sampler` must be a `keras_vae.layers.Prior` or None. Received: sampler={sampler!r}")
        self._check_built("take a sampler")
        self._build_sampler(sampler)
        shape = tuple(sampler.sample(1, seed=np.zeros(2, "int64")).shape)
        if shape != (1, self.latent_dim):
            raise ValueError(f"`sampler` must draw codes of {self.latent_dim} dimensions. Received: {shape[-1]}")

    def _build_sampler(self, sampler):
        sampler.attach(self.encoder, self.event_shape)
        if not sampler.built:
            sampler.build((None, self.latent_dim))

    def _set_sampler(self, sampler):
        old, locked = self._sampler, self._tracker.locked
        # A built layer takes no new parts otherwise.
        self._tracker.unlock()
        try:
            if old is not None:
                self._tracker.untrack(old)
            self._sampler = sampler
        finally:
            if locked:
                self._tracker.lock()
        self._freeze_sampler()

    def _freeze_sampler(self):
        if self._sampler is not None:
            # Both, because to set what is set already is nothing to TensorFlow, also where a part differs.
            self._sampler.trainable = True
            self._sampler.trainable = False

    @property
    def trainable(self):
        """Whether the model is trained; its sampler never is, with the model."""
        return keras.Model.trainable.fget(self)

    @trainable.setter
    def trainable(self, value):
        keras.Model.trainable.fset(self, value)
        self._freeze_sampler()

    @functools.wraps(LatentModel.fit)
    def fit(self, *args, **kwargs):
        if self._sampler is not None:
            warnings.warn(
                "The sampler of the model was fitted to its codes before this training: call `fit_sampler` again "
                "afterwards, or set `sampler = None`.",
                stacklevel=2,
            )
        return super().fit(*args, **kwargs)

    def get_config(self):
        sampler = None if self._sampler is None else keras.saving.serialize_keras_object(self._sampler)
        return {**super().get_config(), "sampler": sampler}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Rebuild the model from `get_config()`."""
        config = dict(config)
        sampler = config.pop("sampler", None)
        model = super().from_config(config, custom_objects)
        if sampler is not None:
            sampler = keras.saving.deserialize_keras_object(sampler, custom_objects=custom_objects)
            if model.built:
                model._build_sampler(sampler)
            model._set_sampler(sampler)
        return model
