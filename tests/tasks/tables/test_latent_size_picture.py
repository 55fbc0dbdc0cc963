"""The picture of a choice of the latent size: what stands where."""

import numpy as np
import pytest

from keras_vae.tasks.tables import LatentSizes, plot_latent_sizes


@pytest.fixture
def sizes():
    return LatentSizes(
        (1, 2, 4, 8),
        (-30.0, -21.1, -21.0, -21.2),
        (0.5, 0.4, 0.4, 0.4),
        (-9.0, -0.1, 0.0, -0.2),
        (0.6, 0.15, 0.0, 0.1),
        4,
        2,
        360,
        100,
        "standardised values",
    )


def test_every_size_is_on_the_left_and_those_near_the_best_are_on_the_right(sizes):
    left, right = plot_latent_sizes(sizes).axes
    np.testing.assert_allclose(left.lines[0].get_xydata(), list(zip(sizes.sizes, sizes.bounds, strict=True)))
    # The neighbours of the chosen size are always there: by how much the smaller one was worse is what one looks for.
    assert right.lines[0].get_xdata().tolist() == [1, 2, 4, 8]


def test_sizes_far_below_the_best_do_not_flatten_the_right_panel(sizes):
    far = sizes._replace(chosen=8, difference_errors=(0.6, 0.15, 0.0, 0.01), differences=(-9.0, -8.0, 0.0, 0.0))
    _, right = plot_latent_sizes(far).axes
    assert right.lines[0].get_xdata().tolist() == [4, 8]


def test_the_axes_name_their_units_and_the_choice_is_said(sizes):
    figure = sizes.plot()
    left, right = figure.axes
    assert left.get_ylabel() == "bound, nats per row"
    assert figure.get_supxlabel() == "nats of standardised values"
    assert right.get_ylabel() == "difference to the best size, nats per row"
    assert "360 held-out rows" in left.get_title()
    assert right.get_title() == "2 is as good as the best, 4; less is worse"
    assert sizes._replace(best=2).plot().axes[1].get_title() == "2 is the best size; less is worse"
    assert [tick.get_text() for tick in left.get_xticklabels()] == ["1", "2", "4", "8"]


def test_labels_of_close_sizes_leave_room_for_that_of_the_chosen_one():
    numbers = (0.0,) * 7
    sizes = LatentSizes((1, 2, 8, 9, 10, 11, 30), numbers, numbers, numbers, numbers, 10, 10, 90, 100)
    labels = [tick.get_text() for tick in sizes.plot().axes[0].get_xticklabels()]
    assert labels == ["1", "2", "8", "", "10", "", "30"]


def test_one_size_and_a_bound_that_is_not_finite_are_drawn(sizes, tmp_path):
    nan = float("nan")
    one = LatentSizes((1, 3), (nan, -2.0), (nan, 0.1), (nan, 0.0), (nan, 0.0), 3, 3, 10, 5)
    one.plot().savefig(tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 0
