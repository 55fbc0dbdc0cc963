"""A linear model of columns in the parameters of their likelihood: the last step of a start from factors."""

from typing import NamedTuple

import keras
import numpy as np

from keras_vae.likelihoods.bounds import inverse_soft_floor

# Shares of classes and of yes that a start assumes at the least: a class may be missing in some training rows.
MIN_SHARE = 1e-3


def linear_columns(likelihood):
    """How a likelihood of columns is started from a linear model of them.

    Args:
        likelihood: `Gaussian`, `StudentT` or `Mixed`.

    Returns:
        Object with `encoded(x)`, the columns that are modelled with NaN for holes, `(n, width)` float64; `floor`, the
        smallest variance of noise of a real column; `least_noise(encoded)`, what the noise of each column is at the
        least; and `decoder_weights(mean, loadings, noise)`, kernel and bias of the decoder.
    """
    return MixedColumns.of(likelihood) if likelihood.values == "mixed" else RealColumns(likelihood)


def lowest_noise(likelihood):
    """The smallest variance that a likelihood can give an element, and a little more."""
    return float(np.exp(likelihood.min_log_var + likelihood.log_variance_of_unit_scale() + 0.1))


class RealColumns(NamedTuple):
    """Columns of real numbers under one likelihood."""

    likelihood: object

    @property
    def floor(self):
        return lowest_noise(self.likelihood)

    def encoded(self, x):
        return np.asarray(x, np.float64)

    def least_noise(self, encoded):
        return 0.0

    def decoder_weights(self, mean, loadings, noise):
        log_noise = np.log(noise) - self.likelihood.log_variance_of_unit_scale()
        raw = inverse_soft_floor(log_noise, self.likelihood.min_log_var)
        return [np.concatenate([loadings.T, np.zeros_like(loadings.T)], axis=1), np.concatenate([mean, raw])]


class MixedColumns(NamedTuple):
    """Columns of several kinds, as the encoder sees them.

    Attributes:
        likelihood: `Mixed`.
        entrance: the layer in front of the encoder, `EncodedColumns`.
    """

    likelihood: object
    entrance: object

    @classmethod
    def of(cls, likelihood):
        entrance, *_ = likelihood.input_layers((len(likelihood.columns),))
        return cls(likelihood, entrance)

    @property
    def floor(self):
        return max([lowest_noise(part) for part in self.likelihood.parts if part.values == "real"], default=1e-4)

    def encoded(self, x):
        x = np.asarray(x, np.float32)
        encoded = np.array(keras.ops.convert_to_numpy(self.entrance(x)), np.float64)
        for j, places in enumerate(self.entrance.places):
            encoded[np.ix_(np.isnan(x[:, j]), places)] = np.nan
        return encoded[:, : self.entrance.width]

    def least_noise(self, encoded):
        # To first order a yes or no, or a class, stays as uncertain as it is by itself: factors never know it
        # exactly, even where it is a linear map of them.
        least = np.zeros(self.entrance.width)
        for part, columns in self.likelihood.groups_of_columns():
            places = np.concatenate([self.entrance.places[j] for j in columns])
            least[places] = 0.0 if part.values == "real" else encoded[:, places].var(axis=0)
        return least

    def decoder_weights(self, mean, loadings, noise):
        kernels, biases = [], []
        for part, columns in self.likelihood.groups_of_columns():
            places = np.concatenate([self.entrance.places[j] for j in columns])
            kernel, bias = _STARTS[part.values](part, mean[places], loadings[places].T, noise[places])
            kernels.append(kernel)
            biases.append(bias)
        return [np.concatenate(kernels, axis=1), np.concatenate(biases)]


def _real(part, mean, loadings, noise):
    return RealColumns(part).decoder_weights(mean, loadings.T, noise)


def _binary(part, mean, loadings, noise):
    # The encoder sees -1 and 1. To first order a share changes by p (1 - p) times the change of its logit.
    share = np.clip(0.5 * (mean + 1.0), MIN_SHARE, 1.0 - MIN_SHARE)
    return [0.5 * loadings / (share * (1.0 - share)), np.log(share) - np.log1p(-share)]


def _classes(part, mean, loadings, noise):
    # The same for the logarithms of shares, which are logits.
    share = np.clip(mean, MIN_SHARE, 1.0)
    return [loadings / share, np.log(share)]


def _counts(part, mean, loadings, noise):
    # The mean of log(1 + x) stands for the logarithm of the mean; a total count of one is a spread as wide as the mean.
    log_mean = np.log(np.maximum(np.expm1(mean), MIN_SHARE))
    return [
        np.concatenate([loadings, np.zeros_like(loadings)], axis=1),
        np.concatenate([log_mean, np.zeros_like(mean)]),
    ]


_STARTS = {"real": _real, "binary": _binary, "tokens": _classes, "counts": _counts}
