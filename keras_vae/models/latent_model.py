"""What every model with an encoder and a decoder shares: parts that fit each other, codes, reconstructions."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, shapes_agree
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.models.condition import condition_rows, joint_condition_shape, split_shapes
from keras_vae.models.endpoint import Endpoint, of_code, of_data
from keras_vae.models.parts import (
    check_takes_latents,
    decoder_params_shape,
    encoder_latent_dim,
    input_dtypes,
    known_shapes,
    symbolic,
)
from keras_vae.training.batch import Batch, Condition, Data, as_batch
from keras_vae.training.rows import RowFunction, RowSpec, map_rows
from keras_vae.training.trainer import Trainer


class LatentModel(Trainer):
    """Base of the models: an encoder, a decoder and a likelihood.

    The next class sets `encoder_outputs`, gives `infer(batch)` and `code(inferred)`, and calls `_complete` at the end
    of its constructor.

    Args:
        encoder: Keras model `x -> tensors named in encoder_outputs`, or `[x, condition] -> ...`.
        decoder: Keras model `z -> parameters of p(x|z)`, raw (no activation), or `[z, condition] -> ...`.
        likelihood: name or `Likelihood`.
        target_shape: tuple or None. Shape of one target where it differs from one input (super-resolution, for one);
            `fit(x, y)` is then the only way to train.
        preprocessing: None, or a layer with `inverse`, such as `keras_vae.layers.Standardize`, from the units of the
            data to the units of encoder and likelihood. Everything outside the model speaks the units of the data.

    Raises:
        ValueError: if the parts do not fit each other.
    """

    encoder_outputs = ()

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        likelihood: str | Likelihood,
        target_shape: tuple[int, ...] | None = None,
        preprocessing: keras.layers.Layer | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, part in (("encoder", encoder), ("decoder", decoder)):
            if not isinstance(part, keras.layers.Layer):
                raise ValueError(f"`{name}` must be a Keras model. Received: {name}={part!r}")
        if preprocessing is not None and not (
            isinstance(preprocessing, keras.layers.Layer) and hasattr(preprocessing, "inverse")
        ):
            raise ValueError(
                f"`preprocessing` must be a Keras layer with a method `inverse`. Received: {preprocessing!r}"
            )
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = get_likelihood(likelihood)
        self.preprocessing = preprocessing
        self._given_target_shape = None if target_shape is None else tuple(target_shape)

    def _complete(self):
        """Make what depends on all arguments, and build where the encoder knows its input."""
        self._track_terms()
        shapes = known_shapes("encoder", self.encoder)
        if shapes is not None:
            self.build((None, *shapes[0]))

    def build(self, input_shape):
        """Build and check the parts for inputs of shape `(batch, *event_shape)`.

        Args:
            input_shape: tuple; or `(shape of x, shape of the condition)`, or a dict of both, for parts that do not say
                by themselves what they take.

        Raises:
            ValueError: if encoder, decoder and likelihood do not fit each other.
        """
        if self.built:
            return
        x_shape, condition_shape = split_shapes(input_shape)
        shapes = {name: known_shapes(name, getattr(self, name)) for name in ("encoder", "decoder")}
        self.event_shape = tuple(x_shape[1:])
        self.condition_shape = joint_condition_shape(shapes)
        if self.condition_shape is None and None in shapes.values():
            self.condition_shape = condition_shape
        self._takes_condition = {
            name: self.condition_shape is not None and (pair is None or pair[1] is not None)
            for name, pair in shapes.items()
        }
        if self.preprocessing is not None and not self.preprocessing.built:
            self.preprocessing.build((None, *self.event_shape))
        condition = symbolic(self.condition_shape)
        x = symbolic(self.event_shape, input_dtypes(self.encoder))
        self.latent_dim = encoder_latent_dim(self._call("encoder", x, condition), self.encoder_outputs)
        check_takes_latents(shapes["decoder"], self.latent_dim)
        params_shape = decoder_params_shape(self._call("decoder", symbolic((self.latent_dim,)), condition))
        self.target_shape = self._shape_of_targets(params_shape)
        if not self.likelihood.built:
            self.likelihood.build(params_shape)
        self.built = True

    def _shape_of_targets(self, params_shape):
        wanted = self._given_target_shape or self.event_shape
        try:
            target_shape = self.likelihood.event_shape(params_shape)
        except ValueError:
            target_shape = ()
        if not shapes_agree(target_shape, wanted):
            raise ValueError(
                f"`decoder` must put out {(None, *self.likelihood.params_shape(wanted))}, the parameters of "
                f"{type(self.likelihood).__name__} for data of shape {wanted}. Received: {(None, *params_shape)}. "
                "(Pass `target_shape=` if targets have another shape than inputs.)"
            )
        return tuple(n or m for n, m in zip(target_shape, wanted, strict=True))

    # What the next class gives.

    def infer(self, batch: Batch, training: bool = False) -> Any:
        """What the data say about z before anything is drawn: a structure of tensors with the rows first."""
        raise NotImplementedError(f"{type(self).__name__} must implement `infer(batch, training)`.")

    def code(self, inferred: Any, training: bool = False) -> tf.Tensor:
        """The deterministic code, `(batch, latent_dim)` float32, from what `infer` gave."""
        raise NotImplementedError(f"{type(self).__name__} must implement `code(inferred, training)`.")

    # Inside a graph.

    @property
    def row_spec(self):
        return RowSpec(self.event_shape, self.target_shape, self.condition_shape, self._check_values)

    def prepare(self, batch: Batch) -> Batch:
        batch = super().prepare(batch)
        if batch.condition is not None:
            condition = tf.nest.map_structure(lambda part: tf.cast(part, tf.float32), batch.condition)
            batch = batch._replace(condition=condition)
        if self.preprocessing is None:
            return batch
        return batch._replace(x=self.preprocessing(batch.x), target=self.preprocessing(batch.target))

    def _check_values(self, x, name):
        """Refuse values of a target, in the units of the data, that the likelihood gives no probability."""
        self.likelihood.check_support(x if self.preprocessing is None else self.preprocessing(x).numpy(), name=name)

    def encoded(self, batch: Batch, training: bool = False) -> Any:
        """What the encoder puts out for a batch, in its own types."""
        return self._call("encoder", tf.cast(batch.x, input_dtypes(self.encoder)), batch.condition, training)

    def x_params(self, z: tf.Tensor, batch: Batch | None = None, training: bool = False) -> tf.Tensor:
        """The parameters of p(x|z), `(batch, *params_shape)`: the one place where the decoder is called.

        Args:
            z: Tensor, shape `(batch, latent_dim)`.
            batch: `Batch` whose condition the decoder is told; None for a model without a condition.
            training: bool. Whether the decoder runs in training mode.
        """
        return self._call("decoder", z, None if batch is None else batch.condition, training)

    def _call(self, name, tensor, condition, training=False):
        inputs = [tensor, condition] if self._takes_condition[name] else tensor
        return getattr(self, name)(inputs, training=training)

    def mean(self, z: tf.Tensor, batch: Batch | None = None, training: bool = False) -> tf.Tensor:
        """Mean of p(x|z) in the units of the data, `(batch, *target_shape)`."""
        mean = self.likelihood.mean(self.x_params(z, batch, training))
        return mean if self.preprocessing is None else self.preprocessing.inverse(mean)

    def reconstruction_loss(self, z: tf.Tensor, batch: Batch, training: bool = False) -> tf.Tensor:
        """`-log p(x|z)` of the targets, `(batch,)` nats."""
        return -self.likelihood.log_prob(batch.target, self.x_params(z, batch, training), batch.mask)

    def call(self, inputs, training=False):
        """Mean reconstruction of a batch of x, or of `(x, condition)`, through the deterministic code."""
        return self._reconstruction(self.prepare(as_batch((inputs,))), training)

    def _reconstruction(self, batch, training=False):
        return self.mean(self.code(self.infer(batch, training), training), batch, training)

    def _code_of(self, batch):
        return self.code(self.infer(batch))

    # Rows in, rows out.

    def rows(self, function, x, tensors=(), needs_target=False, parts=("encoder", "decoder"), **data):
        """Apply a method of this model to any number of rows.

        Args:
            function: bound method of a prepared `Batch`, and of further tensors.
            x: as in `map_rows`.
            tensors: tuple of further tensors; or a callable from the number of rows of a batch to such a tuple.
            needs_target: bool. Whether the method reads the target.
            parts: tuple of "encoder" and "decoder". What the method runs: only those ask for a condition.
            **data: `y`, `mask`, `condition`, `batch_size` and `name`, as in `map_rows`.
        """
        spec = self.row_spec._replace(needs_condition=any(map(self.takes_condition, parts)))
        spec = spec if needs_target else spec._replace(target_shape=None)
        graph = self._graph_of(function, spec, lambda batch, *rest: function(self.prepare(batch), *rest))
        of_batch = tensors if callable(tensors) else lambda n_rows: tensors
        return map_rows(lambda batch: graph(batch, *of_batch(len(batch.x))), x, spec, **data)

    def _graph_of(self, function, spec, traced):
        # In __dict__, where Keras does not track it.
        graphs = self.__dict__.setdefault("_graphs", {})
        key = function.__name__, spec.target_shape
        if key not in graphs:
            graphs[key] = RowFunction(traced, spec)
        return graphs[key]

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
        spec = RowSpec((self.latent_dim,), None, self.condition_shape, None, self.takes_condition("decoder"))
        graph = self._graph_of(self.decode, spec, lambda batch: self.mean(batch.x, batch))
        return map_rows(graph, z, spec, condition=condition, batch_size=batch_size, name="z")

    def interpolate(self, a: Any, b: Any, steps: int = 10, condition: Condition | None = None) -> np.ndarray:
        """Decoded points on the straight line between the codes of two examples.

        Args:
            a: array `event_shape`. Where the line starts.
            b: array `event_shape`. Where it ends.
            steps: int >= 2. Points on it, ends included.
            condition: array or dict of arrays without the batch axis, the same for all points, or None.

        Returns:
            NumPy array `(steps, *target_shape)`.

        Raises:
            ValueError: for examples of another shape, or fewer than two steps.
        """
        self._check_built("interpolate")
        check_int("steps", steps, 2)
        one = condition_rows(condition, self.condition_shape, 1)
        ends = [
            self.rows(self._code_of, np.asarray(end)[None], parts=("encoder",), condition=one, name=name)
            for name, end in (("a", a), ("b", b))
        ]
        fractions = np.linspace(0.0, 1.0, steps, dtype=np.float32)[:, None]
        z = (1.0 - fractions) * ends[0] + fractions * ends[1]
        return self.decode(z, condition_rows(condition, self.condition_shape, steps))

    def takes_condition(self, part: str) -> bool:
        """Whether the "encoder" or the "decoder" is told the condition."""
        return self._takes_condition[part]

    # What is served, and what is saved.

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

    def get_config(self):
        """Arguments of the constructor, serialised."""
        serialize = keras.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "likelihood": serialize(self.likelihood),
            "target_shape": self._given_target_shape,
            "preprocessing": None if self.preprocessing is None else serialize(self.preprocessing),
            "name": self.name,
            "trainable": self.trainable,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Rebuild the model from `get_config()`."""
        config = dict(config)
        for key, value in config.items():
            if isinstance(value, dict) and "class_name" in value:
                config[key] = keras.saving.deserialize_keras_object(value, custom_objects=custom_objects)
        trainable = config.pop("trainable", True)
        model = cls(**config)
        model.trainable = trainable
        return model
