"""The models of the stand-in server: a SavedModel, loaded and run as TensorFlow Serving does."""

import tensorflow as tf


class Refusal(Exception):
    """An answer that is an error: the name of a gRPC status and a message."""

    def __init__(self, code, message):
        super().__init__(code, message)
        self.code, self.message = code, message


class Version:
    """One version of a model, loaded as TensorFlow Serving loads it: graph, session and signatures."""

    def __init__(self, folder):
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(self.session, ["serve"], str(folder))
        self.signature_defs = meta_graph.signature_def

    def signature(self, name):
        found = self.signature_defs.get(name or "serving_default")
        if found is None or found.method_name != "tensorflow/serving/predict":
            raise Refusal("FAILED_PRECONDITION", f"Serving signature key {name!r} not found.")
        return found

    def predict(self, name, inputs):
        signature = self.signature(name)
        if set(inputs) != set(signature.inputs):
            raise Refusal("INVALID_ARGUMENT", f"input size does not match signature: {set(inputs)}")
        feeds = {signature.inputs[key].name: value for key, value in inputs.items()}
        fetches = {key: info.name for key, info in signature.outputs.items()}
        try:
            return self.session.run(fetches, feeds)
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            raise Refusal("INVALID_ARGUMENT", str(error)[:500]) from None


def served(version):
    """The signatures that can be called: not the one that initialises the variables."""
    definitions = version.signature_defs.items()
    return {name: each for name, each in definitions if each.method_name == "tensorflow/serving/predict"}
