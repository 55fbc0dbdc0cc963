"""Warm-up requests: TensorFlow Serving replays them before a version takes traffic, and so does the export."""

import itertools
import pathlib
import warnings

import numpy as np
import tensorflow as tf

from keras_vae.serving.client.protos import PredictionLog, to_array, to_tensor_proto
from keras_vae.serving.graph_checks import has_rows
from keras_vae.serving.saved_model import load_saved_model

# Batch sizes sent to every signature with rows: the sizes of a single request and of a server that batches.
BATCH_SIZES = (1, 64)

# Of TensorFlow, for noise without a seed after `tf.config.experimental.enable_op_determinism()`.
FRESH_NOISE_REFUSED = "When determinism is enabled, random ops must have a seed"

WARMUP_FILE = pathlib.Path("assets.extra") / "tf_serving_warmup_requests"


def warmup_inputs(saved_model):
    """Inputs that exercise every signature.

    Args:
        saved_model: `SavedModel`.

    Yields:
        `(signature, dict of arrays)`.
    """
    for signature in sorted(saved_model.signatures):
        specs = saved_model.input_specs(signature)
        sizes = BATCH_SIZES if all(map(has_rows, specs.values())) else (1,)
        for size in sizes:
            yield signature, {name: _example(saved_model, signature, name, spec, size) for name, spec in specs.items()}


def example_string(saved_model, signature):
    """A string that a signature can read: the file of a small picture where its graph decodes something, else a word.

    Args:
        saved_model: `SavedModel`.
        signature: str.

    Returns:
        bytes.
    """
    graph = saved_model.signatures[signature].graph.as_graph_def()
    nodes = itertools.chain(graph.node, *(function.node_def for function in graph.library.function))
    # Not a picture to a model of texts, which may take short ones alone.
    if any(node.op.startswith("Decode") for node in nodes):
        return tf.io.encode_png(tf.zeros((8, 8, 1), tf.uint8)).numpy()
    return b"a"


def _example(saved_model, signature, name, spec, size):
    shape = [size if n is None else n for n in spec.shape]
    if spec.dtype == tf.string:
        return np.full(shape, example_string(saved_model, signature), object)
    # A number such as n would leave the decoder cold at 0; a temperature of 0 would hide a failure of the noise.
    value = 1 if not shape or name == "temperature" else 0
    return np.full(shape, value, spec.dtype.as_numpy_dtype)


def add_warmup(folder, model_name):
    """Write the warm-up file of a version, and send every request in it to that version, as the server will.

    Args:
        folder: str or path. The version.
        model_name: str. Name of the model on the server.

    Returns:
        int, number of requests.

    Raises:
        ValueError: if a request fails or an output is not finite: such a version would not come up.
    """
    saved_model = load_saved_model(folder)
    file = pathlib.Path(folder) / WARMUP_FILE
    file.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for signature, inputs in warmup_inputs(saved_model):
            writer.write(_log_of(model_name, signature, inputs).SerializeToString())
    return replay(saved_model, file)


def _log_of(model_name, signature, inputs):
    log = PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = model_name
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        request.inputs[name].CopyFrom(to_tensor_proto(value))
    return log


def replay(saved_model, file):
    """Send every request of a warm-up file to a model.

    Args:
        saved_model: `SavedModel`.
        file: str or path.

    Returns:
        int, number of requests.

    Raises:
        ValueError: if a request fails or an output is not finite.
    """
    n_requests, untried = 0, set()
    for record in tf.data.TFRecordDataset(str(file)):
        request = PredictionLog.FromString(record.numpy()).predict_log.request
        signature = request.model_spec.signature_name
        inputs = {name: to_array(proto) for name, proto in request.inputs.items()}
        try:
            outputs = saved_model.call(signature, **inputs)
        except (tf.errors.OpError, ValueError) as error:
            if FRESH_NOISE_REFUSED in str(error):
                untried.add(signature)
                continue
            raise ValueError(f"warm-up request of signature {signature!r} fails: {error}") from error
        for name, value in outputs.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                raise ValueError(f"warm-up request of signature {signature!r} gives a {name} that is not finite")
        n_requests += 1
    if untried:
        warnings.warn(
            f"Signatures {', '.join(sorted(untried))} were not tried out: they draw fresh noise, which this process "
            "refuses after `enable_op_determinism`. A server does not. To try them, export in a new process.",
            stacklevel=4,
        )
    return n_requests
