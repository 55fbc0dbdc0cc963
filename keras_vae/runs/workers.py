"""The workers that train one run together: which of them this process is, and what they must agree on."""

import contextlib
import dataclasses
import json
import os
import signal
import threading
import zlib

import tensorflow as tf

# What collective operations raise when a worker is gone, by how far they had come.
GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


@dataclasses.dataclass(frozen=True)
class Worker:
    """One of the processes that train a run.

    Args:
        index: int. Number of this process; 0 is the chief, the only one that writes.
        n_workers: int. How many there are.
    """

    index: int = 0
    n_workers: int = 1

    @property
    def is_chief(self):
        """Whether this process writes the run folder."""
        return self.index == 0

    @contextlib.contextmanager
    def strategy(self):
        """The `tf.distribute` strategy of all workers for the block; the default one if this process is alone.

        It waits until all workers have come; Ctrl-C ends that. TensorFlow must not have computed anything in this
        process before.

        Raises:
            ConnectionError: inside the block, when another worker is gone.
        """
        if self.n_workers == 1:
            yield tf.distribute.get_strategy()
            return
        try:
            with _ended_by_signals():
                strategy = tf.distribute.MultiWorkerMirroredStrategy()
            yield strategy
        except GONE as error:
            raise ConnectionError(
                f"worker {self.index} of {self.n_workers} has lost another one ({type(error).__name__}): start all "
                "workers again with --resume"
            ) from error


@contextlib.contextmanager
def _ended_by_signals():
    """Let Ctrl-C end the process while the block waits in native code, and SIGTERM end it afterwards.

    TensorFlow takes SIGTERM for the warning of a scheduler and goes on; a run is safe to be ended at any moment.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Signals are none of its business.
        return
    interrupt, terminate = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, interrupt)
        signal.signal(signal.SIGTERM, terminate)


def this_worker():
    """The `Worker` that the environment variable TF_CONFIG makes of this process; a lone one without it.

    Raises:
        ValueError: if TF_CONFIG does not describe a cluster of workers with this process in it.

    References:
        https://www.tensorflow.org/api_docs/python/tf/distribute/cluster_resolver/TFConfigClusterResolver
    """
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text or "{}")
        cluster = config.get("cluster") or {}
        task = config.get("task") or {}
        sizes = {job: len(addresses) for job, addresses in cluster.items()}
        job, index = task.get("type", "worker"), int(task.get("index", 0))
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"`TF_CONFIG` must be JSON with a cluster and a task. Received: TF_CONFIG={text!r}") from None
    if not sizes:
        return Worker()
    if set(sizes) - {"chief", "worker"} or sizes.get("chief", 1) != 1:
        raise ValueError(f"`TF_CONFIG` must name workers, and at most one chief, only. Received: cluster={cluster}")
    if not 0 <= index < sizes.get(job, 0):
        raise ValueError(f"`TF_CONFIG` must name a task of its cluster. Received: task={task}, cluster={cluster}")
    n_chiefs = sizes.get("chief", 0)
    return Worker(index if job == "chief" else n_chiefs + index, sum(sizes.values()))


def check_agreement(worker, **seen):
    """Check that every worker sees the same as the chief does; to be called inside the scope by all of them.

    Args:
        worker: `Worker`.
        **seen: values that JSON can hold.

    Raises:
        ValueError: naming what differs: the workers do not share the run folder or were not started alike.
    """
    if worker.n_workers == 1:
        return
    own = [zlib.crc32(json.dumps(value, sort_keys=True).encode()) for value in seen.values()]
    # A variable of the strategy begins everywhere with the value of the chief.
    chiefs = tf.Variable(tf.constant(own, tf.int64), trainable=False).numpy().tolist()
    different = [name for name, mine, wanted in zip(seen, own, chiefs, strict=True) if mine != wanted]
    if different:
        raise ValueError(
            f"every worker must be started alike and share the run folder. Received: worker {worker.index} has "
            f"another {' and '.join(different)} than the chief: {', '.join(f'{n}={seen[n]!r}' for n in different)}"
        )
