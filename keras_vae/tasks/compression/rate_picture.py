"""The picture of rate-distortion curves."""

from matplotlib.figure import Figure

COLORS = ("#1f4e9c", "#c2571a", "#3a7d44", "#8a4fa3", "#7a6a53", "#b8336a")
MARKERS = "osD^vP"


def plot_rate_distortion(curves):
    """Rate-distortion curves: how near images come back, over the bits that they take. Up and to the left is better.

    Args:
        curves: dict by name, the names of the lines, or lists of `RatePoint` as `LossyCompressor.rate_distortion` gives
            them. The first line is drawn strongest.

    Returns:
        matplotlib `Figure`, with a panel for the signal-to-noise ratio and one for the similarity.

    Raises:
        ValueError: without a curve, or for a curve without a point.

    Examples:
        >>> from keras_vae.tasks.compression import RatePoint, plot_rate_distortion
        >>> points = [RatePoint(16.0, 0.4, 25.1, 0.88), RatePoint(8.0, 0.9, 29.7, 0.94)]
        >>> len(plot_rate_distortion({"VAE": points}).axes)
        2
    """
    if not curves or not all(len(points) for points in curves.values()):
        raise ValueError("`curves` must hold at least one curve, and every curve a point")
    figure = Figure(figsize=(10.0, 4.2), layout="constrained")
    for axis, of_point, label in zip(
        figure.subplots(1, 2), ("psnr", "ssim"), ("PSNR, dB", "structural similarity"), strict=True
    ):
        for i, (name, points) in enumerate(curves.items()):
            points = sorted(points, key=lambda point: point.bits_per_pixel)
            axis.plot(
                [point.bits_per_pixel for point in points],
                [getattr(point, of_point) for point in points],
                color=COLORS[i % len(COLORS)],
                marker=MARKERS[i % len(MARKERS)],
                markersize=4,
                linewidth=1.2 if i else 2.4,
                zorder=2 if i else 3,
                label=name,
            )
        axis.set(xlabel="bits per pixel", ylabel=label, xscale="log")
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:g}"[-1] in "25" else "")
        axis.grid(True, which="both", color="#dddddd", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False, loc="lower right")
    return figure
