import sys

import keras
import numpy as np
import pytest

from keras_vae.evaluation.plots import (
    plot_grid,
    plot_history,
    plot_kl_per_dim,
    plot_latent_map,
    plot_reconstructions,
    plot_traversals,
    value_range_of,
)

EVENT_SHAPES = {"grey": (8, 7, 1), "colour": (8, 7, 3), "vector": (5,), "sequence": (6, 2), "tokens": (6, 2, 4)}
every_kind = pytest.mark.parametrize("kind", EVENT_SHAPES)


def examples(kind, n, rng):
    return rng.uniform(size=(n, *EVENT_SHAPES[kind]))


def assert_png(figure, folder):
    path = folder / "figure.png"
    figure.savefig(path)
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) > 1000  # An empty canvas of this size is smaller.


def drawn(axes):
    """What an axes holds: pictures, lines, bars."""
    return len(axes.images), len(axes.lines), len(axes.patches)


@every_kind
def test_a_grid_shows_every_example_in_its_own_way(kind, rng, tmp_path):
    figure = plot_grid(examples(kind, 5, rng), n_cols=3, title="five")
    assert len(figure.axes) == 6
    expected = {"grey": (1, 0, 0), "colour": (1, 0, 0), "vector": (0, 0, 5), "sequence": (0, 2, 0), "tokens": (0, 8, 0)}
    assert [drawn(ax) for ax in figure.axes[:5]] == [expected[kind]] * 5
    assert not figure.axes[5].axison  # The cell that is left over is empty.
    assert figure.get_suptitle() == "five"
    assert_png(figure, tmp_path)


def test_pictures_keep_their_orientation_and_values():
    picture = np.array([[0.0, 0.25], [0.5, 1.0]])[None, :, :, None]
    shown = plot_grid(picture, n_cols=1, value_range=(0.0, 1.0)).axes[0].images[0]
    np.testing.assert_array_equal(shown.get_array(), picture[0, :, :, 0])
    assert shown.get_clim() == (0.0, 1.0)
    assert shown.origin == "upper"


def test_all_pictures_share_one_scale():
    pictures = np.stack([np.full((2, 2, 1), 50.0), np.full((2, 2, 1), 200.0)])
    first, second = (ax.images[0].get_array() for ax in plot_grid(pictures, n_cols=2).axes)
    np.testing.assert_allclose(first, 50.0 / 255.0)
    np.testing.assert_allclose(second, 200.0 / 255.0)


@pytest.mark.parametrize(
    ("low", "high", "kind", "expected"),
    [
        pytest.param(0.2, 0.9, "grey", (0.0, 1.0), id="unit-image"),
        pytest.param(2.0, 9.0, "colour", (0.0, 255.0), id="byte-image"),
        pytest.param(2.0, 300.0, "grey", (0.0, 300.0), id="brighter-image"),
        pytest.param(-2.0, 0.5, "grey", (-2.0, 0.5), id="signed-image"),
        pytest.param(0.2, 3.0, "vector", (0.0, 3.0), id="positive-vector"),
        pytest.param(-2.0, 0.5, "sequence", (-2.0, 0.5), id="signed-sequence"),
    ],
)
def test_the_range_of_values_by_hand(low, high, kind, expected):
    ends = (np.full((1, *EVENT_SHAPES[kind]), value) for value in (low, high))
    assert value_range_of(*ends) == expected


def test_a_constant_picture_does_not_divide_by_zero():
    with np.errstate(all="raise"):
        shown = plot_grid(np.full((1, 2, 2, 1), -3.0), n_cols=1).axes[0].images[0]
    np.testing.assert_array_equal(shown.get_array(), 0.0)


def test_row_labels_stand_at_the_left_edge(rng):
    figure = plot_grid(examples("grey", 4, rng), n_cols=2, row_labels=["above", "below"])
    assert [ax.get_ylabel() for ax in figure.axes] == ["above", "", "below", ""]


