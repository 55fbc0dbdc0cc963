"""The VAE of data of which some rows have a class label: the label of the others is summed over."""

import functools
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int, shapes_agree
from keras_vae.layers.partial_labels import UNLABELLED, PartialLabels
from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.condition import split_shapes
from keras_vae.models.endpoint import of_data
from keras_vae.models.parts import input_dtypes, known_shapes
from keras_vae.models.vae import VAE
from keras_vae.objectives.labelled_elbo import LabelledELBO
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.pieces import Pieces
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.training.batch import Batch, Data, split_condition
from keras_vae.training.streams import is_stream


class Inferred(NamedTuple):
    """What the data say about class and code of every row.

    Attributes:
        z_mean, z_log_var: Tensors, shape `(batch, n_classes, latent_dim)`. Of q(z|x,y) for every class.
        log_q_label: Tensor, shape `(batch, n_classes)`. Log probabilities q(y|x) of the classifier.
        weights: Tensor, shape `(batch, n_classes)`. The same as probabilities; 1 and 0 for a row whose label is known.
    """

    z_mean: tf.Tensor
    z_log_var: tf.Tensor
    log_q_label: tf.Tensor
    weights: tf.Tensor


@keras.saving.register_keras_serializable(package="keras_vae")
class SemiSupervisedVAE(VAE):
    """VAE with a class label y beside z, known for some rows: p(x, y, z) = p(x|z,y) p(z) p(y), q(y|x) a classifier.

    Labels are the condition: whole numbers `(n,)`, and -1 for a row without one. A labelled row has the bound on
    log p(x, y); its `kl_loss` is the KL of z, and -log p(y). For a row without a label the bound on log p(x) is summed
    over all classes, each with its weight q(y|x), so no label is ever drawn; its `kl_loss` is the mean KL of z, and the
    KL of q(y|x) from p(y). Encoder and decoder run once per row and class.

    Only rows without a label teach the classifier by the bound: the default objective, `LabelledELBO`, adds the
    classification of the others. Where few rows have a label, `keras_vae.data.semi_supervised_batches` brings some of
    them into every batch.

    Args:
        encoder: Keras model `[x, y] -> [z_mean, z_log_var]`, y being the class as a vector `(batch, n_classes)` of
            zeros and a one.
        decoder: Keras model `[z, y] -> x_params`.
        classifier: Keras model `x -> logits (batch, n_classes)`, linear at the end.
        likelihood, prior, beta, seed, target_shape, preprocessing: as in `VAE`; the prior is that of z.
        objective: None for `LabelledELBO()`, or any other: `ELBO` trains on the bounds alone.
        label_prior: sequence of `n_classes` numbers > 0 with the sum 1, p(y); None for equal ones.

    The verbs take rows without a condition as rows without a label. `elbo` and `log_prob` are then of x alone, with all
    classes in them, and where one class is needed (`encode`, `draw`, `reconstruct`) it is the most probable one.
    `sample` without a condition draws the classes from p(y).

    Raises:
        ValueError: if the parts do not fit each other.

    Examples:
        >>> model = kv.make_semi_supervised_vae((8, 8, 1), n_classes=10, latent_dim=4, seed=0)
        >>> labels = np.where(np.arange(len(x)) % 4 == 0, data.y_test, -1)
        >>> model.compile("adam")
        >>> history = model.fit((x, labels), epochs=1, verbose=0)
        >>> model.classify(x[:3]).shape, model.sample(2, condition=7, seed=0).shape
        ((3, 10), (2, 8, 8, 1))

    References:
        Kingma et al. 2014, eqs. 6 and 7 (the bounds of M2), 9 (the objective). https://arxiv.org/abs/1406.5298
    """

    # q(z|x) is a mixture over the classes.
    has_gaussian_posterior = False
    takes_path = False
    has_classifier = True
    takes_sparse = False

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        classifier: keras.Model,
        likelihood: str | Likelihood = "bernoulli",
        prior: Any = None,
        beta: float = 1.0,
        objective: Objective | None = None,
        label_prior: Sequence[float] | None = None,
        seed: int | None = None,
        target_shape: tuple[int, ...] | None = None,
        preprocessing: keras.layers.Layer | None = None,
        **kwargs: Any,
    ):
        n_classes = _n_classes(classifier)
        if objective is None:
            objective, beta = LabelledELBO(beta=beta), 1.0
        labels = keras.Input((), name="condition")
        # Past the constructor of `VAE`, which builds: a built model may not get a classifier.
        super(VAE, self).__init__(
            encoder,
            decoder,
            likelihood,
            prior=StandardNormal() if prior is None else prior,
            objective=objective,
            beta=beta,
            seed=seed,
            target_shape=target_shape,
            preprocessing=preprocessing,
            condition_network=keras.Model(labels, PartialLabels(n_classes)(labels), name="labels"),
            **kwargs,
        )
        self.posterior_flow = None
        self.classifier = classifier
        self.n_classes = n_classes
        self.label_prior = None if label_prior is None else _checked_prior(label_prior, n_classes)
        self._complete()

    def build(self, input_shape):
        if self.built:
            return
        takes = known_shapes("classifier", self.classifier)
        if takes is not None and not shapes_agree(takes[0], split_shapes(input_shape)[0][1:]):
            raise ValueError(
                f"`classifier` must take x of shape {tuple(split_shapes(input_shape)[0][1:])}, as the encoder does. "
                f"Received: a classifier that takes {takes[0]}"
            )
        super().build(input_shape)
        if not (self._takes_condition["encoder"] and self._takes_condition["decoder"]):
            raise ValueError(
                "`encoder` and `decoder` must take the class, as [x, y] and [z, y]. Received: one that does not take it"
            )

    @property
    def log_label_prior(self):
        """log p(y), array `(n_classes,)` float32."""
        prior = np.full(self.n_classes, 1.0 / self.n_classes) if self.label_prior is None else self.label_prior
        return np.log(prior).astype(np.float32)

    # Inside a graph.

    def told(self, batch, training=False):
        batch = super().told(batch, training)
        if batch.condition is None:
            batch = batch._replace(condition=tf.zeros([batch.n_rows, self.n_classes]))
        return batch

    def log_q_label(self, batch: Batch, training: bool = False) -> tf.Tensor:
        """Log probabilities q(y|x) of the classes, `(batch, n_classes)` float32."""
        x = tf.cast(batch.x, input_dtypes(self.classifier))
        return tf.nn.log_softmax(tf.cast(self.classifier(x, training=training), tf.float32))

    def infer(self, batch, training=False):
        log_q = self.log_q_label(batch, training)
        # A label that is none of the classes is NaN, and so is all that comes of it.
        weights = batch.condition + (1.0 - _is_labelled(batch)) * tf.exp(log_q)
        z_mean, z_log_var = super().posterior(self._each_class(batch), training)
        shape = [-1, self.n_classes, self.latent_dim]
        return Inferred(tf.reshape(z_mean, shape), tf.reshape(z_log_var, shape), log_q, weights)

    def _each_class(self, batch):
        """The batch with every row once for each class, told that class; rows of one example next to each other."""
        rows = tf.nest.map_structure(
            lambda tensor: tf.repeat(tensor, self.n_classes, axis=0), batch._replace(condition=None).given()
        )
        return Batch(**rows, condition=tf.tile(tf.eye(self.n_classes), [batch.n_rows, 1]))

    def with_class(self, batch: Batch) -> Batch:
        """The batch with the most probable class for every row without a label."""
        guess = tf.one_hot(tf.argmax(self.log_q_label(batch), axis=-1), self.n_classes)
        return batch._replace(condition=batch.condition + (1.0 - _is_labelled(batch)) * guess)

    def posterior(self, batch, training=False):
        return super().posterior(self.with_class(batch), training)

    def x_params(self, z, batch=None, training=False):
        # 0 / 0 for a row without a class: there is nothing to decode.
        told = batch.condition / _is_labelled(batch)
        return super().x_params(z, batch._replace(condition=told), training)

    def pieces(self, inferred, epsilon, batch, training=False, path=None):
        flat = tuple(tf.reshape(part, [-1, self.latent_dim]) for part in inferred[:2])
        noise = None if epsilon is None else tf.repeat(epsilon, self.n_classes, axis=0)
        of_class = super().pieces(flat, noise, self._each_class(batch._replace(x=None)), training)
        weights, log_prior = inferred.weights, self.log_label_prior
        mean = lambda values: tf.einsum("nk,nk...->n...", weights, self._by_row(values))  # noqa: E731
        kl_label = tf.reduce_sum(tf.math.xlogy(weights, weights) - weights * log_prior, axis=-1)
        log_weight = None
        if of_class.log_weight is not None:
            # One for the classes that a row may have: all, or its label.
            possible = batch.condition + (1.0 - _is_labelled(batch))
            joint = tf.math.log(possible) + log_prior + self._by_row(of_class.log_weight)
            log_weight = tf.reduce_logsumexp(joint, axis=-1)
        return Pieces(
            mean(of_class.reconstruction_loss),
            mean(of_class.kl) + kl_label,
            tf.concat([mean(of_class.kl_parts), kl_label[:, None]], axis=-1),
            log_weight,
            _of_likeliest(self._by_row(of_class.z), weights),
            _likeliest(inferred),
        )

    def _by_row(self, values):
        """`(batch * n_classes, ...)` as `(batch, n_classes, ...)`."""
        return tf.reshape(values, [-1, self.n_classes, *values.shape[1:]])

    def draw_latents(self, inferred, epsilon):
        return super().draw_latents(_likeliest(inferred), epsilon)

    def code(self, inferred, training=False):
        return super().code(_likeliest(inferred), training)

    def _reconstruction(self, batch, training=False):
        batch = self.with_class(batch)
        return self.mean(super().code(super().posterior(batch, training), training), batch, training)

    def _drawn_reconstruction(self, batch, seed):
        return super()._drawn_reconstruction(self.with_class(batch), seed)

    # Rows in, rows out.

    def classify(self, x: Data, batch_size: int = 256) -> np.ndarray:
        """Probabilities q(y|x) of the classes.

        Args:
            x: array `(n, *event_shape)`, or a `tf.data.Dataset` of batches; labels beside it are not looked at.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, n_classes)`, rows with the sum 1; `classify(x).argmax(axis=1)` are the classes.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("classify")
        return self.rows(self._class_probabilities, x, batch_size=batch_size)

    def _class_probabilities(self, batch):
        return tf.exp(self.log_q_label(batch))

    def rows(self, function, x, tensors=(), needs_target=False, parts=(), **data):
        # No part asks for a label: a row without one is a row whose label is not known.
        return super().rows(function, x, tensors, needs_target, (), **data)

    def codes_to_rows(self, function, z, tensors, condition=None, batch_size=256):
        if condition is not None and np.any(np.asarray(condition) == UNLABELLED):
            raise ValueError(
                f"`condition` must hold a class for every code that is decoded. Received: {UNLABELLED} among the labels"
            )
        return super().codes_to_rows(function, z, tensors, condition, batch_size)

    def sample(self, n, seed=None, temperature=1.0, condition=None, batch_size=256, draw=False):
        if condition is None:
            fresh = tf.random.experimental.stateless_fold_in(self._seed_pair(seed), 2)
            condition = tf.random.stateless_categorical(self.log_label_prior[None], check_int("n", n, 1), fresh)[0]
        return super().sample(n, seed, temperature, np.asarray(condition), batch_size, draw)

    def _check_imputes(self):
        raise ValueError(
            "A SemiSupervisedVAE must not be asked about rows with holes, which its classifier does not take: make a "
            "VAE with labels as its condition, make_vae(n_classes=...)"
        )

    def _with_holes(self, x):
        self._check_imputes()

    @functools.wraps(VAE.fit)
    def fit(self, x=None, *args, **kwargs):
        labels = None if x is None or is_stream(x) else split_condition(x)[1]
        if labels is not None and np.size(labels) and np.all(np.asarray(labels) == UNLABELLED):
            warnings.warn(
                f"No row has a label, all are {UNLABELLED}: the model will find groups, but not know their names.",
                stacklevel=2,
            )
        return super().fit(x, *args, **kwargs)

    # What is served, and what is saved.

    def endpoints(self):
        classify = of_data(self, lambda batch: {"probabilities": self._class_probabilities(batch)}, parts=())
        return {**super().endpoints(), "classify": classify}

    def described_parts(self):
        return {**super().described_parts(), "classifier": self.classifier}

    def get_config(self):
        """Arguments of the constructor, serialised."""
        left_out = ("condition_network", "posterior_flow")
        config = {name: value for name, value in super().get_config().items() if name not in left_out}
        classifier = keras.saving.serialize_keras_object(self.classifier)
        return {**config, "classifier": classifier, "label_prior": self.label_prior}


def _is_labelled(batch):
    """1 for rows with a label and 0 for the others, `(batch, 1)`."""
    return tf.reduce_sum(batch.condition, axis=-1, keepdims=True)


def _of_likeliest(values, weights):
    """Of `(batch, n_classes, ...)` what belongs to the class with the largest weight, `(batch, ...)`."""
    return tf.gather(values, tf.argmax(weights, axis=-1), axis=1, batch_dims=1)


def _likeliest(inferred):
    """Mean and log variance of q(z|x,y) at the label, or at the most probable class."""
    return tuple(_of_likeliest(part, inferred.weights) for part in inferred[:2])


def _n_classes(classifier):
    shape = tuple(getattr(classifier, "output_shape", None) or ())
    if not isinstance(classifier, keras.layers.Layer) or len(shape) != 2 or not isinstance(shape[1], int):
        raise ValueError(
            "`classifier` must be a Keras model with known shapes from x to logits, (batch, n_classes). "
            f"Received: classifier={classifier!r}"
        )
    return check_int("n_classes", shape[1], 2)


def _checked_prior(label_prior, n_classes):
    label_prior = tuple(float(p) for p in label_prior)
    if len(label_prior) != n_classes or min(label_prior) <= 0.0 or not np.isclose(sum(label_prior), 1.0):
        raise ValueError(
            f"`label_prior` must be {n_classes} numbers > 0 with the sum 1. Received: label_prior={label_prior}"
        )
    return label_prior
