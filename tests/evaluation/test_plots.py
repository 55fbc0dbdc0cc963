import sys
import time

import keras
import numpy as np
import pytest

from keras_vae.evaluation.pictures.figure import names_of_columns, shortened
from keras_vae.evaluation.pictures.plot_grid import tiled
from keras_vae.evaluation.pictures.plot_history import epochs_of
from keras_vae.evaluation.pictures.plot_reconstructions import explained_share
from keras_vae.evaluation.plots import (
    plot_grid,
    plot_history,
    plot_kl_per_dim,
    plot_latent_map,
    plot_manifold,
    plot_reconstructions,
    plot_samples,
    plot_tokens,
    plot_traversals,
    value_range_of,
)
from keras_vae.models.make_vae import make_vae

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


def labels_of_rows(figure):
    return [tick.get_text() for tick in figure.axes[0].get_yticklabels()]


@every_kind
def test_a_grid_is_drawn_in_one_axes(kind, rng, tmp_path):
    figure = plot_grid(examples(kind, 5, rng), n_cols=3, title="five")
    (ax,) = figure.axes
    n_curves = {"vector": 1, "sequence": 2, "tokens": 8}
    if kind in n_curves:
        frames, *curves = ax.collections
        assert len(frames.get_segments()) == 5
        assert [len(curve.get_segments()) for curve in curves] == [5] * n_curves[kind]
    else:
        assert len(ax.images) == 1
    assert figure.get_suptitle() == "five"
    assert_png(figure, tmp_path)


def test_pictures_keep_their_orientation_and_values():
    picture = np.array([[0.0, 0.25], [0.5, 1.0]])[None, :, :, None]
    shown = plot_grid(picture, n_cols=1, value_range=(0.0, 1.0)).axes[0].images[0]
    np.testing.assert_array_equal(shown.get_array()[1:3, 1:3, 0], picture[0, :, :, 0])
    assert shown.get_clim() == (0.0, 1.0)
    assert shown.origin == "upper"


def test_tiles_stand_in_rows_with_a_hairline_between():
    pictures = [np.full((2, 3, 1), value) for value in (0.0, 0.2, 0.4)]
    whole = tiled(pictures, 2, (0.0, 1.0), line=1.0)[..., 0]
    expected = np.ones((7, 9))
    expected[1:3, 1:4], expected[1:3, 5:8], expected[4:6, 1:4] = 0.0, 0.2, 0.4
    np.testing.assert_allclose(whole, expected)


def test_smaller_images_are_enlarged_by_a_whole_factor():
    whole = tiled([np.zeros((6, 6, 1)), np.full((3, 2, 1), 0.5)], 2, (0.0, 1.0))[..., 0]
    np.testing.assert_allclose(whole[1:7, 9:13], 0.5)
    np.testing.assert_allclose(whole[1:7, [8, 13]], 0.8)


def test_a_curve_keeps_the_order_and_the_scale_of_its_values():
    ax = plot_grid(np.array([[0.0, 1.0, 0.5]]), n_cols=1).axes[0]
    (line,) = ax.collections[1].get_segments()
    np.testing.assert_allclose((line[:, 1] - 0.08) / 0.84, [0.0, 1.0, 0.5])
    assert np.all(np.diff(line[:, 0]) > 0)


def test_all_pictures_share_one_scale():
    pictures = np.stack([np.full((2, 2, 1), 50.0), np.full((2, 2, 1), 200.0)])
    shown = plot_grid(pictures, n_cols=2).axes[0].images[0].get_array()[..., 0]
    np.testing.assert_allclose(shown[1:3, 1:3], 50.0 / 255.0)
    np.testing.assert_allclose(shown[1:3, 4:6], 200.0 / 255.0)


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
    np.testing.assert_array_equal(shown.get_array()[1:3, 1:3], 0.0)


@every_kind
def test_row_labels_stand_at_the_left_edge_from_above(kind, rng):
    figure = plot_grid(examples(kind, 4, rng), n_cols=2, row_labels=["above", "below"])
    assert labels_of_rows(figure) == ["above", "below"]
    ax = figure.axes[0]
    above, below = ax.transData.transform([(0, y) for y in ax.get_yticks()])[:, 1]
    assert above > below


