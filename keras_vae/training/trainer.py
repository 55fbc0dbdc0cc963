"""How a model is trained: fit, evaluate, predict, their counterparts for one batch, and the step itself."""

import keras
import tensorflow as tf

from keras_vae._keras import uses_cached_data
from keras_vae._sparse import as_tensors
from keras_vae.training.batch import as_batch
from keras_vae.training.compiled_model import CompiledModel
from keras_vae.training.feed import make_feed, make_input_feed
from keras_vae.training.finite import StopWithoutLoss, check_counted, check_gradients, explained
from keras_vae.training.fit_arguments import bound_arguments, check_no_classes, fit_arguments, fit_feeds
from keras_vae.training.term_tracker import TermTracker
from keras_vae.training.workers import spans_processes


class Trainer(CompiledModel):
    """A Keras model with its own training step instead of a Keras loss.

    The next class gives `terms(batch, training)`, named losses per example in nats; the step minimises the (weighted)
    mean of `terms(...)["loss"]` over the global batch and reports the mean of every term in `term_names`. It also gives
    `row_spec`, what one row of its data is, and may overwrite `prepare`, `is_outside_support`, `learn_from`,
    `term_names` and `loss_hint`.

    Examples:
        >>> from keras_vae.training import Trainer
        >>> isinstance(vae, Trainer), vae.term_names
        (True, ('loss', 'reconstruction_loss', 'kl_loss', 'elbo'))
    """

    term_names = ("loss", "reconstruction_loss")
    # Terms that are means over some examples, as `TermTracker` takes them.
    relative_terms = ()
    # Whether `learn_from` has something to learn.
    has_to_learn = False

    def __init__(self, **kwargs):
        # Without autocast the data reaches likelihood and encoder as it is also under mixed precision.
        super().__init__(**{"autocast": False, **kwargs})

    def _track_terms(self):
        """Make the running means of the terms, once their names are known."""
        self.term_tracker = TermTracker(self.term_names, self.relative_terms)

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

    def prepare(self, batch, training=False):
        """The batch as all hooks take it, with x as the target where none was given.

        Args:
            batch: `Batch` of data as they come.
            training: bool. Whether what is trained on the way runs in training mode.
        """
        return batch._replace(target=tf.cast(batch.x if batch.target is None else batch.target, tf.float32))

    def is_outside_support(self, target):
        """Whether a batch of targets, as they come, holds a value that none may have: scalar bool tensor, cheap."""
        return tf.constant(False)

    def is_condition_outside(self, condition):
        """Whether a condition, as it comes, holds a value that none may have: scalar bool tensor, cheap."""
        return tf.constant(False)

    def learn_from(self, x, counts=None, names=None, is_part=False):
        """Learn from the data of a training, before it begins, what is not learned by steps, such as a preprocessing.

        Args:
            x: array `(n, *event_shape)`.
            counts: array `(n, *leading event axes)`, False or 0 for elements that are hidden; or None.
            names: list of names of columns, for messages, or None.
            is_part: bool. Whether x is only the beginning of the data.

        Returns:
            bool. Whether something was learned.
        """
        return False

    @property
    def metrics(self):
        return [self.term_tracker]

    @property
    def metrics_names(self):
        """The terms in the order in which `evaluate` and `train_on_batch` give them."""
        return list(self.term_names)

    def fit(self, x=None, y=None, *args, **kwargs):
        """Train; all arguments as in `keras.Model.fit`.

        Every batch is looked at before it is trained on. The first one that does not fit the model stops the training,
        and so does a loss that is not finite; the weights are then those before that step.

        Args:
            x: array `(n, *event_shape)`, also a masked one, a frame or a tensor; `(x, condition)` or a dict of both for
                a model with a condition; or a stream of batches of x, `(x, y)` or `(x, y, sample_weight)`, in which
                `(x, condition)` may stand for x: `((x, condition),)` where there is nothing else. A stream is a
                `tf.data.Dataset`, a `keras.utils.PyDataset`, a PyTorch `DataLoader` or a generator.
            y: array `(n, *target_shape)` to reconstruct from x, or None to reconstruct x itself.
            *args, **kwargs: of note `sample_weight`, array `(n,)` of weights of examples, or `(n, *leading event axes)`
                of weights of elements: 0 hides a missing pixel or a padded step from the reconstruction loss, and from
                the encoder where x is its own target. `validation_data` is as x alone, or a tuple of x, y and weights.

        Returns:
            `keras.callbacks.History` with the mean terms in nats per example.

        Raises:
            ValueError: for data that does not fit the model, before the first step or at the first bad batch; for a
                loss that is not finite; for a stream without end or without a batch; for `class_weight`.
        """
        given = bound_arguments(keras.Model.fit, self, x, y, *args, **kwargs)
        feed, held_out = fit_feeds(self, given)
        given |= fit_arguments(self, feed, held_out, given)
        self._build_optimizer()
        counts = given["steps_per_epoch"], given["validation_steps"]
        n_batches = feed.n_batches(given["batch_size"])
        steps = self._steps_per_execution_for(
            "train_function", *counts, n_batches=n_batches, callbacks=given["callbacks"]
        )
        given["callbacks"] = StopWithoutLoss.before(given["callbacks"])
        with explained(self, feed, held_out), self._steps_per_call("train_function", steps, feed.kind):
            return super().fit(**given)

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """Mean terms over the data, in nats per example; the same data give the same numbers every time.

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
        is_cached = uses_cached_data(kwargs)  # Called by `fit`, which has checked the data and chosen the steps.
        feed = None
        if not is_cached:
            feed = make_feed(self, x, y, sample_weight, steps, "steps")
            x, y, sample_weight = feed[:3]
        function = "test_function"
        per_call = self.steps_per_execution
        if not is_cached:
            n_batches = feed.n_batches(batch_size)
            per_call = self._steps_per_execution_for(function, steps, n_batches=n_batches, callbacks=callbacks)
        kwargs |= {"sample_weight": sample_weight, "steps": steps, "callbacks": callbacks, "return_dict": True}
        with explained(self, feed), self._steps_per_call(function, per_call, () if feed is None else feed.kind):
            logs = super().evaluate(x, y, batch_size, verbose, **kwargs)
        check_counted(self, logs, feed)
        return logs if return_dict else [logs[name] for name in self.term_names]

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Mean reconstruction through the deterministic code; arguments as in `keras.Model.predict`.

        Returns:
            NumPy array, shape of the targets.

        Raises:
            ValueError: for data that does not fit the model.
        """
        self._check_built("predict")
        feed = make_input_feed(self, x, steps)
        function = "predict_function"
        n_batches = feed.n_batches(batch_size)
        per_call = self._steps_per_execution_for(function, steps, n_batches=n_batches, callbacks=callbacks)
        with explained(self, feed), self._steps_per_call(function, per_call, feed.kind):
            return super().predict(feed.x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks)

    # One batch at a time.

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """One step on one batch; arguments as in `fit`.

        Returns:
            list of the mean terms of the batch in the order of `term_names`, or a dict by name.

        Raises:
            ValueError: as `fit`.
        """
        check_no_classes(class_weight)
        return self._on_batch("train_function", super().train_on_batch, (x, y, sample_weight), return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """The mean terms of one batch, as `evaluate` gives them; arguments and returns as in `train_on_batch`."""
        return self._on_batch("test_function", super().test_on_batch, (x, y, sample_weight), return_dict)

    def predict_on_batch(self, x):
        """Mean reconstruction of one batch, array, as `predict` gives it."""
        self._check_built("predict")
        feed = make_input_feed(self, x)
        with self._steps_per_call("predict_function", 1, ("one batch",)):
            return super().predict_on_batch(as_tensors(feed.x))

    def _on_batch(self, function, method, data, return_dict):
        is_training = function == "train_function"
        feed = make_feed(self, *data, learns=is_training)
        if feed.watch is not None:
            raise ValueError(
                f"`x` must be one batch, an array. Received: {type(data[0]).__name__}, a stream of batches"
            )
        if is_training:
            self._build_optimizer()
        with explained(self, feed), self._steps_per_call(function, 1, ("one batch", *feed.kind)):
            logs = method(*as_tensors(feed[:3]), return_dict=True)
        return logs if return_dict else [logs[name] for name in self.term_names]

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
        with tf.GradientTape() as tape:
            batch = self.prepare(as_batch(data), training=True)
            terms = self.terms(batch, training=True)
            loss = batch_mean(terms["loss"], batch.weight)
            if self.losses:
                # Every replica holds the same weights: each adds its share of their penalty.
                penalty = tf.add_n(self.losses)
                loss += penalty / tf.distribute.get_strategy().num_replicas_in_sync
                terms["loss"] += penalty
            scaled = self.optimizer.scale_loss(loss)
        weights = self.trainable_weights
        if weights:  # A frozen model is looked at, as Keras does.
            gradients = tape.gradient(scaled, weights)
            with tf.control_dependencies([check_gradients(self, loss, gradients)]):
                self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
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
