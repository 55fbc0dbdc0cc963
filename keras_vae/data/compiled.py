"""A function of one tensor as a compiled program that Python calls from any thread."""

import tensorflow as tf


class Compiled:
    """A traceable function, called with a value and answering with an array.

    A `tf.function` would not do inside `tf.data`: it waits for a thread of the pool whose threads all may be waiting
    for it. The session here works on the thread that calls it.

    Args:
        function: Callable. Tensor to Tensor, traceable.
        dtype, shape: of its argument.
    """

    def __init__(self, function, dtype, shape):
        # Traced as a `tf.function`, so that it is the graph that an export holds.
        traced = tf.function(function, autograph=False).get_concrete_function(tf.TensorSpec(shape, dtype))
        with tf.Graph().as_default() as graph, tf.device("CPU:0"):
            ends = [traced.inputs[0].name, traced.outputs[0].name]
            self._argument, self._result = tf.graph_util.import_graph_def(
                traced.graph.as_graph_def(), return_elements=ends, name=""
            )
        config = tf.compat.v1.ConfigProto(
            device_count={"GPU": 0}, use_per_session_threads=True, intra_op_parallelism_threads=1
        )
        self._session = tf.compat.v1.Session(graph=graph, config=config)

    def __call__(self, value):
        """The function of a value, an array.

        Raises:
            tf.errors.OpError: of the kind that its operations raise.
        """
        # A pool of number -1 is the thread that calls.
        options = tf.compat.v1.RunOptions(inter_op_thread_pool=-1)
        return self._session.run(self._result, {self._argument: value}, options=options)
