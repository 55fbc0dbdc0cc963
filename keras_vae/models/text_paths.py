"""Texts on the way from one to another, chosen together: each likely at its code, and further from the first one."""

from typing import Any

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.data.word_distance import word_distance
from keras_vae.models.latent_arithmetic import points_between
from keras_vae.training.batch import Batch

# Of the draws beside the likeliest text of a code: at 1 they are no more fluent than samples are.
TEMPERATURE = 0.5
# Nats a token that a step costs which is no further from the start than the one before: more than texts differ by.
STANDING = 1e3


class TextPaths:
    """Mixed into a `SequenceVAE`: texts between two."""

    def interpolate(
        self,
        a: str,
        b: str,
        steps: int = 8,
        path: str = "linear",
        strategy: str = "beam",
        beam: int = 5,
        candidates: int = 8,
        seed: int = 0,
    ) -> list[str]:
        """Texts on the way from one to another: of codes between the codes of the two.

        Neighbouring codes often have the same likeliest text, and the next one need not be nearer to the end. So some
        texts are drawn at each code as well, and of all of them one is taken for each code: those that are together
        the likeliest, by the mean of a token, of the ways on which every text is more words away from the first.

        Args:
            a, b: str, or rows of token ids.
            steps: int >= 2, both ends among them.
            path: "linear" or "spherical".
            strategy, beam: as in `decode`.
            candidates: int >= 0. Draws at every code; with 0 each code has its own text, as `decode` gives it.
            seed: int. Of the draws.

        Returns:
            list of `steps` strings; the first and the last are what the model makes of a and b. None is further from
            the first than the last is; where there are not enough that move away, one as far as another, or the same
            one, follows.

        Raises:
            ValueError: for texts beyond `max_length`, or an argument out of bounds.
        """
        check_int("candidates", candidates, 0)
        ends = self.encode([a, b])[0]
        z = np.asarray(points_between(ends[:1], ends[1:], steps, path), np.float32)
        own = self.write(z, strategy, beam)
        if not candidates:
            return self.tokenizer.texts(own)
        drawn = self.write(np.repeat(z, candidates, axis=0), "sample", temperature=TEMPERATURE, seed=seed)
        rows, place = np.unique(np.concatenate([own, drawn]), axis=0, return_inverse=True)
        rows = rows[:, : max(1, int(np.count_nonzero(rows, axis=1).max()))]
        first, last = np.ravel(place)[[0, steps - 1]]
        distances = word_distance(np.repeat(rows[first : first + 1], len(rows), axis=0), rows)
        return self.tokenizer.texts(rows[way_out(self._mean_log_p(rows, z), distances, first, last)])

    def _mean_log_p(self, rows, z):
        """log p of a token of all texts at all codes, nats: `(codes, texts)`."""
        # In __dict__, where Keras does not track it.
        if "_path_graph" not in self.__dict__:
            self.__dict__["_path_graph"] = tf.function(self._log_p_of_pairs, reduce_retracing=True, autograph=False)
        graph = self._path_graph
        parts = [rows[i : i + self.rows_per_decode] for i in range(0, len(rows), self.rows_per_decode)]
        found = np.stack([np.concatenate([graph(part, code[None]).numpy() for part in parts]) for code in z])
        return found / np.maximum(1, np.count_nonzero(rows, axis=1))

    def _log_p_of_pairs(self, tokens, z):
        batch = Batch(x=None, target=tokens)
        return -self.loss_of_params(self.x_params(tf.repeat(z, tf.shape(tokens)[0], axis=0), batch), batch)


def way_out(values: Any, distances: Any, first: int, last: int) -> np.ndarray:
    """One place for each step, from the first to the last, of the highest value of those that move away at every step.

    Args:
        values: array `(steps, n)`. What a place is worth at each step; they differ by less than a thousand.
        distances: array `(n,)`. Of the places from the first one, which is at 0.
        first, last: int. Where the way begins and ends.

    Returns:
        int array `(steps,)`. No step goes back or beyond the last place; where there are not as many distances as
        steps, as few as possible stay where they are.
    """
    values, distances = np.asarray(values, np.float64), np.asarray(distances)
    moved = distances[None, :] - distances[:, None]
    cost = np.where(moved > 0, 0.0, np.where(moved == 0, STANDING, np.inf))
    cost[:, distances > distances[last]] = np.inf
    best = np.full(values.shape[1], -np.inf)
    best[first] = values[0, first]
    before = []
    for value in values[1:]:
        totals = best[:, None] - cost
        before.append(totals.argmax(axis=0))
        best = totals.max(axis=0) + value
    found = [last]
    for of_place in reversed(before):
        found.append(int(of_place[found[-1]]))
    return np.array(found[::-1])
