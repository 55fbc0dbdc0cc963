"""From codes to texts: the search for the words of a decoder that writes one after the other."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_choice, check_int, check_number
from keras_vae._progress import progress
from keras_vae.data.tokenizer import Tokenizer
from keras_vae.models.token_draws import seeds_of_rows
from keras_vae.models.token_search import beam, greedy, sampled

STRATEGIES = ("greedy", "beam", "sample")
# With which a beam compares texts of several lengths: mean log probability of a token.
LENGTH_PENALTY = 1.0


class TextWriter:
    """Mixed into a model with a `decoder` that goes step by step, a `tokenizer` and a `max_length`."""

    def written(
        self,
        z: Any,
        strategy: str = "greedy",
        n_beams: int = 5,
        top_p: float = 1.0,
        temperature: float = 1.0,
        seeds: Any = None,
        forced: Any = None,
    ) -> tf.Tensor:
        """Token ids of a text for every code, in a graph: int32 `(batch, max_length)`, padded with 0.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.
            strategy: "greedy" for the likeliest word at every step, "beam" for a search of likely texts, "sample" for
                draws of words.
            n_beams: int >= 1. Texts that a beam search keeps.
            top_p: float or scalar Tensor in (0, 1]. Draws are from the likeliest words, as many as have this
                probability together.
            temperature: float or scalar Tensor >= 0, by which log probabilities are divided for draws.
            seeds: int64 Tensor, shape `(batch, 2)`, for draws.
            forced: int Tensor, shape `(batch, max_length)`, or None. Ids that must stand at their places; -1 for any.
        """
        state = z, self.decoder.initial_state(z)
        step = self._step
        if forced is not None:
            state, step = (*state, tf.zeros([tf.shape(z)[0]], tf.int32), forced), self._forced_step
        rows = step, state, tf.shape(z)[0], self.max_length
        if strategy == "greedy":
            return greedy(*rows)
        if strategy == "beam":
            return beam(*rows, n_beams, LENGTH_PENALTY)
        return sampled(*rows, seeds, temperature, top_p)

    def _step(self, tokens, state):
        z, inner = state
        log_probs, inner = self.decoder.step(tokens, z, inner)
        return log_probs, (z, inner)

    def _forced_step(self, tokens, state):
        """A step that leaves no other token where one is forced; its log probability counts as it is."""
        z, inner, place, forced = state
        log_probs, inner = self.decoder.step(tokens, z, inner)
        wanted = tf.gather(forced, tf.minimum(place, self.max_length - 1), axis=1, batch_dims=1)[:, None]
        allowed = (wanted < 0) | (tf.range(self.tokenizer.n_tokens) == wanted)
        return tf.where(allowed, log_probs, -np.inf), (z, inner, place + 1, forced)

    def write(
        self,
        z: Any,
        strategy: str = "greedy",
        beam: int = 5,
        top_p: float = 1.0,
        temperature: float = 1.0,
        seed: int | None = None,
        batch_size: int = 256,
        forced: np.ndarray | None = None,
    ) -> np.ndarray:
        """Token ids of a text for every code, int32 `(n, max_length)`; arguments as in `SequenceVAE.decode`."""
        check_choice("strategy", strategy, STRATEGIES)
        check_int("beam", beam, 1)
        top_p, temperature = check_number("top_p", top_p, 0.0), check_number("temperature", temperature, 0.0)
        if not 0.0 < top_p <= 1.0:
            raise ValueError(f"`top_p` must be above 0 and at most 1. Received: top_p={top_p}")
        seeds = seeds_of_rows(self._seed_pair(seed), len(z))
        graph = self._writer(strategy, beam, forced is not None)
        found = []
        for i in progress(range(0, len(z), check_int("batch_size", batch_size, 1)), unit="batch"):
            part = slice(i, i + batch_size)
            rows = z[part], seeds[part], top_p, temperature
            found.append(graph(*rows, *(() if forced is None else (forced[part],))).numpy())
        return np.concatenate(found)

    def _writer(self, strategy, n_beams, is_forced):
        """The graph of `written`; in __dict__, where Keras does not track it."""
        graphs = self.__dict__.setdefault("_writers", {})
        key = strategy, n_beams if strategy == "beam" else None, is_forced
        if key not in graphs:
            specs = [
                tf.TensorSpec((None, self.decoder.latent_dim), tf.float32),
                tf.TensorSpec((None, 2), tf.int64),
                tf.TensorSpec((), tf.float32),
                tf.TensorSpec((), tf.float32),
                *([tf.TensorSpec((None, self.max_length), tf.int32)] if is_forced else []),
            ]

            def write(z, seeds, top_p, temperature, forced=None):
                return self.written(z, strategy, n_beams, top_p, temperature, seeds, forced)

            graphs[key] = tf.function(write, input_signature=specs, autograph=False)
        return graphs[key]


def check_text_decoder(decoder, tokenizer, latent_dim=None):
    """Check that a decoder writes words step by step, and those of the tokenizer.

    Args:
        decoder: anything.
        tokenizer: anything.
        latent_dim: int or None. Size of the codes that it must take.

    Raises:
        ValueError: naming what does not fit.
    """
    if not isinstance(tokenizer, Tokenizer):
        raise ValueError(f"`tokenizer` must be a keras_vae.data.Tokenizer. Received: tokenizer={tokenizer!r}")
    missing = [name for name in ("told_before", "log_prob", "initial_state", "step") if not hasattr(decoder, name)]
    if missing:
        raise ValueError(
            "`decoder` must be a `networks.TextDecoder`, or a layer with the same methods. "
            f"Received: {type(decoder).__name__} without {', '.join(missing)}"
        )
    for name, wanted, owner in (("n_tokens", tokenizer.n_tokens, "tokenizer"), ("latent_dim", latent_dim, "encoder")):
        found = getattr(decoder, name)
        if wanted is not None and found != wanted:
            reason = "a language model has no code" if wanted == 0 else f"as the {owner} has"
            raise ValueError(f"`decoder` must have {name}={wanted}: {reason}. Received: {name}={found}")
