"""What a step minimises, as an object: the base of all objectives."""

import weakref

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.training.batch import Batch


class Objective(keras.layers.Layer):
    """Base of the objectives: per example and in nats, what a training step minimises, for a model of any graph.

    A Keras layer only so that numbers which change during training are saved with the model; it is never called. An
    objective belongs to one model: `VAE(..., objective=ELBO(beta=4.0))`.

    A graph gives `infer`, `pieces`, `assemble` and `noise`, and says by `splits_kl`, `has_density`, `takes_path` and
    `has_gaussian_posterior` what it can compute; see `models.GenerativeModel`.

    Attributes:
        settings: tuple of str. Settings that may be set at any time: what the model has compiled is compiled anew.
        term_names: tuple of str. Terms that this objective adds to the terms of the model.
        relative_terms: tuple of pairs of names of terms, as `TermTracker` takes them.
        hint: str. What the loss adds to `-log p(x|z)`, in words.
        is_importance_weighted: bool. Whether the posterior may be wider than is right for the ELBO.

    Examples:
        >>> isinstance(vae.objective, kv.objectives.Objective), type(vae.objective).__name__
        (True, 'ELBO')
    """

    settings = ()
    term_names = ()
    relative_terms = ()
    hint = ""
    is_importance_weighted = False

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})

    def build(self, input_shape=None):
        self.built = True

    def __setattr__(self, name, value):
        """Set an attribute; a setting is checked, and the model that the objective belongs to forgets its graphs.

        Raises:
            ValueError: for a setting out of bounds, or one that the graph of the model cannot compute.
        """
        if name not in self.settings:
            super().__setattr__(name, value)
            return
        present = self.__dict__.get(name)
        super().__setattr__(name, self.checked(name, value))
        model = self.__dict__.get("_model", lambda: None)()
        if model is None:
            return
        try:
            self.check(model)
        except ValueError:
            super().__setattr__(name, present)
            raise
        model.forget_graphs()

    def checked(self, name, value):
        """The value of one of `settings`, if it may have it.

        Raises:
            ValueError: if it may not.
        """
        return value

    def belong_to(self, model):
        """Take the model that is trained on this objective.

        Raises:
            ValueError: if its graph cannot compute the objective, or the objective belongs to another model.
        """
        self.check(model)
        owner = self.__dict__.get("_model", lambda: None)()
        if owner is not None and owner is not model:
            raise ValueError(
                f"`objective` must belong to one model, as its numbers change with the training. Received: a "
                f"{type(self).__name__} that another model is trained on; make a new one"
            )
        # In __dict__, and weak: the model owns the objective, not the other way round.
        self.__dict__["_model"] = weakref.ref(model)

    def check(self, model):
        """Check that the graph of a model can compute this objective.

        Raises:
            ValueError: naming what it lacks.
        """

    def terms(self, model, batch: Batch, training: bool = False) -> dict[str, tf.Tensor]:
        """The terms of one step.

        Args:
            model: a `GenerativeModel`.
            batch: `Batch`, as `model.prepare` leaves it.
            training: bool. Whether the networks run in training mode.

        Returns:
            dict of `(batch,)` float32 tensors in nats: `loss`, what `model.assemble` gives, and `term_names`.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `terms(model, batch, training)`.")

    @property
    def beta(self):
        """Weight of the KL in the loss at this moment; 1 where the loss has none."""
        return 1.0

    @beta.setter
    def beta(self, value):
        raise ValueError(
            f"`beta` must not be set on a model trained on {type(self).__name__}, whose loss it would not change. "
            f"Received: beta={value!r}"
        )

    def _scalar(self, name, value):
        """A number that annealing changes: a variable, so that it neither retraces the step nor gets lost in a save."""
        initial = keras.initializers.Constant(check_number(name, value, minimum=0.0))
        return self.add_weight(name=name, shape=(), initializer=initial, trainable=False, dtype="float32")


class WeightedObjective(Objective):
    """Base of the objectives with a `beta` that may change during training.

    Args:
        beta: float >= 0.
    """

    def __init__(self, beta, **kwargs):
        super().__init__(**kwargs)
        self._initial_beta = check_number("beta", beta, minimum=0.0)
        self._beta = self._scalar("beta", self._initial_beta)

    @property
    def beta(self):
        """The weight at this moment; `vae.beta = ...` changes it, also during training."""
        return float(self._beta.numpy())

    @beta.setter
    def beta(self, value):
        self._beta.assign(check_number("beta", value, minimum=0.0))

    def get_config(self):
        """Arguments of the constructor; beta as given, its present value is a weight."""
        return {**super().get_config(), "beta": self._initial_beta}
