"""Encoder, decoder and likelihood as one graph: parts that fit each other, and what is computed with them."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import shapes_agree
from keras_vae._fixed import FixedAttributes
from keras_vae._sparse import values_of
from keras_vae.likelihoods.base import Likelihood
from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.models.condition import (
    check_labels,
    has_other_labels,
    joint_condition_shape,
    network_shapes,
    split_shapes,
    tell,
)
from keras_vae.models.parts import (
    check_takes_codes,
    decoder_params_shape,
    encoder_latent_dim,
    input_dtypes,
    known_shapes,
    symbolic,
)
from keras_vae.models.preprocessed import (
    as_elements,
    counting,
    is_unlearned,
    learn_preprocessing,
    log_volume,
    without_holes,
)
from keras_vae.models.raw_outputs import check_raw_params
from keras_vae.training.batch import Batch, as_batch
from keras_vae.training.rows import RowSpec
from keras_vae.training.trainer import Trainer


class GraphModel(FixedAttributes, Trainer):
    """An encoder, a decoder and a likelihood that fit each other, and what is computed with them inside a graph.

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
        condition_network: None, or a Keras model from the condition, as users pass it, to what encoder and decoder are
            told of it; run once per batch, and trained with them.

    Raises:
        ValueError: if the parts do not fit each other.
    """

    encoder_outputs = ()
    fixed = ("encoder", "decoder", "likelihood", "preprocessing", "condition_network", "prior", "objective")
    fixed += ("posterior_flow", "seed")
    fixed_advice = "Make a new model of the same parts, such as VAE(vae.encoder, vae.decoder, prior=...)."

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        likelihood: str | Likelihood,
        target_shape: tuple[int, ...] | None = None,
        preprocessing: keras.layers.Layer | None = None,
        condition_network: keras.Model | None = None,
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
        if condition_network is not None:
            network_shapes(condition_network)
        self.preprocessing = preprocessing
        self.condition_network = condition_network
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
        told = joint_condition_shape(shapes, self.condition_network)
        if told is None and None in shapes.values():
            told = condition_shape
        self.condition_shape = told if self.condition_network is None else network_shapes(self.condition_network)[0]
        self._takes_condition = {
            name: told is not None and (pair is None or pair[1] is not None) for name, pair in shapes.items()
        }
        if self.preprocessing is not None and not self.preprocessing.built:
            self.preprocessing.build((None, *self.event_shape))
        condition = symbolic(told)
        x = symbolic(self.event_shape, input_dtypes(self.encoder))
        self.latent_dim, taken = self._shapes_of_codes(self._call("encoder", x, condition))
        check_takes_codes(shapes["decoder"], taken)
        params_shape = decoder_params_shape(self._call("decoder", symbolic(taken), condition))
        check_raw_params(self.decoder, self.likelihood, None if self._takes_condition["decoder"] else taken)
        self.target_shape = self._shape_of_targets(params_shape)
        if not self.likelihood.built:
            self.likelihood.build(params_shape)
        self.built = True

    def _shapes_of_codes(self, outputs):
        """Size of z, from what the encoder puts out, and shape of what the decoder takes, without the batch axis."""
        latent_dim = encoder_latent_dim(outputs, self.encoder_outputs)
        return latent_dim, (latent_dim,)

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
        shapes = self.event_shape, self.target_shape, self.condition_shape
        return RowSpec(
            *shapes,
            check_values=self._check_values,
            unseen=self._unseen,
            takes_holes=self.likelihood.takes_holes,
            takes_sparse=self.takes_sparse,
            check_condition=None if self.condition_network is None else self._check_labels,
        )

    @property
    def takes_sparse(self) -> bool:
        """Whether x may be sparse rows: where the encoder has an `Input(sparse=True)` and the likelihood can."""
        is_open = self.likelihood.takes_sparse and self.preprocessing is None
        return is_open and any(
            getattr(tensor, "sparse", False) for tensor in getattr(self.encoder, "inputs", None) or []
        )

    def _unseen(self):
        """What stands for an element that is masked: a hole, or what the preprocessing turns into 0."""
        if self.likelihood.takes_holes:
            return np.float32(np.nan)
        if self.preprocessing is None or self.target_shape != self.event_shape:
            return np.float32(0.0)
        return np.asarray(self.preprocessing.inverse(tf.zeros((1, *self.event_shape))))[0]

    @property
    def has_to_learn(self):
        return is_unlearned(self.preprocessing)

    def learn_from(self, x, counts=None, names=None, is_part=False):
        if self.likelihood.takes_holes and np.isnan(x).any():
            counts = ~np.isnan(x) if counts is None else ~np.isnan(x) & as_elements(counts.astype(bool), x).numpy()
        return learn_preprocessing(self, x, counts, names, is_part)

    def is_outside_support(self, target):
        target = values_of(target) if self.preprocessing is None else self.preprocessing(target)
        return self.likelihood.is_outside(target)

    def _check_labels(self, condition):
        """Refuse labels that are none of the classes."""
        check_labels(self.condition_network, condition)

    def is_condition_outside(self, condition):
        return (
            tf.constant(False)
            if self.condition_network is None
            else has_other_labels(self.condition_network, condition)
        )

    def told(self, batch: Batch, training: bool = False) -> Batch:
        """The batch with what encoder and decoder are told in the place of the condition that came."""
        if batch.condition is None:
            return batch
        return batch._replace(condition=tell(self.condition_network, batch.condition, training))

    def prepare(self, batch: Batch, training: bool = False) -> Batch:
        batch = self.told(super().prepare(batch, training), training)
        if self.likelihood.takes_holes:
            batch = batch._replace(mask=without_holes(batch.target, batch.mask))
        if self.preprocessing is None:
            return batch
        mask = counting(self.preprocessing, batch.target, batch.mask)
        return batch._replace(x=self.preprocessing(batch.x), target=self.preprocessing(batch.target), mask=mask)

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
            batch: `Batch`, as `told` leaves it; None for a model without a condition.
            training: bool. Whether the decoder runs in training mode.
        """
        return self._call("decoder", z, None if batch is None else batch.condition, training)

    def _call(self, name, tensor, condition, training=False):
        part = getattr(self, name)
        inputs = [tensor, condition] if self._takes_condition[name] else tensor
        if isinstance(getattr(part, "input", None), list) and not self._takes_condition[name]:
            inputs = [tensor]
        outputs = part(inputs, training=training)
        # Model([z], [x]) as many write it.
        return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs

    def mean(self, z: tf.Tensor, batch: Batch | None = None, training: bool = False) -> tf.Tensor:
        """Mean of p(x|z) in the units of the data, `(batch, *target_shape)`."""
        mean = self.likelihood.mean(self.x_params(z, batch, training))
        return mean if self.preprocessing is None else self.preprocessing.inverse(mean)

    def draw_data(self, z: tf.Tensor, batch: Batch, seed: tf.Tensor) -> tf.Tensor:
        """A draw of p(x|z) in the units of the data, `(batch, *target_shape)`, by a seed of shape `(2,)`."""
        drawn = self.likelihood.sample(self.x_params(z, batch), seed)
        return drawn if self.preprocessing is None else self.preprocessing.inverse(drawn)

    def reconstruction_loss(self, z: tf.Tensor, batch: Batch, training: bool = False) -> tf.Tensor:
        """`-log p(x|z)` of the targets, `(batch,)` nats."""
        return self.loss_of_params(self.x_params(z, batch, training), batch)

    def loss_of_params(self, x_params: tf.Tensor, batch: Batch) -> tf.Tensor:
        """`-log p(x|z)` of the targets from the parameters of p(x|z), `(batch,)` nats."""
        log_prob = self.likelihood.log_prob(batch.target, x_params, batch.mask)
        return -log_prob if self.preprocessing is None else log_volume(self.preprocessing, batch) - log_prob

    def call(self, inputs, training=False):
        """Mean reconstruction of a batch of x, or of `(x, condition)`, through the deterministic code."""
        return self._reconstruction(self.prepare(as_batch((inputs,))), training)

    def _reconstruction(self, batch, training=False):
        return self.mean(self.code(self.infer(batch, training), training), batch, training)

    def _code_of(self, batch):
        return self.code(self.infer(batch))

    # What is saved.

    def get_config(self):
        """Arguments of the constructor, serialised."""
        serialize = keras.saving.serialize_keras_object
        return {
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "likelihood": serialize(self.likelihood),
            "target_shape": self._given_target_shape,
            "preprocessing": None if self.preprocessing is None else serialize(self.preprocessing),
            "condition_network": None if self.condition_network is None else serialize(self.condition_network),
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