def test_a_grid_can_be_drawn_into_a_part_of_a_figure(rng):
    part = plot_grid(examples("grey", 1, rng), n_cols=1).subfigures(1, 2)[1]
    assert plot_grid(examples("grey", 2, rng), n_cols=2, figure=part) is part
    assert len(part.axes) == 1


@pytest.mark.parametrize("kind", ["grey", "colour", "tokens"])
def test_reconstructions_stand_below_their_originals(kind, rng, tmp_path):
    originals = examples(kind, 6, rng)
    figure = plot_reconstructions(originals, 1.0 - originals, n=4)
    assert labels_of_rows(figure) == ["original", "reconstruction"]
    if kind == "grey":
        shown = figure.axes[0].images[0].get_array()[..., 0]
        np.testing.assert_allclose(shown[1:9, 9:16], originals[1, ..., 0])
        np.testing.assert_allclose(shown[10:18, 9:16], 1.0 - originals[1, ..., 0])
    assert_png(figure, tmp_path)


def test_a_column_of_a_table_has_a_panel_in_its_own_units(rng, tmp_path):
    x = np.linspace(-1.0, 1.0, 50)[:, None] * [1.0, 1000.0]
    figure = plot_reconstructions(x, x * [1.0, 0.5], feature_names=["height", "price"])
    assert [ax.get_title() for ax in figure.axes] == ["height\n100% explained", "price\n75% explained"]
    np.testing.assert_allclose(figure.axes[1].collections[0].get_offsets(), np.column_stack([x[:, 1], x[:, 1] / 2]))
    assert figure.axes[1].get_xlim() == figure.axes[1].get_ylim()
    assert_png(figure, tmp_path)


def test_of_many_columns_the_best_and_the_worst_are_shown(rng):
    x = rng.normal(size=(300, 40))
    figure = plot_reconstructions(x, x * np.linspace(1.0, 0.0, 40))
    shown = [ax.get_title().split("\n")[0] for ax in figure.axes]
    assert shown == [f"column {k}" for k in (*range(1, 7), *range(35, 41))]
    assert "the best and the worst six of 40 columns" in figure.get_suptitle()


def test_the_explained_share_by_hand():
    x = np.array([[1.0, 5.0, 1.0], [3.0, 5.0, np.nan], [5.0, 5.0, 3.0]])
    means = np.array([[3.0, 5.0, 1.0], [3.0, 5.0, 9.0], [3.0, 5.0, 3.0]])
    np.testing.assert_allclose(explained_share(x, means), [0.0, np.nan, 1.0])
    np.testing.assert_allclose(explained_share(x, 2 * means)[0], 1.0 - (25 + 9 + 1) / 8)


def test_sequences_are_drawn_over_each_other_with_names(rng, tmp_path):
    x = examples("sequence", 3, rng)
    figure = plot_reconstructions(x, x / 2, feature_names=["left", "right"])
    assert [len(ax.lines) for ax in figure.axes] == [4, 4, 4]
    np.testing.assert_allclose(figure.axes[1].lines[1].get_ydata(), x[1, :, 0] / 2)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["left", "right"]
    assert figure.axes[2].get_xlabel() == "time step"
    assert_png(figure, tmp_path)


def test_names_of_columns_must_be_as_many_as_columns(rng):
    with pytest.raises(ValueError, match=r"`feature_names` must be 5 names, one per column\. Received: 2 names"):
        plot_reconstructions(examples("vector", 3, rng), examples("vector", 3, rng), feature_names=["a", "b"])


def test_a_long_name_keeps_both_ends():
    assert shortened("a" * 20 + "b" * 20) == "a" * 12 + "…" + "b" * 11
    assert names_of_columns(None, 2) == ["column 1", "column 2"]


def test_samples_of_a_table_are_histograms_of_shares_in_its_units(rng, tmp_path):
    data = rng.normal(size=(400, 2)) * [1.0, 1000.0]
    figure = plot_samples(data[:100] + 5000.0, data, ["height", "price"])
    assert [ax.get_title() for ax in figure.axes] == ["height", "price"]
    low, high = figure.axes[1].get_xlim()
    assert low < -2000.0 < 7000.0 < high
    grey = [patch.get_height() for patch in figure.axes[1].patches if hasattr(patch, "get_height")]
    np.testing.assert_allclose(sum(grey), 1.0)
    assert_png(figure, tmp_path)


