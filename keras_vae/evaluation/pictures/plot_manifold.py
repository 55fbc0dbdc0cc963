"""What a model with two latent dimensions makes of the whole plane of codes."""

from collections.abc import Callable

import numpy as np

from keras_vae.evaluation.pictures.figure import is_image, new_figure, value_range_of
from keras_vae.evaluation.pictures.plot_grid import tiled


def plot_manifold(decode: Callable, steps: int = 20, value_range: tuple[float, float] | None = None):
    """Images decoded from a grid of codes that lie evenly under the standard normal prior.

    Every image stands for the same share of the prior: the codes are quantiles of it, at the middles of `steps` equal
    parts in either direction.

    Args:
        decode: Callable. Codes `(n, 2)` to images `(n, height, width, 1 or 3)`, such as `vae.decode`.
        steps: int >= 1. Images in either direction.
        value_range: pair of floats or None. Values shown as black and white; None takes it from the images.

    Returns:
        matplotlib Figure: z[0] runs to the right, z[1] upwards.

    Raises:
        ValueError: if `decode` gives no images.

    References:
        Kingma & Welling 2014, appendix A, figure 4. https://arxiv.org/abs/1312.6114
    """
    from scipy.special import ndtri

    values = ndtri((np.arange(steps) + 0.5) / steps)
    codes = np.stack(np.meshgrid(values, values[::-1]), axis=-1).reshape(-1, 2).astype(np.float32)
    decoded = np.asarray(decode(codes))
    if not is_image(decoded.shape[1:]):
        raise ValueError(
            f"`decode` must give images of 1 or 3 channels. Received: shape {decoded.shape} for {len(codes)} codes"
        )
    whole = tiled(list(decoded), steps, value_range or value_range_of(decoded), line=1.0)
    figure = new_figure(6.0, 6.0 * whole.shape[0] / whole.shape[1] + 0.4)
    ax = figure.subplots()
    ax.imshow(whole, vmin=0.0, vmax=1.0, interpolation="auto")
    places = np.unique(np.linspace(0, steps - 1, min(steps, 5)).round().astype(int))
    for set_ticks, side, order in ((ax.set_xticks, 1, values), (ax.set_yticks, 0, values[::-1])):
        set_ticks((places + 0.5) * (whole.shape[side] - 1) / steps, [f"{order[k]:.1f}" for k in places], fontsize=8)
    ax.set(xlabel="z[0]", ylabel="z[1]", title="decoded codes at the quantiles of the prior")
    ax.spines[:].set_visible(False)
    return figure
