"""What every model with a prior shares: samples, of the prior or of a sampler in its place."""

import functools
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae._keras import open_to_new_parts
from keras_vae.layers.sampling import next_seed
from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.condition import condition_rows
from keras_vae.models.draws import seed_of_batch
from keras_vae.models.latent_model import LatentModel
from keras_vae.numerics import as_tfp_seed
from keras_vae.priors.prior import Prior
from keras_vae.training.batch import Condition


class GenerativeModel(LatentModel):
    """Base of the models that draw new examples: an encoder, a decoder and a prior p(z).

    Args:
        encoder: as in `LatentModel`.
        decoder: as in `LatentModel`.
        likelihood: str or `keras_vae.likelihoods.Likelihood`. p(x|z).
        prior: object with `sample(n, seed=...)` and `log_prob(z)`, or with `kl(z_mean, z_log_var)`.
        seed: int or None. Start of the model's random state; None takes one from Keras's global seed.
        **kwargs: as in `LatentModel`.

    Raises:
        ValueError: if the parts do not fit each other.

    Examples:
        >>> isinstance(vae, kv.models.GenerativeModel), vae.sample(3, seed=0).shape
        (True, (3, 8, 8, 1))
    """

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        likelihood: str | Likelihood,
        prior: Any,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, likelihood, **kwargs)
        if not hasattr(prior, "kl") and not (hasattr(prior, "log_prob") and hasattr(prior, "sample")):
            raise ValueError(f"`prior` must have `sample` and `log_prob`, or `kl`. Received: prior={prior!r}")
        if not isinstance(prior, keras.layers.Layer) and getattr(prior, "trainable_variables", ()):
            raise ValueError(
                "`prior` must be a `keras_vae.priors.Prior` where it is to be trained: variables of another object "
                "would never be. Take `priors.MixtureOfGaussians` or `VampPrior`, or write a Prior with `add_weight`; "
                f"to keep it as it is, make its variables with trainable=False. Received: prior={prior!r}"
            )
        self.prior = prior
        self.seed = seed
        self._sampler = None
        # `sample` has its own noise: to look at a model must not change how its training goes on.
        self._draw_seeds = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        if self.built:
            return
        super().build(input_shape)
        if self.prior_is_conditional and self.condition_shape is None:
            raise ValueError(
                f"`prior` must not be a {type(self.prior).__name__} in a model without a condition: let encoder or "
                "decoder take one, or give a `condition_network`. Received: neither"
            )
        if isinstance(self.prior, Prior):
            self._build_prior(self.prior)

    def takes_condition(self, part):
        return super().takes_condition(part) or self.prior_is_conditional

    @property
    def prior_is_conditional(self):
        """Whether the prior says under each condition what the codes mean, see `priors.ConditionalNormal`."""
        return getattr(self.prior, "takes_condition", False)

    def x_params(self, z, batch=None, training=False):
        if self.prior_is_conditional:
            z = self.prior.place(z, batch.condition, training)
        return super().x_params(z, batch, training)

    def _build_prior(self, prior):
        prior.attach(self.encoder, self.event_shape)
        if not prior.built:
            prior.build((None, self.latent_dim))

    @property
    def has_density(self):
        """Whether the prior has a density, which importance weights need."""
        return hasattr(self.prior, "log_prob")

    def sample(
        self,
        n: int,
        seed: int | None = None,
        temperature: float = 1.0,
        condition: Condition | None = None,
        batch_size: int = 256,
        draw: bool = False,
    ) -> np.ndarray:
        """Mean of p(x|z), or a draw of it, at draws z of the prior, or of the sampler where one is fitted.

        Means are what pictures show. They vary less than the data do: for a table that is to look like the data, draw.

        Args:
            n: int >= 1. How many.
            seed: int or None. The same seed gives the same samples; None gives new ones at every call.
            temperature: float >= 0. Factor on the standard deviation of the prior or sampler.
            condition: array or dict of arrays, for a model whose decoder takes one: `(n, ...)`, or one row for all.
            batch_size: int. Rows decoded per call.
            draw: bool. Draw x itself from p(x|z), with its noise, instead of taking the mean.

        Returns:
            NumPy array `(n, *target_shape)`.

        Raises:
            ValueError: for `n` below 1, a negative temperature, or a model that is not built yet.
        """
        check_int("n", n, 1)
        pair = self._seed_pair(seed)
        z = self.sample_prior(n, pair, check_number("temperature", temperature, 0.0))
        condition = condition_rows(condition, self.condition_shape, n)
        if not draw:
            return self.decode(z, condition, batch_size)
        # Not the seed of z: the noise of x would follow that of z.
        noise = tf.random.experimental.stateless_fold_in(pair, 1)
        return self.codes_to_rows(self.draw_data, z, seed_of_batch(noise), condition, batch_size)

    def sample_prior(self, n: int | tf.Tensor, seed: Any = None, temperature: float = 1.0) -> tf.Tensor:
        """Draws of the prior or sampler, `(n, latent_dim)`; also in a graph, with a tensor `n` and a `(2,)` seed."""
        self._check_built("sample")
        if isinstance(self.sample_source, Prior):
            return self.sample_source.sample(n, seed=seed, temperature=temperature)
        if not hasattr(self.prior, "sample"):
            raise ValueError(f"`prior` must have `sample` to draw from the model. Received: prior={self.prior!r}")
        if not isinstance(temperature, float) or temperature != 1.0:
            raise ValueError(
                "`temperature` must be 1.0 for a prior that is not a `keras_vae.priors.Prior`. "
                f"Received: temperature={temperature}"
            )
        return self.prior.sample(n, seed=as_tfp_seed(seed))

    def _seed_pair(self, seed):
        if seed is None:
            return tf.cast(next_seed(self._draw_seeds), tf.int64)
        return tf.constant([check_int("seed", seed, 0), 0], tf.int64)

    # Where samples come from.

    @property
    def sample_source(self):
        return self.prior if self._sampler is None else self._sampler

    @property
    def sampler(self):
        """The fitted `keras_vae.priors.Prior` that samples are drawn from; None where they come from the prior.

        The decoder has learned to decode draws of the aggregate posterior `q(z) = mean over the data of q(z|x)`. Where
        the prior is another density, its samples fall into holes: no example was ever encoded there. A sampler, which
        `keras_vae.samplers.fit` makes, takes the place of the prior in `sample` and in the exported signatures that
        draw. Loss, ELBO and log p(x) do not use it.
        """
        return self._sampler

    @sampler.setter
    def sampler(self, sampler):
        if sampler is not None and sampler is not self.prior:
            self._check_sampler(sampler)
        self._set_sampler(None if sampler is self.prior else sampler)

    def __setattr__(self, name, value):
        if name == "sampler":
            # Keras would take the layer for a new part, which a built model may not get, before the property sees it.
            GenerativeModel.sampler.fset(self, value)
        else:
            super().__setattr__(name, value)

    def _check_sampler(self, sampler):
        """Build a sampler and check that its draws are codes of this model."""
        if not isinstance(sampler, Prior):
            raise ValueError(f"`sampler` must be a `keras_vae.priors.Prior` or None. Received: sampler={sampler!r}")
        self._check_built("take a sampler")
        self._build_prior(sampler)
        shape = tuple(sampler.sample(1, seed=np.zeros(2, "int64")).shape)
        if shape != (1, self.latent_dim):
            raise ValueError(f"`sampler` must draw codes of {self.latent_dim} dimensions. Received: {shape[-1]}")

    def _set_sampler(self, sampler):
        with open_to_new_parts(self) as forget:
            if self._sampler is not None:
                forget(self._sampler)
            self._sampler = sampler
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
                "The sampler of the model was fitted to its codes before this training: call `keras_vae.samplers.fit` "
                "again afterwards, or set `sampler = None`.",
                stacklevel=2,
            )
        return super().fit(*args, **kwargs)

    def described_parts(self):
        return {"prior": self.prior, "sampler": self._sampler, **super().described_parts()}

    # What is saved.

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        sampler = None if self._sampler is None else serialize(self._sampler)
        return {**super().get_config(), "seed": self.seed, "sampler": sampler}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        sampler = config.pop("sampler", None)
        model = super().from_config(config, custom_objects)
        if sampler is not None:
            sampler = keras.saving.deserialize_keras_object(sampler, custom_objects=custom_objects)
            if model.built:
                model._build_prior(sampler)
            model._set_sampler(sampler)
        return model
