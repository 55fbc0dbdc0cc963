"""How a model is trained: compile, fit, evaluate, predict and the step itself."""

import contextlib
import math

import keras
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae._keras import uses_cached_data
from keras_vae.optimizers import Adam
from keras_vae.training.batch import as_batch, join_condition, split_condition
from keras_vae.training.data_checks import as_array, check_array, check_condition, check_training_data, is_stream
from keras_vae.training.saved_state import SavedState
from keras_vae.training.term_tracker import TermTracker
from keras_vae.training.workers import shuffled_alike, spans_processes

# Steps that one call of the compiled training function makes. In a noisy trial at batch 128 a dense model went at 0.9
# of the speed of a bare loop with one step per call, at 1.2 with eight: calls from Python are what is saved.
STEPS_PER_EXECUTION = 8


class Trainer(SavedState):
    """A Keras model with its own training step instead of a Keras loss.

    The next class gives `terms(batch, training)`, named losses per example in nats; the step minimises the (weighted)
    mean of `terms(...)["loss"]` over the global batch and reports the mean of every term in `term_names`. It also gives
    `row_spec`, what one row of its data is, and may overwrite `prepare`, `term_names` and `loss_hint`.
    """

    term_names = ("loss", "reconstruction_loss")
    loss_hint = "and nothing else"

    def __init__(self, **kwargs):
        # Without autocast the data reaches likelihood and encoder as it is also under mixed precision.
        super().__init__(**{"autocast": False, **kwargs})
        self._compile_arguments = {"steps_per_execution": 1}
        self._compiled_steps = {}

    def _track_terms(self):
        """Make the running means of the terms, once their names are known."""
        self.term_tracker = TermTracker(self.term_names)

    def terms(self, batch, training=False):
        """Named terms of the loss, each `(batch,)` float32 nats, with "loss" and "reconstruction_loss" among them.

        Args:
            batch: `Batch`, as `prepare` leaves it. Its weight weighs the examples in the mean of the step.
            training: bool. Whether the networks run in training mode.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `terms(batch, training)`.")

    @property
    def row_spec(self):
        """`RowSpec` of the data that the model is trained on."""
        raise NotImplementedError(f"{type(self).__name__} must implement `row_spec`.")

    def prepare(self, batch):
        """The batch as all hooks take it, with x as the target where none was given."""
        return batch._replace(target=tf.cast(batch.x if batch.target is None else batch.target, tf.float32))

    def compile(
        self,
        optimizer="adam",
        loss=None,
        *,
        steps_per_execution="auto",
        run_eagerly=False,
        jit_compile="auto",
        **kwargs,
    ):
        """Choose the optimizer; the loss is the model's own.

        Args:
            optimizer: name or `keras.optimizers.Optimizer`. "adam" is `keras_vae.optimizers.Adam`, the same numbers in
                one fused kernel per weight.
            loss: None. Here only to be refused with the reason.
            steps_per_execution: int or "auto". Training steps per call of the compiled function; callbacks see a batch
                only at the end of a call. "auto" is 8, and 1 when run eagerly or on several replicas.
            run_eagerly: bool. Run the steps in Python, for debugging.
            jit_compile: bool or "auto". Compile the steps with XLA. On a CPU it can slow convolutions down;
                "auto" leaves it off there.
            **kwargs: `auto_scale_loss` as in Keras.

        Raises:
            ValueError: for `loss`, `metrics` and the like.
            TypeError: for an unknown argument.
        """
        self._refuse(
            {"loss": loss, **{n: kwargs.pop(n, None) for n in ("loss_weights", "metrics", "weighted_metrics")}}
        )
        if steps_per_execution != "auto":
            check_int("steps_per_execution", steps_per_execution, 1)
        self._compile_arguments = {
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
            "jit_compile": jit_compile,
            **kwargs,
        }
        super().compile(
            optimizer=Adam() if optimizer in ("adam", "Adam") else optimizer,
            steps_per_execution=self._steps_per_execution_for(),
            run_eagerly=run_eagerly,
            jit_compile=jit_compile,
            **kwargs,
        )

    def _refuse(self, losses):
        """Refuse losses and metrics other than the model's own."""
        for name, value in losses.items():
            if value is not None:
                raise ValueError(
                    f"`{name}` must not be passed to `compile`: a {type(self).__name__} has its own loss, the negative "
                    f"log likelihood under `likelihood` {self.loss_hint}; another one would silently train something "
                    f"else. Choose it by `objective` when the model is made. Received: {name}"
                )

    def _steps_per_execution_for(self, *step_counts):
        """Steps per call: a divisor of every number of steps that is given (not None), as Keras would run past it."""
        chosen = self._compile_arguments["steps_per_execution"]
        if chosen != "auto":
            return chosen
        # Keras's loop over steps breaks off on several replicas ("You must feed a value for placeholder").
        if self._compile_arguments["run_eagerly"] or self.distribute_strategy.num_replicas_in_sync > 1:
            return 1
        common = math.gcd(*(int(n) for n in step_counts if n is not None))
        return max(n for n in range(1, STEPS_PER_EXECUTION + 1) if common % n == 0)

    @contextlib.contextmanager
    def _steps_per_call(self, function, steps):
        """In the block Keras makes so many steps per call of `function`, compiled anew if it made another number.

        Afterwards the number is what it was: a callback may evaluate or predict in the middle of `fit`.
        """
        before = self.steps_per_execution
        if self._compiled_steps.get(function) != steps:
            setattr(self, function, None)
            self._compiled_steps[function] = steps
        self.steps_per_execution = steps
        try:
            yield
        finally:
            self.steps_per_execution = before

    def get_compile_config(self):
        if not self.compiled:
            return {}
        return {"optimizer": keras.saving.serialize_keras_object(self.optimizer), **self._compile_arguments}

    def compile_from_config(self, config):
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"])
        self.compile(**{**config, "optimizer": optimizer})
        if self.built:
            self.optimizer.build(self.trainable_variables)

    @property
    def metrics(self):
        return [self.term_tracker]

    def fit(
        self,
        x=None,
        y=None,
        *args,
        sample_weight=None,
        validation_data=None,
        steps_per_epoch=None,
        validation_steps=None,
        **kwargs,
    ):
        """Train; arguments as in `keras.Model.fit`.

        Args:
            x: array `(n, *event_shape)`; `(x, condition)` or a dict of both for a model with a condition; or a
                `tf.data.Dataset` of batches of x, `(x, y)` or `(x, y, sample_weight)`, in which `(x, condition)` may
                stand for x: `((x, condition),)` where there is nothing else.
            y: array `(n, *target_shape)` to reconstruct from x, or None to reconstruct x itself.
            sample_weight: array `(n,)` of weights of examples, or `(n, *leading event axes)` of weights of elements
                (0 hides a missing pixel or a padded step from the reconstruction loss).
            validation_data: as x alone, or a tuple `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
            steps_per_epoch: int or None.
            validation_steps: int or None.

        Returns:
            `keras.callbacks.History` with the mean terms in nats per example.

        Raises:
            ValueError: before the first step, for data that does not fit the model.
        """
        x, y, sample_weight = check_training_data(self, x, y, sample_weight)
        if validation_data is not None:
            validation_data = check_training_data(self, *_validation_parts(validation_data))
        if not is_stream(x) and kwargs.get("shuffle", True) and spans_processes(self.distribute_strategy):
            batch_size = (args[0] if args else kwargs.get("batch_size")) or 32
            x, n_batches = shuffled_alike(self.distribute_strategy, x, y, sample_weight, batch_size)
            y, sample_weight, steps_per_epoch = None, None, steps_per_epoch or n_batches
        if is_stream(x):
            kwargs["shuffle"] = False  # Keras warns otherwise: a stream comes in its own order.
        kwargs |= {"sample_weight": sample_weight, "validation_data": validation_data}
        kwargs |= {"steps_per_epoch": steps_per_epoch, "validation_steps": validation_steps}
        self._build_optimizer()
        with self._steps_per_call("train_function", self._steps_per_execution_for(steps_per_epoch, validation_steps)):
            return super().fit(x, y, *args, **kwargs)

    def evaluate(self, x=None, y=None, *args, sample_weight=None, steps=None, return_dict=False, **kwargs):
        """Mean terms over the data, in nats per example; the same data gives the same numbers every time.

        Args:
            x: as in `fit`.
            y: as in `fit`.
            sample_weight: as in `fit`.
            steps: int or None. Batches looked at; needed for a stream without end.
            return_dict: bool. Return a dict by name instead of a list in the order of `term_names`.

        Returns:
            list of floats, or dict.

        Raises:
            ValueError: for data that does not fit the model.
        """
        if uses_cached_data(kwargs):  # Called by `fit`, which has checked and chosen.
            per_call = self.steps_per_execution
        else:
            x, y, sample_weight = check_training_data(self, x, y, sample_weight)
            per_call = self._steps_per_execution_for(steps)
        self._restart_evaluation_noise()
        with self._steps_per_call("test_function", per_call):
            logs = super().evaluate(x, y, *args, sample_weight=sample_weight, steps=steps, return_dict=True, **kwargs)
        return logs if return_dict else [logs[name] for name in self.term_names]

    def _restart_evaluation_noise(self):
        """Give the next evaluation the noise of the first one."""

    def predict(self, x, batch_size=None, verbose="auto", steps=None, **kwargs):
        """Mean reconstruction through the deterministic code; arguments as in `keras.Model.predict`.

        Returns:
            NumPy array, shape of the targets.

        Raises:
            ValueError: for data that does not fit the model.
        """
        self._check_built("predict")
        if not is_stream(x):
            x, condition = split_condition(x)
            x = as_array("x", x)
            check_array("x", x, self.row_spec.event_shape)
            x = join_condition(x, check_condition(condition, len(x), self.row_spec.condition_shape))
        with self._steps_per_call("predict_function", self._steps_per_execution_for(steps)):
            return super().predict(x, batch_size=batch_size, verbose=verbose, steps=steps, **kwargs)

    def _check_built(self, verb):
        if not self.built:
            raise ValueError(
                f"{type(self).__name__} must be built before it can {verb}: call `fit`, or "
                "`build((None, *event_shape))`. Received: a model that has not seen the shape of its data"
            )

    def _build_optimizer(self):
        """Make the optimizer's variables before the first step, which Keras would otherwise trace twice."""
        if self.compiled and self.built and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def train_step(self, data):
        """One step on a batch: the gradient of the (weighted) mean of `terms(...)["loss"]` over the global batch."""
        batch = self.prepare(as_batch(data))
        with tf.GradientTape() as tape:
            terms = self.terms(batch, training=True)
            loss = batch_mean(terms["loss"], batch.weight)
            if self.losses:
                # Every replica holds the same weights: each adds its share of their penalty.
                penalty = tf.add_n(self.losses)
                loss += penalty / tf.distribute.get_strategy().num_replicas_in_sync
                terms["loss"] += penalty
            loss = self.optimizer.scale_loss(loss)
        weights = self.trainable_weights
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        self.term_tracker.update_state(terms, batch.weight)
        return self._step_logs()

    def test_step(self, data):
        """The terms of one batch, without learning."""
        batch = self.prepare(as_batch(data))
        terms = self.terms(batch)
        if self.losses:
            terms["loss"] += tf.add_n(self.losses)
        self.term_tracker.update_state(terms, batch.weight)
        return self._step_logs()

    def _step_logs(self):
        """Means so far for the progress bar, over the rows of this replica; Keras averages them over replicas."""
        logs = self.term_tracker.result()
        # Between processes Keras averages over a first axis that it takes for granted.
        return {n: v[None] for n, v in logs.items()} if spans_processes(tf.distribute.get_strategy()) else logs


def batch_mean(values, weight=None):
    """(Weighted) mean over the global batch of `tf.distribute`, of which each replica holds a part.

    Args:
        values: Tensor, shape `(batch,)`.
        weight: Tensor, shape `(batch,)`, or None for equal weights.

    Returns:
        Scalar. Its sum over the replicas is the mean, so summed gradients are the gradient of the mean.
    """
    if weight is None:
        total, norm = tf.reduce_sum(values), tf.cast(tf.shape(values)[0], values.dtype)
    else:
        total, norm = tf.reduce_sum(values * weight), tf.reduce_sum(weight)
    context = tf.distribute.get_replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        # Parts differ in size for a short last batch and in weight always: share the norm, not the mean.
        norm = context.all_reduce(tf.distribute.ReduceOp.SUM, norm)
    return tf.math.divide_no_nan(total, norm)


def _validation_parts(data):
    """`validation_data` as `(x, y, sample_weight)`: an array alone, a stream or a tuple."""
    return keras.utils.unpack_x_y_sample_weight(tuple(data)) if isinstance(data, (tuple, list)) else (data,)