def test_of_many_columns_those_whose_samples_differ_most_are_shown(rng):
    data = rng.normal(size=(500, 30))
    figure = plot_samples(data + np.where(np.arange(30) == 17, 9.0, 0.0), data)
    assert figure.axes[0].get_title() == "column 18"
    assert figure.get_suptitle() == "grey: data; blue: samples; 12 of 30 columns, those that differ most"
    assert "the first" in plot_samples(data).get_suptitle()


def test_samples_of_images_have_the_scale_of_the_data(rng):
    samples, data = examples("grey", 4, rng), 255.0 * examples("grey", 4, rng)
    assert plot_samples(samples, data).axes[0].images[0].get_array()[1:9, 1:8].max() < 0.01


def test_tokens_are_text_where_there_is_a_vocabulary(tmp_path):
    rows = np.array([[0, 1, 2], [2, 1, 0]])
    figure = plot_tokens({"original": rows, "reconstruction": np.eye(3)[rows]}, ["the", "cat", "$5"], title="tokens")
    texts = [text.get_text() for text in figure.axes[0].texts]
    first, second = r"the cat \$5", r"\$5 cat the"
    assert texts == ["original", first, "reconstruction", first, "original", second, "reconstruction", second]
    assert plot_tokens(rows, "abc").axes[0].texts[1].get_text() == "abc"
    assert_png(figure, tmp_path)


def test_tokens_without_a_vocabulary_are_strips_of_colour(tmp_path):
    rows = np.array([[0, 1, 2], [2, 1, 0]])
    figure = plot_tokens(rows)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), rows)
    assert_png(figure, tmp_path)


def test_a_vocabulary_must_hold_every_token():
    with pytest.raises(ValueError, match=r"`vocabulary` must have a token for every number\. Received: 2, number 2"):
        plot_tokens(np.array([[0, 2]]), ["a", "b"])


def test_the_manifold_stands_upright_at_quantiles_of_the_prior(tmp_path):
    seen = []

    def decode(codes):
        seen.append(codes)
        return codes[:, 0, None, None, None] * np.ones((1, 2, 2, 1)) + 0.0

    figure = plot_manifold(decode, steps=3)
    (codes,) = seen
    third = 0.967421566  # The normal quantile of 5 / 6.
    np.testing.assert_allclose(codes[:3], [[-third, third], [0.0, third], [third, third]], atol=1e-6)
    np.testing.assert_allclose(codes[-1], [third, -third], atol=1e-6)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("z[0]", "z[1]")
    assert_png(figure, tmp_path)


def test_a_manifold_is_of_images():
    with pytest.raises(ValueError, match=r"`decode` must give images of 1 or 3 channels\. Received: shape \(4, 5\)"):
        plot_manifold(lambda codes: np.zeros((len(codes), 5)), steps=2)


def test_noisy_inputs_stand_above_the_originals(rng):
    x = examples("grey", 2, rng)
    figure = plot_reconstructions(x, x, n=10, inputs=x)
    assert labels_of_rows(figure) == ["input", "target", "reconstruction"]


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


def test_the_kept_epoch_is_marked(tmp_path):
    figure = plot_history({"loss": [3.0, 2.0, 1.0], "learning_rate": [1e-3] * 3}, kept_epoch=2)
    assert [ax.lines[-1].get_xdata()[0] for ax in figure.axes] == [2, 2]
    assert figure.axes[0].get_legend().get_texts()[-1].get_text() == "kept, epoch 2"
    assert figure.axes[1].get_title() == "learning rate"
    assert_png(figure, tmp_path)


@pytest.mark.parametrize(("first", "clipped"), [(5000.0, True), (120.0, False)])
def test_the_first_epochs_do_not_flatten_the_rest(first, clipped):
    ax = plot_history({"loss": [first, *np.linspace(110.0, 100.0, 49)]}).axes[0]
    assert bool(ax.get_ylim()[1] < first) is clipped
    assert ax.get_ylim()[0] < 100.0
    assert [text.get_text() for text in ax.texts] == ["first epochs above"] * clipped


