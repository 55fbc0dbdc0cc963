"""Callback that trains a VAE as an autoencoder first, and then teaches the decoder anew."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from keras_vae._checks import check_int


class AutoencoderFirst(keras.callbacks.Callback):
    """Train for some epochs without the KL, then begin again with a new decoder and the encoder that has learned.

    A decoder that is good by itself, as one of text is, learns to do without the code before the encoder has anything
    to say. Here it meets an encoder whose codes say much already. Put the annealing of beta behind these epochs:
    `BetaAnnealing` with a schedule that is 0 for as long.

    Args:
        n_epochs: int >= 1. Epochs without the KL.
        fresh_weights: Callable without arguments to the weights of a new decoder, a list of arrays; or None for those
            that the decoder has when a training begins at its first epoch. One that may be interrupted in these epochs
            needs the function.

    Raises:
        ValueError: for a number out of bounds; when a training begins, for a model without `beta`, or one that goes on
            within these epochs without `fresh_weights`.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, hidden_units=(32,), seed=0)
        >>> model.compile("adam")
        >>> first = kv.callbacks.AutoencoderFirst(n_epochs=1)
        >>> model.fit(x_train, epochs=2, callbacks=[first], verbose=0).history["beta"]
        [0.0, 1.0]

    References:
        Li et al. 2019, section 3.2. https://arxiv.org/abs/1909.00868
    """

    looks_at_batches = False

    def __init__(self, n_epochs: int, fresh_weights: Callable[[], Sequence[np.ndarray]] | None = None):
        super().__init__()
        self.n_epochs = check_int("n_epochs", n_epochs, 1)
        self.fresh_weights = fresh_weights
        self._kept = None

    def on_train_begin(self, logs=None):
        self._kept, self._beta = None, self.model.beta

    def on_epoch_begin(self, epoch, logs=None):
        if epoch < self.n_epochs:
            self._keep_weights(epoch)
            self.model.beta = 0.0
        elif epoch == self.n_epochs:
            self._begin_again()

    def _keep_weights(self, epoch):
        if self._kept is not None or self.fresh_weights is not None:
            return
        if epoch:
            raise ValueError(
                f"`fresh_weights` must be given for a training that goes on at epoch {epoch + 1}, in the midst of the "
                f"{self.n_epochs} as an autoencoder. Received: fresh_weights=None"
            )
        self._kept = self.model.decoder.get_weights()

    def _begin_again(self):
        fresh = self._kept if self.fresh_weights is None else self.fresh_weights()
        if fresh is None:  # It goes on behind these epochs.
            return
        self.model.decoder.set_weights(fresh)
        optimizer = self.model.optimizer
        for variable in optimizer.variables:
            # What the optimizer remembers belongs to the old decoder; schedules go on by its count of steps.
            if variable is not optimizer.iterations and len(variable.shape):
                variable.assign(np.zeros(variable.shape))
        # What is seen by a callback behind this one stays.
        if self.model.beta == 0.0:
            self.model.beta = self._beta or 1.0

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs.setdefault("beta", self.model.beta)
