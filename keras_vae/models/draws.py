"""Draws of q(z|x) for any number of rows, with noise that a seed repeats."""

import tensorflow as tf

from keras_vae.training.batch import repeat_rows


def draws_of_batch(model, batch, n_draws, seed):
    """Draws z of q(z|x), `(batch, n_draws, latent_dim)`.

    Args:
        model: a `VariationalModel`.
        batch: `Batch`, as `model.prepare` leaves it.
        n_draws: int or int Tensor. Draws per example.
        seed: Tensor, shape `(2,)`.
    """
    n_rows = batch.n_rows
    epsilon = tf.random.stateless_normal([n_draws * n_rows, model.noise_dim], seed=seed)
    z = model.draw_latents(repeat_rows(model.infer(batch), n_draws), epsilon)
    return tf.transpose(tf.reshape(z, [n_draws, n_rows, model.latent_dim]), [1, 0, 2])


def seed_of_batch(pair, *tensors):
    """What a drawing function gets beside a batch: another seed for every batch, and the tensors given.

    Args:
        pair: Tensor, shape `(2,)`. Seed of all batches together.
        *tensors: passed on unchanged.

    Returns:
        Callable. Number of rows of the next batch to a tuple of tensors.
    """
    numbers = iter(range(2**31))
    return lambda n_rows: (tf.random.experimental.stateless_fold_in(pair, next(numbers)), *tensors)