@pytest.mark.parametrize(("n", "scale"), [(200, "linear"), (201, "log")])
def test_very_many_epochs_stand_on_a_logarithmic_axis(n, scale):
    assert plot_history({"loss": np.linspace(2.0, 1.0, n)}).axes[0].get_xscale() == scale


def test_the_latent_map_shows_both_dimensions_of_two(rng, tmp_path):
    z_mean = rng.normal(size=(30, 2))
    figure = plot_latent_map(z_mean)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("z[0]", "z[1]")
    np.testing.assert_allclose(figure.axes[0].collections[0].get_offsets(), z_mean)
    assert_png(figure, tmp_path)


def test_the_latent_map_of_more_dimensions_shows_the_main_directions(rng, tmp_path):
    """Against the eigenvectors of the covariance."""
    z_mean = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4))
    figure = plot_latent_map(z_mean)
    centred = z_mean - z_mean.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    shown = np.asarray(figure.axes[0].collections[0].get_offsets())
    np.testing.assert_allclose(np.abs(shown), np.abs(centred @ vectors[:, [3, 2]]), rtol=1e-6, atol=1e-9)
    share = values[3] / values.sum()
    assert figure.axes[0].get_xlabel() == f"direction 1 of 4: {share:.0%} of the variance of the codes"
    assert_png(figure, tmp_path)


@pytest.mark.parametrize("labels", [np.linspace(0.0, 5.0, 60), np.arange(60)], ids=["real", "many-whole-numbers"])
def test_measured_labels_have_a_colour_bar(labels, rng, tmp_path):
    figure = plot_latent_map(rng.normal(size=(60, 2)), labels, label_name="price")
    assert figure.axes[0].get_legend() is None
    assert figure.axes[1].get_ylabel() == "price"
    assert_png(figure, tmp_path)


def test_of_many_classes_the_most_frequent_are_named(rng):
    labels = np.array([f"class {k}" for k in [*np.repeat(np.arange(12), 5), *np.arange(12, 40)]])
    legend = plot_latent_map(rng.normal(size=(len(labels), 3)), labels, label_name="breed").axes[0].get_legend()
    texts = [text.get_text() for text in legend.get_texts()]
    assert sorted(texts) == sorted(["28 others", *(f"class {k}" for k in range(12))])
    assert legend.get_title().get_text() == "breed"


@pytest.mark.parametrize("as_labels", [np.asarray, list], ids=["array", "list"])
def test_the_latent_map_has_a_colour_and_an_entry_per_label(as_labels, rng):
    labels = np.arange(30) % 3
    ax = plot_latent_map(rng.normal(size=(30, 2)), as_labels(labels)).axes[0]
    assert [len(c.get_offsets()) for c in ax.collections] == [10, 10, 10]
    assert len({tuple(c.get_facecolor()[0]) for c in ax.collections}) == 3
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["0", "1", "2"]


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


def test_kl_bars_name_their_layer():
    z = np.zeros((5, 2))
    assert plot_kl_per_dim(z, z, "the top layer").axes[0].get_title().startswith("0 of 2 latent dimensions of the top")


@pytest.mark.slow
def test_traversals_look_at_the_first_dimensions_alone_and_at_thousands_in_no_time(rng):
    z_mean = rng.normal(size=(2000, 5000)).astype("float32") * np.linspace(0.5, 2.0, 5000, dtype="float32")
    arguments = {"steps": 2, "max_dims": 1}
    begun = time.perf_counter()
    figure = plot_traversals(lambda z: examples("grey", len(z), rng), z_mean, np.zeros_like(z_mean), **arguments)
    # Measured: 0.6 s; the variance of the codes once per dimension took minutes.
    assert time.perf_counter() - begun < 10.0
    assert int(labels_of_rows(figure)[0].split("]")[0][2:]) > 1000
    few = plot_traversals(
        lambda z: examples("grey", len(z), rng), z_mean, np.zeros_like(z_mean), n_candidates=3, **arguments
    )
    assert labels_of_rows(few)[0].split(",")[0] in ("z[0]", "z[1]", "z[2]")


