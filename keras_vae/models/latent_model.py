"""What every model with an encoder and a decoder can be asked: codes, reconstructions, what it serves."""

import inspect
from typing import Any

import keras
import numpy as np

from keras_vae.models.endpoint import Endpoint, of_code, of_data
from keras_vae.models.graph_model import GraphModel
from keras_vae.models.latent_arithmetic import LatentArithmetic
from keras_vae.models.row_graphs import RowGraphs
from keras_vae.training.batch import Condition, Data
from keras_vae.training.rows import RowSpec, map_rows


def named(part: Any) -> str:
    """An object by its class and its own arguments, as far as it says them: `Gaussian(min_log_var=-10.0)`."""
    if not isinstance(part, keras.layers.Layer):
        return str(getattr(part, "name", None) or type(part).__name__)
    names = inspect.signature(type(part).__init__).parameters
    try:
        config = part.get_config()
    except (NotImplementedError, ValueError):
        config = {}
    simple = {n: v for n, v in config.items() if n in names and isinstance(v, (int, float, str, tuple)) and v != ""}
    shown = ", ".join(f"{n}={v!r}" for n, v in simple.items() if n not in ("name", "trainable", "dtype", "seed"))
    return f"{type(part).__name__}({shown})" if shown else type(part).__name__


class LatentModel(LatentArithmetic, RowGraphs, GraphModel):
    """Base of the models: verbs over any number of rows, and endpoints, of a `GraphModel`.

    Args:
        encoder, decoder, likelihood, target_shape, preprocessing, condition_network: as in `GraphModel`.

    Examples:
        >>> isinstance(vae, kv.models.LatentModel), vae.decode(np.zeros((3, 4))).shape
        (True, (3, 8, 8, 1))
    """

    def __repr__(self):
        return f"<{self.description()}>"

    def description(self) -> str:
        """What the model is made of, in a line: latent size, likelihood, and what the next class adds."""
        parts = [f"latent_dim={self.latent_dim}" if self.built else "not built", f"likelihood={named(self.likelihood)}"]
        parts += [f"{name}={named(part)}" for name, part in self.described_parts().items() if part is not None]
        return f"{type(self).__name__} {self.name!r}: {', '.join(parts)}"

    def described_parts(self):
        """The parts that `description` names after the likelihood: dict from name to object or None."""
        return {"preprocessing": self.preprocessing}

    def summary(self, line_length=None, positions=None, print_fn=None, **kwargs):
        """Print what the model is made of, then the table of its layers; arguments as in `keras.Model.summary`."""
        (print_fn or print)(self.description())
        super().summary(line_length, positions, print_fn, **kwargs)

    # Rows in, rows out.

    def reconstruct(self, x: Data, condition: Condition | None = None, batch_size: int = 256) -> np.ndarray:
        """Mean of p(x|z) at the code of x.

        Args:
            x: array `(n, *event_shape)`, `(x, condition)`, or a `tf.data.Dataset` of batches.
            condition: array or dict of arrays `(n, ...)`, for a model with a condition.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, *target_shape)`, in the units of the data.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("reconstruct")
        return self.rows(self._reconstruction, x, condition=condition, batch_size=batch_size)

    def decode(self, z: Any, condition: Condition | None = None, batch_size: int = 256) -> np.ndarray:
        """Mean of p(x|z).

        Args:
            z: array `(n, latent_dim)`.
            condition: array or dict of arrays `(n, ...)`, for a model whose decoder takes one.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, *target_shape)`, in the units of the data.

        Raises:
            ValueError: for an array of another shape, empty or not finite.
        """
        self._check_built("decode")
        return self.codes_to_rows(self.mean, z, lambda n_rows: (), condition, batch_size)

    def codes_to_rows(self, function, z, tensors, condition=None, batch_size=256):
        """Map codes to NumPy arrays through a function of the decoder, compiled once.

        Args:
            function: bound method of a Tensor of codes, their `Batch` as `told` leaves it, and further tensors.
            z: array `(n, latent_dim)`.
            tensors: callable from the number of rows of a batch to a tuple of further tensors.
            condition, batch_size: as in `decode`.
        """
        spec = RowSpec(
            (self.latent_dim,),
            None,
            *self.row_spec.condition,
            needs_condition=self.takes_condition("decoder"),
        )
        graph = self._graph_of(function, spec, lambda batch, *rest: function(batch.x, self.told(batch), *rest))
        data = {"condition": condition, "batch_size": batch_size, "name": "z"}
        return map_rows(lambda batch: graph(batch, *tensors(len(batch.x))), z, spec, **data)

    # What is served.

    @property
    def sample_source(self):
        """What new examples are drawn from, a prior; None for a model that has none."""
        return None

    def endpoints(self) -> dict[str, Endpoint]:
        """What this model serves, by name: dict of `Endpoint`. Serving asks it, and adds draws from `sample_source`."""
        return {
            "serving_default": of_data(self, lambda batch: {"x": self._reconstruction(batch)}),
            "decode": of_code(self, lambda z, batch: {"x": self.mean(z, batch)}),
        }
