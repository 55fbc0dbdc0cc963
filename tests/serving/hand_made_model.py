"""A SavedModel with all signatures of a served VAE whose answers can be worked out by hand."""

import keras
import numpy as np
import tensorflow as tf

EVENT_SHAPE, LATENT_DIM = (2, 3), 2
# x (2, 3) flattened to 6 numbers; every latent is a sum of three of them.
WEIGHTS = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 1]], "float32")


def z_mean(x):
    return np.asarray(x, "float32").reshape(-1, 6) @ WEIGHTS


def decoded(z):
    return (np.asarray(z, "float32") @ WEIGHTS.T / 3).reshape(-1, *EVENT_SHAPE)


def _decode(z):
    return tf.reshape(tf.matmul(z, WEIGHTS.T) / 3, (-1, *EVENT_SHAPE))


def _z_mean(x):
    return tf.matmul(tf.reshape(x, (-1, 6)), WEIGHTS)


def _reconstruct(x):
    return {"x": _decode(_z_mean(x))}


def _encode(x):
    z = _z_mean(x)
    return {"z_mean": z, "z_log_var": -z}


def _score(x):
    loss = tf.reduce_sum(tf.square(x - _decode(_z_mean(x))), axis=(1, 2))
    kl = 0.5 * tf.reduce_sum(tf.square(_z_mean(x)), axis=1)
    return {"elbo": -loss - kl, "reconstruction_loss": loss, "kl": kl}


def _noise(shape):
    return tf.raw_ops.RandomStandardNormal(shape=shape, dtype=tf.float32, seed=0, seed2=0)


def _with_code(z):
    return {"x": _decode(z), "z": z}


def _generate(n, temperature):
    return _with_code(_noise(tf.stack([n, LATENT_DIM])) * temperature)


def _generate_rows(temperature):
    return _with_code(_noise(tf.stack([tf.shape(temperature)[0], LATENT_DIM])) * temperature[:, None])


def _sample(n, seed):
    return _with_code(tf.random.stateless_normal(tf.stack([n, LATENT_DIM]), seed=seed))


def _sample_rows(seed):
    def one(s):
        return tf.random.stateless_normal([LATENT_DIM], seed=tf.stack([s, tf.zeros_like(s)]))

    return _with_code(tf.map_fn(one, seed, fn_output_signature=tf.float32))


def _sizes(image_bytes):
    return {"size": tf.strings.length(image_bytes)}


def _compare(x, y):
    return {"difference": x - tf.cast(y, tf.float64), "is_equal": tf.equal(tf.cast(x, tf.int64), y)}


def write(folder, without=()):
    """Write the SavedModel, without the signatures named."""
    spec = tf.TensorSpec
    x = spec((None, *EVENT_SHAPE), tf.float32, name="x")
    seeds = spec((None,), tf.int64, name="seed")
    n, one_seed = spec((), tf.int32, name="n"), spec((2,), tf.int64, name="seed")
    endpoints = {
        "serving_default": (_reconstruct, [x]),
        "encode": (_encode, [x]),
        "decode": (_decode_rows, [spec((None, LATENT_DIM), tf.float32, name="z")]),
        "score": (_score, [x]),
        "generate": (_generate, [n, spec((), tf.float32, name="temperature")]),
        "generate_rows": (_generate_rows, [spec((None,), tf.float32, name="temperature")]),
        "sample": (_sample, [n, one_seed]),
        "sample_rows": (_sample_rows, [seeds]),
        # Not of the contract: byte strings, as an export for images takes them, and other types of numbers.
        "sizes": (_sizes, [spec((None,), tf.string, name="image_bytes")]),
        "compare": (_compare, [spec((None,), tf.float64, name="x"), spec((None,), tf.int64, name="y")]),
    }
    archive = keras.export.ExportArchive()
    for name, (function, signature) in endpoints.items():
        if name not in without:
            archive.add_endpoint(name, function, signature)
    archive.write_out(str(folder), verbose=False)


def _decode_rows(z):
    return {"x": _decode(z)}
