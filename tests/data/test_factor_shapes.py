import itertools

import numpy as np
import pytest
from helpers import assert_mean_close
from scipy.integrate import quad
from sklearn.neighbors import NearestNeighbors

from keras_vae.data.factor_shapes import (
    HEART_AREA,
    HEART_CENTRE,
    FactorShapes,
    _in_heart,
    factor_shapes,
)

# Three positions an axis, so that the middle one is the centre of the image; fine pixels for exact moments.
FINE = FactorShapes(image_size=64, n_scales=3, n_angles=7, n_positions=3)


def moments(x):
    """Area, centre of mass (right, down) and central second moments (xx, yy, xy) in half image widths."""
    grey = x[..., 0].astype("float64")
    size = grey.shape[1]
    axis = (np.arange(size) + 0.5) * 2.0 / size - 1.0
    mass = grey.sum(axis=(1, 2))
    x_mean, y_mean = grey.sum(axis=1) @ axis / mass, grey.sum(axis=2) @ axis / mass
    right, down = axis - x_mean[:, None], axis - y_mean[:, None]
    xx, yy = (grey.sum(axis=1) * right**2).sum(1) / mass, (grey.sum(axis=2) * down**2).sum(1) / mass
    xy = np.einsum("nij,ni,nj->n", grey, down, right) / mass
    return mass * (2.0 / size) ** 2, x_mean, y_mean, xx, yy, xy


@pytest.fixture(scope="module")
def fine():
    factors = FINE.grid()
    return FINE.images(factors), factors, FINE.values(factors)


def test_the_grid_holds_every_combination_once_in_order():
    generator = FactorShapes(n_scales=2, n_angles=3, n_positions=2)
    expected = list(itertools.product(range(3), range(2), range(3), range(2), range(2)))
    np.testing.assert_array_equal(generator.grid(), expected)
    assert generator.n_images == len(expected) == 72
    np.testing.assert_array_equal(generator.factors_at([71, 0]), [expected[71], expected[0]])


def test_images_are_grey_values_of_the_size_asked_for():
    x, factors = factor_shapes(5, image_size=20)
    assert x.shape == (5, 20, 20, 1)
    assert x.dtype == np.float32
    assert factors.shape == (5, 5)
    assert x.min() == 0.0
    assert x.max() == 1.0
    assert np.any((x > 0.0) & (x < 1.0))


def test_without_a_number_every_combination_comes_once_in_order():
    x, factors = factor_shapes(image_size=8, n_scales=2, n_angles=2, n_positions=2)
    generator = FactorShapes(8, 2, 2, 2)
    np.testing.assert_array_equal(factors, generator.grid())
    np.testing.assert_array_equal(x, generator.images(generator.grid()))


def test_an_image_depends_on_its_own_factors_alone(rng):
    factors = FINE.draw(150)  # Several blocks, shapes mixed.
    order = rng.permutation(150)
    x = FINE.images(factors)
    np.testing.assert_array_equal(FINE.images(factors[order]), x[order])
    np.testing.assert_array_equal(FINE.images(factors[3:4]), x[3:4])


