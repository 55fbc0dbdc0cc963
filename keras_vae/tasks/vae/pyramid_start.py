"""The start of a ladder of photographs: averages and differences of neighbours, from which the networks go on."""

import math
from typing import NamedTuple

import numpy as np

from keras_vae.likelihoods.bounds import inverse_soft_floor
from keras_vae.likelihoods.discretized_logistic import HALF_RANGE
from keras_vae.networks.feature_maps import first_tap, map_sizes
from keras_vae.tasks.linear_columns import lowest_noise

# Likelihoods with a location and a scale per channel.
LIKELIHOODS = ("discretized_logistic_mixture", "discretized_logistic", "gaussian", "student_t")
# Values of pictures that the pyramid is learned from.
MAX_VALUES = 2**24
# Four pixels of a square, and what is kept of them: their average, and differences across, down and both. The four
# columns add and subtract to the pixels again.
PIXELS = ((0, 0), (0, 1), (1, 0), (1, 1))
SIGNS = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]], dtype=np.float64)
# Whole grey values are known to half a level: nothing is gained by a smaller noise.
HALF_A_LEVEL = 0.5 / HALF_RANGE
# The components of a mixture begin with other scales, up to this far in the logarithm: else they would stay the same.
SPREAD = 0.7
# Log variance of what the data say of a latent that no direction uses: next to nothing.
UNUSED_LOG_VAR = 3.0
# Parts are so many times larger in the features than in the data. A step of Adam moves a feature by about as much
# whatever it holds: without it, the first steps would lose the details, which are a few hundredths.
IN_FEATURES = 10.0


class Level(NamedTuple):
    """What one layer of latents stands for.

    Attributes:
        low: int. First of the parts that the latents stand for: the averages too (0), or the differences alone (1).
        mean: array `(values,)`. Of the parts of a square, all channels of one part after those of another.
        directions: array `(values, n)`. Orthonormal.
        loadings: array `(n,)`. Standard deviations along the directions, without the noise.
        noise: float. Variance of the noise of every part.
    """

    low: int
    mean: np.ndarray
    directions: np.ndarray
    loadings: np.ndarray
    noise: float


def pyramid_fits(event_shape, likelihood, n_layers, n_channels):
    """Whether a ladder of these sizes can hold a pyramid.

    Args:
        event_shape: tuple of ints.
        likelihood: str. Name.
        n_layers: int. Layers of latents.
        n_channels: int. The fewest that a stage has: the averages and differences of all colours need a place in each.
    """
    if len(event_shape) != 3 or likelihood not in LIKELIHOODS or n_channels < 4 * event_shape[-1]:
        return False
    # One pixel is not halved any more.
    return min(map_sizes(*event_shape[:2], n_layers)[-2]) > 1


