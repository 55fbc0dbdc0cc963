"""Saving of a whole model, random state included."""

import os

import numpy as np

from keras_vae._files import atomic_path
from keras_vae._keras import SelfBuiltModel, own_variables


class SavedState(SelfBuiltModel):
    """A Keras model whose files are whole or not there, and from which training resumes bit for bit."""

    def save(self, filepath, overwrite=True, **kwargs):
        """Write a `.keras` file: weights, optimizer, random state. What stood there stays until the new one is whole.

        An optimizer with `use_ema=True` puts its averages in the place of the weights when `fit` ends, here as in
        Keras: a training that goes on from there, saved or not, is another one than one without the break. What a
        callback saves in between resumes bit for bit.

        Args:
            filepath: str or path ending in `.keras`.
            overwrite: bool. Whether a file of that name may be replaced.
            **kwargs: as in `keras.Model.save`.

        Raises:
            ValueError: if the model is not built yet, or the name does not end in `.keras`.
            FileExistsError: if the file exists and `overwrite` is False.
        """
        if not self.built:
            raise ValueError(
                f"{type(self).__name__} must be built before it is saved: call `fit`, or `build((None, *event_shape))`."
            )
        if not str(filepath).endswith(".keras"):
            raise ValueError(f"`filepath` must end in `.keras`. Received: filepath={str(filepath)!r}")
        if not overwrite and os.path.exists(filepath):
            raise FileExistsError(f"`filepath` exists and `overwrite` is False. Received: filepath={str(filepath)!r}")
        with atomic_path(filepath) as temporary:
            super().save(temporary, **kwargs)

    def save_weights(self, filepath, overwrite=True, max_shard_size=None):
        """Write weights, optimizer and random state to one file; what stood there stays until the new one is whole.

        Args:
            filepath: str or path ending in `.weights.h5`.
            overwrite: bool. Whether a file of that name may be replaced without a question.
            max_shard_size: number or None. GB per file, as in Keras; several files are written in place.

        Raises:
            ValueError: if the name ends otherwise.
        """
        ending = ".weights.h5" if max_shard_size is None else (".weights.h5", ".weights.json")
        if not str(filepath).endswith(ending):
            raise ValueError(f"`filepath` must end in `.weights.h5`. Received: filepath={str(filepath)!r}")
        if max_shard_size is not None or (os.path.exists(filepath) and not overwrite):
            super().save_weights(filepath, overwrite, max_shard_size)
            return
        with atomic_path(filepath) as temporary:
            super().save_weights(temporary)

    def _random_states(self):
        """State variables of every random generator inside the model, in a fixed order."""
        return [v for v in self.variables if v.name == "seed_generator_state"]

    def save_own_variables(self, store):
        super().save_own_variables(store)
        # Keras leaves out the state of random generators (its own Dropout's too): a resumed run would repeat old noise.
        states = self._random_states()
        if states:
            store["random_states"] = np.stack([state.numpy() for state in states])

    def load_own_variables(self, store):
        for i, variable in enumerate(own_variables(self)):
            variable.assign(store[str(i)])
        states = self._random_states()
        # Weights of a model with another number of random layers, such as a Dropout, leave the noise as it is.
        if "random_states" in store and len(store["random_states"]) == len(states):
            for variable, state in zip(states, store["random_states"][()], strict=True):
                variable.assign(state)