def test_a_grid_can_be_drawn_into_a_part_of_a_figure(rng):
    figure = plot_grid(examples("grey", 1, rng), n_cols=1)
    part = figure.subfigures(1, 2)[1]
    assert plot_grid(examples("grey", 2, rng), n_cols=2, figure=part) is part
    assert len(part.axes) == 2


@every_kind
def test_reconstructions_stand_below_their_originals(kind, rng, tmp_path):
    originals = examples(kind, 6, rng)
    figure = plot_reconstructions(originals, 1.0 - originals, n=4)
    assert len(figure.axes) == 8
    assert [ax.get_ylabel() for ax in figure.axes[::4]] == ["original", "reconstruction"]
    if kind == "grey":
        np.testing.assert_allclose(figure.axes[1].images[0].get_array(), originals[1, ..., 0])
        np.testing.assert_allclose(figure.axes[5].images[0].get_array(), 1.0 - originals[1, ..., 0])
    assert_png(figure, tmp_path)


def test_noisy_inputs_stand_above_the_originals(rng):
    x = examples("grey", 2, rng)
    figure = plot_reconstructions(x, x, n=10, inputs=x)
    assert [ax.get_ylabel() for ax in figure.axes[::2]] == ["input", "target", "reconstruction"]


def test_history_has_a_panel_per_term_and_a_line_per_split(tmp_path):
    history = {"loss": [3.0, 2.0], "val_loss": [4.0, 3.0], "reconstruction_loss": [2.0, 1.5], "kl_loss": [1.0, 0.5]}
    figure = plot_history(history)
    assert [ax.get_title() for ax in figure.axes] == ["loss", "reconstruction", "KL"]
    assert [len(ax.lines) for ax in figure.axes] == [2, 1, 1]
    assert figure.axes[0].get_ylabel() == "nats per example"
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == ["training", "validation"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), [[1, 3.0], [2, 2.0]])
    assert_png(figure, tmp_path)


def test_history_of_a_plain_autoencoder_has_no_kl_panel():
    assert len(plot_history({"loss": [1.0], "reconstruction_loss": [1.0]}).axes) == 2


def test_history_counts_epochs_as_it_is_told():
    given_back = keras.callbacks.History()
    given_back.history = {"epoch": [5, 6], "loss": [3.0, 2.0]}
    np.testing.assert_array_equal(plot_history(given_back).axes[0].lines[0].get_xdata(), [5, 6])
    figure = plot_history({"epoch": [5, 6], "loss": [3.0, 2.0]})
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), [5, 6])


def test_the_latent_map_shows_the_two_strongest_dimensions(rng, tmp_path):
    z_mean = rng.normal(size=(30, 3)) * [0.1, 2.0, 1.0]
    figure = plot_latent_map(z_mean)
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z[1]", "z[2]")
    np.testing.assert_allclose(ax.collections[0].get_offsets(), z_mean[:, [1, 2]])
    assert_png(figure, tmp_path)


def test_the_latent_map_ranks_by_the_kl_where_it_can(rng):
    z_mean = rng.normal(size=(30, 3))
    z_log_var = np.broadcast_to([-9.0, 0.0, -5.0], z_mean.shape)
    ax = plot_latent_map(z_mean, z_log_var=z_log_var).axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z[0]", "z[2]")


@pytest.mark.parametrize("as_labels", [np.asarray, list], ids=["array", "list"])
def test_the_latent_map_has_a_colour_and_an_entry_per_label(as_labels, rng):
    labels = np.arange(30) % 3
    ax = plot_latent_map(rng.normal(size=(30, 2)), as_labels(labels)).axes[0]
    assert [len(c.get_offsets()) for c in ax.collections] == [10, 10, 10]
    assert len({tuple(c.get_facecolor()[0]) for c in ax.collections}) == 3
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["0", "1", "2"]


def test_the_latent_map_of_many_labels_has_no_legend(rng):
    assert plot_latent_map(rng.normal(size=(60, 2)), np.arange(60) % 30).axes[0].get_legend() is None


