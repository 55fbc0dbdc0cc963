"""Texts from a model that says how probable each token is after the others: the likeliest, draws, a beam search.

All take `step(tokens (m,), state) -> (log_probs (m, n_tokens), state)`, where the state is a structure of tensors whose
first axis are the rows. They are loops in a graph; a row that has ended leaves the loop.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras_vae._token_ids import END_ID, START_ID
from keras_vae.models.token_draws import drawn_tokens, uniforms_of_rows


def greedy(step: Callable, state: Any, n: int | tf.Tensor, max_length: int | tf.Tensor) -> tf.Tensor:
    """The likeliest token at every step.

    Args:
        step: function, see the head of this file.
        state: structure of Tensors `(n, ...)`. State before the first token.
        n: int or scalar int Tensor. Rows.
        max_length: int or scalar int Tensor >= 1. Where a row that has not ended is cut.

    Returns:
        int32 Tensor `(n, max_length)`: ids with the end where it was reached, then padding.
    """
    return _written(step, state, n, max_length, lambda log_probs, *_: tf.argmax(log_probs, -1, output_type=tf.int32))


def sampled(
    step: Callable,
    state: Any,
    n: int | tf.Tensor,
    max_length: int | tf.Tensor,
    seeds: Any,
    temperature: Any = 1.0,
    top_p: Any = 1.0,
) -> tf.Tensor:
    """Tokens drawn one after the other, with the noise of the row: what it draws does not depend on other rows.

    Args:
        step, state, n, max_length: as in `greedy`.
        seeds: integer Tensor, shape `(n, 2)`. One seed for each row.
        temperature: float, scalar Tensor or Tensor `(n,)` >= 0, by which log probabilities are divided; 0 is `greedy`.
        top_p: float or scalar Tensor in (0, 1]: draws are from the likeliest tokens, as few as have this probability
            together.

    Returns:
        int32 Tensor `(n, max_length)`, as of `greedy`.
    """
    uniforms, temperature = uniforms_of_rows(seeds, max_length), tf.cast(temperature, tf.float32)

    def pick(log_probs, rows, place):
        of_rows = tf.gather(temperature, rows) if temperature.shape.rank else temperature
        return drawn_tokens(log_probs, tf.gather(uniforms[:, place], rows), of_rows, top_p)

    return _written(step, state, n, max_length, pick)


def _written(step, state, n, max_length, pick):
    """Ids written by `pick(log_probs, rows, place) -> tokens`, where `rows` are those that have not ended."""
    state = tf.nest.map_structure(tf.convert_to_tensor, state)

    def body(place, rows, tokens, state, ids):
        log_probs, state = _same_shapes(step, tokens, state)
        tokens = pick(log_probs, rows, place)
        ids = tf.tensor_scatter_nd_update(ids, tf.stack([rows, tf.fill(tf.shape(rows), place)], axis=1), tokens)
        live = tf.where(tokens != END_ID)[:, 0]
        return place + 1, *_rows_of((rows, tokens, state), live), ids

    start = 0, tf.range(n), tf.fill([n], START_ID), state, tf.zeros([n, max_length], tf.int32)
    return tf.while_loop(_goes_on(max_length), body, start, _invariants(start))[-1]


def beam(
    step: Callable,
    state: Any,
    n: int | tf.Tensor,
    max_length: int | tf.Tensor,
    n_beams: int = 5,
    length_penalty: float = 1.0,
) -> tf.Tensor:
    """The best of the texts that a search with `n_beams` unfinished ones for every row comes upon.

    At every step the unfinished texts are continued by every token, and the best `n_beams` of the continuations end a
    text, where they are the end, or go on. A row is finished when so many texts have ended, or when no unfinished one
    can become better than the best. A text without end is only given where none has ended. One beam is `greedy`.

    Args:
        step, state, n, max_length: as in `greedy`.
        n_beams: int >= 1.
        length_penalty: float >= 0. Ended texts are compared by `log p / length ** length_penalty`, the end counted: 1
            for the mean of a token; 0 for log p itself, which prefers short texts.

    Returns:
        int32 Tensor `(n, max_length)`, as of `greedy`.

    References:
        Wu et al. 2016, section 7, for the comparison of lengths. https://arxiv.org/abs/1609.08144
    """
    # The state of a row has its beams behind one another.
    state = tf.nest.map_structure(lambda t: tf.repeat(tf.convert_to_tensor(t), n_beams, axis=0), state)
    most = tf.cast(max_length, tf.float32) ** length_penalty

    def body(place, rows, beams, state, best, ids):
        log_probs, state = _same_shapes(step, tf.reshape(beams["tokens"], [-1]), state)
        beams, ended = _continued(beams, log_probs, place, n_beams)
        best = _better(best, ended, tf.cast(place + 1, tf.float32) ** length_penalty)
        is_done = _are_done(best, beams, most, n_beams) | (place + 1 >= max_length)
        done, live = tf.where(is_done), tf.where(~is_done)[:, 0]
        ids = tf.tensor_scatter_nd_update(ids, tf.gather(rows, done), tf.gather_nd(_best_ids(best, beams), done))
        parents = tf.range(tf.shape(rows)[0])[:, None] * n_beams + beams.pop("parents")
        state = _rows_of(state, tf.reshape(tf.gather(parents, live), [-1]))
        return place + 1, *_rows_of((rows, beams), live), state, _rows_of(best, live), ids

    start = 0, tf.range(n), *_first_beams(n, n_beams, max_length, state), tf.zeros([n, max_length], tf.int32)
    return tf.while_loop(_goes_on(max_length), body, start, _invariants(start))[-1]


def _first_beams(n, n_beams, max_length, state):
    """One beam with nothing in it, others that are impossible, the state, and a best text that there is not yet."""
    scores = tf.where(tf.range(n_beams) == 0, 0.0, float("-inf"))
    beams = {
        "scores": tf.tile(scores[None], [n, 1]),
        "tokens": tf.fill([n, n_beams], START_ID),
        "ids": tf.zeros([n, n_beams, max_length], tf.int32),
    }
    nothing = {"scores": tf.fill([n], float("-inf")), "n_ended": tf.zeros([n], tf.int32)}
    return beams, state, {**nothing, "ids": tf.zeros([n, max_length], tf.int32)}


def _continued(beams, log_probs, place, n_beams):
    """The best unfinished texts that are a token longer, with the number of the beam they come from; and those ended.

    Returns:
        `(beams, ended)`: dicts of Tensors `(m, n_beams, ...)`; the scores of texts that have not ended are minus
        infinity among the ended ones.
    """
    n_tokens = tf.shape(log_probs)[-1]
    totals = beams["scores"][:, :, None] + tf.reshape(log_probs, [-1, n_beams, n_tokens])
    # At most one continuation of each beam is the end: so many go on at least.
    scores, places = tf.math.top_k(tf.reshape(totals, [-1, n_beams * n_tokens]), 2 * n_beams)
    parents, tokens = places // n_tokens, places % n_tokens
    is_end = tokens == END_ID
    going_on, order = tf.math.top_k(tf.where(is_end, float("-inf"), scores), n_beams)
    longer = _with_tokens(beams["ids"], *(tf.gather(t, order, batch_dims=1) for t in (parents, tokens)), place)
    ended = _with_tokens(beams["ids"], parents[:, :n_beams], tokens[:, :n_beams], place)
    ended["scores"] = tf.where(is_end, scores, float("-inf"))[:, :n_beams]
    return {**longer, "scores": going_on}, ended


def _with_tokens(ids, parents, tokens, place):
    here = tf.range(tf.shape(ids)[-1]) == place
    ids = tf.where(here, tokens[:, :, None], tf.gather(ids, parents, batch_dims=1))
    return {"ids": ids, "parents": parents, "tokens": tokens}


def _better(best, ended, divisor):
    """The best ended text of every row so far, its score, and how many have ended."""
    # They are equally long: the first of them is the best.
    first = tf.argmax(ended["scores"], axis=1)
    scores = tf.gather(ended["scores"], first, batch_dims=1) / divisor
    is_better = scores > best["scores"]
    return {
        "ids": tf.where(is_better[:, None], tf.gather(ended["ids"], first, batch_dims=1), best["ids"]),
        "scores": tf.where(is_better, scores, best["scores"]),
        "n_ended": best["n_ended"] + tf.math.count_nonzero(tf.math.is_finite(ended["scores"]), 1, dtype=tf.int32),
    }


def _are_done(best, beams, most, n_beams):
    # The largest score that an unfinished text can still get is its own, divided by the largest length.
    return (best["n_ended"] >= n_beams) | (best["scores"] >= beams["scores"][:, 0] / most)


def _best_ids(best, beams):
    has_ended = tf.math.is_finite(best["scores"])[:, None]
    return tf.where(has_ended, best["ids"], beams["ids"][:, 0])


def _goes_on(max_length):
    return lambda place, rows, *_: (place < max_length) & (tf.size(rows) > 0)


def _rows_of(structure, places):
    return tf.nest.map_structure(lambda t: tf.gather(t, places), structure)


def _same_shapes(step, tokens, state):
    """A step whose state keeps the shapes that are known, as a loop in a graph needs it."""
    log_probs, after = step(tokens, state)
    return tf.cast(log_probs, tf.float32), tf.nest.map_structure(
        lambda new, old: tf.ensure_shape(new, [None, *old.shape[1:]]), after, state
    )


def _invariants(variables):
    """Shapes that a loop keeps: those of its variables, for any number of rows."""

    def of_one(value):
        shape = tf.convert_to_tensor(value).shape
        return tf.TensorShape([None, *shape[1:]]) if shape.rank else shape

    return tf.nest.map_structure(of_one, variables)