def start_from_pyramid(model, x):
    """Set the weights of a ladder of `network="resnet"` to a linear model of pictures: a pyramid.

    Four neighbours become their average and three differences, and so do the averages, as often as there are layers.
    The latents of a layer are the principal components of the differences there (at the top, of the averages too), as
    many as it has channels; what these leave out, and the rounding to whole values, is the noise. Where no layer has
    more latents than components, the encoder holds the exact posterior, and the ELBO is the density of that Gaussian.

    Without it, the layers next to the data stay unused for as long as a training of minutes lasts, and pictures are
    blurred.

    Args:
        model: `LadderVAE` of networks "resnet", for which `pyramid_fits` says yes.
        x: array `(n, height, width, channels)`, as the encoder takes it (after the preprocessing).

    References:
        Haar 1910; Mallat 1989, section III (the pyramid). https://doi.org/10.1109/34.192463
        Chen et al. 2010, eq. 23 (the shrunk covariance). https://doi.org/10.1109/TSP.2010.2053029
        Tipping & Bishop 1999, eqs. 7 and 8 (principal components with a noise). https://doi.org/10.1111/1467-9868.00196
    """
    x = np.asarray(x)
    for layer in model.likelihood.input_layers(x.shape[1:]):
        x = layer(x)
    x = np.asarray(x, dtype=np.float64)
    n_channels, networks = x.shape[-1], model.decoder.networks[::-1]
    sizes = map_sizes(*x.shape[1:3], len(networks))
    dims = model.decoder.latent_dims[::-1]
    n_latents = [dim // math.prod(size) for dim, size in zip(dims, sizes[1:], strict=True)]
    levels = levels_of(x, n_latents, lowest_stddev(model.likelihood) ** 2)
    for i, (level, network) in enumerate(zip(levels, networks, strict=True)):
        squares = _Squares(sizes[i], n_channels)
        _quieten(model.encoder, network, i + 1, squares)
        _set_encoder(model.encoder, i + 1, level, squares)
        _set_latents(network, level, squares)
        if i:
            _set_step(network.get_layer("down"), squares)
        else:
            _set_output(network.get_layer("x_params"), squares, model.likelihood, 4.0 * level.noise)


def lowest_stddev(likelihood):
    """The smallest standard deviation of the noise that a start is to have, in units of the decoder's locations."""
    return HALF_A_LEVEL if hasattr(likelihood, "min_log_scale") else math.sqrt(lowest_noise(likelihood))


def split(x):
    """Averages and differences of squares of four pixels.

    Args:
        x: array `(n, height, width, channels)`. An odd side is made even by its last pixels.

    Returns:
        Array `(n, height / 2, width / 2, 4, channels)`: the averages first.
    """
    x = np.pad(x, ((0, 0), (0, x.shape[1] % 2), (0, x.shape[2] % 2), (0, 0)), mode="edge")
    return np.einsum("kp,pnhwc->nhwkc", SIGNS / 4.0, np.stack([x[:, i::2, j::2] for i, j in PIXELS]))


def levels_of(x, n_latents, lowest):
    """The `Level`s of pictures, the one next to the data first.

    Args:
        x: array `(n, height, width, channels)`.
        n_latents: list of ints. Most directions of every level.
        lowest: float. Smallest variance of the noise of a pixel.
    """
    found, left_out, n_left_out = [], 0.0, 0
    for i, n in enumerate(n_latents):
        parts = split(x)
        low, x = int(i < len(n_latents) - 1), parts[..., 0, :]
        values = parts[..., low:, :].reshape(-1, (4 - low) * x.shape[-1])
        variances, directions = np.linalg.eigh(_covariance(values))
        found.append((low, values.mean(axis=0), directions[:, ::-1][:, :n], variances[::-1][:n]))
        # A part of level i is the sum of 4^(i + 1) pixels, divided by as many.
        n_squares = math.prod(x.shape[1:3])
        left_out += variances[::-1][n:].sum() * 4 ** (i + 1) * n_squares
        n_left_out += max(0, len(variances) - n) * n_squares
    noise = max(left_out / max(1, n_left_out), lowest)
    return [_level(*level, noise / 4 ** (i + 1)) for i, level in enumerate(found)]


def _covariance(values):
    """Covariance of rows, shrunk to a multiple of the identity as far as they are few: the top has one per picture."""
    from sklearn.covariance import oas

    return oas(values)[0] if len(values) > 1 else np.zeros((values.shape[1], values.shape[1]))


def _level(low, mean, directions, variances, noise):
    # A direction within the noise is all but unused.
    return Level(low, mean, directions, np.sqrt(np.maximum(variances - noise, 0.01 * noise)), noise)


class _Squares:
    """Where the parts of a square stand in the kernels between a map and the next smaller one."""

    def __init__(self, size, n_channels):
        self.taps = [first_tap(n) for n in size]
        self.n_channels = n_channels
        # Channels of the smaller map that hold the parts; the others are left to the networks.
        self.n_parts = 4 * n_channels

    def places(self, outputs):
        """`(kernel position of a pixel, its channel among `outputs`, channel of a part, sign)` of all pairs."""
        for pixel, (i, j) in enumerate(PIXELS):
            position = (self.taps[0] + i, self.taps[1] + j)
            for part in range(4):
                for channel in range(self.n_channels):
                    for output in outputs[channel]:
                        yield (*position, output, part * self.n_channels + channel), SIGNS[part, pixel]

    def used(self, level):
        """Slice of the channels that a level stands for."""
        return slice(level.low * self.n_channels, self.n_parts)


def _quieten(encoder, network, number, squares):
    """What is random takes the parts as they are in the data."""
    parts, others = slice(0, squares.n_parts), slice(squares.n_parts, None)
    layers = [(encoder.get_layer(f"up_{number}_block_1_conv_1"), np.s_[:, :, parts])]
    layers.append((network.get_layer("down_block_1_conv_1"), np.s_[:, :, parts]))
    if number > 1:
        layers.append((encoder.get_layer(f"up_{number}"), np.s_[:, :, parts, others]))
        # The kernel of a transposed convolution has its outputs first.
        layers.append((network.get_layer("down"), np.s_[:, :, others, parts]))
    for layer, place in layers:
        kernel, bias = layer.get_weights()
        kernel[place] /= IN_FEATURES
        layer.set_weights([kernel, bias])


def _set_encoder(encoder, number, level, squares):
    step = encoder.get_layer(f"up_{number}")
    kernel, bias = step.get_weights()
    kernel[..., : squares.n_parts] = 0.0
    for place, sign in squares.places([[channel] for channel in range(squares.n_channels)]):
        kernel[place] = sign / 4.0 * (IN_FEATURES if number == 1 else 1.0)
    step.set_weights([kernel, bias])
    # What the data say of a latent has the variance noise / loading^2. Below the top it is joined with the prior by the
    # model; the top is the posterior itself.
    variance = level.noise / level.loadings**2
    share = 1.0 if level.low else 1.0 / (1.0 + variance)
    directions, n = level.directions / level.loadings * share, len(level.loadings)
    mean, log_var = (encoder.get_layer(f"z_{part}_{number}_map") for part in ("mean", "log_var"))
    kernel, bias = (np.zeros_like(w) for w in mean.get_weights())
    kernel[0, 0, squares.used(level), :n], bias[:n] = directions / IN_FEATURES, -level.mean @ directions
    mean.set_weights([kernel, bias])
    kernel, bias = (np.zeros_like(w) for w in log_var.get_weights())
    bias[:n], bias[n:] = np.log(variance * share), UNUSED_LOG_VAR if level.low else 0.0
    log_var.set_weights([kernel, bias])


def _set_latents(network, level, squares):
    layer, n = network.get_layer("from_z"), len(level.loadings)
    kernel, bias = layer.get_weights()
    kernel[0, 0, :n], kernel[0, 0, :, : squares.n_parts] = 0.0, 0.0
    kernel[0, 0, :n, squares.used(level)] = (level.directions * level.loadings).T * IN_FEATURES
    bias[squares.used(level)] = level.mean * IN_FEATURES
    layer.set_weights([kernel, bias])


def _set_step(layer, squares):
    """The averages of the larger map from all parts of the smaller one; its differences come from its own latents."""
    kernel, bias = layer.get_weights()
    kernel[:, :, : squares.n_parts] = 0.0
    for place, sign in squares.places([[channel] for channel in range(squares.n_channels)]):
        kernel[place] = sign
    layer.set_weights([kernel, bias])


def _set_output(layer, squares, likelihood, noise):
    kernel, bias = layer.get_weights()
    kernel[:], bias[:] = 0.0, 0.0
    locations, scales = _parameters(likelihood, squares.n_channels)
    for place, sign in squares.places(locations):
        kernel[place] = sign / IN_FEATURES
    spread = SPREAD * np.linspace(-1.0, 1.0, scales.shape[1]) if scales.shape[1] > 1 else 0.0
    bias[scales] = raw_scale(likelihood, math.sqrt(noise)) + spread
    layer.set_weights([kernel, bias])


def _parameters(likelihood, n_channels):
    """Which parameters of a pixel are its locations and its raw scales, each `(channels, components)`."""
    n_components = getattr(likelihood, "n_components", None)
    first = n_components or 0
    both = first + np.arange(2 * n_channels * (n_components or 1)).reshape(2, n_channels, -1)
    return both[0], both[1]


def raw_scale(likelihood, stddev):
    """The raw scale of the decoder that is a noise of this standard deviation."""
    if hasattr(likelihood, "min_log_scale"):
        # The variance of a logistic variable is pi^2 / 3 of its squared scale.
        return inverse_soft_floor(math.log(stddev * math.sqrt(3.0) / math.pi), likelihood.min_log_scale)
    log_var = 2.0 * math.log(stddev) - likelihood.log_variance_of_unit_scale()
    return inverse_soft_floor(log_var, likelihood.min_log_var)
