"""Callback that watches how many latent dimensions are in use."""

import warnings

import keras

from keras_vae._checks import check_int, check_number
from keras_vae.evaluation.latent import ACTIVE_UNIT_THRESHOLD, active_units, kl_per_dim


class CollapseMonitor(keras.callbacks.Callback):
    """Log the number of active units and keep the KL per dimension of every epoch; warn when the latents stay unused.

    Adds `active_units` to the logs; `kl_per_dim` of this object lists `(latent_dim,)` arrays, nats, one per epoch.

    Args:
        x: array `(n, *event_shape)`; or `(x, condition)`, or a dict of both, for a model with a condition. Some
            hundreds of held-out examples are enough.
        threshold: float >= 0. Variance of the posterior mean above which a dimension counts as active.
        patience: int >= 1. Epochs without any active unit before the warning.

    Raises:
        ValueError: for a number out of bounds.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, hidden_units=(32,), seed=0)
        >>> model.compile("adam")
        >>> monitor = kv.callbacks.CollapseMonitor(x)
        >>> history = model.fit(x, epochs=1, callbacks=[monitor], verbose=0)
        >>> monitor.kl_per_dim[0].shape
        (4,)
    """

    def __init__(self, x, threshold: float = ACTIVE_UNIT_THRESHOLD, patience: int = 2):
        super().__init__()
        self.x = x
        self.threshold = check_number("threshold", threshold, minimum=0.0)
        self.patience = check_int("patience", patience, 1)
        self.kl_per_dim = []
        self._n_collapsed = 0

    def on_epoch_end(self, epoch, logs=None):
        z_mean, z_log_var = self.model.encode(self.x)
        self.kl_per_dim.append(kl_per_dim(z_mean, z_log_var))
        n_active = int(active_units(z_mean, self.threshold).sum())
        if logs is not None:
            logs["active_units"] = n_active
        self._n_collapsed = 0 if n_active else self._n_collapsed + 1
        if self._n_collapsed == self.patience:
            warnings.warn(
                f"Posterior collapse: none of {z_mean.shape[1]} latent dimensions is active after epoch {epoch + 1} "
                f"(KL {self.kl_per_dim[-1].sum():.3f} nats). Raise beta slowly with `BetaAnnealing`, or lower `beta`.",
                stacklevel=2,
            )
