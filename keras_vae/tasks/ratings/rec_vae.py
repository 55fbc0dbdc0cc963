"""RecVAE's training: some passes for the encoder, one for the decoder, and again."""

from typing import Any

import keras
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.models.vae import VAE
from keras_vae.objectives.objective import Objective
from keras_vae.training.batch import as_batch
from keras_vae.training.finite import check_gradients
from keras_vae.training.trainer import batch_mean

# Passes over the users in a row: Shenbin et al. 2020, section 3.5, and the code published with it.
N_ENCODER, N_DECODER = 3, 1


@keras.saving.register_keras_serializable(package="keras_vae")
class RecVAE(VAE):
    """A VAE of clicks whose encoder and decoder are trained in turn.

    Three passes over the data train the encoder, on rows of which it sees a part; then the earlier encoder of the
    objective is set to it, and one pass trains the decoder, from codes of whole rows. Which pass a step belongs to
    follows from the number of the step, so that a training that was interrupted goes on in the same one.

    Args:
        encoder, decoder, seed, **kwargs: as in `VAE`.
        objective: `PastPosterior`.
        n_steps: int >= 1. Steps of one pass over the data.

    Raises:
        ValueError: as `VAE`, or for `n_steps` below 1.

    References:
        Shenbin et al. 2020, algorithm 1. https://arxiv.org/abs/1912.11160
    """

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        objective: Objective,
        n_steps: int,
        seed: int | None = None,
        likelihood: Any = "multinomial",
        **kwargs: Any,
    ):
        kwargs.pop("beta", None)
        super().__init__(encoder, decoder, likelihood, objective=objective, seed=seed, **kwargs)
        self.n_steps = check_int("n_steps", n_steps, 1)

    def train_step(self, data):
        """One step of the encoder or of the decoder, as the number of the step has it."""
        batch = self.prepare(as_batch(data))
        pass_number, step = (
            f(tf.cast(self.optimizer.iterations.value, tf.int64), self.n_steps)
            for f in (tf.math.floordiv, tf.math.floormod)
        )
        turn = pass_number % (N_ENCODER + N_DECODER)
        is_first = (turn == N_ENCODER) & (step == 0)
        tf.cond(is_first, self._refresh, lambda: True)
        terms = tf.cond(turn < N_ENCODER, lambda: self._step_of(batch, True), lambda: self._step_of(batch, False))
        self.term_tracker.update_state(terms, batch.weight)
        return self._step_logs()

    def _refresh(self):
        self.objective.refresh(self.encoder)
        return True

    def _step_of(self, batch, is_encoder):
        part = self.encoder if is_encoder else self.decoder
        with tf.GradientTape() as tape:
            # The decoder learns from codes of whole rows: what is left out in training belongs to the encoder's task.
            terms = self.terms(batch, training=True) if is_encoder else self._decoder_terms(batch)
            loss = batch_mean(terms["loss"], batch.weight)
        weights = part.trainable_weights
        gradients = tape.gradient(loss, weights)
        with tf.control_dependencies([check_gradients(self, loss, gradients)]):
            self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        return terms

    def _decoder_terms(self, batch):
        inferred = self.infer(batch)
        terms = self.assemble(self.pieces(inferred, self.noise(batch, True), batch, training=True))
        return {"loss": terms["reconstruction_loss"], **terms}

    def get_config(self):
        config = {**super().get_config(), "n_steps": self.n_steps}
        return config
