"""A checksum of a model by which a file knows the one that made it."""

import hashlib
import json

import numpy as np

from keras_vae.tasks.compression.container.header import FINGERPRINT_BYTES

N_PROBES = 2
SEED = 1


def fingerprint(exact, bins):
    """Sixteen bytes of SHA-256 over the weights, the bins, and numbers that the model computes.

    These numbers are the distributions on the way of two made-up rows, to the last bit. So two models with the same
    weights that compute differently have two fingerprints, and so has a machine or a version of this library that does.

    Args:
        exact: model with exact arithmetic, as `exact.ExactModel`.
        bins: list of `LatentBins`.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps([exact.event_shape, exact.latent_dims, exact.levels]).encode())
    for weight in exact.arrays.values():
        digest.update(f"{weight.dtype.str[1:]}{weight.shape}".encode() + _little(weight))
    for layer in bins:
        digest.update(json.dumps([layer.bits, layer.spread]).encode() + _little(layer.mean) + _little(layer.scale))
    for content in _probed(exact, bins):
        digest.update(_little(content))
    return digest.digest()[:FINGERPRINT_BYTES]


def _little(content):
    return np.ascontiguousarray(content, content.dtype.newbyteorder("<")).tobytes()


def _probed(exact, bins):
    """The numbers of a way down with made-up rows."""
    raw = np.random.PCG64(SEED).random_raw(N_PROBES * int(np.prod(exact.event_shape)))
    x = (raw % np.uint64(exact.levels or 256)).astype(np.int64).reshape(N_PROBES, *exact.event_shape)
    evidence, way = exact.evidence(x), exact.way(N_PROBES)
    for layer, own in enumerate(bins):
        yield from way.prior(layer)
        mean, scale = way.posterior(layer, evidence)
        yield from (mean, scale)
        way.take(layer, mean)
        yield own.cdf(mean, scale)(np.full(mean.shape, own.levels // 2))
    known = []
    for group in exact.likelihood.groups(way.x_params()):
        known.append(group.take(x))
        yield group.given(known[:-1])(known[-1])
