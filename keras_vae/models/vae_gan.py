"""The VAE with a discriminator, whose features say how alike data and reconstruction are."""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_vae._checks import shapes_agree
from keras_vae.layers.sampling import next_seed
from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.vae import VAE
from keras_vae.objectives.adversarial import Adversarial
from keras_vae.optimizers import Adam
from keras_vae.training.batch import as_batch
from keras_vae.training.finite import check_gradients
from keras_vae.training.trainer import batch_mean

EVALUATION_SEED = (0, 1)


class Verdict(NamedTuple):
    """What the discriminator says of a batch.

    Attributes:
        features: pair of Tensors `(batch, n_features)`, of the data and of their reconstructions.
        of_data, of_reconstructions, of_draws: Tensors `(batch,)`. Logits, positive for what it takes for data.
    """

    features: tuple[tf.Tensor, tf.Tensor]
    of_data: tf.Tensor
    of_reconstructions: tf.Tensor
    of_draws: tf.Tensor


@keras.saving.register_keras_serializable(package="keras_vae")
class VAEGAN(VAE):
    """VAE/GAN: a `VAE` that a discriminator is trained against, whose features measure the likeness of reconstructions.

    Pixels that are compared one by one are blurred where the model is not sure; what a discriminator looks at is not.
    Each step trains encoder and decoder by one optimizer and the discriminator by another one, from one pass through
    all three. All verbs are those of a `VAE`. `reconstruction_loss` and `elbo` are the bound under `likelihood`, which
    this training does not raise: to compare it by them with another model is of no use.

    Its codes hold more than those of a `VAE`, and follow the prior less well: samples of
    `keras_vae.samplers.fit(model, x, "gmm")` are much nearer to the data than those of the standard normal.

    Args:
        encoder, decoder: as in `VAE`.
        discriminator: Keras model `x -> [features, logit]`, `(batch, n_features)` and `(batch, 1)`, positive for data;
            `keras_vae.networks.make_discriminator` makes one. It sees the data as the likelihood does, and means of
            p(x|z).
        objective: `keras_vae.objectives.Adversarial` or None for its defaults.
        likelihood, prior, posterior_flow, seed, preprocessing, **kwargs: as in `VAE`.

    Raises:
        ValueError: if the parts do not fit each other, or the objective is another one.

    Examples:
        >>> model = kv.make_vae_gan((8, 8, 1), latent_dim=4, hidden_units=(8, 8), seed=0)
        >>> model.compile("adam", discriminator_optimizer="adam")
        >>> history = model.fit(x_train, epochs=1, verbose=0)
        >>> model.sample(3, seed=0).shape
        (3, 8, 8, 1)

    References:
        Larsen et al. 2016. https://arxiv.org/abs/1512.09300
    """

    fixed = (*VAE.fixed, "discriminator")

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        discriminator: keras.layers.Layer,
        likelihood: str | Likelihood = "bernoulli",
        prior: Any = None,
        objective: Adversarial | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        objective = Adversarial() if objective is None else objective
        if not isinstance(objective, Adversarial):
            raise ValueError(
                f"`objective` must be a `keras_vae.objectives.Adversarial` or None. Received: objective={objective!r}"
            )
        if not isinstance(discriminator, keras.layers.Layer):
            raise ValueError(f"`discriminator` must be a Keras model. Received: discriminator={discriminator!r}")
        self.__dict__["_given_discriminator"] = discriminator
        super().__init__(encoder, decoder, likelihood, prior, objective=objective, seed=seed, **kwargs)

    def _complete(self):
        # A part of the model before the constructor of the base class builds it.
        self.discriminator = self.__dict__.pop("_given_discriminator")
        super()._complete()

    def build(self, input_shape):
        """Build and check the parts for inputs of shape `(batch, *event_shape)`; see `LatentModel.build`."""
        if self.built:
            return
        super().build(input_shape)
        try:
            outputs = self.discriminator(keras.KerasTensor((None, *self.target_shape)))
        except ValueError as error:
            raise ValueError(f"`discriminator` must take data of shape {(None, *self.target_shape)}. {error}") from None
        shapes = [tuple(t.shape) for t in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
        if len(shapes) != 2 or len(shapes[0]) != 2 or not shapes_agree(shapes[1], (None, 1)):
            raise ValueError(
                "`discriminator` must put out [features, logit], (batch, n_features) and (batch, 1). "
                f"Received: outputs of shapes {shapes}"
            )

    def judged(self, batch, training=False):
        """Pieces of the bound at one draw of q(z|x), and what the discriminator says.

        Args:
            batch: `Batch`, as `prepare` leaves it.
            training: bool. Whether the networks run in training mode.

        Returns:
            `(Pieces, Verdict)`.

        Raises:
            ValueError: for a batch with weights of elements: the discriminator would see what they hide.
        """
        if batch.mask is not None:
            raise ValueError(
                "`sample_weight` must be `(batch,)`, weights of examples, for a VAEGAN: its discriminator sees whole "
                f"examples. Received: weights of elements, shape {tuple(batch.mask.shape)}"
            )
        inferred = self.infer(batch, training)
        z, log_q = self._draw(*inferred, self.noise(batch, training), training)
        n = batch.n_rows
        seed = next_seed(self.sampling.seed_generator) if training else tf.constant(EVALUATION_SEED)
        drawn = self.sample_prior(n, tf.cast(seed, tf.int64))
        told = batch._replace(x=None, target=None, weight=None)
        told = told if batch.condition is None else told.repeat(2)
        x_params = self.x_params(tf.concat([z, drawn], axis=0), told, training)
        pieces = self._pieces_at(z, log_q, self.loss_of_params(x_params[:n], batch), inferred)
        seen = tf.concat([batch.target, tf.cast(self.likelihood.mean(x_params), tf.float32)], axis=0)
        features, logits = self.discriminator(seen, training=training)
        logits = tf.split(tf.cast(logits[:, 0], tf.float32), 3)
        return pieces, Verdict(tuple(tf.split(tf.cast(features, tf.float32), 3)[:2]), *logits)

    # Two optimizers.

    def compile(self, optimizer="adam", loss=None, *, discriminator_optimizer=None, **kwargs):
        """Choose both optimizers; see `Trainer.compile`.

        Args:
            optimizer: name or `keras.optimizers.Optimizer`, for encoder, decoder, prior and likelihood.
            loss: None. Here only to be refused with the reason.
            discriminator_optimizer: the same for the discriminator; None for a second one like the first. A callback
                that changes a learning rate changes that of the first; give both a schedule.
            **kwargs: as in `Trainer.compile`.

        Raises:
            ValueError: for `loss`, `metrics` and the like, or one optimizer for both.
            TypeError: for an unknown argument.
        """
        super().compile(optimizer, loss, **kwargs)
        if discriminator_optimizer is None:
            inner = getattr(self.optimizer, "inner_optimizer", self.optimizer)
            discriminator_optimizer = type(inner).from_config(inner.get_config())
        if discriminator_optimizer is optimizer and not isinstance(optimizer, str):
            raise ValueError(
                "`discriminator_optimizer` must be another object than `optimizer`, as each keeps what it has seen of "
                f"its own weights. Received: {optimizer!r} twice"
            )
        if discriminator_optimizer in ("adam", "Adam"):
            discriminator_optimizer = Adam()
        second = keras.optimizers.get(discriminator_optimizer)
        if isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer) and not isinstance(
            second, type(self.optimizer)
        ):
            second = keras.optimizers.LossScaleOptimizer(second, name="discriminator_loss_scale")
        self.discriminator_optimizer = second

    @property
    def generator_weights(self):
        """The trainable weights of all parts but the discriminator."""
        of_discriminator = {id(weight) for weight in self.discriminator.trainable_weights}
        return [weight for weight in self.trainable_weights if id(weight) not in of_discriminator]

    def _optimizer_weights(self):
        return (
            (self.optimizer, self.generator_weights),
            (self.discriminator_optimizer, self.discriminator.trainable_weights),
        )

    def _build_optimizer(self):
        if self.compiled and self.built:
            with self.distribute_strategy.scope():
                for optimizer, weights in self._optimizer_weights():
                    if not optimizer.built:
                        optimizer.build(weights)

    def train_step(self, data):
        """One step of both optimizers on a batch, from one pass."""
        with tf.GradientTape(persistent=True) as tape:
            batch = self.prepare(as_batch(data), training=True)
            terms = self.terms(batch, training=True)
            losses = [batch_mean(terms[name], batch.weight) for name in ("loss", "discriminator_loss")]
            if self.losses:
                penalty = tf.add_n(self.losses)
                losses = [loss + penalty / tf.distribute.get_strategy().num_replicas_in_sync for loss in losses]
                terms["loss"] += penalty
            scaled = [self.optimizer.scale_loss(losses[0]), self.discriminator_optimizer.scale_loss(losses[1])]
        pairs = self._optimizer_weights()
        gradients = [tape.gradient(loss, weights) for loss, (_, weights) in zip(scaled, pairs, strict=True)]
        del tape
        checks = [check_gradients(self, loss, found) for loss, found in zip(losses, gradients, strict=True)]
        with tf.control_dependencies(checks):
            for found, (optimizer, weights) in zip(gradients, pairs, strict=True):
                if weights:
                    optimizer.apply_gradients(zip(found, weights, strict=True))
        self.term_tracker.update_state(terms, batch.weight)
        return self._step_logs()

    # What is saved.

    def get_compile_config(self):
        config = super().get_compile_config()
        if not config:
            return config
        return {**config, "discriminator_optimizer": keras.saving.serialize_keras_object(self.discriminator_optimizer)}

    def compile_from_config(self, config):
        names = ("optimizer", "discriminator_optimizer")
        self.compile(**{**config, **{n: keras.saving.deserialize_keras_object(config[n]) for n in names}})
        self._build_optimizer()

    def get_config(self):
        config = super().get_config()
        return {**config, "discriminator": keras.saving.serialize_keras_object(self.discriminator)}
