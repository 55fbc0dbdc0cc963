import sys

import numpy as np
import pytest

from keras_vae.evaluation.disentanglement.plot_factor_matrix import plot_factor_matrix


def test_the_matrix_shows_every_entry_and_frames_the_largest_of_a_row(tmp_path):
    matrix = np.array([[0.1, 0.7, -0.001], [0.25, 0.0, 0.2]])
    figure = plot_factor_matrix(matrix, ["scale", "angle"], title="information")
    ax = figure.axes[0]
    np.testing.assert_array_equal(ax.images[0].get_array(), matrix)
    assert ax.images[0].get_clim() == (0.0, 0.7)
    assert [text.get_text() for text in ax.texts] == ["0.10", "0.70", "0.00", "0.25", "0.00", "0.20"]
    assert [text.get_position() for text in ax.texts[:2]] == [(0, 0), (1, 0)]
    assert [patch.get_xy() for patch in ax.patches] == [(0.5, -0.5), (-0.5, 0.5)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["scale", "angle"]
    assert ax.get_title() == "information"
    figure.savefig(tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").read_bytes().startswith(b"\x89PNG")


def test_factors_without_names_are_numbered():
    labels = plot_factor_matrix(np.zeros((2, 2))).axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == ["factor 0", "factor 1"]


@pytest.mark.parametrize("matrix", [np.zeros(3), np.zeros((0, 2)), [[np.nan, 1.0]]])
def test_a_picture_of_no_matrix_is_refused(matrix):
    with pytest.raises(ValueError, match="`matrix` must be finite numbers"):
        plot_factor_matrix(matrix)


def test_names_must_be_as_many_as_factors():
    with pytest.raises(ValueError, match="`factor_names` must hold 2 names"):
        plot_factor_matrix(np.zeros((2, 2)), ["scale"])


def test_a_picture_leaves_pyplot_alone():
    plot_factor_matrix(np.eye(2))
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []
