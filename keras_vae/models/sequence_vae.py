"""The VAE of texts, whose decoder writes one word after the other."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae._keras import open_to_new_parts
from keras_vae.data.tokenizer import Tokenizer
from keras_vae.likelihoods.categorical import Categorical
from keras_vae.models.language_model import LanguageModel
from keras_vae.models.latent_arithmetic import moved_codes
from keras_vae.models.parts import encoder_latent_dim
from keras_vae.models.text_endpoints import drawn_texts, text_endpoints
from keras_vae.models.text_gaps import rows_with_gaps
from keras_vae.models.text_paths import TextPaths
from keras_vae.models.text_rows import TextRows
from keras_vae.models.text_writer import TextWriter, check_text_decoder
from keras_vae.models.token_draws import seeds_of_rows
from keras_vae.models.vae import VAE
from keras_vae.objectives.objective import Objective
from keras_vae.priors.prior import Prior
from keras_vae.training.batch import Data


@keras.saving.register_keras_serializable(package="keras_vae")
class SequenceVAE(TextRows, TextWriter, TextPaths, VAE):
    """VAE of texts: p(x|z) is the product over the words of p(word | words before it, z), the end among them.

    Nats are per text: every word and the end count, padding does not. Rows are lists of strings, or of token ids; what
    comes out of `decode`, `sample`, `reconstruct`, `interpolate` and `impute` are strings.

    Args:
        encoder: Keras model or layer, tokens int `(batch, steps)` -> `[z_mean, z_log_var]`, such as
            `networks.TextEncoder`. Padding must change nothing.
        decoder: `networks.TextDecoder`, or a layer with the same methods.
        tokenizer: `data.Tokenizer`. Part of the model: saved and served with it.
        prior, beta, objective, posterior_flow, seed: as in `VAE`.
        max_length: int >= 1. Tokens at which a text that is written ends at the latest.

    Raises:
        ValueError: if the parts do not fit each other.

    Examples:
        >>> texts = ["the cat sat", "the dog sat down", "a cat ran"]
        >>> tokenizer = kv.data.Tokenizer.learn(texts)
        >>> model = kv.make_sequence_vae(tokenizer, latent_dim=4, units=16, seed=0)
        >>> model.compile("adam")
        >>> history = model.fit(texts, epochs=1, verbose=0)
        >>> model.elbo(texts).shape, len(model.sample(2, seed=0))
        ((3,), 2)

    References:
        Bowman et al. 2016, section 3. https://arxiv.org/abs/1511.06349
    """

    has_independent_elements = False

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        tokenizer: Tokenizer,
        prior: Prior | None = None,
        beta: float = 1.0,
        objective: Objective | None = None,
        posterior_flow: keras.layers.Layer | None = None,
        seed: int | None = None,
        max_length: int = 128,
        **kwargs: Any,
    ):
        check_text_decoder(decoder, tokenizer)
        # In __dict__, where Keras does not take it for a part with weights.
        self.__dict__["tokenizer"] = tokenizer
        self.__dict__["max_length"] = check_int("max_length", max_length, 1)
        self.__dict__["_twin"] = None
        likelihood = Categorical(tokenizer.n_tokens)
        bound = {"prior": prior, "beta": beta, "objective": objective, "posterior_flow": posterior_flow}
        super().__init__(encoder, decoder, likelihood, seed=seed, **bound, **kwargs)

    def _complete(self):
        super()._complete()
        self.build((None, None))

    def build(self, input_shape):
        if self.built:
            return
        self.event_shape = self.target_shape = (None,)
        self.condition_shape = None
        self._takes_condition = {"encoder": False, "decoder": False}
        tokens = keras.KerasTensor((None, None), "int32")
        self.latent_dim = encoder_latent_dim(self.encoder(tokens), self.encoder_outputs)
        check_text_decoder(self.decoder, self.tokenizer, self.latent_dim)
        self.decoder([keras.KerasTensor((None, self.latent_dim)), tokens])
        self.likelihood.build((None, self.tokenizer.n_tokens))
        if isinstance(self.prior, Prior):
            self._build_prior(self.prior)
        self._build_flow()
        self.built = True

    def learn_from(self, x, counts=None, names=None, is_part=False):
        # Token ids have no scale: there is nothing to learn, and nothing to warn of.
        return False

    # Inside a graph.

    # A text takes as many numbers as its words times the frequent ones of the vocabulary.
    rows_per_decode = 128

    @property
    def numbers_per_decode(self):
        return self.max_length * self.decoder.units

    def encoded(self, batch, training=False):
        return self.encoder(tf.cast(batch.x, tf.int32), training=training)

    def x_params(self, z, batch=None, training=False):
        """Features of every word of the targets, from the code and the words before it, `(batch, steps, width)`."""
        return self.decoder([z, self.decoder.told_before(batch.target)], training=training)

    def loss_of_params(self, x_params, batch):
        log_prob = self.decoder.log_prob(x_params, batch.target)
        return -tf.reduce_sum(log_prob if batch.mask is None else log_prob * batch.mask, axis=1)

    def mean(self, z, batch=None, training=False):
        """Token ids of the text with the likeliest word at every step, float32 `(batch, max_length)`."""
        return tf.cast(self.written(z), tf.float32)

    def draw_data(self, z, batch, seed):
        """Token ids of a text of words drawn one after the other, float32 `(batch, max_length)`."""
        return tf.cast(self.written(z, "sample", seeds=seeds_of_rows(seed, tf.shape(z)[0])), tf.float32)

    # Texts in, texts out.

    def predict(self, x, batch_size=256, **kwargs):
        """Token ids of the reconstructions, float32 `(n, max_length)`, padded with 0; `reconstruct` gives texts."""
        return self.rows(self._reconstruction, x, batch_size=batch_size)

    def decode(
        self,
        z: Any,
        strategy: str = "greedy",
        beam: int = 5,
        top_p: float = 1.0,
        temperature: float = 1.0,
        seed: int | None = None,
        batch_size: int = 256,
    ) -> list[str]:
        """A text for every code.

        Args:
            z: array `(n, latent_dim)`.
            strategy: "greedy", the likeliest word at every step; "beam", a search of likely texts, compared by the
                mean log probability of their tokens; or "sample", draws from p(x|z). The likeliest texts of a model
                are dull and often the same: sample for variety, search for reconstructions.
            beam: int >= 1. Texts that the search keeps.
            top_p: float in (0, 1]. Draws are from the likeliest words, as many as have this probability together.
            temperature: float >= 0, by which log probabilities are divided for draws; 0 is greedy.
            seed: int or None. The same seed gives the same draws, whatever the batches; None new ones.
            batch_size: int. Codes per call.

        Returns:
            list of `n` strings.

        Raises:
            ValueError: for codes of another shape or that are not finite, or an argument out of bounds.

        References:
            Holtzman et al. 2020, section 3.1 (top-p). https://arxiv.org/abs/1904.09751
        """
        z = self._checked_codes(z)
        return self.tokenizer.texts(self.write(z, strategy, beam, top_p, temperature, seed, batch_size))

    def _checked_codes(self, z):
        z = np.asarray(z, np.float32)
        if z.ndim != 2 or z.shape[1] != self.latent_dim or not len(z) or not np.all(np.isfinite(z)):
            raise ValueError(
                f"`z` must be finite codes of shape (n, {self.latent_dim}). Received: z.shape={z.shape}"
                + ("" if np.all(np.isfinite(z)) else ", some of them not finite")
            )
        return z

    def sample(
        self,
        n: int,
        seed: int | None = None,
        temperature: float = 1.0,
        strategy: str = "sample",
        top_p: float = 1.0,
        word_temperature: float = 1.0,
        batch_size: int = 256,
    ) -> list[str]:
        """New texts: a code from the prior or sampler, and words drawn from p(x|z).

        Args:
            n: int >= 1.
            seed: int or None. The same seed gives the same texts; None new ones.
            temperature: float >= 0. Factor on the standard deviation of the prior or sampler.
            strategy, top_p, batch_size: as in `decode`.
            word_temperature: float >= 0, `temperature` of `decode`.

        Returns:
            list of `n` strings.

        Raises:
            ValueError: for an argument out of bounds.
        """
        pair = self._seed_pair(seed)
        z = self.sample_prior(check_int("n", n, 1), pair, check_number("temperature", temperature, 0.0))
        words = None if seed is None else seed + 1
        return self.decode(z, strategy, 5, top_p, word_temperature, words, batch_size)

    def reconstruct(self, x: Data, strategy: str = "greedy", beam: int = 5, batch_size: int = 256) -> list[str]:
        """The texts that the codes of texts decode to; arguments as in `decode`."""
        return self.decode(self.encode(x, batch_size=batch_size)[0], strategy, beam, batch_size=batch_size)

    def shift(self, x, vector, amounts=(-1.0, 0.0, 1.0), strategy="beam", beam=5, batch_size=256):
        """As `LatentModel.shift`, for texts: a list of `len(amounts)` strings for every text."""
        z = moved_codes(self.encode(x, batch_size=batch_size)[0], vector, amounts)
        texts = self.decode(z.reshape(-1, self.latent_dim), strategy, beam, batch_size=batch_size)
        return [texts[i : i + z.shape[1]] for i in range(0, len(texts), z.shape[1])]

    def impute(self, x: Sequence[str], gap: str = "___", beam: int = 5) -> list[str]:
        """Texts with a word in every gap: the likeliest ones that a beam search finds, given the rest of the text.

        The code is the mean of q(z|x) of the text with unknown words in its gaps.

        Args:
            x: list of strings with gaps.
            gap: str. The word, or character, that stands for a gap.
            beam: int >= 1. Texts that the search keeps.

        Raises:
            ValueError: if no text has a gap, one is beyond `max_length`, `gap` is more than one token, or tokens are
                bytes or pieces of words.
        """
        tokens, is_gap = rows_with_gaps(self.tokenizer, x, gap)
        if tokens.shape[1] > self.max_length:
            raise ValueError(
                f"`x` must have at most max_length={self.max_length} tokens a text, the end included. "
                f"Received: {tokens.shape[1]}"
            )
        z = self.encode(tokens)[0]
        forced = np.full((len(tokens), self.max_length), -1, np.int32)
        forced[:, : tokens.shape[1]] = np.where(is_gap, -1, tokens)
        return self.tokenizer.texts(self.write(z, "beam", beam, forced=forced))

    # What is served, and what is saved.

    def endpoints(self):
        return text_endpoints(self)

    def drawn_rows(self, z, seeds, temperature):
        """Texts of words drawn from p(x|z) by seeds of the rows, for the endpoints that draw; see `serving.draws`."""
        return drawn_texts(self, z, seeds)

    @property
    def twin(self):
        """The `LanguageModel` with the same decoder that was trained beside this model, or None; saved with it."""
        return self._twin

    @twin.setter
    def twin(self, twin):
        if not isinstance(twin, LanguageModel) or twin.tokenizer != self.tokenizer:
            raise ValueError(f"`twin` must be a `models.LanguageModel` of the same tokenizer. Received: twin={twin!r}")
        # A copy without what its training needed, which would be saved as well.
        copy = LanguageModel.from_config(twin.get_config())
        copy.set_weights(twin.get_weights())
        with open_to_new_parts(self):
            self._twin = copy
        self._freeze_sampler()

    def __setattr__(self, name, value):
        if name == "twin":
            # Keras would take the model for a new part, which a built model may not get, before the property sees it.
            SequenceVAE.twin.fset(self, value)
        else:
            super().__setattr__(name, value)

    def _freeze_sampler(self):
        super()._freeze_sampler()
        if self._twin is not None:
            # Both, from the inside: to set what is set already is nothing to TensorFlow, also where a part differs.
            self._twin.decoder.trainable = True
            self._twin.trainable = True
            self._twin.trainable = False

    def described_parts(self):
        return {"tokenizer": self.tokenizer, **super().described_parts()}

    def get_config(self):
        """Arguments of the constructor, serialised."""
        left_out = ("likelihood", "target_shape", "preprocessing", "condition_network")
        config = {name: value for name, value in super().get_config().items() if name not in left_out}
        tokenizer = keras.saving.serialize_keras_object(self.tokenizer)
        twin = None if self._twin is None else keras.saving.serialize_keras_object(self._twin)
        return {**config, "tokenizer": tokenizer, "max_length": self.max_length, "twin": twin}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        twin = config.pop("twin", None)
        model = super().from_config(config, custom_objects)
        if twin is not None:
            model.twin = keras.saving.deserialize_keras_object(twin, custom_objects=custom_objects)
        return model
