"""Codes around those of labelled images: where a VAE finds more images of the same class."""

import tensorflow as tf


def codes_around(here, there, width, mix, seed):
    """Draws of q(z|x) with wider noise, on the way to such a draw for another image of the class.

    `z = (1 - t) z_a + t z_b`, `t` uniform up to `mix`, `z_a` and `z_b` draws with `width` times the standard deviation.

    Args:
        here: pair of Tensors `(z_mean, z_log_var)`, each `(n, latent_dim)`.
        there: such a pair of the images that these are on the way to.
        width: float >= 0. 0 for the means alone.
        mix: float in [0, 1]. 0 for `here` alone.
        seed: Tensor, shape `(2,)`.

    Returns:
        Tensor, shape `(n, latent_dim)`.

    References:
        DeVries & Taylor 2017, section 3 (noise and interpolation in a feature space). https://arxiv.org/abs/1702.05538
    """
    fold, shape = tf.random.experimental.stateless_fold_in, tf.shape(here[0])

    def drawn(pair, number):
        return pair[0] + width * tf.exp(0.5 * pair[1]) * tf.random.stateless_normal(shape, fold(seed, number))

    first, second = drawn(here, 0), drawn(there, 1)
    share = mix * tf.random.stateless_uniform([shape[0], 1], fold(seed, 2))
    return first + share * (second - first)


def partners_of(labels, seed):
    """Another row of the same class for every row, at random, `(n,)` int32; itself where there is none.

    Args:
        labels: int Tensor, shape `(n,)`.
        seed: Tensor, shape `(2,)`.
    """
    n_rows = tf.shape(labels)[0]
    is_partner = (labels[:, None] == labels[None]) & ~tf.eye(n_rows, dtype=tf.bool)
    chance = tf.random.stateless_uniform([n_rows, n_rows], seed)
    # Itself is the last choice, before those of other classes.
    score = tf.where(is_partner, chance, tf.where(tf.eye(n_rows, dtype=tf.bool), -1.0, -2.0))
    return tf.argmax(score, axis=1, output_type=tf.int32)
