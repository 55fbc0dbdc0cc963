"""How a model is compiled: its optimizer, the steps that one call makes, and the graphs of these calls."""

import contextlib
import math

import keras

from keras_vae._checks import check_int
from keras_vae.optimizers import Adam
from keras_vae.training.saved_state import SavedState

# Steps that one call of the compiled training function makes. In a noisy trial at batch 128 a dense model went at 0.9
# of the speed of a bare loop with one step per call, at 1.2 with eight: calls from Python are what is saved.
STEPS_PER_EXECUTION = 8
# The graph of a loop takes a quarter of a second longer to make than that of a step: so few steps save too few calls. A
# training makes its steps in every epoch, the others once.
FEW_STEPS = {"train_function": 2, "test_function": 32, "predict_function": 32}
# What Keras asks a callback at every batch, by the function that it is about.
BATCH_HOOKS = {
    "train_function": ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end"),
    "test_function": ("on_test_batch_begin", "on_test_batch_end"),
    "predict_function": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CompiledModel(SavedState):
    """A Keras model with a loss of its own, compiled for as many steps per call as nobody looks in between.

    The next class gives `loss_hint`, what the loss adds to the likelihood, in words.
    """

    loss_hint = "and nothing else"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._compile_arguments = {"steps_per_execution": 1}
        self._graphs_of_steps = {}

    def compile(
        self,
        optimizer="adam",
        loss=None,
        *,
        steps_per_execution="auto",
        run_eagerly=False,
        jit_compile="auto",
        **kwargs: bool,
    ):
        """Choose the optimizer; the loss is the model's own.

        Args:
            optimizer: name or `keras.optimizers.Optimizer`. "adam" is `keras_vae.optimizers.Adam`, the same numbers in
                one fused kernel per weight.
            loss: None. Here only to be refused with the reason.
            steps_per_execution: int or "auto". Training steps per call of the compiled function; callbacks see a batch
                only at the end of a call. "auto" is 8; 1 for epochs of one or two steps and looks of up to 32, where a
                callback looks at batches, eagerly, and on replicas.
            run_eagerly: bool. Run the steps in Python, for debugging.
            jit_compile: bool or "auto". Compile the steps with XLA; "auto" leaves it off on a CPU, where it may slow.
            **kwargs: `auto_scale_loss` as in Keras.

        Raises:
            ValueError: for `loss`, `metrics` and the like.
            TypeError: for an unknown argument.
        """
        others = ("loss_weights", "metrics", "weighted_metrics")
        self._refuse({"loss": loss, **{name: kwargs.pop(name, None) for name in others}})
        if steps_per_execution != "auto":
            check_int("steps_per_execution", steps_per_execution, 1)
        self._compile_arguments = {
            "steps_per_execution": steps_per_execution,
            "run_eagerly": run_eagerly,
            "jit_compile": jit_compile,
            **kwargs,
        }
        self._graphs_of_steps.clear()
        super().compile(
            optimizer=Adam() if optimizer in ("adam", "Adam") else optimizer,
            steps_per_execution=1 if steps_per_execution == "auto" else steps_per_execution,
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

    def _steps_per_execution_for(self, function, *step_counts, n_batches=None, callbacks=None):
        """Steps per call: a divisor of every number of steps that is given (not None), as Keras would run past it.

        The first number is that of `function`; `n_batches` stands for it where the data end by themselves.
        """
        chosen = self._compile_arguments["steps_per_execution"]
        if chosen != "auto":
            return chosen
        # Keras's loop over steps breaks off on several replicas ("You must feed a value for placeholder").
        if self._compile_arguments["run_eagerly"] or self.distribute_strategy.num_replicas_in_sync > 1:
            return 1
        if any(looks_at_batches(callback, function) for callback in _flat(callbacks)):
            return 1
        n_steps = n_batches if step_counts[0] is None else step_counts[0]
        if n_steps is not None and n_steps <= FEW_STEPS[function]:
            return 1
        common = math.gcd(*(int(n) for n in step_counts if n is not None))
        return max(n for n in range(1, STEPS_PER_EXECUTION + 1) if common % n == 0)

    @contextlib.contextmanager
    def _steps_per_call(self, function, steps, kind=()):
        """In the block Keras makes so many steps per call of `function`, with a graph for each kind of data.

        One graph for all would be traced for shapes of any rank once two kinds have come, and fail. Afterwards all is
        as it was: a callback may evaluate or predict in the middle of `fit`.
        """
        key = function, steps, kind, tuple(id(variable) for variable in self.trainable_variables)
        before = self.steps_per_execution, getattr(self, function)
        setattr(self, function, self._graphs_of_steps.get(key))
        self.steps_per_execution = steps
        try:
            yield
        finally:
            self._graphs_of_steps[key] = getattr(self, function)
            self.steps_per_execution = before[0]
            setattr(self, function, before[1])

    def forget_graphs(self):
        """Let the next step be traced anew: something that it had taken for a constant has changed."""
        self._graphs_of_steps.clear()
        self.train_function = self.test_function = self.predict_function = None

    def get_compile_config(self):
        if not self.compiled:
            return {}
        return {"optimizer": keras.saving.serialize_keras_object(self.optimizer), **self._compile_arguments}

    def compile_from_config(self, config):
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"])
        self.compile(**{**config, "optimizer": optimizer})
        if self.built:
            self.optimizer.build(self.trainable_variables)


def looks_at_batches(callback, function):
    """Whether a callback wants to be asked at every batch, not only at the end of a call of several.

    Args:
        callback: `keras.callbacks.Callback`. It says so itself by an attribute `looks_at_batches`; else any own hook of
            a batch counts, but for those that Keras's callbacks need for a saving by batches alone.
        function: "train_function", "test_function" or "predict_function".
    """
    if hasattr(callback, "looks_at_batches"):
        return callback.looks_at_batches
    hooks = [getattr(callback, name) for name in BATCH_HOOKS[function]]
    if any(not getattr(hook, "__module__", "").startswith("keras.") for hook in hooks):
        return True
    if isinstance(callback, (keras.callbacks.TerminateOnNaN, keras.callbacks.ProgbarLogger)):
        return False
    if isinstance(callback, (keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore)):
        return callback.save_freq != "epoch"
    if isinstance(callback, keras.callbacks.TensorBoard):
        return callback.update_freq != "epoch"
    base = keras.callbacks.Callback
    # A LambdaCallback has its hooks as attributes of the object.
    return any(
        getattr(getattr(callback, name), "__func__", None) is not getattr(base, name) for name in BATCH_HOOKS[function]
    )


def _flat(callbacks):
    """Callbacks as Keras takes them, one, a list or a `CallbackList`, as a list."""
    callbacks = getattr(callbacks, "callbacks", callbacks)
    return callbacks if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
