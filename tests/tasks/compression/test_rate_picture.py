import matplotlib.figure
import pytest

from keras_vae.tasks.compression import RatePoint, plot_rate_distortion

CURVES = {
    "VAE": [RatePoint(4.0, 1.5, 36.0, 0.97), RatePoint(16.0, 0.4, 27.0, 0.9)],
    "JPEG": [RatePoint(0.0, 0.5, 25.0, 0.85), RatePoint(0.0, 2.0, 35.0, 0.96)],
}


def test_there_is_a_panel_for_each_measure_with_every_curve_in_order():
    figure = plot_rate_distortion(CURVES)
    assert isinstance(figure, matplotlib.figure.Figure)
    first, second = figure.axes
    assert [line.get_label() for line in first.lines] == ["VAE", "JPEG"]
    assert list(first.lines[0].get_xdata()) == [0.4, 1.5]
    assert list(first.lines[0].get_ydata()) == [27.0, 36.0]
    assert list(second.lines[1].get_ydata()) == [0.85, 0.96]


@pytest.mark.parametrize("curves", [{}, {"VAE": []}])
def test_nothing_to_draw_is_refused(curves):
    with pytest.raises(ValueError, match="`curves` must hold at least one curve, and every curve a point"):
        plot_rate_distortion(curves)