def test_the_latent_map_takes_one_dimension(rng, tmp_path):
    assert_png(plot_latent_map(rng.normal(size=(5, 1))), tmp_path)


def test_kl_bars_fall_and_say_how_many_dimensions_are_active(rng, tmp_path):
    z_mean = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None] * [0.0, 2.0, 1.0]
    figure = plot_kl_per_dim(z_mean, np.zeros_like(z_mean))
    ax = figure.axes[0]
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches], [2.0, 0.5, 0.0])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "0"]
    assert ax.get_title() == "2 of 3 latent dimensions active, KL 2.50 nats"
    assert len({bar.get_facecolor() for bar in ax.patches}) == 2  # The inactive one is grey.
    assert_png(figure, tmp_path)


@every_kind
def test_traversals_have_a_row_per_active_dimension(kind, rng, tmp_path):
    seen = []

    def decode(z):
        seen.append(z)
        return examples(kind, len(z), rng)

    z_mean = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None] * [0.0, 2.0, 1.0] + 0.25
    figure = plot_traversals(decode, z_mean, np.zeros_like(z_mean), steps=3, limit=2.0)
    assert len(figure.axes) == 6
    assert [ax.get_ylabel().split(",")[0] for ax in figure.axes[::3]] == ["z[1]", "z[2]"]
    (codes,) = seen
    np.testing.assert_allclose(codes[:3, 1], [-2.0, 0.0, 2.0])
    np.testing.assert_allclose(codes[3:, 2], [-2.0, 0.0, 2.0])
    # What does not run stays at one real code.
    assert codes[0, [0, 2]].tolist() in z_mean[:, [0, 2]].tolist()
    assert len(np.unique(codes[:3, [0, 2]], axis=0)) == 1
    assert_png(figure, tmp_path)


def test_traversals_without_an_active_dimension_show_the_one_of_largest_kl(rng):
    z_log_var = np.broadcast_to([0.0, -4.0], (5, 2))
    figure = plot_traversals(lambda z: examples("grey", len(z), rng), np.zeros((5, 2)), z_log_var, steps=2)
    assert [ax.get_ylabel().split(",")[0] for ax in figure.axes[::2]] == ["z[1]"]
    assert figure.get_suptitle() == "no dimension is active; z[1] from -2.5 to +2.5"


def test_traversals_show_at_most_so_many_dimensions(rng):
    z_mean = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None] * [1.0, 2.0, 3.0]
    arguments = {"steps": 2, "max_dims": 2}
    figure = plot_traversals(lambda z: examples("grey", len(z), rng), z_mean, np.zeros_like(z_mean), **arguments)
    assert [ax.get_ylabel().split(",")[0] for ax in figure.axes[::2]] == ["z[2]", "z[1]"]
    assert figure.get_suptitle() == "the 2 of 3 active dimensions of largest KL from -2.5 to +2.5"


def test_no_picture_needs_pyplot(rng, tmp_path, monkeypatch):
    # Without pyplot there is no global state, no backend to choose and nothing to close. None makes its import fail.
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    x, z = examples("grey", 20, rng), rng.normal(size=(20, 2))
    figures = [
        plot_grid(x),
        plot_reconstructions(x, x),
        plot_history({"loss": [1.0]}),
        plot_latent_map(z, np.arange(20) % 2),
        plot_kl_per_dim(z, z),
        plot_traversals(lambda codes: examples("grey", len(codes), rng), z, z),
    ]
    for figure in figures:
        assert_png(figure, tmp_path)


def test_inputs_of_another_shape_than_the_targets_are_shown_as_they_are(rng):
    figure = plot_reconstructions(rng.uniform(size=(2, 8, 8, 1)), np.ones((2, 8, 8, 1)), inputs=np.zeros((2, 4, 4, 1)))
    assert [ax.images[0].get_array().shape for ax in figure.axes[::2]] == [(4, 4), (8, 8), (8, 8)]