@pytest.mark.parametrize("kind", [kind for kind in EVENT_SHAPES if kind != "vector"])
def test_traversals_have_a_row_per_active_dimension(kind, rng, tmp_path):
    seen = []

    def decode(z):
        seen.append(z)
        return examples(kind, len(z), rng)

    z_mean = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None] * [0.0, 2.0, 1.0] + 0.25
    figure = plot_traversals(decode, z_mean, np.zeros_like(z_mean), steps=3, limit=2.0)
    assert [label.split(",")[0] for label in labels_of_rows(figure)] == ["z[1]", "z[2]"]
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
    assert [label.split(",")[0] for label in labels_of_rows(figure)] == ["z[1]"]
    assert figure.get_suptitle() == "no dimension is active; z[1] from -2.5 to +2.5"


def test_traversals_show_at_most_so_many_dimensions(rng):
    z_mean = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None] * [1.0, 2.0, 3.0]
    arguments = {"steps": 2, "max_dims": 2}
    figure = plot_traversals(lambda z: examples("grey", len(z), rng), z_mean, np.zeros_like(z_mean), **arguments)
    assert [label.split(",")[0] for label in labels_of_rows(figure)] == ["z[2]", "z[1]"]
    assert figure.get_suptitle() == "the 2 of 3 active dimensions of largest KL from -2.5 to +2.5"


def test_traversals_of_a_table_are_changes_in_standard_deviations(rng, tmp_path):
    z_mean = np.where(np.arange(20) % 2, 1.0, -1.0)[:, None] * [2.0, 1.0]
    weights = np.array([[1.0, 0.0, 10.0], [0.0, -2.0, 0.0]])
    names = ["a", "b", "c"]
    figure = plot_traversals(lambda z: z @ weights, z_mean, 0 * z_mean, feature_names=names, scale=[1.0, 2.0, 10.0])
    np.testing.assert_allclose(figure.axes[0].images[0].get_array(), [[5.0, 0.0, 5.0], [0.0, -5.0, 0.0]], atol=1e-6)
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == names
    many = plot_traversals(lambda z: z @ np.tile(weights, 10), z_mean, 0 * z_mean)
    assert "the 20 of 30 columns that change most" in many.get_suptitle()
    assert_png(many, tmp_path)


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
    shown = figure.axes[0].images[0].get_array()[..., 0]
    np.testing.assert_array_equal(shown[1:9, 1:9], 0.0)
    np.testing.assert_array_equal(shown[19:27, 1:9], 1.0)


@pytest.mark.parametrize(
    ("history", "epochs"),
    [
        ({"loss": [3.0] * 20, "val_loss": [2.0] * 10, "kept_epoch": 8}, range(2, 21, 2)),
        ({"loss": [3.0] * 7, "val_loss": np.ones(2)}, (3, 6)),
        ({"loss": [3.0] * 3, "val_loss": [2.0] * 3}, (1, 2, 3)),
        ({"epoch": [4, 5, 6], "loss": [3.0] * 3, "val_loss": [np.nan, 2.0, 1.0]}, (4, 5, 6)),
        ({"loss": [], "val_loss": []}, ()),
    ],
)
def test_values_of_a_validation_stand_at_the_epochs_that_it_was_made_in(history, epochs):
    np.testing.assert_array_equal(epochs_of(history, "val_loss"), np.array(epochs, int))


def test_keras_looks_at_the_validation_part_when_the_picture_says():
    model = make_vae((4,), latent_dim=2, hidden_units=(4,), seed=0)
    model.compile("adam")
    x = np.random.default_rng(0).uniform(size=(32, 4)).astype("float32")
    seen = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: "val_loss" in logs and seen.append(epoch + 1)
    )
    history = model.fit(x, epochs=7, validation_data=x, validation_freq=3, callbacks=[note], verbose=0).history
    np.testing.assert_array_equal(epochs_of(history, "val_loss"), seen)
    line = plot_history(history).axes[0].lines[1]
    np.testing.assert_array_equal(line.get_xdata(), seen)
