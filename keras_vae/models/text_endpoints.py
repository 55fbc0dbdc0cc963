"""What models of texts serve: strings in and strings out, with the tokenizer inside the graph."""

import math

import tensorflow as tf

from keras_vae._token_ids import PADDING_ID
from keras_vae.models.endpoint import Endpoint
from keras_vae.training.batch import Batch


def text_endpoints(model):
    """The endpoints of a `SequenceVAE` by name; draws of its prior come on top when it is exported.

    Texts are strings; token ids, int32 and padded, for a tokenizer that cannot stand in a graph.
    """

    def prepared(x):
        return model.prepare(Batch(_ids(model, x)))

    def encode(x):
        z_mean, z_log_var = model.posterior(prepared(x))
        return {"z_mean": z_mean, "z_log_var": z_log_var}

    def reconstruct(x):
        batch = prepared(x)
        return {"x": _texts(model, model.written(model.code(model.infer(batch))))}

    def score(x):
        terms = model.elbo_terms(prepared(x), z="mean")
        return {"elbo": terms["elbo"], "reconstruction_loss": terms["reconstruction_loss"], "kl": terms["kl_loss"]}

    of_text = {"serving_default": reconstruct, "reconstruct": reconstruct, "encode": encode, "score": score}
    code = (tf.TensorSpec((None, model.latent_dim), tf.float32, name="z"),)
    decode = Endpoint(lambda z: {"x": _texts(model, model.written(z))}, code, resources=model.tokenizer.resources)
    return {**{name: _of_text(model, function) for name, function in of_text.items()}, "decode": decode}


def language_endpoints(model):
    """The endpoints of a `LanguageModel` by name: `score` gives log p(x), exact."""

    def score(x):
        batch = model.prepare(Batch(_ids(model, x)))
        return {"log_prob": model.log_prob_of(batch)}

    endpoint = _of_text(model, score)
    return {"serving_default": endpoint, "score": endpoint}


def drawn_texts(model, z, seeds, temperature=1.0):
    """Texts whose words are drawn from p(x|z), for codes z and seeds int64 `(n, 2)` of the rows."""
    return {"x": _texts(model, model.written(z, "sample", seeds=seeds, temperature=temperature))}


def _of_text(model, function):
    spec = tf.TensorSpec((None,), tf.string, name="x")
    if not model.tokenizer.resources:
        spec = tf.TensorSpec((None, None), tf.int32, name="x")
        function = _of_known_ids(function, model.tokenizer.n_tokens)
    return Endpoint(function, (spec,), resources=model.tokenizer.resources)


def _of_known_ids(function, n_tokens):
    """The function, which answers with NaN, or -1 for ids, in a row with an id that is none of the vocabulary."""

    def of_ids(x):
        is_known = tf.reduce_all((x >= 0) & (x < n_tokens), axis=1)
        outputs = function(tf.where(is_known[:, None], x, PADDING_ID))
        return {name: _or_nothing(is_known, value) for name, value in outputs.items()}

    return of_ids


def _or_nothing(is_known, value):
    nothing = math.nan if value.dtype.is_floating else -1
    is_known = tf.reshape(is_known, [-1] + [1] * (value.shape.rank - 1))
    return tf.where(is_known, value, tf.cast(nothing, value.dtype))


def _ids(model, x):
    ids = model.tokenizer.graph_rows(x) if model.tokenizer.resources else x
    # No text at all is one of no steps, over which no loop goes.
    return tf.pad(ids, [[0, 0], [0, tf.cast(tf.shape(ids)[1] == 0, tf.int32)]])


def _texts(model, ids):
    return model.tokenizer.graph_texts(ids) if model.tokenizer.resources else ids