def test_the_values_run_evenly_over_their_ranges():
    generator = FactorShapes(n_scales=3, n_angles=3, n_positions=3)
    low, middle, high = generator.values(np.array([[0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [2, 2, 2, 2, 2]]))
    np.testing.assert_allclose(low, [0.0, 0.45, 0.0, -0.35, -0.35])
    np.testing.assert_allclose(middle, [1.0, 0.6, np.pi / 4, 0.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(high, [2.0, 0.75, np.pi / 2, 0.35, 0.35])


def test_the_area_is_the_square_of_the_scale_for_all_shapes(fine):
    x, _, values = fine
    # A shape has some hundreds of pixels, its edge some dozens, whose share is counted on 16 points each.
    np.testing.assert_allclose(moments(x)[0], values[:, 1] ** 2, rtol=0.025)


def test_the_centre_of_mass_is_the_position(fine):
    x, _, values = fine
    _, x_mean, y_mean, *_ = moments(x)
    # An eighth of a pixel.
    np.testing.assert_allclose(x_mean, values[:, 3], atol=0.125 * 2 / 64)
    np.testing.assert_allclose(y_mean, values[:, 4], atol=0.125 * 2 / 64)


def test_the_long_axis_of_rectangle_and_ellipse_stands_at_the_angle(fine):
    x, factors, values = fine
    *_, xx, yy, xy = moments(x)
    long_axis = 0.5 * np.arctan2(-2.0 * xy, xx - yy)  # Rows count downwards, angles turn the other way.
    two_fold = factors[:, 0] < 2
    difference = (long_axis - values[:, 2])[two_fold]
    assert np.abs((difference + np.pi / 2) % np.pi - np.pi / 2).max() < 0.03


def test_the_spread_along_the_axes_is_that_of_the_shape(fine):
    x, factors, values = fine
    *_, xx, yy, _ = moments(x)
    flat = factors[:, 2] == 0
    # Variances of a uniform rectangle of sides sqrt(2) and sqrt(1/2), and of an ellipse with those in ratio.
    for shape, expected in ((0, [2 / 12, 0.5 / 12]), (1, [1 / (2 * np.pi), 1 / (8 * np.pi)])):
        rows = flat & (factors[:, 0] == shape)
        for measured, value in zip((xx, yy), expected, strict=True):
            np.testing.assert_allclose(measured[rows] / values[rows, 1] ** 2, value, rtol=0.05)


@pytest.mark.parametrize("shape", range(3))
def test_an_angle_of_90_degrees_is_a_quarter_turn_to_the_left(shape):
    at_0, at_90 = FINE.images(np.array([[shape, 1, 0, 1, 1], [shape, 1, 6, 1, 1]]))[..., 0]
    # A point on the very edge may fall on either side.
    assert np.abs(np.rot90(at_0) - at_90).sum() < 0.005 * at_0.sum()
    assert np.abs(at_0 - at_90).sum() > 0.2 * at_0.sum()


def test_the_heart_is_the_curve_of_degree_six(rng):
    u, v = rng.uniform(-1.0, 1.0, (2, 20_000))
    a, b = u * np.sqrt(HEART_AREA), v * np.sqrt(HEART_AREA) + HEART_CENTRE
    inside = (a**2 + b**2 - 1.0) ** 3 - a**2 * b**3 <= 0.0
    assert np.mean(_in_heart(u.astype("float32"), v.astype("float32")) != inside) < 1e-3  # float32 at the edge.


def test_area_and_centre_of_the_heart_are_its_integrals():
    # |u|^(2/3) is the sum of the two edges at u; their difference is the height there.
    end = 1.139028164686316
    height = lambda u: np.sqrt(max(u ** (4 / 3) - 4.0 * (u**2 - 1.0), 0.0))  # noqa: E731
    assert height(end) < 1e-6
    area = 2.0 * quad(height, 0.0, end, limit=500)[0]
    moment = 2.0 * quad(lambda u: height(u) * 0.5 * u ** (2 / 3), 0.0, end, limit=500)[0]
    np.testing.assert_allclose([area, moment / area], [HEART_AREA, HEART_CENTRE], rtol=1e-6)


def test_no_shape_reaches_the_edge():
    x, _ = factor_shapes(image_size=64, n_scales=2, n_angles=5, n_positions=2)
    for edge in (x[:, 0], x[:, -1], x[:, :, 0], x[:, :, -1]):
        assert edge.max() == 0.0


def test_no_two_combinations_give_the_same_image():
    x, _ = factor_shapes(n_positions=2)
    distances, _ = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(x.reshape(len(x), -1)).kneighbors()
    # The nearest two, small hearts at neighbouring angles, differ by more than a pixel turned from black to white.
    assert distances[:, 0].min() > 1.0


def test_draws_are_uniform_and_belong_to_their_seed():
    generator = FactorShapes()
    factors = generator.draw(20_000, seed=1)
    for k, size in enumerate(generator.sizes):
        assert_mean_close(factors[:, k, None] == np.arange(size), np.full(size, 1.0 / size), resolution=0.02)
    np.testing.assert_array_equal(factors, generator.draw(20_000, seed=1))
    assert np.any(factors != generator.draw(20_000, seed=2))


def test_draws_of_different_factors_are_independent():
    factors = FactorShapes().draw(20_000)
    correlation = np.corrcoef(factors.T) - np.eye(5)
    assert np.abs(correlation).max() < 5.0 / np.sqrt(20_000)


@pytest.mark.parametrize("name", ["image_size", "n_scales", "n_angles", "n_positions"])
@pytest.mark.parametrize("value", [1, 8.0, None])
def test_a_size_that_is_no_number_of_values_is_refused(name, value):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
        FactorShapes(**{name: value})


@pytest.mark.parametrize("factors", [[[0, 0, 0, 0]], [0, 0, 0, 0, 0], [[0.0, 0.0, 0.0, 0.0, 0.0]]])
def test_factors_of_another_form_are_refused(factors):
    with pytest.raises(ValueError, match=r"`factors` must be whole numbers of shape \(n, 5\)"):
        FactorShapes().images(factors)


@pytest.mark.parametrize("value", [-1, 8])
def test_a_factor_out_of_its_range_is_refused(value):
    with pytest.raises(ValueError, match=rf"`factors\[:, 2\]` \(angle\) must lie between 0 and 7. Received: {value}"):
        FactorShapes().images([[0, 0, 0, 0, 0], [0, 0, value, 0, 0]])


@pytest.mark.parametrize(("arguments", "name"), [({"n": 0}, "n"), ({"n": 2, "seed": -1}, "seed")])
def test_draws_need_a_number_and_a_seed(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
        factor_shapes(**arguments)
