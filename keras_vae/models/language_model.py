"""The language model: the decoder of a `SequenceVAE` without a code, the twin of every claim about one."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, check_number
from keras_vae._fixed import FixedAttributes
from keras_vae.data.tokenizer import Tokenizer
from keras_vae.layers.sampling import next_seed
from keras_vae.likelihoods.categorical import Categorical
from keras_vae.models.row_graphs import RowGraphs
from keras_vae.models.text_endpoints import drawn_texts, language_endpoints
from keras_vae.models.text_rows import TextRows
from keras_vae.models.text_writer import TextWriter, check_text_decoder
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.training.batch import Data
from keras_vae.training.rows import RowSpec
from keras_vae.training.trainer import Trainer


@keras.saving.register_keras_serializable(package="keras_vae")
class LanguageModel(TextRows, TextWriter, RowGraphs, FixedAttributes, Trainer):
    """p(x) as the product over the words of p(word | words before it), the end among them; exact, and no VAE.

    What a `SequenceVAE` with the same decoder has to beat: trained as long and as carefully, it says how much of its
    likelihood a VAE owes to its code.

    Args:
        decoder: `networks.TextDecoder` with `latent_dim=0`.
        tokenizer: `data.Tokenizer`. Part of the model: saved and served with it.
        seed: int or None. Of the draws.
        max_length: int >= 1. Tokens at which a text that is written ends at the latest.

    Raises:
        ValueError: if the parts do not fit each other.

    Examples:
        >>> texts = ["the cat sat", "the dog sat down", "a cat ran"]
        >>> model = kv.make_language_model(kv.data.Tokenizer.learn(texts), units=16, seed=0)
        >>> model.compile("adam")
        >>> history = model.fit(texts, epochs=1, verbose=0)
        >>> model.log_prob(texts).shape, len(model.sample(2, seed=0))
        ((3,), 2)

    References:
        Mikolov et al. 2010 (recurrent); Bowman et al. 2016, section 4 (as the baseline of a VAE).
            https://arxiv.org/abs/1511.06349
    """

    fixed = ("decoder", "tokenizer", "max_length")
    fixed_advice = "Make a new model of the same decoder."
    loss_hint = "and nothing else"
    # The bound is no bound here: it is log p(x), under the name by which trainings are watched.
    term_names = ("loss", "reconstruction_loss", "elbo")

    def __init__(
        self,
        decoder: keras.layers.Layer,
        tokenizer: Tokenizer,
        seed: int | None = None,
        max_length: int = 128,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_text_decoder(decoder, tokenizer, latent_dim=0)
        self.__dict__["tokenizer"] = tokenizer
        self.__dict__["max_length"] = check_int("max_length", max_length, 1)
        self.decoder = decoder
        self.likelihood = Categorical(tokenizer.n_tokens)
        self.seed = seed
        self.sample_source = StandardNormal()
        self._draw_seeds = keras.random.SeedGenerator(seed)
        self._track_terms()
        self.build((None, None))

    def build(self, input_shape):
        if self.built:
            return
        self.event_shape = self.target_shape = (None,)
        self.decoder([keras.KerasTensor((None, 0)), keras.KerasTensor((None, None), "int32")])
        self.likelihood.build((None, self.tokenizer.n_tokens))
        self.sample_source.build((None, 0))
        self.built = True

    @property
    def row_spec(self):
        return RowSpec((None,), (None,), check_values=self.likelihood.check_support)

    def is_outside_support(self, target):
        return self.likelihood.is_outside(target)

    def takes_condition(self, part):
        return False

    def call(self, inputs, training=False):
        """Features of every token, `(batch, steps, width)`, of token ids `(batch, steps)`."""
        told = self.decoder.told_before(inputs)
        return self.decoder([tf.zeros([tf.shape(told)[0], 0]), told], training=training)

    def terms(self, batch, training=False):
        log_prob = self.log_prob_of(batch, training)
        return {"loss": -log_prob, "reconstruction_loss": -log_prob, "elbo": log_prob}

    def log_prob_of(self, batch, training=False):
        """log p(x) of a prepared batch, `(batch,)` float32 nats."""
        log_prob = self.decoder.log_prob(self(batch.target, training=training), batch.target)
        return tf.reduce_sum(log_prob if batch.mask is None else log_prob * batch.mask, axis=1)

    # Texts in, texts out.

    def log_prob(self, x: Data, batch_size: int = 256) -> np.ndarray:
        """log p(x) of every text, exact; NumPy array `(n,)`, nats.

        Args:
            x: list of strings, or rows of token ids.
            batch_size: int. Rows per call.

        Raises:
            ValueError: for data that are no texts.
        """
        return self.rows(self.log_prob_of, x, needs_target=True, batch_size=batch_size)

    def predict(self, *args, **kwargs):
        """Refused: without a code there is no reconstruction, which `predict` of the other models gives.

        Raises:
            ValueError: always. `log_prob` says how probable texts are, `sample` writes new ones.
        """
        raise _no_reconstruction("predict")

    def predict_on_batch(self, *args, **kwargs):
        """Refused, as `predict`.

        Raises:
            ValueError: always.
        """
        raise _no_reconstruction("predict_on_batch")

    def sample(
        self,
        n: int,
        seed: int | None = None,
        temperature: float = 1.0,
        top_p: float = 1.0,
        strategy: str = "sample",
        batch_size: int = 256,
    ) -> list[str]:
        """New texts, word by word.

        Args:
            n: int >= 1.
            seed: int or None. The same seed gives the same texts; None new ones.
            temperature: float >= 0, by which log probabilities are divided; 0 takes the likeliest word.
            top_p: float in (0, 1]. Draws are from the likeliest words, as many as have this probability together.
            strategy: as in `SequenceVAE.decode`.
            batch_size: int. Texts per call.

        Returns:
            list of `n` strings.

        Raises:
            ValueError: for an argument out of bounds.
        """
        check_number("temperature", temperature, 0.0)
        none = np.zeros((check_int("n", n, 1), 0), np.float32)
        return self.tokenizer.texts(self.write(none, strategy, 5, top_p, temperature, seed, batch_size))

    def _seed_pair(self, seed):
        if seed is None:
            return tf.cast(next_seed(self._draw_seeds), tf.int64)
        return tf.constant([check_int("seed", seed, 0), 0], tf.int64)

    def endpoints(self):
        return language_endpoints(self)

    def drawn_rows(self, z, seeds, temperature):
        """Texts of drawn words, for the endpoints that draw; see `serving.draws`."""
        return drawn_texts(self, z, seeds, temperature)

    def get_config(self):
        """Arguments of the constructor, serialised."""
        serialize = keras.saving.serialize_keras_object
        parts = {name: serialize(getattr(self, name)) for name in ("decoder", "tokenizer")}
        return {**parts, "seed": self.seed, "max_length": self.max_length, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Rebuild the model from `get_config()`."""
        config, deserialize = dict(config), keras.saving.deserialize_keras_object
        for name in ("decoder", "tokenizer"):
            config[name] = deserialize(config[name], custom_objects=custom_objects)
        return cls(**config)


def _no_reconstruction(verb):
    return ValueError(
        "a language model has no code, hence no reconstruction: use `log_prob(x)` for the nats of texts, or "
        f"`sample(n)` for new ones. Received: a call of `{verb}`"
    )
