"""Callback that trains the encoder ahead of the decoder."""

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.evaluation.kl_split import kl_split
from keras_vae.training.batch import Batch, join_condition, split_condition
from keras_vae.training.data_checks import check_array, check_can_be_target, check_condition
from keras_vae.training.rows import head

# Rows of the training data that the mutual information is measured on, where no others are given.
N_ROWS = 1000


class AggressiveEncoder(keras.callbacks.Callback):
    """Train the encoder ahead of the decoder before every step, as long as that makes the codes say more about x.

    Before an ordinary step the encoder alone is trained until its loss stops falling. This ends for good after the
    first epoch in which the mutual information of x and z does not rise. Needs `compile(steps_per_execution=1)`.
    Adds `mutual_information` (nats, at most log of the rows looked at) to the logs of these epochs.

    Args:
        x: array `(n, *event_shape)`; or `(x, condition)`, or a dict of both, for a model with a condition. Training
            data for the inner steps.
        x_val: as `x`, or None. Rows for the mutual information; None takes the first 1,000 of x.
        max_inner_steps: int >= 1. Encoder steps before one ordinary step.
        window: int >= 1. Inner steps over which the loss is averaged to see whether it falls.
        batch_size: int >= 1. Rows of an inner step.
        seed: int >= 0. Decides the order of the rows.
        y: array `(n, *target_shape)` of the targets where they are not x itself, or None.

    Raises:
        ValueError: for an argument out of bounds; and when a training begins, for a model whose q(z|x) is not the
            Gaussian of its encoder, data that does not fit it, or several steps per call.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, hidden_units=(32,), seed=0)
        >>> model.compile("adam", steps_per_execution=1)
        >>> ahead = kv.callbacks.AggressiveEncoder(x, max_inner_steps=2)
        >>> history = model.fit(x, epochs=1, batch_size=90, callbacks=[ahead], verbose=0)
        >>> "mutual_information" in history.history
        True

    References:
        He et al. 2019, algorithm 1. https://arxiv.org/abs/1901.05534
    """

    def __init__(
        self,
        x,
        x_val=None,
        max_inner_steps: int = 50,
        window: int = 10,
        batch_size: int = 128,
        seed: int = 0,
        y=None,
    ):
        super().__init__()
        x, condition = split_condition(x)
        x, y = (None if rows is None else np.asarray(rows, np.float32) for rows in (x, y))
        if y is not None and len(x) != len(y):
            raise ValueError(f"`x` and `y` must have the same number of rows. Received: {len(x)} and {len(y)}")
        self.rows = Batch(x, y, condition=condition)
        self.x_val = head(join_condition(x, condition), N_ROWS) if x_val is None else x_val
        self.max_inner_steps = check_int("max_inner_steps", max_inner_steps, 1)
        self.window = check_int("window", window, 1)
        self.batch_size = check_int("batch_size", batch_size, 1)
        self.seed = check_int("seed", seed, 0)
        self.is_active = True
        self._best_information = -np.inf

    def on_train_begin(self, logs=None):
        if self.model.steps_per_execution != 1:
            raise ValueError(
                "`steps_per_execution` must be 1 for an AggressiveEncoder, which works before every step: "
                f"compile(steps_per_execution=1). Received: {self.model.steps_per_execution}"
            )
        if not getattr(self.model, "has_gaussian_posterior", False):
            raise ValueError(
                "The model of an AggressiveEncoder must have the Gaussian of its encoder as q(z|x): the mutual "
                f"information is known for no other. Received: {type(self.model).__name__}"
            )
        self._encoder_step = self._make_encoder_step()
        rows = tf.data.Dataset.from_tensor_slices(self._checked_rows().given())
        rows = rows.shuffle(len(self.rows.x), seed=self.seed).repeat()
        self._batches = iter(rows.batch(self.batch_size))

    def _checked_rows(self):
        model, rows = self.model, self.rows
        check_values = model.row_spec.check_values
        if rows.target is None:
            check_can_be_target(model.event_shape, model.target_shape)
        else:
            check_array("y", rows.target, model.target_shape, check_values)
        check_array("x", rows.x, model.event_shape, check_values if rows.target is None else None)
        return rows._replace(condition=check_condition(rows.condition, len(rows.x), *model.row_spec.condition))

    def _make_encoder_step(self):
        """A function of the parts of a batch that makes one step of the encoder and returns the loss before it."""
        model = self.model
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        weights = model.encoder.trainable_weights
        optimizer.build(weights)

        @tf.function(autograph=False)
        def encoder_step(given):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(model.terms(model.prepare(Batch(**given), training=True), training=True)["loss"])
                if model.losses:
                    loss += tf.add_n(model.losses)
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return loss

        return encoder_step

    def on_train_batch_begin(self, batch, logs=None):
        last, left = np.inf, self.max_inner_steps if self.is_active else 0
        while left > 0:
            n_steps = min(self.window, left)
            mean = np.mean([float(self._encoder_step(next(self._batches))) for _ in range(n_steps)])
            if mean >= last:
                break
            last, left = mean, left - n_steps

    def on_epoch_end(self, epoch, logs=None):
        if not self.is_active:
            return
        information = kl_split(*self.model.encode(self.x_val), prior=self.model.prior).mutual_information
        if logs is not None:
            logs["mutual_information"] = information
        self.is_active = information > self._best_information
        self._best_information = max(information, self._best_information)
